//! The inverse of what a session did, as typed actions: proposed, checked and planned as any other change. What cannot be taken back
//! without a doubt is advice.

use super::wanted::opposite;
use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::check::Check;
use crate::domain::execution::{Execution, StepOutcome, Undone};
use crate::domain::finding::{Advice, Proposal};
use crate::domain::id::SessionId;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::ours::OurCommand;
use crate::domain::plan::{Pinned, RemediationPlan, Step};

/// What would take back what was done, last step first.
#[derive(Debug, Default)]
pub(crate) struct Inverse {
    pub(crate) takes: Vec<Taken>,
    /// What must hold afterwards.
    pub(crate) checks: Vec<Check>,
    /// What a human has to do, and why.
    pub(crate) advice: Vec<Advice>,
}

/// One step taken back.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) proposal: Proposal,
    /// The object that was changed or created: another one of that name is not touched.
    pub(crate) uid: Option<String>,
    /// What our change left in each field; where something else is there, it was changed since.
    pub(crate) left: Vec<FieldOp>,
}

/// The inverse of the steps that took effect, or may have, and were not undone.
pub(crate) fn of(plan: &RemediationPlan, execution: &Execution, session: &SessionId) -> Inverse {
    let mut inverse = Inverse::default();
    let steps: Vec<(usize, &Step, &StepOutcome)> =
        plan.steps.iter().zip(execution.steps.iter()).enumerate().map(|(index, (step, outcome))| (index, step, outcome)).collect();
    let done = |index: usize, outcome: &StepOutcome| {
        let undone = execution.reverted.as_ref().and_then(|all| all.iter().nth(index));
        let back = matches!(undone, Some(Undone::Sent(sent)) if sent.took_effect() == Some(true));
        outcome.took_effect() != Some(false) && !back
    };
    let deleted: Vec<&ObjectRef> = steps
        .iter()
        .filter(|(index, _, outcome)| done(*index, outcome))
        .filter_map(|(_, step, _)| match &step.action {
            Action::DeleteUnboundClaim { claim } => Some(claim),
            Action::Create { .. }
            | Action::Patch { .. }
            | Action::RestartRollout { .. }
            | Action::UndoRollout { .. }
            | Action::DeletePod { .. }
            | Action::EvictPod { .. } => None,
        })
        .collect();
    for (index, step, outcome) in steps.iter().rev().filter(|(index, _, outcome)| done(*index, outcome)) {
        let why = format!("it rolls back step {} of session {session}: {}", index.saturating_add(1), step.action.verb());
        match &step.action {
            Action::Patch { target, .. } if target.kind == Kind::PersistentVolumeClaim => inverse.advice.push(Advice {
                text: format!("{target} keeps its size: a volume never shrinks again"),
                command: None,
                why: "Kubernetes refuses a smaller request of a claim that is Bound".to_owned(),
            }),
            Action::Patch { target, ops } => {
                let back = |ops| Action::Patch { target: target.clone(), ops };
                patch(&mut inverse, target, ops, step, (why, &back));
            }
            Action::UndoRollout { target, between, ops } => {
                let back = |ops| opposite(target, between, ops);
                patch(&mut inverse, target, ops, step, (why, &back));
            }
            Action::RestartRollout { target, .. } => inverse.advice.push(Advice {
                text: format!("the restart of {target} is not rolled back: its Pods are new ones of the template that it has"),
                command: None,
                why: "nothing but the time of the restart was written".to_owned(),
            }),
            Action::DeletePod { pod } | Action::EvictPod { pod } => inverse.advice.push(Advice {
                text: format!("{pod} does not come back: its controller made another"),
                command: None,
                why: "a Pod that is gone cannot be brought back".to_owned(),
            }),
            Action::Create { object, .. } if deleted.contains(&object) => {}
            Action::Create { object, .. } => create(&mut inverse, object, outcome, step, why),
            Action::DeleteUnboundClaim { claim } => inverse.advice.push(Advice {
                text: format!(
                    "{claim} was deleted, and kubemend does not create it again: `{}` has what it was",
                    OurCommand::Show(session.clone())
                ),
                command: None,
                why: "it never had a volume, so no data was lost; what was wrong with it would be wrong again".to_owned(),
            }),
        }
    }
    inverse
}

fn patch(
    inverse: &mut Inverse,
    target: &ObjectRef,
    ops: &NonEmpty<FieldOp>,
    step: &Step,
    (why, action): (String, &dyn Fn(NonEmpty<FieldOp>) -> Action),
) {
    let mut back = Vec::new();
    for op in ops.iter() {
        // What a field held is known where the step pinned it; what was not pinned is not taken back.
        let Some(Pinned { value: was, .. }) = step.precondition.fields.iter().find(|pinned| pinned.path == op.path) else { continue };
        let undo = match (was, &op.change) {
            (Some(old), Change::Set(new)) => FieldOp::set(op.path.clone(), old.clone()).seen(new.clone()),
            (Some(old), Change::Remove) => FieldOp::set(op.path.clone(), old.clone()),
            (None, Change::Set(new)) => FieldOp::remove(op.path.clone()).seen(new.clone()),
            (None, Change::Remove) => continue,
        };
        back.push(undo);
        inverse.checks.push(Check::FieldIs { object: target.clone(), field: op.path.clone(), value: was.clone() });
    }
    // The last change first: elements of lists come back to their places.
    back.reverse();
    if let Some(back) = NonEmpty::from_vec(back) {
        inverse.takes.push(Taken {
            proposal: Proposal { action: action(back), why, risk: step.risk },
            uid: step.precondition.uid.clone(),
            left: ops.iter().cloned().collect(),
        });
    }
}

/// A claim that was created may hold data as soon as it was bound, and one that is not known to be ours is not ours to delete.
fn create(inverse: &mut Inverse, object: &ObjectRef, outcome: &StepOutcome, step: &Step, why: String) {
    let uid = match outcome {
        StepOutcome::Applied { uid, .. } | StepOutcome::Altered { uid, .. } => uid.clone(),
        StepOutcome::Intended { .. }
        | StepOutcome::Unknown { .. }
        | StepOutcome::Refused { .. }
        | StepOutcome::Failed { .. }
        | StepOutcome::NotReached => None,
    };
    if uid.is_none() {
        inverse.advice.push(Advice {
            text: format!("check who created {object}, then delete it by hand"),
            command: Some(kubectl::on("delete", object)),
            why: "it is not recorded that this session created it".to_owned(),
        });
        return;
    }
    // Nothing but a claim is deleted here: what was created besides may have got users of its own.
    if object.kind != Kind::PersistentVolumeClaim {
        inverse.advice.push(Advice {
            text: format!("check who uses {object} by now, then delete it by hand"),
            command: Some(kubectl::on("delete", object)),
            why: format!("kubemend deletes no {}", object.kind),
        });
        return;
    }
    inverse.checks.push(Check::Gone(object.clone()));
    inverse.takes.push(Taken {
        proposal: Proposal { action: Action::DeleteUnboundClaim { claim: object.clone() }, why, risk: step.risk },
        uid,
        left: Vec::new(),
    });
}
