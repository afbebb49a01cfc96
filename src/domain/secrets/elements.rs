//! Elements of XML that are called as a credential: what stands in the elements below them, and in their properties.

use super::leaves::Leaves;
use super::mark::is_part_of_one;
use super::names::{any_name, is_reference, speaks_of_one};
use super::place::Work;
use super::rewriting::Rewriting;
use super::value::VALUE;
use regex::Regex;
use std::sync::LazyLock;

/// The tag of an element that is called as a credential.
static NAMED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)<(?:[a-z0-9_-]+:)?(?P<name>{})(?P<own>\s[^<>]*)?>", any_name())).ok());
/// The tag of any element.
static TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^<(?:[A-Za-z0-9_-]{1,60}:)?(?P<name>[A-Za-z_][A-Za-z0-9_.-]{0,120})(?P<own>\s[^<>]*|/)?>").ok());
/// A property.
static PROPERTY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<name>[A-Za-z_][A-Za-z0-9_:.-]{0,120})\s*=\s*\\*(?:"(?P<double>[^"<>\\]*)|'(?P<single>[^'<>\\]*))"#).ok()
});

/// Properties of an element itself that say how it is written.
const HOW: &[&str] = &["autocomplete", "class", "encoding", "encrypted", "for", "id", "lang", "name", "required", "type", "version"];
/// So much of what follows a tag tells whether an element stands below it.
const SEEN: usize = 2_000;

/// Each pattern is one.
#[cfg(test)]
pub(super) fn compile() -> bool {
    NAMED.is_some() && TAG.is_some() && PROPERTY.is_some()
}

/// The text without what stands below such elements; none where nothing is hidden.
pub(super) fn without(text: &str, work: &Work) -> Option<String> {
    if !text.contains('<') || !speaks_of_one(text) {
        return None;
    }
    let (mut shown, mut from) = (Rewriting::of(text), 0_usize);
    while let Some(found) = NAMED.as_ref()?.captures_at(text, from) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { break };
        if !shown.goes_on(whole.start(), work) {
            break;
        }
        work.spend(whole.len());
        from = whole.end();
        if is_reference(name.as_str()) || is_part_of_one(text, whole.start()) {
            continue;
        }
        let mut leaves = Leaves::default();
        let map = leaves.opened(None, None);
        let own = found.name("own");
        if let Some(own) = own {
            properties(own.as_str(), own.start(), map, &mut leaves, |name| HOW.iter().any(|how| name.eq_ignore_ascii_case(how)));
        }
        if !own.is_some_and(|own| own.as_str().ends_with('/')) {
            from = below(text, whole.end(), name.as_str(), map, &mut leaves, work);
        }
        // What was not gone through to its end is not shown, nor are its properties.
        if !shown.goes_on(whole.start(), work) {
            break;
        }
        for (start, end) in leaves.hidden(name.as_str()) {
            shown.hide(start, end, VALUE);
        }
    }
    shown.end()
}

/// The values of properties, but for those that say how the element is written.
fn properties<'t>(own: &'t str, start: usize, map: usize, leaves: &mut Leaves<'t>, how: impl Fn(&str) -> bool) {
    for found in PROPERTY.iter().flat_map(|pattern| pattern.captures_iter(own)) {
        let (Some(name), Some(value)) = (found.name("name"), found.name("double").or_else(|| found.name("single"))) else { continue };
        if !how(name.as_str()) && !name.as_str().starts_with("xml") && !name.as_str().starts_with("xsi:") {
            leaves.member(map, name.as_str());
            leaves.push(map, Some(name.as_str()), start.saturating_add(value.start()), value.as_str());
        }
    }
}

/// An element that is open.
struct Element<'t> {
    name: &'t str,
    /// Where it stands, and what stands in it.
    around: usize,
    map: usize,
}

