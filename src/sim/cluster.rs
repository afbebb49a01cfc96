//! The state that the API and the stand-ins share: objects, clock, names, timers, and what the user of the cluster set up.
//! It lies below everything that acts on it: those are functions over it, each in the file of its part.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    access::Denial,
    audit::Audited,
    clock::Clock,
    faults::Fault,
    json,
    names::Names,
    play::MadeImage,
    resources::{self, Resource},
    runtime::PodRuntime,
    store::Store,
    timers::Timers,
    world::{self, World},
};

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) store: Store,
    pub(super) clock: Clock,
    pub(super) names: Names,
    pub(super) timers: Timers,
    pub(super) world: World,
    pub(super) images: BTreeMap<String, MadeImage>,
    pub(super) audit: Vec<Audited>,
    pub(super) faults: Vec<Fault>,
    pub(super) denials: Vec<Denial>,
    /// What servers beside the API server answer through it, by path.
    pub(super) documents: BTreeMap<String, Value>,
    /// What the kubelets know, by the Pod's uid.
    pub(super) pods: BTreeMap<String, PodRuntime>,
    /// Images that each node has, `node/reference`.
    pub(super) pulled: std::collections::BTreeSet<String>,
}

impl Cluster {
    pub(super) fn new(world: World) -> Self {
        let mut cluster = Self {
            store: Store::new(),
            clock: Clock::starting_at(world.start),
            names: Names::of_cluster(world.number),
            timers: Timers::default(),
            images: BTreeMap::new(),
            audit: Vec::new(),
            faults: Vec::new(),
            denials: Vec::new(),
            documents: BTreeMap::new(),
            pods: BTreeMap::new(),
            pulled: std::collections::BTreeSet::new(),
            world,
        };
        for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            cluster.add_namespace(namespace);
        }
        let now = cluster.clock.now_text();
        for mut node in cluster.world.nodes.clone() {
            json::set(&mut node, "/status/conditions", world::node_conditions(&now));
            cluster.create(&resources::NODE, node);
        }
        for class in cluster.world.classes.clone() {
            cluster.create(&resources::STORAGE_CLASS, class);
        }
        cluster
    }

    /// Adds a namespace with what every namespace has.
    pub(super) fn add_namespace(&mut self, name: &str) {
        self.create(
            &resources::NAMESPACE,
            json!({
                "apiVersion": "v1", "kind": "Namespace",
                "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            }),
        );
        self.create(
            &resources::SERVICE_ACCOUNT,
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}),
        );
        self.create(
            &resources::CONFIG_MAP,
            json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {
                    "name": "kube-root-ca.crt", "namespace": name,
                    "annotations": {"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters."},
                },
                "data": {"ca.crt": "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"},
            }),
        );
    }

    /// Stores a new object with uid, time and first generation.
    pub(super) fn create(&mut self, resource: &'static Resource, mut object: Value) -> Arc<Value> {
        self.stamp_new(resource, &mut object);
        self.store.put(resource, object)
    }

    /// Gives a new object what the API server gives it.
    pub(super) fn stamp_new(&mut self, resource: &Resource, object: &mut Value) {
        let uid = self.names.uid();
        json::set(object, "/metadata/uid", uid);
        json::set(object, "/metadata/creationTimestamp", self.clock.now_text());
        if resource.generation {
            json::set(object, "/metadata/generation", 1);
        }
    }

    /// The next time somebody asked to be woken at, and forgets it.
    pub(super) fn take_wake(&mut self) -> Option<Instant> {
        self.timers.take_wake().map(|at| self.clock.at(at))
    }

    /// Whether `every` has passed since this was last done; then it counts as done now. Asks to be woken for the next time.
    pub(super) fn is_due(&mut self, key: &str, every: Duration) -> bool {
        self.timers.is_due(self.clock.elapsed(), key, every)
    }
}
