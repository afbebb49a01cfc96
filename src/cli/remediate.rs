//! The commands that may change something: remediate, approve, undo. The human approves here, and nowhere by default.

use super::args::{ApproveArgs, Output, RemediateArgs, UndoArgs};
use super::print::{json, print, worded};
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit, render};
use crate::call::{CallError, ErrorKind, HumanAnswer, PendingAnswer, Remediated, Subject, UseCases, ask_again, carry_out, for_a_human};
use crate::domain::door::Door;
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::{Progress, Silent};
use crate::workflow::blocks::cluster_in_words;
use crate::workflow::report::Report;
use crate::workflow::{Approver, Caller, Problem, Question, SessionStage, Token, WorkflowError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often somebody who is asked is told that the plan does not wait any more.
const LOOK: Duration = Duration::from_secs(1);

/// From the issue to the verified result, or the rest of it for a session that waits.
pub(crate) async fn remediate(
    cases: &dyn UseCases,
    args: &RemediateArgs,
    subject: &Subject,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let asking = AnswerAtTerminal { cases, terminal, cancel, output: args.output.output };
    let problem = match subject {
        Subject::Session(session) => return asking.again(session, args.approve.as_ref()).await,
        Subject::Problem(problem) => problem,
    };
    if args.approve.is_some() && *problem == Problem::default() {
        let error =
            CallError::new(ErrorKind::NotFound, "no session is waiting for approval of that plan").hint("`kubemend sessions` lists them");
        return Err(error.into());
    }
    let opened = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        cases.open(problem, &asking.caller(progress).with_wishes(args.wishes())).await
    })
    .await?;
    asking.asked(opened.into(), args.approve.as_ref()).await
}

/// The human approves the plan of a session that waits.
pub(crate) async fn approve(
    cases: &dyn UseCases,
    args: &ApproveArgs,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let asking = AnswerAtTerminal { cases, terminal, cancel, output: args.output.output };
    asking.waiting(&args.session, args.digest.as_ref()).await
}

/// Plans what takes back a session's changes, and asks.
pub(crate) async fn undo(cases: &dyn UseCases, args: &UndoArgs, terminal: &Terminal, cancel: &CancellationToken) -> Result<Exit, CliError> {
    let asking = AnswerAtTerminal { cases, terminal, cancel, output: args.output.output };
    let opened = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        cases.undo(&args.session, &asking.caller(progress)).await
    })
    .await?;
    asking.asked(opened.into(), None).await
}

/// Shows a plan and takes its answer on the terminal.
struct AnswerAtTerminal<'a> {
    cases: &'a dyn UseCases,
    terminal: &'a Terminal,
    cancel: &'a CancellationToken,
    output: Output,
}