/// Goes through what stands below the element, if that begins with another one, and says where it ends: at its end, or where the text is
/// no XML any more.
fn below<'t>(text: &'t str, from: usize, name: &str, map: usize, leaves: &mut Leaves<'t>, work: &Work) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    work.spend(rest.len().min(SEEN));
    if !has_elements(rest) {
        return from;
    }
    let mut open: Vec<Element<'t>> = Vec::new();
    let mut at = from;
    let mut last_end: Option<usize> = None;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty() && !work.is_over()) {
        let last = open.last().map_or((map, None), |element| (element.around, Some(element.name)));
        let passed = if let Some(behind) = rest.strip_prefix("</") {
            let end = behind.find('>').unwrap_or(behind.len());
            let tag = behind.get(..end).unwrap_or_default().trim();
            let tag = tag.rsplit(':').next().unwrap_or(tag);
            match open.iter().rposition(|element| element.name == tag) {
                Some(closed) => open.truncate(closed),
                // Its own end, or that of what it stands in.
                None => return at,
            }
            if tag == name && open.is_empty() {
                return at;
            }
            end.saturating_add(3)
        } else if let Some((inner, length)) = enclosed(rest) {
            leaves.push(last.0, None, at.saturating_add(inner.0), rest.get(inner.0..inner.1).unwrap_or_default());
            length
        } else if let Some(found) = TAG.as_ref().and_then(|pattern| pattern.captures(rest)) {
            let length = found.get(0).map_or(1, |whole| whole.len());
            let called = found.name("name").map_or("", |name| name.as_str());
            let around = open.last().map_or(map, |element| element.map);
            leaves.member(around, called);
            let inner = leaves.opened(Some(around), Some(called));
            let own = found.name("own");
            if let Some(own) = own {
                properties(own.as_str(), at.saturating_add(own.start()), inner, leaves, |_| false);
            }
            if !own.is_some_and(|own| own.as_str().ends_with('/')) {
                open.push(Element { name: called, around, map: inner });
            }
            length
        } else {
            let length = rest.char_indices().skip(1).find(|(_, c)| *c == '<').map_or(rest.len(), |(next, _)| next);
            let words = rest.get(..length).unwrap_or_default();
            // A line of something else: the element was cut.
            let other = words.match_indices('\n').map(|(end, _)| end).find(|end| {
                words.get(end.saturating_add(1)..).is_some_and(|line| line.starts_with(|c: char| !c.is_whitespace()))
                    && *last_end.get_or_insert_with(|| last_end_of(text, at, name, work)) <= at
            });
            let words = words.get(..other.unwrap_or(length)).unwrap_or_default();
            if !words.replace("\\n", "").replace("\\t", "").replace("\\r", "").trim().is_empty() {
                leaves.push(last.0, last.1, at, words);
            }
            if let Some(other) = other {
                return at.saturating_add(other);
            }
            length
        };
        work.spend(passed);
        at = at.saturating_add(passed.max(1));
    }
    at.min(text.len())
}

/// Where such an element ends for the last time behind this place; the place itself where it does not.
fn last_end_of(text: &str, at: usize, name: &str, work: &Work) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    work.spend(rest.len());
    let ends = |end: &usize| rest.get(..*end).is_some_and(|before| before.ends_with("</") || before.ends_with(':'));
    rest.rmatch_indices(name).map(|(end, _)| end).find(ends).map_or(at, |end| at.saturating_add(end))
}

/// Whether this is an element, or what only elements hold: a word between such signs stands in sentences, too.
fn has_elements(rest: &str) -> bool {
    let first = rest.trim_start_matches(|c: char| c.is_whitespace()).trim_start_matches("\\n").trim_start();
    if first.starts_with("<!--") || first.starts_with("<![CDATA[") {
        return true;
    }
    let Some(tag) = TAG.as_ref().and_then(|pattern| pattern.captures(first)) else { return false };
    let whole = tag.get(0).map_or("", |whole| whole.as_str());
    let behind = first.get(whole.len()..).unwrap_or_default();
    let near = behind.char_indices().nth(SEEN).map_or(behind, |(end, _)| behind.get(..end).unwrap_or_default());
    let cut = near.starts_with(|c: char| c.is_alphanumeric() || c == '<') || near.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    whole.ends_with("/>") || near.contains("</") || cut
}

/// A comment, or a text that is written as it is: where it begins and ends, and its length with its signs.
fn enclosed(rest: &str) -> Option<((usize, usize), usize)> {
    let (open, close) = [("<!--", "-->"), ("<![CDATA[", "]]>")].into_iter().find(|(open, _)| rest.starts_with(open))?;
    let end = rest.find(close).unwrap_or(rest.len());
    Some(((open.len(), end.max(open.len())), end.saturating_add(close.len()).min(rest.len())))
}

#[cfg(test)]
mod tests {
    use super::super::redacted;

    #[test]
    fn what_stands_in_elements_below_one_that_is_called_as_a_credential_is_hidden() {
        for raw in [
            "<passwords><admin>canaryword</admin></passwords><level>debug</level>",
            "<cfg>\n  <credentials>\n    <entry key=\"canaryword\">canaryword</entry>\n    <!-- canaryword -->\n    <b><c><![CDATA[canaryword]]></c></b>\n  </credentials>\n  <level>debug</level>\n</cfg>\n",
            "<x:passwords a=\"canaryword\"><x:admin value='canaryword'/></x:passwords> debug",
            "<credentials admin=\"canaryword\"/> debug",
            "{\"xml\":\"<passwords>\\n  <admin of=\\\"canaryword\\\">canaryword</admin>\\n</passwords>\",\"level\":\"debug\"}",
            "<passwords>\n  <admin>canaryword\ncanaryword</admin>\n</passwords>\ndebug",
            // Cut at its end.
            "debug <passwords><admin>canary",
            "<passwords>\n  <admin>canaryword</admin>\n  <b>canary\nINFO debug\n",
        ] {
            let shown = redacted(raw);
            assert!(!shown.contains("canary") && shown.contains("debug"), "{raw}\n{shown}");
            assert_eq!(redacted(&shown), shown);
        }
    }

    #[test]
    fn references_and_words_between_such_signs_stay() {
        for text in [
            "<secret><secretName>app-secret</secretName><path>/etc/tls</path></secret>",
            "usage: login <password> <user> [options]",
            "expected <token>, got <eof>",
            "<input type=\"password\" id=\"password\"><b>x</b>",
            "<passwordPolicy><min>12</min></passwordPolicy>",
            "<tokens/><level>debug</level>",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
