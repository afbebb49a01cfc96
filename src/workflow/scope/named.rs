//! Which namespaces words name. A word that exists as a namespace counts more than a grammar that looks like one.

use crate::domain::nearest::nearest;
use crate::domain::object::Namespace;
use crate::domain::words::{Word, Wording};

/// What the words say about the place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// These namespaces, in the order of the words.
    These(Vec<String>),
    /// One that does not exist, and nothing else.
    Missing(String),
    Nothing,
}

/// How clearly a word is meant as a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Clarity {
    /// It merely stands somewhere.
    Mentioned,
    /// After `in`, `of`, `from`, `on`.
    Placed,
    /// Beside the word `namespace`.
    Named,
}

const PLACES: &[&str] = &["in", "of", "from", "on", "inside", "within", "into", "im", "to", "across"];
const ARTICLES: &[&str] = &["the", "a", "an", "my", "our", "your", "this", "that", "both"];

/// The namespaces that are named. `all` is what exists; `None` where that cannot be known, and clear names are taken at their word.
pub(super) fn named(words: &Wording, all: Option<&[String]>) -> Named {
    let words: Vec<&Word> = words.iter().collect();
    let exists = |text: &str| all.is_some_and(|all| all.iter().any(|n| n == text));
    let mut clarities: Vec<Option<Clarity>> = (0..words.len()).map(|place| clarity(&words, place)).collect();
    // `shop/web` is something in the namespace `shop`.
    let slashed = words.iter().filter_map(|w| w.text.split_once('/')).map(|(before, _)| before).filter(|before| exists(before));
    let mut these: Vec<String> = slashed.map(str::to_owned).collect();
    spread(&words, &mut clarities, &exists);
    let Some(all) = all else {
        let clear = words.iter().zip(&clarities).filter(|(w, c)| **c == Some(Clarity::Named) && !w.is_common());
        these.extend(clear.map(|(w, _)| w.text.clone()));
        return if these.is_empty() { Named::Nothing } else { Named::These(once(these)) };
    };
    let existing: Vec<(&Word, Clarity)> =
        words.iter().zip(&clarities).filter_map(|(w, c)| Some((*w, (*c)?))).filter(|(w, _)| exists(&w.text)).collect();
    let clearly = existing.iter().any(|(_, c)| *c > Clarity::Mentioned) || !these.is_empty();
    for (word, clarity) in &existing {
        let meant = match clarity {
            Clarity::Named | Clarity::Placed => true,
            // A word of the language is a name only where it stands like one; a word for a kind of thing only where nothing else is named.
            Clarity::Mentioned => word.text != "default" && (!word.is_common()) && !(word.is_ordinary() && clearly),
        };
        if meant {
            these.push(word.text.clone());
        }
    }
    if !these.is_empty() {
        return Named::These(once(these));
    }
    missing(&words, all).map_or(Named::Nothing, Named::Missing)
}

fn once(names: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names {
        if !kept.contains(&name) {
            kept.push(name);
        }
    }
    kept
}

fn is_the_word(word: Option<&&Word>) -> bool {
    word.is_some_and(|w| matches!(w.text.as_str(), "namespace" | "namespaces" | "ns"))
}

fn clarity(words: &[&Word], place: usize) -> Option<Clarity> {
    let word = words.get(place)?;
    if Namespace::parse(&word.text).is_err() || is_the_word(Some(word)) {
        return None;
    }
    let before = |steps: usize| place.checked_sub(steps).and_then(|p| words.get(p)).filter(|w| !w.ends);
    let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    if is_the_word(after) || is_the_word(before(1)) || before(1).is_some_and(|w| w.text == "n" || w.text == "namespace=") {
        return Some(Clarity::Named);
    }
    let article = before(1).is_some_and(|w| ARTICLES.contains(&w.text.as_str()));
    let preposition = if article { before(2) } else { before(1) };
    let placed = preposition.is_some_and(|w| PLACES.contains(&w.text.as_str()));
    // `in the default class` is no place.
    let adjective = article && word.is_common();
    Some(if placed && !adjective { Clarity::Placed } else { Clarity::Mentioned })
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

/// `in the paymnts namespace`: a name that does not exist, meant as one beyond doubt.
fn missing(words: &[&Word], all: &[String]) -> Option<String> {
    let near = |word: &Word| !nearest(&word.text, all.iter().map(String::as_str)).is_empty();
    let meant = |place: usize| {
        let word = words.get(place)?;
        if Namespace::parse(&word.text).is_err() || is_the_word(Some(word)) || word.is_common() || word.text == "default" {
            return None;
        }
        let before = place.checked_sub(1).and_then(|p| words.get(p)).filter(|w| !w.ends);
        let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
        // `the namespace run`: with an article `namespace` names what was spoken of before.
        let article = place.checked_sub(2).and_then(|p| words.get(p)).is_some_and(|w| ARTICLES.contains(&w.text.as_str()));
        let follows = is_the_word(before) && (!article || word.quoted || word.looks_like_a_name() || near(word));
        (is_the_word(after) || follows).then(|| (*word).clone())
    };
    let mut found: Vec<Word> = (0..words.len()).filter_map(meant).collect();
    // With `in checkout namespace foo` both neighbours count; the one with a near name is meant.
    found.sort_by_key(|word| !near(word));
    found.into_iter().next().map(|w| w.text)
}

#[cfg(test)]
mod tests;
