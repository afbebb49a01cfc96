//! Many symptoms, one cause: what the rules found becomes one picture. Doubles are merged, suffering Pods and Services
//! stand behind their cause, and what no cause explains is kept as such.

use super::aim::Owners;
use super::symptoms::matches;
use super::symptoms::{self, Overview};
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::EvidenceList;
use crate::domain::finding::{Advice, CausalLink, Finding, Symptom};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, Snapshot};
use std::collections::BTreeSet;

/// Changes under way that are told: more of them say nothing new to a reader.
const IN_PROGRESS: usize = 20;

/// From findings to a diagnosis.
pub(crate) fn conclude(snapshot: &Snapshot, findings: Vec<Finding>) -> Diagnosis {
    let owners = Owners::of(snapshot);
    let Overview { symptoms, underway } = symptoms::look(snapshot);
    let mut causes = merge(findings);
    let mut unexplained = Vec::new();
    let (services, others): (Vec<Symptom>, Vec<Symptom>) = symptoms.into_iter().partition(|s| s.object.kind == Kind::Service);
    for symptom in others.into_iter().chain(services) {
        match causes.iter_mut().find_map(|cause| because_of(snapshot, &owners, cause, &symptom).map(|links| (cause, links))) {
            Some((cause, links)) => {
                if !cause.symptoms.iter().any(|s| s.object == symptom.object) {
                    cause.symptoms.push(symptom);
                }
                for link in links {
                    if !cause.chain.contains(&link) {
                        cause.chain.push(link);
                    }
                }
            }
            None => unexplained.push(symptom),
        }
    }
    let named = reach(snapshot, &owners);
    if let Some(named) = &named {
        causes.retain(|c| touched(c).iter().any(|o| named.contains(o)));
        unexplained.retain(|s| named.contains(&s.object));
    }
    let broken: BTreeSet<ObjectRef> = causes.iter().flat_map(touched).chain(unexplained.iter().map(|s| s.object.clone())).collect();
    let broken_owners: BTreeSet<ObjectRef> = broken.iter().flat_map(|o| owners.chain(o)).collect();
    let goes_on = |object: &ObjectRef| {
        !broken.contains(object) && !broken_owners.contains(object) && named.as_ref().is_none_or(|n| n.contains(object))
    };
    // A workload's own line says it all; its Pods' lines are kept where there is none.
    let told: BTreeSet<ObjectRef> = underway.iter().map(|(o, _)| o.clone()).collect();
    let mut in_progress: Vec<_> = underway
        .into_iter()
        .filter(|(object, _)| goes_on(object) && !owners.chain(object).iter().any(|o| told.contains(o)))
        .map(|(_, advice)| advice)
        .collect();
    in_progress.truncate(IN_PROGRESS);
    part(&owners, &mut causes);
    let mut evidence = EvidenceList::default();
    let causes = causes.into_iter().map(|finding| cause(finding, &mut evidence)).collect();
    Diagnosis { causes, evidence, unexplained, in_progress, unseen: snapshot.gaps.clone() }
}

/// What a rule found, as part of the diagnosis: its evidence gets its ids here.
fn cause(finding: Finding, all: &mut EvidenceList) -> Cause {
    Cause {
        source: CauseSource::Rule(finding.code),
        title: finding.title,
        explanation: finding.explanation,
        object: finding.object,
        field: finding.field,
        found: finding.found,
        expected: finding.expected,
        confidence: finding.confidence,
        cites: finding.evidence.map(|piece| all.add(piece)),
        chain: finding.chain,
        symptoms: finding.symptoms,
        remedy: finding.remedy,
    }
}

/// One finding for one cause: what a rule says twice about the same field is one thing with more symptoms.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut causes: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = |c: &&mut Finding| c.code == finding.code && c.object == finding.object && c.field == finding.field;
        match causes.iter_mut().find(same) {
            Some(cause) => {
                cause.symptoms.extend(finding.symptoms);
                cause.chain.extend(finding.chain);
            }
            None => causes.push(finding),
        }
    }
    causes
}

/// Everything that a cause is known to touch.
fn touched(cause: &Finding) -> BTreeSet<ObjectRef> {
    let ends = cause.chain.iter().flat_map(|l| [l.from.clone(), l.to.clone()]);
    std::iter::once(cause.object.clone()).chain(cause.symptoms.iter().map(|s| s.object.clone())).chain(ends).collect()
}

