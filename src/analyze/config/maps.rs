//! ConfigMaps that could be meant by the name of one that does not exist.

use super::super::meant::{LISTED, Meant};
use super::super::names::{is_slip, related};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::ConfigMap;

/// ConfigMaps that the cluster or its add-ons put into every namespace: nobody means these.
const GENERATED: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// ConfigMaps of a namespace that somebody put there.
pub(super) fn candidates<'a>(facts: &Facts<'a>, namespace: &Namespace) -> impl Iterator<Item = &'a ConfigMap> {
    let created = |c: &&ConfigMap| !GENERATED.contains(&c.metadata.name.as_deref().unwrap_or_default());
    facts.all_in::<ConfigMap>(namespace).filter(|c| c.metadata.deletion_timestamp.is_none()).filter(created)
}

/// The ConfigMap of a similar name that holds every key; where there is not just one, all that hold them.
pub(super) fn meant<'a>(facts: &Facts<'a>, namespace: &Namespace, name: &str, keys: &[&str]) -> Meant<'a, ConfigMap> {
    if !facts.is_whole(&Kind::ConfigMap) {
        return Meant::Unread;
    }
    let is_similar = |c: &&ConfigMap| c.metadata.name.as_deref().is_some_and(|n| related(n, name) || is_slip(n, name));
    let fits = candidates(facts, namespace).filter(|c| keys.iter().all(|k| holds(c, k)));
    let (similar, others): (Vec<_>, Vec<_>) = fits.partition(is_similar);
    match similar.as_slice() {
        [one] => Meant::One(*one),
        [] if keys.is_empty() || others.is_empty() => Meant::Nothing,
        _ if keys.is_empty() => Meant::OneOf(similar),
        _ => Meant::OneOf(similar.into_iter().take(LISTED).chain(others).collect()),
    }
}

/// Whether it holds the key.
pub(super) fn holds(map: &ConfigMap, key: &str) -> bool {
    map.data.as_ref().is_some_and(|d| d.contains_key(key)) || map.binary_data.as_ref().is_some_and(|d| d.contains_key(key))
}
