//! What is sought by a name, a class or a label, and found by an index: what a selector matches and misses, what leads to Pods, who
//! leads them, namesakes elsewhere, and volumes.

use super::labels::{self, Selector};
use super::needs::Needs;
use super::presence::Presence;
use super::{Facts, Given, pods};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{ListedKind, Resource};
use crate::domain::workload::Workload;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod, Service};
use std::collections::BTreeSet;

/// So many workloads are compared one by one with a selector that misses them; where there are more, only those that something
/// speaks for.
const FEW: usize = 32;

/// The other Pod of the same owner that leads, and its Lease.
pub(crate) fn leader_beside<'a>(facts: &Facts<'a>, pod: &Pod) -> Option<(&'a Lease, &'a Pod)> {
    let own = pod.reference();
    let owner = facts.owners.chain(&own).last()?;
    facts.walk.step();
    facts.leaders.0.get(owner).filter(|(_, leader)| leader.reference() != own).copied()
}

/// A claim of the same name in another namespace than this one's that nobody uses there.
pub(crate) fn elsewhere<'a>(facts: &Facts<'a>, claim: &ObjectRef) -> Presence<&'a PersistentVolumeClaim> {
    let fits = |c: &&PersistentVolumeClaim| {
        let there = c.reference().namespace;
        let free = there.as_ref().is_some_and(|ns| facts.claims.pods(ns.as_str(), &claim.name).is_empty());
        there != claim.namespace && free && c.metadata.deletion_timestamp.is_none()
    };
    let named = facts.namesakes.claims.get(claim.name.as_str()).into_iter().flatten().copied();
    match facts.walk(named).find(fits) {
        Some(one) => Presence::There(one),
        None if facts.snapshot.elsewhere.is_complete() => Presence::Absent,
        // Where everything was asked for, the list of claims holds every namespace.
        None if *facts.scope() == Scope::All => facts.none(&Kind::PersistentVolumeClaim),
        None => Presence::Unread,
    }
}

/// Another namespace that has a Service of this name.
pub(crate) fn service_elsewhere<'a>(facts: &Facts<'a>, name: &str, here: &Namespace) -> Option<&'a str> {
    let named = facts.namesakes.services.get(name).into_iter().flatten().copied();
    facts.walk(named).find(|namespace| *namespace != here.as_str())
}

/// A volume of this class.
pub(crate) fn volume_of<'a>(facts: &Facts<'a>, class: &str) -> Presence<&'a PersistentVolume> {
    let first = facts.volumes.by_class.get(class).and_then(|all| all.first());
    first.map_or_else(|| facts.none(&Kind::PersistentVolume), |volume| Presence::There(*volume))
}

/// A volume that names this claim, whether it exists or not: one that it was bound to, or that is reserved for it.
pub(crate) fn volume_for<'a>(facts: &Facts<'a>, claim: &ObjectRef) -> Presence<&'a PersistentVolume> {
    let namespace = claim.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
    let named = facts.volumes.by_claim.get(&(namespace, claim.name.as_str()));
    let going = |v: &&PersistentVolume| v.metadata.deletion_timestamp.is_some();
    facts.walk(named.into_iter().flatten().copied()).min_by_key(going).map_or_else(|| facts.none(&Kind::PersistentVolume), Presence::There)
}

/// The volumes of this class that a claim could still take; the empty class is that of volumes without one.
pub(crate) fn free_volumes_of<'a>(facts: &Facts<'a>, class: &str) -> impl Iterator<Item = &'a PersistentVolume> {
    facts.walk(facts.volumes.free.get(class).into_iter().flatten().copied())
}

/// One of them.
pub(crate) fn free_volume_of<'a>(facts: &Facts<'a>, class: &str) -> Presence<&'a PersistentVolume> {
    free_volumes_of(facts, class).next().map_or_else(|| facts.none(&Kind::PersistentVolume), Presence::There)
}

/// Whether a claim of this class is bound.
pub(crate) fn is_bound_somewhere(facts: &Facts<'_>, class: &str) -> bool {
    facts.volumes.bound.contains(class)
}

/// The Pods in a namespace that a selector matches.
pub(crate) fn pods_selected<'a>(facts: &Facts<'a>, namespace: &str, selector: &Selector) -> impl Iterator<Item = &'a Pod> {
    let candidates = facts.pods_by_label.candidates(namespace, selector);
    facts.walk(candidates.iter().copied()).filter(|p| labels::matches(selector, p.metadata.labels.as_ref()))
}

/// The first live Pod of any other namespace that was read that a selector matches.
pub(crate) fn pod_selected_elsewhere<'a>(facts: &Facts<'a>, here: &str, selector: &Selector) -> Option<&'a Pod> {
    let others = facts.walk(facts.in_namespace.keys().copied().filter(|namespace| *namespace != here));
    let found = others.filter_map(|namespace| pods_selected(facts, namespace, selector).find(|pod| pods::is_live(pod)));
    found.min_by_key(|pod| (pod.metadata.namespace.as_deref(), pod.metadata.name.as_deref()))
}

