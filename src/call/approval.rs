//! How a human approves: what they can say, what is done with it, and the sentences that say how. The one place that carries out a yes
//! that a surface took.

use super::error::CallError;
use super::use_cases::{ProvenYes, UseCases};
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::Phase;
use crate::workflow::report::{Report, Status};
use crate::workflow::{Approver, Caller, Question, Token};
use std::fmt::Display;

/// What somebody said to a question. Each surface has one place that makes it from what came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HumanAnswer {
    /// A clear yes.
    Yes,
    /// Anything else that was said.
    No,
    /// There was nobody to ask, or they went away without a word.
    Nobody,
}

/// Where an answer belongs, with what proves that the question was shown.
#[derive(Debug)]
pub struct PendingAnswer {
    /// Which session waits.
    pub session: SessionId,
    /// What exactly would be approved.
    pub digest: PlanDigest,
    /// From the question.
    pub token: Token,
}

impl From<Question> for PendingAnswer {
    fn from(question: Question) -> Self {
        Self { session: question.session, digest: question.digest, token: question.token }
    }
}

/// Does what a human said. Without an answer nothing is done, and the session says what became of it.
///
/// # Errors
/// The yes cannot be used, or came after the call was taken back; nothing was changed then.
pub async fn carry_out(
    cases: &dyn UseCases,
    pending: &PendingAnswer,
    answer: HumanAnswer,
    by: Approver,
    caller: &Caller<'_>,
) -> Result<Report, CallError> {
    match answer {
        HumanAnswer::Yes => {
            // The answer may have come after the call was taken back.
            if caller.cancel.is_cancelled() {
                return Err(CallError::cancelled());
            }
            let yes = ProvenYes { session: &pending.session, token: &pending.token, digest: &pending.digest, by };
            Ok(cases.approve(yes, caller).await?)
        }
        HumanAnswer::No => {
            let report = cases.decline(&pending.session, by).await?;
            caller.progress.tell(Phase::Done, report.status.as_str());
            Ok(report)
        }
        HumanAnswer::Nobody => Ok(cases.show(&pending.session).await?),
    }
}

/// What a human types to approve the plan of a session that waits.
pub fn for_a_human(session: &dyn Display) -> String {
    format!("kubemend approve {session}")
}

/// How the plan of a report that waits is approved; `digest_counts`: a second call that repeats its digest may do it, too.
pub fn how_to_approve(report: &Report, digest_counts: bool) -> String {
    let (session, human) = (&report.session, for_a_human(&report.session));
    match &report.plan {
        Some(plan) if digest_counts => format!(
            "Nothing was changed. To apply it, call remediate again with sessionId `{session}` and planDigest `{}`, or run: {human}",
            plan.digest
        ),
        Some(_) | None => format!("Nothing was changed. To apply it, a human runs: {human}"),
    }
}

/// The report, whose summary says how its plan is approved where it waits for that.
#[must_use]
pub fn with_how_to_approve(mut report: Report, digest_counts: bool) -> Report {
    let says_it = report.summary.contains(&for_a_human(&report.session)) && !digest_counts;
    if report.status == Status::AwaitingApproval && !says_it {
        let how = how_to_approve(&report, digest_counts);
        report.summary.push('\n');
        report.summary.push_str(&how);
    }
    report
}
