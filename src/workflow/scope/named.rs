//! Which namespaces words name, and how clearly: beside the word `namespace` or in `shop/web` they are said, after `in` they are placed,
//! and elsewhere a word is only a namespace where nothing at home is called so. None that is stated is passed over: it is looked there, or
//! its word says that it is lost.

use super::known::{Candidates, Known, Presence};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectName};
use crate::domain::once::once;
use crate::domain::words::{Form, Lost, Site, Stated, Why, Word, Wording};

/// What the words say about the place.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// These namespaces are meant, and exist as far as anybody may know, in the order of the words.
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

/// Between `namespace` and its name.
const CALLED: &[&str] = &["called", "named", "is", "name"];

/// What is worth asking for, where nobody may list what there is.
pub(super) fn candidates(wording: &Wording) -> Candidates {
    let words: Vec<&Word> = wording.iter().collect();
    let mut found = Candidates::default();
    found.stated.extend(words.iter().filter_map(|w| slashed(w)).map(|(name, _)| name.to_owned()));
    for (place, word) in words.iter().enumerate() {
        match clarity(wording, &words, place) {
            Some(Clarity::Said) if can_be_one(word) => found.stated.push(word.text.clone()),
            Some(Clarity::Placed) if wording.lost_after_in(place).is_some() => found.stated.push(word.text.clone()),
            Some(Clarity::Mentioned) if !word.is_common() && !word.is_kind() => found.mentioned.push(word.text.clone()),
            Some(Clarity::Said | Clarity::Placed | Clarity::Mentioned) | None => {}
        }
    }
    let stated = once(found.stated);
    let mentioned = once(found.mentioned.into_iter().filter(|name| !stated.contains(name)));
    Candidates { stated, mentioned }
}

/// The namespaces that are named. Their words are marked as places, and those that are stated and are none, as lost.
pub(super) fn named(wording: &mut Wording, known: &Known) -> Named {
    let mut named = Named::default();
    slashes(wording, known, &mut named);
    let words: Vec<&Word> = wording.iter().collect();
    let mut clarities: Vec<Option<Clarity>> = (0..words.len()).map(|place| clarity(wording, &words, place)).collect();
    spread(&words, &mut clarities, &|name| known.is_here(name));
    let mut places: Vec<(usize, Site)> = Vec::new();
    for (place, (word, clarity)) in words.iter().zip(&clarities).enumerate() {
        let (Some(clarity), name) = (clarity, &word.text) else { continue };
        let of_the_context = *clarity == Clarity::Placed && known.is_of_the_context(name);
        let why = || wording.lost_after_in(place).filter(|_| !of_the_context);
        match (clarity, known.presence(name)) {
            (Clarity::Said | Clarity::Placed, Presence::Here) => {
                named.said.push(name.clone());
                places.push((place, Site::Known));
            }
            (Clarity::Said, Presence::Unknown) if can_be_one(word) && !is_before_the_name(wording, &words, place, known) => {
                named.said.push(name.clone());
                places.push((place, Site::Known));
            }
            (Clarity::Placed, Presence::Unknown) => match why() {
                Some(Why::Absent) => {
                    named.said.push(name.clone());
                    places.push((place, Site::Known));
                }
                Some(Why::Prose | Why::Unchecked | Why::Passed) => places.push((place, lost(name, Why::Unchecked, Stated::In, known))),
                None => {}
            },
            (Clarity::Placed, Presence::Absent) => {
                let Some(why) = why() else { continue };
                // Once a namespace is stated that is there, what is behind an ordinary word is rarely one: `web in shop shows errors in k9s`.
                let is_prose = !named.said.is_empty() && !word.is_environment() && is_of_an_ordinary_word(wording, place);
                let why = if is_prose { Why::Prose } else { why };
                let near = !word.is_common() && !word.is_ordinary() && known.is_near(name);
                if near {
                    named.misspelt.push(name.clone());
                }
                places.push((place, lost(name, if near { Why::Prose } else { why }, Stated::In, known)));
            }
            (Clarity::Mentioned, Presence::Here) if name != "default" => named.bare.push(name.clone()),
            // Of one that was given, what stands after `in` is read as any other word.
            (Clarity::Placed, Presence::Passed) | (Clarity::Said | Clarity::Mentioned, _) => {}
        }
    }
    beside_the_word(wording, &words, known, &mut named, &mut places);
    places.into_iter().for_each(|(place, is)| wording.take_for(place, is));
    for list in [&mut named.said, &mut named.bare, &mut named.misspelt] {
        *list = once(std::mem::take(list));
    }
    named.bare.retain(|name| !named.said.contains(name));
    named
}

