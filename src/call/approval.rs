//! How a human approves: what they can say, what is done with it, and the sentences that say how. The one place that carries out a yes
//! that a surface took.

use super::error::CallError;
use super::operator::Program;
use super::use_cases::{ProvenYes, UseCases};
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::Phase;
use crate::workflow::report::{Report, Status};
use crate::workflow::{Approver, Caller, Question, Token, WorkflowError};
use std::fmt::Display;
use std::time::Duration;

/// What somebody said to a question. Each surface has one place that makes it from what came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HumanAnswer {
    /// A clear yes.
    Yes,
    /// A clear no.
    No,
    /// Something came back that no person can have decided: the plan keeps waiting.
    Undecided(Undecided),
    /// There was nobody to ask, or they went away without a word.
    Nobody,
}

/// Why what came back from a client decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// It came sooner than a person can read.
    TooFast(Duration),
    /// The form was accepted without the choice that it asks for.
    NoChoice,
    /// The dialog was closed.
    Closed,
    /// The client could not ask.
    Unable,
    /// It is not an answer to what was asked.
    Unreadable,
}

impl From<Undecided> for HumanAnswer {
    fn from(why: Undecided) -> Self {
        HumanAnswer::Undecided(why)
    }
}

impl Display for Undecided {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Undecided::TooFast(after) => write!(f, "it answered by itself after {} ms", after.as_millis()),
            Undecided::NoChoice => f.write_str("it accepted without a choice"),
            Undecided::Closed => f.write_str("its dialog was closed"),
            Undecided::Unable => f.write_str("it could not ask its user"),
            Undecided::Unreadable => f.write_str("its answer could not be read"),
        }
    }
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
            or_by_another_door(cases, &pending.session, cases.approve(yes, caller).await, caller).await
        }
        HumanAnswer::No => {
            let declined = cases.decline(&pending.session, by).await;
            let report = or_by_another_door(cases, &pending.session, declined, caller).await?;
            caller.progress.tell(Phase::Done, report.status.as_str());
            Ok(report)
        }
        HumanAnswer::Undecided(why) => undecided(cases, &pending.session, why, caller).await,
        HumanAnswer::Nobody => Ok(cases.show(&pending.session).await?),
    }
}

/// Nothing was decided: the plan waits as before, and the record says what the client did.
async fn undecided(cases: &dyn UseCases, session: &SessionId, why: Undecided, caller: &Caller<'_>) -> Result<Report, CallError> {
    caller.progress.tell(Phase::AwaitingApproval, &format!("the client decided nothing: {why}; the plan still waits"));
    Ok(cases.show(session).await?)
}

/// An answer, or what the answer that came first by another door led to.
async fn or_by_another_door(
    cases: &dyn UseCases,
    session: &SessionId,
    answered: Result<Report, WorkflowError>,
    caller: &Caller<'_>,
) -> Result<Report, CallError> {
    match answered {
        Err(WorkflowError::State { .. } | WorkflowError::Answered(_)) => Ok(cases.follow(session, caller).await?),
        other => Ok(other?),
    }
}

/// What a human types to approve the plan of a session that waits.
pub fn for_a_human(session: &dyn Display) -> String {
    format!("kubemend approve {session}")
}

/// The report, whose summary says how its plan is approved where it waits for that; `digest_counts`: a second call that repeats its
/// digest does it, so that the caller has to show the plan. Commands are named as they have to be typed here.
#[must_use]
pub fn with_how_to_approve(mut report: Report, digest_counts: bool, program: &Program) -> Report {
    let human = for_a_human(&report.session);
    if let (Status::AwaitingApproval, Some(plan)) = (report.status, &report.plan) {
        if digest_counts {
            let without: Vec<&str> = report.summary.lines().filter(|line| !line.contains(&human)).collect();
            report.summary = format!(
                "{}\nNothing was changed. Show this plan's diff to the user; after they approve, call remediate with sessionId `{}` and planDigest `{}`.",
                without.join("\n"),
                report.session,
                plan.digest
            );
        } else if !report.summary.contains(&human) {
            report.summary = format!("{}\nNothing was changed. To apply it, a human runs: {human}", report.summary);
        }
    }
    report.summary = program.in_words(&report.summary, &report.session);
    for advice in &mut report.advice {
        advice.text = program.in_words(&advice.text, &report.session);
        advice.command = advice.command.as_ref().map(|command| program.in_words(command, &report.session));
    }
    report
}
