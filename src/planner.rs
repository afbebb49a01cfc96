//! A cause and what was seen → a plan with nothing left to choose, or a refusal with its reasons.
//! Every request is made here, once: what is shown, hashed, rehearsed and sent are the same bytes.

pub(crate) mod diff;
#[cfg(test)]
pub(crate) mod example;
mod lint;
pub(crate) mod refusal;
pub(crate) mod request;
mod targets;
#[cfg(test)]
mod tests;
pub(crate) mod triage;

use crate::domain::action::Action;
use crate::domain::cause::{Cause, CauseSource};
use crate::domain::check::Check;
use crate::domain::id::PlanId;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{OnFailure, RemediationPlan, Step};
use crate::domain::snapshot::Snapshot;
use lint::Proposed;
use refusal::Refusal;
use targets::Targets;
pub(crate) use triage::triage;

/// Plans the cause's remedy: all of it, or nothing. Whatever was decided about it before is decided again.
pub(crate) fn plan(cause: &Cause, snapshot: &Snapshot, id: PlanId, on_failure: OnFailure) -> Result<RemediationPlan, Vec<Refusal>> {
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
        match request::build(&proposal.action, snapshot, &stamp) {
            Ok(built) => steps.push(Step {
                risk: proposal.risk.max(proposal.action.floor()),
                action: proposal.action.clone(),
                why: proposal.why.clone(),
                command: kubectl::change(&proposal.action),
                diff: built.diff,
                request: built.request,
                precondition: built.precondition,
                undo: built.undo,
            }),
            Err(reason) => refusals.push(Refusal::NotPossible(reason)),
        }
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    let nothing = || vec![Refusal::NotPossible("no change that kubemend makes can fix this".to_owned())];
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

fn summary(steps: &NonEmpty<Step>) -> String {
    let parts: Vec<String> = steps
        .iter()
        .map(|s| match &s.action {
            Action::Create { object, .. } => format!("create {object}"),
            Action::Patch { target, ops } => {
                let fields: Vec<String> = ops.iter().map(|o| o.path.to_string()).collect();
                format!("change {} of {target}", fields.join(" and "))
            }
            Action::DeleteUnboundClaim { claim } => format!("delete the unbound {claim}"),
        })
        .collect();
    let mut text = parts.join(", then ");
    if let Some(first) = text.get(..1) {
        text = format!("{}{}", first.to_uppercase(), text.get(1..).unwrap_or_default());
    }
    text
}
