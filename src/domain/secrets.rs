//! Credentials that are recognized in a text: by what they look like, or by the name that stands before them. Best effort, as any
//! deny list: the guarantee is that Secrets are never read.

mod brackets;
mod columns;
mod elements;
mod forms;
mod indented;
mod leaves;
mod manifests;
mod margin;
pub(crate) mod mark;
mod names;
mod nested;
mod options;
mod place;
mod prefixed;
mod random;
mod record;
pub(crate) mod refers;
mod rewriting;
mod value;
mod written;

use super::field::FieldPath;
use mark::{is_part_of_one, mark};
use names::Finder;
use place::{Walk, Work};
use regex::Regex;
use rewriting::Rewriting;
use std::borrow::Cow;

/// What is shown instead of one credential can bring to light that another stands beside it; texts do not nest deeper than this.
const ROUNDS: usize = 6;

/// The text with what is recognized replaced; the same text where nothing is. What was replaced once stays as it is.
pub fn redacted(text: &str) -> Cow<'_, str> {
    worked(text).0
}

/// The same, and how much was looked at for it.
fn worked(text: &str) -> (Cow<'_, str>, usize) {
    let work = Work::on(text);
    let mut out = once(text, &work);
    for _ in 1..ROUNDS {
        match once(&out, &work) {
            Cow::Owned(again) if again != *out => out = Cow::Owned(again),
            Cow::Borrowed(_) | Cow::Owned(_) => break,
        }
    }
    (out, work.spent())
}

fn once<'t>(text: &'t str, work: &Work) -> Cow<'t, str> {
    let mut out = forms::without(text);
    let held = manifests::without(&out, work);
    out = held.map_or(out, Cow::Owned);
    let below = nested::without(&out, work);
    out = below.map_or(out, Cow::Owned);
    let rows = columns::without(&out, work, names_one);
    out = rows.map_or(out, Cow::Owned);
    let elements = elements::without(&out, work);
    out = elements.map_or(out, Cow::Owned);
    if let Cow::Owned(shown) = written::without(&out) {
        out = Cow::Owned(shown);
    }
    let pairs = names::REVERSED.as_ref().and_then(|pattern| forms::replaced(&out, value::VALUE, pattern));
    out = pairs.map_or(out, Cow::Owned);
    let user = options::USER.as_ref().map(|pattern| (pattern, options::of_user as Finder, Before::TheValue));
    for (pattern, find, before) in names::all().chain(prefixed::all()).map(|(pattern, find)| (pattern, find, Before::TheName)).chain(user) {
        if let Some(replaced) = without_values(&out, pattern, find, before, work) {
            out = Cow::Owned(replaced);
        }
    }
    let replaced = options::without(&out, work);
    out = replaced.map_or(out, Cow::Owned);
    out
}

/// Whether anything in the text would be replaced.
pub fn holds_one(text: &str) -> bool {
    redacted(text) != text
}

/// A word that no name of a credential leaves as it is.
const ANY: &str = "q7Zt2Lw9";
/// The same of names of numbers.
const NUMBER: &str = "482710";

/// Whether this is the name of a credential.
pub fn names_one(name: &str) -> bool {
    is_one(name, ANY) || is_one(name, NUMBER)
}

/// The name of a credential that a text is, or that a field is called: `password` of `data["password"]`.
pub fn name_of_one(text: &str) -> Option<String> {
    if names_one(text) {
        return Some(text.to_owned());
    }
    let path = FieldPath::written(text)?;
    path.segments().last().map(|segment| segment.name().to_owned()).filter(|name| names_one(name))
}

/// Whether this is a credential under this name. Of several lines none stands behind the name, and the name alone can tell.
pub fn is_one(name: &str, text: &str) -> bool {
    let word = if text.trim_end().contains('\n') { ANY } else { text.trim() };
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    !word.is_empty() && !mark::is_replaced(word) && holds_one(&format!("{name}: {word}"))
}

/// What stands for it, where it stood under the name of a credential.
pub fn hidden() -> String {
    mark(value::VALUE)
}

/// Up to where it counts what was opened in a line.
#[derive(Debug, Clone, Copy)]
enum Before {
    TheName,
    TheValue,
}

/// The text without what is hidden; none where nothing is.
fn without_values(text: &str, pattern: &Regex, find: Finder, before: Before, work: &Work) -> Option<String> {
    let (mut shown, mut from) = (Rewriting::of(text), 0usize);
    let mut walk = Walk::of(text, work);
    while let Some(found) = pattern.captures_at(text, from) {
        let (Some(whole), Some(name)) = (found.get(0), found.name("name")) else { break };
        if !shown.goes_on(whole.start(), work) {
            break;
        }
        let counted = match before {
            // A quote that the name begins with is one that is open.
            Before::TheName => (name.start() + usize::from(name.as_str().starts_with(['"', '\''])), name.end()),
            Before::TheValue => (name.end(), name.end()),
        };
        let place = walk.place(counted, whole.end());
        from = whole.end().max(from.saturating_add(1));
        if is_part_of_one(text, whole.end()) {
            continue;
        }
        if let Some((stays, length, kind)) = find(&place, name.as_str()) {
            let start = whole.end().saturating_add(stays);
            from = start.saturating_add(length);
            shown.hide(start, from, kind);
        }
        if !text.is_char_boundary(from) || from > text.len() {
            break;
        }
    }
    shown.end()
}

#[cfg(test)]
pub(crate) mod shapes;
#[cfg(test)]
mod tests;
