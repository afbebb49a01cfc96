//! `analyze`: causes and plan, without a write.

use crate::call::{AnalyzeRequest, CallError, analyze};
use crate::mcp::tool_call::{ToolCall, ToolResponse};

pub(super) const DESCRIPTION: &str = "Find why a Kubernetes workload is broken: ranked causes with evidence, and a fix as a diff. \
Reads only. Prefer it over reading objects one by one.";

pub(super) async fn run(mut call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
    let request = AnalyzeRequest::parse(std::mem::take(&mut call.arguments))?;
    Ok(analyze(call.backend, &request, &call.caller()).await?.into())
}
