//! Workloads that a Service's selector misses by a little, and what speaks for one of them being meant.

use super::super::names::{Alike, contradict, contradict_across_keys, is_key_of_a_set, is_named, is_slip, mean_the_same, says_more};
use super::super::renames;
use super::behind::{is_going, serves};
use super::foreign::Foreign;
use super::likely::{Likely, governing, naming};
use crate::domain::action::FieldOp;
use crate::domain::field::FieldPath;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::workload::Workload;
use crate::facts::labels::{self, Selector};
use crate::facts::{Facts, selected};
use k8s_openapi::api::core::v1::Service;

/// A workload that would be selected, were it not for these keys.
#[derive(Debug, Clone)]
pub(super) struct Near<'a> {
    pub(super) workload: &'a Workload<'a>,
    pub(super) first: Miss<'a>,
    /// More of them only where all are renamed keys.
    pub(super) more: Vec<Miss<'a>>,
}

/// A key of the selector that is in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Miss<'a> {
    pub(super) key: &'a str,
    /// What the Service wants of it.
    pub(super) wrong: &'a str,
    pub(super) right: Right<'a>,
}

/// What the workload's Pods have instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right<'a> {
    /// The same value under this key.
    Key(&'a str),
    /// Another value under the same key.
    Value(&'a str),
    /// No such key.
    Nothing,
}

impl<'a> Near<'a> {
    /// All keys that are in the way.
    pub(super) fn misses(&self) -> impl Iterator<Item = Miss<'a>> {
        std::iter::once(self.first).chain(self.more.iter().copied())
    }

    /// Whether the Pods have everything that is wanted, under other keys.
    pub(super) fn is_renamed(&self) -> bool {
        matches!(self.first.right, Right::Key(_))
    }

    /// The selector as it was meant.
    pub(super) fn corrected(&self, wanted: &Selector) -> Selector {
        let mut corrected = wanted.clone();
        for miss in self.misses() {
            corrected.remove(miss.key);
            match miss.right {
                Right::Key(key) => corrected.insert(key.to_owned(), miss.wrong.to_owned()),
                Right::Value(value) => corrected.insert(miss.key.to_owned(), value.to_owned()),
                Right::Nothing => None,
            };
        }
        corrected
    }

    /// What makes it so.
    pub(super) fn ops(&self) -> Vec<FieldOp> {
        let at = |key: &str| FieldPath::dotted("spec.selector").key(key);
        let ops = |miss: Miss<'_>| match miss.right {
            Right::Key(key) => vec![FieldOp::remove(at(miss.key)).seen(miss.wrong), FieldOp::set(at(key), miss.wrong)],
            Right::Value(value) => vec![FieldOp::set(at(miss.key), value).seen(miss.wrong)],
            // A key that goes lets in Pods that it kept out: never planned.
            Right::Nothing => Vec::new(),
        };
        self.misses().flat_map(ops).collect()
    }

    fn value(&self) -> Option<&'a str> {
        if let Right::Value(value) = self.first.right { Some(value) } else { None }
    }
}

/// The last reasons by themselves are no proof: a port that fits, and a part of the names.
const WEAK: usize = 2;

/// What could be meant, and how far what speaks for it goes.
pub(super) struct Reasoned<'a> {
    /// Those of the strongest reason that any has.
    pub(super) near: Vec<Near<'a>>,
    /// Only a port speaks for them, or only a part of the names.
    pub(super) vague: bool,
    /// What is wanted is named in full, or by another spelling: no slip is needed to explain it.
    certain: bool,
    /// The place of the reason among all, the strongest first.
    rank: usize,
}

impl Reasoned<'_> {
    fn has(&self, near: &Near<'_>) -> bool {
        self.near.iter().any(|n| n.workload.object == near.workload.object)
    }
}

/// The workloads that miss by a little and that something speaks for. Equal values under other keys are the strongest; what a value
/// speaks against comes last.
pub(super) fn meant<'a>(
    facts: &'a Facts<'a>,
    likely: &Likely<'a>,
    service: &Service,
    namespace: &Namespace,
    wanted: &'a Selector,
) -> Reasoned<'a> {
    let lives = |w: &&Workload<'_>| !is_going(w) && w.desired > 0;
    let renamed: Vec<Near<'a>> =
        selected::workloads_valued(facts, namespace, wanted).filter(lives).filter_map(|w| renamed(wanted, w)).collect();
    if !renamed.is_empty() {
        return Reasoned { near: renamed, vague: false, certain: true, rank: 0 };
    }
    let of_key = |key: &str| wanted.get(key).map(|wrong| likely.of_key(service, namespace, key, wrong)).unwrap_or_default();
    let all = selected::workloads_missed(facts, namespace, wanted, of_key).filter(lives).filter_map(|w| misses_by_one(wanted, w));
    let (against, near): (Vec<Near<'a>>, Vec<Near<'a>>) = all.partition(|n| against(facts, service, n).is_some());
    let found = reasoned(facts, service, namespace, &near);
    if found.near.is_empty() {
        return reasoned(facts, service, namespace, &against);
    }
    let rivals: Vec<Near<'a>> = near.iter().chain(&against).filter(|n| !found.has(n) && is_rival(service, n)).cloned().collect();
    if found.certain { found } else { Reasoned { near: found.near.into_iter().chain(rivals).collect(), ..found } }
}

