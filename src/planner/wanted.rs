//! What somebody asks for, as an action: a restart gets its time, and a way back the fields in which the two templates differ, from the
//! ReplicaSets of the Deployment itself.

use super::refusal::Refusal;
use super::templates::differences;
use crate::domain::action::{Action, FieldOp, Revisions, RolledOut};
use crate::domain::denied;
use crate::domain::field::FieldPath;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::Wanted;
use crate::domain::resource::Resource;
use crate::facts::{Facts, newest, unread};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use serde_json::Value;

/// The label that the Deployment controller adds to the template of each of its ReplicaSets.
pub(super) const HASH: &str = "/metadata/labels/pod-template-hash";
/// Which revision of a Deployment it is.
const REVISION: &str = "deployment.kubernetes.io/revision";
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

/// The template of a ReplicaSet, as its Deployment had it.
pub(super) fn template(set: &Value) -> Value {
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
    if let Some((map, key)) = HASH.rsplit_once('/')
        && let Some(labels) = template.pointer_mut(map).and_then(Value::as_object_mut)
    {
        labels.shift_remove(key);
    }
    template
}

/// Back to a revision whose Pods are ready now: that it was available once is not written anywhere, and that it is can be seen.
fn way_back(target: &ObjectRef, revision: u32, facts: &Facts<'_>) -> Result<Action, Refusal> {
    // With no line to type: who reads this may have a shell, and the line would be that of whoever proposed it.
    let no = |why: String| Err(Refusal::Stated(format!("{why}; a human who weighed that can go back by hand")));
    let Some(deployment) = facts.find::<Deployment>(target) else {
        return Err(Refusal::NotRead(unread::missing(target, facts)));
    };
    if let Some(why) = newest::untold(facts, target) {
        return Err(Refusal::Stated(why));
    }
    let number = |annotations: Option<&std::collections::BTreeMap<String, String>>| annotations?.get(REVISION)?.parse::<u32>().ok();
    let of = |set: &&ReplicaSet| number(set.metadata.annotations.as_ref());
    let sets: Vec<&ReplicaSet> = facts.replica_sets_of(target).collect();
    let Some(current) = number(deployment.metadata.annotations.as_ref()) else {
        return no(format!("which revision {target} has now is not known"));
    };
    let one = |wanted: u32| sets.iter().find(|set| of(set) == Some(wanted)).copied();
    let Some(to) = one(revision) else {
        let mut known: Vec<u32> = sets.iter().filter_map(of).collect();
        known.sort_unstable();
        let known: Vec<String> = known.iter().map(ToString::to_string).collect();
        return Err(Refusal::Stated(format!("{target} has no revision {revision}: it has {}", known.join(", "))));
    };
    let Some(from) = one(current).filter(|_| current != revision) else {
        return Err(Refusal::Stated(format!("revision {revision} is what {target} has now, or its newest ReplicaSet could not be read")));
    };
    let available = to.status.as_ref().and_then(|status| status.available_replicas).unwrap_or(0);
    if available < 1 {
        return no(format!("no Pod of revision {revision} is available now, so nobody can tell that it works"));
    }
    let [now, then] = [deployment.to_value(), to.to_value()];
    let now = now.pointer("/spec/template").cloned().unwrap_or_default();
    let then = template(&then);
    let ops = differences(FieldPath::dotted("spec.template"), &now, &then);
    let ops = match ops {
        Ok(ops) if ops.len() <= FIELDS => ops,
        Ok(ops) => return no(format!("{} fields differ, which is more than a human compares in a question", ops.len())),
        Err(why) => return no(why),
    };
    if let Some(why) = ops.iter().find_map(denied::way_back).or_else(|| denied::way_back_mounts(&now, &then)) {
        return no(why);
    }
    let Some(ops) = NonEmpty::from_vec(ops) else {
        return Err(Refusal::Stated(format!("{target} has the template of revision {revision} already")));
    };
    let rolled_out = |revision: u32, set: &ReplicaSet| RolledOut { revision, set: set.reference() };
    let between = Box::new(Revisions { from: rolled_out(current, from), to: rolled_out(revision, to) });
    Ok(Action::UndoRollout { target: target.clone(), between, ops })
}

/// The same way in the other direction.
pub(super) fn opposite(target: &ObjectRef, between: &Revisions, back: NonEmpty<FieldOp>) -> Action {
    let between = Box::new(Revisions { from: between.to.clone(), to: between.from.clone() });
    Action::UndoRollout { target: target.clone(), between, ops: back }
}
