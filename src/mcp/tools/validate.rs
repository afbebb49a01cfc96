//! `validate`: does it hold now?

use crate::call::{CallError, ValidateRequest, validate};
use crate::mcp::tool_call::{ToolCall, ToolResponse};

pub(super) const DESCRIPTION: &str = "Check whether a Kubernetes problem is gone: run a session's success checks until they pass \
for a while, or diagnose an issue again. Reads only.";

pub(super) async fn run(mut call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
    let request = ValidateRequest::parse(std::mem::take(&mut call.arguments))?;
    Ok(validate(call.backend, &request, &call.caller()).await?.into())
}
