//! The kinds that words say of what they name, such as `the hpa of billing` and `service orders`: what has that name and is of another
//! kind is not what they are about.

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
/// `the orders service` is any program, unless the words are about what only the object has.
const OF_A_SERVICE: &[&str] = &["endpoint", "endpoints", "selector", "exist", "exists", "missing", "gone", "clusterip"];

fn kind_of(word: &Word) -> Option<Kind> {
    TOLD.iter().find(|kind| Kind::parse(&word.text).as_ref() == Some(kind) || word.text == called(kind)).filter(|_| !word.quoted).cloned()
}

fn called(kind: &Kind) -> &'static str {
    match kind {
        Kind::HorizontalPodAutoscaler => "autoscaler",
        Kind::PersistentVolumeClaim => "claim",
        _ => "",
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
    let is_exact = after != Kind::Service || words.iter().any(|w| OF_A_SERVICE.contains(&w.text.as_str()));
    is_exact.then_some(after)
}

/// Of what was found by a name, that with a kind beside it.
pub(super) fn told(matching: &Matching<'_>) -> Vec<SaidKind> {
    let of = |(range, found): &(Range<usize>, Vec<ObjectRef>)| {
        let kind = beside(matching.words, range).filter(|kind| found.iter().all(|object| object.kind != *kind))?;
        let word = range.clone().filter_map(|p| matching.word(p)).map(|w| w.text.as_str()).collect::<Vec<_>>().join("-");
        // `the import job of shop` is about something that has it in its name.
        let is_part = |c: &&super::candidates::Candidate| c.object.kind == kind && parts(&c.object.name).any(|p| p == word);
        (!matching.candidates.iter().any(|c| is_part(&c))).then_some(SaidKind { kind, word, found: found.clone() })
    };
    matching.taken.iter().filter_map(of).collect()
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
