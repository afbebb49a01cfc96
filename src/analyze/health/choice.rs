//! Claims that say themselves which volume they take, by its name or its labels: a class provides none for them, so whether such a volume
//! is there, and can be taken, is all that counts.

use crate::analyze::storage::classes;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::presence::Presence;
use crate::facts::{Facts, selected, unread};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

/// Whether the volume that a claim chooses can be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chosen {
    /// It chooses none.
    None,
    /// Nothing keeps it from taking one.
    Free,
    /// It cannot be taken, and this is why.
    Taken(String),
    /// It is not there, as this says; who makes it may do so after the claim.
    Awaited(String),
    /// That could not be read.
    Unread(String),
}

pub(super) fn of(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Chosen {
    let spec = claim.spec.as_ref();
    if let Some(name) = spec.and_then(|s| s.volume_name.as_deref()).filter(|name| !name.is_empty()) {
        let volume = ObjectRef::cluster(Kind::PersistentVolume, name);
        return match facts.look_up::<PersistentVolume>(&volume) {
            Presence::There(there) => against(claim, there)
                .map_or(Chosen::Free, |why| Chosen::Taken(format!("it names the PersistentVolume `{name}`, which {why}"))),
            Presence::Absent => Chosen::Awaited(format!("the PersistentVolume `{name}` that it names does not exist")),
            Presence::Unread => Chosen::Unread(format!("it names its volume: {}", unread::object(&volume, facts.snapshot()))),
        };
    }
    let Some(selector) = spec.and_then(|s| s.selector.as_ref()) else { return Chosen::None };
    let class = spec.and_then(|s| s.storage_class_name.as_deref()).or_else(|| classes::default_class(facts).map(classes::name));
    let fits = |v: &&PersistentVolume| carries(selector, v) && against(claim, v).is_none();
    match selected::free_volumes_of(facts, class.unwrap_or_default()).find(fits) {
        Some(_) => Chosen::Free,
        None if facts.is_whole(&Kind::PersistentVolume) => Chosen::Awaited(
            "it selects PersistentVolumes by their labels, and none that is free fits; for such a claim no class provides one".to_owned(),
        ),
        None => Chosen::Unread(format!(
            "it selects PersistentVolumes by their labels, which {}",
            unread::how(&Kind::PersistentVolume, facts.snapshot())
        )),
    }
}

/// Why this claim cannot take this volume, behind `which`.
fn against(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> Option<String> {
    let (wants, has) = (claim.spec.as_ref()?, volume.spec.as_ref()?);
    let own = claim.reference();
    if volume.metadata.deletion_timestamp.is_some() {
        return Some("is being deleted".to_owned());
    }
    if let Some(held) = &has.claim_ref {
        let (namespace, name) = (held.namespace.as_deref().unwrap_or_default(), held.name.as_deref().unwrap_or_default());
        if own.namespace.as_ref().is_none_or(|own| own.as_str() != namespace) || own.name != name {
            return Some(format!("is the one of the PersistentVolumeClaim `{namespace}/{name}`"));
        }
        if held.uid.is_some() && held.uid != claim.metadata.uid {
            return Some("still belongs to an earlier claim of this name".to_owned());
        }
    }
    let class = has.storage_class_name.as_deref().unwrap_or_default();
    if wants.storage_class_name.as_deref().is_some_and(|wanted| wanted != class) {
        return Some(match class {
            "" => "has no class".to_owned(),
            class => format!("is of the class `{class}`"),
        });
    }
    let modes = has.access_modes.iter().flatten().collect::<Vec<_>>();
    if let Some(missing) = wants.access_modes.iter().flatten().find(|mode| !modes.contains(mode)) {
        return Some(format!("does not offer the access mode {missing}"));
    }
    let mode = |mode: &Option<String>| mode.clone().unwrap_or_else(|| "Filesystem".to_owned());
    if mode(&wants.volume_mode) != mode(&has.volume_mode) {
        return Some(format!("has the volumeMode {}", mode(&has.volume_mode)));
    }
    let asked = wants.resources.as_ref().and_then(|r| r.requests.as_ref()).and_then(|r| r.get("storage"));
    let size = has.capacity.as_ref().and_then(|c| c.get("storage"));
    let too_small =
        asked.zip(size).is_some_and(|(asked, size)| bytes(&asked.0).zip(bytes(&size.0)).is_some_and(|(asked, size)| size < asked));
    too_small.then(|| format!("is too small: {}", classes::size(volume)))
}

/// A quantity of storage in bytes, where it is a whole number of a unit.
fn bytes(quantity: &str) -> Option<u128> {
    let digits = quantity.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit: u128 = match quantity.strip_prefix(digits)? {
        "" => 1,
        "k" => 1000,
        "M" => 1000_u128.pow(2),
        "G" => 1000_u128.pow(3),
        "T" => 1000_u128.pow(4),
        "P" => 1000_u128.pow(5),
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        "Ti" => 1 << 40,
        "Pi" => 1 << 50,
        _ => return None,
    };
    digits.parse::<u128>().ok()?.checked_mul(unit)
}

/// Whether the volume carries the labels that are selected.
fn carries(selector: &LabelSelector, volume: &PersistentVolume) -> bool {
    let value = |key: &str| volume.metadata.labels.as_ref().and_then(|labels| labels.get(key));
    let labels = selector.match_labels.iter().flatten().all(|(key, wanted)| value(key) == Some(wanted));
    labels
        && selector.match_expressions.iter().flatten().all(|e| {
            let among = value(&e.key).is_some_and(|v| e.values.iter().flatten().any(|one| one == v));
            match e.operator.as_str() {
                "In" => among,
                "NotIn" => !among,
                "Exists" => value(&e.key).is_some(),
                "DoesNotExist" => value(&e.key).is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{World, cluster, deployment};
    use crate::domain::kind::Kind;
    use serde_json::{Value, json};

    fn world(chooses: Value) -> World {
        let waiting = deployment("gallery")
            .claim("m", "media")
            .unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.");
        cluster().app(waiting).claim("media", "Pending", "standard").edit("PersistentVolumeClaim", "media", json!({"spec": chooses}))
    }

    fn volume(name: &str, spec: Value) -> Value {
        let mut volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name, "labels": {"disk": "fast"}},
            "spec": {"storageClassName": "standard", "capacity": {"storage": "5Gi"}, "accessModes": ["ReadWriteOnce"]},
            "status": {"phase": "Available"}});
        for (key, value) in spec.as_object().unwrap() {
            volume["spec"][key] = value.clone();
        }
        volume
    }

    fn said(world: &World) -> String {
        let wrong = world.wrong();
        wrong.iter().find(|w| w.contains("/media: ")).unwrap_or_else(|| panic!("{:?}", world.diagnosis())).clone()
    }

    #[test]
    fn claim_that_names_a_volume_which_cannot_be_taken_is_not_pending_by_design() {
        let named = || world(json!({"volumeName": "media-pv-2"}));
        assert!(said(&named()).ends_with("Pending: the PersistentVolume `media-pv-2` that it names does not exist"));
        for (spec, why) in [
            (json!({"claimRef": {"namespace": "a-team", "name": "other"}}), "is the one of the PersistentVolumeClaim `a-team/other`"),
            (json!({"claimRef": {"namespace": "a-team", "name": "media", "uid": "old"}}), "still belongs to an earlier claim"),
            (json!({"storageClassName": "slow"}), "is of the class `slow`"),
            (json!({"accessModes": ["ReadOnlyMany"]}), "does not offer the access mode ReadWriteOnce"),
            (json!({"volumeMode": "Block"}), "has the volumeMode Block"),
            (json!({"capacity": {"storage": "500Mi"}}), "is too small: 500Mi"),
            (json!({}), "it is not bound to a volume"),
        ] {
            let said = said(&named().object(volume("media-pv-2", spec)));
            assert!(said.contains(why), "{said}");
        }
        // Also where no Pod mounts it.
        let alone = named().without("Deployment", "gallery").without("ReplicaSet", "gallery-rs1").without("Pod", "gallery-rs1-0");
        assert!(said(&alone).contains("does not exist"));
        let unread = alone.hiding(Kind::PersistentVolume).doubts().join("; ");
        assert!(unread.ends_with("it names its volume: PersistentVolume media-pv-2 could not be read"), "{unread}");
    }

    #[test]
    fn claim_that_selects_volumes_of_which_none_fits_is_not_pending_by_design() {
        for selector in [
            json!({"matchLabels": {"disk": "slow"}}),
            json!({"matchExpressions": [{"key": "disk", "operator": "NotIn", "values": ["fast"]}]}),
        ] {
            let said = said(&world(json!({"selector": selector})).object(volume("one", json!({}))));
            assert!(said.contains("none that is free fits"), "{said}");
        }
        let alone = cluster().claim("media", "Pending", "standard").edit(
            "PersistentVolumeClaim",
            "media",
            json!({"spec": {"selector": {"matchLabels": {"disk": "fast"}}}}),
        );
        let fits = alone.clone().object(volume("one", json!({}))).diagnosis();
        assert!(fits.unexplained.is_empty() && fits.seen.iter().any(|s| s.how.contains("by design")), "{fits:?}");
        assert!(said(&alone).contains("none that is free fits"));
    }

    #[test]
    fn volume_that_a_young_claim_chooses_may_be_made_after_it() {
        for chooses in [json!({"volumeName": "media-pv"}), json!({"selector": {"matchLabels": {"disk": "fast"}}})] {
            let aged = |at: &str| {
                let young = json!({"metadata": {"creationTimestamp": at}, "spec": chooses});
                cluster().claim("media", "Pending", "standard").edit("PersistentVolumeClaim", "media", young)
            };
            let young = aged("2026-01-01T11:59:57Z");
            assert_eq!(young.wrong(), Vec::<String>::new(), "{chooses}");
            assert!(!young.diagnosis().in_progress.is_empty(), "{chooses}");
            assert_eq!(aged("2026-01-01T11:30:00Z").wrong().len(), 1, "{chooses}");
            let taken =
                aged("2026-01-01T11:59:57Z").object(volume("media-pv", json!({"claimRef": {"namespace": "a-team", "name": "other"}})));
            assert_eq!(
                taken.wrong().len(),
                usize::from(chooses.get("volumeName").is_some()),
                "one that is another's stays that: {chooses}"
            );
        }
    }
}
