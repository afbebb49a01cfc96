//! What is wrong, whether or not a rule knows why. What no cause explains makes a result inconclusive, never healthy.

use super::aim::Owners;
use super::seen;
use super::settled::{self, Judgement};
use super::storage::classes;
use crate::domain::excerpt::Excerpt;
use crate::domain::finding::{Advice, Symptom};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::workload::{Workload, controller_of, pod_is_ready};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, Service};
use std::collections::{BTreeMap, BTreeSet};

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
                self.symptoms.push(Symptom { object, summary: Excerpt::event(&summary).as_str().to_owned() });
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
pub(crate) fn look(snapshot: &Snapshot) -> Overview {
    let mut all = Overview::default();
    for pod in &snapshot.pods {
        all.note(pod.reference(), settled::pod(snapshot, pod));
    }
    // A workload with a Pod that cannot start is not under way, whatever its counts say.
    let owners = Owners::of(snapshot);
    let held: BTreeSet<ObjectRef> = all.symptoms.iter().flat_map(|s| owners.chain(&s.object)).collect();
    let workloads = snapshot.workloads();
    for workload in &workloads {
        let judgement = settled::workload(snapshot, &owners, workload);
        if !(held.contains(&workload.object) && matches!(judgement, Some(Judgement::Underway { .. }))) {
            all.note(workload.object.clone(), judgement);
        }
    }
    for job in newest_jobs(snapshot) {
        all.note(job.reference(), judge_job(job));
    }
    for claim in &snapshot.claims {
        all.note(claim.reference(), judge_claim(snapshot, claim));
    }
    let coming: BTreeSet<ObjectRef> = all.underway.iter().map(|(o, _)| o.clone()).collect();
    for service in &snapshot.services {
        all.note(service.reference(), judge_service(snapshot, &workloads, service, &coming));
    }
    for node in snapshot.nodes.iter().filter(|n| is_in_scope(snapshot, n.metadata.name.as_deref().unwrap_or_default())) {
        let conditions = node.status.iter().flat_map(|s| s.conditions.iter().flatten());
        for c in conditions {
            let pressure = matches!(c.type_.as_str(), "MemoryPressure" | "DiskPressure" | "PIDPressure") && c.status == "True";
            if pressure || (c.type_ == "Ready" && c.status != "True") {
                let wrong = format!("{} is {}: {}", c.type_, c.status, c.message.as_deref().unwrap_or_default());
                all.note(node.reference(), Some(Judgement::Wrong(wrong)));
            }
        }
    }
    all
}

/// A node matters when everything was asked for, or when Pods in scope are on it.
fn is_in_scope(snapshot: &Snapshot, node: &str) -> bool {
    let holds = |p: &Pod| !settled::has_ended(p) && p.spec.as_ref().and_then(|s| s.node_name.as_deref()) == Some(node);
    matches!(snapshot.scope, Scope::All) || snapshot.pods.iter().any(holds)
}

/// A CronJob's older runs say nothing about its newest.
fn newest_jobs(snapshot: &Snapshot) -> Vec<&Job> {
    let mut newest: BTreeMap<ObjectRef, &Job> = BTreeMap::new();
    for job in &snapshot.jobs {
        let group = controller_of(&job.metadata).unwrap_or_else(|| job.reference());
        let age = |j: &Job| j.metadata.creation_timestamp.as_ref().map(|t| t.0);
        let kept = newest.entry(group).or_insert(job);
        if age(job) > age(kept) {
            *kept = job;
        }
    }
    newest.into_values().collect()
}

