//! What a fix must change: Pods that are not ready, gathered under the workload whose template created them.

use super::owners::Owners;
use super::pods;
use super::walk::Walk;
use crate::domain::check::Check;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::Workload;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use std::collections::BTreeMap;
use std::fmt;

/// Pods that are not ready, and the object whose change would reach them.
#[derive(Debug, Clone)]
pub(crate) struct Stuck<'a> {
    /// The workload, the Pod itself when nobody owns it, or the topmost owner that is known.
    pub(crate) object: ObjectRef,
    /// What Pods are created from now: the template's spec, or the Pod's own.
    pub(crate) spec: &'a PodSpec,
    /// Where that stands in the object.
    pub(crate) spec_path: FieldPath,
    /// How many Pods are wanted.
    pub(crate) desired: i32,
    /// The Pods, oldest first.
    pub(crate) pods: Vec<&'a Pod>,
}

impl Stuck<'_> {
    /// The namespace.
    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        self.object.namespace.as_ref()
    }

    /// What must hold of the object once the fault is gone.
    pub(crate) fn check(&self) -> Option<Check> {
        match self.object.kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Some(Check::RolloutComplete(self.object.clone())),
            Kind::Pod => Some(Check::PodReady(self.object.clone())),
            _ => None,
        }
    }
}

/// ``Deployment `web` ``.
impl fmt::Display for Stuck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.object.in_words())
    }
}

/// Live Pods that are not ready, by what a fix must change, in the objects' order.
pub(super) fn gather<'a, 'w>(
    snapshot: &'a Snapshot,
    owners: &Owners,
    workload: impl Fn(&ObjectRef) -> Option<&'w Workload<'a>>,
    walk: &Walk<'_>,
) -> Vec<Stuck<'a>>
where
    'a: 'w,
{
    let mut gathered: BTreeMap<ObjectRef, Stuck<'a>> = BTreeMap::new();
    for pod in snapshot.pods.iter().take_while(|_| walk.step()).filter(|p| pods::is_stuck(p)) {
        let own = pod.reference();
        let workload = std::iter::once(&own).chain(owners.chain(&own)).find_map(&workload);
        if workload.is_some_and(|w| w.meta.deletion_timestamp.is_some()) {
            continue;
        }
        // A node "owns" the Pods of its own manifests; those are better pointed at themselves.
        let top = owners.chain(&own).filter(|o| o.namespace.is_some()).last();
        let object = workload.map(|w| &w.object).or(top).unwrap_or(&own).clone();
        let Some(pod_spec) = pod.spec.as_ref() else { continue };
        let stuck = gathered.entry(object.clone()).or_insert_with(|| match workload {
            Some(w) => Stuck { object, spec: w.pod_spec, spec_path: FieldPath::dotted(w.spec_path), desired: w.desired, pods: Vec::new() },
            None => Stuck { object, spec: pod_spec, spec_path: FieldPath::dotted("spec"), desired: 1, pods: Vec::new() },
        });
        stuck.pods.push(pod);
    }
    let mut all: Vec<Stuck<'a>> = gathered.into_values().collect();
    for stuck in &mut all {
        stuck.pods.sort_by_key(|p| (pods::exists_since(p), p.metadata.name.as_deref()));
    }
    all
}
