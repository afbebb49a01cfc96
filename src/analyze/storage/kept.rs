//! PersistentVolumes that name a claim: what an earlier claim of that name held is in them, or somebody made them for it. A new claim
//! of the name would start empty beside them, so what is to become of them is left to a human.

use super::super::draft::{advise, patch};
use super::super::quote::{self, listed};
use super::claims;
use super::missing_claim::MissingClaim;
use super::{assumed, classes};
use crate::domain::action::{Action, FieldOp};
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Remedy, Way};
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::{Facts, selected};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use serde_json::{Value, json};

const RETAIN: &str = "Retain";

/// A volume that names this claim.
pub(super) fn of<'a>(facts: &Facts<'a>, claim: &ObjectRef) -> Option<&'a PersistentVolume> {
    selected::volume_for(facts, claim).there()
}

/// Whether it is being bound to this very claim, and not to an earlier one of its name.
pub(super) fn is_its_own(volume: &PersistentVolume, claim: &PersistentVolumeClaim) -> bool {
    uid(volume).is_some_and(|uid| claim.metadata.uid.as_deref() == Some(uid))
}

/// ``the PersistentVolume `v` (5Gi of StorageClass `fast`, Released, reclaim policy Retain)``.
pub(super) fn in_words(volume: &PersistentVolume) -> String {
    format!("the PersistentVolume `{}` ({})", classes::volume_name(volume), state(volume))
}

fn state(volume: &PersistentVolume) -> String {
    let class = match class(volume) {
        "" => "without a StorageClass".to_owned(),
        class => format!("of StorageClass `{class}`"),
    };
    let phase = volume.status.as_ref().and_then(|s| s.phase.as_deref()).unwrap_or("of unknown phase");
    format!("{} {class}, {phase}, reclaim policy {}", classes::size(volume), policy(volume))
}

/// The same as evidence.
pub(super) fn seen(facts: &Facts<'_>, volume: &PersistentVolume, claim: &ObjectRef) -> Evidence {
    quote::object(facts, &volume.reference(), &format!("{}, its claimRef names {claim}", state(volume)))
}

/// What follows from it, as a sentence.
pub(super) fn follows(volume: &PersistentVolume) -> String {
    let what = in_words(volume);
    if was_used(volume) {
        format!(" But {what} names this very claim: what an earlier claim of this name held is in it, and a new one would start empty.")
    } else {
        format!(" But {what} is reserved for this very claim.")
    }
}

fn class(volume: &PersistentVolume) -> &str {
    volume.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).unwrap_or_default()
}

/// Created by hand, volumes are retained unless they say otherwise.
fn policy(volume: &PersistentVolume) -> &str {
    volume.spec.as_ref().and_then(|s| s.persistent_volume_reclaim_policy.as_deref()).unwrap_or(RETAIN)
}

/// The claim to which it was bound; one that is only reserved names no uid.
fn uid(volume: &PersistentVolume) -> Option<&str> {
    volume.spec.as_ref().and_then(|s| s.claim_ref.as_ref()).and_then(|c| c.uid.as_deref()).filter(|uid| !uid.is_empty())
}

fn was_used(volume: &PersistentVolume) -> bool {
    uid(volume).is_some()
}

/// A claim that takes this volume and no other.
fn manifest(claim: &ObjectRef, volume: &PersistentVolume) -> Value {
    let mut manifest = assumed::manifest(claim, Some(class(volume)));
    let spec = volume.spec.as_ref();
    if let Some(body) = manifest.get_mut("spec").and_then(Value::as_object_mut) {
        body.insert("volumeName".to_owned(), classes::volume_name(volume).into());
        if let Some(modes) = spec.and_then(|s| s.access_modes.as_ref()) {
            body.insert("accessModes".to_owned(), json!(modes));
        }
        if let Some(size) = spec.and_then(|s| s.capacity.as_ref()).and_then(|c| c.get("storage")) {
            body.insert("resources".to_owned(), json!({"requests": {"storage": size}}));
        }
        if let Some(mode) = spec.and_then(|s| s.volume_mode.as_deref()).filter(|mode| *mode != "Filesystem") {
            body.insert("volumeMode".to_owned(), mode.into());
        }
    }
    manifest
}

