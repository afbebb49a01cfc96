//! What the reporter's words name, and what that reaches: what is said and planned first, and what `healthy` would be said of.

mod candidates;
mod kinds;
mod lost;
mod matching;
mod missing;
mod reach;

use super::Facts;
pub(crate) use super::named::Named;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use crate::domain::words::{Site, Word};
use matching::Matching;
pub(crate) use reach::{is_led_to, reach, target};
use std::collections::HashSet;

/// Looks for it in a snapshot, as long as nothing is indexed yet: enough to know where it is.
pub(crate) fn find(snapshot: &Snapshot) -> Named {
    if snapshot.words.is_empty() {
        return Named::default();
    }
    let candidates = candidates::all(snapshot);
    let mut matching = Matching::of(&snapshot.words, &candidates);
    lost::reserve(&mut matching);
    matching.names(snapshot);
    lost::hold(&mut matching);
    matching.weak();
    // Where a name is certainly meant and nothing has it, nothing else is guessed.
    matching.certain |= matching.about.is_empty() && missing::is_certain(&matching, snapshot);
    if !matching.certain {
        matching.guesses(snapshot);
    }
    lost::find(&mut matching);
    missing::find(&mut matching, snapshot);
    let told = kinds::told(&matching);
    Named { told, ..matching.into_named(missing::unread(snapshot)) }
}

/// What the words of a snapshot name, with what that reaches. It is looked for once.
pub(crate) fn focus<'f>(facts: &'f Facts<'_>) -> &'f Named {
    facts.named_once(|| {
        if facts.snapshot().words.is_empty() {
            return Named::default();
        }
        let named = find(facts.snapshot());
        let mut reach = reach(facts, &named.about);
        reach.places = places(facts.snapshot(), &named.about);
        let absent = kinds::absent(facts, &named);
        Named { reach, absent, ..named }
    })
}

/// Whether a word is the name of a thing or of a place: that says nothing about what the words are about.
pub(crate) fn is_name(facts: &Facts<'_>, word: &Word) -> bool {
    let of_a_place = || facts.snapshot().scope.namespaces().iter().any(|n| n.as_str() == word.text);
    word.place != Site::Open || focus(facts).hits.contains(&word.text) || of_a_place() || is_part_of_a_name(facts, word)
}

/// Whether a word for a part of an application stands in the name of something that runs: `the gateway`, where `gateway-proxy` does.
fn is_part_of_a_name(facts: &Facts<'_>, word: &Word) -> bool {
    word.is_part() && facts.workloads().any(|workload| word.is_in(&workload.object.name))
}

/// What the words can be about and nobody reads, in words, each behind the word that says so.
pub(crate) fn beyond(facts: &Facts<'_>) -> Vec<(String, &'static str)> {
    facts.snapshot().words.unread(&|word| is_name(facts, word))
}

/// Of the namespaces that are read, those that are there by their own name: what else is named is in others.
fn places(snapshot: &Snapshot, about: &[ObjectRef]) -> HashSet<Namespace> {
    let read = snapshot.scope.namespaces().iter().filter(|_| !about.is_empty());
    read.filter(|n| about.iter().all(|object| object.namespace.as_ref() != Some(n))).cloned().collect()
}
