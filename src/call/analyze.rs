//! `analyze`: causes and plan, without a write.

use super::arguments::{NAMESPACE_CHARACTERS, OBJECTS, context, parse, problem};
use super::error::CallError;
use super::subject::{Subject, same_words, subject};
use super::use_cases::{Backend, connect};
use crate::domain::issue::{ISSUE_LIMIT, Issue};
use crate::workflow::report::Report;
use crate::workflow::{Caller, Problem};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

/// As they come in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyzeArguments {
    /// What is wrong, in the user's words; this or sessionId
    #[schemars(length(min = 1, max = ISSUE_LIMIT))]
    issue: Option<String>,
    /// From a report: looks again at what it was about
    session_id: Option<String>,
    /// Default: what the issue names, else what its objects are in
    #[schemars(length(max = NAMESPACE_CHARACTERS))]
    namespace: Option<String>,
    /// Look everywhere
    all_namespaces: Option<bool>,
    /// What is affected, each as kind/name
    #[schemars(length(max = OBJECTS))]
    objects: Option<Vec<String>>,
    /// Kubeconfig context on the operator's list; default: the one in use
    context: Option<String>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct AnalyzeRequest {
    /// On which context; `None` is the operator's own.
    pub context: Option<String>,
    /// What is examined.
    pub subject: Subject,
    /// Words that were given beside a session; they must be its own.
    pub words: Option<Issue>,
}

impl AnalyzeRequest {
    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant.
    pub fn parse(given: Map<String, Value>) -> Result<Self, CallError> {
        let arguments: AnalyzeArguments = parse("analyze", given)?;
        let everywhere = arguments.all_namespaces == Some(true);
        let beside =
            [("namespace", arguments.namespace.is_some()), ("objects", arguments.objects.is_some()), ("allNamespaces", everywhere)];
        if everywhere && (arguments.namespace.is_some() || arguments.objects.is_some()) {
            return Err(CallError::arguments("`allNamespaces` cannot be combined with `namespace` or `objects`: leave one of them out"));
        }
        let (subject, words) = subject(arguments.issue.as_deref(), arguments.session_id.as_deref(), &beside, || {
            let objects = arguments.objects.as_deref().unwrap_or_default();
            let problem = problem(arguments.issue.as_deref(), arguments.namespace.as_deref(), objects)?;
            Ok(Problem { all_namespaces: everywhere, ..problem })
        })?;
        Ok(Self { context: context(arguments.context)?, subject, words })
    }
}

/// Causes and plan.
///
/// # Errors
/// Nothing can be read, or the caller went away.
pub async fn analyze(backend: &dyn Backend, request: &AnalyzeRequest, caller: &Caller<'_>) -> Result<Report, CallError> {
    let cases = connect(backend, request.context.as_deref(), caller).await?;
    same_words(cases.as_ref(), &request.subject, request.words.as_ref()).await?;
    let problem = match &request.subject {
        Subject::Problem(problem) => problem.clone(),
        Subject::Session(id) => cases.problem(id).await?,
    };
    Ok(cases.analyze(&problem, caller).await?)
}
