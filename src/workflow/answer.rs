//! A yes: consent is taken, or refused in words and in the record. What the operator allows is judged now, and not only when it was asked.

use super::report::Report;
use super::view::report_of;
use super::{Approver, Caller, Question, Remediation, Token, WorkflowError, question};
use crate::domain::cause::CauseSource;
use crate::domain::id::SessionId;
use crate::domain::limits::{Counted, DigestRefusal};
use crate::domain::plan::PlanDigest;
use crate::ports::StoreError;
use crate::session::approval::TooManyAsked;
use crate::session::gate::{Belief, Decision, Rehearsal, decide};
use crate::session::ledger::LedgerError;
use crate::session::trail::Effect;
use crate::session::{Approved, AwaitingApproval, Session};

/// So many approvals that could not be used are heard in one session. After them it takes the token of a question.
const REFUSALS: usize = 10;
/// How often a yes is said anew after something was recorded in the session meanwhile.
const ATTEMPTS: usize = 4;

/// A yes, as it came in.
struct Yes<'a> {
    session: &'a SessionId,
    /// To which plan.
    digest: &'a PlanDigest,
    proof: Proof<'a>,
    by: Approver,
}

/// What a yes rests on.
enum Proof<'a> {
    /// The question was shown.
    Shown(&'a Token),
    /// The plan's digest was repeated.
    Repeated,
}

