//! A claim that was never bound is replaced by one of another class: its class cannot be changed, and it holds no data.

use super::super::draft::{advise, propose};
use super::super::meant::Meant;
use super::super::quote::listed;
use super::claims;
use super::classes;
use crate::domain::action::Action;
use crate::domain::check::Check;
use crate::domain::finding::Remedy;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, unread};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;

/// By one of the class that was meant, or what a human has to do instead.
pub(super) fn remedy(
    facts: &Facts<'_>,
    claim: &PersistentVolumeClaim,
    meant: &Meant<'_, StorageClass>,
    because: &str,
    users: &[&Stuck<'_>],
) -> Remedy {
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let unread = format!("the StorageClasses {}", unread::how(&Kind::StorageClass, facts.snapshot()));
    let (text, why) = match meant {
        Meant::One(class) => match claims::against_replacing(claim) {
            None => return replace(facts, claim, class, because, users),
            Some(why) => {
                let right = classes::name(class);
                (format!("replace the PersistentVolumeClaim `{name}` by one of the class `{right}` ({because})"), why)
            }
        },
        Meant::OneOf(_) => (
            format!("replace the PersistentVolumeClaim `{name}` by one of the class that was meant: {}", listed(&meant.names())),
            "nothing in the cluster tells which one was meant",
        ),
        Meant::Nothing => (
            match claims::class(claim) {
                "" => format!("create a PersistentVolume that the PersistentVolumeClaim `{name}` can take"),
                wanted => format!("install a provisioner with the StorageClass `{wanted}`"),
            },
            "the cluster has no class that provisions volumes",
        ),
        Meant::Unread => (
            format!(
                "create the StorageClass `{}`, or replace the PersistentVolumeClaim `{name}` by one of an existing class",
                claims::class(claim)
            ),
            unread.as_str(),
        ),
    };
    advise(text, None, why)
}

/// The same as advice: whether volumes for it were made by hand could not be read.
pub(super) fn unsure(facts: &Facts<'_>, claim: &PersistentVolumeClaim, meant: &Meant<'_, StorageClass>) -> Remedy {
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let by = meant.name().map_or_else(|| "an existing class".to_owned(), |right| format!("the class `{right}`"));
    let text = format!("if no PersistentVolume was created by hand for the PersistentVolumeClaim `{name}`, replace it by one of {by}");
    let how = unread::how(&Kind::PersistentVolume, facts.snapshot());
    advise(text, None, &format!("the PersistentVolumes {how}, and one that was created by hand would need no provisioner"))
}

/// It waits for a volume that somebody makes: one of another class would be another volume.
pub(super) fn by_hand(claim: &PersistentVolumeClaim) -> Remedy {
    let (name, class) = (claim.metadata.name.as_deref().unwrap_or_default(), claims::class(claim));
    let text = format!(
        "create a PersistentVolume of the class `{class}` that the PersistentVolumeClaim `{name}` can take, or, if a new and empty volume will do, replace the claim by one of an existing class"
    );
    advise(text, None, "the class seems to be one of volumes that are created by hand, so another would not lead to the data that is meant")
}

/// The class that the StatefulSet's own template of this claim asks for.
fn template_class<'a>(facts: &Facts<'a>, set: &ObjectRef, claim: &str) -> Option<&'a str> {
    let templates = facts.find::<StatefulSet>(set)?.spec.volume_claim_templates.iter().flatten();
    let begins = |name: &str| claim.strip_prefix(name).is_some_and(|rest| rest.starts_with(&format!("-{}-", set.name)));
    let template = templates.into_iter().find(|t| t.metadata.name.as_deref().is_some_and(begins))?;
    template.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).or_else(|| classes::default_class(facts).map(classes::name))
}

/// The claim is deleted, and created again with another class.
fn replace(facts: &Facts<'_>, claim: &PersistentVolumeClaim, class: &StorageClass, because: &str, users: &[&Stuck<'_>]) -> Remedy {
    let object = claim.reference();
    if let Some(set) = facts.claims().replica_of(claim).filter(|set| template_class(facts, set, &object.name) == Some(classes::name(class)))
    {
        let text = format!("delete the PersistentVolumeClaim `{}`: {} creates it again from its template", object.name, set.in_words());
        let why = format!(
            "the claim was never bound, so no data is lost, and the volumeClaimTemplate asks for the StorageClass `{}` already",
            classes::name(class)
        );
        return advise(text, None, &why);
    }
    let waits_for_nobody = users.is_empty() && classes::waits_for_consumer(class);
    let bound = (!waits_for_nobody).then(|| Check::ClaimBound(object.clone()));
    let why = format!("the class of a claim cannot be changed; `{}` was never bound, so no data is lost", object.name);
    let mut remedy = propose([Action::DeleteUnboundClaim { claim: object.clone() }], &why, Risk::Medium, bound);
    let why = format!(
        "the same claim with the StorageClass `{}`: {because}; the reclaim policy of its volumes is {}; size, access modes and labels stay as they were",
        classes::name(class),
        classes::reclaim_policy(class)
    );
    let create = Action::Create { object, manifest: claims::replacement(claim, classes::name(class)) };
    remedy.extend(propose([create], &why, Risk::Medium, users.iter().filter_map(|u| u.check())));
    remedy
}
