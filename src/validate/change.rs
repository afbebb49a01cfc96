//! Whether the change itself is there to be seen: every step's object is as the plan wants it, and its controller has taken note.

use super::{Seen, absent};
use crate::domain::action::{Action, Change};
use crate::domain::object::ObjectRef;
use crate::domain::plan::{RemediationPlan, Step};
use crate::facts::Facts;

/// All of the plan's changes.
pub(crate) fn is_there(plan: &RemediationPlan, facts: &Facts<'_>) -> Seen {
    for step in plan.steps.iter() {
        let (there, words) = step_is_there(step, facts);
        if there != Some(true) {
            return (there, words);
        }
    }
    (Some(true), "the change is there".to_owned())
}

fn step_is_there(step: &Step, facts: &Facts<'_>) -> Seen {
    let there = (Some(true), String::new());
    match &step.action {
        Action::Create { object, .. } if facts.has(object) => there,
        Action::Create { object, .. } => absent(object, facts),
        // Another one of the same name may stand in its place.
        Action::DeleteUnboundClaim { claim } => match facts.meta_of(claim) {
            Some(meta) if meta.uid == step.precondition.uid => (Some(false), format!("{claim} is not deleted yet")),
            _ => there,
        },
        Action::Patch { target, ops } => {
            let Some(value) = facts.snapshot().value_of(target) else {
                return if facts.is_whole(&target.kind) { (None, format!("{target} no longer exists")) } else { absent(target, facts) };
            };
            for op in ops.iter() {
                let now = op.path.locate(&value).and_then(|located| located.current);
                let as_planned = match &op.change {
                    Change::Set(wanted) => now.as_ref() == Some(wanted),
                    Change::Remove => now.is_none(),
                };
                if !as_planned {
                    return (Some(false), format!("`{}` does not have the planned value", op.path));
                }
            }
            if !is_observed(target, facts) {
                return (Some(false), format!("the controller of {target} has not observed the newest generation yet"));
            }
            there
        }
    }
}

/// A controller that has not seen the newest generation says nothing about it.
fn is_observed(target: &ObjectRef, facts: &Facts<'_>) -> bool {
    facts.workload(target).is_none_or(|workload| workload.observed)
}
