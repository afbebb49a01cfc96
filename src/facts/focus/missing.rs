//! What words name and nothing is called: where something is found, only what stands like a name; where nothing is, whatever could be one.

use super::candidates::{FURTHER_KINDS, KINDS};
use super::matching::Matching;
use crate::domain::focus::Missing;
use crate::domain::kind::Kind;
use crate::domain::once::once;
use crate::domain::snapshot::Snapshot;
use crate::domain::words::{Form, Stance, Word};

/// The kinds of things that may be called as the words say and that were not read whole: of these nothing that was not found is absent.
pub(super) fn unread(snapshot: &Snapshot) -> Vec<Kind> {
    let asked = Kind::AS_A_WHOLE.iter().filter(|kind| snapshot.words.asks(kind));
    let tried = FURTHER_KINDS.iter().filter(|kind| snapshot.was_tried(kind));
    once(KINDS.iter().chain(asked).chain(tried).filter(|kind| !snapshot.is_complete(kind)).cloned())
}

/// Whether a word that nothing has is written as names are.
pub(super) fn is_certain(matching: &Matching<'_>, snapshot: &Snapshot) -> bool {
    (0..matching.words.len()).any(|place| {
        matching.word(place).is_some_and(Word::looks_like_a_name)
            && is_open(matching, place, snapshot)
            && !matching.words.is_predicate(place)
    })
}

/// Adds what is missing, in the order of the words.
pub(super) fn find(matching: &mut Matching<'_>, snapshot: &Snapshot) {
    let found = !matching.about.is_empty();
    for place in 0..matching.words.len() {
        if !is_open(matching, place, snapshot) || !is_missed(matching, place, found, snapshot) {
            continue;
        }
        let end = end_of_run(matching, place);
        let run: Vec<String> = (place..end).filter_map(|p| matching.word(p)).map(|w| w.text.clone()).collect();
        let last = end.saturating_sub(1);
        let whole = matching.words.is_subject(last) || matching.word(last).is_some_and(Word::is_part);
        let Some(first) = run.first().cloned() else { continue };
        let nearest = matching.nearest(&first);
        matching.nowhere |= matching.words.is_placed(place) || matching.word(place).is_some_and(Word::is_environment);
        matching.missing.push(Missing { word: if whole { run.join(" ") } else { first }, nearest });
        matching.spend(place..end, false);
    }
    if !found {
        let open = (0..matching.words.len()).filter(|p| !matching.is_used(*p)).filter_map(|p| matching.word(p));
        matching.hosts = open.filter(|w| w.form == Form::Host).map(|w| w.text.clone()).collect();
    }
    // One thing that is missing is said once.
    let mut said: Vec<String> = Vec::new();
    matching.missing.retain(|m| {
        let new = !said.contains(&m.word);
        said.push(m.word.clone());
        new
    });
}

/// Whether the word has no meaning yet, and is no name of a place or of the cluster.
fn is_open(matching: &Matching<'_>, place: usize, snapshot: &Snapshot) -> bool {
    let Some(word) = matching.word(place).filter(|_| !matching.is_used(place)) else { return false };
    let beside = [place.checked_sub(1), place.checked_add(1)].into_iter().flatten().filter_map(|p| matching.word(p));
    let context = beside.into_iter().any(|w| matches!(w.text.as_str(), "context" | "cluster" | "namespace" | "namespaces" | "ns"));
    let of_a_place = matching.candidates.iter().any(|c| c.object.namespace.as_ref().is_some_and(|n| n.as_str() == word.text));
    let of_the_context = snapshot.cluster.context.to_lowercase().split(['-', '_', '.', '/', '@', ':']).any(|part| part == word.text);
    !context && !of_a_place && !of_the_context
}

fn is_missed(matching: &Matching<'_>, place: usize, found: bool, snapshot: &Snapshot) -> bool {
    let words = matching.words;
    let Some(word) = matching.word(place) else { return false };
    // Of what runs in `production` nothing is known where there is no such place.
    if word.is_environment() {
        let described = || describes_a_place(word) && (matching.is_beside_a_hit(place) || (!found && words.is_subject(place)));
        return word.form == Form::Word && (words.is_placed(place) || words.is_alone(place) || described());
    }
    if words.is_missed(place) || words.beside_a_kind(place) {
        return snapshot.scope.namespaces().iter().all(|n| n.as_str() != word.text);
    }
    let part = word.is_part() && word.form == Form::Word && !matching.is_beside_a_hit(place);
    if !(word.could_be_a_name() || part) || words.is_predicate(place) {
        return false;
    }
    let stands_like_one =
        word.used == Stance::Name || word.looks_like_a_name() || words.is_subject(place) || words.is_object(place) || words.is_alone(place);
    stands_like_one || (!found && (!part || matching.missing.is_empty()))
}

/// `the production web`: of which one is spoken. `live web traffic` and `I am testing web` say nothing about a place.
fn describes_a_place(word: &Word) -> bool {
    !matches!(word.text.as_str(), "live" | "integration" | "testing" | "canary" | "development" | "test")
}

/// The words that make one name with the one at this place.
fn end_of_run(matching: &Matching<'_>, place: usize) -> usize {
    let mut end = place.saturating_add(1);
    while let Some(word) = matching.word(end).filter(|_| !matching.is_used(end)) {
        let joined = matching.word(end.saturating_sub(1)).is_some_and(|w| !w.ends) && !word.is_grammar();
        if !joined || !(word.could_be_a_name() || word.is_part()) {
            break;
        }
        end = end.saturating_add(1);
    }
    end
}
