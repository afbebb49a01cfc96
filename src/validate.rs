//! Checks, held against fresh facts and what the rules find in them. Pure: watching is `workflow/settle`.
//! A check passes on what was seen, and never because an old message is no longer there.

mod change;
pub(crate) mod remains;

use self::change::{Seen, absent};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::plan::RemediationPlan;
use crate::domain::validation::CheckResult;
use crate::facts::{Facts, newest, pods};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use serde_json::Value;

/// The kinds that have to be read for these checks: those that they are about, and what has to run.
pub(crate) fn kinds(plan: &RemediationPlan) -> Vec<Kind> {
    let about = plan.judged.about.iter().chain(plan.checks.iter().map(Check::object));
    let mut all = vec![Kind::Pod];
    for object in about.chain(plan.steps.iter().map(|step| step.action.target())) {
        let more: &[Kind] = match object.kind {
            Kind::Deployment => &[Kind::Deployment, Kind::ReplicaSet],
            Kind::Service => &[Kind::Service, Kind::EndpointSlice],
            _ => std::slice::from_ref(&object.kind),
        };
        all.extend(more.iter().cloned());
    }
    if plan.checks.iter().any(|check| matches!(check, Check::SymptomGone(_))) {
        all.extend([Kind::ReplicaSet, Kind::Event]);
    }
    let mut once: Vec<Kind> = Vec::new();
    for kind in all {
        if !once.contains(&kind) {
            once.push(kind);
        }
    }
    once
}

/// Whether each check of the plan holds.
/// `unread` names what a cause's rule needs and could not read: of silence for that reason nobody can tell.
pub(crate) fn check_all(
    plan: &RemediationPlan,
    facts: &Facts<'_>,
    diagnosis: &Diagnosis,
    unread: impl Fn(Code) -> Vec<Kind>,
) -> Vec<CheckResult> {
    // What the plan was made of is what it is judged by: a look that sees less proves nothing.
    let lost: Vec<Kind> = kinds(plan).into_iter().filter(|kind| plan.judged.saw.contains(kind) && !facts.is_whole(kind)).collect();
    plan.checks
        .iter()
        .map(|check| {
            let (passed, observed) = match check {
                Check::RolloutComplete(object) => rollout(object, facts),
                Check::PodReady(object) => pod(object, facts),
                Check::ClaimBound(object) => claim(object, facts),
                Check::EndpointsReady(object) => endpoints(object, facts),
                Check::FindingGone { code, object, field } => {
                    let place = Place { code: *code, object, field: field.as_ref() };
                    finding(&place, plan, facts, diagnosis, &unread(*code))
                }
                Check::FieldIs { object, field, value } => field_is(object, field, value.as_ref(), facts),
                Check::Gone(object) => gone(object, facts),
                Check::SymptomGone(object) => symptom(object, facts, diagnosis),
            };
            let (passed, observed) = match passed {
                Some(true) if !lost.is_empty() => (None, format!("{observed}, but {} could not be read", named(&lost))),
                passed => (passed, observed),
            };
            CheckResult { check: check.clone(), passed, observed }
        })
        .collect()
}

fn named(kinds: &[Kind]) -> String {
    kinds.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The object as the snapshot has it: nothing is said of a value, which may be a credential.
fn field_is(object: &ObjectRef, field: &FieldPath, value: Option<&Value>, facts: &Facts<'_>) -> Seen {
    let Some(found) = facts.snapshot().value_of(object) else { return absent(object, facts) };
    let now = field.locate(&found).and_then(|at| at.current);
    let same = now.as_ref() == value;
    (Some(same), format!("`{field}` is {}", if same { "as planned" } else { "something else" }))
}

fn gone(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    if facts.has(object) {
        return (Some(false), format!("{object} still exists"));
    }
    let (seen, observed) = absent(object, facts);
    (seen.map(|there| !there), observed)
}

/// All intended replicas of the newest revision are ready. Where none is intended, nothing runs that could show it.
pub(crate) fn rollout(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    let Some(w) = facts.workload(object) else {
        return absent(object, facts);
    };
    if w.desired == 0 {
        return (None, "it is scaled to zero, so no Pod runs that could show whether the change helps".to_owned());
    }
    let seen = if w.observed { "" } else { ", the controller has not observed the newest generation yet" };
    (Some(w.is_complete()), format!("{} of {} ready, {} updated, {} total{seen}", w.ready, w.desired, w.updated, w.total))
}

/// Where a rule found something.
struct Place<'a> {
    code: Code,
    object: &'a ObjectRef,
    field: Option<&'a FieldPath>,
}

