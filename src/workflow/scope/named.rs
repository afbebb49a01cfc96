//! Which namespaces words name, and how clearly: beside the word `namespace` or in `shop/web` they are said, after `in` they are placed,
//! and elsewhere a word is only a namespace where nothing at home is called so.

use crate::domain::nearest::nearest;
use crate::domain::object::Namespace;
use crate::domain::once::once;
use crate::domain::words::{Form, Word, Wording};

/// What the words say about the place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// These namespaces exist and are meant, in the order of the words.
    pub(super) said: Vec<String>,
    /// These exist, and their words could be meant otherwise.
    pub(super) bare: Vec<String>,
    /// One that is said to be a namespace and does not exist.
    pub(super) missing: Option<String>,
    /// Words that stand like a place and differ by a slip from one: a typo, unless something is called so.
    pub(super) misspelt: Vec<String>,
}

/// How clearly a word is meant as a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clarity {
    /// It merely stands somewhere.
    Mentioned,
    /// After `in`.
    Placed,
    /// Beside the word `namespace`.
    Said,
}

const PLACES: &[&str] = &["in", "inside", "within", "into", "im", "en", "dans"];
/// An ordinary word before one of these describes it: `in default configuration`.
const DESCRIBED: &[&str] = &[
    "configuration",
    "config",
    "mode",
    "logs",
    "log",
    "class",
    "cache",
    "pod",
    "pods",
    "container",
    "containers",
    "service",
    "server",
    "app",
    "deployment",
    "settings",
    "connection",
    "connections",
    "client",
    "clients",
    "queue",
    "table",
    "storage",
    "case",
    "job",
    "jobs",
    "suite",
];
/// Between `namespace` and its name.
const CALLED: &[&str] = &["called", "named", "is", "name"];

/// The namespaces that are named; their words are marked as places. `all` is what exists; `None` where that cannot be known, and what is
/// said is taken at its word.
pub(super) fn named(wording: &mut Wording, all: Option<&[String]>) -> Named {
    let exists = |text: &str| all.is_some_and(|all| all.iter().any(|n| n == text));
    let near = |text: &str| all.is_some_and(|all| text.len() > 3 && !nearest(text, all.iter().map(String::as_str)).is_empty());
    let mut named = Named::default();
    for left in wording.iter().filter_map(|w| slashed(w)) {
        match left {
            (name, sure) if exists(name) || (sure && all.is_none()) => named.said.push(name.to_owned()),
            (name, true) => named.missing = Some(name.to_owned()),
            (name, false) if near(name) => named.misspelt.push(name.to_owned()),
            _ => {}
        }
    }
    wording.part_slashes(exists);
    let words: Vec<&Word> = wording.iter().collect();
    let mut clarities: Vec<Option<Clarity>> = (0..words.len()).map(|place| clarity(wording, &words, place)).collect();
    spread(&words, &mut clarities, &exists);
    let mut places = Vec::new();
    for (place, (word, clarity)) in words.iter().zip(&clarities).enumerate() {
        let Some(clarity) = clarity else { continue };
        let ordinary = word.is_common() || word.is_ordinary();
        match clarity {
            Clarity::Said if exists(&word.text) || (all.is_none() && !word.is_common()) => {
                named.said.push(word.text.clone());
                places.push(place);
            }
            Clarity::Placed if exists(&word.text) => {
                named.said.push(word.text.clone());
                places.push(place);
            }
            Clarity::Mentioned if exists(&word.text) && word.text != "default" => named.bare.push(word.text.clone()),
            Clarity::Placed if !ordinary && near(&word.text) => named.misspelt.push(word.text.clone()),
            Clarity::Said | Clarity::Placed | Clarity::Mentioned => {}
        }
    }
    if all.is_some() {
        named.missing = named.missing.take().or_else(|| missing(&words, &near, &exists, named.said.is_empty() && named.bare.is_empty()));
    }
    places.into_iter().for_each(|place| wording.take_for_a_place(place));
    for list in [&mut named.said, &mut named.bare, &mut named.misspelt] {
        *list = once(std::mem::take(list));
    }
    named.bare.retain(|name| !named.said.contains(name));
    named
}

/// The part before a slash, where it can be a namespace, and whether it certainly is one: of `namespace/shop` it is the name.
fn slashed(word: &Word) -> Option<(&str, bool)> {
    let (left, right) = word.text.split_once('/').filter(|_| word.form != Form::Address)?;
    if matches!(left, "namespace" | "namespaces" | "ns") {
        return Some((right, true));
    }
    Namespace::parse(left).ok().map(|_| (left, word.place))
}