/// Lets the volume go from the claim that is gone, and keeps it for one of the same name; first of all it is kept from being deleted.
pub(super) fn let_go(volume: &PersistentVolume, text: String, why: &str) -> Option<Choice> {
    let uid = uid(volume)?;
    let path = |below: &str| FieldPath::dotted("spec").then(below);
    let retain = (policy(volume) != RETAIN).then(|| FieldOp::set(path("persistentVolumeReclaimPolicy"), RETAIN).seen(policy(volume)));
    let ops: Vec<FieldOp> = retain.into_iter().chain([FieldOp::remove(path("claimRef.uid")).seen(uid)]).collect();
    let action = patch(&volume.reference(), ops)?;
    Some(Choice { text, way: Way::Change(action), why: why.to_owned() })
}

fn why(volume: &PersistentVolume) -> String {
    let deleted = if was_used(volume) && policy(volume) != RETAIN {
        format!(", and the cluster deletes it by its reclaim policy {}", policy(volume))
    } else {
        String::new()
    };
    format!("{} names this very claim, and whether what it holds is needed is not known{deleted}", in_words(volume))
}

/// What can be done about a claim that does not exist.
pub(super) fn for_missing(missing: &MissingClaim<'_>, volume: &PersistentVolume) -> Remedy {
    let (claim, name, why) = (&missing.claim, classes::volume_name(volume), why(volume));
    let clear =
        format!("to use what the PersistentVolume `{name}` holds, clear the uid in its claimRef, so that a claim of this name can have it");
    let choice = |text: String, way: Way| Choice { text, way, why: why.clone() };
    let create = |text: String, manifest: Value| choice(text, Way::Change(Action::Create { object: claim.clone(), manifest }));
    let mut choices: Vec<Choice> = let_go(volume, clear, &why).into_iter().collect();
    let then = if was_used(volume) { "then create" } else { "create" };
    choices.push(create(format!("{then} the PersistentVolumeClaim `{}` for this volume", claim.name), manifest(claim, volume)));
    if was_used(volume) {
        let text = format!("or, if that data is not needed, create the PersistentVolumeClaim `{}` with a new, empty volume", claim.name);
        choices.push(create(text, assumed::manifest(claim, None)));
    }
    let others = missing.meant.names().into_iter().chain(missing.unused.iter().map(|c| claims::name(c))).next();
    if let Some((other, user)) = others.zip(missing.users.first()) {
        let text = format!("or, if the PersistentVolumeClaim `{other}` was meant, point {} to it", missing.who());
        choices.push(choice(text, Way::Edit(user.object.clone())));
    }
    Remedy { choices, ..Remedy::default() }
}

/// What can be done about one that exists and waits.
pub(super) fn for_waiting(claim: &PersistentVolumeClaim, volume: &PersistentVolume) -> Remedy {
    let (name, of, why, size) = (claims::name(claim), classes::volume_name(volume), why(volume), classes::size(volume));
    let or =
        format!("; if a new, empty volume is meant, replace the PersistentVolumeClaim `{name}` by one of a class that provisions volumes");
    let clear = format!(
        "to use what the PersistentVolume `{of}` holds, clear the uid in its claimRef: it is then bound to the PersistentVolumeClaim `{name}`, if that asks for no more than {size}{or}"
    );
    match let_go(volume, clear, &why) {
        Some(clear) => Remedy { choices: vec![clear], ..Remedy::default() },
        None => advise(
            format!(
                "make the PersistentVolumeClaim `{name}` fit the PersistentVolume `{of}` that is reserved for it: no more than {size}{or}"
            ),
            None,
            &why,
        ),
    }
}

/// The claim that it is for, whichever that is.
pub(super) fn holder(volume: &PersistentVolume) -> Option<String> {
    let claim = volume.spec.as_ref()?.claim_ref.as_ref()?;
    let name = listed(&[claim.name.as_deref().filter(|n| quote::is_plain(n))?]);
    let place = claim.namespace.as_deref().filter(|n| quote::is_plain(n))?;
    Some(format!("the PersistentVolumeClaim {name} of namespace `{place}`"))
}
