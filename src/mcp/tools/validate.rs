//! `validate`: does it hold now?

use crate::call::{CallError, ValidateRequest, validate};
use crate::mcp::tool_call::{ToolCall, ToolResponse};

pub(super) const DESCRIPTION: &str = "Check whether a problem is gone: a session's plan by its checks, or an issue looked at \
afresh. Watches until the checks hold for a while. Reads only.";

pub(super) async fn run(mut call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
    let request = ValidateRequest::parse(std::mem::take(&mut call.arguments))?;
    Ok(validate(call.backend, &request, &call.caller()).await?.into())
}
