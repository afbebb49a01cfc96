//! `analyze`: causes and plan, without a write.

use super::arguments::{NAMESPACE_CHARACTERS, OBJECTS, at_most, context, parse_as, problem};
use super::check::example;
use super::error::CallError;
use super::schema::input_schema;
use super::subject::{Subject, same_words, subject};
use super::use_cases::{Backend, connect, connect_to};
use crate::domain::investigate::Investigate;
use crate::domain::issue::{ISSUE_LIMIT, Issue};
use crate::probe::arguments::{LOOKS, LookArguments};
use crate::workflow::report::Report;
use crate::workflow::{Caller, Looked, Problem, WorkflowError};
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
    /// With sessionId: reads more where no rule names the cause. get: object, field, page. list: kind, selector, page. describe, events, rollout, endpoints, scheduling, graph, top: object. api: kind, field. can-i: verb, kind. logs: object, container, previous, since, contains. Details: kubemend://probes
    #[schemars(length(max = LOOKS))]
    look: Option<Vec<LookArguments>>,
}

/// The schema of the arguments: without looks where the operator does not offer them, and of a look the words alone, since what each
/// of them means stands in `kubemend://probes`.
pub fn analyze_schema(investigate: Investigate) -> Map<String, Value> {
    let mut schema = input_schema::<AnalyzeArguments>();
    let Some(arguments) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return schema };
    if investigate.offers_looks() {
        let mut one = arguments.get_mut("look").and_then(|look| look.get_mut("items")).and_then(Value::as_object_mut);
        if let Some(one) = &mut one {
            one.remove("description");
        }
        let words = one.and_then(|one| one.get_mut("properties")).and_then(Value::as_object_mut);
        words.into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut).for_each(|word| drop(word.remove("description")));
    } else {
        arguments.remove("look");
    }
    schema
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
    /// What is looked at in the session, instead of a fresh analysis.
    pub looks: Vec<LookArguments>,
}

/// What it led to.
#[derive(Debug)]
pub enum Analyzed {
    /// Causes and plan.
    Report(Box<Report>),
    /// What looks brought.
    Looked(Box<Looked>),
}

impl AnalyzeRequest {
    /// From the arguments as JSON.
    ///
    /// # Errors
    /// Arguments that cannot be meant, and looks where the operator does not offer them.
    pub fn parse(given: Map<String, Value>, investigate: Investigate) -> Result<Self, CallError> {
        if !investigate.offers_looks() && given.get("look").is_some_and(|look| !look.is_null()) {
            return Err(WorkflowError::NotOffered.into());
        }
        let arguments: AnalyzeArguments = parse_as("analyze", &analyze_schema(investigate), given)?;
        let everywhere = arguments.all_namespaces == Some(true);
        let beside =
            [("namespace", arguments.namespace.is_some()), ("objects", arguments.objects.is_some()), ("allNamespaces", everywhere)];
        if everywhere && (arguments.namespace.is_some() || arguments.objects.is_some()) {
            return Err(CallError::arguments("`allNamespaces` cannot be combined with `namespace` or `objects`: leave one of them out"));
        }
        let looks = looks(arguments.look, arguments.session_id.is_some())?;
        let (subject, words) = subject(arguments.issue.as_deref(), arguments.session_id.as_deref(), &beside, || {
            let objects = arguments.objects.as_deref().unwrap_or_default();
            let problem = problem(arguments.issue.as_deref(), arguments.namespace.as_deref(), objects)?;
            Ok(Problem { all_namespaces: everywhere, ..problem })
        })?;
        Ok(Self { context: context(arguments.context)?, subject, words, looks })
    }
}

/// Causes and plan.
///
/// # Errors
/// Nothing can be read, or the caller went away.
pub async fn analyze(backend: &dyn Backend, request: &AnalyzeRequest, caller: &Caller<'_>) -> Result<Analyzed, CallError> {
    if let (Subject::Session(id), false) = (&request.subject, request.looks.is_empty()) {
        let cases = connect_to(backend, Some(id), request.context.as_deref(), caller).await?;
        same_words(cases.as_ref(), &request.subject, request.words.as_ref()).await?;
        return Ok(Analyzed::Looked(Box::new(cases.look(id, &request.looks, caller).await?)));
    }
    let cases = connect(backend, request.context.as_deref(), caller).await?;
    same_words(cases.as_ref(), &request.subject, request.words.as_ref()).await?;
    let problem = match &request.subject {
        Subject::Problem(problem) => problem.clone(),
        Subject::Session(id) => cases.problem(id).await?,
    };
    Ok(Analyzed::Report(Box::new(cases.analyze(&problem, caller).await?)))
}

/// Looks need a session that keeps what they bring.
fn looks(given: Option<Vec<LookArguments>>, has_session: bool) -> Result<Vec<LookArguments>, CallError> {
    let Some(looks) = given else { return Ok(Vec::new()) };
    if !has_session {
        return Err(
            CallError::arguments("`look` needs `sessionId`, the `session` field of a report").hint("call analyze with `issue` first")
        );
    }
    if looks.is_empty() {
        return Err(CallError::arguments(format!("`look` is empty; say what to look at, such as {}", example("look"))));
    }
    at_most("look", looks.len(), LOOKS)?;
    Ok(looks)
}