impl Remediation {
    /// A yes. The plan must be the one that was shown, and the token one that was handed out with the question.
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
        self.consent(&Yes { session, digest, proof: Proof::Shown(token), by }, caller).await
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
        self.consent(&Yes { session, digest, proof: Proof::Repeated, by: Approver::Digest(client.to_owned()) }, caller).await
    }

    async fn consent(&self, yes: &Yes<'_>, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        let mut attempt = 1;
        loop {
            let mut counted = false;
            let error = match self.consent_once(yes, &mut counted, caller).await {
                Ok(report) => return Ok(report),
                Err(error) => error,
            };
            // Somebody else's refusal that was recorded at the same moment is no answer.
            if matches!(error, WorkflowError::Answered(_)) && attempt < ATTEMPTS && self.records().awaiting(yes.session).await.is_ok() {
                attempt = attempt.saturating_add(1);
                continue;
            }
            // Somebody said yes, whatever became of it. That it cannot be recorded does not make it an approval.
            if let Some(effect) = effect_of(&error, counted) {
                let what = if counted { "approved, and nothing was sent" } else { "approval refused" };
                self.records().note(yes.session, &yes.by.in_words(), &format!("{what}: {error}"), effect).await.ok();
            }
            return Err(error);
        }
    }

    /// `counted`: the approval itself was one, whatever kept it from being carried out.
    async fn consent_once(&self, yes: &Yes<'_>, counted: &mut bool, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        let Yes { session, digest, proof, by } = yes;
        let meter = self.meter(caller);
        let (revision, mut awaiting) = match self.awaiting_here(session, meter.read.as_ref()).await {
            Err(error @ WorkflowError::Read(_)) => {
                *counted = self.is_a_yes(yes).await;
                return Err(error);
            }
            here => here?,
        };
        let proven = matches!(proof, Proof::Shown(token) if awaiting.knows(&token.0));
        if !proven && awaiting.header.trail.count(Effect::Refused) >= REFUSALS {
            return Err(WorkflowError::TooManyRefused((*session).clone()));
        }
        self.is_allowed_now(&awaiting, caller)?;
        // Whatever proves that it was shown: who says that a digest was repeated has asked nobody.
        if matches!(by, Approver::Digest(_)) {
            self.counts_repeated_digest(&awaiting, caller)?;
        }
        let now = self.parts.clock.now();
        awaiting.header.trail.answer(now, &by.in_words(), "approved");
        let approved: Result<Approved, _> = match proof {
            Proof::Shown(token) => awaiting.approve(&token.0, digest, now),
            Proof::Repeated => {
                let counted = self.counts_repeated_digest(&awaiting, caller)?;
                awaiting.approve_repeated(&counted, digest, now)
            }
        };
        let approved = approved.map_err(|(_, error)| error)?;
        *counted = true;
        let seen = Box::pin(self.is_still_needed(&approved, &meter, caller)).await?;
        Box::pin(self.carry_out(approved, seen, revision, by, &meter, caller)).await
    }

    /// Whether it would have counted, by the record alone: where the cluster does not say which one it is, nothing else is known.
    async fn is_a_yes(&self, Yes { session, digest, proof, .. }: &Yes<'_>) -> bool {
        let Ok((_, awaiting)) = self.records().awaiting(session).await else { return false };
        let Proof::Shown(token) = proof else { return false };
        awaiting.knows(&token.0) && awaiting.digest == **digest && self.parts.clock.now() < awaiting.expires_at
    }

    /// The gate, again: what held when the session was opened, tightened by what the operator sets now and by this caller.
    /// What a human may not approve any more is refused, whoever approves.
    fn is_allowed_now(&self, awaiting: &AwaitingApproval, caller: &Caller<'_>) -> Result<(), WorkflowError> {
        let limits = caller.limits(&self.parts.limits).and(&awaiting.header.limits);
        let plan = &awaiting.planned.plan;
        // What the operator wanted when it was opened is in the plan; what is wanted since then is not.
        if limits.on_failure > awaiting.header.limits.on_failure && limits.on_failure > plan.on_failure {
            let why = "it would keep a change that did not help, and such a change has to be rolled back here";
            return Err(WorkflowError::NotAllowed(why.to_owned()));
        }
        let diagnosis = &awaiting.header.diagnosis;
        let belief = plan.aim.cause().and_then(|cause| diagnosis.cause(cause)).map(Belief::of);
        let never = Rehearsal { steps: Vec::new() };
        match decide(&limits, plan, belief, diagnosis.focus.aside(), awaiting.planned.rehearsal.as_ref().unwrap_or(&never)) {
            Decision::Allow(_) | Decision::AskHuman(_) => Ok(()),
            Decision::Forbid(reasons) => {
                let reasons: Vec<&str> = reasons.iter().map(String::as_str).collect();
                Err(WorkflowError::NotAllowed(reasons.join("; ")))
            }
        }
    }

    /// Decided on the plan: by what the operator sets now, by what held when the session was opened, and by this caller's own bound.
    pub(super) fn counts_repeated_digest(&self, awaiting: &AwaitingApproval, caller: &Caller<'_>) -> Result<Counted, DigestRefusal> {
        let plan = &awaiting.planned.plan;
        if plan.aim.cause().is_some_and(|cause| !matches!(cause.source, CauseSource::Rule(_))) {
            return Err(DigestRefusal::OfAProposal);
        }
        let risk = plan.risk();
        caller.limits(&self.parts.limits).counts_repeated_digest(risk)?;
        awaiting.header.limits.counts_repeated_digest(risk).map_err(|refusal| match refusal {
            DigestRefusal::OnlyAHuman if awaiting.header.purpose.undoes().is_some() => DigestRefusal::OfAnUndo,
            DigestRefusal::OnlyAHuman => DigestRefusal::OpenedForAHuman,
            other => other,
        })
    }

    /// Asks again about a session that waits, within the time that it has. Those who read an earlier question can still answer it.
    ///
    /// # Errors
    /// The session does not wait for an answer, or too many of its questions do.
    pub async fn question(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Question, WorkflowError> {
        let meter = self.meter(caller);
        let mut attempt = 1;
        loop {
            let (revision, mut awaiting) = self.awaiting_here(session, meter.read.as_ref()).await?;
            self.is_allowed_now(&awaiting, caller)?;
            let (until, now) = (awaiting.expires_at, self.parts.clock.now());
            let secret = match awaiting.ask_again(self.parts.entropy.secret_bits(), until, now, &caller.door) {
                Ok(secret) => secret,
                Err(TooManyAsked { limit, until }) => {
                    let door = caller.door.clone();
                    return Err(WorkflowError::TooManyAsked { session: session.clone(), door, limit, until });
                }
            };
            let digest_counts = self.counts_repeated_digest(&awaiting, caller).map(drop);
            let (digest, expires_at) = (awaiting.digest.clone(), awaiting.expires_at);
            let waiting = Session::AwaitingApproval(awaiting);
            let report = report_of(&waiting);
            let text = question::text(&report).ok_or(WorkflowError::TooLarge)?;
            match self.ledger.save(&waiting, Some(revision)).await {
                Ok(_) => {
                    let of = (session.clone(), digest);
                    return Ok(question::about(&report, text, of, &secret, expires_at, digest_counts));
                }
                Err(LedgerError::Store(StoreError::Conflict(_))) if attempt < ATTEMPTS => attempt = attempt.saturating_add(1),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Nobody reads this question any more: it leaves its place to another one, and no answer to it counts. Where that cannot be recorded,
    /// its own time ends it.
    pub async fn withdraw(&self, session: &SessionId, token: &Token) {
        for _ in 0..ATTEMPTS {
            let Ok((revision, mut awaiting)) = self.records().awaiting(session).await else { return };
            awaiting.withdraw(&token.0);
            match self.ledger.save(&Session::AwaitingApproval(awaiting), Some(revision)).await {
                Err(LedgerError::Store(StoreError::Conflict(_))) => {}
                Ok(_) | Err(_) => return,
            }
        }
    }
}

/// What an error means for the session that waits: the approval cannot be used, or nothing could be read or kept and nothing is decided.
/// `counted`: the approval was one, and something after it failed.
fn effect_of(error: &WorkflowError, counted: bool) -> Option<Effect> {
    match error {
        WorkflowError::DigestMismatch
        | WorkflowError::WrongToken
        | WorkflowError::OtherCluster { .. }
        | WorkflowError::NoWriter
        | WorkflowError::NotAllowed(_)
        | WorkflowError::NotNeeded(_)
        | WorkflowError::RepeatedDigest(_)
        | WorkflowError::Cancelled => Some(Effect::Refused),
        WorkflowError::Read(_) | WorkflowError::Store(_) => Some(Effect::Undecided),
        // Somebody else's answer is the one that is recorded.
        WorkflowError::Answered(_) => None,
        WorkflowError::Invalid(_)
        | WorkflowError::NotOffered
        | WorkflowError::NoNamespace { .. }
        | WorkflowError::NoObject { .. }
        | WorkflowError::NoSession(_)
        | WorkflowError::State { .. }
        | WorkflowError::Record { .. }
        | WorkflowError::Expired
        | WorkflowError::TooManyRefused(_)
        | WorkflowError::TooManyAsked { .. }
        | WorkflowError::TooLarge => counted.then_some(Effect::Undecided),
    }
}
