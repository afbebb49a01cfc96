//! `analyze`: causes and plan, without a write.

use super::arguments::{NAMESPACE_CHARACTERS, OBJECTS, context, parse, problem};
use super::error::CallError;
use super::use_cases::{Backend, connect};
use crate::domain::issue::ISSUE_LIMIT;
use crate::workflow::report::Report;
use crate::workflow::{Caller, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// As they come in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyzeArguments {
    /// What is wrong, in the user's words
    #[schemars(length(min = 1, max = ISSUE_LIMIT))]
    issue: String,
    /// Default: one named in the issue, else the context's
    #[schemars(length(max = NAMESPACE_CHARACTERS))]
    namespace: Option<String>,
    /// kind/name
    #[schemars(length(max = OBJECTS))]
    objects: Option<Vec<String>>,
    /// Kubeconfig context on the operator's list
    context: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalyzeRequest {
    /// On which context; `None` is the operator's own.
    pub context: Option<String>,
    /// What is wrong and where.
    pub problem: Problem,
}

impl AnalyzeRequest {
    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant.
    pub fn parse(given: Map<String, Value>) -> Result<Self, CallError> {
        let arguments: AnalyzeArguments = parse("analyze", given)?;
        Ok(Self {
            problem: problem(Some(&arguments.issue), arguments.namespace.as_deref(), &arguments.objects.unwrap_or_default())?,
            context: context(arguments.context)?,
        })
    }
}

/// Causes and plan.
///
/// # Errors
/// Nothing can be read, or the caller went away.
pub async fn analyze(backend: &dyn Backend, request: &AnalyzeRequest, caller: &Caller<'_>) -> Result<Report, CallError> {
    let cases = connect(backend, request.context.as_deref(), caller).await?;
    Ok(cases.analyze(&request.problem, caller).await?)
}
