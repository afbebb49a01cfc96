//! A yes or a no: consent is taken, the intent is recorded, the plan is carried out, and the cluster says whether it helped.

use super::report::Report;
use super::view::report_of;
use super::{Approver, Caller, Meter, Question, Remediation, Token, WorkflowError, question};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::execution::StepOutcome;
use crate::domain::finding::Advice;
use crate::domain::id::SessionId;
use crate::domain::limits::DigestRefusal;
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::validation::Verdict;
use crate::ports::{Phase, Revision};
use crate::session::{Approved, AwaitingApproval, Session};
use jiff::SignedDuration;

/// Besides validation, so long may sending the steps take before a session counts as dead.
const SENDING: SignedDuration = SignedDuration::from_secs(120);

impl Remediation {
    /// A yes. The plan must be the one that was shown, and the token the one that was handed out with the question.
    ///
    /// # Errors
    /// The approval cannot be used; nothing was changed then.
    pub async fn approve(
        &self,
        session: &SessionId,
        token: &Token,
        digest: &PlanDigest,
        by: Approver,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError> {
        let meter = self.meter(caller);
        let (revision, mut awaiting) = self.records().awaiting(session).await?;
        if let Approver::Digest(_) = &by {
            self.counts_repeated_digest(&awaiting, caller)?;
        }
        let cluster = meter.read.cluster().await?;
        if cluster.server != awaiting.header.cluster.server {
            return Err(WorkflowError::OtherCluster { planned: awaiting.header.cluster.server, now: cluster.server });
        }
        let now = self.parts.clock.now();
        awaiting.header.trail.note(now, &who(&by), "approved");
        let approved = awaiting.approve(&token.0, digest, now).map_err(|(_, error)| error)?;
        self.carry_out(approved, revision, &by, &meter, caller).await
    }

    /// The yes of a second call that repeats the digest of the plan that waits, where the operator lets that count.
    ///
    /// # Errors
    /// It does not count, or the plan is another one; nothing was changed then.
    pub async fn approve_by_digest(
        &self,
        session: &SessionId,
        digest: &PlanDigest,
        client: &str,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError> {
        let (_, awaiting) = self.records().awaiting(session).await?;
        self.counts_repeated_digest(&awaiting, caller)?;
        if awaiting.digest != *digest {
            return Err(WorkflowError::DigestMismatch);
        }
        let question = self.question(session, caller).await?;
        self.approve(session, &question.token, digest, Approver::Digest(client.to_owned()), caller).await
    }

    /// Decided on the plan: by what the operator sets now, by what held when the session was opened, and by this caller's own bound.
    pub(super) fn counts_repeated_digest(&self, awaiting: &AwaitingApproval, caller: &Caller<'_>) -> Result<(), DigestRefusal> {
        let risk = awaiting.planned.plan.risk();
        caller.limits(&self.parts.limits).counts_repeated_digest(risk)?;
        awaiting.header.limits.counts_repeated_digest(risk).map_err(|refusal| match refusal {
            DigestRefusal::OnlyAHuman => DigestRefusal::OpenedForAHuman,
            other => other,
        })
    }

    /// Asks again about a session that waits: a fresh token, and the one before is void.
    ///
    /// # Errors
    /// The session does not wait for an answer.
    pub async fn question(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Question, WorkflowError> {
        let (revision, mut awaiting) = self.records().awaiting(session).await?;
        let secret = awaiting.ask_again(self.parts.entropy.secret_bits());
        let digest_counts = self.counts_repeated_digest(&awaiting, caller).is_ok();
        let (digest, expires_at) = (awaiting.digest.clone(), awaiting.expires_at);
        let waiting = Session::AwaitingApproval(awaiting);
        let text = question::text(&report_of(&waiting)).ok_or(WorkflowError::TooLarge)?;
        self.ledger.save(&waiting, Some(revision)).await?;
        Ok(Question { session: session.clone(), digest, token: Token(secret.reveal()), text, expires_at, digest_counts })
    }

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
        let settle = SignedDuration::try_from(self.parts.timing.settle).unwrap_or(SENDING);
        let may_take = SENDING.saturating_add(validate_within).saturating_add(settle);
        let (executing, revision, permit) = self.ledger.begin(revision, approved, may_take).await.map_err(raced)?;
        progress.tell(Phase::Executing, &format!("approved by {}", who(by)));
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
            let settled = super::settle::settle(
                &plan,
                &validating.header.scope,
                meter.read.as_ref(),
                self.parts.clock.as_ref(),
                self.parts.timing,
                caller,
            )
            .await;
            if let Some(later) = settled.seen.filter(|_| settled.validation.verdict == Verdict::Unresolved) {
                take_in(&mut validating.header.diagnosis, &later);
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

/// Causes that were not known before the change: each keeps its evidence and its own advice, and says that the plan was not for it.
fn take_in(diagnosis: &mut Diagnosis, later: &Diagnosis) {
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

pub(super) fn who(by: &Approver) -> String {
    match by {
        Approver::Terminal => "the user of the command line".to_owned(),
        Approver::Client(name) => format!("a human through {name}"),
        Approver::Digest(name) => format!("a repeated digest from {name}"),
        Approver::Policy => "policy".to_owned(),
        Approver::Library(name) => name.clone(),
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
