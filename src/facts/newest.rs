//! The Pods of a workload's newest template: what they do says whether a change helped.

use super::{Facts, pods, unread};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use jiff::SignedDuration;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use std::collections::{BTreeMap, BTreeSet};

const REVISION: &str = "deployment.kubernetes.io/revision";
/// The label of a Pod that names the revision of the template that it was made of.
const HASH: &str = "controller-revision-hash";
/// The annotation of a DaemonSet that counts its templates, and the label of a Pod that says of which it was made.
const TEMPLATE: &str = "deprecated.daemonset.template.generation";
const GENERATION: &str = "pod-template-generation";

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

pub(super) fn newest_set(facts: &Facts<'_>, deployment: &ObjectRef) -> Option<ObjectRef> {
    let created = |set: &ObjectRef| facts.meta_of(set).and_then(|m| m.creation_timestamp.as_ref().map(|t| t.0));
    let sets = facts.replica_sets_of(deployment).map(crate::domain::snapshot::Resource::reference);
    sets.max_by_key(|set| (revision(facts, set), created(set)))
}

/// Whether a Deployment has a revision that none of its ReplicaSets had when they were seen.
pub(super) fn has_unseen_revision(facts: &Facts<'_>, deployment: &ObjectRef) -> bool {
    revision(facts, deployment) > newest_set(facts, deployment).and_then(|set| revision(facts, &set))
}

/// What keeps anybody from telling which Pods are of the newest template, in words: Pods or ReplicaSets were not read whole, or the newest
/// ReplicaSet had not been seen.
pub(crate) fn untold(facts: &Facts<'_>, workload: &ObjectRef) -> Option<String> {
    let deployment = workload.kind == Kind::Deployment;
    let needed = if deployment { &[Kind::Pod, Kind::ReplicaSet][..] } else { &[Kind::Pod][..] };
    let lacking: Vec<&Kind> = needed.iter().filter(|kind| !facts.is_whole(kind)).collect();
    if !lacking.is_empty() {
        return Some(unread::all(lacking, facts.snapshot()).join(", and "));
    }
    let unseen = deployment && has_unseen_revision(facts, workload);
    unseen.then(|| "its newest ReplicaSet has not been seen".to_owned())
}

/// The live Pods that are known to be of the newest template, of which none is on its way out.
pub(crate) fn pods_of_newest<'a>(facts: &Facts<'a>, workload: &ObjectRef) -> Vec<&'a Pod> {
    let live = |pod: &&'a Pod| pods::is_live(pod);
    if let Some(pod) = facts.find::<Pod>(workload) {
        return std::iter::once(pod).filter(live).collect();
    }
    // What is said of revisions is of before the last change, as long as the controller has not seen that one.
    if facts.workload(workload).is_some_and(|w| !w.observed) {
        return Vec::new();
    }
    let all = facts.pods_of(workload).filter(live);
    match workload.kind {
        Kind::Deployment => {
            // Made already, or the change has not come to it yet.
            let newest = newest_set(facts, workload).filter(|_| !has_unseen_revision(facts, workload));
            newest.iter().flat_map(|set| facts.pods_of(set)).filter(live).collect()
        }
        Kind::StatefulSet => {
            let newest = facts.find::<StatefulSet>(workload).and_then(update_revision);
            all.filter(|pod| newest.is_some() && hash(pod) == newest).collect()
        }
        Kind::DaemonSet => {
            let all: Vec<&Pod> = all.collect();
            let newest = facts.find::<DaemonSet>(workload).and_then(|set| of_daemon_set(set, &all));
            all.into_iter().filter(|pod| newest.is_some() && hash(pod) == newest).collect()
        }
        _ => all.collect(),
    }
}

/// Which revision of its template a Pod of a StatefulSet or a DaemonSet was made of.
pub(super) fn hash(pod: &Pod) -> Option<&str> {
    pod.metadata.labels.as_ref()?.get(HASH).map(String::as_str)
}

/// The revision of the template of now, by the controller's own word.
pub(super) fn update_revision(set: &StatefulSet) -> Option<&str> {
    set.status.as_ref()?.update_revision.as_deref()
}

