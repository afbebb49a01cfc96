//! What still starts, and what speaks against it.

use super::*;
use crate::planner::example::{namespace, snapshot};
use serde_json::{Value, json};

const NOW: &str = "2026-01-01T12:10:00Z";

/// Whether this Pod, which nobody owns, still starts.
fn starts(status: Value, node: bool, more: Vec<(Kind, Value)>) -> bool {
    let probe = json!({"periodSeconds": 10, "failureThreshold": 60});
    let mut spec = json!({"containers": [{"name": "app", "startupProbe": probe}],
                          "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]});
    if node {
        spec["nodeName"] = json!("node-1");
    }
    let pod = json!({"metadata": {"name": "web", "namespace": "shop", "creationTimestamp": "2026-01-01T12:00:00Z"}, "spec": spec, "status": status});
    let mut objects = vec![(Kind::Pod, pod)];
    objects.extend(more);
    let mut seen = snapshot(objects);
    seen.taken_at = NOW.parse().unwrap();
    is_starting(&ObjectRef::namespaced(Kind::Pod, &namespace(), "web"), &Facts::of(&seen))
}

fn running(since: &str, restarts: i32) -> Value {
    let state = json!({"running": {"startedAt": since}});
    json!({"phase": "Running", "containerStatuses": [
        {"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": restarts, "state": state}]})
}

fn waiting(reason: &str) -> Value {
    let state = json!({"waiting": {"reason": reason}});
    json!({"phase": "Pending", "containerStatuses": [
        {"name": "app", "image": "", "imageID": "", "ready": false, "restartCount": 0, "state": state}]})
}

fn event(reason: &str, kind: &str, name: &str) -> (Kind, Value) {
    by(if kind == "Pod" { "kubelet" } else { "persistentvolume-controller" }, reason, kind, name)
}

fn by(author: &str, reason: &str, kind: &str, name: &str) -> (Kind, Value) {
    let about = json!({"kind": kind, "name": name, "namespace": "shop", "apiVersion": "v1"});
    (
        Kind::Event,
        json!({"metadata": {"name": "e", "namespace": "shop"}, "involvedObject": about, "reason": reason, "message": "no", "count": 3, "source": {"component": author}}),
    )
}

#[test]
fn container_starts_as_long_as_its_probes_allow_and_nothing_fails() {
    assert!(starts(running("2026-01-01T12:01:00Z", 0), true, vec![]), "nine of ten minutes");
    assert!(!starts(running("2026-01-01T11:59:00Z", 0), true, vec![]), "longer than its probes allow");
    assert!(!starts(running("2026-01-01T12:09:00Z", 1), true, vec![]), "it was started again");
    assert!(starts(waiting("ContainerCreating"), true, vec![]), "a large image takes its time");
    assert!(!starts(waiting("ImagePullBackOff"), true, vec![]));
    assert!(!starts(waiting("ContainerCreating"), true, vec![event("FailedMount", "Pod", "web")]), "its volume cannot be had");
    assert!(starts(waiting("ContainerCreating"), true, vec![by("somebody", "FailedMount", "Pod", "web")]), "anybody may have written it");
}

#[test]
fn pod_without_a_node_starts_as_long_as_its_claim_is_being_bound() {
    let unschedulable = || json!({"phase": "Pending", "conditions": [{"type": "PodScheduled", "status": "False", "message": "no"}]});
    let claim = |phase: &str| {
        let meta = json!({"name": "data", "namespace": "shop"});
        (Kind::PersistentVolumeClaim, json!({"metadata": meta, "spec": {}, "status": {"phase": phase}}))
    };
    assert!(starts(unschedulable(), false, vec![claim("Pending")]), "a volume that takes its time");
    assert!(!starts(unschedulable(), false, vec![claim("Bound")]), "something else keeps it from a node");
    assert!(!starts(unschedulable(), false, vec![]), "its claim does not exist");
    let failed = event("ProvisioningFailed", "PersistentVolumeClaim", "data");
    assert!(!starts(unschedulable(), false, vec![claim("Pending"), failed]), "there is no volume to come");
    let foreign = by("somebody", "ProvisioningFailed", "PersistentVolumeClaim", "data");
    assert!(starts(unschedulable(), false, vec![claim("Pending"), foreign]), "anybody may have written it");
}
