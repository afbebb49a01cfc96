//! Changes that somebody states, with what speaks against them besides the rules of all plans: they stay within what suffers and what
//! belongs to it, within the fields and the forms that are open to them, and a cure has to be there to be seen.

use super::beside;
use super::lint;
use super::missing;
use super::outline::seen;
use super::proposed::Proposed;
use super::refusal::Refusal;
use super::revisions;
use super::setting;
use super::spelling;
use super::stakes::{BEHIND, Stakes, Suffering, stakes};
use super::wanted;
use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::changes::{Verb, may_be_open, row};
use crate::domain::check::Check;
use crate::domain::denied;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::EvidenceList;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::finding::{Proposal, Remedy, Symptom};
use crate::domain::form::ValueForm;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::{Wanted, below};
use crate::domain::risk::Risk;
use crate::facts::Facts;
use crate::facts::focus::reach;
use crate::facts::named::{Named, Nearness};
use crate::facts::references::references;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Pod;
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};

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

/// A remedy of stated changes, with what suffers that it is about.
#[derive(Debug)]
pub(crate) struct Examined {
    pub(crate) symptoms: Vec<Symptom>,
    pub(crate) remedy: Remedy,
    /// What each change is about, in the order of the remedy.
    pub(crate) about: Vec<About>,
}

/// What suffers that something has to do with, and everything that belongs to that.
#[derive(Debug, Default)]
pub(crate) struct About {
    pub(crate) symptoms: Vec<Symptom>,
    area: HashSet<ObjectRef>,
}

impl About {
    pub(crate) fn holds(&self, object: &ObjectRef) -> bool {
        self.area.contains(object)
    }

    /// The object itself, and what suffers: what the words of an issue are compared with.
    fn near(&self, named: &Named, object: &ObjectRef) -> Nearness {
        named.nearness(std::iter::once(object).chain(self.symptoms.iter().map(|symptom| &symptom.object)))
    }
}

impl Examined {
    /// How near the change is to what is named that is farthest from it: one that is about it does not carry the others. No word of
    /// whoever proposes them counts.
    pub(crate) fn nearness(&self, named: &Named) -> Nearness {
        let changes = self.remedy.proposals.iter().zip(&self.about);
        changes.map(|(proposal, about)| about.near(named, proposal.action.target())).max().unwrap_or(Nearness::Elsewhere)
    }

    /// Why the cause is none for all of the changes: it has to be about the same as each of them, and so has something that it cites.
    pub(crate) fn without_ground(&self, cause: &Cause, evidence: &EvidenceList) -> Option<Refusal> {
        self.remedy.proposals.iter().zip(&self.about).find_map(|(Proposal { action, .. }, about)| {
            let (target, object) = (action.target(), &cause.object);
            if !about.holds(object) {
                return Some(Refusal::Stated(format!(
                    "the first cause is about {object}, and a change of {target} has to be for one about that or what belongs to it: name as `object` of the first cause what is wrong there, or leave out the change"
                )));
            }
            let cited = cause.cites.iter().filter_map(|id| evidence.get(*id)?.object.as_ref());
            (!cited.into_iter().any(|object| about.holds(object))).then(|| {
                Refusal::Stated(format!(
                    "nothing that the first cause cites is about {target} or what belongs to it: look at it with analyze, such as with `get` and a field of its status, and cite that in `cites`"
                ))
            })
        })
    }
}

/// What suffers now, whoever explains it: what no cause explains, and what rules say of their causes. Of a crash that is over nothing is
/// said there.
fn suffering(diagnosis: &Diagnosis) -> Vec<Symptom> {
    diagnosis.unexplained.iter().chain(of_rules(&diagnosis.causes).flat_map(|cause| &cause.symptoms)).cloned().collect()
}

fn of_rules(causes: &[Cause]) -> impl Iterator<Item = &Cause> {
    causes.iter().filter(|cause| matches!(cause.source, CauseSource::Rule(_)))
}