/// The same of a DaemonSet, whose status names none and only counts them: the revision of a Pod that was made of the template of now,
/// which is told by the number of the template. Where there is no such Pod, those of an older number are of the template of now only
/// if it came back, and the count tells which. `None` of several that could be meant: none is known to be of it then.
pub(super) fn of_daemon_set<'a>(set: &DaemonSet, pods: &[&'a Pod]) -> Option<&'a str> {
    let number = set.metadata.annotations.as_ref().and_then(|a| a.get(TEMPLATE));
    let made_of = |pod: &&&Pod| number.is_some() && pod.metadata.labels.as_ref().and_then(|l| l.get(GENERATION)) == number;
    if let Some(pod) = pods.iter().find(made_of) {
        return hash(pod);
    }
    let updated = set.status.as_ref()?.updated_number_scheduled.and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0)?;
    let mut nodes: BTreeMap<&str, BTreeSet<Option<&str>>> = BTreeMap::new();
    for pod in pods {
        if let Some(hash) = hash(pod) {
            nodes.entry(hash).or_default().insert(pod.spec.as_ref().and_then(|s| s.node_name.as_deref()));
        }
    }
    let mut fits = nodes.into_iter().filter(|(_, on)| on.len() == updated).map(|(hash, _)| hash);
    fits.next().filter(|_| fits.next().is_none())
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
    use crate::analyze::testing::{App, cluster, daemon_set, stateful_set};
    use crate::domain::object::Namespace;
    use serde_json::{Value, json};

    /// The names of the Pods that are known to be of the newest template of a set that was changed twice. Each Pod has a revision, and the
    /// number of the template that it was made of.
    fn newest(kind: Kind, set: App, change: Value, pods: &[(&str, &str)]) -> Vec<String> {
        let object = ObjectRef::namespaced(kind, &Namespace::parse("a-team").unwrap(), "agent");
        let mut world = cluster().app(set.replicas(i32::try_from(pods.len()).unwrap()));
        let names: Vec<String> =
            world.objects().iter().filter(|o| o["kind"] == "Pod").map(|o| o["metadata"]["name"].as_str().unwrap().to_owned()).collect();
        for (index, (name, (revision, number))) in names.iter().zip(pods).enumerate() {
            let labels = json!({"controller-revision-hash": revision, "pod-template-generation": number});
            let change = json!({"metadata": {"labels": labels}, "spec": {"nodeName": format!("node-{index}")}});
            world = world.edit("Pod", name, change);
        }
        let meta = json!({"generation": 3, "annotations": {"deprecated.daemonset.template.generation": "3"}});
        let kind = object.kind.name();
        world = world.edit(kind, "agent", json!({"metadata": meta})).edit(kind, "agent", change);
        let snapshot = world.snapshot();
        let facts = Facts::of(&snapshot);
        pods_of_newest(&facts, &object).iter().map(|pod| pod.metadata.name.clone().unwrap()).collect()
    }

    #[test]
    fn pods_of_the_newest_template_of_a_daemon_set_are_told_without_its_revisions() {
        let of = |updated: i32, observed: i64, pods: &[(&str, &str)]| {
            let status = json!({"status": {"observedGeneration": observed, "updatedNumberScheduled": updated}});
            newest(Kind::DaemonSet, daemon_set("agent"), status, pods)
        };
        let nobody = Vec::<String>::new();
        assert_eq!(of(1, 3, &[("b", "2"), ("c", "3")]), ["agent-p1"], "made of the template of now");
        assert_eq!(of(0, 3, &[("b", "2"), ("b", "2")]), nobody, "the newest Pods are of an older template, as the controller counts");
        assert_eq!(of(2, 3, &[("a", "1"), ("b", "2"), ("a", "3")]), ["agent-p0", "agent-p2"], "the first template came back");
        assert_eq!(of(1, 3, &[("a", "1"), ("b", "2"), ("b", "2")]), ["agent-p0"], "it came back, and no Pod was made since");
        assert_eq!(of(1, 3, &[("a", "1"), ("b", "2")]), nobody, "which of both came back is not known");
        assert_eq!(of(2, 2, &[("b", "2"), ("b", "2")]), nobody, "the controller has not seen the change");
    }

    #[test]
    fn pods_of_the_newest_template_of_a_stateful_set_are_those_of_the_revision_that_its_controller_names_for_it() {
        let of = |revision: &str, observed: i64| {
            let status = json!({"status": {"observedGeneration": observed, "currentRevision": "a", "updateRevision": revision}});
            newest(Kind::StatefulSet, stateful_set("agent"), status, &[("a", ""), ("b", "")])
        };
        assert_eq!(of("b", 3), ["agent-1"]);
        assert_eq!(of("c", 3), Vec::<String>::new(), "none is made yet");
        assert_eq!(of("a", 2), Vec::<String>::new(), "the controller has not seen the change");
    }

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
