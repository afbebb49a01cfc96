//! Claims that Pods wait for and that do not exist, and what was meant by them: a new claim, or an existing one.
//! Shared by `pvc-missing` and `pvc-claim-name-typo`, which divide these cases between them.

use super::super::aim::{Aim, Owners, stuck};
use super::super::seen::{self, QUOTED_PODS};
use super::super::{names, settled};
use super::classes;
use crate::domain::check::Check;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{CausalLink, Symptom};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, PodSpec};
use std::collections::{BTreeMap, BTreeSet};

/// A claim that is not there.
#[derive(Debug)]
pub(super) struct MissingClaim<'a> {
    pub claim: ObjectRef,
    pub namespace: Namespace,
    /// Who waits for it.
    pub users: Vec<Aim<'a>>,
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
pub(super) fn find(snapshot: &Snapshot) -> Vec<MissingClaim<'_>> {
    let listed = snapshot.is_complete(&Kind::PersistentVolumeClaim);
    let existing: BTreeSet<ObjectRef> = snapshot.claims.iter().map(Resource::reference).collect();
    let mut missing: BTreeMap<ObjectRef, Vec<Aim<'_>>> = BTreeMap::new();
    for aim in stuck(snapshot) {
        let Some(namespace) = aim.namespace().cloned() else { continue };
        let wanted: BTreeSet<&str> = references(aim.spec).map(|(_, claim)| claim).filter(|c| seen::is_plain(c)).collect();
        for name in wanted {
            let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace, name);
            // Only Pods of the present template count: one of an older template is about to go.
            let waits = |p: &&Pod| is_pending(p) && p.spec.as_ref().is_some_and(|s| references(s).any(|(_, c)| c == name));
            let told = |p: &&Pod| listed || says_missing(snapshot, p, name).is_some();
            let pods: Vec<&Pod> = aim.pods.iter().copied().filter(waits).filter(told).collect();
            if !existing.contains(&claim) && !pods.is_empty() {
                missing.entry(claim).or_default().push(Aim { pods, ..aim.clone() });
            }
        }
    }
    let (loose, uses) = (loose(snapshot), Users::of(snapshot));
    let names: Vec<ObjectRef> = missing.keys().cloned().collect();
    missing
        .into_iter()
        .filter_map(|(claim, users)| {
            let namespace = claim.namespace.clone()?;
            let free = |c: &&PersistentVolumeClaim| seen::is_in(*c, &namespace) && uses.is_free(&c.reference(), &users);
            let here: Vec<&PersistentVolumeClaim> = loose.iter().copied().filter(free).collect();
            let meaning = if listed { meaning(snapshot, &claim, here, &names, uses_are_known(snapshot)) } else { Meaning::Unknown };
            Some(MissingClaim { claim, namespace, users, listed, meaning })
        })
        .collect()
}

fn meaning<'a>(
    snapshot: &Snapshot,
    claim: &ObjectRef,
    unused: Vec<&'a PersistentVolumeClaim>,
    missing: &[ObjectRef],
    sure: bool,
) -> Meaning<'a> {
    let name_of = |c: &PersistentVolumeClaim| c.metadata.name.clone().unwrap_or_default();
    let related: Vec<&PersistentVolumeClaim> = unused.iter().copied().filter(|c| names::related(&claim.name, &name_of(c))).collect();
    match related.as_slice() {
        [] if unused.is_empty() => Meaning::New,
        [] => Meaning::Unsure(unused),
        [one] => {
            // Two missing names that could both mean the one claim: no rule can tell which.
            let wanted = |m: &&ObjectRef| m.namespace == claim.namespace && names::related(&m.name, &name_of(one));
            let rivals = missing.iter().filter(wanted).count();
            if sure && rivals == 1 && is_usable(snapshot, one) { Meaning::Existing(one) } else { Meaning::OneOf(related) }
        }
        _ => Meaning::OneOf(related),
    }
}

/// A Pod can use it: bound, or waiting for exactly such a Pod with a class that exists.
fn is_usable(snapshot: &Snapshot, claim: &PersistentVolumeClaim) -> bool {
    let class = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()).filter(|c| !c.is_empty());
    let exists = |name: &str| snapshot.storage_classes.iter().any(|c| classes::name(c) == name);
    match claim.status.as_ref().and_then(|s| s.phase.as_deref()) {
        Some("Bound") => true,
        None | Some("Pending") => !classes::are_known(snapshot) || class.is_none_or(exists),
        Some(_) => false,
    }
}

