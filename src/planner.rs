//! A cause and what was seen → a plan with nothing left to choose, or a refusal with its reasons.
//! Every request is made here, once: what is shown, hashed, rehearsed and sent are the same bytes.

pub(crate) mod action;
mod admission;
mod beside;
pub(crate) mod diff;
#[cfg(test)]
pub(crate) mod example;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
pub(crate) mod inverse;
mod judged;
mod lint;
pub(crate) mod live;
mod missing;
pub(crate) mod outline;
mod proposed;
pub(crate) mod refusal;
mod revisions;
pub(crate) mod setting;
mod spelling;
mod stakes;
pub(crate) mod stated;
mod templates;
#[cfg(test)]
mod tests;
pub(crate) mod triage;
mod wanted;

use crate::domain::id::PlanId;
use crate::domain::marks;
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{OnFailure, RemediationPlan, Step};
use action::Built;
use live::Live;
use outline::{Outline, OutlinedChange};
use refusal::Refusal;
pub(crate) use triage::triage;

/// Makes the plan: all of it, or nothing. What was outlined is compared with the objects as they are now.
pub(crate) fn plan(outline: Outline, live: &Live, id: PlanId, on_failure: OnFailure) -> Result<RemediationPlan, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let mut steps = Vec::new();
    for (index, change) in outline.changes.iter().enumerate() {
        let stamp = format!("{id}/{}", index.saturating_add(1));
        let proposal = &change.proposal;
        match build(change, live, &stamp) {
            Ok(built) => steps.push(Step {
                risk: proposal.risk.max(proposal.action.floor()),
                action: proposal.action.clone(),
                // Names and values may stand in it: what is hashed is what is shown.
                why: marks::in_our_words(&proposal.why),
                command: built.command,
                diff: built.diff,
                request: built.request,
                precondition: built.precondition,
                undo: built.undo,
            }),
            Err(refusal) => refusals.push(refusal),
        }
    }
    let Some(steps) = NonEmpty::from_vec(steps).filter(|_| refusals.is_empty()) else { return Err(refusals) };
    Ok(RemediationPlan {
        id,
        aim: outline.aim,
        summary: summary(&steps),
        steps,
        checks: outline.checks,
        judged: outline.judged,
        on_failure,
        cluster: outline.cluster,
    })
}

/// The bytes, made of the object as it is now, where it still is what was seen.
fn build(change: &OutlinedChange, live: &Live, stamp: &str) -> Result<Built, Refusal> {
    let planned = action::of(&change.proposal.action);
    let Some(seen) = &change.seen else { return planned.build(None, stamp) };
    let now = live.of(&seen.object)?;
    seen.is_same(now)?;
    if !change.proposal.action.is_made_again() {
        seen.is_free(now, &change.proposal.action.change().2)?;
    }
    planned.unchanged(now, seen)?;
    if let Some(source) = planned.source() {
        planned.fits(now, live.of(source)?)?;
    }
    planned.build(Some(now), stamp)
}

fn summary(steps: &NonEmpty<Step>) -> String {
    let parts: Vec<String> = steps.iter().map(|s| action::of(&s.action).summary()).collect();
    let mut text = parts.join(", then ");
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), text.get(1..).unwrap_or_default());
    }
    text
}
