//! What stands below the name of a credential in a structure: its values, each with its member and with the map that it stands in, since
//! what stands beside it tells whether it is a reference.

use super::mark::is_replaced;
use super::names::is_setting;
use super::refers::Around;
use super::value::BEHIND;

/// Words that stand where no value is.
const NOTHING: &[&str] = &["nil", "<nil>", "none", "<none>", "undefined", "...", "…"];

/// What servers say of an error.
const OF_ERRORS: &[&str] = &[
    "error",
    "errors",
    "error_description",
    "errorDescription",
    "error_uri",
    "error_codes",
    "message",
    "messages",
    "msg",
    "code",
    "status",
    "statusCode",
    "status_code",
    "reason",
    "detail",
    "details",
    "title",
    "type",
    "domain",
    "path",
    "timestamp",
    "trace_id",
    "correlation_id",
    "request_id",
];

/// A value.
#[derive(Debug, Clone, Copy)]
struct Leaf<'t> {
    start: usize,
    text: &'t str,
    member: Option<&'t str>,
    map: usize,
}

/// All values of one structure.
#[derive(Debug, Default)]
pub(super) struct Leaves<'t> {
    all: Vec<Leaf<'t>>,
    /// For each map or list what stands around it, and beside the members of it.
    maps: Vec<Around>,
    first: Option<&'t str>,
    /// A member that an error does not have.
    other: bool,
}

impl<'t> Leaves<'t> {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Another map, under a member of one, or below the name itself.
    pub(super) fn opened(&mut self, within: Option<usize>, member: Option<&str>) -> usize {
        let around = within.and_then(|map| self.maps.get(map)).copied().unwrap_or_default();
        self.maps.push(around.below(member.unwrap_or_default()));
        self.maps.len().saturating_sub(1)
    }

    /// That the map has this member.
    pub(super) fn member(&mut self, map: usize, member: &'t str) {
        self.first.get_or_insert(member);
        self.other |= !OF_ERRORS.iter().any(|one| member.eq_ignore_ascii_case(one));
        if let Some(around) = self.maps.get_mut(map) {
            *around = around.beside(member);
        }
    }

    pub(super) fn push(&mut self, map: usize, member: Option<&'t str>, start: usize, text: &'t str) {
        self.all.push(Leaf { start, text, member, map });
    }

    /// The last value was the name of a member.
    pub(super) fn pop(&mut self) -> Option<&'t str> {
        self.all.pop().map(|leaf| leaf.text)
    }

    /// A server's answer to whoever asked it for a credential.
    pub(super) fn says_an_error(&self) -> bool {
        let error = |first: &str| first.eq_ignore_ascii_case("error") || first.eq_ignore_ascii_case("errors");
        !self.other && self.first.is_some_and(error)
    }

    /// Where what is hidden begins and ends, in the order of the text.
    pub(super) fn hidden(&self, name: &str) -> Vec<(usize, usize)> {
        let shown = |leaf: &Leaf<'_>| {
            let text = leaf.text.trim();
            let around = self.maps.get(leaf.map).copied().unwrap_or_default();
            let refers = |member: &str| around.shows(name, member, without_comment(text));
            text.is_empty()
                || is_replaced(text.trim_end_matches(BEHIND))
                || NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
                || is_template(text)
                || is_setting(name, text)
                || leaf.member.is_some_and(refers)
        };
        let range = |leaf: &Leaf<'_>| {
            let before = leaf.text.len().saturating_sub(leaf.text.trim_start().len());
            let start = leaf.start.saturating_add(before);
            (start, start.saturating_add(leaf.text.trim().len()))
        };
        self.all.iter().filter(|leaf| !shown(leaf)).map(range).collect()
    }
}

/// `{{ .Values.password }}`: what is filled in there stands elsewhere, unless it stands there in quotes.
fn is_template(text: &str) -> bool {
    text.starts_with("{{") && text.ends_with("}}") && !text.contains(['"', '\'', '`'])
}

fn without_comment(text: &str) -> &str {
    text.split_once(" #").map_or(text, |(value, _)| value.trim_end())
}
