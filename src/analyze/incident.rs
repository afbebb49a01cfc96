//! Many symptoms, one cause: what the rules found becomes one picture. Doubles are merged, suffering Pods and Services
//! stand behind their cause, and what no cause explains is kept as such.

use super::explained::Explained;
use super::health::probe;
use super::judged;
use super::proven::{self, Proven};
use super::quote;
use super::together::{Together, together};
use crate::domain::cause::{Cause, CauseSource, Code};
use crate::domain::check::Check;
use crate::domain::diagnosis::{Diagnosis, Unlisted};
use crate::domain::evidence::{Evidence, EvidenceList};
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, Finding, Symptom};
use crate::domain::focus::{Because, Focus};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::event_time;
use crate::facts::focus::{beyond, focus, reach as reached};
use crate::facts::named::Reach;
use crate::facts::{Facts, author, labels, pods as pods_facts, selected};
use k8s_openapi::api::core::v1::{Event, Pod, Service};
use std::collections::{HashMap, HashSet};

/// What no cause explains is quoted for so many: the others look alike.
const QUOTED: usize = 10;

/// From findings to a diagnosis.
pub(crate) fn conclude(facts: &Facts<'_>, findings: Vec<Finding>) -> Diagnosis {
    let mut overview = judged::survey(facts);
    let symptoms = std::mem::take(&mut overview.symptoms);
    let (services, others): (Vec<Symptom>, Vec<Symptom>) = symptoms.into_iter().partition(|s| s.object.kind == Kind::Service);
    let mut explained = Explained::by(facts, merge(findings));
    let mut unexplained: Vec<Symptom> =
        facts.walk(others.into_iter().chain(services)).filter_map(|symptom| explained.take(facts, symptom)).collect();
    behind(facts, &mut unexplained);
    let mut causes = explained.into_causes();
    let named = reach(facts);
    if let Some(named) = &named {
        causes.retain(|c| c.touched().any(|o| named.holds(o)));
        unexplained.retain(|s| named.holds(&s.object));
    }
    let focus = focus(facts);
    unexplained.sort_by_key(|s| focus.nearness(std::iter::once(&s.object)));
    let underway = std::mem::take(&mut overview.underway);
    let in_progress = in_progress(facts, &underway, &causes, &unexplained, named.as_ref());
    let wrong = !causes.is_empty() || !unexplained.is_empty();
    let Proven { seen, doubts } = proven::judge(facts, overview, &underway, named.as_ref(), wrong);
    let mut causes = together(facts, causes);
    part(facts, &mut causes);
    let mut evidence = EvidenceList::default();
    let causes = causes.into_iter().map(|one| cause(facts, one, &mut evidence)).collect();
    for piece in facts.walk(unexplained.iter()).take(QUOTED).filter_map(|symptom| quoted(facts, &symptom.object)) {
        evidence.add(piece);
    }
    let focus = Focus {
        because: Because::default(),
        about: focus.about.clone(),
        lost: focus.lost.clone(),
        missing: focus.missing.clone(),
        unsure: focus.unsure.clone(),
        beyond: beyond(facts).into_iter().map(|(_, what)| what.to_owned()).collect(),
        beside: false,
        certain: focus.is_certain(),
    };
    Diagnosis {
        causes,
        evidence,
        unexplained,
        in_progress,
        unseen: facts.snapshot().gaps.clone(),
        focus,
        seen,
        doubts,
        unlisted: Unlisted::default(),
    }
}

/// A Service whose Pods nobody can create has no trouble of its own: it is told with the workload that creates none.
fn behind(facts: &Facts<'_>, unexplained: &mut Vec<Symptom>) {
    let mut known: HashMap<ObjectRef, Vec<ObjectRef>> = HashMap::new();
    let wrong: HashSet<ObjectRef> = unexplained.iter().map(|s| s.object.clone()).collect();
    unexplained.retain(|symptom| {
        let service = facts.find::<Service>(&symptom.object).filter(|_| symptom.object.kind == Kind::Service);
        let selector = service.and_then(labels::any_selector).zip(symptom.object.namespace.as_ref());
        let Some((selector, namespace)) = selector else { return true };
        let mut workloads = selected::templates_selected(facts, namespace.as_str(), selector).filter(|w| wrong.contains(&w.object));
        let creates_none = selected::pods_selected(facts, namespace.as_str(), selector).all(pods_facts::has_ended);
        let Some(workload) = workloads.next().filter(|_| creates_none) else { return true };
        known.entry(workload.object.clone()).or_default().push(symptom.object.clone());
        false
    });
    for symptom in unexplained.iter_mut() {
        let Some(services) = known.get(&symptom.object) else { continue };
        let names: Vec<String> = services.iter().take(QUOTED).map(ObjectRef::in_words).collect();
        symptom.summary = format!("{}; so {} has no endpoints", symptom.summary, quote::joined(&names, "and"));
    }
}

/// The cluster's own words about what no cause explains: the newest warning, else what the scheduler says.
fn quoted(facts: &Facts<'_>, object: &ObjectRef) -> Option<Evidence> {
    // What a part of Kubernetes says, or else whoever says something.
    quoted_of(facts, object, author::is_known).or_else(|| quoted_of(facts, object, |_| true))
}

