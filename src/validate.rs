//! Checks, held against a fresh snapshot and what the rules find in it. Pure: watching is `workflow/settle`.

use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::validation::CheckResult;
use crate::domain::workload::pod_is_ready;

/// Checks all of them.
pub(crate) fn check_all(checks: impl Iterator<Item = Check>, snapshot: &Snapshot, diagnosis: &Diagnosis) -> Vec<CheckResult> {
    checks
        .map(|check| {
            let (passed, observed) = match &check {
                Check::RolloutComplete(object) => rollout(object, snapshot),
                Check::PodReady(object) => pod(object, snapshot),
                Check::ClaimBound(object) => claim(object, snapshot),
                Check::EndpointsReady(object) => endpoints(object, snapshot),
                Check::FindingGone { code, object, field } => {
                    let still = diagnosis.causes.iter().any(|c| c.is_of(*code) && c.object == *object && c.field == *field);
                    (Some(!still), if still { format!("`{code}` is still found") } else { format!("`{code}` is not found") })
                }
                Check::SymptomGone(object) => symptom(object, snapshot, diagnosis),
            };
            CheckResult { check, passed, observed }
        })
        .collect()
}

/// Absent from a whole list means absent; from a partial one it means unknown.
fn absent(object: &ObjectRef, snapshot: &Snapshot) -> (Option<bool>, String) {
    if snapshot.is_complete(&object.kind) {
        (Some(false), format!("{object} does not exist"))
    } else {
        (None, format!("{object} could not be read"))
    }
}

fn rollout(object: &ObjectRef, snapshot: &Snapshot) -> (Option<bool>, String) {
    let Some(w) = snapshot.workloads().into_iter().find(|w| w.object == *object) else {
        return absent(object, snapshot);
    };
    let seen = if w.observed { "" } else { ", the controller has not observed the newest generation yet" };
    (Some(w.is_complete()), format!("{} of {} ready, {} updated, {} total{seen}", w.ready, w.desired, w.updated, w.total))
}

/// Nothing is wrong with it by any rule or symptom; where its kind could not be read, nobody can tell.
fn symptom(object: &ObjectRef, snapshot: &Snapshot, diagnosis: &Diagnosis) -> (Option<bool>, String) {
    let suffering = diagnosis.causes.iter().flat_map(|c| &c.symptoms).chain(&diagnosis.unexplained).find(|s| s.object == *object);
    match suffering {
        Some(symptom) => (Some(false), symptom.summary.clone()),
        None if snapshot.is_complete(&object.kind) => (Some(true), "no problem was found with it".to_owned()),
        None => (None, format!("{object} could not be read")),
    }
}

fn pod(object: &ObjectRef, snapshot: &Snapshot) -> (Option<bool>, String) {
    let Some(pod) = snapshot.pods.iter().find(|p| p.reference() == *object) else { return absent(object, snapshot) };
    let phase = pod.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Unknown".to_owned());
    let ready = pod_is_ready(pod);
    (Some(ready || phase == "Succeeded"), format!("{phase}, {}", if ready { "Ready" } else { "not Ready" }))
}

fn claim(object: &ObjectRef, snapshot: &Snapshot) -> (Option<bool>, String) {
    let Some(claim) = snapshot.claims.iter().find(|c| c.reference() == *object) else { return absent(object, snapshot) };
    let phase = claim.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Pending".to_owned());
    (Some(phase == "Bound"), phase)
}

fn endpoints(object: &ObjectRef, snapshot: &Snapshot) -> (Option<bool>, String) {
    if !snapshot.is_complete(&Kind::EndpointSlice) {
        return (None, "EndpointSlices could not be read".to_owned());
    }
    let ready: usize = snapshot
        .endpoint_slices
        .iter()
        .filter(|s| s.metadata.namespace.as_deref() == object.namespace.as_ref().map(|n| n.as_str()))
        .filter(|s| s.metadata.labels.as_ref().and_then(|l| l.get("kubernetes.io/service-name")) == Some(&object.name))
        .flat_map(|s| s.endpoints.iter().flatten())
        .filter(|e| e.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true))
        .map(|e| e.addresses.len())
        .sum();
    (Some(ready > 0), format!("{ready} ready addresses"))
}
