//! Changes that somebody states, with what speaks against them besides the rules of all plans: they stay within what suffers and what
//! belongs to it, within the fields and the forms that are open to them, and a cure has to be there to be seen.

use super::lint;
use super::outline::seen;
use super::proposed::Proposed;
use super::refusal::Refusal;
use super::wanted;
use crate::domain::action::{Action, Change};
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::changes::{Verb, row};
use crate::domain::check::Check;
use crate::domain::denied;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::finding::{Proposal, Remedy, Symptom};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::{Wanted, below};
use crate::domain::risk::Risk;
use crate::facts::Facts;
use crate::facts::focus::reach;
use crate::facts::presence::Presence;
use crate::facts::references::references;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod, PodSpec};
use std::collections::HashSet;

/// What suffers is looked at for so many symptoms: a change that is about more than these is about a namespace, and not about one thing.
const SYMPTOMS: usize = 40;

/// Said of each step: the words of whoever proposed it stand elsewhere, and are no part of what is approved.
const WHY: &str = "somebody who investigated proposes it, and no rule does: its evidence and their words are quoted with the cause";

/// What may be told of objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Open {
    /// What is in ConfigMaps may be shown, so a change of it may be.
    pub(crate) config_maps: bool,
}

/// A remedy of stated changes, with the symptoms that it is about.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) symptoms: Vec<Symptom>,
    pub(crate) remedy: Remedy,
}

/// What suffers now, whoever explains it: what no cause explains, and what rules say of their causes. Of a crash that is over nothing is
/// said there.
pub(crate) fn suffering(diagnosis: &Diagnosis) -> Vec<Symptom> {
    let rules = diagnosis.causes.iter().filter(|cause| matches!(cause.source, CauseSource::Rule(_)));
    diagnosis.unexplained.iter().chain(rules.flat_map(|cause| &cause.symptoms)).cloned().collect()
}