/// Whether what is said to be `in` the word at this place is no thing: `errors in k9s`.
fn is_of_an_ordinary_word(wording: &Wording, place: usize) -> bool {
    let article = place.checked_sub(1).filter(|p| wording.is_article(*p));
    let thing = article.unwrap_or(place).checked_sub(2).and_then(|p| wording.get(p));
    thing.is_some_and(|word| !word.ends && word.is_common() && !word.is_grammar())
}

fn lost(name: &str, why: Why, by: Stated, known: &Known) -> Site {
    let nearest = if why == Why::Passed { Vec::new() } else { known.nearest(name) };
    Site::Lost(Lost { name: name.to_owned(), nearest, why, by })
}

/// Those before a slash: it is looked there, or the two are two words of which the first may be lost.
fn slashes(wording: &mut Wording, known: &Known, named: &mut Named) {
    for word in wording.iter() {
        match slashed(word) {
            Some((name, true)) => match known.presence(name) {
                Presence::Here | Presence::Unknown => named.said.push(name.to_owned()),
                Presence::Absent => named.missing = Some(name.to_owned()),
                Presence::Passed => {}
            },
            Some((name, false)) if parted(word, known).is_none() => named.said.push(name.to_owned()),
            Some((name, false)) if is_misspelt(word, name, known) => named.misspelt.push(name.to_owned()),
            Some((_, false)) | None => {}
        }
    }
    wording.part_slashes(|word, _, _| parted(word, known));
}

/// In a message it is what somebody set, right or wrong, and not what somebody typed here.
fn is_misspelt(word: &Word, name: &str, known: &Known) -> bool {
    word.form == Form::Word && known.presence(name) == Presence::Absent && known.is_near(name)
}

/// What the first part of `shop/web` is, where it is a word of its own; `None`: a namespace that is looked at.
fn parted(word: &Word, known: &Known) -> Option<Site> {
    let (left, right) = word.text.split_once('/')?;
    let address = word.place == Site::Known;
    let why = if address { Some(Why::Prose) } else { Wording::lost_before_slash(word, left, right) };
    let lost = |why: Why| Some(lost(left, why, Stated::Slash, known));
    match (known.presence(left), why) {
        (Presence::Here, _) => None,
        (Presence::Unknown, why) if address || why == Some(Why::Absent) => None,
        (_, None) => Some(Site::Open),
        (Presence::Unknown, Some(_)) => lost(Why::Unchecked),
        (Presence::Passed, Some(_)) => lost(Why::Passed),
        (Presence::Absent, Some(_)) if is_misspelt(word, left, known) => lost(Why::Prose),
        (Presence::Absent, Some(why)) => {
            let mut place = lost(why);
            // `depoyment/web`
            if let Some(Site::Lost(lost)) = &mut place
                && lost.nearest.is_empty()
            {
                lost.nearest.extend(ObjectName::meant(left, right));
            }
            place
        }
    }
}

/// The part before a slash, where it can be a namespace, and whether it certainly is one: of `namespace/shop` it is the name.
fn slashed(word: &Word) -> Option<(&str, bool)> {
    let (left, right) = word.text.split_once('/').filter(|_| word.form != Form::Address)?;
    if matches!(left, "namespace" | "namespaces" | "ns") {
        return Some((right, true));
    }
    Namespace::parse(left).ok().filter(|_| Kind::parse(left).is_none()).map(|_| (left, false))
}

/// Whether the word can be the name of a namespace beside the word for one.
fn can_be_one(word: &Word) -> bool {
    !word.is_common() || word.is_a_namespace_too()
}

fn is_the_word(word: Option<&&Word>) -> bool {
    word.is_some_and(|w| matches!(w.text.as_str(), "namespace" | "namespaces" | "ns" | "namensraum"))
}

