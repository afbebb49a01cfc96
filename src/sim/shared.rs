//! The cluster behind a lock, and the sign that something changed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch as signal;

use super::cluster::Cluster;

/// What requests, stand-ins and the owner of the cluster share.
#[derive(Debug)]
pub(super) struct Shared {
    cluster: Mutex<Cluster>,
    /// Told whenever something was stored.
    pub(super) changed: signal::Sender<u64>,
}

impl Shared {
    pub(super) fn new(cluster: Cluster) -> Self {
        let (changed, _) = signal::channel(cluster.store.version());
        Self { cluster: Mutex::new(cluster), changed }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Cluster> {
        self.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells watchers and the driver, if the store has moved on.
    pub(super) fn announce(&self, version: u64) {
        self.changed.send_if_modified(|seen| {
            let moved = *seen != version;
            *seen = version;
            moved
        });
    }
}
