//! PersistentVolumes by their class, and which classes have claims that are bound.

use super::Facts;
use super::presence::Presence;
use super::walk::Walk;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Snapshot;
use k8s_openapi::api::core::v1::PersistentVolume;
use std::collections::{HashMap, HashSet};

/// Volumes and classes in use.
#[derive(Debug, Default)]
pub(super) struct Volumes<'a> {
    by_class: HashMap<&'a str, Vec<&'a PersistentVolume>>,
    free: HashMap<&'a str, Vec<&'a PersistentVolume>>,
    bound: HashSet<&'a str>,
}

impl<'a> Volumes<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, walk: &Walk<'_>) -> Self {
        let mut all = Self::default();
        for volume in snapshot.volumes.iter().take_while(|_| walk.step()) {
            let class = volume.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default();
            all.by_class.entry(class).or_default().push(volume);
            if is_free(volume) {
                all.free.entry(class).or_default().push(volume);
            }
        }
        for claim in snapshot.claims.iter().take_while(|_| walk.step()) {
            if claim.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound") {
                all.bound.insert(claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default());
            }
        }
        all
    }
}

impl<'a> Facts<'a> {
    /// A volume of this class.
    pub(crate) fn volume_of(&self, class: &str) -> Presence<&'a PersistentVolume> {
        let first = self.volumes.by_class.get(class).and_then(|all| all.first());
        first.map_or_else(|| self.none(&Kind::PersistentVolume), |volume| Presence::There(*volume))
    }

    /// The volumes of this class that a claim could still take; the empty class is that of volumes without one.
    pub(crate) fn free_volumes_of(&self, class: &str) -> impl Iterator<Item = &'a PersistentVolume> {
        self.walk(self.volumes.free.get(class).into_iter().flatten().copied())
    }

    /// One of them.
    pub(crate) fn free_volume_of(&self, class: &str) -> Presence<&'a PersistentVolume> {
        self.free_volumes_of(class).next().map_or_else(|| self.none(&Kind::PersistentVolume), Presence::There)
    }

    /// Whether a claim of this class is bound.
    pub(crate) fn is_bound_somewhere(&self, class: &str) -> bool {
        self.volumes.bound.contains(class)
    }
}

/// Whether a claim could still take the volume.
fn is_free(volume: &PersistentVolume) -> bool {
    let reserved = volume.spec.as_ref().is_some_and(|s| s.claim_ref.is_some());
    !reserved && matches!(volume.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Available" | "Pending"))
}
