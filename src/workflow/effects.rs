//! What took effect of a plan whose process died, or whose answers were lost: told by what is recorded, by the stamp that a change
//! leaves, and by the uid of the object. A name alone tells nothing, and that something is gone does not tell who deleted it. Nothing is
//! resumed by guess.

use crate::domain::action::{Action, FieldOp};
use crate::domain::execution::{Execution, StepOutcome, Undone};
use crate::domain::field::escape;
use crate::domain::finding::Advice;
use crate::domain::plan::{Pinned, RemediationPlan, STAMP, Step};
use crate::ports::{ClusterRead, ReadError};
use serde_json::Value;

/// Said of a deletion whose answer nobody has.
const NOT_TOLD: &str = "by this step or by somebody else";

/// Each step with what became of it, as far as that can be seen now.
pub(super) async fn seen(plan: &RemediationPlan, execution: Option<&Execution>, read: &dyn ClusterRead) -> Vec<Advice> {
    let mut found = Vec::new();
    for (index, step) in plan.steps.iter().enumerate() {
        let number = index.saturating_add(1);
        let recorded = execution.and_then(|e| e.steps.iter().nth(index)).unwrap_or(&StepOutcome::NotReached);
        let undone = execution.and_then(|e| e.reverted.as_ref()?.iter().nth(index));
        let words = match (recorded.took_effect(), undone) {
            // A step that was not sent has left nothing to look for.
            (Some(false), _) => format!("did not take effect: it is recorded as {}", recorded.became().in_words()),
            (_, Some(Undone::Sent(sent))) if sent.took_effect() == Some(true) => {
                "took effect, and was rolled back, as it is recorded".to_owned()
            }
            (_, Some(Undone::Sent(sent))) if sent.took_effect().is_none() => {
                rolled_back(step, &plan.stamp(index), read.get(step.action.target()).await)
            }
            (_, Some(Undone::Sent(_) | Undone::Stays { .. } | Undone::NotNeeded) | None) => {
                now(step, &plan.stamp(index), recorded, read.get(step.action.target()).await)
            }
        };
        let target = step.action.target();
        let text = format!("step {number} ({} {target}) {words}", step.action.verb());
        found.push(Advice { text, command: None, why: "the process that applied the plan did not finish".to_owned() });
    }
    found
}

/// Whether what the plan set is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stands {
    /// In the very objects that it made and changed.
    AsSet,
    /// Another object has the name, or a field has another value.
    ChangedSince,
    /// An object could not be read.
    Unread(ReadError),
}

/// Looks at every object of the plan. `execution` tells which steps were sent, and the uid of what they made and changed.
pub(super) async fn stands(plan: &RemediationPlan, execution: &Execution, read: &dyn ClusterRead) -> Stands {
    for (index, (step, recorded)) in plan.steps.iter().zip(execution.steps.iter()).enumerate() {
        if recorded.took_effect() == Some(false) {
            continue;
        }
        let there = match read.get(step.action.target()).await {
            Ok(object) => stands_in(plan, index, step, recorded, &object),
            Err(ReadError::NotFound(_)) => step.action.change().0.ends(),
            Err(error) => return Stands::Unread(error),
        };
        if !there {
            return Stands::ChangedSince;
        }
    }
    Stands::AsSet
}

/// Whether the object that has the name of a step's object shows what the step did.
fn stands_in(plan: &RemediationPlan, index: usize, step: &Step, recorded: &StepOutcome, object: &Value) -> bool {
    let uid = text(object, "/metadata/uid");
    let own = || plan.is_own(index, step, recorded, uid.as_deref(), mark(object).as_deref());
    match &step.action {
        Action::Create { .. } => own(),
        Action::Patch { .. } | Action::RestartRollout { .. } | Action::UndoRollout { .. } => {
            own() && FieldOp::first_unmet(&step.action.ops(), object).is_none()
        }
        // A set makes another one of the same name.
        Action::DeletePod { .. } | Action::EvictPod { .. } => uid != step.precondition.uid,
        // The plan itself may have made another one in its place, and that step says whose it is.
        Action::DeleteUnboundClaim { claim } => {
            let creates = |step: &Step| matches!(&step.action, Action::Create { object, .. } if object == claim);
            uid != step.precondition.uid && plan.steps.iter().any(creates)
        }
    }
}