fn is_pending(pod: &Pod) -> bool {
    matches!(pod.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Pending"))
}

/// Everything that can name a claim was read, so that one which nobody names is unused.
fn uses_are_known(snapshot: &Snapshot) -> bool {
    [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job].iter().all(|k| snapshot.is_complete(k))
}

/// Who names which claim.
struct Users {
    /// By a template: it will be used, whether or not a Pod runs.
    templates: BTreeSet<ObjectRef>,
    /// By a Pod: the topmost owners of those Pods.
    pods: BTreeMap<ObjectRef, BTreeSet<ObjectRef>>,
}

impl Users {
    fn of(snapshot: &Snapshot) -> Self {
        let owners = Owners::of(snapshot);
        let named = |namespace: Option<&str>, spec: &PodSpec| -> Vec<ObjectRef> {
            let Some(namespace) = namespace.and_then(|n| Namespace::parse(n).ok()) else { return Vec::new() };
            references(spec).map(|(_, c)| ObjectRef::namespaced(Kind::PersistentVolumeClaim, &namespace, c)).collect()
        };
        let mut users = Self { templates: BTreeSet::new(), pods: BTreeMap::new() };
        for pod in snapshot.pods.iter().filter(|p| !settled::has_ended(p)) {
            let object = pod.reference();
            let owner = owners.chain(&object).pop().unwrap_or(object);
            for claim in pod.spec.iter().flat_map(|s| named(pod.metadata.namespace.as_deref(), s)) {
                users.pods.entry(claim).or_default().insert(owner.clone());
            }
        }
        for workload in snapshot.workloads().iter().filter(|w| w.has_template()) {
            users.templates.extend(named(workload.object.namespace.as_ref().map(Namespace::as_str), workload.pod_spec));
        }
        for job in &snapshot.jobs {
            let spec = job.spec.as_ref().and_then(|s| s.template.spec.as_ref());
            users.templates.extend(spec.into_iter().flat_map(|s| named(job.metadata.namespace.as_deref(), s)));
        }
        users
    }

    /// Nobody but those who look for their claim uses this one. Their own older Pods, from before the name was changed,
    /// are no other users: on the contrary, they show what was meant.
    fn is_free(&self, claim: &ObjectRef, seekers: &[Aim<'_>]) -> bool {
        let own = |owner: &ObjectRef| seekers.iter().any(|a| a.object == *owner);
        !self.templates.contains(claim) && self.pods.get(claim).is_none_or(|owners| owners.iter().all(own))
    }
}

/// Claims that no other object owns, that nobody deletes, and that no StatefulSet keeps for a replica of its own.
fn loose(snapshot: &Snapshot) -> Vec<&PersistentVolumeClaim> {
    snapshot
        .claims
        .iter()
        .filter(|c| c.metadata.deletion_timestamp.is_none() && c.metadata.owner_references.as_ref().is_none_or(Vec::is_empty))
        .filter(|c| replica_of(snapshot, c).is_none())
        .collect()
}

/// The StatefulSet whose volumeClaimTemplate made this claim, known by the name that it gives: `TEMPLATE-SET-ORDINAL`.
pub(super) fn replica_of(snapshot: &Snapshot, claim: &PersistentVolumeClaim) -> Option<ObjectRef> {
    let name = claim.metadata.name.as_deref()?;
    let made_by = |set: &&k8s_openapi::api::apps::v1::StatefulSet| {
        set.metadata.namespace == claim.metadata.namespace
            && set.spec.volume_claim_templates.iter().flatten().any(|t| {
                let prefix =
                    format!("{}-{}-", t.metadata.name.as_deref().unwrap_or_default(), set.metadata.name.as_deref().unwrap_or_default());
                name.strip_prefix(&prefix).is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
            })
    };
    snapshot.stateful_sets.iter().find(made_by).map(Resource::reference)
}

/// Where the cluster itself says that the claim is missing: the Pod's condition, or an event of the scheduler or the kubelet.
fn says_missing(snapshot: &Snapshot, pod: &Pod, claim: &str) -> Option<Evidence> {
    let quoted = format!("\"{claim}\"");
    let names_it =
        |text: &str| text.to_ascii_lowercase().contains("persistentvolumeclaim") && text.contains(&quoted) && text.contains("not found");
    if let Some(event) = seen::newest_event(snapshot, pod, |e| e.message.as_deref().is_some_and(names_it)) {
        return Some(seen::event(snapshot, event, &pod.reference()));
    }
    let (message, _) = seen::unschedulable(pod).filter(|(m, _)| names_it(m))?;
    Some(seen::field(snapshot, &pod.reference(), seen::scheduled_message(), message))
}

impl MissingClaim<'_> {
    /// The fields that name the claim, by the object that holds them.
    pub(super) fn fields<'b>(&'b self, aim: &'b Aim<'_>) -> Vec<FieldPath> {
        let named = references(aim.spec).filter(|(_, claim)| *claim == self.claim.name);
        named
            .map(|(volume, _)| aim.spec_path.clone().then("volumes").element("name", volume).then("persistentVolumeClaim.claimName"))
            .collect()
    }

    /// What was seen: the cluster's own words first.
    pub(super) fn evidence(&self, snapshot: &Snapshot) -> Vec<Evidence> {
        let pods = || self.users.iter().flat_map(|a| a.pods.iter().copied());
        let mut all: Vec<Evidence> = pods().filter_map(|p| says_missing(snapshot, p, &self.claim.name)).take(QUOTED_PODS).collect();
        for aim in &self.users {
            for path in self.fields(aim).iter().take(1) {
                all.push(seen::field(snapshot, &aim.object, path.clone(), &self.claim.name));
            }
        }
        if self.listed {
            let others: Vec<String> = snapshot
                .claims
                .iter()
                .filter(|c| seen::is_in(*c, &self.namespace))
                .take(10)
                .filter_map(|c| c.metadata.name.clone())
                .collect();
            let seen_instead = if others.is_empty() { "no claim at all".to_owned() } else { seen::listed(&others) };
            all.push(seen::object(snapshot, &self.claim, &format!("not there: `{}` holds {seen_instead}", self.namespace)));
        }
        all
    }

    /// From the missing claim to the Pods.
    pub(super) fn chain(&self, owners: &Owners) -> Vec<CausalLink> {
        let mut links: Vec<CausalLink> = Vec::new();
        for aim in &self.users {
            let Some(pod) = aim.pods.first().map(|p| p.reference()) else { continue };
            if pod != aim.object {
                links.push(CausalLink { from: aim.object.clone(), relation: "references", to: self.claim.clone() });
            }
            links.extend(owners.links(&pod));
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
        self.users.iter().filter_map(Aim::check).collect()
    }

    /// `Deployment `web``, or several of them.
    pub(super) fn who(&self) -> String {
        let names: Vec<String> = self.users.iter().map(|a| format!("{} `{}`", a.object.kind, a.object.name)).collect();
        names.join(" and ")
    }
}
