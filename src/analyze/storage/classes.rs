//! Which StorageClass a new claim gets, and what happens to its data when it goes.

use super::super::meant::Meant;
use super::super::names::is_slip;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::PersistentVolume;
use k8s_openapi::api::storage::v1::StorageClass;

const DEFAULT_MARKS: [&str; 2] = ["storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"];

/// The class of a claim that names none. Of several defaults the API server takes the newest, so that is the answer here too.
pub(crate) fn default_class<'a>(facts: &Facts<'a>) -> Option<&'a StorageClass> {
    let marked = |c: &&StorageClass| {
        let annotations = c.metadata.annotations.as_ref();
        annotations.is_some_and(|a| DEFAULT_MARKS.iter().any(|m| a.get(*m).is_some_and(|v| v == "true")))
    };
    let by_age = |c: &&StorageClass| (c.metadata.creation_timestamp.as_ref().map(|t| t.0), std::cmp::Reverse(c.metadata.name.clone()));
    facts.all::<StorageClass>().filter(marked).max_by_key(by_age)
}

/// Classes that provision volumes by themselves; one without a provisioner only waits for volumes that somebody creates.
pub(crate) fn provisioning<'a>(facts: &Facts<'a>) -> Vec<&'a StorageClass> {
    facts.all::<StorageClass>().filter(|c| c.provisioner != "kubernetes.io/no-provisioner").collect()
}

/// Whether the classes are all known.
pub(crate) fn are_known(facts: &Facts<'_>) -> bool {
    facts.is_whole(&Kind::StorageClass)
}

/// `Delete` or `Retain`: what happens to the volume when the claim is deleted. `Delete` unless the class says otherwise.
pub(crate) fn reclaim_policy(class: &StorageClass) -> &str {
    class.reclaim_policy.as_deref().unwrap_or("Delete")
}

/// The class's name.
pub(crate) fn name(class: &StorageClass) -> &str {
    class.meta().name.as_deref().unwrap_or_default()
}

/// Whether volumes of the class wait for a Pod that uses the claim.
pub(crate) fn waits_for_consumer(class: &StorageClass) -> bool {
    class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// A class name without a class object is a legitimate way to pair claims with volumes created by hand.
pub(crate) fn pairs_by_hand(facts: &Facts<'_>, class: &str) -> bool {
    facts.all::<PersistentVolume>().any(|v| v.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()) == Some(class))
}

/// Which class to use instead, and why that one.
pub(crate) fn instead_of<'a>(facts: &Facts<'a>, wrong: &str) -> (Meant<'a, StorageClass>, &'static str) {
    if !are_known(facts) {
        return (Meant::Unread, "");
    }
    let all = provisioning(facts);
    let slips: Vec<&StorageClass> = all.iter().copied().filter(|c| is_slip(name(c), wrong)).collect();
    match (slips.as_slice(), default_class(facts), all.as_slice()) {
        ([one], _, _) => (Meant::One(*one), "the requested name is a typo of it"),
        (_, Some(class), _) => (Meant::One(class), "it is the cluster's default"),
        (_, None, [one]) => (Meant::One(*one), "it is the only one that provisions volumes"),
        (_, None, []) => (Meant::Nothing, ""),
        (_, None, _) => (Meant::OneOf(all), ""),
    }
}
