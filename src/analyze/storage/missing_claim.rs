//! Claims that Pods wait for and that do not exist, and what was meant by them: a new claim, or an existing one.
//! Shared by `pvc-missing` and `pvc-claim-name-typo`, which divide these cases between them.

use super::super::names;
use super::super::seen::{self, QUOTED_PODS};
use super::classes;
use crate::domain::check::Check;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{CausalLink, Symptom};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, PodSpec};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A claim that is not there.
#[derive(Debug)]
pub(super) struct MissingClaim<'a> {
    pub claim: ObjectRef,
    pub namespace: Namespace,
    /// Who waits for it.
    pub users: Vec<Stuck<'a>>,
    /// All claims were read: it is not there. Otherwise the scheduler or the kubelet says so.
    pub listed: bool,
    pub meaning: Meaning<'a>,
}

/// What was meant by the name.
#[derive(Debug)]
pub(super) enum Meaning<'a> {
    /// No existing claim can be meant: none is unused.
    New,
    /// Exactly one unused claim has a related name.
    Existing(&'a PersistentVolumeClaim),
    /// Several unused claims have a related name.
    OneOf(Vec<&'a PersistentVolumeClaim>),
    /// There are unused claims, of other names.
    Unsure(Vec<&'a PersistentVolumeClaim>),
    /// The claims could not be read.
    Unknown,
}

/// The claims that a Pod spec names, with the volumes that do.
pub(super) fn references(spec: &PodSpec) -> impl Iterator<Item = (&str, &str)> {
    spec.volumes.iter().flatten().filter_map(|v| v.persistent_volume_claim.as_ref().map(|c| (v.name.as_str(), c.claim_name.as_str())))
}

/// Every missing claim, in the order of its name.
pub(super) fn find<'a>(facts: &Facts<'a>) -> Vec<MissingClaim<'a>> {
    let listed = facts.is_whole(&Kind::PersistentVolumeClaim);
    let mut missing: BTreeMap<ObjectRef, Vec<Stuck<'a>>> = BTreeMap::new();
    for stuck in facts.stuck() {
        let Some(namespace) = stuck.namespace() else { continue };
        let wanted: BTreeSet<&str> = pods::claims(stuck.spec).filter(|c| seen::is_plain(c)).collect();
        for name in wanted {
            let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, namespace, name);
            if facts.has(&claim) {
                continue;
            }
            // Only Pods of the present template count: one of an older template is about to go.
            let waits = |p: &&Pod| pods::is_pending(p) && p.spec.as_ref().is_some_and(|s| pods::claims(s).any(|c| c == name));
            let told = |p: &&Pod| listed || says_missing(facts, p, name).is_some();
            let pods: Vec<&Pod> = stuck.pods.iter().copied().filter(waits).filter(told).collect();
            if !pods.is_empty() {
                missing.entry(claim).or_default().push(Stuck { pods, ..stuck.clone() });
            }
        }
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let loose = loose(facts);
    let names: Vec<ObjectRef> = missing.keys().cloned().collect();
    missing
        .into_iter()
        .filter_map(|(claim, users)| {
            let namespace = claim.namespace.clone()?;
            let seekers: Vec<&ObjectRef> = users.iter().map(|s| &s.object).collect();
            let here = loose.get(namespace.as_str()).into_iter().flatten().copied();
            let free: Vec<&PersistentVolumeClaim> =
                facts.walk(here).filter(|c| facts.claims().is_free_but_for(facts.owners(), &c.reference(), &seekers)).collect();
            let meaning = if listed { meaning(facts, &claim, free, &names) } else { Meaning::Unknown };
            Some(MissingClaim { claim, namespace, users, listed, meaning })
        })
        .collect()
}

fn meaning<'a>(facts: &Facts<'a>, claim: &ObjectRef, unused: Vec<&'a PersistentVolumeClaim>, missing: &[ObjectRef]) -> Meaning<'a> {
    let name_of = |c: &PersistentVolumeClaim| c.metadata.name.clone().unwrap_or_default();
    let related: Vec<&PersistentVolumeClaim> = unused.iter().copied().filter(|c| names::related(&claim.name, &name_of(c))).collect();
    match related.as_slice() {
        [] if unused.is_empty() => Meaning::New,
        [] => Meaning::Unsure(unused),
        [one] => {
            // Two missing names that could both mean the one claim: no rule can tell which.
            let wanted = |m: &&ObjectRef| m.namespace == claim.namespace && names::related(&m.name, &name_of(one));
            let rivals = missing.iter().filter(wanted).count();
            if facts.uses_are_known() && rivals == 1 && is_usable(facts, one) { Meaning::Existing(one) } else { Meaning::OneOf(related) }
        }
        _ => Meaning::OneOf(related),
    }
}

