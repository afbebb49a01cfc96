//! The kinds that words say of what they name, such as `the hpa of billing` and `service orders`: what has that name and is of another
//! kind is not what they are about; neither is it where only their clause speaks of the kind, as in `the hpa does not scale billing`.

use super::candidates::parts;
use super::matching::Matching;
use super::reach::{reach, target};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::words::{Word, Wording};
use crate::facts::named::{Named, SaidKind};
use crate::facts::{Facts, ingresses};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::networking::v1::Ingress;
use std::ops::Range;

/// The kinds of which words tell one by its kind. Everything has Pods.
const TOLD: &[Kind] = &[
    Kind::Service,
    Kind::Ingress,
    Kind::HorizontalPodAutoscaler,
    Kind::CronJob,
    Kind::Job,
    Kind::PersistentVolumeClaim,
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
];
/// Between a kind and the name of what it belongs to.
const JOINS: &[&str] = &["of", "for", "called", "named", "behind", "the", "our", "my"];
/// What only a Service has.
const OF_A_SERVICE: &[&str] = &["endpoint", "endpoints", "selector", "exist", "exists", "missing", "gone", "clusterip"];

fn kind_of(word: &Word) -> Option<Kind> {
    let calls = |kind: &&Kind| Kind::parse(&word.text).as_ref() == Some(kind) || called(kind).contains(&word.text.as_str());
    TOLD.iter().find(calls).filter(|_| !word.quoted).cloned()
}

fn called(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::HorizontalPodAutoscaler => &["autoscaler", "autoscaling", "scaler"],
        Kind::PersistentVolumeClaim => &["claim", "volume"],
        Kind::CronJob => &["cron"],
        _ => &[],
    }
}

/// The kind before or after the words of a name, in their clause.
fn beside(words: &Wording, range: &Range<usize>) -> Option<Kind> {
    let earlier = |place: usize| place.checked_sub(1).filter(|p| words.get(*p).is_some_and(|w| !w.ends));
    let mut before = earlier(range.start);
    while let Some(place) = before.filter(|p| words.get(*p).is_some_and(|w| JOINS.contains(&w.text.as_str()))) {
        before = earlier(place);
    }
    if let Some(kind) = before.and_then(|p| words.get(p)).filter(|w| !w.is_plural()).and_then(kind_of) {
        return Some(kind);
    }
    let last = range.end.checked_sub(1).and_then(|p| words.get(p)).filter(|w| !w.ends)?;
    let after = words.get(range.end).filter(|w| !w.is_plural() && last.text != w.text).and_then(kind_of)?;
    is_exact(words, &after).then_some(after)
}

/// The words of the clause around these.
fn clause(words: &Wording, range: &Range<usize>) -> Range<usize> {
    let begins = |place: &usize| place.checked_sub(1).is_none_or(|before| words.get(before).is_none_or(|w| w.ends));
    let ends = |place: &usize| words.get(*place).is_none_or(|w| w.ends);
    let start = (0..=range.start).rev().find(begins).unwrap_or_default();
    let end = (range.end.saturating_sub(1)..words.len()).find(ends).map_or(words.len(), |last| last.saturating_add(1));
    start..end
}

/// Of what was found by a name, that with a kind beside it, and that with a kind in its clause of which nothing in that clause is: the
/// verb or the genitive between them says that the words are about what belongs to it.
pub(super) fn told(matching: &Matching<'_>) -> Vec<SaidKind> {
    let words = matching.words;
    let named =
        |range: &Range<usize>| range.clone().filter_map(|p| matching.word(p)).map(|w| w.text.as_str()).collect::<Vec<_>>().join("-");
    // `the import job of shop` is about something that has it in its name.
    let is_part =
        |kind: &Kind, word: &str| matching.candidates.iter().any(|c| c.object.kind == *kind && parts(&c.object.name).any(|p| p == word));
    let mut all: Vec<SaidKind> = Vec::new();
    let mut tell = |kind: Kind, range: &Range<usize>, found: Vec<ObjectRef>| {
        let word = named(range);
        let known = all.iter().any(|told| told.kind == kind && told.word == word);
        if !known && !is_part(&kind, &word) && found.iter().all(|object| object.kind != kind) {
            all.push(SaidKind { kind, word, found });
        }
    };
    for (range, found) in &matching.taken {
        if let Some(kind) = beside(words, range) {
            tell(kind, range, found.clone());
        }
    }
    for (range, _) in &matching.taken {
        let clause = clause(words, range);
        let here: Vec<ObjectRef> =
            matching.taken.iter().filter(|(other, _)| clause.contains(&other.start)).flat_map(|(_, found)| found.clone()).collect();
        let of_one = |place: &usize| !matching.is_hit(*place) && !words.says_when(*place);
        let kinds = clause.filter(of_one).filter_map(|p| words.get(p)).filter(|w| !w.is_plural()).filter_map(kind_of);
        for kind in kinds.filter(|kind| is_exact(words, kind)) {
            tell(kind, range, here.clone());
        }
    }
    all
}

/// `the orders service` is any program, unless the words are about what only the object has.
fn is_exact(words: &Wording, kind: &Kind) -> bool {
    *kind != Kind::Service || words.iter().any(|w| OF_A_SERVICE.contains(&w.text.as_str()))
}

/// The kinds and names of which nothing is there, where that is known: neither what is called so nor what belongs to it is of the kind.
pub(super) fn absent(facts: &Facts<'_>, named: &Named) -> Vec<(Kind, String)> {
    named
        .told
        .iter()
        .filter(|told| facts.is_whole(&told.kind) && !is_there(facts, told))
        .map(|t| (t.kind.clone(), t.word.clone()))
        .collect()
}

fn is_there(facts: &Facts<'_>, told: &SaidKind) -> bool {
    let near = reach(facts, &told.found);
    let leads = |ingress: &Ingress| {
        let at = ingress.reference().namespace;
        ingresses::services(ingress).any(|name| near.objects().any(|o| o.kind == Kind::Service && o.name == name && o.namespace == at))
    };
    match told.kind {
        Kind::Ingress => facts.all::<Ingress>().any(leads),
        Kind::HorizontalPodAutoscaler => {
            facts.all::<HorizontalPodAutoscaler>().filter_map(target).any(|target| near.objects().any(|o| *o == target))
        }
        // A CronJob's runs are Jobs, those to come as well.
        Kind::Job => near.objects().any(|o| matches!(o.kind, Kind::Job | Kind::CronJob)),
        _ => near.objects().any(|o| o.kind == told.kind && facts.has(o)),
    }
}
