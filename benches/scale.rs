//! What the rules cost on a large cluster: `make scale` prints, for each size, how long it takes to build the snapshot and to conclude
//! from it, and the peak of memory. Every workload is broken in the way that the first argument names: `crash` unless given.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a program for people who measure, outside the package"
)]

use kubemend::analyze::analyze;
use kubemend::domain::issue::Scope;
use kubemend::domain::kind::Kind;
use kubemend::domain::snapshot::{Cluster, Snapshot};
use kubemend::facts::Facts;
use serde_json::{Value, json};
use std::time::Instant;

const NOW: &str = "2026-01-01T12:00:00Z";
const LONG_AGO: &str = "2026-01-01T11:00:00Z";
const SIZES: [usize; 4] = [2_500, 5_000, 10_000, 20_000];
/// Pods of one workload, all of them broken where it is.
const REPLICAS: usize = 5;
/// Events about one Pod.
const EVENTS: usize = 5;
/// Pods on one node.
const PER_NODE: usize = 30;
const NAMESPACE: &str = "shop";

fn main() {
    let fault = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_else(|| "crash".to_owned());
    println!("fault `{fault}`: every workload of {REPLICAS} Pods is broken; {EVENTS} events per Pod; one ReplicaSet and one Service each");
    println!(
        "{:>7} {:>10} {:>8} {:>9} {:>9} {:>7} {:>9} {:>11} {:>8}",
        "Pods", "workloads", "events", "snapshot", "rules", "ratio", "steps", "causes", "memory"
    );
    let mut before = None;
    for pods in SIZES {
        let started = Instant::now();
        let snapshot = snapshot(pods, &fault);
        let built = started.elapsed();
        let started = Instant::now();
        let facts = Facts::of(&snapshot);
        let diagnosis = analyze(&facts).expect("nobody stops it");
        let took = started.elapsed();
        let ratio = before.replace(took).map_or_else(|| "-".to_owned(), |b| format!("{:.2}", took.as_secs_f64() / b.as_secs_f64()));
        println!(
            "{pods:>7} {:>10} {:>8} {:>7} ms {:>6} ms {ratio:>7} {:>9} {:>5}+{:<5} {:>4} MiB",
            pods / REPLICAS,
            pods * EVENTS,
            built.as_millis(),
            took.as_millis(),
            facts.pace().steps(),
            diagnosis.causes.len(),
            diagnosis.unexplained.len(),
            peak_memory(),
        );
    }
}

/// The most that this process ever held, in MiB; 0 where the system does not say.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) / 1024
}

/// The objects as an API server sends them, taken in as the program takes them in.
fn snapshot(pods: usize, fault: &str) -> Snapshot {
    let mut snapshot = Snapshot::empty(Cluster::default(), Scope::All, NOW.parse().expect("a time"));
    let mut lists: Vec<(Kind, Vec<Value>)> = Kind::KNOWN.iter().map(|kind| (kind.clone(), Vec::new())).collect();
    let mut add = |kind: Kind, object: Value| {
        if let Some((_, list)) = lists.iter_mut().find(|(k, _)| *k == kind) {
            list.push(object);
        }
    };
    for workload in 0..pods / REPLICAS {
        let name = word(workload);
        let spec = pod_spec(&name, fault);
        let labels = json!({"app": name, "tier": "backend", "team": format!("team-{}", workload % 20)});
        let template = json!({"metadata": {"labels": labels}, "spec": spec});
        let selector = match fault {
            "selector" => json!({"app": name, "tier": "frontend"}),
            "stray" => json!({"app": format!("{name}x")}),
            _ => json!({"app": name}),
        };
        add(
            Kind::Deployment,
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "creationTimestamp": LONG_AGO},
                "spec": {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": template},
                "status": {"observedGeneration": 1, "replicas": REPLICAS, "updatedReplicas": REPLICAS, "readyReplicas": 0, "availableReplicas": 0},
            }),
        );
        let set = format!("{name}-6d4b");
        add(
            Kind::ReplicaSet,
            json!({
                "metadata": {"name": set, "namespace": NAMESPACE, "ownerReferences": owner("apps/v1", "Deployment", &name)},
                "spec": {"replicas": REPLICAS, "selector": {"matchLabels": labels}, "template": template},
                "status": {"replicas": REPLICAS},
            }),
        );
        add(
            Kind::Service,
            json!({
                "metadata": {"name": name, "namespace": NAMESPACE, "creationTimestamp": LONG_AGO},
                "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": selector, "ports": [{"port": 80, "targetPort": 8080}]},
            }),
        );
        add(
            Kind::EndpointSlice,
            json!({
                "metadata": {"name": format!("{name}-x"), "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": name}},
                "addressType": "IPv4", "endpoints": [],
            }),
        );
        add(
            Kind::ConfigMap,
            json!({
                "metadata": {"name": format!("{name}-settings"), "namespace": NAMESPACE}, "data": {"URL": "x"},
            }),
        );
        if let Some((kind, object)) = beside(&name, workload, fault) {
            add(kind, object);
        }
        for replica in 0..REPLICAS {
            let pod = format!("{set}-{replica}");
            add(
                Kind::Pod,
                json!({
                    "metadata": {"name": pod, "namespace": NAMESPACE, "uid": pod, "labels": labels, "creationTimestamp": LONG_AGO,
                        "ownerReferences": owner("apps/v1", "ReplicaSet", &set)},
                    "spec": placed(&spec, fault, workload),
                    "status": status(&name, fault),
                }),
            );
            for event in 0..EVENTS {
                let (reason, message) = words(&name, fault);
                add(
                    Kind::Event,
                    json!({
                        "metadata": {"name": format!("{pod}.{event}"), "namespace": NAMESPACE},
                        "involvedObject": {"kind": "Pod", "name": pod, "namespace": NAMESPACE, "uid": pod},
                        "type": "Warning", "reason": reason, "message": message,
                        "lastTimestamp": format!("2026-01-01T11:59:{event:02}Z"), "reportingComponent": "", "reportingInstance": "",
                    }),
                );
            }
        }
    }
    for node in 0..pods.div_ceil(PER_NODE) {
        add(
            Kind::Node,
            json!({
                "metadata": {"name": format!("node-{node}"), "labels": {"kubernetes.io/hostname": format!("node-{node}"), "pool": "general"}},
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            }),
        );
    }
    add(
        Kind::StorageClass,
        json!({
            "metadata": {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "example.com/disk",
        }),
    );
    for (kind, list) in lists {
        snapshot.add(&kind, list, true);
    }
    assert_eq!(snapshot.gaps, [], "every object is of its kind's form");
    snapshot
}