fn clarity(wording: &Wording, words: &[&Word], place: usize) -> Option<Clarity> {
    let word = words.get(place)?;
    let name = matches!(word.form, Form::Word | Form::Cited) && word.place == Site::Open && Namespace::parse(&word.text).is_ok();
    if !name || is_the_word(Some(word)) {
        return None;
    }
    let before = place.checked_sub(1).and_then(|p| words.get(p)).filter(|w| !w.ends);
    let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    if is_the_word(after) || is_the_word(before) {
        return Some(Clarity::Said);
    }
    Some(if wording.is_after_in(place) { Clarity::Placed } else { Clarity::Mentioned })
}

/// `checkout namespace shop`: what stands before the word, where the name of one comes after it.
fn is_before_the_name(wording: &Wording, words: &[&Word], place: usize, known: &Known) -> bool {
    let next = place.saturating_add(1);
    let joined = |p: usize| words.get(p).is_some_and(|w| !w.ends);
    let introduced = place.checked_sub(1).is_some_and(|p| wording.is_article(p)) || wording.is_after_in(place);
    let name = words.get(next.saturating_add(1)).filter(|w| can_be_one(w) && Namespace::parse(&w.text).is_ok());
    let is_one = |name: &&&Word| match known.presence(&name.text) {
        Presence::Here | Presence::Unknown => true,
        Presence::Absent | Presence::Passed => known.is_near(&name.text),
    };
    is_the_word(words.get(next)) && joined(place) && joined(next) && !introduced && name.as_ref().is_some_and(is_one)
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

/// `in the paymnts namespace`: names that do not exist, meant as ones beyond doubt. Without a name that is like it, one is an error only
/// where nothing else is named; elsewhere it is lost.
fn beside_the_word(wording: &Wording, words: &[&Word], known: &Known, named: &mut Named, places: &mut Vec<(usize, Site)>) {
    let meant = |place: &usize| is_meant_as_one(wording, words, *place, known);
    let sure: Vec<(usize, &str)> =
        (0..words.len()).filter(meant).filter_map(|place| words.get(place).map(|word| (place, word.text.as_str()))).collect();
    let absent = || sure.iter().filter(|(_, name)| known.presence(name) == Presence::Absent);
    // With `in checkout namespace foo` both neighbors count; the one with a near name is meant.
    let near = absent().find(|(_, name)| known.is_near(name));
    // An ordinary word makes no error of the rest.
    let alone = named.said.is_empty() && named.bare.is_empty();
    let clear = || absent().find(|(place, _)| alone && words.get(*place).is_some_and(|word| !word.is_common()));
    let missing = near.or_else(clear).map(|(_, name)| (*name).to_owned());
    named.missing = named.missing.take().or(missing);
    for (place, name) in sure {
        let why = if known.presence(name) == Presence::Passed { Why::Passed } else { Why::Absent };
        places.retain(|(at, _)| *at != place);
        places.push((place, lost(name, why, Stated::Word, known)));
    }
}

fn is_meant_as_one(wording: &Wording, words: &[&Word], place: usize, known: &Known) -> bool {
    let Some(word) = words.get(place) else { return false };
    let name = Namespace::parse(&word.text).is_ok() && word.form == Form::Word && word.place == Site::Open;
    let none = matches!(known.presence(&word.text), Presence::Absent | Presence::Passed);
    if !name || !none || is_the_word(Some(word)) || !can_be_one(word) || word.text == "default" {
        return false;
    }
    let before = |steps: usize| place.checked_sub(steps).and_then(|p| words.get(p)).filter(|w| !w.ends);
    let after = words.get(place.saturating_add(1)).filter(|_| !word.ends);
    // `the namespace called shop` is `the namespace shop`.
    let called = before(1).is_some_and(|w| CALLED.contains(&w.text.as_str()));
    let at: usize = if called { 2 } else { 1 };
    // `the namespace run`: with an article `namespace` names what was spoken of before.
    let article = before(at.saturating_add(1)).is_some_and(|w| matches!(w.text.as_str(), "the" | "this" | "that" | "my" | "our" | "a"));
    let clear = || word.quoted || word.looks_like_a_name() || word.is_environment() || known.is_near(&word.text);
    let follows = is_the_word(before(at)) && (!(article || called) || clear());
    let precedes = is_the_word(after) && !is_the_word(before(1)) && !is_before_the_name(wording, words, place, known);
    precedes || follows
}

#[cfg(test)]
mod tests;
