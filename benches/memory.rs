//! What 1,000 Pods and 10,000 Events cost in memory on their way into a snapshot, in one process: how much is resident at the end,
//! and at the worst moment. `tree` goes through trees of JSON and keeps whole objects; `kept` is what kubemend does. Linux only.

use jiff::Timestamp;
use kubemend::domain::issue::Scope;
use kubemend::domain::kind::Kind;
use kubemend::domain::objects::Objects;
use kubemend::domain::snapshot::{Cluster, Snapshot};
use serde_json::{Value, json};
use std::error::Error;
use std::hint::black_box;
use std::io::Write;

const PODS: usize = 1_000;
const EVENTS: usize = 10_000;
/// As the API server is asked for them.
const PAGE: usize = 500;

fn main() -> Result<(), Box<dyn Error>> {
    let mode = std::env::args().nth(1).unwrap_or_default();
    let before = status()?;
    match mode.as_str() {
        "tree" => report(&mode, before, trees()?),
        "kept" => report(&mode, before, kept()?),
        // `cargo bench` calls every target with arguments of its own.
        _ => Ok(()),
    }
}

/// As it was: a page as a tree, all of a list's objects as trees, and then each decoded whole.
fn trees() -> Result<impl Sized, Box<dyn Error>> {
    let pods = whole(PODS, pod)?.into_iter().map(serde_json::from_value::<k8s_openapi::api::core::v1::Pod>);
    let pods = pods.collect::<Result<Vec<_>, _>>()?;
    let events = whole(EVENTS, event)?.into_iter().map(serde_json::from_value::<k8s_openapi::api::core::v1::Event>);
    Ok((pods, events.collect::<Result<Vec<_>, _>>()?))
}

fn whole(count: usize, object: fn(usize) -> Value) -> Result<Vec<Value>, Box<dyn Error>> {
    let mut all = Vec::new();
    for page in pages(count, object) {
        let mut tree: Value = serde_json::from_str(&page)?;
        let items = tree.pointer_mut("/items").map(Value::take);
        for mut item in items.as_ref().and_then(Value::as_array).cloned().into_iter().flatten() {
            if let Some(metadata) = item.pointer_mut("/metadata").and_then(Value::as_object_mut) {
                metadata.shift_remove("managedFields");
            }
            all.push(item);
        }
    }
    Ok(all)
}

/// As it is: each object straight into what is kept.
fn kept() -> Result<Snapshot, Box<dyn Error>> {
    let mut snapshot = Snapshot::empty(Cluster::default(), Scope::All, Timestamp::UNIX_EPOCH);
    for (kind, count, object) in [(Kind::Pod, PODS, pod as fn(usize) -> Value), (Kind::Event, EVENTS, event)] {
        let mut objects = Objects::of(&kind);
        for page in pages(count, object) {
            let list: List<'_> = serde_json::from_str(&page)?;
            list.items.iter().for_each(|item| objects.push(item.get()));
        }
        snapshot.take(objects, true);
    }
    Ok(snapshot)
}

#[derive(serde::Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    items: Vec<&'a serde_json::value::RawValue>,
}

fn pages(count: usize, object: fn(usize) -> Value) -> impl Iterator<Item = String> {
    (0..count).step_by(PAGE).map(move |first| {
        let items: Vec<String> = (first..(first + PAGE).min(count)).map(|number| object(number).to_string()).collect();
        format!(r#"{{"metadata":{{}},"items":[{}]}}"#, items.join(","))
    })
}

fn report(mode: &str, before: (u64, u64), keep: impl Sized) -> Result<(), Box<dyn Error>> {
    let after = status()?;
    let (resident, peak) = (after.0.saturating_sub(before.0), after.1.saturating_sub(before.0));
    writeln!(std::io::stdout(), "{mode} {resident} {peak}")?;
    drop(black_box(keep));
    Ok(())
}

/// Resident now, and at the most so far, in KiB.
fn status() -> Result<(u64, u64), Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/status")?;
    let number = |key: &str| -> Option<u64> {
        text.lines().find_map(|line| line.strip_prefix(key))?.trim().trim_end_matches("kB").trim().parse().ok()
    };
    Ok((number("VmRSS:").ok_or("no VmRSS")?, number("VmHWM:").ok_or("no VmHWM")?))
}