/// The values that Pods of a namespace have of a label.
pub(crate) fn values_of<'a>(facts: &Facts<'a>, namespace: &str, key: &str) -> impl Iterator<Item = &'a str> {
    facts.walk(facts.pods_by_label.values(namespace, key))
}

/// How many Pods of a namespace carry all of these labels; all of them where none is named.
pub(crate) fn count_carrying(facts: &Facts<'_>, namespace: &str, wanted: &Selector) -> usize {
    let mut pairs = wanted.iter();
    match (pairs.next(), pairs.next()) {
        (None, _) => facts.in_namespace.get(namespace).and_then(|kinds| kinds.get(&Kind::Pod)).map_or(0, Vec::len),
        (Some((key, value)), None) => facts.pods_by_label.carrying(namespace, key, value).len(),
        (Some(_), Some(_)) => pods_selected(facts, namespace, wanted).count(),
    }
}

/// The workloads in a namespace whose Pods a selector matches.
pub(crate) fn workloads_selected<'f, 'a>(
    facts: &'f Facts<'a>,
    namespace: &str,
    selector: &Selector,
) -> impl Iterator<Item = &'f Workload<'a>> {
    let candidates = facts.workloads_by_label.candidates(namespace, selector);
    facts.walk(candidates.iter().filter_map(|place| facts.workloads.get(*place))).filter(|w| labels::matches(selector, Some(w.pod_labels)))
}

/// Workloads, and ReplicaSets that no Deployment made, whose template a selector matches.
pub(crate) fn templates_selected<'f, 'a>(
    facts: &'f Facts<'a>,
    namespace: &str,
    selector: &Selector,
) -> impl Iterator<Item = &'f Workload<'a>> {
    workloads_selected(facts, namespace, selector).chain(own_sets_selected(facts, namespace, selector))
}

/// The same of the ReplicaSets that no Deployment made.
pub(crate) fn own_sets_selected<'f, 'a>(
    facts: &'f Facts<'a>,
    namespace: &str,
    selector: &Selector,
) -> impl Iterator<Item = &'f Workload<'a>> {
    let candidates = facts.own_sets.by_label.candidates(namespace, selector);
    facts
        .walk(candidates.iter().filter_map(|place| facts.own_sets.all.get(*place)))
        .filter(|w| labels::matches(selector, Some(w.pod_labels)))
}

/// The workloads in a namespace whose Pods a selector misses by just one of its labels, in their order. Where more than a few match
/// all others, only those that `likely` knows for the key: a Service that leads nowhere is not compared with all there is.
pub(crate) fn workloads_missed<'f, 'a>(
    facts: &'f Facts<'a>,
    namespace: &Namespace,
    selector: &Selector,
    likely: impl Fn(&str) -> Vec<&'f Workload<'a>>,
) -> impl Iterator<Item = &'f Workload<'a>> {
    let missed = |w: &&'f Workload<'a>| selector.iter().filter(|(k, v)| w.pod_labels.get(*k) != Some(v)).count() == 1;
    let mut places: BTreeSet<usize> = BTreeSet::new();
    for key in selector.keys() {
        let mut rest = selector.clone();
        rest.remove(key);
        // Without any other label every workload of the namespace may be the one.
        let all = facts.workloads_in_namespace.get(namespace.as_str()).filter(|_| rest.is_empty()).map(Vec::as_slice);
        let candidates = all.unwrap_or_else(|| facts.workloads_by_label.candidates(namespace.as_str(), &rest));
        if candidates.len() <= FEW {
            places.extend(facts.walk(candidates.iter()));
        } else {
            places.extend(facts.walk(likely(key).into_iter()).filter_map(|w| facts.workload_places.get(&w.object)));
        }
    }
    facts.walk(places.into_iter().filter_map(|place| facts.workloads.get(place))).filter(missed)
}

/// The workloads in a namespace of which a live Pod has this key otherwise than the template says: it was given while the Pod ran.
pub(crate) fn workloads_given<'f, 'a>(facts: &'f Facts<'a>, namespace: &Namespace, key: &str) -> Vec<&'f Workload<'a>> {
    let given = facts.given.get_or_init(|| facts.walk.whole(|| find_given(facts)));
    let places = given.get(namespace.as_str()).and_then(|keys| keys.get(key));
    facts.walk(places.into_iter().flatten().filter_map(|place| facts.workloads.get(*place))).collect()
}

fn find_given(facts: &Facts<'_>) -> Given {
    let mut given = Given::new();
    for (place, workload) in facts.workloads.iter().enumerate() {
        for pod in facts.pods_of(&workload.object).filter(|p| !pods::has_ended(p)) {
            let Some(namespace) = pod.metadata.namespace.as_deref() else { continue };
            let own = pod.metadata.labels.iter().flatten().filter(|(key, value)| workload.pod_labels.get(*key) != Some(value));
            for (key, _) in own {
                given.entry(namespace.to_owned()).or_default().entry(key.clone()).or_default().insert(place);
            }
        }
    }
    given
}

