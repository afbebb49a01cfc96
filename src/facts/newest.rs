//! The Pods of a workload's newest template: what they do says whether a change helped.

use super::{Facts, pods};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use jiff::SignedDuration;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use std::collections::BTreeMap;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "controller-revision-hash";

/// Why Pods of an older template stay, however long anybody waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// The strategy is OnDelete: a Pod is replaced only once somebody deletes it.
    UntilDeleted,
    /// A partition keeps those of a lower ordinal.
    BelowPartition,
}

/// What the update strategy of a StatefulSet or a DaemonSet keeps.
pub(crate) fn kept(workload: &ObjectRef, facts: &Facts<'_>) -> Option<Kept> {
    let set = facts.find::<StatefulSet>(workload).and_then(|s| s.spec.update_strategy.as_ref());
    let daemon = facts.find::<DaemonSet>(workload).and_then(|d| d.spec.update_strategy.as_ref());
    if set.and_then(|s| s.type_.as_deref()).or(daemon.and_then(|d| d.type_.as_deref())) == Some("OnDelete") {
        return Some(Kept::UntilDeleted);
    }
    let partition = set.and_then(|s| s.rolling_update.as_ref()).and_then(|r| r.partition).unwrap_or(0);
    (partition > 0).then_some(Kept::BelowPartition)
}

/// One container of one Pod, as often as it was started.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    restarts: i32,
    at: Option<Timestamp>,
}

/// Every container that runs, by its Pod's uid and its name.
pub(crate) type Starts = BTreeMap<(String, String), Start>;

fn revision(facts: &Facts<'_>, of: &ObjectRef) -> Option<i64> {
    facts.meta_of(of)?.annotations.as_ref()?.get(REVISION)?.parse().ok()
}

fn newest_set(facts: &Facts<'_>, deployment: &ObjectRef) -> Option<ObjectRef> {
    let created = |set: &ObjectRef| facts.meta_of(set).and_then(|m| m.creation_timestamp.as_ref().map(|t| t.0));
    let sets = facts.replica_sets_of(deployment).map(crate::domain::snapshot::Resource::reference);
    sets.max_by_key(|set| (revision(facts, set), created(set)))
}

/// Whether a Deployment has a revision that none of its ReplicaSets had when they were seen.
pub(super) fn has_unseen_revision(facts: &Facts<'_>, deployment: &ObjectRef) -> bool {
    revision(facts, deployment) > newest_set(facts, deployment).and_then(|set| revision(facts, &set))
}

/// The live Pods of the newest template, of which none is on its way out.
pub(crate) fn pods_of_newest<'a>(facts: &Facts<'a>, workload: &ObjectRef) -> Vec<&'a Pod> {
    let live = |pod: &&'a Pod| pod.metadata.deletion_timestamp.is_none() && !pods::has_ended(pod);
    if let Some(pod) = facts.find::<Pod>(workload) {
        return std::iter::once(pod).filter(live).collect();
    }
    let label = |pod: &'a Pod, key: &str| pod.metadata.labels.as_ref().and_then(|l| l.get(key)).map(String::as_str);
    let all = facts.pods_of(workload).filter(live);
    match workload.kind {
        Kind::Deployment => {
            // Made already, or the change has not come to it yet.
            let newest = newest_set(facts, workload).filter(|_| !has_unseen_revision(facts, workload));
            newest.iter().flat_map(|set| facts.pods_of(set)).filter(live).collect()
        }
        Kind::StatefulSet => {
            let newest = facts.find::<StatefulSet>(workload).and_then(|s| s.status.as_ref()?.update_revision.as_deref());
            all.filter(|pod| newest.is_none() || label(pod, HASH).is_none() || label(pod, HASH) == newest).collect()
        }
        _ => {
            let all: Vec<&Pod> = all.collect();
            let newest = all.iter().max_by_key(|pod| pods::exists_since(pod)).and_then(|pod| label(pod, HASH));
            all.into_iter().filter(|pod| label(pod, HASH) == newest).collect()
        }
    }
}

