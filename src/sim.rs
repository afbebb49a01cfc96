//! The embedded cluster: an in-memory Kubernetes API behind kube's client, with small stand-ins for the controllers,
//! the scheduler, the claim binder and the kubelet.
//! It serves `kubemend demo`, fast tests, and faults that a real API server won't make on demand.
//! The truth is the real cluster of `tests/cluster`; what is served here is worded and shaped like its answers.

mod access;
mod admission;
mod api;
mod audit;
mod clock;
mod cluster;
mod controllers;
mod defaults;
mod discovery;
mod error;
mod events;
mod faults;
mod filter;
mod json;
mod kubelet;
mod list;
mod logs;
mod manifests;
mod names;
mod network;
mod patch;
mod play;
mod problem;
mod quantity;
mod reply;
mod request;
mod resources;
mod runtime;
mod schema;
mod selector;
mod service;
mod shared;
mod store;
mod table;
mod timers;
mod validation;
mod watch;
mod world;

use std::sync::Arc;

use serde_json::Value;

use self::{cluster::Cluster, shared::Shared};

pub use self::{
    access::Denial,
    audit::Audited,
    error::SimError,
    faults::{Fault, FaultKind},
    play::{Exit, Listen, MadeImage, Need, Play},
    service::{SimBody, SimService},
    world::{Latency, World},
};

/// A handle to an embedded cluster; clones are the same cluster.
#[derive(Debug, Clone)]
pub struct Sim {
    shared: Arc<Shared>,
}

impl Sim {
    /// Makes a cluster, and the future that runs everything behind its API: whoever owns the cluster spawns it.
    /// It never ends by itself. Time is tokio's, so tests may pause it.
    pub fn new(world: World) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let shared = Arc::new(Shared::new(Cluster::new(world)));
        let sim = Self { shared: Arc::clone(&shared) };
        (sim, controllers::drive(shared))
    }

    /// Puts images into the registry; one of the same reference replaces the earlier.
    pub fn add_images(&self, images: Vec<MadeImage>) {
        let mut cluster = self.shared.lock();
        for image in images {
            cluster.images.insert(image.reference.clone(), image);
        }
    }

    /// Creates or updates what the manifests say, as `kubectl apply` does; the namespace is made if it is absent.
    ///
    /// # Errors
    /// When the text is not YAML of objects that the cluster knows, or the API refuses one.
    pub fn apply_yaml(&self, namespace: &str, text: &str) -> Result<(), SimError> {
        let mut cluster = self.shared.lock();
        let result = manifests::apply_yaml(&mut cluster, namespace, text);
        let version = cluster.store.version();
        drop(cluster);
        self.shared.announce(version);
        result
    }

    /// The API, as a service for kube's `ClientBuilder`; the user is called `kubemend`.
    #[must_use]
    pub fn service(&self) -> SimService {
        self.service_as("kubemend")
    }

    /// The API as this user sees it.
    #[must_use]
    pub fn service_as(&self, user: &str) -> SimService {
        SimService::new(Arc::clone(&self.shared), user)
    }

    /// Every request so far, oldest first; the last 10,000.
    #[must_use]
    pub fn requests(&self) -> Vec<Audited> {
        self.shared.lock().audit.clone()
    }

    /// Forgets the requests so far.
    pub fn forget_requests(&self) {
        self.shared.lock().audit.clear();
    }

    /// Lets something go wrong.
    pub fn inject(&self, fault: Fault) {
        self.shared.lock().faults.push(fault);
    }

    /// Takes a right away.
    pub fn deny(&self, denial: Denial) {
        self.shared.lock().denials.push(denial);
    }

    /// Forgets the history, so that old watches and continued lists are told 410.
    pub fn compact(&self) {
        self.shared.lock().store.compact();
    }

    /// Answers this at a path of an aggregated API, such as the metrics of Pods, or of the schemas.
    pub fn serve_document(&self, path: &str, document: Value) {
        self.shared.lock().documents.insert(path.to_owned(), document);
    }

    /// Every object as it is now, events too.
    #[must_use]
    pub fn objects(&self) -> Vec<Value> {
        let cluster = self.shared.lock();
        cluster.store.everything().map(|(_, object)| (**object).clone()).collect()
    }

    /// One object: `sim.object("deployments", "a-team", "web")`; the namespace is empty for objects without one.
    #[must_use]
    pub fn object(&self, plural: &str, namespace: &str, name: &str) -> Option<Value> {
        let resource = resources::all().find(|resource| resource.plural == plural)?;
        let cluster = self.shared.lock();
        cluster.store.get(resource, namespace, name).map(|object| (*object).clone())
    }
}

#[cfg(test)]
mod tests;
