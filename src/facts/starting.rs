//! Whether something still starts, and nothing speaks against it: no container failed or was restarted, no volume or sandbox is
//! missing, and its own probes give it longer than it has taken. What still starts is not said to have failed.

use super::author::{self, By};
use super::{Facts, newest, pods, proof};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, event_time};
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{ContainerStatus, Event, PersistentVolumeClaim, Pod};

/// How long a start may take where its probes do not say more: pulling an image and warming up take about this.
pub(crate) const START: SignedDuration = SignedDuration::from_secs(60);
/// No start is believed in for longer.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);
/// A scheduler looks at a Pod, and a sandbox is tried again, within this many seconds.
pub(crate) const UNSEEN: i64 = 30;
/// A node is made within this time, or not at all: what makes nodes gives up on one after fifteen minutes.
const NODE: SignedDuration = SignedDuration::from_mins(15);
/// How long a Pod may stay after its grace period.
const OVERDUE: SignedDuration = SignedDuration::from_mins(5);

/// The slowest container's start, by what its probes and the workload's own deadline give it.
pub(crate) fn allowed(facts: &Facts<'_>, pod: &Pod) -> SignedDuration {
    let by_probes = pod.spec.as_ref().map_or(SignedDuration::ZERO, proof::allowed);
    let own = pod.reference();
    let given = facts.owners().chain(&own).map(|owner| proof::deadline(owner, facts)).max().unwrap_or_default();
    by_probes.max(given).clamp(START, LONGEST)
}

/// Whether what has to run still starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Startup {
    /// It does, and nothing speaks against it.
    Coming,
    /// It failed, or has had its time.
    Over,
    /// What would show it was not seen: in words.
    Untold(String),
}

/// Whether what has to run still starts, by its Pods of the newest template. Where one of them is seen not to be ready, what else was not
/// seen excuses nothing.
pub(crate) fn start(object: &ObjectRef, facts: &Facts<'_>) -> Startup {
    let coming = |it: bool| if it { Startup::Coming } else { Startup::Over };
    if let Some(own) = facts.find::<Pod>(object) {
        return coming(pod(own, facts));
    }
    let Some(workload) = facts.workload(object).filter(|w| !w.paused && w.desired > 0) else { return Startup::Over };
    if workload.condition("ReplicaFailure").is_some_and(|(status, _)| status == "True") {
        return Startup::Over;
    }
    let fresh = newest::pods_of_newest(facts, object);
    let open: Vec<&&Pod> = fresh.iter().filter(|pod| !pods::is_ready(pod)).collect();
    if !open.is_empty() || fresh.iter().any(|pod| has_failed(pod)) {
        return coming(!fresh.iter().any(|pod| has_failed(pod)) && open.iter().all(|one| pod(one, facts)));
    }
    let leaves = |pod: &Pod| pod.metadata.deletion_timestamp.as_ref().is_some_and(|by| facts.taken_at() <= later(by.0, OVERDUE));
    // All that are there are ready: more follow, or they do not count as available yet.
    let moved = fresh.iter().filter_map(|pod| ready_since(pod).max(pods::exists_since(pod))).max();
    let next = proof::min_ready(object, facts).saturating_add(START);
    if !workload.observed || facts.pods_of(object).any(leaves) || moved.is_some_and(|at| facts.taken_at() <= later(at, next)) {
        return Startup::Coming;
    }
    newest::untold(facts, object).map_or(Startup::Over, Startup::Untold)
}

/// Whether what has to run is seen to be starting still.
pub(crate) fn is_starting(object: &ObjectRef, facts: &Facts<'_>) -> bool {
    start(object, facts) == Startup::Coming
}

/// Whether a claim is waited for, of which nothing says that it will not get its volume.
pub(crate) fn is_binding(claim: &PersistentVolumeClaim, facts: &Facts<'_>) -> bool {
    let pending = claim.status.as_ref().is_none_or(|s| s.phase.as_deref().is_none_or(|phase| phase == "Pending"));
    pending && claim.metadata.deletion_timestamp.is_none() && binding_failure(facts, &claim.reference()).is_none()
}