/// Whether the cause explains the symptom; the links that lead to it.
fn because_of(snapshot: &Snapshot, owners: &Owners, cause: &Finding, symptom: &Symptom) -> Option<Vec<CausalLink>> {
    let suffers = |object: &ObjectRef| cause.symptoms.iter().any(|s| s.object == *object);
    if symptom.object == cause.object || suffers(&symptom.object) {
        return Some(Vec::new());
    }
    match symptom.object.kind {
        // A workload is incomplete because its Pods are.
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            cause.symptoms.iter().any(|s| owners.chain(&s.object).contains(&symptom.object)).then(Vec::new)
        }
        // A Service has no endpoints because the Pods that it selects do not run.
        Kind::Service => {
            let service = snapshot.services.iter().find(|s| s.reference() == symptom.object)?;
            let selector = symptoms::selector(service)?;
            let chosen = |pod: &k8s_openapi::api::core::v1::Pod| {
                pod.metadata.namespace == service.metadata.namespace
                    && matches(selector, pod.metadata.labels.as_ref())
                    && suffers(&pod.reference())
            };
            let pod = snapshot.pods.iter().find(|p| chosen(p))?;
            Some(vec![CausalLink { from: symptom.object.clone(), relation: "selects", to: pod.reference() }])
        }
        // A claim stays unbound because the Pod that it waits for cannot be placed.
        Kind::PersistentVolumeClaim => {
            let mounts = |l: &&CausalLink| l.relation == "mounts" && l.to == symptom.object && suffers(&l.from);
            cause.chain.iter().find(mounts).map(|_| Vec::new())
        }
        _ => None,
    }
}

/// What the named objects reach: their owners, what they own, and what they select. `None` when nothing was named.
fn reach(snapshot: &Snapshot, owners: &Owners) -> Option<BTreeSet<ObjectRef>> {
    let named = snapshot.scope.objects();
    if named.is_empty() {
        return None;
    }
    let mut reached: BTreeSet<ObjectRef> = named.iter().cloned().collect();
    for object in named {
        reached.extend(owners.chain(object));
    }
    for service in snapshot.services.iter().filter(|s| named.contains(&s.reference())) {
        let Some(selector) = service.spec.as_ref().and_then(|s| s.selector.as_ref()).filter(|s| !s.is_empty()) else { continue };
        for pod in snapshot.pods.iter().filter(|p| p.metadata.namespace == service.metadata.namespace) {
            if matches(selector, pod.metadata.labels.as_ref()) {
                reached.insert(pod.reference());
                reached.extend(owners.chain(&pod.reference()));
            }
        }
        for workload in snapshot.workloads() {
            if workload.meta.namespace == service.metadata.namespace && matches(selector, Some(&workload.pod_labels)) {
                reached.insert(workload.object);
            }
        }
    }
    for pod in &snapshot.pods {
        if owners.chain(&pod.reference()).iter().any(|o| reached.contains(o)) {
            reached.insert(pod.reference());
        }
    }
    Some(reached)
}

/// Where several causes hold the same Pod, repairing one does not make it run: then the plan for one must not promise that.
fn part(owners: &Owners, causes: &mut [Finding]) {
    let held: Vec<BTreeSet<ObjectRef>> =
        causes.iter().map(|c| c.symptoms.iter().filter(|s| s.object.kind == Kind::Pod).map(|s| s.object.clone()).collect()).collect();
    for (index, cause) in causes.iter_mut().enumerate() {
        let others = held.iter().enumerate().filter(|(i, _)| *i != index).flat_map(|(_, pods)| pods);
        let shared: BTreeSet<&ObjectRef> = others.filter(|p| held.get(index).is_some_and(|own| own.contains(p))).collect();
        let beyond = |object: &ObjectRef| shared.iter().any(|p| *p == object || owners.chain(p).contains(object));
        let before = cause.remedy.checks.len();
        // A claim may wait for its Pod, which the other cause still holds.
        cause.remedy.checks.retain(|check| match check {
            Check::RolloutComplete(o) | Check::PodReady(o) | Check::SymptomGone(o) => !beyond(o),
            Check::ClaimBound(_) => shared.is_empty(),
            Check::EndpointsReady(_) | Check::FindingGone { .. } => true,
        });
        if cause.remedy.checks.len() < before {
            cause.remedy.advice.push(Advice {
                text: "ask again afterwards: another cause keeps the same Pods from running".to_owned(),
                command: None,
                why: "a plan is made for one cause at a time".to_owned(),
            });
        }
    }
}
