//! What can be done about a claim that does not exist and that no other one stands for: create it, where nothing speaks against a
//! new and empty volume, or say what speaks against it.

use super::super::draft::{advise, propose};
use super::super::meant::LISTED;
use super::super::quote::{self, listed};
use super::missing_claim::MissingClaim;
use super::{assumed, claims, classes};
use crate::domain::action::Action;
use crate::domain::check::Check;
use crate::domain::finding::{Choice, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::domain::words::is_about_data;
use crate::facts::focus::beyond;
use crate::facts::presence::Presence;
use crate::facts::{Facts, selected, unread};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;

/// The claim, where its class is known and nothing speaks against it.
pub(super) fn create(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    if let Some((text, why)) = assumed::against(missing) {
        return advise(text, None, why);
    }
    if let Presence::There(namesake) = missing.elsewhere {
        return other_namespace(missing, namesake);
    }
    if beyond(facts).into_iter().any(|(_, what)| is_about_data(what)) {
        return lost(missing);
    }
    let Some(class) = classes::default_class(facts) else { return no_class(facts, name) };
    if !classes::makes_volumes(class) {
        return by_hand(facts, missing, class);
    }
    let action = Action::Create { object: missing.claim.clone(), manifest: assumed::manifest(&missing.claim, Some(classes::name(class))) };
    let checks = std::iter::once(Check::ClaimBound(missing.claim.clone())).chain(missing.checks());
    let elsewhere = match missing.elsewhere {
        Presence::Unread => "; whether a claim of this name in another namespace was meant is not known",
        Presence::There(_) | Presence::Absent => "",
    };
    let kept = match missing.kept {
        Presence::Unread => "; whether a PersistentVolume holds the data of an earlier claim of this name is not known",
        Presence::There(_) | Presence::Absent => "",
    };
    let mut remedy = propose([action], &format!("{}{elsewhere}{kept}", assumed::why(missing, class)), Risk::Low, checks);
    // A claim that is created beside a chart or a repository should end up in it.
    let manager = missing.users.iter().find_map(|user| Some((user, facts.workload(&user.object)?.manager()?)));
    if let Some((user, manager)) = manager.filter(|_| !missing.namespace.is_system()) {
        let text = format!("add the PersistentVolumeClaim `{name}` to the source of {user} as well");
        remedy.extend(advise(text, None, &manager.why_not()));
    }
    remedy
}

/// One of the very name where Pods of this namespace cannot use it, as a sentence behind others.
pub(super) fn next_door(namesake: &PersistentVolumeClaim) -> String {
    let there = namesake.reference();
    let place = there.namespace.as_ref().map(ToString::to_string).unwrap_or_default();
    format!(
        " But namespace `{place}` has a PersistentVolumeClaim `{}` ({}), which no Pod there uses: the name may be right, and the place wrong.",
        there.name,
        claims::state(namesake)
    )
}

/// A Pod uses claims of its own namespace only, and nobody uses this one there: a new claim would start empty beside the data.
fn other_namespace(missing: &MissingClaim<'_>, namesake: &PersistentVolumeClaim) -> Remedy {
    let (name, there) = (&missing.claim.name, namesake.reference());
    let place = there.namespace.as_ref().map(ToString::to_string).unwrap_or_default();
    let why = format!(
        "namespace `{place}` has a PersistentVolumeClaim `{name}` ({}), which no Pod there uses and which Pods of `{}` cannot use; a new claim would start empty",
        claims::state(namesake),
        missing.namespace
    );
    let moved = format!(
        "move {} to namespace `{place}`, or copy the data into a PersistentVolumeClaim `{name}` in `{}`",
        missing.who(),
        missing.namespace
    );
    let mut remedy = advise(moved, Some(kubectl::get(&Kind::PersistentVolumeClaim, there.namespace.as_ref(), &[name])), &why);
    remedy.choices.push(empty(missing, "or, if a new, empty volume is meant, create", None, &why));
    remedy
}

/// A Pod still runs with what the claim of this name held: a new one would start empty beside it.
pub(super) fn in_use(missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    let why = "a Pod is ready that mounts a claim of this name, so one was there; a new claim would start empty";
    let text = format!(
        "find out what became of the PersistentVolumeClaim `{name}`, and save what its volume holds as long as a Pod still has it mounted"
    );
    let mut remedy = advise(text, Some(kubectl::get(&Kind::PersistentVolume, None, &[])), why);
    remedy.choices.push(empty(missing, "or, if a new, empty volume is meant, create", None, why));
    remedy
}

/// The issue is about data: a new claim would start empty in its place.
fn lost(missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    let why = "the issue is about lost data, and a new claim would start empty and hide that it is gone";
    let text = format!(
        "find out what became of the PersistentVolumeClaim `{name}` and of its volume, and restore the data from a backup or a snapshot"
    );
    let mut remedy = advise(text, Some(kubectl::get(&Kind::PersistentVolume, None, &[])), why);
    remedy.choices.push(empty(missing, "or, if a new, empty volume is meant, create", None, why));
    remedy
}

/// The claim as a human may want it.
fn empty(missing: &MissingClaim<'_>, text: &str, class: Option<&str>, why: &str) -> Choice {
    let action = Action::Create { object: missing.claim.clone(), manifest: assumed::manifest(&missing.claim, class) };
    Choice { text: format!("{text} the PersistentVolumeClaim `{}`", missing.claim.name), way: Way::Change(action), why: why.to_owned() }
}

/// The default class makes no volumes: a claim of it binds only to one that somebody created.
fn by_hand(facts: &Facts<'_>, missing: &MissingClaim<'_>, class: &StorageClass) -> Remedy {
    let (name, of) = (&missing.claim.name, classes::name(class));
    let why =
        format!("the default StorageClass `{of}` has no provisioner: a claim of it binds only to a PersistentVolume that is Available");
    let free: Vec<String> = selected::free_volumes_of(facts, of).take(LISTED).map(classes::described).collect();
    let text = match free.as_slice() {
        [] if !facts.is_whole(&Kind::PersistentVolume) => format!(
            "create the PersistentVolumeClaim `{name}` for one of the PersistentVolumes of the class `{of}`: PersistentVolumes {}",
            unread::how(&Kind::PersistentVolume, facts.snapshot())
        ),
        [] => format!("create a PersistentVolume of the class `{of}`, then the PersistentVolumeClaim `{name}`; none is Available"),
        volumes => format!(
            "create the PersistentVolumeClaim `{name}`, no larger than an Available PersistentVolume of the class `{of}`: {}",
            quote::joined(volumes, "and")
        ),
    };
    advise(text, Some(kubectl::get(&Kind::PersistentVolume, None, &[])), &why)
}

fn no_class(facts: &Facts<'_>, name: &str) -> Remedy {
    let how = unread::how(&Kind::StorageClass, facts.snapshot());
    let unread = format!("the StorageClasses {how}, so whether there is a default one is not known");
    let classes: Vec<&str> = classes::provisioning(facts).into_iter().map(classes::name).collect();
    let (text, why) = match classes.as_slice() {
        _ if !classes::are_known(facts) => {
            (format!("create the PersistentVolumeClaim `{name}`; name its class if the cluster has no default"), unread.as_str())
        }
        [] => (
            format!("install a storage provisioner with a StorageClass, then create the PersistentVolumeClaim `{name}`"),
            "the cluster has no StorageClass that provisions volumes",
        ),
        several => (
            format!("create the PersistentVolumeClaim `{name}` with one of the classes {}", listed(several)),
            "the cluster has no default StorageClass, and which one was meant is not known",
        ),
    };
    advise(text, None, why)
}

/// Unused claims exist whose names tell nothing: both ways, for a human to choose.
pub(super) fn choose(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let how = match claims::unread_users(facts) {
        Some(unread) => format!("PersistentVolumeClaims exist that nothing uses which was read ({unread}), and their"),
        None => "PersistentVolumeClaims exist that nothing uses which kubemend reads, and their".to_owned(),
    };
    let why = &format!("{how} names do not tell whether one of them was meant; an empty new claim would hide data that already exists");
    let names: Vec<&str> = missing.unused.iter().filter_map(|c| c.metadata.name.as_deref()).take(LISTED).collect();
    let which = match names.as_slice() {
        [one] => format!("if the PersistentVolumeClaim `{one}` was meant"),
        several => format!("if one of the PersistentVolumeClaims {} was meant", listed(several)),
    };
    let text = format!("{which}, {} to it", missing.point());
    let new = empty(missing, "if a new, empty volume was meant, create", None, why);
    Remedy { choices: vec![new], ..advise(text, None, why) }
}

/// Claims could be meant of which nothing tells which, or whether any was: pointed to one of them, or a new one.
pub(super) fn either(missing: &MissingClaim<'_>, names: &[&str]) -> Remedy {
    let command = kubectl::get(&Kind::PersistentVolumeClaim, Some(&missing.namespace), names);
    let (which, why) = match names {
        [one] => (format!("`{one}`, if that is the one that was meant"), "nothing in the cluster proves that it was meant"),
        several => (format!("the one that was meant: {}", listed(several)), "nothing in the cluster tells which of them was meant, if any"),
    };
    let mut remedy = advise(format!("{} to the PersistentVolumeClaim {which}", missing.point()), Some(command), why);
    let new = format!("or create the PersistentVolumeClaim `{}`, if a new and empty volume was meant", missing.claim.name);
    remedy.extend(advise(new, None, "a new volume holds none of the data that another claim may have"));
    remedy
}

/// The claims could not be read.
pub(super) fn cannot_tell(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    let how = unread::how(&Kind::PersistentVolumeClaim, facts.snapshot());
    advise(
        format!("check if a PersistentVolumeClaim of another name was meant; if not, create the PersistentVolumeClaim `{name}`"),
        Some(kubectl::get(&Kind::PersistentVolumeClaim, Some(&missing.namespace), &[])),
        &format!("the PersistentVolumeClaims of the namespace {how}, so whether one of another name exists is not known"),
    )
}