/// A Pod can use it: bound, or waiting for exactly such a Pod with a class that exists.
fn is_usable(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> bool {
    let class = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).filter(|c| !c.is_empty());
    let exists = |name: &str| facts.has(&ObjectRef::cluster(Kind::StorageClass, name));
    match claim.status.as_ref().and_then(|s| s.phase.as_deref()) {
        Some("Bound") => true,
        None | Some("Pending") => !classes::are_known(facts) || class.is_none_or(exists),
        Some(_) => false,
    }
}

/// Claims that no other object owns, that nobody deletes, and that no StatefulSet keeps for a replica of its own, by namespace.
fn loose<'a>(facts: &Facts<'a>) -> HashMap<&'a str, Vec<&'a PersistentVolumeClaim>> {
    let mut loose: HashMap<&str, Vec<&PersistentVolumeClaim>> = HashMap::new();
    let claims = facts
        .all::<PersistentVolumeClaim>()
        .filter(|c| c.metadata.deletion_timestamp.is_none() && c.metadata.owner_references.as_ref().is_none_or(Vec::is_empty))
        .filter(|c| facts.claims().replica_of(c).is_none());
    for claim in claims {
        loose.entry(claim.metadata.namespace.as_deref().unwrap_or_default()).or_default().push(claim);
    }
    loose
}

/// Where the cluster itself says that the claim is missing: the Pod's condition, or an event of the scheduler or the kubelet.
fn says_missing(facts: &Facts<'_>, pod: &Pod, claim: &str) -> Option<Evidence> {
    let quoted = format!("\"{claim}\"");
    let names_it =
        |text: &str| text.to_ascii_lowercase().contains("persistentvolumeclaim") && text.contains(&quoted) && text.contains("not found");
    if let Some(event) = facts.newest_event(pod, |e| e.message.as_deref().is_some_and(names_it)) {
        return Some(seen::event(facts, event, &pod.reference()));
    }
    let message = pods::unschedulable(pod).filter(|m| names_it(m))?;
    Some(seen::field(facts, &pod.reference(), seen::scheduled_message(), message))
}

impl MissingClaim<'_> {
    /// The fields that name the claim, by the object that holds them.
    pub(super) fn fields<'b>(&'b self, aim: &'b Stuck<'_>) -> Vec<FieldPath> {
        let named = references(aim.spec).filter(|(_, claim)| *claim == self.claim.name);
        named
            .map(|(volume, _)| aim.spec_path.clone().then("volumes").element("name", volume).then("persistentVolumeClaim.claimName"))
            .collect()
    }

    /// What was seen: the cluster's own words first.
    pub(super) fn evidence(&self, facts: &Facts<'_>) -> Vec<Evidence> {
        let pods = || self.users.iter().flat_map(|a| a.pods.iter().copied());
        let mut all: Vec<Evidence> = pods().filter_map(|p| says_missing(facts, p, &self.claim.name)).take(QUOTED_PODS).collect();
        for aim in &self.users {
            for path in self.fields(aim).iter().take(1) {
                all.push(seen::field(facts, &aim.object, path.clone(), &self.claim.name));
            }
        }
        if self.listed {
            let others: Vec<String> =
                facts.all_in::<PersistentVolumeClaim>(&self.namespace).take(10).filter_map(|c| c.metadata.name.clone()).collect();
            let seen_instead = if others.is_empty() { "no claim at all".to_owned() } else { seen::listed(&others) };
            all.push(seen::object(facts, &self.claim, &format!("not there: `{}` holds {seen_instead}", self.namespace)));
        }
        all
    }

    /// From the missing claim to the Pods.
    pub(super) fn chain(&self, facts: &Facts<'_>) -> Vec<CausalLink> {
        let mut links: Vec<CausalLink> = Vec::new();
        for aim in &self.users {
            let Some(pod) = aim.pods.first().map(|p| p.reference()) else { continue };
            if pod != aim.object {
                links.push(CausalLink { from: aim.object.clone(), relation: "references", to: self.claim.clone() });
            }
            links.extend(facts.owners().links(&pod));
            links.push(CausalLink { from: pod, relation: "mounts", to: self.claim.clone() });
        }
        links
    }

    /// The Pods that wait.
    pub(super) fn symptoms(&self) -> Vec<Symptom> {
        let pods = self.users.iter().flat_map(|a| a.pods.iter());
        pods.map(|p| Symptom { object: p.reference(), summary: format!("Pending: waits for the claim `{}`", self.claim.name) }).collect()
    }

    /// What must hold of those who wait.
    pub(super) fn checks(&self) -> Vec<Check> {
        self.users.iter().filter_map(Stuck::check).collect()
    }

    /// `Deployment `web``, or several of them.
    pub(super) fn who(&self) -> String {
        let names: Vec<String> = self.users.iter().map(|a| format!("{} `{}`", a.object.kind, a.object.name)).collect();
        names.join(" and ")
    }
}
