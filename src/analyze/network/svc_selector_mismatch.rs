//! A Service selects no Pod because its selector is a little off the labels of the Pods that were meant: a key was renamed, a
//! value is wrong, or there is one key too many. The fix corrects the Service; that a key is one too many is left to a human.
//! Relabeling Pods would be undone by the next rollout.

use super::super::draft::{Draft, advise, patch, propose};
use super::super::quote::{self, listed};
use super::super::rule::{Read, Rule};
use super::missing::{Missing, all};
use super::near::{Miss, Near, Right};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Relation, Remedy};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::facts::Facts;
use crate::facts::labels::Selector;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("svc-selector-mismatch"),
    says: "a Service's selector matches no Pod because of a renamed key, a wrong value or a key too many",
    reads: &[Read::WORKLOADS, Read::always(&[Kind::Service])],
    find,
};
/// Exactly one workload is near, and nothing else uses the key: it has the same value under another key, goes by the Service's name
/// or its wrong value, or serves its port with no other Service in front. That this workload was meant is the doubt.
const ONE: Confidence = Confidence::percent(90);
/// The same, but nothing shows that its Pods listen where the Service leads: with endpoints it may still not answer.
const UNPROVED: Confidence = Confidence::percent(75);
/// Which Pods were meant, or whether the key may go, is open.
const OPEN: Confidence = Confidence::percent(60);
/// So many workloads that could be meant are named, and so many are quoted.
const NAMED: usize = 5;
const QUOTED: usize = 3;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    // Without all Pods and workloads nobody can say that a selector matches none.
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    if known { all(facts).filter_map(|missing| finding(facts, &missing)).collect() } else { Vec::new() }
}

fn finding(facts: &Facts<'_>, missing: &Missing<'_>) -> Option<Finding> {
    let (near, object, namespace) = (missing.near.first()?, &missing.object, missing.object.namespace.as_ref()?);
    let one = missing.near.len() == 1;
    let workloads: Vec<String> = missing.near.iter().take(NAMED).map(|n| n.workload.object.in_words()).collect();
    let (service, workloads) = (object.in_words(), quote::joined(&workloads, "and"));
    let (key, wrong) = (near.first.key, near.first.wrong);
    let title = match near.first.right {
        _ if !one => format!("the selector of {service} matches no Pod, and misses {workloads} by one label"),
        Right::Key(_) => format!("{service} selects by {}, but the Pods of {workloads} have the same under {}", olds(near), news(near)),
        Right::Value(right) => format!("{service} selects `{key}={wrong}`, but the Pods of {workloads} have `{key}={right}`"),
        Right::Nothing => format!("{service} selects `{key}={wrong}`, a label that the Pods of {workloads} do not have"),
    };
    let has_others = missing.wanted.len() > near.misses().count();
    let others = if has_others { format!(" The Pods of {workloads} match every other label.") } else { String::new() };
    let explanation = format!(
        "No Pod in namespace `{namespace}` matches the selector of {service}: it has no endpoints, and nobody can reach what is meant to be behind it. Kubernetes reports this in no event.{others}{}",
        missing.unproved_in_words()
    );
    let sure = match (missing.doubt.is_some(), missing.unproved.is_empty()) {
        (true, _) => OPEN,
        (false, true) => ONE,
        (false, false) => UNPROVED,
    };
    let selector = FieldPath::dotted("spec.selector");
    let at_key = selector.clone().key(key);
    let (field, found, right) = match (near.first.right, missing.doubt.is_none()) {
        (Right::Key(_), true) => {
            (if near.more.is_empty() { at_key } else { selector.clone() }, pairs(near, false), Some(pairs(near, true)))
        }
        (Right::Value(value), true) => (at_key, wrong.to_owned(), Some(value.to_owned())),
        (Right::Key(_) | Right::Value(_) | Right::Nothing, _) => (at_key, wrong.to_owned(), None),
    };
    let suffering = if missing.headless { "has no endpoints: no Pod has a DNS name through it" } else { "has no endpoints" };
    let draft = Draft::about(facts, RULE.code, object, sure)
        .text(title, explanation)
        .saw([quote::field(facts, object, selector, &plain(missing.wanted))])
        .saw(missing.near.iter().take(QUOTED).map(|n| labels_of(facts, n)))
        .value(Some(&field), &found, right.as_deref())
        .renamed(missing.doubt.is_none().then(|| renamed(near)).flatten())
        .affects(object, suffering);
    let draft = missing.near.iter().take(NAMED).fold(draft, |draft, n| draft.link(object, Relation::Misses, &n.workload.object));
    draft.fix(remedy(object, near, missing.doubt.as_deref(), &workloads))
}

fn remedy(service: &ObjectRef, near: &Near<'_>, doubt: Option<&str>, workloads: &str) -> Remedy {
    let by_hand = |why: &str| {
        let or = match near.first.right {
            Right::Nothing => format!(", or take `{}` out of it if it is one too many", near.first.key),
            Right::Key(_) | Right::Value(_) => String::new(),
        };
        let text =
            format!("correct the selector of {} to the labels of the Pods that it should reach: {workloads}{or}", service.in_words());
        advise(text, None, why)
    };
    let why = match (doubt, near.first.right) {
        (Some(doubt), _) => return by_hand(doubt),
        (None, Right::Nothing) => return by_hand("a key that goes lets in the Pods that it kept out"),
        (None, Right::Key(_)) => format!("the Pods of {workloads} have equal values under the other keys, and no others have them all"),
        (None, Right::Value(value)) => format!("the Pods of {workloads} have `{}={value}`", near.first.key),
    };
    propose(patch(service, near.ops()), &why, Risk::Medium, [Check::EndpointsReady(service.clone())])
}

fn labels_of(facts: &Facts<'_>, near: &Near<'_>) -> Evidence {
    let path = if near.workload.has_template() { "spec.template.metadata.labels" } else { "metadata.labels" };
    quote::field(facts, &near.workload.object, FieldPath::dotted(path), &plain(near.workload.pod_labels))
}

fn olds(near: &Near<'_>) -> String {
    listed(&near.misses().map(|m| m.key).collect::<Vec<_>>())
}

fn news(near: &Near<'_>) -> String {
    listed(&near.misses().filter_map(|m| if let Right::Key(key) = m.right { Some(key) } else { None }).collect::<Vec<_>>())
}

/// The keys that are exchanged, where no value is wrong.
fn renamed(near: &Near<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let key = |m: Miss<'_>| if let Right::Key(key) = m.right { Some((m.key.to_owned(), key.to_owned())) } else { None };
    near.misses().map(key).collect::<Option<Vec<_>>>().map(|pairs| pairs.into_iter().unzip())
}

/// The labels that are exchanged, as they are or as they are to be.
fn pairs(near: &Near<'_>, new: bool) -> String {
    let key = |m: &Miss<'_>| match m.right {
        Right::Key(key) if new => key.to_owned(),
        _ => m.key.to_owned(),
    };
    near.misses().map(|m| format!("{}={}", key(&m), m.wrong)).collect::<Vec<_>>().join(",")
}

fn plain(labels: &Selector) -> String {
    labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests;
