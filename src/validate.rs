//! Checks, held against fresh facts and what the rules find in them. Pure: watching is `workflow/settle`.
//! A check passes on what was seen, and never because an old message is no longer there.

mod change;
pub(crate) mod remains;
pub(crate) mod stand;
mod whole;

use self::stand::{Checked, Observed, Stand, absent};
use crate::domain::action::Action;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::execution::Execution;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::once::once;
use crate::domain::plan::RemediationPlan;
use crate::domain::snapshot::{Reading, Resource};
use crate::facts::newest::{self, Kept};
use crate::facts::starting::{self, Startup};
use crate::facts::{Facts, addresses, behind, pods, strays, unread};
use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use serde_json::Value;

/// The kinds that have to be read for these checks: those that they are about, and what has to run.
pub(crate) fn kinds(plan: &RemediationPlan) -> Vec<Kind> {
    let about = plan.judged.about.iter().chain(plan.checks.iter().map(Check::object));
    let mut all = vec![Kind::Pod];
    for object in about.chain(plan.steps.iter().map(|step| step.action.target())) {
        let more: &[Kind] = match object.kind {
            Kind::Deployment => &[Kind::Deployment, Kind::ReplicaSet],
            Kind::Service => &[Kind::Service, Kind::EndpointSlice],
            _ => std::slice::from_ref(&object.kind),
        };
        all.extend(more.iter().cloned());
    }
    // Whether somebody is led to it decides what its addresses prove.
    if plan.steps.iter().any(|step| matches!(&step.action, Action::Create { object, .. } if object.kind == Kind::Service)) {
        all.push(Kind::Ingress);
    }
    if plan.checks.iter().any(|check| matches!(check, Check::SymptomGone(_))) {
        all.extend([Kind::ReplicaSet, Kind::Event]);
    }
    once(all)
}

/// The same as they are read once more before a verdict, since a watch may be late or silent: first what shows how things run, and last
/// what the plan changes, is about and promises. What is read last tells of what was read before it: where it still is as the plan
/// wants it, it was so when the Pods were seen, and nobody came in between.
pub(crate) fn once_more(plan: &RemediationPlan) -> (Vec<Kind>, Vec<Kind>) {
    let about = plan.judged.about.iter().chain(plan.checks.iter().map(Check::object));
    let own = about.chain(plan.steps.iter().map(|step| step.action.target())).map(|object| &object.kind);
    let last: Vec<&Kind> = own.filter(|kind| **kind != Kind::Pod).collect();
    // A Pod of a ReplicaSet that was not seen tells that these are behind.
    kinds(plan).into_iter().filter(|kind| *kind != Kind::ReplicaSet).partition(|kind| !last.contains(&kind))
}

/// Of these, what is listed and not watched: claims, of which the Pods that mount them tell first, and ReplicaSets where no step leads to
/// a new one. They are listed again where something shows that they are behind.
pub(crate) fn unwatched(plan: &RemediationPlan) -> Vec<Kind> {
    let mounted = (!plan.judged.about.is_empty()).then_some(Kind::PersistentVolumeClaim);
    let still = !plan.steps.iter().any(|step| step.action.target().kind == Kind::Deployment);
    mounted.into_iter().chain(still.then_some(Kind::ReplicaSet)).collect()
}

/// What keeps a look from saying anything of the plan: what it set is not there any more, by what was recorded of each step.
pub(crate) fn replaced(plan: &RemediationPlan, made: &Execution, facts: &Facts<'_>) -> Option<String> {
    // What was rolled back is meant to be gone.
    let stays = made.reverted.is_none();
    change::another(plan, made, facts).or_else(|| change::changed_again(plan, made, facts).filter(|_| stays))
}

