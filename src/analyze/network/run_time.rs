//! Labels that are put on running Pods by Kubernetes, by a controller or by the program itself: they stand in no template, and a
//! selector that asks for them is right.

use super::behind::is_going;
use super::near::{Near, Right, misses_by_one};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::domain::workload::Workload;
use crate::facts::labels::Selector;
use crate::facts::{Facts, pods, selected};
use k8s_openapi::api::core::v1::Pod;

/// What Kubernetes and its common controllers set: the keys, and beginnings of keys.
const SET: &[&str] = &[
    "apps.kubernetes.io/pod-index",
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "rollouts-pod-template-hash",
    "job-name",
    "controller-uid",
];
const SET_BELOW: &[&str] = &["statefulset.kubernetes.io/", "batch.kubernetes.io/"];
/// What a key of elected leaders ends in.
const ROLES: &[&str] = &["role", "leader", "master", "primary"];

/// Whether Kubernetes or one of its controllers sets the label.
pub(super) fn is_set_by_kubernetes(key: &str) -> bool {
    SET.contains(&key) || SET_BELOW.iter().any(|start| key.starts_with(start))
}

/// Whether the controller of workloads of this kind sets the label on their Pods.
fn is_set_for(kind: &Kind, key: &str) -> bool {
    match kind {
        Kind::StatefulSet => {
            key.starts_with("statefulset.kubernetes.io/") || ["apps.kubernetes.io/pod-index", "controller-revision-hash"].contains(&key)
        }
        Kind::DaemonSet => ["controller-revision-hash", "pod-template-generation"].contains(&key),
        Kind::Deployment => key == "pod-template-hash",
        _ => false,
    }
}

/// Whether the key reads as one of a role that Pods are given while they run.
pub(super) fn is_of_a_role(key: &str) -> bool {
    let last = key.rsplit(['/', '-', '.', '_']).next().unwrap_or_default();
    // `replicationRole` ends in a word as `replication-role` does.
    let word = last.char_indices().rfind(|(_, c)| c.is_ascii_uppercase()).map_or(last, |(at, _)| last.get(at..).unwrap_or(last));
    ROLES.contains(&word.to_ascii_lowercase().as_str())
}

/// The workload that has all but a label which its Pods are given while they run, if it is one workload.
pub(super) fn given<'a>(facts: &'a Facts<'_>, namespace: &Namespace, wanted: &'a Selector) -> Option<Near<'a>> {
    let near = selected::workloads_missed(facts, namespace, wanted, |key| selected::workloads_given(facts, namespace, key))
        .filter(|w| !is_going(w) && w.desired > 0);
    let mut near = near.filter_map(|w| misses_by_one(wanted, w)).filter(|n| is_given(facts, n));
    near.next().filter(|_| near.next().is_none())
}

/// Whether the key that is in the way is one that Kubernetes sets, or that live Pods of the workload carry beside their template.
pub(super) fn is_given(facts: &Facts<'_>, near: &Near<'_>) -> bool {
    let key = near.first.key;
    let template = near.workload.pod_labels.get(key);
    // While a rollout is under way, Pods carry what an earlier template said.
    let settled = near.first.right == Right::Nothing || near.workload.is_complete();
    let carries = |p: &Pod| p.metadata.labels.as_ref().and_then(|l| l.get(key)).is_some_and(|value| Some(value) != template);
    // What Kubernetes sets, it sets for workloads of a kind: elsewhere a Pod has to have it.
    let has = |p: &Pod| p.metadata.labels.as_ref().is_some_and(|l| l.contains_key(key));
    let set = is_set_by_kubernetes(key) && (is_set_for(&near.workload.object.kind, key) || live(facts, near.workload).any(has));
    set || (settled && live(facts, near.workload).any(carries))
}

/// The workload's Pods that have not ended.
pub(super) fn live<'f>(facts: &'f Facts<'_>, workload: &'f Workload<'_>) -> impl Iterator<Item = &'f Pod> {
    facts.pods_of(&workload.object).filter(|p| !pods::has_ended(p))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_known_in_every_spelling() {
        for key in ["role", "postgres.example/role", "spilo-role", "replicationRole", "cluster_leader", "isPrimary"] {
            assert!(is_of_a_role(key), "{key}");
        }
        for key in ["app", "controller", "enrolement", "roles", "track"] {
            assert!(!is_of_a_role(key), "{key}");
        }
    }
}
