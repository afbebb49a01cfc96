//! A plan that was approved is carried out: the intent is recorded, the bytes are sent, and the cluster says whether it helped.

use super::collect::Collected;
use super::report::Report;
use super::settle::{Case, settle};
use super::view::report_of;
use super::{Approver, Caller, Meter, Remediation, WorkflowError, stored};
use crate::domain::abridged::abridge;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::execution::{StepOutcome, Undone};
use crate::domain::finding::Advice;
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::OnFailure;
use crate::domain::validation::{Validation, Verdict};
use crate::execute::Executor;
use crate::ports::{Phase, Progress, Revision};
use crate::session::journal::Moment;
use crate::session::ledger::LedgerError;
use crate::session::{Approved, Closed, Header, Session, Validating, journal};
use jiff::SignedDuration;

impl Remediation {
    /// Steps 11 to 15 of the way of the data. Nothing below this line can be reached without an approval. `seen` is what was read for it.
    pub(super) async fn carry_out(
        &self,
        approved: Approved,
        seen: Option<Collected>,
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
        let patience = self.parts.timing.patience(approved.plan());
        let watching = SignedDuration::try_from(patience.at_most()).unwrap_or(journal::SENDING);
        let (since, _acts) = (Moment::now(&self.ledger), self.ledger.acts(approved.id()));
        let identities = stored::identities(executor, meter).await?;
        let permit = journal::begin(&self.ledger, revision, approved, &identities, watching, since).await.map_err(raced)?;
        // Of a rule's plan that nobody is asked about: what somebody states about the same object makes way once this one's intent is kept. Where
        // that cannot be recorded, a yes to it is refused for the rule's fix, and for what changed meanwhile.
        if *by == Approver::Policy {
            Box::pin(self.make_way(permit.plan(), permit.header())).await.ok();
        }
        progress.tell(Phase::Executing, &format!("approved by {}", by.in_words()));
        let mut permit = executor.run(permit, &meter.requests, progress, cancel).await;
        let sent = outcomes(permit.execution().steps.iter());
        let (mut validating, saved) = permit.close(&sent).await;

        let plan = validating.planned.plan.clone();
        let mut validation = None;
        if validating.execution.is_complete() || validating.execution.is_unknown() {
            progress.tell(Phase::Validating, "watching whether the change helps");
            let header = &validating.header;
            let case = Case {
                plan: &plan,
                scope: &header.scope,
                before: &header.diagnosis,
                purpose: &header.purpose,
                made: Some(&validating.execution),
            };
            let settled = Box::pin(settle(seen, case, meter.read.as_ref(), self.parts.clock.as_ref(), patience, caller)).await;
            if let Some(later) = settled.seen {
                take_in(&mut validating.header, later);
            }
            validation = Some(settled.validation);
        }
        let unresolved = validation.as_ref().is_some_and(|v| v.verdict == Verdict::Unresolved);
        let failed = !validating.execution.is_complete() || unresolved;
        let undoes = failed
            && plan.on_failure == OnFailure::Revert
            && !cancel.is_cancelled()
            && !validating.execution.is_unknown()
            && validating.execution.steps.iter().any(|step| step.took_effect() == Some(true));
        let (mut closed, saved) = match saved {
            Ok(revision) if undoes => self.undo_steps(executor, revision, validating, validation, meter, progress).await,
            Err(error) if undoes => {
                let mut closed = validating.settle(validation);
                closed.header.advice.push(not_undone(&error));
                (closed, Err(error))
            }
            saved => (validating.settle(validation), saved),
        };
        self.charge(&mut closed.header.usage, meter);
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

    /// What did not help is undone, where the plan says so: recorded before it is sent, and told in full.
    async fn undo_steps(
        &self,
        executor: &Executor,
        revision: Revision,
        validating: Validating,
        validation: Option<Validation>,
        meter: &Meter,
        progress: &dyn Progress,
    ) -> (Closed, Result<Revision, LedgerError>) {
        progress.tell(Phase::Executing, "rolling back what was done");
        match journal::begin_revert(&self.ledger, revision, validating, validation).await {
            Ok(permit) => {
                let (mut closed, saved) = executor.revert(permit, &meter.requests).await.close();
                let undone = closed.execution.iter().flat_map(|e| &e.reverted).flat_map(NonEmpty::iter).map(undo_word);
                let note = format!("rolled back: {}", undone.collect::<Vec<_>>().join(", "));
                closed.header.trail.note(self.parts.clock.now(), "kubemend", &note);
                (closed, saved)
            }
            Err((mut closed, error)) => {
                closed.header.advice.push(not_undone(&error));
                (*closed, Err(error))
            }
        }
    }
}

fn undo_word(undone: &Undone) -> String {
    match undone {
        Undone::NotNeeded => "not needed".to_owned(),
        Undone::Stays { .. } => "stays".to_owned(),
        Undone::Sent(outcome) => outcome.became().to_string(),
    }
}

fn not_undone(error: &LedgerError) -> Advice {
    Advice {
        text: "the change did not help and was not rolled back; the plan says how each step is rolled back".to_owned(),
        command: None,
        why: format!("a rollback has to be recorded before it is sent, and the record cannot be kept: {error}"),
    }
}

/// What the last look at everything brought: what no cause explains now, what could not be read, and
/// causes that were not known before the change: each keeps its evidence and its own advice, and says that the plan was not for it.
/// An undo is about no cause, and what was wrong before the change that it takes back is no news.
pub(super) fn take_in(header: &mut Header, mut later: Diagnosis) {
    abridge(&mut later);
    let diagnosis = &mut header.diagnosis;
    later.unseen.into_iter().for_each(|gap| diagnosis.miss(gap));
    if header.purpose.undoes().is_some() {
        return;
    }
    diagnosis.unexplained = later.unexplained;
    for cause in &later.causes {
        if diagnosis.knows(&cause.key()) {
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
fn raced(error: LedgerError) -> WorkflowError {
    match error {
        LedgerError::Store(crate::ports::StoreError::Conflict(id)) => WorkflowError::Answered(id),
        other => other.into(),
    }
}

fn outcomes<'a>(steps: impl Iterator<Item = &'a StepOutcome>) -> String {
    steps.map(|step| step.became().to_string()).collect::<Vec<_>>().join(", ")
}