fn quoted_of(facts: &Facts<'_>, object: &ObjectRef, is_heard: impl Fn(&Event) -> bool) -> Option<Evidence> {
    let warns = |event: &Event| event.type_.as_deref() == Some("Warning") && is_heard(event);
    match facts.find::<Pod>(object) {
        Some(pod) if let Some(killed) = probe::killed(facts, pod) => {
            Some(quote::event(facts, killed.probe.unwrap_or(killed.killing), object))
        }
        Some(pod) => facts
            .newest_event(pod, warns)
            .map(|newest| quote::event(facts, newest, object))
            .or_else(|| quote::unscheduled(pod).map(|(path, text)| quote::field(facts, object, path, text))),
        None => {
            let newest = facts.events_of(object).filter(|e| warns(e)).max_by_key(|e| event_time(e))?;
            Some(quote::event(facts, newest, object))
        }
    }
}

/// The title, with the namespace where several were looked at: names alone do not tell one from another then.
fn placed(facts: &Facts<'_>, finding: &Finding) -> String {
    let namespace = finding.object.namespace.as_ref().filter(|_| facts.scope().namespace().is_none());
    match namespace.map(|namespace| format!("`{namespace}`")) {
        Some(named) if !finding.title.contains(&named) => format!("in namespace {named}: {}", finding.title),
        Some(_) | None => finding.title.clone(),
    }
}

/// What a rule found, as part of the diagnosis: its evidence gets its ids here.
fn cause(facts: &Facts<'_>, Together { finding, also }: Together, all: &mut EvidenceList) -> Cause {
    Cause {
        source: CauseSource::Rule(finding.code),
        title: placed(facts, &finding),
        explanation: finding.explanation,
        object: finding.object,
        field: finding.field,
        also,
        found: finding.found,
        expected: finding.expected,
        confidence: finding.confidence,
        ground: finding.ground,
        cites: finding.evidence.map(|piece| all.add(piece)),
        chain: finding.chain,
        symptoms: finding.symptoms,
        remedy: finding.remedy,
    }
}

/// One finding for one cause: what a rule says twice about the same field is one thing with more symptoms.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut causes: Vec<Finding> = Vec::new();
    let mut places: HashMap<(Code, ObjectRef, Option<FieldPath>), usize> = HashMap::new();
    for finding in findings {
        let place = *places.entry((finding.code, finding.object.clone(), finding.field.clone())).or_insert(causes.len());
        match causes.get_mut(place) {
            Some(cause) => {
                cause.symptoms.extend(finding.symptoms);
                cause.chain.extend(finding.chain);
            }
            None => causes.push(finding),
        }
    }
    causes
}

/// What the objects reach that were given as arguments. `None` when there are none.
fn reach(facts: &Facts<'_>) -> Option<Reach> {
    let named = facts.scope().objects();
    (!named.is_empty()).then(|| reached(facts, named))
}

/// Changes that go on, but for those of what is broken. A workload's own line says it all; its Pods' lines are kept where there is none.
fn in_progress(
    facts: &Facts<'_>,
    underway: &[(ObjectRef, Advice)],
    causes: &[Finding],
    unexplained: &[Symptom],
    named: Option<&Reach>,
) -> Vec<Advice> {
    let broken: HashSet<&ObjectRef> = causes.iter().flat_map(Finding::touched).chain(unexplained.iter().map(|s| &s.object)).collect();
    let broken_owners: HashSet<&ObjectRef> = broken.iter().flat_map(|o| facts.owners().chain(o)).collect();
    let reported: HashSet<ObjectRef> = underway.iter().map(|(o, _)| o.clone()).collect();
    let goes_on = |object: &ObjectRef| {
        !broken.contains(object)
            && !broken_owners.contains(object)
            && named.is_none_or(|n| n.holds(object))
            && !facts.owners().chain(object).any(|o| reported.contains(o))
    };
    underway.iter().filter(|(object, _)| goes_on(object)).map(|(_, advice)| advice.clone()).collect()
}

/// Where several causes hold the same Pod, repairing one does not make it run: then the plan for one must not promise that.
fn part(facts: &Facts<'_>, causes: &mut [Together]) {
    let mut holders: HashMap<ObjectRef, usize> = HashMap::new();
    for Together { finding: cause, .. } in causes.iter() {
        for pod in pods(cause).collect::<HashSet<_>>() {
            let count = holders.entry(pod.clone()).or_default();
            *count = count.saturating_add(1);
        }
    }
    for Together { finding: cause, .. } in causes {
        let shared: HashSet<&ObjectRef> =
            pods(cause).filter_map(|p| holders.get_key_value(p)).filter(|(_, n)| **n > 1).map(|(p, _)| p).collect();
        let beyond: HashSet<&ObjectRef> = shared.iter().flat_map(|p| std::iter::once(*p).chain(facts.owners().chain(p))).collect();
        let before = cause.remedy.checks.len();
        // A claim may wait for its Pod, which the other cause still holds.
        cause.remedy.checks.retain(|check| match check {
            Check::RolloutComplete(o) | Check::PodReady(o) | Check::SymptomGone(o) => !beyond.contains(o),
            Check::ClaimBound(_) => shared.is_empty(),
            Check::EndpointsReady(_) | Check::StillServes { .. } | Check::FindingGone { .. } | Check::FieldIs { .. } | Check::Gone(_) => {
                true
            }
        });
        if cause.remedy.checks.len() < before {
            cause.remedy.advice.push(Advice {
                text: "run again afterwards: another cause keeps the same Pods from running".to_owned(),
                command: None,
                why: "a plan is made for one cause at a time".to_owned(),
            });
        }
    }
}

fn pods(cause: &Finding) -> impl Iterator<Item = &ObjectRef> {
    cause.symptoms.iter().map(|s| &s.object).filter(|o| o.kind == Kind::Pod)
}
