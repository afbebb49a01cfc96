//! `analyze`: causes and plan, without a write.

use super::{Call, Name, Outcome, ask, context, parse};
use crate::mcp::error::ToolError;
use crate::ports::Phase;
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) const DESCRIPTION: &str = "Find why something in a Kubernetes cluster is broken: ranked causes with evidence, \
and a plan shown as a diff. Reads only. Prefer it over reading objects one by one.";

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Arguments {
    /// What is wrong, in the user's words
    #[schemars(length(min = 1, max = 2000))]
    issue: String,
    /// Default: the one the issue names, else the context's
    #[schemars(length(max = 63))]
    namespace: Option<String>,
    /// kind/name
    #[schemars(length(max = 20))]
    objects: Option<Vec<String>>,
    /// One that the operator listed
    context: Option<String>,
}

pub(super) async fn run(call: Call<'_>) -> Result<Outcome, ToolError> {
    let arguments: Arguments = parse(Name::Analyze, call.arguments)?;
    let ask = ask(Some(arguments.issue), arguments.namespace, arguments.objects.unwrap_or_default())?;
    let context = context(arguments.context.as_deref())?;
    call.progress.tell(Phase::Connecting, "");
    let cases = call.backend.remediation(context).await?;
    let report = cases.analyze(&ask, call.progress, &call.request.ct).await?;
    Ok(report.into())
}
