//! What a fix must change: Pods that are not ready, gathered under the workload whose template created them.

use super::owners::Owners;
use super::pods;
use super::walk::Walk;
use crate::domain::check::Check;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::{Manager, Workload};
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use std::collections::BTreeMap;

/// Why kubemend does not change an object itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Its namespace belongs to the cluster.
    System(Namespace),
    /// Somebody else writes it.
    Managed(Manager),
    /// The API refuses to change the Pod spec of such an object, or kubemend has no such change.
    Fixed(Kind),
    /// A changed template alone does not reach these Pods: why, and which.
    ByHand(&'static str, Vec<String>),
    /// The rollout of the Deployment is paused, so a change of its template does nothing yet.
    Paused,
}

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
    /// Why a change of the object is left to a human.
    pub(crate) obstacle: Option<Obstacle>,
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
            Some(w) => Stuck {
                obstacle: obstacle(w),
                object,
                spec: w.pod_spec,
                spec_path: FieldPath::dotted(w.spec_path),
                desired: w.desired,
                pods: Vec::new(),
            },
            None => Stuck {
                obstacle: Some(Obstacle::Fixed(object.kind.clone())),
                object,
                spec: pod_spec,
                spec_path: FieldPath::dotted("spec"),
                desired: 1,
                pods: Vec::new(),
            },
        });
        stuck.pods.push(pod);
    }
    let mut all: Vec<Stuck<'a>> = gathered.into_values().collect();
    for stuck in &mut all {
        stuck.pods.sort_by_key(|p| (pods::exists_since(p), p.metadata.name.as_deref()));
        if let (None, Some(why)) = (&stuck.obstacle, stays(snapshot, &stuck.object)) {
            stuck.obstacle = Some(Obstacle::ByHand(why, stuck.pods.iter().filter_map(|p| p.metadata.name.clone()).collect()));
        }
    }
    all
}

/// Why a controller leaves a Pod that is not ready alone, whatever its template says now.
fn stays(snapshot: &Snapshot, object: &ObjectRef) -> Option<&'static str> {
    const ON_DELETE: &str = "its update strategy is OnDelete, so a Pod keeps its old template until it is deleted";
    let set = snapshot.stateful_sets.iter().find(|s| s.is(object));
    let strategy = set.and_then(|s| s.spec.update_strategy.as_ref()).and_then(|u| u.type_.as_deref());
    let daemon = snapshot.daemon_sets.iter().find(|d| d.is(object));
    let daemon_strategy = daemon.and_then(|d| d.spec.update_strategy.as_ref()).and_then(|u| u.type_.as_deref());
    match set {
        _ if strategy.or(daemon_strategy) == Some("OnDelete") => Some(ON_DELETE),
        Some(s) if s.spec.pod_management_policy.as_deref() != Some("Parallel") => {
            Some("a StatefulSet with ordered Pods does not replace one that never became ready")
        }
        _ => None,
    }
}

fn obstacle(workload: &Workload<'_>) -> Option<Obstacle> {
    if let Some(ns) = workload.object.namespace.as_ref().filter(|ns| ns.is_system()) {
        return Some(Obstacle::System(ns.clone()));
    }
    if let Some(manager) = workload.manager() {
        return Some(Obstacle::Managed(manager));
    }
    if workload.paused {
        return Some(Obstacle::Paused);
    }
    (!workload.has_template()).then(|| Obstacle::Fixed(workload.object.kind.clone()))
}