/// One object more for each workload: what a search over all of its kind would make square.
fn beside(name: &str, workload: usize, fault: &str) -> Option<(Kind, Value)> {
    let metadata = json!({"name": format!("{name}-beside"), "namespace": NAMESPACE});
    match fault {
        "lease" => Some((Kind::Lease, json!({"metadata": metadata, "spec": {"holderIdentity": format!("{name}-other_1")}}))),
        "ingress" => {
            let service = json!({"name": format!("{name}-gone"), "port": {"number": 80}});
            Some((Kind::Ingress, json!({"metadata": metadata, "spec": {"ingressClassName": "c", "defaultBackend": {"service": service}}})))
        }
        "policy" => {
            Some((Kind::NetworkPolicy, json!({"metadata": metadata, "spec": {"podSelector": {"matchLabels": {"tier": "backend"}}}})))
        }
        "claim" => {
            let elsewhere = json!({"name": format!("{}-data", word(workload + 1_000_000)), "namespace": "stage"});
            let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}});
            Some((Kind::PersistentVolumeClaim, json!({"metadata": elsewhere, "spec": spec, "status": {"phase": "Bound"}})))
        }
        "job" => {
            let spec = json!({"template": {"spec": {"containers": [{"name": "app", "image": "example/app:1"}]}}});
            Some((Kind::Job, json!({"metadata": metadata, "spec": spec, "status": {"failed": 1}})))
        }
        _ => None,
    }
}

/// Names that share no telling part, as those of different applications do.
fn word(number: usize) -> String {
    let mut rest = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..9)
        .map(|_| {
            let letter = b'a' + (rest % 26) as u8;
            rest /= 26;
            char::from(letter)
        })
        .collect()
}

fn owner(api: &str, kind: &str, name: &str) -> Value {
    json!([{"apiVersion": api, "kind": kind, "name": name, "uid": "u", "controller": true}])
}

fn pod_spec(name: &str, fault: &str) -> Value {
    let container = json!({"name": "app", "image": format!("example/{name}:1"), "ports": [{"containerPort": 8080}]});
    let mut spec = json!({"containers": [container]});
    match fault {
        "claim" => spec["volumes"] = json!([{"name": "data", "persistentVolumeClaim": {"claimName": format!("{name}-data")}}]),
        "config" => {
            let key = json!({"name": format!("{name}-setings"), "key": "URL"});
            spec["containers"][0]["env"] = json!([{"name": "URL", "valueFrom": {"configMapKeyRef": key}}]);
        }
        "node" => spec["nodeSelector"] = json!({"pool": "generl"}),
        "crash" | "image" | "selector" | "stray" | "lease" | "ingress" | "policy" | "job" => {}
        other => panic!("no such fault: {other}; one of crash, claim, config, node, image, selector, stray, lease, ingress, policy, job"),
    }
    spec
}

fn placed(spec: &Value, fault: &str, workload: usize) -> Value {
    let mut spec = spec.clone();
    if !matches!(fault, "claim" | "node") {
        spec["nodeName"] = json!(format!("node-{}", workload * REPLICAS / PER_NODE));
    }
    spec
}

fn words(name: &str, fault: &str) -> (&'static str, String) {
    match fault {
        "claim" => ("FailedScheduling", format!("0/9 nodes are available: persistentvolumeclaim \"{name}-data\" not found.")),
        "node" => ("FailedScheduling", "0/9 nodes are available: 9 node(s) didn't match Pod's node affinity/selector.".to_owned()),
        "config" => ("Failed", format!("Error: configmap \"{name}-setings\" not found")),
        "image" => ("Failed", format!("Failed to pull image \"example/{name}:1\": rpc error: code = NotFound desc = not found")),
        _ => ("BackOff", format!("Back-off restarting failed container app in pod {name}")),
    }
}

fn status(name: &str, fault: &str) -> Value {
    let (_, message) = words(name, fault);
    if matches!(fault, "claim" | "node") {
        let scheduled = json!({"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message});
        return json!({"phase": "Pending", "conditions": [scheduled]});
    }
    let ready = if matches!(fault, "selector" | "stray") { "True" } else { "False" };
    let state = match fault {
        "selector" | "stray" | "lease" => json!({"running": {"startedAt": LONG_AGO}}),
        "config" => json!({"waiting": {"reason": "CreateContainerConfigError", "message": message}}),
        "image" => json!({"waiting": {"reason": "ImagePullBackOff", "message": message}}),
        _ => json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}}),
    };
    let container =
        json!({"name": "app", "image": "x", "imageID": "", "ready": ready == "True", "restartCount": 3, "state": state, "lastState": {}});
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": ready}], "containerStatuses": [container]})
}
