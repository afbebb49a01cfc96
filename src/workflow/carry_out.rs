//! A plan that was approved is carried out: the intent is recorded, the bytes are sent, and the cluster says whether it helped.

use super::report::Report;
use super::settle::{Case, settle};
use super::view::report_of;
use super::{Approver, Caller, Meter, Remediation, WorkflowError};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::execution::StepOutcome;
use crate::domain::finding::Advice;
use crate::domain::plan::OnFailure;
use crate::domain::validation::Verdict;
use crate::ports::{Phase, Revision};
use crate::session::{Approved, Session};
use jiff::SignedDuration;

/// Besides validation, so long may sending the steps take before a session counts as dead.
const SENDING: SignedDuration = SignedDuration::from_secs(120);

impl Remediation {
    /// Steps 11 to 15 of the way of the data. Nothing below this line can be reached without an approval.
    pub(super) async fn carry_out(
        &self,
        approved: Approved,
        revision: Revision,
        by: &Approver,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError> {
        let (progress, cancel) = (caller.progress, &caller.cancel);
        let executor = self.parts.executor.as_ref().ok_or(WorkflowError::NoWriter)?;
        // A late yes after the caller went away is no yes.
        if cancel.is_cancelled() {
            return Err(WorkflowError::Cancelled);
        }
        let validate_within = SignedDuration::try_from(self.parts.timing.validate_within).unwrap_or(SENDING);
        let settle_window = SignedDuration::try_from(self.parts.timing.window(approved.plan())).unwrap_or(SENDING);
        let may_take = SENDING.saturating_add(validate_within).saturating_add(settle_window);
        let (executing, revision, permit) = self.ledger.begin(revision, approved, may_take).await.map_err(raced)?;
        progress.tell(Phase::Executing, &format!("approved by {}", by.in_words()));
        let (execution, right) = executor.run(permit, &meter.requests, progress, cancel).await;
        let mut validating = executing.executed(execution);
        validating.header.trail.note(self.parts.clock.now(), "kubemend", &outcomes(validating.execution.steps.iter()));
        let id = validating.header.id.clone();
        let session = Session::Validating(validating);
        let saved = self.ledger.save(&session, Some(revision)).await;
        let Session::Validating(mut validating) = session else {
            return Err(WorkflowError::State { session: id, state: "changed its state" });
        };

        let plan = validating.planned.plan.clone();
        let mut validation = None;
        if validating.execution.is_complete() || validating.execution.is_unknown() {
            progress.tell(Phase::Validating, "watching whether the change helps");
            let header = &validating.header;
            let case = Case { plan: &plan, scope: &header.scope, before: &header.diagnosis, issue: &header.issue };
            let settled = settle(case, meter.read.as_ref(), self.parts.clock.as_ref(), self.parts.timing, caller).await;
            if let Some(later) = settled.seen {
                take_in(&mut validating.header.diagnosis, later);
            }
            validation = Some(settled.validation);
        }
        let unresolved = validation.as_ref().is_some_and(|v| v.verdict == Verdict::Unresolved);
        let failed = !validating.execution.is_complete() || unresolved;
        if failed && plan.on_failure == OnFailure::Revert && !cancel.is_cancelled() && !validating.execution.is_unknown() {
            progress.tell(Phase::Executing, "it did not help: rolling back");
            let undone = executor.revert(right, &meter.requests).await;
            validating.header.trail.note(self.parts.clock.now(), "kubemend", &format!("rolled back: {}", outcomes(undone.iter())));
            if undone.iter().any(|o| matches!(o, StepOutcome::Applied { .. })) {
                validating.execution.reverted = Some(undone);
            }
        }
        self.charge(&mut validating.header.usage, meter);
        let mut closed = validating.settle(validation);
        closed.header.trail.note(self.parts.clock.now(), "kubemend", closed.ending.as_str());
        let mut session = Session::Closed(closed);
        // The change is made: a record that cannot be kept now is said, and hides nothing of what was done.
        let kept = match saved {
            Ok(revision) => self.ledger.save(&session, Some(revision)).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            session.header_mut().advice.push(Advice {
                text: format!("keep this report: {error}"),
                command: None,
                why: "the session could not be saved".to_owned(),
            });
        }
        let report = report_of(&session);
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }
}

/// What the last look at everything brought: what no cause explains now, what could not be read, and
/// causes that were not known before the change: each keeps its evidence and its own advice, and says that the plan was not for it.
pub(super) fn take_in(diagnosis: &mut Diagnosis, later: Diagnosis) {
    diagnosis.unexplained = later.unexplained;
    later.unseen.into_iter().for_each(|gap| diagnosis.miss(gap));
    for cause in &later.causes {
        if diagnosis.cause(&cause.key()).is_some() {
            continue;
        }
        if let Some(taken) = diagnosis.adopt(cause, &later.evidence) {
            taken.remedy.advice.push(Advice {
                text: format!("run again for this cause: {}", cause.title),
                command: None,
                why: "it was found after the change, and kubemend plans for one cause at a time".to_owned(),
            });
        }
    }
}

/// Losing the race for a session says so in words.
fn raced(error: crate::session::ledger::LedgerError) -> WorkflowError {
    match error {
        crate::session::ledger::LedgerError::Store(crate::ports::StoreError::Conflict(id)) => WorkflowError::Answered(id),
        other => other.into(),
    }
}

fn outcomes<'a>(steps: impl Iterator<Item = &'a StepOutcome>) -> String {
    let words: Vec<&str> = steps
        .map(|s| match s {
            StepOutcome::Applied { .. } => "applied",
            StepOutcome::Refused { .. } => "refused",
            StepOutcome::Failed { unknown: true, .. } => "unknown",
            StepOutcome::Failed { .. } => "failed",
            StepOutcome::NotReached => "not reached",
        })
        .collect();
    words.join(", ")
}