/// Whether these changes may be made, all of them; what that cures, and how it is seen. `diagnosis`: what rules say, after the planner
/// decided on their fixes.
pub(crate) fn examine(changes: &[Wanted], diagnosis: &Diagnosis, facts: &Facts<'_>, open: Open) -> Result<Examined, Vec<Refusal>> {
    let refusals: Vec<Refusal> = changes.iter().filter_map(|change| denied(change, open)).collect();
    if !refusals.is_empty() {
        return Err(refusals);
    }
    if facts.pace().was_hurried() {
        let why = "not every rule had time to look, so whether one speaks against the change is not known: ask for less at a time";
        return Err(vec![Refusal::Stated(why.to_owned())]);
    }
    let suffering = suffering(diagnosis);
    let areas: Vec<(&Symptom, HashSet<ObjectRef>)> = suffering.iter().take(SYMPTOMS).map(|s| (s, area(&s.object, facts))).collect();
    let mut symptoms: Vec<Symptom> = Vec::new();
    let (mut refusals, mut made) = (Vec::new(), Vec::new());
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
        let change = &match wanted::action(change, facts).and_then(|action| spelling::one(action, facts)) {
            Ok(action) => action,
            Err(refusal) => {
                refusals.push(refusal);
                continue;
            }
        };
        let refused = values(change, facts).or_else(|| scaled_by_another(change, facts)).or_else(|| missing::refused(change, facts));
        let refused = refused.or_else(|| beside::refused(change, &objects, facts));
        let refused = refused.or_else(|| withheld(change, &diagnosis.causes));
        let refused = refused.or_else(|| lint::check(&Proposed { action: change, facts, suffering: &objects }));
        match refused {
            Some(refusal) => refusals.push(refusal),
            None => {
                let Stakes { risk, said } = at_stake(change, &about, &areas, facts);
                let own = About { symptoms: about.iter().map(|s| (*s).clone()).collect(), area: whole_area(&about, &areas, facts) };
                made.push((Proposal { action: in_order(change), why: why(change, said, &diagnosis.causes), risk }, own));
            }
        }
        symptoms.extend(about.into_iter().filter(|s| !symptoms.iter().any(|known| known.object == s.object)).cloned().collect::<Vec<_>>());
    }
    refusals.extend(two_at_once(made.iter().map(|(proposal, _): &(Proposal, About)| &proposal.action), facts));
    let mut checks = checks(&symptoms, facts);
    // What an Ingress leads to is there once it is reached, whoever else is affected.
    let reached = |(proposal, _): &(Proposal, About)| beside::leads_to_a_service(&proposal.action);
    if !checks.is_empty() || made.iter().any(reached) {
        // Whoever else is behind a changed Service has to be reached as before.
        let served: Vec<Check> = {
            let services = made.iter().flat_map(|(proposal, _)| beside::services(&proposal.action, facts));
            services.filter_map(|service| served(&service, facts)).collect()
        };
        checks.extend(served.into_iter().filter(|check| !checks.contains(check)).collect::<Vec<_>>());
    }
    if refusals.is_empty() && checks.is_empty() {
        refusals.push(Refusal::Stated(
            "nothing that is affected here can be seen to run afterwards, so the change is left to a human".to_owned(),
        ));
    }
    let symptoms = by_what_runs(symptoms, facts);
    refusals.extend(fixed_by_a_rule(&symptoms, &diagnosis.causes).filter(|_| refusals.is_empty()));
    if !refusals.is_empty() {
        return Err(refusals);
    }
    in_time(&mut made);
    let (proposals, about) = made.into_iter().unzip();
    Ok(Examined { symptoms, remedy: Remedy { proposals, checks, ..Remedy::default() }, about })
}

/// What suffers that a stated cause is about, where nothing is to be changed.
pub(crate) fn about(object: &ObjectRef, diagnosis: &Diagnosis, facts: &Facts<'_>) -> About {
    let suffering = suffering(diagnosis);
    let areas: Vec<(&Symptom, HashSet<ObjectRef>)> = suffering.iter().take(SYMPTOMS).map(|s| (s, area(&s.object, facts))).collect();
    let about: Vec<&Symptom> = areas.iter().filter(|(_, area)| area.contains(object)).map(|(s, _)| *s).collect();
    let area = whole_area(&about, &areas, facts);
    About { symptoms: by_what_runs(about.into_iter().cloned().collect(), facts), area }
}