impl AnswerAtTerminal<'_> {
    /// A question of this command is asked where somebody is.
    fn caller<'b>(&self, progress: &'b dyn Progress) -> Caller<'b> {
        let door = if self.terminal.has_somebody() { Door::Terminal } else { Door::CommandLine };
        Caller::new(progress, self.cancel).through(door).into_a_file(!self.terminal.shows_results)
    }

    /// Asks about a session that waits, and about no other.
    async fn waiting(&self, session: &SessionId, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        let report = self.cases.show(session).await?;
        let question = self.cases.question(session, &self.caller(&Silent)).await?;
        self.answer(report, question, given).await
    }

    /// Asks again about a session that waits or changed nothing.
    async fn again(&self, session: &SessionId, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        let asked = with_progress(self.terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            ask_again(self.cases, session, &self.caller(progress)).await
        })
        .await?;
        self.asked(asked, given).await
    }

    /// Continues from a question, or from a session that has none.
    async fn asked(&self, asked: Remediated, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        match asked {
            Remediated::Question(report, question) => self.answer(*report, question, given).await,
            Remediated::Report(report) => {
                print(self.terminal, &report, self.output)?;
                Ok(Exit::of(&report))
            }
        }
    }

    /// Shows the plan and takes an answer: the digest that was given, or what a person types.
    async fn answer(&self, report: Report, question: Question, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        let (session, token) = (question.session.clone(), Token::from_text(question.token.reveal()));
        let exit = self.answered(report, question, given).await?;
        if exit == Exit::Waiting {
            // It is answered by another question, if at all.
            self.cases.withdraw(&session, &token).await;
        }
        Ok(exit)
    }

    async fn answered(&self, report: Report, question: Question, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        match given {
            Some(given) if *given == question.digest => match question.digest_counts {
                Ok(()) => {
                    self.show_before(&report, false)?;
                    self.repeat(&question).await
                }
                Err(refusal) => {
                    self.waits(&report)?;
                    let hints = WorkflowError::RepeatedDigest(refusal).hints();
                    let hints: String = hints.iter().map(|hint| format!("  hint: {hint}\n")).collect();
                    self.terminal.err(&format!("{refusal}\n{hints}"))?;
                    Ok(Exit::Waiting)
                }
            },
            Some(_) => {
                self.waits(&report)?;
                self.terminal.err("the plan does not have the digest given with --approve; it was not applied\n")?;
                Ok(Exit::Waiting)
            }
            None => self.ask_human(report, question).await,
        }
    }

    async fn ask_human(&self, report: Report, question: Question) -> Result<Exit, CliError> {
        if !self.terminal.has_somebody() {
            self.waits(&report)?;
            return Ok(Exit::Waiting);
        }
        self.show_before(&report, true)?;
        let words = format!("\nApply this plan to cluster {}?", cluster_in_words(&report.cluster));
        let words = render::page::clean(&words);
        let answer = tokio::select! {
            answer = self.terminal.ask_human(&words, self.cancel) => answer?,
            // Whatever is typed from now on answers nothing.
            () = self.decided_elsewhere(&question.session) => return self.ended_elsewhere(&question.session).await,
        };
        match answer {
            answer @ (HumanAnswer::Yes | HumanAnswer::No) => self.carry_out(question, answer).await,
            answer @ (HumanAnswer::Nobody | HumanAnswer::Undecided(_)) => {
                // What came that no person can have decided is recorded as that.
                let (report, why) = match answer {
                    HumanAnswer::Undecided(why) => {
                        let report = self.cases.undecided(&question.session, Approver::Terminal, why).await.unwrap_or(report);
                        (report, "the answer came faster than anybody reads, and did not count")
                    }
                    _ => (report, "no answer"),
                };
                if self.output == Output::Json {
                    json(self.terminal, &report)?;
                }
                self.terminal.err(&format!("{why}; nothing was changed; to continue: {}\n", for_a_human(&question.session)))?;
                Ok(Exit::Waiting)
            }
        }
    }

    /// Returns once the plan does not wait any more: somebody answered by another door, or its time has ended. A store that cannot be
    /// read just now ends nothing: the answer is checked against it.
    async fn decided_elsewhere(&self, session: &SessionId) {
        loop {
            tokio::time::sleep(LOOK).await;
            if !matches!(self.cases.stage(session).await, Ok(SessionStage::Awaiting) | Err(_)) {
                return;
            }
        }
    }

    /// What came of it there.
    async fn ended_elsewhere(&self, session: &SessionId) -> Result<Exit, CliError> {
        self.terminal.err("\nThis plan does not wait any more: it was answered elsewhere, or its time has ended.\n")?;
        let report = with_progress(self.terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            self.cases.follow(session, &self.caller(progress)).await
        })
        .await?;
        self.show_after(&report)?;
        Ok(Exit::of(&report))
    }

    async fn carry_out(&self, question: Question, answer: HumanAnswer) -> Result<Exit, CliError> {
        let pending = PendingAnswer::from(question);
        let report = with_progress(self.terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            carry_out(self.cases, &pending, answer, Approver::Terminal, &self.caller(progress)).await
        })
        .await?;
        self.show_after(&report)?;
        Ok(Exit::of(&report))
    }

    /// A digest that was repeated on the command line: nobody was asked, and the record says so.
    async fn repeat(&self, question: &Question) -> Result<Exit, CliError> {
        let report = with_progress(self.terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            let caller = self.caller(progress);
            self.cases.approve_by_digest(&question.session, &question.digest, "the command line", &caller).await
        })
        .await?;
        self.show_after(&report)?;
        Ok(Exit::of(&report))
    }

    /// Nobody is there to be asked: the report, and how to continue.
    fn waits(&self, report: &Report) -> Result<(), CliError> {
        print(self.terminal, report, self.output)?;
        let approve = for_a_human(&report.session);
        self.terminal.err(&format!("waiting for approval; nothing was changed; to continue: {approve}\n"))?;
        Ok(())
    }

    /// What somebody reads before the answer. It must be where the question is: on the terminal, even when stdout is not.
    fn show_before(&self, report: &Report, asks: bool) -> Result<(), CliError> {
        let text = render::before_consent(&worded(self.terminal, report), self.terminal.columns, self.terminal.program());
        match self.output {
            Output::Text => {
                self.terminal.out(&text)?;
                if asks && !self.terminal.shows_results {
                    self.terminal.err_as_is(&text)?;
                }
            }
            Output::Json if asks => self.terminal.err_as_is(&text)?,
            Output::Json => {}
        }
        Ok(())
    }

    fn show_after(&self, report: &Report) -> Result<(), CliError> {
        match self.output {
            Output::Text => {
                let report = worded(self.terminal, report);
                Ok(self.terminal.out(&render::after_consent(&report, self.terminal.columns, self.terminal.program()))?)
            }
            Output::Json => json(self.terminal, report),
        }
    }
}