fn is_the_word(word: Option<&&Word>) -> bool {
    word.is_some_and(|w| matches!(w.text.as_str(), "namespace" | "namespaces" | "ns" | "namensraum"))
}

fn clarity(wording: &Wording, words: &[&Word], place: usize) -> Option<Clarity> {
    let word = words.get(place)?;
    if !matches!(word.form, Form::Word | Form::Cited) || Namespace::parse(&word.text).is_err() || is_the_word(Some(word)) {
        return None;
    }
    let before = |steps: usize| place.checked_sub(steps).and_then(|p| words.get(p)).filter(|w| !w.ends);
    let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    if is_the_word(after) || is_the_word(before(1)) {
        return Some(Clarity::Said);
    }
    let article = place.checked_sub(1).is_some_and(|p| wording.is_article(p)) && before(1).is_some();
    let stands_after = |list: &[&str]| (if article { before(2) } else { before(1) }).is_some_and(|w| list.contains(&w.text.as_str()));
    let ordinary = word.is_common() || word.is_ordinary();
    // `in the default class` and `in default configuration` are no places.
    let describes = ordinary && (article || after.is_some_and(|w| DESCRIBED.contains(&w.text.as_str())));
    Some(if stands_after(PLACES) && !describes { Clarity::Placed } else { Clarity::Mentioned })
}

/// `the namespaces production and web`, `shop, web and api namespaces`: what stands in a row with a name is one, where it exists.
fn spread(words: &[&Word], clarities: &mut [Option<Clarity>], exists: &impl Fn(&str) -> bool) {
    let joins = |w: &Word| matches!(w.text.as_str(), "and" | "or" | "und" | "as" | "nor");
    for _ in 0..words.len() {
        for place in 0..words.len() {
            let Some(word) = words.get(place).filter(|w| exists(&w.text)) else { continue };
            let next = match words.get(place.saturating_add(1)) {
                Some(w) if joins(w) => place.saturating_add(2),
                Some(_) if word.ends => place.saturating_add(1),
                _ => continue,
            };
            if !words.get(next).is_some_and(|w| exists(&w.text)) {
                continue;
            }
            let (a, b) = (clarities.get(place).copied().flatten(), clarities.get(next).copied().flatten());
            let clearer = a.max(b);
            for at in [place, next] {
                if let Some(clarity) = clarities.get_mut(at) {
                    *clarity = clearer;
                }
            }
        }
    }
}

/// `in the paymnts namespace`: a name that does not exist, meant as one beyond doubt. Without a name that is like it, it is an error only
/// where `nothing_else` is named.
fn missing(words: &[&Word], near: &impl Fn(&str) -> bool, exists: &impl Fn(&str) -> bool, nothing_else: bool) -> Option<String> {
    let meant = |place: usize| {
        let word = words.get(place)?;
        let name = Namespace::parse(&word.text).is_ok() && word.form == Form::Word && !word.place;
        if !name || is_the_word(Some(word)) || word.is_common() || exists(&word.text) || word.text == "default" {
            return None;
        }
        let before = |steps: usize| place.checked_sub(steps).and_then(|p| words.get(p)).filter(|w| !w.ends);
        let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
        // `the namespace called shop` is `the namespace shop`.
        let called = before(1).is_some_and(|w| CALLED.contains(&w.text.as_str()));
        let at: usize = if called { 2 } else { 1 };
        // `the namespace run`: with an article `namespace` names what was spoken of before.
        let article = before(at.saturating_add(1)).is_some_and(|w| matches!(w.text.as_str(), "the" | "this" | "that" | "my" | "our" | "a"));
        let follows = is_the_word(before(at)) && (!(article || called) || word.quoted || word.looks_like_a_name() || near(&word.text));
        let sure = (is_the_word(after) && !is_the_word(before(1))) || follows;
        (sure && (nothing_else || near(&word.text))).then_some(*word)
    };
    let mut found: Vec<&Word> = (0..words.len()).filter_map(meant).collect();
    // With `in checkout namespace foo` both neighbors count; the one with a near name is meant.
    found.sort_by_key(|word| !near(&word.text));
    found.first().map(|w| w.text.clone())
}

#[cfg(test)]
mod tests;
