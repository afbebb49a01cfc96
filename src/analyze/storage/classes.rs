//! Which StorageClass a new claim gets, and what happens to its data when it goes.

use super::super::meant::{LISTED, Meant};
use super::super::names::{Naming, Of};
use super::super::quote::listed;
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

/// Whether the class provisions volumes by itself; one without a provisioner only waits for volumes that somebody creates.
pub(crate) fn makes_volumes(class: &StorageClass) -> bool {
    class.provisioner != "kubernetes.io/no-provisioner"
}

/// Classes that provision volumes by themselves.
pub(crate) fn provisioning<'a>(facts: &Facts<'a>) -> Vec<&'a StorageClass> {
    facts.all::<StorageClass>().filter(|c| makes_volumes(c)).collect()
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

/// The volume's name.
pub(crate) fn volume_name(volume: &PersistentVolume) -> &str {
    volume.metadata.name.as_deref().unwrap_or_default()
}

/// The volume's size.
pub(crate) fn size(volume: &PersistentVolume) -> &str {
    volume.spec.as_ref().and_then(|s| s.capacity.as_ref()).and_then(|c| c.get("storage")).map_or("no size", |q| q.0.as_str())
}

/// Its name, size and the nodes that it is bound to.
pub(crate) fn described(volume: &PersistentVolume) -> String {
    let spec = volume.spec.as_ref();
    let size = size(volume);
    let terms = spec.and_then(|s| s.node_affinity.as_ref()).and_then(|a| a.required.as_ref()).map(|r| r.node_selector_terms.as_slice());
    let values = terms.into_iter().flatten().flat_map(|t| t.match_expressions.iter().flatten()).flat_map(|e| e.values.iter().flatten());
    let nodes: Vec<&str> = values.map(String::as_str).take(LISTED).collect();
    let on = if nodes.is_empty() { String::new() } else { format!(" on {}", listed(&nodes)) };
    format!("`{}` of {size}{on}", volume_name(volume))
}

/// Which class to use instead, and why that one. One whose name is alike is meant before the default; one that makes no volumes, or that
/// is for something else, was hardly meant, and where it is as close nothing tells which was.
pub(crate) fn instead_of<'a>(facts: &Facts<'a>, wrong: &str) -> (Meant<'a, StorageClass>, &'static str) {
    if !are_known(facts) {
        return (Meant::Unread, "");
    }
    let (all, naming) = (provisioning(facts), Naming::of(Of::Class));
    let alike = all.iter().filter_map(|class| Some((naming.alike(wrong, name(class))?, *class)));
    let is_close =
        |class: &&StorageClass| naming.is_beside(wrong, name(class)) || (!makes_volumes(class) && naming.is_as_close(wrong, name(class)));
    let default = default_class(facts).filter(|class| makes_volumes(class));
    let is_default = |class: &StorageClass| default.is_some_and(|default| name(default) == name(class));
    match (Meant::among(alike, facts.all::<StorageClass>().filter(is_close)), default, all.as_slice()) {
        (Meant::One(one), _, _) => (Meant::One(one), "the requested name is a typo of it"),
        (Meant::OneOf(several), Some(class), _) if several.iter().all(|one| is_default(one)) => {
            (Meant::One(class), "it is the cluster's default")
        }
        (Meant::OneOf(several), _, _) => (Meant::OneOf(several), ""),
        (_, Some(class), _) => (Meant::One(class), "it is the cluster's default"),
        (_, None, [one]) => (Meant::One(*one), "it is the only one that provisions volumes"),
        (_, None, []) => (Meant::Nothing, ""),
        (_, None, _) => (Meant::OneOf(all), ""),
    }
}
