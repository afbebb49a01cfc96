//! A yes or a no: consent is taken, the intent is recorded, the plan is carried out, and the cluster says whether it helped.

use super::report::{AdviceView, Report, Status};
use super::{Approver, Meter, Question, Remediation, Token, WorkflowError, question, summary, view};
use crate::domain::execution::StepOutcome;
use crate::domain::id::SessionId;
use crate::domain::limits::Consent;
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::validation::Verdict;
use crate::ports::{Phase, Progress, Revision};
use crate::session::approval::ApprovalError;
use crate::session::{Approved, AwaitingApproval, Outcome, Session};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

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
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Report, WorkflowError> {
        let meter = self.meter();
        let (revision, mut awaiting) = self.awaiting(session).await?;
        if let Approver::Digest(_) = &by {
            let limits = &awaiting.header.limits;
            if limits.consent != Consent::Client || awaiting.plan.risk() > limits.client_max_risk {
                return Err(WorkflowError::Approval(
                    "the operator does not let a repeated digest count as approval for this risk (KUBEMEND_CONSENT=client)".to_owned(),
                ));
            }
        }
        let cluster = meter.read.cluster().await?;
        if cluster.server != awaiting.header.server {
            return Err(WorkflowError::Approval(format!(
                "it was given for the cluster at {}, and this is {}",
                awaiting.header.server, cluster.server
            )));
        }
        let report = stored_report(&awaiting)?;
        let now = self.parts.clock.now();
        awaiting.header.trail.note(now, &who(&by), "approved");
        let approved = awaiting.approve(&token.0, digest, now).map_err(|(_, error)| match error {
            ApprovalError::WrongDigest => WorkflowError::DigestMismatch,
            ApprovalError::Expired | ApprovalError::WrongToken => WorkflowError::Approval(error.to_string()),
        })?;
        self.carry_out(approved, revision, report, &by, &meter, progress, cancel).await
    }

    /// A no. The session is over and nothing was changed.
    ///
    /// # Errors
    /// The session does not wait for an answer.
    pub async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        let (revision, awaiting) = self.awaiting(session).await?;
        let mut report = stored_report(&awaiting)?;
        let mut closed = awaiting.decline();
        report.status = Status::Declined;
        report.summary = summary::of(&report);
        closed.header.trail.note(self.parts.clock.now(), &who(&by), "declined");
        closed.header.report = serde_json::to_value(&report).unwrap_or_default();
        self.ledger.save(&Session::Closed(closed), Some(revision)).await?;
        Ok(report)
    }

    /// Asks again about a session that waits: a fresh token, and the one before is void.
    ///
    /// # Errors
    /// The session does not wait for an answer.
    pub async fn question(&self, session: &SessionId) -> Result<Question, WorkflowError> {
        let (revision, mut awaiting) = self.awaiting(session).await?;
        let report = stored_report(&awaiting)?;
        let text = question::text(&report, &awaiting.plan)
            .ok_or_else(|| WorkflowError::Approval("the change is too large to be shown whole".to_owned()))?;
        let secret = awaiting.ask_again(self.parts.entropy.secret_bits());
        let (digest, expires_at) = (awaiting.digest.clone(), awaiting.expires_at);
        self.ledger.save(&Session::AwaitingApproval(awaiting), Some(revision)).await?;
        Ok(Question { session: session.clone(), digest, token: Token(secret.reveal()), text, expires_at })
    }

    /// The open session whose plan has this digest.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        // As many as `kubemend sessions` shows: an older one has expired.
        let newest = self.ledger.newest(100).await?;
        Ok(newest.into_iter().find_map(|(_, session)| match session {
            Session::AwaitingApproval(a) if a.digest == *digest => Some(a.header.id),
            Session::Investigating(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Closed(_) => None,
        }))
    }

    async fn awaiting(&self, id: &SessionId) -> Result<(Revision, AwaitingApproval), WorkflowError> {
        let found = self.ledger.load(id).await?;
        let (revision, session) = found.ok_or_else(|| WorkflowError::Session(format!("there is no session `{id}`")))?;
        let state = match session {
            Session::AwaitingApproval(awaiting) => return Ok((revision, awaiting)),
            Session::Investigating(_) => "is still investigating",
            Session::Executing(_) => "is being executed already",
            Session::Validating(_) => "was executed already and is being validated",
            Session::Closed(c) => match c.outcome {
                Outcome::Expired => "has expired: run remediate again",
                Outcome::Declined => "was declined",
                _ => "is over",
            },
        };
        Err(WorkflowError::Session(format!("session `{id}` {state}")))
    }

    /// Steps 13 to 16 of the way of the data. Nothing below this line can be reached without an approval.
    #[expect(clippy::too_many_arguments, reason = "one call carries the whole session on")]
    pub(super) async fn carry_out(
        &self,
        approved: Approved,
        revision: Revision,
        mut report: Report,
        by: &Approver,
        meter: &Meter,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Report, WorkflowError> {
        let executor =
            self.parts.executor.as_ref().ok_or_else(|| WorkflowError::Approval("no identity that may write is configured".to_owned()))?;
        // A late yes after the caller went away is no yes.
        if cancel.is_cancelled() {
            return Err(WorkflowError::Cancelled);
        }
        let validate_within = SignedDuration::try_from(self.parts.timing.validate_within).unwrap_or(SENDING);
        let settle = SignedDuration::try_from(self.parts.timing.settle).unwrap_or(SENDING);
        let may_take = SENDING.saturating_add(validate_within).saturating_add(settle);
        let (executing, revision, permit) = self.ledger.begin(revision, approved, may_take).await.map_err(raced)?;
        let plan = executing.plan.clone();
        progress.tell(Phase::Executing, &format!("approved by {}", who(by)));
        let (mut execution, right) = executor.run(permit, &meter.requests, progress, cancel).await;
        let mut validating = executing.executed();
        validating.header.trail.note(self.parts.clock.now(), "kubemend", &outcomes(execution.steps.iter()));
        report.execution = Some(view::execution(&execution));
        let scope = validating.header.scope.clone();
        let session = Session::Validating(validating);
        let saved = self.ledger.save(&session, Some(revision)).await;
        let Session::Validating(mut validating) = session else {
            return Err(WorkflowError::Session("the session changed its state".to_owned()));
        };

        let mut verdict = Verdict::Unclear;
        if execution.is_complete() || execution.is_unknown() {
            progress.tell(Phase::Validating, "watching whether it helps");
            let settled =
                super::settle::settle(&plan, &scope, meter.read.as_ref(), self.parts.clock.as_ref(), self.parts.timing, progress, cancel)
                    .await;
            verdict = settled.validation.verdict;
            report.validation = Some(view::validation(&settled.validation));
            if let Some(diagnosis) = settled.diagnosis.filter(|_| verdict == Verdict::Unresolved) {
                for cause in diagnosis.causes.iter().filter(|c| c.key() != plan.cause) {
                    report.advice.push(AdviceView {
                        text: format!("ask again: {}", cause.title),
                        command: None,
                        why: "it was found after the change, and one plan is made at a time".to_owned(),
                    });
                    let view = view::cause(cause);
                    if !report.causes.iter().any(|c| (&c.code, &c.object) == (&view.code, &view.object)) {
                        report.causes.push(view);
                    }
                }
            }
        }
        let failed = !execution.is_complete() || verdict == Verdict::Unresolved;
        if failed && plan.on_failure == OnFailure::Revert && !cancel.is_cancelled() && !execution.is_unknown() {
            progress.tell(Phase::Executing, "it did not help: undoing what can be undone");
            let undone = executor.revert(right, &meter.requests).await;
            validating.header.trail.note(self.parts.clock.now(), "kubemend", &format!("reverted: {}", outcomes(undone.iter())));
            if undone.iter().any(|o| matches!(o, StepOutcome::Applied { .. })) {
                execution.reverted = Some(undone);
                report.execution = Some(view::execution(&execution));
            }
        }
        let mut closed = validating.settle(verdict, &execution);
        report.status = super::look::status_of(closed.outcome);
        self.charge(&mut report, meter);
        report.summary = summary::of(&report);
        closed.header.trail.note(self.parts.clock.now(), "kubemend", report.status.as_str());
        closed.header.report = serde_json::to_value(&report).unwrap_or_default();
        // The change is made: a record that cannot be kept now is said, and hides nothing of what was done.
        let kept = match saved {
            Ok(revision) => self.ledger.save(&Session::Closed(closed), Some(revision)).await.map(|_| ()),
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            report.advice.push(AdviceView {
                text: format!("keep this report: {error}"),
                command: None,
                why: "the session could not be saved".to_owned(),
            });
        }
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }
}

/// Losing the race for a session says so in words.
fn raced(error: crate::session::ledger::LedgerError) -> WorkflowError {
    match error {
        crate::session::ledger::LedgerError::Store(crate::ports::StoreError::Conflict(id)) => {
            WorkflowError::Approval(format!("session `{id}` was answered by somebody else at the same time"))
        }
        other => other.into(),
    }
}

fn stored_report(awaiting: &AwaitingApproval) -> Result<Report, WorkflowError> {
    serde_json::from_value(awaiting.header.report.clone())
        .map_err(|e| WorkflowError::Session(format!("the report of session `{}` cannot be read: {e}", awaiting.header.id)))
}

fn who(by: &Approver) -> String {
    match by {
        Approver::Terminal => "a human at the terminal".to_owned(),
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
