//! One call of a tool: what came with it, and what it leads to.

use super::consent::QuestionDesk;
use crate::call::Backend;
use crate::ports::Progress;
use crate::workflow::Caller;
use crate::workflow::report::Report;
use rmcp::RoleServer;
use rmcp::model::{InputRequiredResult, InputResponses, JsonObject};
use rmcp::service::RequestContext;
use tokio_util::sync::CancellationToken;

/// One call of a tool.
pub(crate) struct ToolCall<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) desk: &'a QuestionDesk,
    pub(crate) request: &'a RequestContext<RoleServer>,
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
        Caller::new(self.progress, &self.request.ct)
    }
}

/// What a tool leads to.
pub(crate) enum ToolResponse {
    /// A report; `digest_counts`: the operator lets a second call approve its plan.
    Report { report: Box<Report>, digest_counts: bool },
    /// The client has to ask its human and call again.
    InputRequired(InputRequiredResult),
}

impl From<Report> for ToolResponse {
    fn from(report: Report) -> Self {
        ToolResponse::from(Box::new(report))
    }
}

impl From<Box<Report>> for ToolResponse {
    fn from(report: Box<Report>) -> Self {
        ToolResponse::Report { report, digest_counts: false }
    }
}