/// Whether this container of the Pod, or where none is named any of it, was started ever.
pub(crate) fn was_started(pod: &Pod, container: Option<&str>) -> bool {
    let started = |s: &&ContainerStatus| {
        let of = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
            state.as_ref().is_some_and(|s| s.running.is_some() || s.terminated.is_some())
        };
        s.restart_count > 0 || of(&s.state) || of(&s.last_state)
    };
    pods::statuses(pod).filter(|(_, s)| container.is_none_or(|name| s.name == name)).any(|(_, s)| started(&s))
}

/// How often the containers of these Pods were started, and when. Those that only initialize are left out.
pub(crate) fn starts(pods: &[&Pod]) -> Starts {
    let of = |pod: &&Pod| {
        let uid = pod.metadata.uid.clone().unwrap_or_default();
        let running = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten()).filter_map(move |status| {
            let running = status.state.as_ref()?.running.as_ref()?;
            let start = Start { restarts: status.restart_count, at: running.started_at.as_ref().map(|t| t.0) };
            Some(((uid.clone(), status.name.clone()), start))
        });
        running.collect::<Vec<_>>()
    };
    pods.iter().flat_map(of).collect()
}

/// Since when all of these Pods have been running and ready: the latest of their own times. `None` where one of them is not, or there is
/// no Pod. A Pod was made by the clock of the API server, whatever that of its node says.
pub(crate) fn steady_since(of: &[&Pod]) -> Option<Timestamp> {
    let one = |pod: &&Pod| {
        let status = pod.status.as_ref()?;
        let ready = status.conditions.iter().flatten().find(|c| c.type_ == "Ready" && c.status == "True")?;
        let mut latest = ready.last_transition_time.as_ref()?.0.max(pod.metadata.creation_timestamp.as_ref()?.0);
        for container in status.container_statuses.iter().flatten() {
            latest = latest.max(container.state.as_ref()?.running.as_ref()?.started_at.as_ref()?.0);
        }
        Some(latest)
    };
    let all: Option<Vec<Timestamp>> = of.iter().map(one).collect();
    all?.into_iter().max()
}

/// How long the longest lived of those containers of these Pods lived that ended.
pub(crate) fn longest_life(of: &[&Pod]) -> Option<SignedDuration> {
    of.iter().filter_map(|pod| pods::longest_life(pod)).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(ready: &str, since: &str, started: Option<&str>) -> Pod {
        let state = started.map_or(json!({"waiting": {"reason": "CrashLoopBackOff"}}), |at| json!({"running": {"startedAt": at}}));
        serde_json::from_value(json!({
            "metadata": {"name": "web-1", "creationTimestamp": "2026-01-01T11:00:00Z"},
            "status": {
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": since}],
                "containerStatuses": [{"name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 1, "state": state}],
            },
        }))
        .unwrap()
    }

    #[test]
    fn pods_are_steady_since_the_last_of_them_became_ready_or_was_started_or_made() {
        let of = |pods: &[Pod]| steady_since(&pods.iter().collect::<Vec<_>>()).map(|at| at.to_string());
        let ready = |since, started| pod("True", since, Some(started));
        assert_eq!(of(&[ready("2026-01-01T11:02:00Z", "2026-01-01T11:01:00Z")]).unwrap(), "2026-01-01T11:02:00Z");
        assert_eq!(of(&[ready("2026-01-01T11:02:00Z", "2026-01-01T11:09:00Z")]).unwrap(), "2026-01-01T11:09:00Z");
        assert_eq!(of(&[ready("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z")]).unwrap(), "2026-01-01T11:00:00Z", "a node's clock is late");
        let both = [ready("2026-01-01T11:02:00Z", "2026-01-01T11:01:00Z"), ready("2026-01-01T11:03:00Z", "2026-01-01T11:01:00Z")];
        assert_eq!(of(&both).unwrap(), "2026-01-01T11:03:00Z");
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[pod("False", "2026-01-01T11:02:00Z", Some("2026-01-01T11:01:00Z"))]), None);
        assert_eq!(of(&[pod("True", "2026-01-01T11:02:00Z", None)]), None);
    }
}
