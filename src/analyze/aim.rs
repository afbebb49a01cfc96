//! What a fix must change: Pods that are not ready, gathered under the workload whose template made them.

use super::seen::exists_since;
use crate::domain::check::Check;
use crate::domain::field::FieldPath;
use crate::domain::finding::CausalLink;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::{Manager, Workload, controller_of, pod_is_ready};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
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
pub(crate) struct Aim<'a> {
    /// The workload, the Pod itself when nobody owns it, or the topmost owner that is known.
    pub object: ObjectRef,
    /// What Pods are made from now: the template's spec, or the Pod's own.
    pub spec: &'a PodSpec,
    /// Where that stands in the object.
    pub spec_path: FieldPath,
    /// How many Pods are wanted.
    pub desired: i32,
    /// Why a change of the object is left to a human.
    pub obstacle: Option<Obstacle>,
    /// The Pods, oldest first.
    pub pods: Vec<&'a Pod>,
}

impl Aim<'_> {
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

/// All containers of a Pod spec with the name of the list they are in.
pub(crate) fn containers(spec: &PodSpec) -> impl Iterator<Item = (&'static str, &Container)> {
    let init = spec.init_containers.iter().flatten().map(|c| ("initContainers", c));
    init.chain(spec.containers.iter().map(|c| ("containers", c)))
}

/// A Pod that has not ended and is not being deleted.
pub(crate) fn is_live(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|s| s.phase.as_deref());
    pod.metadata.deletion_timestamp.is_none() && !matches!(phase, Some("Succeeded" | "Failed"))
}

/// A live Pod that is not ready.
pub(crate) fn is_stuck(pod: &Pod) -> bool {
    is_live(pod) && !pod_is_ready(pod)
}

/// Who owns whom, without looking through every list for every Pod.
#[derive(Debug)]
pub(crate) struct Owners(BTreeMap<ObjectRef, ObjectRef>);

impl Owners {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        let mut owners = BTreeMap::new();
        let mut add = |object: ObjectRef, meta| {
            if let Some(owner) = controller_of(meta) {
                owners.insert(object, owner);
            }
        };
        snapshot.pods.iter().for_each(|o| add(o.reference(), o.meta()));
        snapshot.replica_sets.iter().for_each(|o| add(o.reference(), o.meta()));
        snapshot.jobs.iter().for_each(|o| add(o.reference(), o.meta()));
        snapshot.deployments.iter().for_each(|o| add(o.reference(), o.meta()));
        snapshot.stateful_sets.iter().for_each(|o| add(o.reference(), o.meta()));
        snapshot.daemon_sets.iter().for_each(|o| add(o.reference(), o.meta()));
        Self(owners)
    }

    /// Nearest first. No chain of Kubernetes' own is longer than three; ten is a bound.
    pub(crate) fn chain(&self, object: &ObjectRef) -> Vec<ObjectRef> {
        std::iter::successors(self.0.get(object), |o| self.0.get(*o)).take(10).cloned().collect()
    }

    /// `owns` links from the topmost owner down to the object.
    pub(crate) fn links(&self, object: &ObjectRef) -> Vec<CausalLink> {
        let mut line = vec![object.clone()];
        line.extend(self.chain(object));
        line.windows(2)
            .rev()
            .filter_map(|pair| match pair {
                [child, owner] => Some(CausalLink { from: owner.clone(), relation: "owns", to: child.clone() }),
                _ => None,
            })
            .collect()
    }
}

/// Live Pods that are not ready, by what a fix must change, in the objects' order.
pub(crate) fn stuck(snapshot: &Snapshot) -> Vec<Aim<'_>> {
    let owners = Owners::of(snapshot);
    let workloads: BTreeMap<ObjectRef, Workload<'_>> = snapshot.workloads().into_iter().map(|w| (w.object.clone(), w)).collect();
    let mut aims: BTreeMap<ObjectRef, Aim<'_>> = BTreeMap::new();
    for pod in snapshot.pods.iter().filter(|p| is_stuck(p)) {
        let own = pod.reference();
        let chain = owners.chain(&own);
        let workload = std::iter::once(&own).chain(&chain).find_map(|o| workloads.get(o));
        if workload.is_some_and(|w| w.meta.deletion_timestamp.is_some()) {
            continue;
        }
        // A node "owns" the Pods of its own manifests; those are better pointed at themselves.
        let top = chain.into_iter().rfind(|o| o.namespace.is_some());
        let object = workload.map(|w| w.object.clone()).or(top).unwrap_or(own);
        let Some(pod_spec) = pod.spec.as_ref() else { continue };
        let aim = aims.entry(object.clone()).or_insert_with(|| match workload {
            Some(w) => Aim {
                obstacle: obstacle(w),
                object,
                spec: w.pod_spec,
                spec_path: FieldPath::dotted(w.spec_path),
                desired: w.desired,
                pods: Vec::new(),
            },
            None => Aim {
                obstacle: Some(Obstacle::Fixed(object.kind.clone())),
                object,
                spec: pod_spec,
                spec_path: FieldPath::dotted("spec"),
                desired: 1,
                pods: Vec::new(),
            },
        });
        aim.pods.push(pod);
    }
    let mut all: Vec<Aim<'_>> = aims.into_values().collect();
    for aim in &mut all {
        aim.pods.sort_by_key(|p| (exists_since(p), p.metadata.name.clone()));
        if let (None, Some(why)) = (&aim.obstacle, stays(snapshot, &aim.object)) {
            aim.obstacle = Some(Obstacle::ByHand(why, aim.pods.iter().filter_map(|p| p.metadata.name.clone()).collect()));
        }
    }
    all
}

/// Why a controller leaves a Pod that is not ready alone, whatever its template says now.
fn stays(snapshot: &Snapshot, object: &ObjectRef) -> Option<&'static str> {
    const ON_DELETE: &str = "its update strategy is OnDelete, so a Pod keeps its old template until it is deleted";
    let set = snapshot.stateful_sets.iter().find(|s| s.reference() == *object);
    let strategy = set.and_then(|s| s.spec.update_strategy.as_ref()).and_then(|u| u.type_.as_deref());
    let daemon = snapshot.daemon_sets.iter().find(|d| d.reference() == *object);
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