/// Whether each check of the plan holds.
/// `unread` names what a cause's rule needs and could not read: of silence for that reason nobody can tell.
/// `made` is what became of the plan's steps; none where it was never applied, and somebody else may have made its change.
pub(crate) fn check_all(
    plan: &RemediationPlan,
    made: Option<&Execution>,
    facts: &Facts<'_>,
    diagnosis: &Diagnosis,
    unread: impl Fn(Code) -> Vec<Kind>,
) -> Vec<Checked> {
    // What the plan was made of is what it is judged by: a look that sees less proves nothing.
    let lost: Vec<Kind> = kinds(plan).into_iter().filter(|kind| plan.judged.saw.contains(kind) && !facts.is_whole(kind)).collect();
    let another = made.and_then(|made| change::another(plan, made, facts));
    plan.checks
        .iter()
        .map(|check| {
            let (stand, observed) = match check {
                Check::RolloutComplete(object) => rollout(object, facts),
                Check::PodReady(object) => pod(object, facts),
                Check::ClaimBound(object) => claim(object, facts),
                Check::EndpointsReady(object) => endpoints(object, facts),
                Check::StillServes { service, ready } => still_serves(service, *ready, facts),
                Check::FindingGone { code, object, field } => {
                    let place = Place { code: *code, object, field: field.as_ref() };
                    finding(&place, plan, facts, diagnosis, &unread(*code))
                }
                Check::FieldIs { object, field, value } => field_is(object, field, value.as_ref(), facts),
                Check::Gone(object) => gone(object, facts),
                Check::SymptomGone(object) => symptom(object, facts, diagnosis),
            };
            let (stand, observed) = match stand {
                Stand::Holds if !lost.is_empty() => (Stand::Unseen, format!("{observed}, but {}", unread_in_words(&lost, facts))),
                // A rule that was not run finds nothing, whatever is there.
                Stand::Holds if facts.pace().was_hurried() => (Stand::Unseen, format!("{observed}, but not all rules were run")),
                // What holds of another object is no result of the plan.
                Stand::Holds if let Some(another) = &another => (Stand::Unseen, format!("{observed}, but {another}")),
                stand => (stand, observed),
            };
            Checked { check: check.clone(), stand, observed }
        })
        .collect()
}

fn unread_in_words(kinds: &[Kind], facts: &Facts<'_>) -> String {
    unread::all(kinds, facts.snapshot()).join(", and ")
}

/// The object as the snapshot has it: nothing is said of a value, which may be a credential.
fn field_is(object: &ObjectRef, field: &FieldPath, value: Option<&Value>, facts: &Facts<'_>) -> Observed {
    let Some(found) = facts.snapshot().value_of(object) else { return absent(object, facts) };
    let now = field.locate(&found).and_then(|at| at.current);
    let same = now.as_ref() == value;
    (Stand::holds_if(same), format!("`{field}` is {}", if same { "as planned" } else { "something else" }))
}

fn gone(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    if facts.has(object) {
        let going = facts.meta_of(object).is_some_and(|meta| meta.deletion_timestamp.is_some());
        return (Stand::Fails.or_not_yet_if(|| going), format!("{object} still exists"));
    }
    match absent(object, facts) {
        (Stand::Fails, observed) => (Stand::Holds, observed),
        seen => seen,
    }
}

/// All intended replicas of the newest revision are ready. Where none is intended, nothing runs that could show it.
pub(crate) fn rollout(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    let Some(w) = facts.workload(object) else {
        return match facts.has(object) {
            true => (Stand::Unseen, "its controller has not reported anything yet".to_owned()),
            false => absent(object, facts),
        };
    };
    if w.desired == 0 {
        // How many a DaemonSet wants is its controller's word, which may be one of before the change.
        return match w.replicas {
            Some(_) => (Stand::Idle, "it is scaled to zero, so no Pod runs that could show whether the change helps".to_owned()),
            None => (Stand::Unseen, "it wants no Pod on any node, so no Pod runs that could show whether the change helps".to_owned()),
        };
    }
    let seen = if w.observed { "" } else { ", the controller has not observed the newest generation yet" };
    let counts = format!("{} of {} ready, {} updated, {} total{seen}", w.ready, w.desired, w.updated, w.total);
    match by_hand(object, facts).filter(|_| !w.is_complete() && w.observed) {
        Some(why) => (Stand::Unseen, format!("{counts}; {why}")),
        // Its counts are of before a Pod that came since, and how that Pod is belongs to them.
        None if w.is_complete()
            && let Some(stray) = strays::of(w, facts) =>
        {
            (Stand::Unseen, format!("{counts}, but {stray}"))
        }
        None if w.is_complete() => (Stand::Holds, counts),
        None => incomplete(object, facts, counts),
    }
}

/// What has to run and does not: it still starts, or it failed, or what would show that was not seen.
fn incomplete(object: &ObjectRef, facts: &Facts<'_>, observed: String) -> Observed {
    match starting::start(object, facts) {
        Startup::Coming => (Stand::NotYet, observed),
        Startup::Over => (Stand::Fails, observed),
        Startup::Untold(why) => (Stand::Unseen, format!("{observed}, and {why}")),
    }
}

/// Why Pods of an older template may stay, however long anybody waits.
fn by_hand(object: &ObjectRef, facts: &Facts<'_>) -> Option<&'static str> {
    if facts.workload(object).is_some_and(|w| w.paused) {
        return Some("its rollout is paused, so it does not continue by itself");
    }
    newest::kept(object, facts).map(|kept| match kept {
        Kept::UntilDeleted => "its update strategy replaces a Pod only once somebody deletes it",
        Kept::BelowPartition => "its update strategy keeps some Pods at the older template (`partition`)",
    })
}

/// Where a rule found something.
struct Place<'a> {
    code: Code,
    object: &'a ObjectRef,
    field: Option<&'a FieldPath>,
}