/// Everything that belongs to these, and to what has to run for them to be well: what one Pod shows is shown for the others, too.
fn whole_area(about: &[&Symptom], areas: &[(&Symptom, HashSet<ObjectRef>)], facts: &Facts<'_>) -> HashSet<ObjectRef> {
    let own = areas.iter().filter(|(symptom, _)| about.contains(symptom)).flat_map(|(_, area)| area.iter().cloned());
    let roots: HashSet<ObjectRef> = about.iter().map(|symptom| root(&symptom.object, facts)).collect();
    own.chain(roots.iter().flat_map(|root| area(root, facts))).collect()
}

/// No stated cause comes before a rule's for the same symptoms.
pub(crate) fn under_rules(stated: &mut Cause, rules: &[Cause]) {
    let shared = of_rules(rules).filter(|rule| shares(rule, &stated.symptoms));
    stated.confidence = shared.fold(stated.confidence, |least, rule| least.least(below(rule.confidence)));
}

fn shares(rule: &Cause, symptoms: &[Symptom]) -> bool {
    rule.touched().any(|object| symptoms.iter().any(|symptom| symptom.object == *object))
}

/// A rule that has a fix for the same is heard first.
fn fixed_by_a_rule(symptoms: &[Symptom], rules: &[Cause]) -> Option<Refusal> {
    let fixes = of_rules(rules).any(|rule| shares(rule, symptoms) && !rule.remedy.proposals.is_empty());
    fixes.then(|| Refusal::Stated("a rule has a fix for the same: call remediate without a proposal to be asked about that one".to_owned()))
}

/// What a rule found the cause of and left to a human.
fn left_to_a_human<'a>(change: &Action, rules: &'a [Cause]) -> Option<&'a Cause> {
    let target = change.target();
    let left = |rule: &&Cause| rule.remedy.proposals.is_empty() && rule.touched().any(|object| object == target);
    let mut all: Vec<&Cause> = of_rules(rules).filter(left).collect();
    all.sort_by_key(|rule| rule.object != *target);
    all.first().copied()
}

fn why_left(rule: &Cause) -> &str {
    rule.remedy.advice.first().map_or("it has no fix that is certain", |advice| advice.why.as_str())
}

/// Where a rule left a claim to a human, so is a proposal: what speaks against a change, such as data that an empty claim would hide,
/// speaks against it in any words. Of other objects the rule only does not know which value is right: there a human is asked, and told.
fn withheld(change: &Action, rules: &[Cause]) -> Option<Refusal> {
    let target = change.target();
    let rule = left_to_a_human(change, rules).filter(|_| target.kind == Kind::PersistentVolumeClaim)?;
    let (code, why) = (rule.source.code(), why_left(rule));
    Some(Refusal::Stated(format!("a rule found what is wrong with {target} and leaves it to a human ({code}): {why}")))
}

/// Why it is done, as the question says it: with what is at stake, and what a rule says of the same.
fn why(change: &Action, at_stake: Vec<String>, rules: &[Cause]) -> String {
    let said = |rule: &Cause| format!("a rule found what is wrong and leaves it to a human ({}): {}", rule.source.code(), why_left(rule));
    let all = at_stake.into_iter().chain([WHY.to_owned()]).chain(left_to_a_human(change, rules).map(said));
    all.collect::<Vec<_>>().join("; ")
}

/// The fields of a change in the order of what they decide.
fn in_order(change: &Action) -> Action {
    let Action::Patch { target, ops } = change else { return change.clone() };
    let mut ops: Vec<FieldOp> = ops.iter().cloned().collect();
    ops.sort_by_cached_key(|op| (rank(change, &op.path), op.path.to_string()));
    match NonEmpty::from_vec(ops) {
        Some(ops) => Action::Patch { target: target.clone(), ops },
        None => change.clone(),
    }
}

/// What a field decides: the riskier first, then by the form of its value.
fn rank(change: &Action, path: &FieldPath) -> (Reverse<Risk>, u8) {
    let row = change.rows().into_iter().find(|(of, _)| *of == Some(path)).and_then(|(_, row)| row);
    (Reverse(row.map_or(Risk::High, |row| row.floor)), row.and_then(|row| row.form()).map_or(u8::MAX, ValueForm::rank))
}

