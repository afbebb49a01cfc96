//! One spelling of every field that somebody states: who else writes it, what was declined and what stands in the question are compared by it.

use super::outline::seen;
use super::refusal::Refusal;
use crate::domain::action::{Action, FieldOp};
use crate::domain::field::FieldPath;
use crate::facts::Facts;

/// The action with each field named as its object has it; refused where one of them is changed twice.
pub(super) fn one(action: Action, facts: &Facts<'_>) -> Result<Action, Refusal> {
    let Ok(Some(object)) = seen(&action, facts) else { return Ok(action) };
    let Action::Patch { target, ops } = action else { return Ok(action) };
    let ops = ops.map(|op| FieldOp { path: op.path.canonical(&object.value), ..op });
    let mut paths: Vec<&FieldPath> = ops.iter().map(|op| &op.path).collect();
    paths.sort_unstable();
    let twice = |two: &&[&FieldPath]| two.first().zip(two.last()).is_some_and(|(path, other)| other.starts_with(path));
    match paths.windows(2).find(twice).and_then(<[&FieldPath]>::first) {
        Some(path) => Err(Refusal::Stated(format!("{path} of {target} is changed twice: state one value of it"))),
        None => Ok(Action::Patch { target, ops }),
    }
}
