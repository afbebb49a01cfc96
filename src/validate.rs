//! Checks, held against fresh facts and what the rules find in them. Pure: watching is `workflow/settle`.

use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::validation::CheckResult;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};

/// The kinds that checks are held against.
#[cfg(test)]
pub(crate) const READS: &[Kind] =
    &[Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::PersistentVolumeClaim, Kind::EndpointSlice];

/// Whether each check holds.
pub(crate) fn check_all(checks: impl Iterator<Item = Check>, facts: &Facts<'_>, diagnosis: &Diagnosis) -> Vec<CheckResult> {
    checks
        .map(|check| {
            let (passed, observed) = match &check {
                Check::RolloutComplete(object) => rollout(object, facts),
                Check::PodReady(object) => pod(object, facts),
                Check::ClaimBound(object) => claim(object, facts),
                Check::EndpointsReady(object) => endpoints(object, facts),
                Check::FindingGone { code, object, field } => {
                    let still = diagnosis.causes.iter().any(|c| c.is_of(*code) && c.object == *object && c.field == *field);
                    (Some(!still), if still { format!("`{code}` is still found") } else { format!("`{code}` is not found") })
                }
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

fn rollout(object: &ObjectRef, facts: &Facts<'_>) -> (Option<bool>, String) {
    let Some(w) = facts.workload(object) else {
        return absent(object, facts);
    };
    let seen = if w.observed { "" } else { ", the controller has not observed the newest generation yet" };
    (Some(w.is_complete()), format!("{} of {} ready, {} updated, {} total{seen}", w.ready, w.desired, w.updated, w.total))
}

/// Nothing is wrong with it by any rule or symptom; where its kind could not be read, nobody can tell.
fn symptom(object: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> (Option<bool>, String) {
    let suffering = diagnosis.causes.iter().flat_map(|c| &c.symptoms).chain(&diagnosis.unexplained).find(|s| s.object == *object);
    match suffering {
        Some(symptom) => (Some(false), symptom.summary.clone()),
        None if facts.is_whole(&object.kind) => (Some(true), "no problem was found with it".to_owned()),
        None => (None, format!("{object} could not be read")),
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