fn judge_job(job: &Job) -> Option<Judgement> {
    let status = job.status.as_ref()?;
    let holds = |kind: &str| status.conditions.iter().flatten().find(|c| c.type_ == kind && c.status == "True");
    if let Some(failed) = holds("Failed") {
        return Some(Judgement::Wrong(format!("Failed: {}", failed.message.as_deref().or(failed.reason.as_deref()).unwrap_or_default())));
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

fn judge_claim(snapshot: &Snapshot, claim: &PersistentVolumeClaim) -> Option<Judgement> {
    let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
    if phase == Some("Lost") {
        return Some(Judgement::Wrong("Lost: its volume is gone".to_owned()));
    }
    if phase != Some("Pending") || claim.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let events = snapshot.events_of(&claim.reference());
    // FailedBinding is a Normal event, though it says that nothing will ever bind.
    let failure = events.iter().rev().find(|e| matches!(e.reason.as_deref(), Some("ProvisioningFailed" | "FailedBinding")));
    if let Some(event) = failure {
        return Some(Judgement::Wrong(format!("Pending: {}", event.message.as_deref().unwrap_or_default())));
    }
    let named = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref());
    let class = snapshot.storage_classes.iter().find(|c| c.metadata.name.as_deref() == named);
    match (named, class) {
        // The claim waits for a Pod; what that Pod waits for is said of the Pod.
        (_, Some(class)) if classes::waits_for_consumer(class) => None,
        (Some(named), None) if !named.is_empty() && classes::are_known(snapshot) => {
            Some(Judgement::Wrong(format!("Pending: its class `{named}` does not exist")))
        }
        _ => {
            let name = claim.metadata.name.as_deref().unwrap_or_default();
            let age = claim.metadata.creation_timestamp.as_ref().map(|t| snapshot.taken_at.duration_since(t.0).as_secs());
            Some(match age {
                Some(age) if age < PATIENCE => {
                    Judgement::Underway { what: format!("the claim `{name}` is being bound"), seconds: PATIENCE.saturating_sub(age).max(5) }
                }
                _ if class.is_some() || used(snapshot, claim) => Judgement::Wrong("Pending: it is not bound to a volume".to_owned()),
                _ => return None,
            })
        }
    }
}

fn used(snapshot: &Snapshot, claim: &PersistentVolumeClaim) -> bool {
    snapshot.pods.iter().filter(|p| p.metadata.namespace == claim.metadata.namespace).filter_map(|p| p.spec.as_ref()).any(|s| {
        s.volumes
            .iter()
            .flatten()
            .filter_map(|v| v.persistent_volume_claim.as_ref())
            .any(|c| Some(&c.claim_name) == claim.metadata.name.as_ref())
    })
}

/// The selector of a Service whose addresses come from Pods and that clients reach through its own address.
pub(crate) fn selector(service: &Service) -> Option<&BTreeMap<String, String>> {
    let spec = service.spec.as_ref()?;
    let plain = spec.type_.as_deref() != Some("ExternalName") && spec.cluster_ip.as_deref() != Some("None");
    spec.selector.as_ref().filter(|s| plain && !s.is_empty())
}

/// Whether a plain selector matches labels.
pub(crate) fn matches(selector: &BTreeMap<String, String>, labels: Option<&BTreeMap<String, String>>) -> bool {
    labels.is_some_and(|labels| selector.iter().all(|(k, v)| labels.get(k) == Some(v)))
}

/// The Pods that a selector matches and that have not ended.
pub(crate) fn selected<'a>(
    snapshot: &'a Snapshot,
    namespace: &'a Namespace,
    selector: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = &'a Pod> {
    snapshot
        .pods
        .iter()
        .filter(move |p| seen::is_in(*p, namespace) && !settled::has_ended(p) && matches(selector, p.metadata.labels.as_ref()))
}

fn judge_service(snapshot: &Snapshot, workloads: &[Workload<'_>], service: &Service, underway: &BTreeSet<ObjectRef>) -> Option<Judgement> {
    let reference = service.reference();
    let namespace = reference.namespace.as_ref()?;
    if let Some(selector) = selector(service) {
        let pods: Vec<&Pod> = selected(snapshot, namespace, selector).collect();
        let served = pods.iter().any(|p| pod_is_ready(p)) || has_ready_address(snapshot, &reference);
        let coming = pods.iter().any(|p| underway.contains(&p.reference()));
        let mut behind =
            workloads.iter().filter(|w| w.object.namespace.as_ref() == Some(namespace) && matches(selector, Some(&w.pod_labels)));
        // Nobody is meant to serve where a workload that is selected is scaled to zero.
        let waits = behind.any(|w| w.desired == 0 || underway.contains(&w.object));
        if !served && snapshot.is_complete(&Kind::Pod) {
            return match (pods.len(), coming || waits) {
                (_, true) => None,
                (0, false) => Some(Judgement::Wrong("has no endpoints: its selector matches no Pod".to_owned())),
                (n, false) => Some(Judgement::Wrong(format!("has no endpoints: none of the {n} Pods that it selects is ready"))),
            };
        }
    }
    let balanced = service.spec.as_ref().and_then(|s| s.type_.as_deref()) == Some("LoadBalancer");
    let address =
        service.status.as_ref().and_then(|s| s.load_balancer.as_ref()).and_then(|l| l.ingress.as_ref()).is_some_and(|i| !i.is_empty());
    let age = service.metadata.creation_timestamp.as_ref().map(|t| snapshot.taken_at.duration_since(t.0).as_secs());
    match age {
        Some(age) if balanced && !address && age < PATIENCE => Some(Judgement::Underway {
            what: format!("Service `{}` waits for the address of its load balancer", reference.name),
            seconds: PATIENCE.saturating_sub(age).max(5),
        }),
        _ if balanced && !address => Some(Judgement::Wrong("has no address from a load balancer".to_owned())),
        _ => None,
    }
}

fn has_ready_address(snapshot: &Snapshot, service: &ObjectRef) -> bool {
    let of = |labels: &BTreeMap<String, String>| labels.get("kubernetes.io/service-name") == Some(&service.name);
    snapshot
        .endpoint_slices
        .iter()
        .filter(|s| s.metadata.namespace.as_deref() == service.namespace.as_ref().map(Namespace::as_str))
        .filter(|s| s.metadata.labels.as_ref().is_some_and(of))
        .flat_map(|s| s.endpoints.iter().flatten())
        .any(|e| e.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true))
}
