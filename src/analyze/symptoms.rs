//! What is wrong, whether or not a rule knows why. What no cause explains makes a result inconclusive, never healthy.

use super::rule::{Read, When};
use super::settled::{self, Judgement};
use super::storage::classes;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Advice, Symptom};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::domain::workload::controller_of;
use crate::facts::{Facts, labels, pods};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod, Service};
use k8s_openapi::api::storage::v1::StorageClass;
use std::collections::{BTreeMap, HashSet};

/// What symptoms are read from, and what a success check is held against.
pub(crate) const READS: &[Read] = &[
    Read::always(&[
        Kind::Pod,
        Kind::Event,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::PersistentVolumeClaim,
    ]),
    Read::when(&[Kind::StorageClass], When::AClaimIsUnbound),
    Read::when(&[Kind::Node], When::APodHasNoNode),
];
/// A Job's retries and a load balancer's address may take this long, in seconds.
const PATIENCE: i64 = 60;

/// What a look over everything brought.
#[derive(Debug, Default)]
pub(crate) struct Overview {
    pub symptoms: Vec<Symptom>,
    /// Changes under way, with the objects that they are about.
    pub underway: Vec<(ObjectRef, Advice)>,
}

impl Overview {
    fn note(&mut self, object: ObjectRef, judgement: Option<Judgement>) {
        match judgement {
            Some(Judgement::Wrong(summary)) => {
                self.symptoms.push(Symptom { object, summary: Excerpt::line(&summary).as_str().to_owned() });
            }
            Some(Judgement::Underway { what, seconds }) => {
                let advice = Judgement::advice(&what, seconds, &object);
                self.underway.push((object, advice));
            }
            None => {}
        }
    }
}

/// Everything that is wrong or under way.
pub(crate) fn survey(facts: &Facts<'_>) -> Overview {
    let mut all = Overview::default();
    for pod in facts.all::<Pod>() {
        all.note(pod.reference(), settled::pod(facts, pod));
    }
    // A workload with a Pod that cannot start is not under way, whatever its counts say.
    let held: HashSet<&ObjectRef> = all.symptoms.iter().flat_map(|s| facts.owners().chain(&s.object)).collect();
    for workload in facts.workloads() {
        let judgement = settled::workload(facts, workload);
        if !(held.contains(&workload.object) && matches!(judgement, Some(Judgement::Underway { .. }))) {
            all.note(workload.object.clone(), judgement);
        }
    }
    for job in newest_jobs(facts) {
        all.note(job.reference(), symptom_of_job(job));
    }
    for claim in facts.all::<PersistentVolumeClaim>() {
        all.note(claim.reference(), symptom_of_claim(facts, claim));
    }
    let coming: HashSet<ObjectRef> = all.underway.iter().map(|(o, _)| o.clone()).collect();
    for service in facts.all::<Service>() {
        all.note(service.reference(), symptom_of_service(facts, service, &coming));
    }
    for node in facts.all::<Node>().filter(|n| is_in_scope(facts, n)) {
        let conditions = node.status.iter().flat_map(|s| s.conditions.iter().flatten());
        for c in conditions {
            let pressure = matches!(c.type_.as_str(), "MemoryPressure" | "DiskPressure" | "PIDPressure") && c.status == "True";
            if pressure || (c.type_ == "Ready" && c.status != "True") {
                let wrong = format!("{} is {}: {}", c.type_, c.status, Excerpt::said(c.message.as_deref().unwrap_or_default()));
                all.note(node.reference(), Some(Judgement::Wrong(wrong)));
            }
        }
    }
    all
}

/// A node matters when everything was asked for, or when Pods in scope are on it.
fn is_in_scope(facts: &Facts<'_>, node: &Node) -> bool {
    matches!(facts.scope(), Scope::All) || facts.is_in_use(node.metadata.name.as_deref().unwrap_or_default())
}

/// A CronJob's older runs say nothing about its newest.
fn newest_jobs<'a>(facts: &Facts<'a>) -> Vec<&'a Job> {
    let mut newest: BTreeMap<ObjectRef, &Job> = BTreeMap::new();
    for job in facts.all::<Job>() {
        let group = controller_of(&job.metadata).unwrap_or_else(|| job.reference());
        let age = |j: &Job| j.metadata.creation_timestamp.as_ref().map(|t| t.0);
        let kept = newest.entry(group).or_insert(job);
        if age(job) > age(kept) {
            *kept = job;
        }
    }
    newest.into_values().collect()
}