/// What is read comes before who reads it: Pods that start before that start with what was there. Besides, the order is not for whoever
/// proposes them to choose; which of them the question names first, their risk decides.
fn in_time<T>(made: &mut [(Proposal, T)]) {
    let reads = |action: &Action| match action {
        Action::Create { .. } => 0_u8,
        other if other.target().kind == Kind::ConfigMap => 1,
        _ => 2,
    };
    made.sort_by_key(|(Proposal { action, risk, .. }, _)| {
        (reads(action), Reverse((*risk).max(action.floor())), least_rank(action), action.target().clone())
    });
}

/// The rank of what a change decides most by.
fn least_rank(change: &Action) -> u8 {
    change.rows().into_iter().filter_map(|(_, row)| row?.form()).map(ValueForm::rank).min().unwrap_or(u8::MAX)
}

/// That two of these end Pods of the same workload: what comes of the first has to be seen before the second.
fn two_at_once<'a>(changes: impl Iterator<Item = &'a Action>, facts: &Facts<'_>) -> Option<Refusal> {
    let mut ended = HashSet::new();
    let mut all = changes.filter(|change| change.is_made_again() || change.changes_a_template()).map(|change| root(change.target(), facts));
    let twice = all.find(|workload| !ended.insert(workload.clone()))?;
    Some(Refusal::Stated(format!("two of the changes end Pods of {twice}: propose one, and what comes of it is seen before the next")))
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
    // In whatever spelling: which one the object has it in decides where the object is known.
    let closed: Vec<String> = fields.iter().filter(|path| !may_be_open(&target.kind, path)).map(ToString::to_string).collect();
    (!closed.is_empty()).then(|| Refusal::Fields { target: target.clone(), paths: closed })
}

/// Why changes can never be made of what somebody proposes, whatever the cluster is like: said to whoever can propose something else.
pub(crate) fn never(changes: &[Wanted], open: Open) -> Option<Refusal> {
    changes.iter().find_map(|change| denied(change, open))
}

/// That each value has the form of its field.
fn values(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    let refused = |name: &str, form: ValueForm, old: Option<&serde_json::Value>, new: &serde_json::Value| {
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
    let target = change.target();
    ops.iter().zip(change.rows()).find_map(|(op, (_, row))| {
        let Some(form) = row.and_then(|row| row.form()) else {
            let there = op.path.place(&found.value).is_some();
            let closed = || Refusal::Fields { target: target.clone(), paths: vec![op.path.to_string()] };
            return Some(if there { closed() } else { Refusal::Stated(format!("{target} has no {}", op.path)) });
        };
        let old = op.path.locate(&found.value).and_then(|at| at.current);
        let name = op.path.segments().last().map(Segment::name).unwrap_or_default();
        match &op.change {
            Change::Set(new) => refused(name, form, old.as_ref(), new),
            Change::Remove => Some(Refusal::Stated(format!("what is proposed sets fields and removes none, such as {}", op.path))),
        }
    })
}

/// The kinds without which it cannot be decided on these changes. Rules need some of them only where something points at them.
pub(crate) fn needed(changes: &[Wanted]) -> Vec<Kind> {
    let of = |wanted: &Wanted| match wanted {
        Wanted::Change(change) if change.scales_to().is_some() => vec![Kind::HorizontalPodAutoscaler],
        // Whether a node takes another Pod of a DaemonSet.
        Wanted::Change(change) if change.is_made_again() => vec![Kind::Node],
        Wanted::Change(Action::Create { object, .. }) => missing::needed(&object.kind),
        Wanted::Change(Action::UndoRollout { target, .. }) => revisions::needed(&target.kind),
        Wanted::Change(change) => match change.target().kind {
            Kind::PersistentVolumeClaim => vec![Kind::PersistentVolumeClaim, Kind::StorageClass],
            Kind::Ingress => vec![Kind::Ingress, Kind::Service, Kind::EndpointSlice],
            Kind::HorizontalPodAutoscaler | Kind::PodDisruptionBudget => vec![change.target().kind.clone()],
            Kind::Service => BEHIND.iter().chain([&Kind::EndpointSlice]).cloned().collect(),
            Kind::ConfigMap => setting::USERS.to_vec(),
            _ => Vec::new(),
        },
        Wanted::UndoRollout { target, .. } => revisions::needed(&target.kind),
        Wanted::Restart { .. } => Vec::new(),
    };
    changes.iter().flat_map(of).collect::<BTreeSet<Kind>>().into_iter().collect()
}

/// An autoscaler's number is its own.
fn scaled_by_another(change: &Action, facts: &Facts<'_>) -> Option<Refusal> {
    change.scales_to()?;
    let target = change.target();
    if !facts.is_whole(&Kind::HorizontalPodAutoscaler) {
        return Some(Refusal::Stated(format!("whether an autoscaler scales {target} could not be read")));
    }
    let of_it = |autoscaler: &&HorizontalPodAutoscaler| crate::facts::focus::target(autoscaler).as_ref() == Some(target);
    let scaled = facts.all::<HorizontalPodAutoscaler>().any(|autoscaler| of_it(&autoscaler));
    scaled.then(|| Refusal::Stated(format!("an autoscaler scales {target}")))
}

/// What else the change does than what it is for.
fn at_stake(change: &Action, about: &[&Symptom], areas: &[(&Symptom, HashSet<ObjectRef>)], facts: &Facts<'_>) -> Stakes {
    let area: HashSet<&ObjectRef> = areas.iter().filter(|(symptom, _)| about.contains(symptom)).flat_map(|(_, area)| area).collect();
    let roots: HashSet<ObjectRef> = about.iter().map(|symptom| root(&symptom.object, facts)).collect();
    let own: HashSet<&ObjectRef> = about.iter().map(|symptom| &symptom.object).collect();
    let mut stakes = stakes(change, &Suffering { own: &own, roots: &roots, area: &area }, |object| root(object, facts), facts);
    for (risk, said) in missing::at_stake(change, facts).into_iter().chain(beside::at_stake(change, facts)) {
        stakes.risk = stakes.risk.max(risk);
        stakes.said.push(said);
    }
    stakes
}

/// What belongs to something that suffers, in its own namespace: who owns it and what that owns, what leads to it, scales it and keeps its
/// Pods, and the ConfigMaps, claims, ServiceAccounts and Services that it refers to, whether or not they are there.
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
        let kinds = [Kind::ConfigMap, Kind::PersistentVolumeClaim, Kind::ServiceAccount];
        area.extend(named.iter().filter(|r| kinds.contains(&r.kind)).map(|r| ObjectRef::namespaced(r.kind.clone(), namespace, r.name)));
    }
    area.extend(own.iter().flat_map(|one| missing::named(one, namespace, facts)));
    area.extend(own.iter().flat_map(|one| beside::of(one, namespace, facts)));
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