/// Whether the workload's value is as close to the wrong one as those that could be meant, whatever speaks against it.
fn is_rival(service: &Service, near: &Near<'_>) -> bool {
    let (naming, wrong) = (naming(service), near.first.wrong);
    let is_close = |value: &str| naming.alike(wrong, value).is_some_and(|why| why < Alike::PartOfSlip) || naming.is_beside(wrong, value);
    near.value().is_some_and(is_close)
}

fn reasoned<'a>(facts: &Facts<'_>, service: &Service, namespace: &Namespace, near: &[Near<'a>]) -> Reasoned<'a> {
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let naming = naming(service);
    let alike = |a: &str, b: &str| naming.alike(a, b).is_some_and(|why| why < Alike::Part);
    let is_the_same = |a: &str, b: &str| naming.alike(a, b).is_some_and(|why| why < Alike::Slip);
    let by_name = |n: &Near<'_>| n.workload.object.name == name || n.value() == Some(name) || governing(facts, n.workload) == Some(name);
    let is_spelled = |value: &str, wrong: &str| is_slip(value, wrong) || mean_the_same(value, wrong);
    let by_slip = |n: &Near<'_>| n.value().is_some_and(|v| is_spelled(v, n.first.wrong)) || n.workload.object.name == n.first.wrong;
    let by_likeness = |n: &Near<'_>| n.value().is_some_and(|v| alike(n.first.wrong, v)) || alike(name, &n.workload.object.name);
    // A port names nobody, unless the Pods have another label of the selector.
    let shares_a_label = labels::any_selector(service).is_some_and(|wanted| wanted.len() > 1);
    let by_port = |n: &Near<'_>| {
        shares_a_label && serves(service, n.workload.pod_spec) && !selected::is_served(facts, namespace.as_str(), n.workload.pod_labels)
    };
    let by_part = |n: &Near<'_>| naming.alike(name, &n.workload.object.name).is_some();
    let reasons: [&dyn Fn(&Near<'_>) -> bool; 5] = [&by_name, &by_slip, &by_likeness, &by_port, &by_part];
    // Nobody notices the address of a headless Service: only what names it speaks for it.
    let headless = service.spec.as_ref().is_some_and(|s| s.cluster_ip.as_deref() == Some("None"));
    let count = if headless { 2 } else { reasons.len() };
    let picked = reasons.into_iter().take(count).map(|reason| near.iter().filter(|n| reason(n)).cloned().collect::<Vec<_>>());
    let found = picked.enumerate().find(|(_, reasoned)| !reasoned.is_empty());
    let (near, reason) = found.map_or((Vec::new(), 0), |(reason, near)| (near, reason));
    let is_said = |n: &Near<'_>| {
        n.workload.object.name == n.first.wrong
            || n.value().is_some_and(|v| mean_the_same(v, n.first.wrong) || is_the_same(v, n.first.wrong))
    };
    Reasoned { vague: reason + WEAK >= reasons.len(), certain: reason == 0 || near.iter().all(is_said), near, rank: reason }
}

/// What is no workload and may as well be meant: Pods of somebody else that miss the selector by as little, of which as much speaks for
/// them. None is led to, but each is a reason to lead to nothing else.
pub(super) fn rival(
    facts: &Facts<'_>,
    foreign: &Foreign<'_>,
    service: &Service,
    namespace: &Namespace,
    wanted: &Selector,
    found: &Reasoned<'_>,
) -> Option<ObjectRef> {
    let others = foreign.of_service(service, namespace, wanted);
    if let Some(renamed) = others.iter().find_map(|other| renamed(wanted, other)) {
        return Some(renamed.workload.object.clone());
    }
    let near: Vec<Near<'_>> =
        others.into_iter().filter_map(|other| misses_by_one(wanted, other)).filter(|n| against(facts, service, n).is_none()).collect();
    let by_reason = reasoned(facts, service, namespace, &near);
    let is_as_good = by_reason.rank <= found.rank || (!found.certain && !by_reason.vague);
    let first = by_reason.near.first().filter(|_| is_as_good);
    let close = || near.iter().find(|n| !found.certain && is_rival(service, n));
    first.or_else(close).map(|n| n.workload.object.clone())
}

/// What of the workload's Pods contradicts what the Service wants: then the Service may be right, and these Pods not the ones that were
/// meant, whatever else matches.
pub(super) fn against<'a>(facts: &Facts<'_>, service: &Service, near: &Near<'a>) -> Option<&'a str> {
    let (key, wrong) = (near.first.key, near.first.wrong);
    match near.first.right {
        // The same value.
        Right::Key(_) => None,
        Right::Value(value) if contradict(wrong, value) => Some(value),
        Right::Value(value) => {
            let governs = !is_key_of_a_set(key) && governing(facts, near.workload) == service.metadata.name.as_deref();
            (!governs && !fits(service, key, wrong, value)).then_some(value)
        }
        // The key goes, and with it what it told apart.
        Right::Nothing => {
            let name = near.workload.object.name.as_str();
            let values = near.workload.pod_labels.values().map(String::as_str);
            values.filter(|other| contradict_across_keys(other, wrong)).chain(contradict(name, wrong).then_some(name)).next()
        }
    }
}

/// Whether one value may stand for the other: it is the same in another spelling, or with a part more or less that is no member of a
/// set; or the Service's own name
/// says the one and not the other. Not where they are members of a set, of which each means something else.
fn fits(service: &Service, key: &str, wrong: &str, value: &str) -> bool {
    if is_slip(wrong, value) || mean_the_same(wrong, value) {
        return true;
    }
    // `billing-internal` is not `billing`, whatever the key.
    let is_alike = naming(service).alike(wrong, value).is_some() && !says_more(wrong, value);
    is_alike || !is_key_of_a_set(key) && is_named(service.metadata.name.as_deref().unwrap_or_default(), value, wrong)
}

/// The one key that keeps the workload's Pods out, if it is one.
pub(super) fn misses_by_one<'a>(wanted: &'a Selector, workload: &'a Workload<'a>) -> Option<Near<'a>> {
    let mut missed = wanted.iter().filter(|(k, v)| workload.pod_labels.get(*k) != Some(v));
    let (key, wrong) = missed.next()?;
    let right = workload.pod_labels.get(key).map_or(Right::Nothing, |value| Right::Value(value));
    missed.next().is_none().then(|| Near { workload, first: Miss { key, wrong, right }, more: Vec::new() })
}

