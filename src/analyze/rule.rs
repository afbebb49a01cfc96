//! A rule, and what others have to know of it: what it says, and which kinds it reads, when.

use crate::domain::cause::Code;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::controller_of;
use crate::facts::{Facts, pods, starting};
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::Pod;
use std::collections::BTreeMap;

/// A rule: a cause that it knows, and how to find it.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The cause's stable name.
    pub code: Code,
    /// What the cause is, in half a sentence: the README's row.
    pub says: &'static str,
    /// What it reads. It finds the same when nothing else was read.
    pub reads: &'static [Read],
    /// Everything that it finds.
    pub find: fn(&Facts<'_>) -> Vec<Finding>,
}

/// Kinds that somebody reads, and when they are needed.
#[derive(Debug, Clone)]
pub struct Read {
    /// Which kinds.
    pub kinds: &'static [Kind],
    /// When.
    pub when: When,
    /// Without them the rule proposes the same, or less: what they bring is quoted, or allows more.
    pub allows: bool,
}

/// A question that what was read first answers: whether a kind is needed besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// It is read first.
    Always,
    /// A Pod has no node yet.
    APodHasNoNode,
    /// A DaemonSet wants no Pod, because no node qualifies.
    ADaemonSetWantsNobody,
    /// A Pod has not started, and mounts a PersistentVolumeClaim.
    APodWaitsWithAClaim,
    /// A PersistentVolumeClaim has no volume.
    AClaimIsUnbound,
    /// A PersistentVolumeClaim without a volume says itself which one it takes.
    AClaimChoosesItsVolume,
    /// A Pod is not ready.
    APodIsNotReady,
    /// No Pod is seen to have failed: each is ready, or still on its way.
    NoPodHasFailed,
    /// Of Pods of one owner some are ready and some are not.
    OnlySomeAreReady,
    /// There is an Ingress.
    AnIngressIsThere,
    /// The reporter's words are about the kind, or an object of it is given.
    Asked(Kind),
    /// A container waits for one of these reasons.
    AContainerWaits(&'static [&'static str]),
}

/// What every Pod belongs to: with these read, a finding points at what a fix must change.
const WORKLOADS: &[Kind] = &[Kind::Pod, Kind::ReplicaSet, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Job];

impl Read {
    /// Pods, whatever owns them, and what happened to them.
    pub const WORKLOADS: Read = Read::always(WORKLOADS);
    /// What happened.
    pub const EVENTS: Read = Read::always(&[Kind::Event]);

    /// Kinds that are read first.
    pub const fn always(kinds: &'static [Kind]) -> Self {
        Self { kinds, when: When::Always, allows: false }
    }

    /// Kinds that are read when something that was read first needs them.
    pub const fn when(kinds: &'static [Kind], when: When) -> Self {
        Self { kinds, when, allows: false }
    }

    /// Kinds that are read first, and without which the rule proposes the same, or less.
    pub const fn allowing(kinds: &'static [Kind]) -> Self {
        Self { kinds, when: When::Always, allows: true }
    }
}

impl When {
    /// The answer of what was read so far.
    pub fn holds(&self, seen: &Snapshot) -> bool {
        match self {
            When::Always => true,
            When::APodIsNotReady => seen.pods.iter().any(pods::is_stuck),
            When::NoPodHasFailed => {
                // Where a node is made for a Pod, it is on its way.
                let coming = seen.events.iter().any(|event| starting::brings_a_node(event, seen.taken_at));
                let failed = |p: &Pod| starting::has_failed(p) || (!coming && pods::unschedulable(p).is_some());
                !seen.pods.iter().any(|p| pods::is_stuck(p) && failed(p))
            }
            When::OnlySomeAreReady => {
                let mut owners: BTreeMap<ObjectRef, [bool; 2]> = BTreeMap::new();
                for pod in seen.pods.iter().filter(|p| pods::is_ready(p) || pods::is_stuck(p)) {
                    if let Some(owner) = controller_of(&pod.metadata) {
                        let [ready, stuck] = owners.entry(owner).or_default();
                        *ready |= pods::is_ready(pod);
                        *stuck |= pods::is_stuck(pod);
                    }
                }
                owners.values().any(|both| *both == [true, true])
            }
            When::AnIngressIsThere => seen.ingresses.iter().next().is_some(),
            When::Asked(kind) => seen.words.asks(kind) || seen.scope.objects().iter().any(|object| object.kind == *kind),
            When::APodHasNoNode => seen.pods.iter().any(|p| pods::is_pending_by_phase(p) && !pods::has_node(p)),
            When::ADaemonSetWantsNobody => seen.daemon_sets.iter().any(wants_nobody),
            When::APodWaitsWithAClaim => {
                seen.pods.iter().any(|p| pods::is_pending_by_phase(p) && p.spec.iter().flat_map(pods::claims).next().is_some())
            }
            When::AClaimIsUnbound => seen.claims.iter().any(|c| c.status.as_ref().and_then(|s| s.phase.as_deref()) != Some("Bound")),
            When::AClaimChoosesItsVolume => seen.claims.iter().any(|c| {
                let is_bound = c.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Bound");
                !is_bound && c.spec.as_ref().is_some_and(|s| s.volume_name.is_some() || s.selector.is_some())
            }),
            When::AContainerWaits(reasons) => seen.pods.iter().flat_map(pods::waiting).any(|w| reasons.contains(&w.reason)),
        }
    }
}

/// Whether no node qualifies for a DaemonSet that asks for one with certain labels, as far as its controller has seen.
pub(crate) fn wants_nobody(set: &DaemonSet) -> bool {
    let asks = set.spec.template.spec.as_ref().is_some_and(pods::asks_of_nodes);
    let seen = set.status.as_ref().filter(|s| s.observed_generation >= set.metadata.generation);
    asks && set.metadata.deletion_timestamp.is_none() && seen.is_some_and(|s| s.desired_number_scheduled == 0)
}
