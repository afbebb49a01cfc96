//! A cause and what was seen → a plan with nothing left to choose, or a refusal with its reasons.
//! Every request is made here, once: what is shown, hashed, rehearsed and sent are the same bytes.

pub(crate) mod action;
pub(crate) mod diff;
#[cfg(test)]
pub(crate) mod example;
mod lint;
pub(crate) mod live;
mod proposed;
pub(crate) mod refusal;
mod targets;
#[cfg(test)]
mod tests;
pub(crate) mod triage;

use crate::domain::action::Action;
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::check::Check;
use crate::domain::id::PlanId;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{OnFailure, RemediationPlan, Step};
use crate::domain::snapshot::Snapshot;
use action::Built;
use live::Live;
use proposed::Proposed;
use refusal::Refusal;
use targets::Targets;
pub(crate) use triage::triage;

/// Plans the cause's remedy: all of it, or nothing. Whatever was decided about it before is decided again, on the objects as they
/// are now.
pub(crate) fn plan(
    cause: &Cause,
    snapshot: &Snapshot,
    live: &Live,
    id: PlanId,
    on_failure: OnFailure,
) -> Result<RemediationPlan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut steps = Vec::new();
    let wanted = cause.remedy.proposals.iter().map(|p| p.action.target().clone()).collect();
    let targets = Targets::of(snapshot, &wanted);
    let suffering: Vec<&ObjectRef> = cause.symptoms.iter().map(|s| &s.object).collect();
    for (index, proposal) in cause.remedy.proposals.iter().enumerate() {
        if let Some(refusal) = lint::check(&Proposed { action: &proposal.action, targets: &targets, suffering: &suffering }) {
            refusals.push(refusal);
            continue;
        }
        let stamp = format!("{id}/{}", index.saturating_add(1));
        match build(&proposal.action, snapshot, live, &stamp) {
            Ok(built) => steps.push(Step {
                risk: proposal.risk.max(proposal.action.floor()),
                action: proposal.action.clone(),
                why: proposal.why.clone(),
                command: built.command,
                diff: built.diff,
                request: built.request,
                precondition: built.precondition,
                undo: built.undo,
            }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let nothing = || vec![Refusal::NotPossible("kubemend has no change that can fix this".to_owned())];
    let steps = NonEmpty::from_vec(steps).ok_or_else(nothing)?;
    let mut checks = NonEmpty::one(gone(cause));
    for check in &cause.remedy.checks {
        checks.push(check.clone());
    }
    Ok(RemediationPlan {
        id,
        cause: cause.key(),
        summary: summary(&steps),
        steps,
        checks,
        on_failure,
        cluster: snapshot.cluster.server.clone(),
    })
}

/// That the cause itself is gone: a rule falls silent about it; of a cause that no rule knows, its symptom ends.
fn gone(cause: &Cause) -> Check {
    match cause.source {
        CauseSource::Rule(code) => Check::FindingGone { code, object: cause.object.clone(), field: cause.field.clone() },
        CauseSource::Model | CauseSource::Caller => {
            Check::SymptomGone(cause.symptoms.first().map_or_else(|| cause.object.clone(), |symptom| symptom.object.clone()))
        }
    }
}

/// The bytes, made of the object as it is now, where it still is what was seen.
fn build(action: &Action, snapshot: &Snapshot, live: &Live, stamp: &str) -> Result<Built, Refusal> {
    let planned = action::of(action);
    let now = planned.existing().map(|object| live.of(object)).transpose()?;
    if let Some(now) = now {
        live::unchanged(action, now, snapshot)?;
    }
    planned.build(now, stamp)
}

fn summary(steps: &NonEmpty<Step>) -> String {
    let parts: Vec<String> = steps.iter().map(|s| action::of(&s.action).summary()).collect();
    let mut text = parts.join(", then ");
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), text.get(1..).unwrap_or_default());
    }
    text
}
