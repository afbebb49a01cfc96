//! Surface: the command line. Results go to stdout; progress, questions and logs to stderr.
//! Commands hold the use cases or the record, and a terminal, and nothing else of the program.

pub(crate) mod analyze;
pub mod args;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod file;
pub(crate) mod print;
pub(crate) mod progress;
pub(crate) mod remediate;
pub mod render;
pub(crate) mod sessions;
pub(crate) mod snapshot;
pub(crate) mod terminal;
pub(crate) mod validate;

use crate::call::{CallError, ErrorKind};
use crate::domain::ours::OurCommand;
use crate::workflow::WorkflowError;
use crate::workflow::next::is_undo;
use crate::workflow::report::{Report, Status};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and nothing wrong was found, the problem is resolved, or what was to be undone is undone.
    Done,
    /// The command failed.
    Failed,
    /// The command line is not valid.
    Usage,
    /// A problem was found or remains.
    Problem,
    /// Somebody must approve.
    Waiting,
}

impl Exit {
    /// The process's exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Problem => 3,
            Exit::Waiting => 4,
        }
    }

    /// What a report means for a script.
    pub fn of(report: &Report) -> Self {
        match report.status {
            Status::Healthy | Status::Resolved => Exit::Done,
            // It did what it was asked for, and says nothing of the problem.
            Status::Reverted if is_undo(report) => Exit::Done,
            Status::Failed => Exit::Failed,
            Status::AwaitingApproval => Exit::Waiting,
            Status::Diagnosed
            | Status::Inconclusive
            | Status::Declined
            | Status::Expired
            | Status::Unresolved
            | Status::Unclear
            | Status::Interrupted
            | Status::Partly
            | Status::Reverted => Exit::Problem,
        }
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The words are not valid.
    #[error("{0}")]
    Usage(String),
    /// The work itself failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The beginning of an id tells no session.
    #[error("{0}")]
    NotOneSession(String),
    /// A stream cannot be written.
    #[error("failed to write the result")]
    Io(#[from] std::io::Error),
    /// The report cannot be written as JSON.
    #[error("failed to write the report as JSON")]
    Json(#[from] serde_json::Error),
}

impl CliError {
    /// What to do next, one hint a line.
    pub fn hints(&self) -> Vec<String> {
        match self {
            CliError::Call(error) => error.hints.clone(),
            CliError::Usage(_) => vec!["`kubemend --help` shows the commands, with examples".to_owned()],
            CliError::NotOneSession(_) => vec![format!("`{}` lists them", OurCommand::Sessions)],
            CliError::Io(_) | CliError::Json(_) => Vec::new(),
        }
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        match self {
            CliError::Usage(_) | CliError::Call(CallError { kind: ErrorKind::InvalidArguments, .. }) => Exit::Usage,
            CliError::Call(_) | CliError::NotOneSession(_) | CliError::Io(_) | CliError::Json(_) => Exit::Failed,
        }
    }
}

impl From<WorkflowError> for CliError {
    fn from(error: WorkflowError) -> Self {
        CliError::Call(error.into())
    }
}