/// The rule finds nothing at that place any more, the change is there to be seen, and a Pod of the newest template has come past
/// the point at which the old ones failed. Where the rule could not see, or the object itself is gone, nobody can tell.
fn finding(place: &Place<'_>, plan: &RemediationPlan, facts: &Facts<'_>, diagnosis: &Diagnosis, unread: &[Kind]) -> Observed {
    let Place { code, object, field } = *place;
    let is_here = |(o, f): (&ObjectRef, Option<&FieldPath>)| o == object && (field.is_none() || f == field);
    if let Some(cause) = diagnosis.causes.iter().find(|c| c.is_of(code) && c.places().any(is_here)) {
        let at = cause.field_text().filter(|_| cause.also.is_empty()).or_else(|| field.map(ToString::to_string));
        return (Stand::Fails, format!("`{code}` is still found{}", at.map(|at| format!(" at `{at}`")).unwrap_or_default()));
    }
    if !facts.has(object) {
        return if facts.is_whole(&object.kind) { (Stand::Unseen, format!("{object} no longer exists")) } else { absent(object, facts) };
    }
    let (changed, words) = change::is_there(plan, facts);
    if changed != Stand::Holds {
        return (changed, words);
    }
    let concerned: Vec<&ObjectRef> = match plan.judged.about.iter().find(|o| *o == object) {
        Some(own) => vec![own],
        None => plan.judged.about.iter().collect(),
    };
    for workload in &concerned {
        let (past, words) = past(place, workload, facts, diagnosis);
        if past != Stand::Holds {
            return (past, words);
        }
    }
    // What is seen to be healthy needs no word of a rule.
    let well = match concerned.as_slice() {
        [] => is_healthy(object, facts),
        all => all.iter().all(|workload| runs(workload, facts).0 == Stand::Holds),
    };
    if !unread.is_empty() && !well {
        // What a look leaves out is looked at before a verdict: it is no lack of this one.
        let lacking: Vec<Kind> = unread.iter().filter(|kind| facts.snapshot().reading(kind) != Reading::Skipped).cloned().collect();
        let why = match lacking.as_slice() {
            [] => format!("`{code}` is not found so far"),
            lacking => format!("`{code}` cannot be ruled out: {}", unread_in_words(lacking, facts)),
        };
        return (Stand::Unseen, why);
    }
    (Stand::Holds, format!("`{code}` is not found, and {words}"))
}

/// Whether a Pod of the newest template was judged: it runs, its container was started, or something else is seen to hold it.
fn past(place: &Place<'_>, workload: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> Observed {
    let container = place.field.and_then(container);
    let fresh = newest::pods_of_newest(facts, workload);
    if fresh.is_empty() {
        return match rollout(workload, facts) {
            (stand @ (Stand::Unseen | Stand::Idle), words) => (stand, words),
            (stand, _) => match newest::untold(facts, workload) {
                Some(why) => (Stand::Unseen, format!("no Pod of the newest template of {workload} was seen, and {why}")),
                None => {
                    let stand = if stand == Stand::NotYet { stand } else { Stand::Fails };
                    (stand, format!("no Pod of the newest template of {workload} exists yet"))
                }
            },
        };
    }
    let other = |pod: &Pod| {
        let own = pod.reference();
        let elsewhere = diagnosis.causes.iter().filter(|c| c.symptoms.iter().any(|s| s.object == own));
        // Of two containers one says nothing about the other; of one, what holds it now is past what held it before.
        let same = |field: Option<&FieldPath>| container.is_none() || field.and_then(self::container) == container;
        elsewhere
            .filter(|c| !c.places().any(|(o, f)| c.is_of(place.code) && o == place.object && f == place.field))
            .any(|c| same(c.field.as_ref()))
    };
    let judged = |pod: &&Pod| pods::is_ready(pod) || newest::was_started(pod, container) || other(pod);
    match fresh.iter().find(|pod| judged(pod)) {
        Some(_) => (Stand::Holds, String::new()),
        None => incomplete(
            workload,
            facts,
            format!("no Pod of the newest template of {workload} has come past the point at which it failed yet"),
        ),
    }
}

/// The container that a path leads through.
fn container(path: &FieldPath) -> Option<&str> {
    let mut lists = path.segments().windows(2).filter_map(|pair| match pair {
        [Segment::Key(list), Segment::Element { key, value }] if key == "name" => {
            matches!(list.as_str(), "containers" | "initContainers").then_some(value.as_str())
        }
        _ => None,
    });
    lists.next()
}