/// That a Service that is changed serves as before.
fn served(target: &ObjectRef, facts: &Facts<'_>) -> Option<Check> {
    let ready = u32::try_from(facts.ready_addresses(target)).ok().filter(|_| target.kind == Kind::Service)?;
    Some(match ready {
        0 => Check::EndpointsReady(target.clone()),
        ready => Check::StillServes { service: target.clone(), ready },
    })
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
            _ => {
                let behind = beside::behind(&object, facts).into_iter().map(Check::RolloutComplete);
                all.extend(behind.filter(|check| !all.contains(check)).collect::<Vec<_>>());
                continue;
            }
        };
        if !all.contains(&check) {
            all.push(check);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::namespace;
    use serde_json::json;

    #[test]
    fn what_is_read_is_changed_before_who_reads_it_whatever_their_risk_is() {
        let of = |kind: Kind, name: &str| ObjectRef::namespaced(kind, &namespace(), name);
        let one = |action: Action, risk: Risk| (Proposal { action, why: String::new(), risk }, ());
        let level = FieldOp::set(FieldPath::dotted("data.LEVEL"), "info");
        let setting = Action::Patch { target: of(Kind::ConfigMap, "settings"), ops: NonEmpty::one(level) };
        let claim = Action::Create { object: of(Kind::PersistentVolumeClaim, "data"), manifest: json!({}) };
        let restart = Action::restart(of(Kind::Deployment, "web"), jiff::Timestamp::UNIX_EPOCH);
        let evict = Action::EvictPod { pod: of(Kind::Pod, "db-0") };
        let mut made = vec![one(evict, Risk::Medium), one(restart, Risk::High), one(setting, Risk::Medium), one(claim, Risk::Medium)];
        in_time(&mut made);
        let order: Vec<&str> = made.iter().map(|(proposal, ())| proposal.action.target().name.as_str()).collect();
        assert_eq!(order, ["data", "settings", "web", "db-0"]);
    }
}
