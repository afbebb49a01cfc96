//! A remedy that the rules of plans let pass, with what was seen of the objects that it would change: all of a plan but its bytes.
//! It is made while the facts are at hand; the plan itself is made later, of the objects as they are then.

use super::action;
use super::diff;
use super::inverse::{Inverse, Taken};
use super::judged;
use super::lint;
use super::live::Basis;
use super::proposed::Proposed;
use super::refusal::{Differs, Refusal};
use crate::domain::action::{Action, Change};
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::check::Check;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::finding::Proposal;
use crate::domain::id::SessionId;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::Judged;
use crate::domain::purpose::Aim;
use crate::facts::{Facts, unread};
use serde_json::Value;
use std::collections::BTreeSet;

/// A remedy that may be planned: nothing makes one but [`outline`].
#[derive(Debug)]
pub(crate) struct Outline {
    pub(super) aim: Aim,
    pub(super) changes: NonEmpty<OutlinedChange>,
    pub(super) checks: NonEmpty<Check>,
    /// What the verdict rests on besides.
    pub(super) judged: Judged,
    /// The identity of the cluster that it is for.
    pub(super) cluster: String,
}

/// One change of it.
#[derive(Debug)]
pub(super) struct OutlinedChange {
    pub(super) proposal: Proposal,
    /// The object that must exist, as it was seen; `None` where nothing of that name may exist.
    pub(super) seen: Option<Basis>,
}

impl Outline {
    /// What would be done, in its order.
    pub(crate) fn actions(&self) -> impl Iterator<Item = &Action> {
        self.changes.iter().map(|change| &change.proposal.action)
    }

    /// The objects that would be changed and that must exist, and those that content is taken from.
    pub(crate) fn needed(&self) -> BTreeSet<ObjectRef> {
        let changed = self.changes.iter().filter_map(|change| change.seen.as_ref().map(|seen| seen.object.clone()));
        let sources = self.actions().filter_map(|action| action::of(action).source().cloned());
        changed.chain(sources).collect()
    }
}

/// Outlines the cause's remedy: all of it, or nothing.
pub(crate) fn outline(cause: &Cause, facts: &Facts<'_>) -> Result<Outline, Vec<Refusal>> {
    let suffering: Vec<&ObjectRef> = cause.symptoms.iter().map(|s| &s.object).collect();
    let mut refusals = Vec::new();
    let mut changes = Vec::new();
    for proposal in &cause.remedy.proposals {
        let refused = lint::check(&Proposed { action: &proposal.action, facts, suffering: &suffering });
        match refused.map_or_else(|| seen(&proposal.action, facts), Err) {
            Ok(seen) => changes.push(OutlinedChange { proposal: proposal.clone(), seen }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let nothing = || vec![Refusal::NotPossible("kubemend has no change that can fix this".to_owned())];
    let mut checks = gone(cause);
    for check in &cause.remedy.checks {
        checks.push(check.clone());
    }
    let judged = judged::judged(cause, &checks, facts);
    let cluster = facts.snapshot().cluster.id.to_string();
    Ok(Outline { aim: Aim::Cause(cause.key()), changes: NonEmpty::from_vec(changes).ok_or_else(nothing)?, checks, judged, cluster })
}

/// Outlines what takes back this session's changes: all of it, or nothing.
pub(crate) fn outline_inverse(undone: &SessionId, inverse: &Inverse, facts: &Facts<'_>) -> Result<Outline, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut changes = Vec::new();
    for taken in &inverse.takes {
        let action = &taken.proposal.action;
        let refused = lint::check(&Proposed { action, facts, suffering: &[] });
        let seen = refused.map_or_else(|| seen(action, facts), Err).and_then(|seen| as_left(taken, seen));
        match seen {
            Ok(seen) => changes.push(OutlinedChange { proposal: taken.proposal.clone(), seen }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let nothing = || vec![Refusal::NotPossible("kubemend has no change that rolls this back".to_owned())];
    let (Some(changes), Some(checks)) = (NonEmpty::from_vec(changes), NonEmpty::from_vec(inverse.checks.clone())) else {
        return Err(nothing());
    };
    // What was broken before is broken again afterwards: only the fields tell.
    let judged = Judged::default();
    Ok(Outline { aim: Aim::Undo(undone.clone()), changes, checks, judged, cluster: facts.snapshot().cluster.id.to_string() })
}

/// That the object is the one that was changed, and still is as the change left it.
fn as_left(taken: &Taken, seen: Option<Basis>) -> Result<Option<Basis>, Refusal> {
    let Some(found) = &seen else { return Ok(seen) };
    if taken.uid.is_some() && taken.uid != found.uid {
        return Err(Refusal::Recreated(found.object.clone()));
    }
    for op in &taken.left {
        let left = match &op.change {
            Change::Set(value) => Some(value.clone()),
            Change::Remove => None,
        };
        let now = op.path.locate(&found.value).and_then(|at| at.current);
        if now != left {
            let shown = |value: Option<Value>| value.map(|v| Excerpt::event(&diff::beside(&op.path, &v).to_string()).to_string());
            let differs = Differs { object: found.object.clone(), path: op.path.to_string(), seen: shown(left), now: shown(now) };
            return Err(Refusal::Differs(Box::new(differs)));
        }
    }
    Ok(seen)
}

/// The object that a change needs. It is searched for in its list, which is well for the one cause that is planned.
pub(super) fn seen(action: &Action, facts: &Facts<'_>) -> Result<Option<Basis>, Refusal> {
    let Some(object) = action::of(action).existing().cloned() else { return Ok(None) };
    match (facts.meta_of(&object), facts.snapshot().value_of(&object)) {
        (Some(meta), Some(value)) => Ok(Some(Basis { uid: meta.uid.clone(), object, value })),
        _ => Err(Refusal::NotRead(unread::missing(&object, facts))),
    }
}

/// That the cause itself is gone, at every place: a rule falls silent about it; of a cause that no rule knows, its symptom ends.
fn gone(cause: &Cause) -> NonEmpty<Check> {
    match cause.source {
        CauseSource::Rule(code) => {
            let gone =
                |object: &ObjectRef, field: Option<&FieldPath>| Check::FindingGone { code, object: object.clone(), field: field.cloned() };
            let mut all = NonEmpty::one(gone(&cause.object, cause.field.as_ref()));
            for place in &cause.also {
                all.push(gone(&place.object, place.field.as_ref()));
            }
            all
        }
        CauseSource::Model | CauseSource::Caller => {
            let object = cause.symptoms.first().map_or_else(|| cause.object.clone(), |symptom| symptom.object.clone());
            NonEmpty::one(Check::SymptomGone(object))
        }
    }
}
