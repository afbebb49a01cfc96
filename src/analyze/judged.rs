//! Every kind that says how something is: one row each. What is read for it, what judges it, and what `healthy` rests on all follow from
//! these rows, and never from what happened to be read.

use super::health::{Judgement, autoscaler, budget, claim, cron, ingress, job, node, policy, quota, replica_set, service};
use super::rule::{Read, When};
use super::settled;
use super::symptoms::{Overview, is_in_scope, made, workloads};
use crate::domain::kind::Kind;
use crate::domain::snapshot::{Resource, Snapshot};
use crate::facts::{Facts, unread};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;

/// A kind, and what is made of it.
pub(crate) struct JudgedKind {
    pub(crate) kind: Kind,
    /// When it is read although nobody asks about it. It is always read where the words ask about it (`domain/words/topics.rs` says which
    /// words those are), or one of its objects is given.
    read: When,
    /// When nothing is called healthy unless all of it was read.
    rests: Rests,
    /// What says how each of its objects is. `None`: it tells of objects of other kinds, whose judges say what they lack without it.
    judge: Option<fn(&Facts<'_>, &mut Overview)>,
}

/// See [`JudgedKind::rests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rests {
    /// Without it nothing is known of what runs.
    Always,
    /// Where the words are about everything, or about it.
    Generally,
    /// Where the words are about it.
    Asked,
    /// The judges of other kinds say what they lack without it.
    OnOthers,
}

/// In the order in which they are judged: what is said of one may rest on what was said of those before it.
pub(crate) static JUDGED: &[JudgedKind] = &[
    JudgedKind {
        kind: Kind::Pod,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| all.each::<Pod>(facts, |pod| settled::pod(facts, pod))),
    },
    JudgedKind { kind: Kind::Event, read: When::Always, rests: Rests::Always, judge: None },
    JudgedKind {
        kind: Kind::Deployment,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| workloads(facts, &Kind::Deployment, all)),
    },
    JudgedKind {
        kind: Kind::ReplicaSet,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| made(facts, all, replica_set::own(facts).into_iter(), replica_set::judge)),
    },
    JudgedKind {
        kind: Kind::StatefulSet,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| workloads(facts, &Kind::StatefulSet, all)),
    },
    JudgedKind {
        kind: Kind::DaemonSet,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| workloads(facts, &Kind::DaemonSet, all)),
    },
    JudgedKind {
        kind: Kind::Job,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| job::runs(facts).into_iter().for_each(|run| all.one(facts, run, |run| job::judge(facts, run)))),
    },
    JudgedKind {
        kind: Kind::CronJob,
        read: When::Always,
        rests: Rests::Generally,
        judge: Some(|facts, all| all.each::<CronJob>(facts, |cron| cron::judge(facts, cron))),
    },
    JudgedKind {
        kind: Kind::Service,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| {
            let underway = all.underway.iter().map(|(object, _)| object.clone()).collect();
            let untold = all.doubts.iter().filter(|doubt| doubt.again_in.is_none()).filter_map(|doubt| doubt.object.clone()).collect();
            let before = service::Before { underway, untold };
            all.each::<Service>(facts, |service| service::judge(facts, service, &before));
        }),
    },
    JudgedKind { kind: Kind::EndpointSlice, read: When::Always, rests: Rests::Always, judge: None },
    JudgedKind {
        kind: Kind::PersistentVolumeClaim,
        read: When::Always,
        rests: Rests::Always,
        judge: Some(|facts, all| all.each::<PersistentVolumeClaim>(facts, |claim| claim::judge(facts, claim))),
    },
    JudgedKind {
        kind: Kind::Ingress,
        read: When::Always,
        rests: Rests::Generally,
        judge: Some(|facts, all| {
            let classes = ingress::Classes::of(facts);
            all.each::<Ingress>(facts, |ingress| ingress::judge(facts, &classes, ingress));
        }),
    },
    JudgedKind { kind: Kind::StorageClass, read: When::AClaimIsUnbound, rests: Rests::OnOthers, judge: None },
    JudgedKind {
        kind: Kind::Node,
        read: When::APodIsNotReady,
        rests: Rests::Asked,
        judge: Some(|facts, all| {
            for node in facts.all::<Node>().filter(|node| is_in_scope(facts, node)) {
                all.one(facts, node, node::judge);
            }
        }),
    },
    JudgedKind { kind: Kind::PersistentVolume, read: When::AClaimChoosesItsVolume, rests: Rests::OnOthers, judge: None },
    JudgedKind { kind: Kind::IngressClass, read: When::AnIngressIsThere, rests: Rests::OnOthers, judge: None },
    // They say little beside a Pod that cannot start.
    JudgedKind {
        kind: Kind::HorizontalPodAutoscaler,
        read: When::NoPodHasFailed,
        rests: Rests::Generally,
        judge: Some(|facts, all| {
            all.each::<HorizontalPodAutoscaler>(facts, |autoscaler| autoscaler::judge(facts, autoscaler));
        }),
    },
    JudgedKind { kind: Kind::Lease, read: When::OnlySomeAreReady, rests: Rests::OnOthers, judge: None },
    JudgedKind {
        kind: Kind::NetworkPolicy,
        read: When::Asked(Kind::NetworkPolicy),
        rests: Rests::Asked,
        judge: Some(|facts, all| {
            for policy in facts.all::<NetworkPolicy>() {
                if let Some(why) = policy::binds(facts, policy) {
                    all.note(policy.reference(), Judgement::Unknown(why));
                }
            }
        }),
    },
    JudgedKind {
        kind: Kind::PodDisruptionBudget,
        read: When::Asked(Kind::PodDisruptionBudget),
        rests: Rests::Asked,
        judge: Some(|facts, all| all.each::<PodDisruptionBudget>(facts, budget::judge)),
    },
    JudgedKind {
        kind: Kind::ResourceQuota,
        read: When::Asked(Kind::ResourceQuota),
        rests: Rests::Asked,
        judge: Some(|facts, all| all.each::<ResourceQuota>(facts, quota::judge)),
    },
];

