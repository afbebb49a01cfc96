//! The commands that may change something: remediate, approve, decline. The human approves here, and nowhere by default.

use super::args::{ApproveArgs, DeclineArgs, Output, RemediateArgs};
use super::look::{json_text, print};
use super::progress::{Pace, told};
use super::terminal::{Answer, Terminal};
use super::{CliError, Exit, render};
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::Progress;
use crate::workflow::report::Report;
use crate::workflow::{Approver, Opened, Question, Remediation, WorkflowError};
use tokio_util::sync::CancellationToken;

/// From the issue to the verified result, or the rest of it for a session that waits.
pub(crate) async fn remediate(
    remediation: &Remediation,
    args: &RemediateArgs,
    waiting: Option<SessionId>,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let ask = args.ask.ask(false).map_err(CliError::Usage)?;
    let nothing_named = ask.issue.is_none() && ask.objects.is_empty() && ask.namespace.is_none();
    let desk = Desk { remediation, terminal, cancel, output: args.output.output };
    if let Some(session) = waiting {
        let report = remediation.show(&session).await?;
        let question = remediation.question(&session).await?;
        return desk.answer(report, question, args.approve.as_ref()).await;
    }
    if args.approve.is_some() && nothing_named {
        return Err(CliError::Workflow(WorkflowError::Session("no session is waiting for approval of that plan".to_owned())));
    }
    let wishes = args.wishes();
    let opened =
        told(terminal, Pace::AfterASecond, async |progress: &dyn Progress| remediation.open(&ask, &wishes, progress, cancel).await).await?;
    desk.opened(opened, args.approve.as_ref()).await
}

/// The human approves the plan of a session that waits.
pub(crate) async fn approve(
    remediation: &Remediation,
    args: &ApproveArgs,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Exit, CliError> {
    let report = remediation.show(&args.session).await?;
    let question = remediation.question(&args.session).await?;
    let desk = Desk { remediation, terminal, cancel, output: args.output.output };
    desk.answer(report, question, args.digest.as_ref()).await
}

/// The human declines.
pub(crate) async fn decline(remediation: &Remediation, args: &DeclineArgs, terminal: &Terminal) -> Result<Exit, CliError> {
    let report = remediation.decline(&args.session, Approver::Terminal).await?;
    print(terminal, &report, args.output.output)?;
    Ok(Exit::Done)
}

/// Where a plan lies until somebody has answered.
struct Desk<'a> {
    remediation: &'a Remediation,
    terminal: &'a Terminal,
    cancel: &'a CancellationToken,
    output: Output,
}

impl Desk<'_> {
    /// Continues from a fresh session.
    async fn opened(&self, opened: Opened, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        match opened.question {
            Some(question) => self.answer(opened.report, question, given).await,
            None => {
                print(self.terminal, &opened.report, self.output)?;
                Ok(Exit::of(opened.report.status))
            }
        }
    }

    /// Shows the plan and takes an answer: the digest that was given, or what a person types.
    async fn answer(&self, report: Report, question: Question, given: Option<&PlanDigest>) -> Result<Exit, CliError> {
        match given {
            Some(given) if *given == question.digest => {
                self.show_before(&report, false)?;
                self.yes(question).await
            }
            Some(_) => {
                self.waits(&report)?;
                self.terminal.err("the plan does not have the digest given with --approve; it was not applied\n")?;
                Ok(Exit::Waiting)
            }
            None => self.ask(report, question).await,
        }
    }

    async fn ask(&self, report: Report, question: Question) -> Result<Exit, CliError> {
        if !self.terminal.has_somebody() {
            self.waits(&report)?;
            return Ok(Exit::Waiting);
        }
        self.show_before(&report, true)?;
        let words = format!("\nApply this plan to context {} ({})?", report.cluster.context, report.cluster.server);
        match self.terminal.ask(&render::page::clean(&words), self.cancel).await? {
            Answer::Yes => self.yes(question).await,
            Answer::No => {
                let report = self.remediation.decline(&question.session, Approver::Terminal).await?;
                self.show_after(&report)?;
                Ok(Exit::of(report.status))
            }
            Answer::Nobody => {
                if self.output == Output::Json {
                    self.terminal.out(&json_text(&report)?)?;
                }
                self.terminal.err(&format!("no answer; nothing was changed; to continue: kubemend approve {}\n", question.session))?;
                Ok(Exit::Waiting)
            }
        }
    }

    async fn yes(&self, question: Question) -> Result<Exit, CliError> {
        let report = told(self.terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
            let Question { session, digest, token, .. } = &question;
            self.remediation.approve(session, token, digest, Approver::Terminal, progress, self.cancel).await
        })
        .await?;
        self.show_after(&report)?;
        Ok(Exit::of(report.status))
    }

    /// Nobody is there to be asked: the report, and how to continue.
    fn waits(&self, report: &Report) -> Result<(), CliError> {
        print(self.terminal, report, self.output)?;
        let session = &report.session;
        self.terminal.err(&format!("waiting for approval; nothing was changed; to continue: kubemend approve {session}\n"))?;
        Ok(())
    }

    /// What somebody reads before the answer. It must be where the question is: on the terminal, even when stdout is not.
    fn show_before(&self, report: &Report, asks: bool) -> Result<(), CliError> {
        let text = render::before_consent(report, self.terminal.columns);
        match self.output {
            Output::Text => {
                self.terminal.out(&text)?;
                if asks && !self.terminal.shows_results {
                    self.terminal.err(&text)?;
                }
            }
            Output::Json if asks => self.terminal.err(&text)?,
            Output::Json => {}
        }
        Ok(())
    }

    fn show_after(&self, report: &Report) -> Result<(), CliError> {
        let text = match self.output {
            Output::Text => render::after_consent(report, self.terminal.columns),
            Output::Json => json_text(report)?,
        };
        self.terminal.out(&text)?;
        Ok(())
    }
}
