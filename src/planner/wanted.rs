//! What somebody asks for, as an action: a restart gets its time, and a way back the fields in which the two templates differ, from what the
//! cluster keeps of both.

use super::refusal::Refusal;
use super::revisions::history;
use super::templates::differences;
use crate::domain::action::{Action, FieldOp, Revisions};
use crate::domain::denied;
use crate::domain::field::FieldPath;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::Wanted;
use crate::facts::Facts;

/// More fields than these nobody compares in a dialog.
const FIELDS: usize = 24;

/// The action, of the objects as they were seen.
pub(super) fn action(wanted: &Wanted, facts: &Facts<'_>) -> Result<Action, Refusal> {
    match wanted {
        Wanted::Restart { target } => Ok(Action::restart(target.clone(), facts.taken_at())),
        Wanted::UndoRollout { target, revision } => way_back(target, *revision, facts),
        Wanted::Change(action @ Action::UndoRollout { target, between, .. }) => {
            let to = &between.to;
            let again = way_back(target, to.revision, facts)?;
            let other = || Refusal::NotPossible(format!("{target} or its revision {} changed since the plan was made", to.revision));
            if again == *action { Ok(again) } else { Err(other()) }
        }
        Wanted::Change(action) => Ok(action.clone()),
    }
}

/// Back to a revision whose Pods are ready now: that it was available once is not written anywhere, and that it is can be seen.
fn way_back(target: &ObjectRef, revision: u32, facts: &Facts<'_>) -> Result<Action, Refusal> {
    // With no line to type: who reads this may have a shell, and the line would be that of whoever proposed it.
    let no = |why: String| Err(Refusal::Stated(format!("{why}; a human who weighed that can go back by hand")));
    let Some(history) = history(target, facts)? else {
        return no(format!("which revision {target} has now is not known"));
    };
    let one = |wanted: u32| history.kept.iter().find(|kept| kept.rolled_out.revision == wanted);
    let Some(to) = one(revision) else {
        let mut known: Vec<u32> = history.kept.iter().map(|kept| kept.rolled_out.revision).collect();
        known.sort_unstable();
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        return Err(Refusal::Stated(format!("{target} has no revision {revision}: it has {}", known.join(", "))));
    };
    let Some(from) = one(history.current).filter(|_| history.current != revision) else {
        return Err(Refusal::Stated(format!(
            "revision {revision} is what {target} has now, or its newest {} could not be read",
            history.kind
        )));
    };
    if to.available < 1 {
        return no(format!("no Pod of revision {revision} is available now, so nobody can tell that it works"));
    }
    let (now, then) = (&history.template, &to.template);
    let ops = differences(FieldPath::dotted("spec.template"), now, then);
    let ops = match ops {
        Ok(ops) if ops.len() <= FIELDS => ops,
        Ok(ops) => return no(format!("{} fields differ, which is more than a human compares in a question", ops.len())),
        Err(why) => return no(why),
    };
    if let Some(why) = ops.iter().find_map(denied::way_back).or_else(|| denied::way_back_mounts(now, then)) {
        return no(why);
    }
    let Some(ops) = NonEmpty::from_vec(ops) else {
        return Err(Refusal::Stated(format!("{target} has the template of revision {revision} already")));
    };
    let between = Box::new(Revisions { from: from.rolled_out.clone(), to: to.rolled_out.clone() });
    Ok(Action::UndoRollout { target: target.clone(), between, ops })
}

/// The same way in the other direction.
pub(super) fn opposite(target: &ObjectRef, between: &Revisions, back: NonEmpty<FieldOp>) -> Action {
    let between = Box::new(Revisions { from: between.to.clone(), to: between.from.clone() });
    Action::UndoRollout { target: target.clone(), between, ops: back }
}