/// The workloads in a namespace whose Pods carry a value of the selector, under whatever key: of its rarest value.
pub(crate) fn workloads_valued<'f, 'a>(
    facts: &'f Facts<'a>,
    namespace: &Namespace,
    selector: &Selector,
) -> impl Iterator<Item = &'f Workload<'a>> {
    let rarest = selector
        .values()
        .map(|value| facts.workloads_by_value.get(&(namespace.as_str(), value.as_str())).map(Vec::as_slice).unwrap_or_default())
        .min_by_key(|places| places.len());
    // One workload may carry the value under two keys.
    let places: BTreeSet<usize> = facts.walk(rarest.unwrap_or_default().iter().copied()).collect();
    facts.walk(places.into_iter().filter_map(|place| facts.workloads.get(place)))
}

/// A Service of the namespace whose selector has the key with another value.
pub(crate) fn service_with_another<'a>(facts: &Facts<'a>, namespace: &Namespace, key: &str, value: &str) -> Option<&'a Service> {
    let known = facts.services_by_key.get(&(namespace.as_str(), key)).into_iter().flatten().copied();
    facts.walk(known).find(|s| labels::any_selector(s).and_then(|wanted| wanted.get(key)).is_some_and(|v| v != value))
}

/// Whether any Service leads to Pods of these labels.
pub(crate) fn is_served(facts: &Facts<'_>, namespace: &str, labels: &Selector) -> bool {
    services_of(facts, namespace, labels).next().is_some()
}

/// The Services in a namespace that lead to Pods of these labels.
pub(crate) fn services_of<'a>(facts: &Facts<'a>, namespace: &str, labels: &Selector) -> impl Iterator<Item = &'a Service> {
    let services = labels.iter().flat_map(|(key, value)| facts.services_by_label.carrying(namespace, key, value));
    facts.walk(services.copied()).filter(|s| labels::any_selector(s).is_some_and(|wanted| labels::matches(wanted, Some(labels))))
}

/// ReplicaSets that no Deployment made which was read.
pub(crate) fn own_sets<'f, 'a>(facts: &'f Facts<'a>) -> impl Iterator<Item = &'f Workload<'a>> {
    facts.walk(facts.own_sets.all.iter())
}

/// A workload, or one of these.
pub(crate) fn with_template<'f, 'a>(facts: &'f Facts<'a>, object: &ObjectRef) -> Option<&'f Workload<'a>> {
    facts.workload(object).or_else(|| facts.own_sets.all.get(*facts.own_sets.places.get(object)?))
}

/// What is needed by its name, as it is found when somebody first asks.
fn needs<'f>(facts: &'f Facts<'_>) -> &'f Needs {
    let find = || Needs::of(facts.snapshot, &facts.workloads, &facts.stuck, &facts.walk);
    facts.needs.get_or_init(|| facts.walk.whole(find))
}

/// A ready Pod that needs this object: it was there when that Pod started.
pub(crate) fn runs_with<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a Pod> {
    Pod::listing(facts.snapshot).get(*needs(facts).ready.get(object)?)
}

/// A ready Pod that takes this key of it.
pub(crate) fn runs_with_key<'a>(facts: &Facts<'a>, object: &ObjectRef, key: &str) -> Option<&'a Pod> {
    Pod::listing(facts.snapshot).get(*needs(facts).keys.get(object)?.get(key)?)
}

/// A workload besides these whose template asks for the object, and that does not wait itself.
pub(crate) fn asked_by_another<'f, 'a>(facts: &'f Facts<'a>, object: &ObjectRef, besides: &[&ObjectRef]) -> Option<&'f Workload<'a>> {
    let places = needs(facts).asked.get(object).map(Vec::as_slice).unwrap_or_default();
    let mut asking = facts.walk(places.iter()).filter_map(|place| facts.workloads.get(*place));
    asking.find(|workload| !besides.contains(&&workload.object))
}

/// Whether another workload, in any namespace that was read, asks for a node with this label.
pub(crate) fn is_asked_by_another(facts: &Facts<'_>, object: &ObjectRef, key: &str, value: &str) -> bool {
    let places = facts.workloads_by_wish.get(&(key, value)).map(Vec::as_slice).unwrap_or_default();
    let mut others = facts.walk(places.iter().filter_map(|place| facts.workloads.get(*place)));
    // What waits for such a node itself proves nothing for it.
    let waits = |of: &ObjectRef| {
        let mut live = facts.pods_of(of).filter(|pod| !pods::has_ended(pod)).peekable();
        live.peek().is_some() && live.all(|pod| !pods::has_node(pod))
    };
    others.any(|workload| workload.object != *object && !waits(&workload.object))
}