/// Whether these changes may be made, all of them; what that cures, and how it is seen.
pub(crate) fn examine(changes: &[Wanted], suffering: &[Symptom], facts: &Facts<'_>, open: Open) -> Result<Examined, Vec<Refusal>> {
    let refusals: Vec<Refusal> = changes.iter().filter_map(|change| denied(change, open)).collect();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let areas: Vec<(&Symptom, HashSet<ObjectRef>)> = suffering.iter().take(SYMPTOMS).map(|s| (s, area(&s.object, facts))).collect();
    let mut symptoms: Vec<Symptom> = Vec::new();
    let (mut refusals, mut proposals) = (Vec::new(), Vec::new());
    for change in changes {
        let about: Vec<&Symptom> = areas.iter().filter(|(_, area)| area.contains(change.target())).map(|(s, _)| *s).collect();
        if about.is_empty() {
            refusals.push(Refusal::Stated(format!(
                "nothing is affected now that {} belongs to, so nobody could see whether the change helps",
                change.target()
            )));
            continue;
        }
        let objects: Vec<&ObjectRef> = about.iter().map(|symptom| &symptom.object).collect();
        let change = &match wanted::action(change, facts) {
            Ok(action) => action,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let refused = values(change, facts).or_else(|| scaled_by_another(change, facts)).or_else(|| missed(change, facts));
        let refused = refused.or_else(|| lint::check(&Proposed { action: change, facts, suffering: &objects }));
        match refused {
            Some(refusal) => refusals.push(refusal),
            None => {
                let risk = risk(change, &areas, facts);
                proposals.push(Proposal { action: change.clone(), why: WHY.to_owned(), risk });
            }
        }
        symptoms.extend(about.into_iter().filter(|s| !symptoms.iter().any(|known| known.object == s.object)).cloned().collect::<Vec<_>>());
    }
    let checks = checks(&symptoms, facts);
    if refusals.is_empty() && checks.is_empty() {
        refusals.push(Refusal::Stated(
            "nothing that is affected here can be seen to run afterwards, so the change is left to a human".to_owned(),
        ));
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    Ok(Examined { symptoms: by_what_runs(symptoms, facts), remedy: Remedy { proposals, checks, ..Remedy::default() } })
}

/// What suffers that a stated cause is about, where nothing is to be changed.
pub(crate) fn about(object: &ObjectRef, suffering: &[Symptom], facts: &Facts<'_>) -> Vec<Symptom> {
    let of_it = |symptom: &&Symptom| area(&symptom.object, facts).contains(object);
    by_what_runs(suffering.iter().take(SYMPTOMS).filter(of_it).cloned().collect(), facts)
}

/// A rule that has a fix for the same is heard first; and no stated cause comes before a rule's for the same symptoms.
pub(crate) fn under_rules(stated: &mut Cause, rules: &[Cause]) -> Option<Refusal> {
    let shares = |rule: &&Cause| {
        matches!(rule.source, CauseSource::Rule(_)) && rule.touched().any(|object| stated.symptoms.iter().any(|s| s.object == *object))
    };
    let shared: Vec<&Cause> = rules.iter().filter(shares).collect();
    let least = shared.iter().fold(stated.confidence, |least, rule| least.least(below(rule.confidence)));
    let fixes = shared.iter().any(|rule| !rule.remedy.proposals.is_empty());
    stated.confidence = least;
    fixes.then(|| Refusal::Stated("a rule has a fix for the same: call remediate without a proposal to be asked about that one".to_owned()))
}

/// What is never changed by what somebody proposes, of the change alone: nothing of the cluster is looked at for the answer.
fn denied(wanted: &Wanted, open: Open) -> Option<Refusal> {
    let (verb, target) = (wanted.verb(), wanted.target());
    let fields = match wanted {
        Wanted::Change(action @ Action::Patch { .. }) => action.change().2,
        Wanted::Change(_) | Wanted::Restart { .. } | Wanted::UndoRollout { .. } => Vec::new(),
    };
    let denied = denied::object(verb, target).or_else(|| fields.iter().find_map(|path| denied::field(&target.kind, path)));
    if let Some(why) = denied {
        return Some(Refusal::Stated(why));
    }
    if target.kind == Kind::ConfigMap && !open.config_maps {
        return Some(Refusal::Stated("the operator does not let what is in ConfigMaps be shown, so it is not changed either".to_owned()));
    }
    if verb != Verb::Patch {
        let open = row(verb, &target.kind, None).is_some_and(|row| row.form().is_some());
        return (!open).then(|| Refusal::Kind { verb: verb.as_str(), kind: target.kind.clone() });
    }
    let closed = |path: &&&FieldPath| row(verb, &target.kind, Some(path)).is_none_or(|row| row.form().is_none());
    let closed: Vec<String> = fields.iter().filter(closed).map(ToString::to_string).collect();
    (!closed.is_empty()).then(|| Refusal::Fields { target: target.clone(), paths: closed })
}

/// Why changes can never be made of what somebody proposes, whatever the cluster is like: said to whoever can propose something else.
pub(crate) fn never(changes: &[Wanted], open: Open) -> Option<Refusal> {
    changes.iter().find_map(|change| denied(change, open))
}

/// That each value has the form of its field.
fn values(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    let refused = |name: &str, form: crate::domain::form::ValueForm, old: Option<&serde_json::Value>, new: &serde_json::Value| {
        form.refuses(name, old, new).map(Refusal::Stated)
    };
    if let Action::Create { manifest, .. } = change {
        let form = change.rows().into_iter().find_map(|(_, row)| row?.form())?;
        return refused("", form, None, manifest);
    }
    let Action::Patch { ops, .. } = change else { return None };
    let found = match seen(change, facts) {
        Ok(found) => found?,
        Err(refusal) => return Some(refusal),
    };
    ops.iter().zip(change.rows()).find_map(|(op, (_, row))| {
        let old = op.path.locate(&found.value).and_then(|at| at.current);
        let name = op.path.segments().last().map(Segment::name).unwrap_or_default();
        match &op.change {
            Change::Set(new) => refused(name, row?.form()?, old.as_ref(), new),
            Change::Remove => Some(Refusal::Stated(format!("what is proposed sets fields and removes none, such as {}", op.path))),
        }
    })
}

/// An autoscaler's number is its own.
fn scaled_by_another(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    let (_, target, fields) = change.change();
    let scales = change.change().0 == Verb::Patch && fields.iter().any(|path| **path == FieldPath::dotted("spec.replicas"));
    if !scales {
        return None;
    }
    if !facts.is_whole(&Kind::HorizontalPodAutoscaler) {
        return Some(Refusal::Stated(format!("whether an autoscaler scales {target} could not be read")));
    }
    let of_it = |autoscaler: &&HorizontalPodAutoscaler| crate::facts::focus::target(autoscaler).as_ref() == Some(target);
    let scaled = facts.all::<HorizontalPodAutoscaler>().any(|autoscaler| of_it(&autoscaler));
    scaled.then(|| Refusal::Stated(format!("an autoscaler scales {target}")))
}

/// A claim is created where a Pod waits for it and none of that name is there.
fn missed(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    let Action::Create { object, .. } = change else { return None };
    match facts.look_up::<PersistentVolumeClaim>(object) {
        Presence::Absent => None,
        Presence::There(_) => Some(Refusal::Stated(format!("{object} exists"))),
        Presence::Unread => Some(Refusal::Stated(format!("whether {object} exists could not be read"))),
    }
}

/// Other images and settings are never below medium; what others use, too, is high: they would be changed with it.
fn risk(change: &Action, areas: &[(&Symptom, HashSet<ObjectRef>)], facts: &Facts<'_>) -> Risk {
    let target = change.target();
    let touched: HashSet<&ObjectRef> = areas.iter().filter(|(_, area)| area.contains(target)).flat_map(|(_, area)| area).collect();
    let mut users = facts.workloads().filter(|w| uses(w.pod_spec, target) && w.object.namespace == target.namespace);
    let others = target.kind == Kind::ConfigMap && users.any(|workload| !touched.contains(&workload.object));
    if others { Risk::High } else { Risk::Medium }
}

fn uses(spec: &PodSpec, object: &ObjectRef) -> bool {
    references(spec, &FieldPath::root()).iter().any(|reference| reference.kind == object.kind && reference.name == object.name)
}

/// What belongs to something that suffers, in its own namespace: who owns it and what that owns, what leads to it, and the ConfigMaps and
/// claims that it refers to, whether or not they are there.
fn area(object: &ObjectRef, facts: &Facts<'_>) -> HashSet<ObjectRef> {
    let reached = reach(facts, std::slice::from_ref(object));
    let mut area: HashSet<ObjectRef> = reached.objects().cloned().chain([object.clone()]).collect();
    let own: Vec<ObjectRef> = std::iter::once(object.clone()).chain(facts.owners().chain(object).cloned()).collect();
    let specs = own.iter().filter_map(|one| match one.kind {
        Kind::Pod => facts.find::<Pod>(one).and_then(|pod| pod.spec.as_ref()),
        _ => facts.workload(one).map(|workload| workload.pod_spec),
    });
    let Some(namespace) = &object.namespace else { return HashSet::new() };
    for spec in specs {
        let named = references(spec, &FieldPath::root());
        let kinds = [Kind::ConfigMap, Kind::PersistentVolumeClaim];
        area.extend(named.iter().filter(|r| kinds.contains(&r.kind)).map(|r| ObjectRef::namespaced(r.kind.clone(), namespace, r.name)));
    }
    area.retain(|one| one.namespace.as_ref() == Some(namespace));
    area
}

/// The workload that has to run for this object to be well; the object itself where there is none.
fn root(object: &ObjectRef, facts: &Facts<'_>) -> ObjectRef {
    let own = std::iter::once(object).chain(facts.owners().chain(object));
    own.filter(|one| facts.workload(one).is_some()).last().unwrap_or(object).clone()
}

/// A Pod of a workload goes with a change of its template: the symptom is told of what stays.
fn by_what_runs(symptoms: Vec<Symptom>, facts: &Facts<'_>) -> Vec<Symptom> {
    let mut all: Vec<Symptom> = Vec::new();
    for symptom in &symptoms {
        let object = root(&symptom.object, facts);
        if !all.iter().any(|known| known.object == object) {
            all.push(Symptom { object, summary: symptom.summary.clone() });
        }
    }
    all.extend(symptoms.into_iter().filter(|s| !all.iter().any(|known| known.object == s.object)).collect::<Vec<_>>());
    all
}

/// What is positively there once it is well.
fn checks(symptoms: &[Symptom], facts: &Facts<'_>) -> Vec<Check> {
    let mut all: Vec<Check> = Vec::new();
    for symptom in symptoms {
        let object = root(&symptom.object, facts);
        let check = match object.kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Check::RolloutComplete(object),
            Kind::Pod if facts.owners().chain(&object).next().is_none() => Check::PodReady(object),
            Kind::PersistentVolumeClaim => Check::ClaimBound(object),
            Kind::Service => Check::EndpointsReady(object),
            _ => continue,
        };
        if !all.contains(&check) {
            all.push(check);
        }
    }
    all
}
