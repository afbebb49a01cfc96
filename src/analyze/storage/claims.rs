//! What PersistentVolumeClaims say of themselves, and which of them are free to use.

use super::classes;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::facts::claims::USERS;
use crate::facts::{Facts, selected, unread};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::{Value, json};
use std::collections::HashMap;

/// The claim as it was requested, but for its class and for what the server put in.
pub(super) fn replacement(claim: &PersistentVolumeClaim, class: &str) -> Value {
    let spec = claim.spec.clone().unwrap_or_default();
    let mut metadata = json!({"name": claim.metadata.name, "namespace": claim.metadata.namespace});
    let mut body = json!({"accessModes": spec.access_modes, "resources": spec.resources, "storageClassName": class});
    if let (Some(labels), Some(map)) = (claim.metadata.labels.as_ref().filter(|l| !l.is_empty()), metadata.as_object_mut()) {
        map.insert("labels".to_owned(), json!(labels));
    }
    // Filesystem is what a claim gets that names no mode; only another one has to be kept.
    if let (Some(mode), Some(map)) = (spec.volume_mode.as_deref().filter(|m| *m != "Filesystem"), body.as_object_mut()) {
        map.insert("volumeMode".to_owned(), mode.into());
    }
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": body})
}

/// Never bound, and nobody is deleting it.
pub(super) fn is_unbound(claim: &PersistentVolumeClaim) -> bool {
    let pending = matches!(claim.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Pending"));
    let volume = claim.spec.as_ref().and_then(|s| s.volume_name.as_deref()).is_some_and(|v| !v.is_empty());
    pending && !volume && claim.metadata.deletion_timestamp.is_none()
}

/// A Pod can use it: bound, or waiting for exactly such a Pod with a class that exists. One that names its volume, or selects among
/// volumes, waits for more than a Pod.
pub(super) fn is_usable(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> bool {
    let class = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).filter(|c| !c.is_empty());
    match claim.status.as_ref().and_then(|s| s.phase.as_deref()) {
        Some("Bound") => true,
        _ if claim.spec.as_ref().is_some_and(|s| s.volume_name.is_some() || s.selector.is_some()) => false,
        None | Some("Pending") => {
            !classes::are_known(facts) || class.is_none_or(|name| facts.has(&ObjectRef::cluster(Kind::StorageClass, name)))
        }
        Some(_) => false,
    }
}

/// The class that a claim asks for by name; empty where it names none.
pub(super) fn class(claim: &PersistentVolumeClaim) -> &str {
    claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default()
}

/// Its name.
pub(super) fn name(claim: &PersistentVolumeClaim) -> &str {
    claim.metadata.name.as_deref().unwrap_or_default()
}

/// Claims that no other object owns, that nobody deletes, and that no StatefulSet keeps for a replica of its own, by namespace.
pub(super) fn loose<'a>(facts: &Facts<'a>) -> HashMap<&'a str, Vec<&'a PersistentVolumeClaim>> {
    let mut loose: HashMap<&str, Vec<&PersistentVolumeClaim>> = HashMap::new();
    for claim in facts.all::<PersistentVolumeClaim>() {
        let meta = &claim.metadata;
        let owned = meta.owner_references.as_ref().is_some_and(|o| !o.is_empty()) || facts.claims().replica_of(claim).is_some();
        if let Some(namespace) = meta.namespace.as_deref().filter(|_| !owned && meta.deletion_timestamp.is_none()) {
            loose.entry(namespace).or_default().push(claim);
        }
    }
    loose
}

/// Its phase, size and class.
pub(super) fn state(claim: &PersistentVolumeClaim) -> String {
    let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or("of unknown phase");
    let spec = claim.spec.as_ref();
    let size =
        spec.and_then(|s| s.resources.as_ref()).and_then(|r| r.requests.as_ref()).and_then(|r| r.get("storage")).map(|q| q.0.as_str());
    let class = spec.and_then(|s| s.storage_class_name.as_deref());
    format!("{phase}, {} of StorageClass {}", size.unwrap_or("no size"), class.unwrap_or("none"))
}

/// The same of one that nothing uses, as far as that is known.
pub(super) fn description(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> String {
    format!("{}, {}", state(claim), unused_in_words(facts))
}

/// Everything that can mount a claim was read, so that one which nobody names is unused.
pub(super) fn uses_are_known(facts: &Facts<'_>) -> bool {
    USERS.iter().all(|kind| facts.is_whole(kind))
}

/// What can mount a claim and was not read whole, in words.
pub(super) fn unread_users(facts: &Facts<'_>) -> Option<String> {
    let unread = unread::all(USERS.iter().filter(|kind| !facts.is_whole(kind)), facts.snapshot());
    (!unread.is_empty()).then(|| unread.join("; "))
}

/// That nobody was seen to use it.
pub(super) fn unused_in_words(facts: &Facts<'_>) -> String {
    unread_users(facts)
        .map_or_else(|| "used by nothing that kubemend reads".to_owned(), |unread| format!("used by nothing that was read ({unread})"))
}

/// Words of class names for volumes that somebody makes by hand, and those that do so with storage behind them.
const BY_HAND: &[&str] = &["manual", "manually", "static", "hand", "hostpath", "preprovisioned", "prebound"];
const LOCAL: &[&str] = &["storage", "volume", "volumes", "disk", "disks"];

/// Whether a class without an object seems to pair claims with volumes that somebody makes by hand: by its name, or because another claim
/// of it is bound. Then the claim waits for its volume, and one of another class would be empty and elsewhere.
pub(super) fn is_by_hand(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> bool {
    let wanted = class(claim);
    let name = wanted.to_ascii_lowercase();
    let words: Vec<&str> = name.split(['-', '.', '_']).collect();
    let local = words.contains(&"local") && words.iter().any(|w| LOCAL.contains(w));
    local || words.iter().any(|w| BY_HAND.contains(w)) || selected::is_bound_somewhere(facts, wanted)
}

/// Why a claim of another class cannot stand in for this one.
pub(super) fn against_replacing(claim: &PersistentVolumeClaim) -> Option<&'static str> {
    match claim.spec.as_ref()? {
        s if s.data_source.is_some() || s.data_source_ref.is_some() => {
            Some("the claim is to be filled from another source, which the other class might not support")
        }
        s if s.selector.is_some() => Some("the claim selects volumes by their labels, which a class that provisions volumes does not do"),
        _ => None,
    }
}
