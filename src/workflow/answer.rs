//! A yes or a no: consent is taken, or refused in words.

use super::report::Report;
use super::view::report_of;
use super::{Approver, Caller, Question, Remediation, Token, WorkflowError, question};
use crate::domain::id::SessionId;
use crate::domain::limits::DigestRefusal;
use crate::domain::plan::PlanDigest;
use crate::session::{AwaitingApproval, Session};

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
        let (revision, mut awaiting) = self.awaiting_here(session, meter.read.as_ref()).await?;
        if let Approver::Digest(_) = &by {
            self.counts_repeated_digest(&awaiting, caller)?;
        }
        let now = self.parts.clock.now();
        awaiting.header.trail.note(now, &by.in_words(), "approved");
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
        let (revision, mut awaiting) = self.awaiting_here(session, self.meter(caller).read.as_ref()).await?;
        let secret = awaiting.ask_again(self.parts.entropy.secret_bits());
        let digest_counts = self.counts_repeated_digest(&awaiting, caller).is_ok();
        let (digest, expires_at) = (awaiting.digest.clone(), awaiting.expires_at);
        let waiting = Session::AwaitingApproval(awaiting);
        let text = question::text(&report_of(&waiting)).ok_or(WorkflowError::TooLarge)?;
        self.ledger.save(&waiting, Some(revision)).await?;
        Ok(Question { session: session.clone(), digest, token: Token(secret.reveal()), text, expires_at, digest_counts })
    }
}
