//! What each action is for the planner, the dry run and the execution: one file per action, and this page leads to it.
//! A new action is its variant in `domain/action.rs`, its rows in `domain/changes.rs`, its file here, and its line below.

mod create;
mod delete_unbound_claim;
mod end_pod;
mod patch;
mod planned;
mod restart;
mod undo;
mod undo_rollout;

use end_pod::Way;
pub(crate) use planned::{Built, PlannedAction};

use crate::domain::action::Action;
use crate::domain::fitted::Part;
use crate::domain::plan::{Precondition, RemediationPlan};

/// The action's own part of everything that is done with actions.
pub(crate) fn of(action: &Action) -> Box<dyn PlannedAction + '_> {
    match action {
        Action::Create { object, manifest } => Box::new(create::Create { object, manifest }),
        Action::Patch { target, ops } => Box::new(patch::Patch { target, ops }),
        Action::DeleteUnboundClaim { claim } => Box::new(delete_unbound_claim::DeleteUnboundClaim { claim }),
        Action::RestartRollout { target, at } => Box::new(restart::Restart { target, at: at.to_string() }),
        Action::UndoRollout { target, between, ops } => {
            Box::new(undo_rollout::UndoRollout { target, to: &between.to, from: &between.from, ops })
        }
        Action::DeletePod { pod } => Box::new(end_pod::EndPod { pod, way: Way::Delete }),
        Action::EvictPod { pod } => Box::new(end_pod::EndPod { pod, way: Way::Evict }),
    }
}

/// A step of a plan in one line, with the old value and the new one.
pub(crate) fn in_one_line(plan: &RemediationPlan, index: usize) -> String {
    let Some(step) = plan.steps.iter().nth(index) else { return String::new() };
    of(&step.action).in_one_line(&step.precondition, replaced(plan, index))
}

/// The same as parts of a line that fits whatever the names are. What a later step replaces is said there, in one with what comes in its
/// place: alone it would read as if nothing came.
pub(crate) fn headline(plan: &RemediationPlan, index: usize) -> Vec<Part> {
    let Some(step) = plan.steps.iter().nth(index) else { return Vec::new() };
    let freed = of(&step.action).frees().cloned();
    let mut later = plan.steps.iter().skip(index.saturating_add(1));
    if freed.is_some_and(|name| later.any(|step| of(&step.action).takes() == Some(&name))) {
        return Vec::new();
    }
    of(&step.action).headline(&step.precondition, replaced(plan, index))
}

/// What was so of the object whose name an earlier step frees for this one.
fn replaced(plan: &RemediationPlan, index: usize) -> Option<&Precondition> {
    let taken = plan.steps.iter().nth(index).and_then(|step| of(&step.action).takes().cloned())?;
    let mut earlier = plan.steps.iter().take(index);
    earlier.find(|step| of(&step.action).frees() == Some(&taken)).map(|step| &step.precondition)
}