/// Every key that keeps the Pods out stands there with the same value under another name, and it is clear under which.
fn renamed<'a>(wanted: &'a Selector, workload: &'a Workload<'a>) -> Option<Near<'a>> {
    let labels = workload.pod_labels;
    let mut found: Vec<Miss<'a>> = Vec::new();
    for (key, wrong) in wanted.iter().filter(|(k, v)| labels.get(*k) != Some(v)) {
        let is_open = |other: &&String| !wanted.contains_key(*other) && !found.iter().any(|m| m.right == Right::Key(other));
        let same: Vec<&'a String> = labels.iter().filter(|(_, v)| *v == wrong).map(|(k, _)| k).filter(is_open).collect();
        let known = renames::of_pod(key).find_map(|new| same.iter().find(|k| k.as_str() == new));
        let right = match (known, same.as_slice()) {
            _ if labels.contains_key(key) => return None,
            // What the key is called now says something else.
            (None, _) if renames::of_pod(key).any(|new| labels.get(new).is_some_and(|v| v != wrong)) => return None,
            (Some(known), _) => known,
            (None, [one]) if says_something(wrong) && !is_taken(wanted, one) && !is_of_a_group(one) => one,
            _ => return None,
        };
        found.push(Miss { key, wrong, right: Right::Key(right) });
    }
    let mut found = found.into_iter();
    Some(Near { workload, first: found.next()?, more: found.collect() })
}

/// Whether the key is what another key of the selector was renamed to.
fn is_taken(wanted: &Selector, key: &str) -> bool {
    renames::of_pod(key).any(|other| wanted.contains_key(other))
}

/// What many objects of a release or a team share: that such a label has the name of one of them tells nothing.
fn is_of_a_group(key: &str) -> bool {
    let last = key.rsplit('/').next().unwrap_or_default();
    ["instance", "part-of", "release", "team", "managed-by", "version", "chart", "env", "environment"].contains(&last)
}

/// Values such as `true` and `1` are equal by chance.
fn says_something(value: &str) -> bool {
    value.len() > 2 && !["true", "false", "yes", "none", "default"].contains(&value) && value.bytes().any(|b| b.is_ascii_alphabetic())
}