impl JudgedKind {
    /// The row of a kind.
    pub(crate) fn of(kind: &Kind) -> Option<&'static Self> {
        JUDGED.iter().find(|row| row.kind == *kind)
    }

    /// The kinds that are always read.
    pub(crate) fn read_first() -> impl Iterator<Item = &'static Kind> {
        JUDGED.iter().filter(|row| row.read == When::Always).map(|row| &row.kind)
    }

    /// What is read for it.
    fn reads(&'static self) -> [Read; 2] {
        let kinds = std::slice::from_ref(&self.kind);
        [Read::when(kinds, self.read.clone()), Read::when(kinds, When::Asked(self.kind.clone()))]
    }

    /// Whether it is read only where somebody asks about it.
    pub(crate) fn is_on_demand(&self) -> bool {
        self.read == When::Asked(self.kind.clone())
    }

    /// Whether nothing is called healthy without all of it. `general`: the words are about everything.
    fn is_rested_on(&self, seen: &Snapshot, general: bool) -> bool {
        let asked = || When::Asked(self.kind.clone()).holds(seen);
        match self.rests {
            Rests::Always => true,
            Rests::Generally => general || asked(),
            Rests::Asked => asked(),
            Rests::OnOthers => false,
        }
    }
}

/// What is read for all of them, and what a success check is held against.
pub(crate) fn reads() -> impl Iterator<Item = Read> {
    JUDGED.iter().flat_map(JudgedKind::reads)
}

/// How everything is that was read: each object has its one place in the overview.
pub(crate) fn survey(facts: &Facts<'_>) -> Overview {
    let mut all = Overview::default();
    JUDGED.iter().filter_map(|row| row.judge).for_each(|judge| judge(facts, &mut all));
    all
}

/// What nothing is called healthy without and was not read whole, in words.
pub(crate) fn lacking(facts: &Facts<'_>, general: bool) -> Vec<String> {
    let seen = facts.snapshot();
    let rested = JUDGED.iter().filter(|row| row.is_rested_on(seen, general) && !facts.is_whole(&row.kind)).map(|row| &row.kind);
    unread::all(rested, seen)
}

#[cfg(test)]
mod tests;
