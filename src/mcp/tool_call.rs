//! One call of a tool: what came with it, and what it leads to.

use super::consent::client_name;
use super::desk::QuestionDesk;
use super::late::Later;
use crate::call::Backend;
use crate::domain::door::Door;
use crate::ports::Progress;
use crate::workflow::report::{Report, Status};
use crate::workflow::{Caller, Looked};
use rmcp::RoleServer;
use rmcp::model::{InputRequiredResult, InputResponses, JsonObject};
use rmcp::service::RequestContext;
use tokio_util::sync::CancellationToken;

/// One call of a tool.
pub(crate) struct ToolCall<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) desk: &'a QuestionDesk,
    /// Takes dialogs that outlive the call.
    pub(crate) later: &'a Later,
    pub(crate) request: &'a RequestContext<RoleServer>,
    /// Ends the call: it was taken back, or nobody is left whom its change would serve.
    pub(crate) stop: &'a CancellationToken,
    pub(crate) progress: &'a dyn Progress,
    /// The client closed its side: nobody is left to answer a question.
    pub(crate) gone: &'a CancellationToken,
    pub(crate) arguments: JsonObject,
    pub(crate) answers: Option<InputResponses>,
    pub(crate) state: Option<String>,
}

impl ToolCall<'_> {
    /// Who calls.
    pub(crate) fn caller(&self) -> Caller<'_> {
        Caller::new(self.progress, self.stop).through(Door::Client(client_name(self.request)))
    }
}

/// What a tool leads to.
pub(crate) enum ToolResponse {
    /// A report, and how much of it the caller has not seen yet.
    Report(Box<Report>, Shown),
    /// What looks brought.
    Looked(Box<Looked>),
    /// The client has to ask its human and call again.
    InputRequired(InputRequiredResult),
}

/// How much of a report is new to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// All of it.
    Whole,
    /// All of it, and the operator lets a second call approve its plan.
    DigestCounts,
    /// It was answered within this call: what led to the answer was shown to a human, and not to the caller.
    Answered,
    /// It was answered in a call that came after the one that showed it.
    News,
}

impl ToolResponse {
    /// A report as it is after an answer; one that still waits for it is shown whole.
    pub(crate) fn answered(report: Report, shown: Shown) -> Self {
        let waits = report.status == Status::AwaitingApproval;
        ToolResponse::Report(Box::new(report), if waits { Shown::Whole } else { shown })
    }
}

impl From<Report> for ToolResponse {
    fn from(report: Report) -> Self {
        ToolResponse::Report(Box::new(report), Shown::Whole)
    }
}

impl From<Box<Report>> for ToolResponse {
    fn from(report: Box<Report>) -> Self {
        ToolResponse::Report(report, Shown::Whole)
    }
}
