//! Namespaces that words state and that are not looked at: each is told, whatever else the words name, unless its word turns out to name
//! a thing.

use super::matching::Matching;
use crate::domain::words::{Lost, Site, Stated, Why, Word};

/// Whatever is called so, a word is a namespace beside the word `namespace`, and before a slash unless something has it as its whole name,
/// as in `web/api is down`.
pub(super) fn reserve(matching: &mut Matching<'_>) {
    let called = |word: &Word| matching.candidates.iter().any(|c| c.object.name == word.text || c.labels.contains(&word.text));
    let is_reserved = |word: &Word| match of(word).map(|lost| lost.by) {
        Some(Stated::Word) => true,
        Some(Stated::Slash) => !called(word),
        Some(Stated::In) | None => false,
    };
    let reserved: Vec<usize> = (0..matching.words.len()).filter(|place| matching.word(*place).is_some_and(is_reserved)).collect();
    reserved.into_iter().for_each(|place| matching.spend(place..place.saturating_add(1), false));
}

fn of(word: &Word) -> Option<&Lost> {
    match &word.place {
        Site::Lost(lost) => Some(lost),
        Site::Open | Site::Known => None,
    }
}

/// Once something is named, what stands after `in` is no part of another name: `storefront in beta` is not about `beta-tester`.
pub(super) fn hold(matching: &mut Matching<'_>) {
    let named = !matching.about.is_empty();
    for place in 0..matching.words.len() {
        let after_in = matching.word(place).and_then(of).is_some_and(|lost| lost.by == Stated::In);
        if named && after_in && !matching.is_used(place) {
            matching.spend(place..place.saturating_add(1), false);
        }
    }
}

/// Adds what is lost, in the order of the words.
pub(super) fn find(matching: &mut Matching<'_>) {
    let named = !matching.about.is_empty();
    for place in 0..matching.words.len() {
        let Some(lost) = matching.word(place).and_then(of).cloned() else { continue };
        let (hit, next) = (matching.is_hit(place), matching.is_hit(place.saturating_add(1)));
        let why = match (lost.by, lost.why) {
            // `a bug in checkout`
            (Stated::In, _) if hit => continue,
            // `web/api`, `text/html of web`
            (Stated::Slash, Why::Absent) if hit || (named && !next) => Why::Prose,
            // Where nothing else is named, it is what the words are about.
            (Stated::In | Stated::Slash, Why::Prose) if !named && !matching.word(place).is_some_and(Word::is_common) => Why::Absent,
            (Stated::Word | Stated::Slash | Stated::In, why) => why,
        };
        matching.spend(place..place.saturating_add(1), false);
        let lost = Lost { why, ..lost };
        if !matching.lost.iter().any(|known| known.name == lost.name) {
            matching.lost.push(lost);
        }
    }
    matching.nowhere |= matching.lost.iter().any(Lost::is_certain);
}
