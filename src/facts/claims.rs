//! Who uses which claim, and which claims a StatefulSet keeps for a replica of its own.

use super::owners::Owners;
use super::pods;
use super::walk::Walk;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::Workload;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, PodSpec};
use std::collections::{BTreeSet, HashMap, HashSet};

/// Every kind that can mount a claim and that kubemend reads. Only where all of them were read whole, a claim that nobody of them names is
/// unused, as far as kubemend can know: other controllers may be about to use it.
pub(crate) const USERS: &[Kind] =
    &[Kind::Pod, Kind::ReplicaSet, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job, Kind::CronJob];

/// The uses of claims, by namespace and name.
#[derive(Debug, Default)]
pub(crate) struct ClaimUses<'a> {
    pods: HashMap<&'a str, HashMap<&'a str, Vec<&'a Pod>>>,
    /// Named by a template: it will be used, whether or not a Pod runs.
    templates: HashSet<(&'a str, &'a str)>,
    /// `TEMPLATE-SET-`: what the names of a StatefulSet's own claims begin with, by namespace.
    replicas: HashMap<(&'a str, String), &'a StatefulSet>,
}

impl<'a> ClaimUses<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, (workloads, own_sets): (&[Workload<'a>], &[Workload<'a>]), walk: &Walk<'_>) -> Self {
        let mut uses = Self::default();
        for pod in snapshot.pods.iter().take_while(|_| walk.step()) {
            let Some(namespace) = pod.metadata.namespace.as_deref() else { continue };
            for claim in pod.spec.iter().flat_map(pods::claims) {
                uses.pods.entry(namespace).or_default().entry(claim).or_default().push(pod);
            }
        }
        for workload in workloads.iter().filter(|w| walk.step() && w.has_template()) {
            if let Some(namespace) = workload.meta.namespace.as_deref() {
                uses.templates.extend(pods::claims(workload.pod_spec).map(|claim| (namespace, claim)));
            }
        }
        for job in snapshot.jobs.iter().take_while(|_| walk.step()) {
            uses.template(job.metadata.namespace.as_deref(), job.spec.as_ref().and_then(|s| s.template.spec.as_ref()));
        }
        for cron in snapshot.cron_jobs.iter().take_while(|_| walk.step()) {
            let spec = cron.spec.job_template.spec.as_ref().and_then(|s| s.template.spec.as_ref());
            uses.template(cron.metadata.namespace.as_deref(), spec);
        }
        // Those of a Deployment are its past, which nothing starts by itself. Of another controller, or of one that was not read, nobody
        // knows what it starts next.
        for set in own_sets.iter().take_while(|_| walk.step()) {
            uses.template(set.meta.namespace.as_deref(), Some(set.pod_spec));
        }
        for set in snapshot.stateful_sets.iter().take_while(|_| walk.step()) {
            let (Some(namespace), Some(name)) = (set.metadata.namespace.as_deref(), set.metadata.name.as_deref()) else { continue };
            for template in set.spec.volume_claim_templates.iter().flatten() {
                let begin = format!("{}-{name}-", template.metadata.name.as_deref().unwrap_or_default());
                uses.replicas.entry((namespace, begin)).or_insert(set);
            }
        }
        uses
    }

    fn template(&mut self, namespace: Option<&'a str>, spec: Option<&'a PodSpec>) {
        if let (Some(namespace), Some(spec)) = (namespace, spec) {
            self.templates.extend(pods::claims(spec).map(|claim| (namespace, claim)));
        }
    }

    /// The Pods that mount a claim, those that have ended too.
    pub(crate) fn pods(&self, namespace: &str, claim: &str) -> &[&'a Pod] {
        self.pods.get(namespace).and_then(|claims| claims.get(claim)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a template names the claim.
    pub(crate) fn is_in_template(&self, namespace: &str, claim: &str) -> bool {
        self.templates.contains(&(namespace, claim))
    }

    /// The StatefulSet whose volumeClaimTemplate created this claim, known by the name that it gives: `TEMPLATE-SET-ORDINAL`.
    pub(crate) fn replica_of(&self, claim: &PersistentVolumeClaim) -> Option<ObjectRef> {
        let (namespace, name) = (claim.metadata.namespace.as_deref()?, claim.metadata.name.as_deref()?);
        let begin = name.trim_end_matches(|c: char| c.is_ascii_digit());
        if begin.len() == name.len() || !begin.ends_with('-') {
            return None;
        }
        self.replicas.get(&(namespace, begin.to_owned())).map(|set| set.reference())
    }

    /// The topmost owners of the live Pods that mount the claim. None where a template names it: then it is in use whoever runs.
    pub(crate) fn users(&self, owners: &Owners, claim: &ObjectRef) -> Option<BTreeSet<ObjectRef>> {
        let namespace = claim.namespace.as_ref().map(Namespace::as_str)?;
        let top = |pod: &&Pod| {
            let object = pod.reference();
            owners.chain(&object).last().cloned().unwrap_or(object)
        };
        let live = self.pods(namespace, &claim.name).iter().copied().filter(|p| !pods::has_ended(p));
        (!self.is_in_template(namespace, &claim.name)).then(|| live.map(|p| top(&p)).collect())
    }
}