/// What says that a claim does not get a volume. `FailedBinding` is a Normal event, though it says that nothing will ever bind.
pub(crate) fn binding_failure<'a>(facts: &Facts<'a>, claim: &ObjectRef) -> Option<&'a Event> {
    let own = facts.find::<PersistentVolumeClaim>(claim)?;
    let says = |e: &&Event| matches!(e.reason.as_deref(), Some("ProvisioningFailed" | "FailedBinding"));
    facts.events_of(claim).find(|e| says(e) && author::wrote_of_claim(e, own))
}

/// Whether a node is being made for a Pod: said by what makes nodes, and not longer ago than that takes.
pub(crate) fn is_node_coming(pod: &Pod, facts: &Facts<'_>) -> bool {
    facts.newest_event(pod, |event| brings_a_node(event, facts.taken_at())).is_some()
}

/// The same of one Event. Anybody who may create Events can write it, so it is believed for a while, and never makes anything well.
pub(crate) fn brings_a_node(event: &Event, now: Timestamp) -> bool {
    let says = matches!(event.reason.as_deref(), Some("TriggeredScaleUp" | "Nominated")) && By::NodeMaker.wrote(event);
    says && event_time(event).is_some_and(|at| now <= later(at, NODE))
}

/// Warnings of volumes and sandboxes that a Pod does not get over by itself. Those of its own token are noise of every start.
pub(crate) fn keeps_from_starting(event: &Event, age: Option<i64>) -> bool {
    let message = event.message.as_deref().unwrap_or_default();
    let noise = message.contains("kube-api-access-") || message.contains("failed to sync");
    let again = event.series.as_ref().and_then(|s| s.count).or(event.count).unwrap_or(1) > 1 || age.is_some_and(|a| a > UNSEEN);
    match event.reason.as_deref() {
        Some("FailedAttachVolume") => !noise && By::AttachController.wrote(event),
        Some("FailedMount" | "FailedMapVolume") => !noise && By::Kubelet.wrote(event),
        Some("FailedCreatePodSandBox" | "NetworkNotReady") => again && By::Kubelet.wrote(event),
        _ => false,
    }
}

fn pod(pod: &Pod, facts: &Facts<'_>) -> bool {
    if !pods::is_stuck(pod) || has_failed(pod) {
        return false;
    }
    let now = facts.taken_at();
    let age = pods::exists_since(pod).map(|at| now.duration_since(at).as_secs());
    if !pods::has_node(pod) {
        let (bound, waited) = claims(pod, facts);
        let seen = pods::unschedulable(pod).is_some();
        return bound && (waited || (!seen && age.is_some_and(|age| age <= UNSEEN)));
    }
    let runs = |s: &&ContainerStatus| s.state.as_ref().is_some_and(|s| s.running.is_some());
    let status = pod.status.as_ref();
    let main = status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    let started = main.filter(runs).filter_map(|s| s.state.as_ref()?.running.as_ref()?.started_at.as_ref().map(|t| t.0)).max();
    match started {
        Some(at) => now <= later(at, allowed(facts, pod)),
        // Nothing says how long a volume, an image or what initializes may take.
        None => facts.newest_event(pod, |event| keeps_from_starting(event, age)).is_none(),
    }
}

/// Whether every claim of the Pod exists and is bound or being bound, and whether one is not bound yet.
fn claims(pod: &Pod, facts: &Facts<'_>) -> (bool, bool) {
    let Some(namespace) = pod.metadata.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()) else { return (false, false) };
    let mut waited = false;
    for name in pod.spec.iter().flat_map(pods::claims) {
        let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace, name);
        let Some(claim) = facts.find::<PersistentVolumeClaim>(&claim) else { return (false, false) };
        if claim.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound") {
            continue;
        }
        if !is_binding(claim, facts) {
            return (false, false);
        }
        waited = true;
    }
    (true, waited)
}

/// Whether a container of the Pod failed: it waits for something other than its turn, ended with an error, or was started again.
pub(crate) fn has_failed(pod: &Pod) -> bool {
    let waits = pods::waiting(pod).any(|w| !matches!(w.reason, "" | "ContainerCreating" | "PodInitializing"));
    let ended = |s: &ContainerStatus| s.state.as_ref().and_then(|s| s.terminated.as_ref()).is_some_and(|t| t.exit_code != 0);
    waits || pods::statuses(pod).any(|(_, s)| s.restart_count > 0 || ended(s))
}

fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|c| c.type_ == "Ready" && c.status == "True")?.last_transition_time.as_ref().map(|t| t.0)
}

fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
