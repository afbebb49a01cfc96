//! The objects that proposals would change, found in one pass over a snapshot: with thousands of causes, a search for each would
//! cost more than all rules together.

use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::controller_of;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::{BTreeMap, BTreeSet};

const ON_DELETE: &str = "its update strategy is OnDelete, so a Pod keeps its old template until it is deleted";
const ORDERED: &str = "a StatefulSet with podManagementPolicy OrderedReady does not replace a Pod that never became ready";

/// An object that somebody wants to change, and what decides whether a change of it helps.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) meta: &'a ObjectMeta,
    /// Its rollout is paused.
    pub(crate) paused: bool,
    /// Why its Pods keep their old template, if they do.
    pub(crate) pods_stay: Option<&'static str>,
    /// A claim that never had a volume.
    pub(crate) unbound: bool,
    /// The StatefulSet whose template creates it.
    pub(crate) set: Option<ObjectRef>,
}

/// Everything that is wanted of one snapshot.
#[derive(Debug)]
pub(crate) struct Targets<'a> {
    found: BTreeMap<ObjectRef, Target<'a>>,
    /// Pods by the object that controls them, where that object is wanted.
    pods: BTreeMap<ObjectRef, BTreeSet<String>>,
}

impl<'a> Targets<'a> {
    pub(crate) fn of(snapshot: &'a Snapshot, wanted: &BTreeSet<ObjectRef>) -> Self {
        let mut found = BTreeMap::new();
        let mut add = |object: ObjectRef, meta: &'a ObjectMeta, change: &dyn Fn(&mut Target<'a>)| {
            if wanted.contains(&object) {
                let mut target = Target { meta, paused: false, pods_stay: None, unbound: false, set: None };
                change(&mut target);
                found.insert(object, target);
            }
        };
        for d in &snapshot.deployments {
            add(d.reference(), d.meta(), &|t| t.paused = d.spec.paused.unwrap_or(false));
        }
        for s in &snapshot.stateful_sets {
            add(s.reference(), s.meta(), &|t| t.pods_stay = pods_of_set_stay(s));
        }
        for d in &snapshot.daemon_sets {
            let strategy = d.spec.update_strategy.as_ref().and_then(|u| u.type_.as_deref());
            add(d.reference(), d.meta(), &|t| t.pods_stay = (strategy == Some("OnDelete")).then_some(ON_DELETE));
        }
        for s in &snapshot.services {
            add(s.reference(), s.meta(), &|_| ());
        }
        let sets = claim_prefixes(snapshot);
        for c in &snapshot.claims {
            let pending = c.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Pending");
            let volume = c.spec.as_ref().and_then(|s| s.volume_name.as_deref()).unwrap_or_default();
            add(c.reference(), c.meta(), &|t| {
                t.unbound = pending && volume.is_empty();
                t.set = set_of_claim(&sets, c.meta());
            });
        }
        for p in &snapshot.pods {
            add(p.reference(), p.meta(), &|_| ());
        }
        let mut pods: BTreeMap<ObjectRef, BTreeSet<String>> = BTreeMap::new();
        for pod in &snapshot.pods {
            if let (Some(owner), Some(name)) = (controller_of(pod.meta()).filter(|o| wanted.contains(o)), &pod.metadata.name) {
                pods.entry(owner).or_default().insert(name.clone());
            }
        }
        Self { found, pods }
    }

    pub(crate) fn get(&self, object: &ObjectRef) -> Option<&Target<'a>> {
        self.found.get(object)
    }

    /// Whether the object controls a Pod of that name.
    pub(crate) fn controls(&self, object: &ObjectRef, pod: &ObjectRef) -> bool {
        object.namespace == pod.namespace && self.pods.get(object).is_some_and(|pods| pods.contains(&pod.name))
    }
}

fn pods_of_set_stay(set: &StatefulSet) -> Option<&'static str> {
    let strategy = set.spec.update_strategy.as_ref().and_then(|u| u.type_.as_deref());
    if strategy == Some("OnDelete") {
        return Some(ON_DELETE);
    }
    (set.spec.pod_management_policy.as_deref() != Some("Parallel")).then_some(ORDERED)
}

/// The names that StatefulSets give to their claims, without the ordinal: `TEMPLATE-SET-`, by namespace.
fn claim_prefixes(snapshot: &Snapshot) -> BTreeMap<(Option<&str>, String), ObjectRef> {
    let mut prefixes = BTreeMap::new();
    for set in &snapshot.stateful_sets {
        for template in set.spec.volume_claim_templates.iter().flatten() {
            let part = |meta: &ObjectMeta| meta.name.clone().unwrap_or_default();
            let prefix = format!("{}-{}-", part(&template.metadata), part(&set.metadata));
            prefixes.insert((set.metadata.namespace.as_deref(), prefix), set.reference());
        }
    }
    prefixes
}

fn set_of_claim(sets: &BTreeMap<(Option<&str>, String), ObjectRef>, claim: &ObjectMeta) -> Option<ObjectRef> {
    let name = claim.name.as_deref()?;
    let prefix = name.trim_end_matches(|c: char| c.is_ascii_digit());
    (prefix.len() < name.len()).then(|| sets.get(&(claim.namespace.as_deref(), prefix.to_owned())).cloned()).flatten()
}
