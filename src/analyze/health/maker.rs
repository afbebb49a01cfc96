//! What makes Pods and is of a kind that nobody reads, such as a Rollout or a TaskRun: what it wants is not known, so that all is well
//! is said of its Pods and not of it.

use super::Judgement;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::facts::Facts;

/// The topmost of them, where nothing that was read stands between it and the object.
pub(crate) fn unread<'f>(facts: &'f Facts<'_>, object: &'f ObjectRef) -> Option<&'f ObjectRef> {
    let chain: Vec<&ObjectRef> = facts.owners().chain(object).collect();
    let is_foreign = |owner: &&ObjectRef| matches!(owner.kind, Kind::Other { .. } | Kind::Custom(_));
    chain.last().copied().filter(|_| chain.iter().all(is_foreign))
}

/// What is well, and made by such a one: an answer to who asks about it, and fine for everybody else.
pub(crate) fn told(facts: &Facts<'_>, object: &ObjectRef, judgement: Judgement) -> Judgement {
    match (judgement, unread(facts, object)) {
        (Judgement::Well(how), Some(maker)) => Judgement::Idle(format!(
            "{how}; {}, which made it, is of a kind that kubemend does not read, so whether that is all that it wants is not known",
            maker.in_words()
        )),
        (judgement, _) => judgement,
    }
}
