//! Checks, held against fresh facts and what the rules find in them. Pure: watching is `workflow/settle`.

use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::validation::CheckResult;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use serde_json::Value;

/// The kinds that checks are held against.
#[cfg(test)]
pub(crate) const READS: &[Kind] =
    &[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::PersistentVolumeClaim, Kind::EndpointSlice];

/// Whether each check holds.
/// `unread` names what a cause's rule needs and could not read: of silence for that reason nobody can tell.
pub(crate) fn check_all(
    checks: impl Iterator<Item = Check>,
    facts: &Facts<'_>,
    diagnosis: &Diagnosis,
    unread: impl Fn(Code) -> Vec<Kind>,
) -> Vec<CheckResult> {
    checks
        .map(|check| {
            let (passed, observed) = match &check {
                Check::RolloutComplete(object) => rollout(object, facts),
                Check::PodReady(object) => pod(object, facts),
                Check::ClaimBound(object) => claim(object, facts),
                Check::EndpointsReady(object) => endpoints(object, facts),
                Check::FindingGone { code, object, .. } => finding(*code, object, facts, diagnosis, &unread(*code)),
                Check::FieldIs { object, field, value } => field_is(object, field, value.as_ref(), facts),
                Check::Gone(object) => gone(object, facts),
                Check::SymptomGone(object) => symptom(object, facts, diagnosis),
            };
            CheckResult { check, passed, observed }
        })
        .collect()
}

/// Absent from a whole list means absent; from a partial one it means unknown.
fn absent(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    if facts.is_whole(&object.kind) {
        (Some(false), format!("{object} does not exist"))
    } else {
        (None, format!("{object} could not be read"))
    }
}

/// The object as the snapshot has it: nothing is said of a value, which may be a credential.
fn field_is(object: &ObjectRef, field: &FieldPath, value: Option<&Value>, facts: &Facts<'_>) -> (Option<bool>, String) {
    let Some(found) = facts.snapshot().value_of(object) else { return absent(object, facts) };
    let now = field.locate(&found).and_then(|at| at.current);
    let same = now.as_ref() == value;
    (Some(same), format!("`{field}` is {}", if same { "as planned" } else { "something else" }))
}

fn gone(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    if facts.has(object) {
        return (Some(false), format!("{object} still exists"));
    }
    let (seen, observed) = absent(object, facts);
    (seen.map(|there| !there), observed)
}

fn rollout(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    let Some(w) = facts.workload(object) else {
        return absent(object, facts);
    };
    let seen = if w.observed { "" } else { ", the controller has not observed the newest generation yet" };
    (Some(w.is_complete()), format!("{} of {} ready, {} updated, {} total{seen}", w.ready, w.desired, w.updated, w.total))
}

/// The rule finds nothing on the object any more, at whichever of its fields: an object with the same fault in another place is not
/// mended, and often no other check is left to say so. Where the rule could not see, or the object itself is gone, nobody can tell.
fn finding(code: Code, object: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis, unread: &[Kind]) -> (Option<bool>, String) {
    match diagnosis.causes.iter().find(|c| c.is_of(code) && c.object == *object) {
        Some(cause) => {
            let place = cause.field_text().map(|field| format!(" at `{field}`")).unwrap_or_default();
            (Some(false), format!("`{code}` is still found{place}"))
        }
        None if !facts.has(object) && facts.is_whole(&object.kind) => (None, format!("{object} no longer exists")),
        None if !facts.has(object) => absent(object, facts),
        // What is seen to be healthy needs no word of a rule.
        None if !unread.is_empty() && !is_healthy(object, facts) => {
            let kinds: Vec<String> = unread.iter().map(ToString::to_string).collect();
            (None, format!("`{code}` cannot be ruled out: {} could not be read", kinds.join(", ")))
        }
        None => (Some(true), format!("`{code}` is not found")),
    }
}

/// Seen, and not only not heard of as broken.
fn is_healthy(object: &ObjectRef, facts: &Facts<'_>) -> bool {
    let (passed, _) = match object.kind {
        Kind::PersistentVolumeClaim => claim(object, facts),
        Kind::Service => endpoints(object, facts),
        Kind::Pod => pod(object, facts),
        _ => rollout(object, facts),
    };
    passed == Some(true)
}

/// Nothing is wrong with it or with anything that it owns. Where that could not be read, or the object itself is gone, nobody can
/// tell: what came in its place may be no better.
fn symptom(object: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> (Option<bool>, String) {
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

fn pod(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    let Some(pod) = facts.find::<Pod>(object) else { return absent(object, facts) };
    let phase = pod.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Unknown".to_owned());
    let ready = pods::is_ready(pod);
    (Some(ready || phase == "Succeeded"), format!("{phase}, {}", if ready { "Ready" } else { "not Ready" }))
}

fn claim(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    let Some(claim) = facts.find::<PersistentVolumeClaim>(object) else { return absent(object, facts) };
    let phase = claim.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Pending".to_owned());
    (Some(phase == "Bound"), phase)
}

fn endpoints(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    if !facts.is_whole(&Kind::EndpointSlice) {
        return (None, "EndpointSlices could not be read".to_owned());
    }
    let ready = facts.ready_addresses(object);
    (Some(ready > 0), format!("{ready} ready addresses"))
}
