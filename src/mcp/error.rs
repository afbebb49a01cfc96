//! What went wrong, as a tool failure whose text says everything: clients show a model nothing else of an error.
//! The only place that knows which failures are the tool's and which are the protocol's.

use crate::workflow::WorkflowError;
use rmcp::ErrorData;
use rmcp::model::{CallToolResult, ContentBlock};

/// A tool's failure: one line, and what to do next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ToolError {
    pub(crate) message: String,
    pub(crate) hints: Vec<String>,
}

/// More than this of a message is cut: it may quote what a caller sent.
const MESSAGE_LIMIT: usize = 2_000;

impl ToolError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hints: Vec::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// A call that cannot be meant. In-band, because a model can then correct itself.
    pub(crate) fn arguments(message: impl Into<String>) -> Self {
        Self::new(message)
    }

    /// One text for a request state that is forged, altered, used, too old or another call's: which of them it was helps nobody honest.
    pub(crate) fn stale_answer() -> Self {
        Self::new(
            "this approval cannot be used: it was used before, has expired, or does not belong to this call; this call changed nothing",
        )
        .hint("call remediate again without a request state, to see the plan as it is now and be asked again")
    }

    /// The client took the call back.
    pub(crate) fn cancelled() -> Self {
        Self::from(WorkflowError::Cancelled)
    }

    /// A panic. The record knows what was done before it.
    pub(crate) fn broken(tool: &str) -> Self {
        Self::new(format!("`{tool}` stopped at an internal error; this is a bug in kubemend"))
            .hint("`kubemend sessions` and `kubemend show ID` say what was done before it")
            .hint("the server's log (stderr) has the details for a bug report")
    }

    pub(crate) fn into_result(self) -> CallToolResult {
        let mut text: String = self.message.chars().take(MESSAGE_LIMIT).collect();
        for hint in &self.hints {
            text.push_str("\n- ");
            text.push_str(hint);
        }
        CallToolResult::error(vec![ContentBlock::text(text)])
    }
}

impl From<WorkflowError> for ToolError {
    fn from(error: WorkflowError) -> Self {
        Self { message: error.to_string(), hints: error.hints() }
    }
}

/// A tool that does not exist is the protocol's error.
pub(crate) fn unknown_tool(name: &str) -> ErrorData {
    let name: String = name.chars().take(100).collect();
    ErrorData::invalid_params(format!("there is no tool `{name}`; there are `analyze`, `remediate` and `validate`"), None)
}

/// A resource that does not exist is the protocol's error.
pub(crate) fn unknown_resource(uri: &str) -> ErrorData {
    let uri: String = uri.chars().take(200).collect();
    ErrorData::resource_not_found(format!("there is no resource `{uri}`"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_its_hints_in_its_text() {
        let result = ToolError::new("cannot reach it").hint("check the VPN").into_result();
        assert_eq!(result.is_error, Some(true));
        assert_eq!(result.content[0].as_text().unwrap().text, "cannot reach it\n- check the VPN");
    }
}