fn text(object: &Value, pointer: &str) -> Option<String> {
    object.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// What the last step that changed the object left on it.
fn mark(object: &Value) -> Option<String> {
    text(object, &format!("/metadata/annotations/{}", escape(STAMP)))
}

/// What can be seen of the rollback of a step that took effect, where it is not known what became of the rollback. It takes our mark away,
/// or puts the one of before back.
fn rolled_back(step: &Step, stamp: &str, found: Result<Value, ReadError>) -> String {
    let object = match found {
        Ok(object) => object,
        Err(ReadError::NotFound(_)) => return "took effect, and the object was deleted since".to_owned(),
        Err(error) => return format!("took effect; whether it was rolled back cannot be confirmed: the object could not be read: {error}"),
    };
    if text(&object, "/metadata/uid") != step.precondition.uid {
        return "took effect, and the object was deleted and created again since".to_owned();
    }
    if mark(&object).as_deref() == Some(stamp) {
        return format!("took effect, and was not rolled back: the object has its `{STAMP}` annotation");
    }
    let is_as_before = |pinned: &Pinned| pinned.path.locate(&object).and_then(|at| at.current) == pinned.value;
    if step.precondition.fields.iter().all(is_as_before) {
        return format!("took effect, and was rolled back: the object has what it had before, and not its `{STAMP}` annotation");
    }
    "took effect; whether it was rolled back cannot be confirmed: the object was changed again since".to_owned()
}

/// What can be seen of a step that was, or may have been, sent.
fn now(step: &Step, stamp: &str, recorded: &StepOutcome, found: Result<Value, ReadError>) -> String {
    let applied = recorded.took_effect() == Some(true);
    let deletes = step.action.change().0.ends();
    let object = match (found, deletes) {
        (Ok(object), _) => object,
        (Err(ReadError::NotFound(_)), true) if applied => return "took effect: the object is gone".to_owned(),
        // A deletion leaves no mark that would tell whose it was.
        (Err(ReadError::NotFound(_)), true) => return format!("cannot be confirmed: the object is gone, {NOT_TOLD}"),
        (Err(ReadError::NotFound(_)), false) if applied => return "took effect, and the object was deleted since".to_owned(),
        (Err(ReadError::NotFound(_)), false) => return "cannot be confirmed: the object does not exist".to_owned(),
        (Err(error), _) if applied => return format!("took effect, as it is recorded; the object could not be read: {error}"),
        (Err(error), _) => return format!("cannot be confirmed: the object could not be read: {error}"),
    };
    let uid = text(&object, "/metadata/uid");
    if deletes {
        let same = uid == step.precondition.uid;
        let going = text(&object, "/metadata/deletionTimestamp").is_some();
        return match (same, going) {
            (false, _) if applied => "took effect: the object is gone, and another one of that name was created since".to_owned(),
            (false, _) => {
                format!("cannot be confirmed: the object is gone, {NOT_TOLD}, and another one of that name was created since")
            }
            (true, true) if applied => "took effect: the object is being deleted, and its finalizers hold it".to_owned(),
            (true, true) => format!("cannot be confirmed: the object is being deleted, {NOT_TOLD}"),
            (true, false) => "did not take effect: the object is still there, with the same uid".to_owned(),
        };
    }
    let known = recorded.uid().or(step.precondition.uid.as_deref());
    let another = known.is_some() && known != uid.as_deref();
    let mark = mark(&object);
    match (mark.as_deref() == Some(stamp), mark.is_some()) {
        (true, _) if another => "took effect, and the object was deleted and created again since, with a copy of its mark".to_owned(),
        (true, _) => format!("took effect: the object has its `{STAMP}` annotation"),
        (false, _) if another && applied => "took effect, and the object was deleted and created again since".to_owned(),
        (false, _) if another => "cannot be confirmed: the object was deleted and created again since".to_owned(),
        (false, true) if applied => "took effect, and was changed again since: the object has the mark of another plan".to_owned(),
        (false, true) => "cannot be confirmed: the object was changed again since, and has the mark of another plan".to_owned(),
        (false, false) if applied => format!("took effect, and was changed again since: the object has no `{STAMP}` annotation any more"),
        (false, false) => format!("shows no effect: the object has no `{STAMP}` annotation"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::{deployment, image_plan};
    use jiff::Timestamp;
    use serde_json::json;

    fn said(recorded: StepOutcome, change: impl FnOnce(&mut Value)) -> String {
        let mut object = deployment();
        change(&mut object);
        let plan = image_plan(1);
        now(plan.steps.first(), &format!("{}/1", plan.id), &recorded, Ok(object))
    }

    #[test]
    fn a_mark_counts_with_the_uid_and_a_mark_of_another_plan_is_no_sign_of_nothing() {
        let at = Timestamp::UNIX_EPOCH;
        let intended = || StepOutcome::Intended { at };
        let applied = || StepOutcome::Applied { at, uid: Some("u-1".to_owned()) };
        let mark = |object: &mut Value| object["metadata"]["annotations"][STAMP] = json!(format!("{}/1", image_plan(1).id));
        assert!(said(intended(), mark).starts_with("took effect: "));
        assert!(said(intended(), |_| ()).starts_with("shows no effect"));
        let copied = said(applied(), |object| {
            mark(object);
            object["metadata"]["uid"] = json!("u-9");
        });
        assert!(copied.contains("created again since"), "{copied}");
        let other = |object: &mut Value| object["metadata"]["annotations"][STAMP] = json!("p-other/1");
        assert!(said(intended(), other).starts_with("cannot be confirmed: the object was changed again since"));
        assert!(said(applied(), other).starts_with("took effect, and was changed again since"));
    }
}
