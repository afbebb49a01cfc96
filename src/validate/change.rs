//! Whether the change itself is there to be seen: every step's object is as the plan wants it, and its controller has taken note.

use super::stand::{Observed, Stand, absent};
use crate::domain::action::{Action, FieldOp};
use crate::domain::changes::Verb;
use crate::domain::execution::Execution;
use crate::domain::field::FieldPath;
use crate::domain::plan::{RemediationPlan, STAMP, Step};
use crate::facts::Facts;

/// That an object of the plan is not the one that a step made or changed: it was deleted, and another one of its name is there.
pub(super) fn another(plan: &RemediationPlan, made: &Execution, facts: &Facts<'_>) -> Option<String> {
    let steps = plan.steps.iter().zip(made.steps.iter()).enumerate();
    let sent = steps.filter(|(_, (step, outcome))| outcome.took_effect() != Some(false) && !step.action.change().0.ends());
    let foreign = sent.filter_map(|(index, (step, outcome))| {
        let meta = facts.snapshot().meta_of(step.action.target())?;
        let mark = meta.annotations.as_ref().and_then(|all| all.get(STAMP)).map(String::as_str);
        (!plan.is_own(index, step, outcome, meta.uid.as_deref(), mark)).then(|| step.action.target())
    });
    let target = foreign.into_iter().next()?;
    Some(format!("{target} is not the one that the plan was applied to: it was deleted and created again since"))
}

/// That something is gone, or is not as it was set, of what is known to have taken effect.
pub(super) fn changed_again(plan: &RemediationPlan, made: &Execution, facts: &Facts<'_>) -> Option<String> {
    let sent = plan.steps.iter().zip(made.steps.iter()).filter(|(_, outcome)| outcome.took_effect() == Some(true));
    let whole = sent.map(|(step, _)| step).filter(|step| facts.is_whole(&step.action.target().kind));
    let undone = whole.filter(|step| {
        let found = facts.snapshot().value_of(step.action.target());
        match step.action.change().0 {
            Verb::Create | Verb::Patch | Verb::Restart | Verb::UndoRollout => {
                found.is_none_or(|value| unplanned(&step.action, &value).is_some())
            }
            Verb::Delete | Verb::Evict => false,
        }
    });
    let target = undone.into_iter().next()?.action.target();
    Some(format!("{target} was changed again since, and does not have what the plan set"))
}

/// All of the plan's changes.
pub(super) fn is_there(plan: &RemediationPlan, facts: &Facts<'_>) -> Observed {
    for step in plan.steps.iter() {
        let (there, words) = step_is_there(step, facts);
        if there != Stand::Holds {
            return (there, words);
        }
    }
    (Stand::Holds, "the change is there".to_owned())
}

fn step_is_there(step: &Step, facts: &Facts<'_>) -> Observed {
    let there = (Stand::Holds, String::new());
    let (verb, target, _) = step.action.change();
    match verb {
        Verb::Create if facts.has(target) => there,
        Verb::Create => absent(target, facts),
        // Another one of the same name may stand in its place.
        Verb::Delete | Verb::Evict => match facts.meta_of(target) {
            Some(meta) if meta.uid == step.precondition.uid => (Stand::NotYet, format!("{target} is not deleted yet")),
            None if !facts.is_whole(&target.kind) => absent(target, facts),
            Some(_) | None => there,
        },
        Verb::Patch | Verb::Restart | Verb::UndoRollout => {
            let Some(value) = facts.snapshot().value_of(target) else {
                return if facts.is_whole(&target.kind) {
                    (Stand::Unseen, format!("{target} no longer exists"))
                } else {
                    absent(target, facts)
                };
            };
            if let Some(field) = unplanned(&step.action, &value) {
                return (Stand::Fails, format!("`{field}` does not have the planned value"));
            }
            // A controller that has not seen the newest generation says nothing about it.
            if facts.workload(target).is_some_and(|workload| !workload.observed) {
                return (Stand::NotYet, format!("the controller of {target} has not observed the newest generation yet"));
            }
            there
        }
    }
}

/// The first field that is not as the plan wants it.
fn unplanned(action: &Action, value: &serde_json::Value) -> Option<FieldPath> {
    FieldOp::first_unmet(&action.ops(), value)
}
