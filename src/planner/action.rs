//! What each action is for the planner, the dry run and the execution: one file per action, and this page leads to it.
//! A new action is its variant in `domain/action.rs`, its rows in `domain/changes.rs`, its file here, and its line below.

mod create;
mod delete_unbound_claim;
mod patch;
mod planned;
mod undo;

pub(crate) use planned::{Built, PlannedAction};

use crate::domain::action::Action;
use crate::domain::fitted::Part;
use crate::domain::plan::RemediationPlan;

/// The action's own part of everything that is done with actions.
pub(crate) fn of(action: &Action) -> Box<dyn PlannedAction + '_> {
    match action {
        Action::Create { object, manifest } => Box::new(create::Create { object, manifest }),
        Action::Patch { target, ops } => Box::new(patch::Patch { target, ops }),
        Action::DeleteUnboundClaim { claim } => Box::new(delete_unbound_claim::DeleteUnboundClaim { claim }),
    }
}

/// A step of a plan in one line, with the old value and the new one.
pub(crate) fn in_one_line(plan: &RemediationPlan, index: usize) -> String {
    let Some(step) = plan.steps.iter().nth(index) else { return String::new() };
    of(&step.action).in_one_line(&step.precondition, replaces(plan, index))
}

/// The same as parts of a line that fits whatever the names are.
pub(crate) fn headline(plan: &RemediationPlan, index: usize) -> Vec<Part> {
    let Some(step) = plan.steps.iter().nth(index) else { return Vec::new() };
    of(&step.action).headline(&step.precondition, replaces(plan, index))
}

/// Whether an earlier step frees the name that this one takes.
fn replaces(plan: &RemediationPlan, index: usize) -> bool {
    let mut earlier = plan.steps.iter().take(index);
    let taken = plan.steps.iter().nth(index).and_then(|step| of(&step.action).takes().cloned());
    taken.is_some_and(|name| earlier.any(|step| of(&step.action).frees() == Some(&name)))
}