fn symptom_of_job(job: &Job) -> Option<Judgement> {
    let status = job.status.as_ref()?;
    let holds = |kind: &str| status.conditions.iter().flatten().find(|c| c.type_ == kind && c.status == "True");
    if let Some(failed) = holds("Failed") {
        return Some(Judgement::Wrong(format!(
            "Failed: {}",
            Excerpt::said(failed.message.as_deref().or(failed.reason.as_deref()).unwrap_or_default())
        )));
    }
    let ended = holds("Complete").is_some() || holds("SuccessCriteriaMet").is_some() || holds("Suspended").is_some();
    let failures = status.failed.unwrap_or(0);
    (!ended && failures > 0).then(|| Judgement::Underway {
        what: format!(
            "Job `{}` tries again after {failures} failed Pods; it gives up after {}",
            job.metadata.name.as_deref().unwrap_or_default(),
            job.spec.as_ref().and_then(|s| s.backoff_limit).unwrap_or(6)
        ),
        seconds: PATIENCE,
    })
}

fn symptom_of_claim(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<Judgement> {
    let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
    if phase == Some("Lost") {
        return Some(Judgement::Wrong("Lost: its volume is gone".to_owned()));
    }
    if phase != Some("Pending") || claim.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let object = claim.reference();
    // FailedBinding is a Normal event, though it says that nothing will ever bind.
    let failure = facts.events_of(&object).find(|e| matches!(e.reason.as_deref(), Some("ProvisioningFailed" | "FailedBinding")));
    if let Some(event) = failure {
        return Some(Judgement::Wrong(format!("Pending: {}", Excerpt::said(event.message.as_deref().unwrap_or_default()))));
    }
    let named = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref());
    let class = facts.find::<StorageClass>(&ObjectRef::cluster(Kind::StorageClass, named.unwrap_or_default()));
    match (named, class) {
        // The claim waits for a Pod; what that Pod waits for is said of the Pod.
        (_, Some(class)) if classes::waits_for_consumer(class) => None,
        (Some(named), None) if !named.is_empty() && classes::are_known(facts) => {
            Some(Judgement::Wrong(format!("Pending: its class `{named}` does not exist")))
        }
        _ => {
            let name = claim.metadata.name.as_deref().unwrap_or_default();
            let age = claim.metadata.creation_timestamp.as_ref().map(|t| facts.taken_at().duration_since(t.0).as_secs());
            Some(match age {
                Some(age) if age < PATIENCE => {
                    Judgement::Underway { what: format!("the claim `{name}` is being bound"), seconds: PATIENCE.saturating_sub(age).max(5) }
                }
                _ if class.is_some() || is_mounted(facts, &object) => Judgement::Wrong("Pending: it is not bound to a volume".to_owned()),
                _ => return None,
            })
        }
    }
}

fn is_mounted(facts: &Facts<'_>, claim: &ObjectRef) -> bool {
    !facts.claims().pods(claim.namespace.as_ref().map(Namespace::as_str).unwrap_or_default(), &claim.name).is_empty()
}

fn symptom_of_service(facts: &Facts<'_>, service: &Service, underway: &HashSet<ObjectRef>) -> Option<Judgement> {
    let reference = service.reference();
    let namespace = reference.namespace.as_ref()?.as_str();
    if let Some(selector) = labels::selector(service)
        && facts.is_whole(&Kind::Pod)
    {
        let selected = || facts.pods_selected(namespace, selector).filter(|p| !pods::has_ended(p));
        let served = selected().any(pods::is_ready) || facts.ready_addresses(&reference) > 0;
        if !served {
            let coming = selected().any(|p| underway.contains(&p.reference()));
            // Nobody is meant to serve where a workload that is selected is scaled to zero.
            let waits = || facts.workloads_selected(namespace, selector).any(|w| w.desired == 0 || underway.contains(&w.object));
            return match selected().count() {
                _ if coming || waits() => None,
                0 => Some(Judgement::Wrong("has no endpoints: its selector matches no Pod".to_owned())),
                n => Some(Judgement::Wrong(format!("has no endpoints: none of the {n} Pods that it selects is ready"))),
            };
        }
    }
    let balanced = service.spec.as_ref().and_then(|s| s.type_.as_deref()) == Some("LoadBalancer");
    let address =
        service.status.as_ref().and_then(|s| s.load_balancer.as_ref()).and_then(|l| l.ingress.as_ref()).is_some_and(|i| !i.is_empty());
    let age = service.metadata.creation_timestamp.as_ref().map(|t| facts.taken_at().duration_since(t.0).as_secs());
    match age {
        Some(age) if balanced && !address && age < PATIENCE => Some(Judgement::Underway {
            what: format!("Service `{}` waits for the address of its load balancer", reference.name),
            seconds: PATIENCE.saturating_sub(age).max(5),
        }),
        _ if balanced && !address => Some(Judgement::Wrong("has no address from a load balancer".to_owned())),
        _ => None,
    }
}