/// Whether what has to run runs.
pub(crate) fn runs(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    match object.kind {
        Kind::Pod => pod(object, facts),
        _ => rollout(object, facts),
    }
}

/// Observed, and not only not heard of as broken.
fn is_healthy(object: &ObjectRef, facts: &Facts<'_>) -> bool {
    let (stand, _) = match object.kind {
        Kind::PersistentVolumeClaim => claim(object, facts),
        Kind::Service => endpoints(object, facts),
        _ => runs(object, facts),
    };
    stand == Stand::Holds
}

/// Nothing is wrong with it or with anything that it owns. Where that could not be read, or the object itself is gone, nobody can
/// tell: what came in its place may be no better.
fn symptom(object: &ObjectRef, facts: &Facts<'_>, diagnosis: &Diagnosis) -> Observed {
    let all = diagnosis.causes.iter().flat_map(|c| &c.symptoms).chain(&diagnosis.unexplained);
    let mut of_it = all.filter(|s| s.object == *object || facts.owners().chain(&s.object).any(|owner| owner == object));
    let needed = [object.kind.clone(), Kind::Pod, Kind::ReplicaSet, Kind::Event];
    let lacking: Vec<Kind> = once(needed.into_iter().filter(|kind| !facts.is_whole(kind)));
    match of_it.next() {
        Some(symptom) => incomplete(object, facts, symptom.summary.clone()),
        None if !lacking.is_empty() => (Stand::Unseen, format!("no problem was found with it, but {}", unread_in_words(&lacking, facts))),
        None if !facts.has(object) => (Stand::Unseen, format!("{object} no longer exists")),
        None => (Stand::Holds, "no problem was found with it".to_owned()),
    }
}

fn pod(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    let Some(pod) = facts.find::<Pod>(object) else { return absent(object, facts) };
    let phase = pod.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Unknown".to_owned());
    let ready = pods::is_ready(pod);
    let observed = format!("{phase}, {}", if ready { "Ready" } else { "not Ready" });
    if ready || phase == "Succeeded" { (Stand::Holds, observed) } else { incomplete(object, facts, observed) }
}

fn claim(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    let Some(claim) = facts.find::<PersistentVolumeClaim>(object) else { return absent(object, facts) };
    let phase = claim.status.as_ref().and_then(|s| s.phase.clone()).unwrap_or_else(|| "Pending".to_owned());
    // Nothing runs before its claims have their volumes.
    if phase == "Pending"
        && let Some(pod) = mounting(object, facts)
    {
        return (Stand::Holds, format!("{pod} runs with it"));
    }
    (Stand::holds_if(phase == "Bound").or_not_yet_if(|| starting::is_binding(claim, facts)), phase)
}

/// A Pod that mounts the claim and of which a container was started.
fn mounting(claim: &ObjectRef, facts: &Facts<'_>) -> Option<ObjectRef> {
    let mounts = |pod: &&Pod| pod.spec.iter().flat_map(pods::claims).any(|name| name == claim.name);
    let live = |pod: &&Pod| pod.metadata.deletion_timestamp.is_none() && !pods::has_ended(pod);
    let mut pods = facts.all_in::<Pod>(claim.namespace.as_ref()?).filter(live).filter(mounts);
    pods.find(|pod| newest::was_started(pod, None)).map(Resource::reference)
}

fn endpoints(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    if !facts.is_whole(&Kind::EndpointSlice) {
        return (Stand::Unseen, format!("EndpointSlices {}", unread::how(&Kind::EndpointSlice, facts.snapshot())));
    }
    let ready = facts.ready_addresses(object);
    let words = addresses::in_words(ready);
    // Those of before the change are there until its controller has taken note, and no generation tells.
    if let Some(why) = behind::outdated(object, facts) {
        let unread = !facts.is_whole(&Kind::Pod);
        return (if unread { Stand::Unseen } else { Stand::NotYet }, format!("{words}, and {why}"));
    }
    if ready == 0 && behind::is_idle(object, facts) {
        return (Stand::Idle, "the workload that it selects is scaled to zero, so nothing can be behind it".to_owned());
    }
    (Stand::holds_if(ready > 0).or_not_yet_if(|| behind::are_coming(object, facts)), words)
}

/// That nobody who was reached before is not any more.
fn still_serves(service: &ObjectRef, before: u32, facts: &Facts<'_>) -> Observed {
    let ready = facts.ready_addresses(service);
    match endpoints(service, facts) {
        (Stand::Holds, words) if u32::try_from(ready).unwrap_or(u32::MAX) < before => (
            Stand::Fails.or_not_yet_if(|| behind::are_coming(service, facts)),
            format!("{words}, and there were {before} before the change"),
        ),
        seen => seen,
    }
}

#[cfg(test)]
mod tests;
