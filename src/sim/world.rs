//! What the embedded cluster is made of at its start: version, nodes, StorageClass, and how long things take.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::json;

/// The cluster before anything is applied to it.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) start: Timestamp,
    pub(super) version: String,
    pub(super) nodes: Vec<Value>,
    pub(super) classes: Vec<Value>,
    pub(super) latency: Latency,
    pub(super) number: u64,
}

/// How long the stand-ins take for what takes time on a real cluster.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Making the Pod's sandbox, and starting a container.
    pub start: Duration,
    /// Pulling an image, or learning that it is not there.
    pub pull: Duration,
    /// Making and binding a volume.
    pub provision: Duration,
}

impl Latency {
    /// As on a small, quick cluster.
    pub const REAL: Self =
        Self { start: Duration::from_millis(150), pull: Duration::from_millis(400), provision: Duration::from_millis(300) };
    /// As little as keeps the order of things.
    pub const QUICK: Self = Self { start: Duration::from_millis(2), pull: Duration::from_millis(4), provision: Duration::from_millis(3) };
}

impl World {
    /// The test world: two nodes and the StorageClass `standard`; `start` is the time that the cluster's clock shows at first.
    #[must_use]
    pub fn standard(start: Timestamp) -> Self {
        Self { start, version: "v1.37.2".to_owned(), nodes: Vec::new(), classes: Vec::new(), latency: Latency::REAL, number: 0 }
            .with_node("node-1", &[("environment", "production"), ("disktype", "ssd")])
            .with_node("node-2", &[("environment", "staging"), ("disktype", "hdd")])
            .with_storage_class("standard", "WaitForFirstConsumer", true)
    }

    /// Takes these times instead of [`Latency::REAL`].
    #[must_use]
    pub fn with_latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// Makes it another cluster than one of another number: the uids of all its objects differ, that of `kube-system` among them.
    #[must_use]
    pub fn with_number(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// Adds a ready node with these labels.
    #[must_use]
    pub fn with_node(mut self, name: &str, labels: &[(&str, &str)]) -> Self {
        let number = self.nodes.len() + 1;
        self.nodes.push(node(name, number, labels));
        self
    }

    /// Adds a StorageClass whose volumes the cluster can make.
    #[must_use]
    pub fn with_storage_class(mut self, name: &str, binding: &str, default: bool) -> Self {
        let mut class = json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "kubernetes.io/host-path",
            "reclaimPolicy": "Delete",
            "volumeBindingMode": binding,
        });
        if default {
            json::set(&mut class, "/metadata/annotations/storageclass.kubernetes.io~1is-default-class", "true");
        }
        self.classes.push(class);
        self
    }
}

fn node(name: &str, number: usize, labels: &[(&str, &str)]) -> Value {
    let address = format!("10.250.0.{}", number + 10);
    let capacity = json!({
        "cpu": "4", "ephemeral-storage": "51175Mi", "hugepages-2Mi": "0",
        "memory": "8155360Ki", "pods": "110",
    });
    let mut node = json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            },
            "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach": "true"},
        },
        "spec": {"podCIDR": format!("10.250.{}.0/24", number + 100), "podCIDRs": [format!("10.250.{}.0/24", number + 100)]},
        "status": {
            "addresses": [{"type": "InternalIP", "address": address}, {"type": "Hostname", "address": name}],
            "capacity": capacity,
            "allocatable": capacity,
            "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
            "nodeInfo": {
                "architecture": "amd64", "operatingSystem": "linux", "osImage": "kubemend embedded cluster",
                "kernelVersion": "6.1.0", "containerRuntimeVersion": "containerd://1.6.20",
                "kubeletVersion": "v1.37.2", "kubeProxyVersion": "", "bootID": "", "machineID": "", "systemUUID": "",
            },
        },
    });
    for (key, value) in labels {
        json::object_mut(&mut node, "/metadata/labels").insert((*key).to_owned(), json!(value));
    }
    node
}

/// The conditions of a node that is well.
pub(super) fn node_conditions(now: &str) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": message,
            "lastHeartbeatTime": now, "lastTransitionTime": now,
        })
    };
    json!([
        condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        condition("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ])
}
