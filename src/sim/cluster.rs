//! The state that the API and the stand-ins share: objects, clock, names, timers, and what the user of the cluster set up.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::{
    access::Denial,
    audit::Audited,
    faults::Fault,
    json,
    kubelet::PodRuntime,
    play::MadeImage,
    resources::{self, Resource},
    store::Store,
    world::{self, World},
};

/// The letters and digits that generated names are made of, as Kubernetes does: no vowels, nothing that looks alike.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) store: Store,
    pub(super) world: World,
    pub(super) images: BTreeMap<String, MadeImage>,
    pub(super) audit: Vec<Audited>,
    pub(super) faults: Vec<Fault>,
    pub(super) denials: Vec<Denial>,
    /// What the kubelets know, by the Pod's uid.
    pub(super) pods: BTreeMap<String, PodRuntime>,
    /// Images that each node has, `node/reference`.
    pub(super) pulled: std::collections::BTreeSet<String>,
    /// When a stand-in last did what it repeats, by its own key.
    pub(super) last_done: BTreeMap<String, Duration>,
    origin: Instant,
    counter: u64,
    next_wake: Option<Duration>,
}

impl Cluster {
    pub(super) fn new(world: World) -> Self {
        let mut cluster = Self {
            store: Store::new(),
            images: BTreeMap::new(),
            audit: Vec::new(),
            faults: Vec::new(),
            denials: Vec::new(),
            pods: BTreeMap::new(),
            pulled: std::collections::BTreeSet::new(),
            last_done: BTreeMap::new(),
            origin: Instant::now(),
            counter: 0,
            next_wake: None,
            world,
        };
        for namespace in ["default", "kube-node-lease", "kube-public", "kube-system"] {
            cluster.add_namespace(namespace);
        }
        let now = cluster.now_text();
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
        let uid = self.uid();
        json::set(object, "/metadata/uid", uid);
        json::set(object, "/metadata/creationTimestamp", self.now_text());
        if resource.generation {
            json::set(object, "/metadata/generation", 1);
        }
    }

    /// Time since the cluster was made.
    pub(super) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time_at(self.elapsed())
    }

    pub(super) fn time_at(&self, elapsed: Duration) -> Timestamp {
        self.world.start.checked_add(elapsed).unwrap_or(self.world.start)
    }

    /// Now, as `metav1.Time` is written.
    pub(super) fn now_text(&self) -> String {
        seconds(self.now())
    }

    /// Now, as `metav1.MicroTime` is written.
    pub(super) fn now_micro(&self) -> String {
        format!("{:.6}", self.now())
    }

    /// Asks to be run again at that time at the latest.
    pub(super) fn wake_at(&mut self, at: Duration) {
        self.next_wake = Some(self.next_wake.map_or(at, |earlier| earlier.min(at)));
    }

    /// The next time somebody asked for, and forgets it.
    pub(super) fn take_wake(&mut self) -> Option<Instant> {
        self.next_wake.take().map(|at| self.origin + at)
    }

    /// Whether `every` has passed since this was last done; then it counts as done now. Asks to be woken for the next time.
    pub(super) fn is_due(&mut self, key: &str, every: Duration) -> bool {
        let now = self.elapsed();
        let next = self.last_done.get(key).map(|last| *last + every);
        match next {
            Some(next) if next > now => {
                self.wake_at(next);
                false
            }
            Some(_) | None => {
                self.last_done.insert(key.to_owned(), now);
                self.wake_at(now + every);
                true
            }
        }
    }

    /// A uid that no other object has; the same in every run.
    pub(super) fn uid(&mut self) -> String {
        let hash: String = self.draw().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let part = |from: usize, to: usize| hash.get(from..to).unwrap_or_default().to_owned();
        format!("{}-{}-4{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
    }

    /// Five letters as the API server appends them to a generated name.
    pub(super) fn suffix(&mut self) -> String {
        self.draw().iter().take(5).map(|byte| letter(*byte)).collect()
    }

    /// A number that grows with each call.
    pub(super) fn count(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    fn draw(&mut self) -> [u8; 32] {
        Sha256::digest(self.count().to_be_bytes()).into()
    }
}

fn letter(number: u8) -> char {
    ALPHABET.get(usize::from(number) % ALPHABET.len()).map_or('x', |byte| char::from(*byte))
}

/// The longest time that a manifest or an image can ask for: ten years; what is longer, or no number, counts as that.
const LONGEST: u64 = 10 * 365 * 86_400;

/// A time span in seconds, as manifests say it.
pub(super) fn span(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LONGEST))
}

/// A time span in seconds and parts of them, as images say it.
pub(super) fn fine_span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or(Duration::from_secs(LONGEST), |span| span.min(Duration::from_secs(LONGEST)))
}

pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A hash of a template, written as Kubernetes writes it: the digits of a number in letters that spell nothing.
pub(super) fn template_hash(template: &Value) -> String {
    let canonical = canonical(template).to_string();
    let hash = canonical.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(letter).collect()
}

/// A hash of a text, as 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with its keys in order, so that equal values are equal texts.
fn canonical(value: &Value) -> Value {
    if let Some(map) = value.as_object() {
        let sorted: BTreeMap<&String, Value> = map.iter().map(|(key, value)| (key, canonical(value))).collect();
        json!(sorted)
    } else if let Some(items) = value.as_array() {
        items.iter().map(canonical).collect()
    } else {
        value.clone()
    }
}
