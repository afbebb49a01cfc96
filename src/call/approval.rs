//! How a human approves: what they can say, what is done with it, and the sentences that say how. The one place that carries out a yes
//! that a surface took.

use super::error::CallError;
use super::use_cases::{ProvenYes, UseCases};
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::Phase;
use crate::workflow::report::{AdviceView, Report, Status};
use crate::workflow::{Approver, Caller, LateAnswer, Question, Token, Undecided, WorkflowError};
use std::fmt::Display;
use std::time::Duration;

/// Nobody reads a plan and answers faster. Clients that answer by themselves took 1 to 23 milliseconds.
pub const FASTEST_PERSON: Duration = Duration::from_millis(500);

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

impl From<Undecided> for HumanAnswer {
    fn from(why: Undecided) -> Self {
        HumanAnswer::Undecided(why)
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

/// Does what a human said. Without an answer nothing is done, and the session says what became of it; the question has ended, and
/// leaves its place to another one.
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
            let yes = ProvenYes { session: &pending.session, token: &pending.token, digest: &pending.digest, by: by.clone() };
            let approved = cases.approve(yes, caller).await;
            or_too_late(cases, &pending.session, approved, (&by, LateAnswer::Yes), caller).await
        }
        HumanAnswer::No => {
            let declined = cases.decline(&pending.session, by.clone()).await;
            let report = or_too_late(cases, &pending.session, declined, (&by, LateAnswer::No), caller).await?;
            caller.progress.tell(Phase::Done, report.status.as_str());
            Ok(report)
        }
        HumanAnswer::Undecided(why) => {
            let report = cases.undecided(&pending.session, by, why).await;
            cases.withdraw(&pending.session, &pending.token).await;
            let mut report = report?;
            caller.progress.tell(Phase::AwaitingApproval, why.in_words());
            if report.status == Status::AwaitingApproval {
                let why_not = "only a choice that a person made approves or declines".to_owned();
                report.advice.insert(0, AdviceView { text: did_not_count(why), command: None, why: why_not, cause: None });
            }
            Ok(report)
        }
        HumanAnswer::Nobody => {
            cases.withdraw(&pending.session, &pending.token).await;
            Ok(cases.show(&pending.session).await?)
        }
    }
}

/// What somebody reads who took an answer for an approval, or waits for one.
fn did_not_count(why: Undecided) -> String {
    let what = match why {
        Undecided::ByItself => {
            "an answer came that no person can have given (without a choice, or faster than anybody reads): it did not count"
        }
        Undecided::NoChoice => "an answer came that is none of the choices: it did not count",
        Undecided::Later => "the user chose to change nothing now and to be asked later",
        Undecided::Dismissed => "the question was closed without an answer",
        Undecided::Unanswered => "the client did not ask its user, or brought no answer",
    };
    format!("{what}; nothing was changed, and the plan still waits")
}

/// What an answer led to, or what the one led to that came first by another door; then this one is recorded as too late.
async fn or_too_late(
    cases: &dyn UseCases,
    session: &SessionId,
    answered: Result<Report, WorkflowError>,
    (by, said): (&Approver, LateAnswer),
    caller: &Caller<'_>,
) -> Result<Report, CallError> {
    match answered {
        Err(WorkflowError::State { .. } | WorkflowError::Answered(_)) => {
            cases.follow(session, caller).await?;
            Ok(cases.too_late(session, by, said).await?)
        }
        // The time of this question is over, and perhaps not that of a later one.
        Err(error @ WorkflowError::Expired) => match cases.too_late(session, by, said).await {
            Ok(report) if report.status != Status::AwaitingApproval => Ok(report),
            Ok(_) | Err(_) => Err(error.into()),
        },
        other => Ok(other?),
    }
}

/// An answer that came back after the time that its question states. Nothing is carried out.
///
/// # Errors
/// The session cannot be read, or still waits for an answer to a later question.
pub async fn came_too_late(
    cases: &dyn UseCases,
    pending: &PendingAnswer,
    answer: HumanAnswer,
    by: Approver,
    caller: &Caller<'_>,
) -> Result<Report, CallError> {
    let said = match answer {
        HumanAnswer::Yes => LateAnswer::Yes,
        HumanAnswer::No => LateAnswer::No,
        HumanAnswer::Undecided(_) | HumanAnswer::Nobody => return Ok(cases.show(&pending.session).await?),
    };
    or_too_late(cases, &pending.session, Err(WorkflowError::Expired), (&by, said), caller).await
}

/// What a human types to approve the plan of a session that waits.
pub fn for_a_human(session: &dyn Display) -> String {
    format!("kubemend approve {session}")
}

/// How a plan that waits is approved; `digest_counts`: a second call that repeats its digest does it, so that the caller has to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HowToApprove {
    human: String,
    sentence: String,
    /// The line for a human is no use beside the sentence.
    instead: bool,
}

impl HowToApprove {
    /// For this report; `None` where nothing waits for approval.
    pub fn of(report: &Report, digest_counts: bool) -> Option<Self> {
        let plan = report.plan.as_ref().filter(|_| report.status == Status::AwaitingApproval)?;
        let human = for_a_human(&report.session);
        let sentence = if digest_counts {
            format!(
                "Nothing was changed. Show this plan's diff to the user; after they approve it, call remediate with sessionId `{}` and planDigest `{}`.",
                report.session, plan.digest
            )
        } else {
            format!("Nothing was changed. To apply it, a human runs: {human}")
        };
        Some(Self { human, sentence, instead: digest_counts })
    }

    /// A text that says it, once.
    pub fn said_in(&self, text: &str) -> String {
        if !self.instead && text.contains(&self.human) {
            return text.to_owned();
        }
        let (said, _) = self.taken_from(text);
        format!("{said}\n{}", self.sentence)
    }

    /// The text without the line that says it, and that line: what a reader is left with belongs at the end.
    pub fn taken_from(&self, text: &str) -> (String, String) {
        let (said, rest): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.contains(&self.human));
        let line = said.first().filter(|_| !self.instead).copied().unwrap_or(&self.sentence);
        (rest.join("\n"), line.to_owned())
    }
}