/// A Pod of a Deployment as an API server lists it: two containers, the usual tokens and tolerations, who wrote which field.
fn pod(number: usize) -> Value {
    let app = format!("app-{}", number / 5);
    let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:pod-template-hash": {}}, "f:ownerReferences": {".": {}}},
        "f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {".": {}, "f:image": {}, "f:env": {".": {}, "k:{\"name\":\"MODE\"}": {}},
        "f:resources": {}, "f:terminationMessagePath": {}}}, "f:dnsPolicy": {}, "f:restartPolicy": {}, "f:schedulerName": {}}});
    let conditions: Vec<Value> = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
        .iter()
        .map(|kind| json!({"type": kind, "status": "True", "lastTransitionTime": "2026-01-01T12:00:00Z"}))
        .collect();
    let mounts = json!([{"name": "data", "mountPath": "/data"},
                        {"name": "token", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}]);
    let container = |name: &str| {
        json!({"name": name, "image": format!("registry.example.com/{app}/{name}:1.2.3"), "imagePullPolicy": "IfNotPresent",
               "env": [{"name": "MODE", "value": "production"},
                       {"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "url"}}}],
               "ports": [{"containerPort": 8080, "protocol": "TCP"}],
               "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
               "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
               "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080, "scheme": "HTTP"}, "periodSeconds": 10},
               "volumeMounts": mounts})
    };
    let status = |name: &str| {
        json!({"name": name, "ready": true, "restartCount": 0, "started": true, "image": format!("registry.example.com/{app}/{name}:1.2.3"),
               "imageID": format!("registry.example.com/{app}/{name}@sha256:{:064x}", number),
               "containerID": format!("containerd://{:064x}", number), "state": {"running": {"startedAt": "2026-01-01T12:00:00Z"}}})
    };
    json!({
        "metadata": {"name": format!("{app}-7d4b9c6f5d-{number:05}"), "generateName": format!("{app}-7d4b9c6f5d-"), "namespace": "shop",
            "uid": format!("00000000-0000-4000-8000-{number:012}"), "resourceVersion": number.to_string(),
            "creationTimestamp": "2026-01-01T12:00:00Z", "labels": {"app": app, "pod-template-hash": "7d4b9c6f5d"},
            "annotations": {"kubectl.kubernetes.io/restartedAt": "2026-01-01T11:59:00Z"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": format!("{app}-7d4b9c6f5d"), "controller": true,
                                 "blockOwnerDeletion": true, "uid": format!("00000000-0000-4000-8000-{:012}", number / 5)}],
            "managedFields": [
                {"manager": "kube-controller-manager", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T12:00:00Z",
                 "fieldsType": "FieldsV1", "fieldsV1": fields},
                {"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T12:00:00Z", "subresource": "status",
                 "fieldsType": "FieldsV1", "fieldsV1": {"f:status": {"f:conditions": fields, "f:containerStatuses": {}, "f:podIPs": {}}}}]},
        "spec": {"containers": [container("app"), container("proxy")],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "token", "projected": {"defaultMode": 420, "sources": [
                    {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                    {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                    {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}}]}}],
            "tolerations": [
                {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300},
                {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}],
            "nodeName": format!("node-{}", number % 50), "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler", "serviceAccountName": "default", "terminationGracePeriodSeconds": 30,
            "enableServiceLinks": true, "priority": 0, "preemptionPolicy": "PreemptLowerPriority", "securityContext": {}},
        "status": {"phase": "Running", "hostIP": "10.0.0.1", "podIP": "10.1.0.1", "podIPs": [{"ip": "10.1.0.1"}], "qosClass": "Burstable",
            "startTime": "2026-01-01T12:00:00Z", "conditions": conditions, "containerStatuses": [status("app"), status("proxy")]},
    })
}

/// An Event of the kubelet.
fn event(number: usize) -> Value {
    let pod = format!("app-{}-7d4b9c6f5d-{:05}", number / 50, number / 10);
    json!({
        "metadata": {"name": format!("{pod}.{number:016x}"), "namespace": "shop", "resourceVersion": number.to_string(),
            "uid": format!("00000000-0000-4000-9000-{number:012}"), "creationTimestamp": "2026-01-01T12:00:00Z",
            "managedFields": [{"manager": "kubelet", "operation": "Update", "apiVersion": "v1", "time": "2026-01-01T12:00:00Z",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:count": {}, "f:firstTimestamp": {}, "f:involvedObject": {}, "f:lastTimestamp": {},
                "f:message": {}, "f:reason": {}, "f:reportingComponent": {}, "f:source": {"f:component": {}, "f:host": {}}, "f:type": {}}}]},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": pod, "apiVersion": "v1", "fieldPath": "spec.containers{app}",
            "uid": format!("00000000-0000-4000-8000-{:012}", number / 10), "resourceVersion": "1"},
        "reason": "BackOff", "message": format!("Back-off restarting failed container app in pod {pod}_shop"), "type": "Warning", "count": 12,
        "source": {"component": "kubelet", "host": "node-1"}, "reportingComponent": "kubelet", "reportingInstance": "node-1",
        "firstTimestamp": "2026-01-01T12:00:00Z", "lastTimestamp": "2026-01-01T12:10:00Z",
    })
}
