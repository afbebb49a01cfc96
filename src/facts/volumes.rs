//! PersistentVolumes by their class and by the claim that they name, and which classes have claims that are bound.

use super::walk::Walk;
use crate::domain::snapshot::Snapshot;
use k8s_openapi::api::core::v1::PersistentVolume;
use std::collections::{HashMap, HashSet};

/// Volumes and classes in use.
#[derive(Debug, Default)]
pub(super) struct Volumes<'a> {
    pub(super) by_class: HashMap<&'a str, Vec<&'a PersistentVolume>>,
    pub(super) free: HashMap<&'a str, Vec<&'a PersistentVolume>>,
    pub(super) bound: HashSet<&'a str>,
    /// By the namespace and the name in their claimRef, whether that claim exists or not.
    pub(super) by_claim: HashMap<(&'a str, &'a str), Vec<&'a PersistentVolume>>,
}

impl<'a> Volumes<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, walk: &Walk<'_>) -> Self {
        let mut all = Self::default();
        for volume in snapshot.volumes.iter().take_while(|_| walk.step()) {
            let class = volume.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default();
            all.by_class.entry(class).or_default().push(volume);
            let named = volume.spec.as_ref().and_then(|s| s.claim_ref.as_ref());
            if let Some((namespace, name)) = named.and_then(|c| Some((c.namespace.as_deref()?, c.name.as_deref()?))) {
                all.by_claim.entry((namespace, name)).or_default().push(volume);
            }
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

/// Whether a claim could still take the volume.
fn is_free(volume: &PersistentVolume) -> bool {
    let reserved = volume.spec.as_ref().is_some_and(|s| s.claim_ref.is_some());
    !reserved && matches!(volume.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Available" | "Pending"))
}
