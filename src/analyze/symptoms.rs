//! How everything is, whether or not a rule knows why. What is wrong and no cause explains makes a result inconclusive, never healthy;
//! so does what cannot be told.

use super::health::{Judgement, autoscaler, budget, claim, cron, ingress, job, node, policy, quota, service};
use super::rule::{Read, When};
use super::settled;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Advice, Symptom};
use crate::domain::focus::{Doubt, Seen};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{ListedKind, Resource};
use crate::domain::workload::controller_of;
use crate::facts::{Facts, pods};
use k8s_openapi::api::apps::v1::{DaemonSet, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::CronJob;
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod, ResourceQuota, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use std::collections::HashSet;

/// What is judged wherever it is looked. Autoscalers besides, where nothing is plainly wrong: they say little beside a Pod that
/// cannot start.
pub(crate) const JUDGED: &[Kind] = &[
    Kind::Pod,
    Kind::Event,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::EndpointSlice,
    Kind::PersistentVolumeClaim,
    Kind::Ingress,
];

/// What symptoms are read from, and what a success check is held against.
pub(crate) const READS: &[Read] = &[
    Read::always(JUDGED),
    Read::when(&[Kind::StorageClass], When::AClaimIsUnbound),
    Read::when(&[Kind::Node], When::APodIsNotReady),
    Read::when(&[Kind::IngressClass], When::AnIngressIsThere),
    Read::when(&[Kind::HorizontalPodAutoscaler], When::EveryPodIsReady),
    Read::when(&[Kind::HorizontalPodAutoscaler], When::Asked(Kind::HorizontalPodAutoscaler)),
    Read::when(&[Kind::Lease], When::OnlySomeAreReady),
    Read::when(&[Kind::Lease], When::Asked(Kind::Lease)),
    Read::when(&[Kind::Node], When::Asked(Kind::Node)),
    Read::when(&[Kind::NetworkPolicy], When::Asked(Kind::NetworkPolicy)),
    Read::when(&[Kind::PodDisruptionBudget], When::Asked(Kind::PodDisruptionBudget)),
    Read::when(&[Kind::ResourceQuota], When::Asked(Kind::ResourceQuota)),
];

/// What a look over everything brought.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    pub symptoms: Vec<Symptom>,
    /// Changes under way, with the objects that they are about.
    pub underway: Vec<(ObjectRef, Advice)>,
    /// What is as it should be.
    pub well: Vec<Seen>,
    /// What does nothing, as somebody wants it.
    pub idle: Vec<Seen>,
    /// What cannot be told, or not yet.
    pub doubts: Vec<Doubt>,
}

impl Overview {
    fn note(&mut self, object: ObjectRef, judgement: Judgement) {
        let short = |text: &str| Excerpt::line(text).as_str().to_owned();
        match judgement {
            Judgement::Wrong(summary) => self.symptoms.push(Symptom { object, summary: short(&summary) }),
            Judgement::Underway { what, seconds } => {
                let advice = Judgement::advice(&what, seconds, &object);
                self.underway.push((object, advice));
            }
            Judgement::Well(how) => self.well.push(Seen { object, how: short(&how) }),
            Judgement::Idle(how) => self.idle.push(Seen { object, how: short(&how) }),
            Judgement::Young { what, seconds } => {
                self.doubts.push(Doubt { object: Some(object), why: short(&what), again_in: Some(seconds) });
            }
            Judgement::Unknown(why) => self.doubts.push(Doubt { object: Some(object), why: short(&why), again_in: None }),
        }
    }

    fn each<T: ListedKind>(&mut self, facts: &Facts<'_>, judge: impl Fn(&T) -> Judgement) {
        for object in facts.all::<T>() {
            self.note(object.reference(), judge(object));
        }
    }
}

/// How everything is that was read: each object has its one place in the overview.
pub(crate) fn survey(facts: &Facts<'_>) -> Overview {
    let mut all = Overview::default();
    all.each::<Pod>(facts, |pod| settled::pod(facts, pod));
    workloads(facts, &mut all);
    for newest in job::newest(facts) {
        all.note(newest.reference(), job::judge(facts, newest));
    }
    all.each::<CronJob>(facts, |cron| cron::judge(facts, cron));
    all.each::<PersistentVolumeClaim>(facts, |claim| claim::judge(facts, claim));
    let coming: HashSet<ObjectRef> = all.underway.iter().map(|(o, _)| o.clone()).collect();
    all.each::<Service>(facts, |service| service::judge(facts, service, &coming));
    let classes = ingress::Classes::of(facts);
    all.each::<Ingress>(facts, |ingress| ingress::judge(facts, &classes, ingress));
    all.each::<HorizontalPodAutoscaler>(facts, |autoscaler| autoscaler::judge(facts, autoscaler));
    all.each::<PodDisruptionBudget>(facts, budget::judge);
    all.each::<ResourceQuota>(facts, quota::judge);
    for policy in facts.all::<NetworkPolicy>() {
        if let Some(why) = policy::binds(facts, policy) {
            all.note(policy.reference(), Judgement::Unknown(why));
        }
    }
    for node in facts.all::<Node>().filter(|n| is_in_scope(facts, n)) {
        all.note(node.reference(), node::judge(node));
    }
    all
}

fn workloads(facts: &Facts<'_>, all: &mut Overview) {
    // A workload with a Pod that cannot start is not under way, whatever its counts say.
    let owners =
        |objects: Vec<ObjectRef>| -> HashSet<ObjectRef> { objects.iter().flat_map(|o| facts.owners().chain(o)).cloned().collect() };
    let held = owners(all.symptoms.iter().map(|s| s.object.clone()).collect());
    // Nor is one whose Pods cannot be told: what is said of them is said of it.
    let untold = owners(all.doubts.iter().filter(|d| d.again_in.is_none()).filter_map(|d| d.object.clone()).collect());
    for workload in facts.workloads().filter(|w| w.object.kind != Kind::Pod) {
        let object = &workload.object;
        let judgement = settled::workload(facts, workload);
        let complete = matches!(judgement, Judgement::Well(_) | Judgement::Idle(_));
        if held.contains(object) && matches!(judgement, Judgement::Underway { .. }) {
            continue;
        }
        if untold.contains(object) && !complete && !held.contains(object) {
            let counts = format!("{} of {} replicas are ready", workload.ready, workload.desired);
            all.note(object.clone(), Judgement::Unknown(counts));
            continue;
        }
        all.note(object.clone(), judgement);
    }
    let silent = |status: bool| !status;
    let sets = facts.all::<StatefulSet>().filter(|s| silent(s.status.is_some())).map(Resource::reference);
    let daemons = facts.all::<DaemonSet>().filter(|d| silent(d.status.is_some())).map(Resource::reference);
    for object in sets.chain(daemons) {
        all.note(object, Judgement::Unknown("its controller has not reported anything yet".to_owned()));
    }
}

/// A node matters when everything was asked for or nodes are, or when Pods in scope are on it.
fn is_in_scope(facts: &Facts<'_>, node: &Node) -> bool {
    matches!(facts.scope(), Scope::All)
        || facts.snapshot().words.asks(&Kind::Node)
        || facts.is_in_use(node.metadata.name.as_deref().unwrap_or_default())
}

/// Whether the object has a line of its own in what is reported: a Pod that somebody owns is part of its owner's.
pub(crate) fn speaks_for_itself(facts: &Facts<'_>, object: &ObjectRef) -> bool {
    object.kind != Kind::Pod || facts.find::<Pod>(object).is_none_or(|p| controller_of(&p.metadata).is_none() && !pods::has_ended(p))
}