/// The rule finds nothing at that place any more, the change is there to be seen, and a Pod of the newest template has come past
/// the point at which the old ones failed. Where the rule could not see, or the object itself is gone, nobody can tell.
fn finding(place: &Place<'_>, plan: &RemediationPlan, facts: &Facts<'_>, diagnosis: &Diagnosis, unread: &[Kind]) -> Seen {
    let Place { code, object, field } = *place;
    let is_here = |(o, f): (&ObjectRef, Option<&FieldPath>)| o == object && (field.is_none() || f == field);
    if let Some(cause) = diagnosis.causes.iter().find(|c| c.is_of(code) && c.places().any(is_here)) {
        let at = cause.field_text().filter(|_| cause.also.is_empty()).or_else(|| field.map(ToString::to_string));
        return (Some(false), format!("`{code}` is still found{}", at.map(|at| format!(" at `{at}`")).unwrap_or_default()));
    }
    if !facts.has(object) {
        return if facts.is_whole(&object.kind) { (None, format!("{object} no longer exists")) } else { absent(object, facts) };
    }
    let (changed, words) = change::is_there(plan, facts);
    if changed != Some(true) {
        return (changed, words);
    }
    let concerned: Vec<&ObjectRef> = match plan.judged.about.iter().find(|o| *o == object) {
        Some(own) => vec![own],
        None => plan.judged.about.iter().collect(),
    };
    for workload in &concerned {
        let (past, words) = past(place, workload, facts, diagnosis);
        if past != Some(true) {
            return (past, words);
        }
    }
    // What is seen to be healthy needs no word of a rule.
    let well = match concerned.as_slice() {
        [] => is_healthy(object, facts),
        all => all.iter().all(|workload| runs(workload, facts).0 == Some(true)),
    };
    if !unread.is_empty() && !well {
        return (None, format!("`{code}` cannot be ruled out: {} could not be read", named(unread)));
    }
    (Some(true), format!("`{code}` is not found, and {words}"))
}

/// Whether a Pod of the newest template was judged: it runs, its container was started, or something else is seen to hold it.
fn past(place: &Place<'_>, workload: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> Seen {
    let container = place.field.and_then(container);
    let fresh = newest::pods_of_newest(facts, workload);
    if fresh.is_empty() {
        return match rollout(workload, facts) {
            (None, words) => (None, words),
            (Some(_), _) if !facts.is_whole(&Kind::Pod) => (None, "Pods could not be read".to_owned()),
            (Some(_), _) => (Some(false), format!("no Pod of the newest template of {workload} exists yet")),
        };
    }
    let other = |pod: &Pod| {
        let own = crate::domain::snapshot::Resource::reference(pod);
        let elsewhere = diagnosis.causes.iter().filter(|c| c.symptoms.iter().any(|s| s.object == own));
        // Of two containers one says nothing about the other; of one, what holds it now is past what held it before.
        let same = |field: Option<&FieldPath>| container.is_none() || field.and_then(self::container) == container;
        elsewhere
            .filter(|c| !c.places().any(|(o, f)| c.is_of(place.code) && o == place.object && f == place.field))
            .any(|c| same(c.field.as_ref()))
    };
    let judged = |pod: &&Pod| pods::is_ready(pod) || newest::was_started(pod, container) || other(pod);
    match fresh.iter().find(|pod| judged(pod)) {
        Some(_) => (Some(true), String::new()),
        None => (Some(false), format!("no Pod of the newest template of {workload} has come past the point at which it failed yet")),
    }
}

/// The container that a path leads through.
fn container(path: &FieldPath) -> Option<&str> {
    let mut lists = path.segments().windows(2).filter_map(|pair| match pair {
        [Segment::Key(list), Segment::Element { key, value }] if key == "name" => {
            matches!(list.as_str(), "containers" | "initContainers").then_some(value.as_str())
        }
        _ => None,
    });
    lists.next()
}

/// Whether what has to run runs.
pub(crate) fn runs(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    match object.kind {
        Kind::Pod => pod(object, facts),
        _ => rollout(object, facts),
    }
}

/// Seen, and not only not heard of as broken.
fn is_healthy(object: &ObjectRef, facts: &Facts<'_>) -> bool {
    let (passed, _) = match object.kind {
        Kind::PersistentVolumeClaim => claim(object, facts),
        Kind::Service => endpoints(object, facts),
        _ => runs(object, facts),
    };
    passed == Some(true)
}

/// Nothing is wrong with it or with anything that it owns. Where that could not be read, or the object itself is gone, nobody can
/// tell: what came in its place may be no better.
fn symptom(object: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> Seen {
    let all = diagnosis.causes.iter().flat_map(|c| &c.symptoms).chain(&diagnosis.unexplained);
    let mut of_it = all.filter(|s| s.object == *object || facts.owners().chain(&s.object).any(|owner| owner == object));
    let read = [&object.kind, &Kind::Pod, &Kind::ReplicaSet, &Kind::Event].into_iter().all(|kind| facts.is_whole(kind));
    match of_it.next() {
        Some(symptom) => (Some(false), symptom.summary.clone()),
        None if !read => (None, format!("{object} and what it owns could not be read")),
        None if !facts.has(object) => (None, format!("{object} no longer exists")),
        None => (Some(true), "no problem was found with it".to_owned()),
    }
}

fn pod(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    let Some(pod) = facts.find::<Pod>(object) else { return absent(object, facts) };
    let phase = pod.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Unknown".to_owned());
    let ready = pods::is_ready(pod);
    (Some(ready || phase == "Succeeded"), format!("{phase}, {}", if ready { "Ready" } else { "not Ready" }))
}

fn claim(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    let Some(claim) = facts.find::<PersistentVolumeClaim>(object) else { return absent(object, facts) };
    let phase = claim.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Pending".to_owned());
    (Some(phase == "Bound"), phase)
}

fn endpoints(object: &ObjectRef, facts: &Facts<'_>) -> Seen {
    if !facts.is_whole(&Kind::EndpointSlice) {
        return (None, "EndpointSlices could not be read".to_owned());
    }
    let ready = facts.ready_addresses(object);
    (Some(ready > 0), crate::analyze::quote::addresses(ready))
}

#[cfg(test)]
mod tests;
