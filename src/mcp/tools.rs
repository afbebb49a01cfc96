//! The three tools: what clients are told of them, and what their arguments have in common.

pub(crate) mod analyze;
pub(crate) mod remediate;
pub(crate) mod validate;

use super::backend::Backend;
use super::consent::Desk;
use super::error::ToolError;
use super::wire;
use crate::domain::id::SessionId;
use crate::ports::Progress;
use crate::workflow::Ask;
use crate::workflow::report::Report;
use rmcp::RoleServer;
use rmcp::model::{InputRequiredResult, InputResponses, JsonObject, Tool, ToolAnnotations};
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use std::sync::{Arc, LazyLock};
use tokio_util::sync::CancellationToken;

/// Objects that one call may name.
const OBJECTS_LIMIT: usize = 20;
/// Characters of an issue.
const ISSUE_LIMIT: usize = 2_000;
/// Characters of a namespace.
const NAMESPACE_LIMIT: usize = 63;
/// Characters of any other name: a kubeconfig's context, or `kind.group/name`.
const NAME_LIMIT: usize = 320;

/// One call of a tool.
pub(crate) struct Call<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) desk: &'a Desk,
    pub(crate) request: &'a RequestContext<RoleServer>,
    pub(crate) progress: &'a dyn Progress,
    /// The client closed its side: nobody is left to answer a question.
    pub(crate) gone: &'a CancellationToken,
    pub(crate) arguments: JsonObject,
    pub(crate) answers: Option<InputResponses>,
    pub(crate) state: Option<String>,
}

/// What a tool leads to.
pub(crate) enum Outcome {
    /// A report; `repeat_digest`: the operator lets a second call approve it.
    Report { report: Box<Report>, repeat_digest: bool },
    /// The client has to ask its human and call again.
    Ask(InputRequiredResult),
}

impl From<Report> for Outcome {
    fn from(report: Report) -> Self {
        Outcome::Report { report: Box::new(report), repeat_digest: false }
    }
}

/// The tools by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Analyze,
    Remediate,
    Validate,
}

impl Name {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "analyze" => Some(Name::Analyze),
            "remediate" => Some(Name::Remediate),
            "validate" => Some(Name::Validate),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Name::Analyze => "analyze",
            Name::Remediate => "remediate",
            Name::Validate => "validate",
        }
    }

    pub(crate) async fn run(self, call: Call<'_>) -> Result<Outcome, ToolError> {
        match self {
            Name::Analyze => analyze::run(call).await,
            Name::Remediate => remediate::run(call).await,
            Name::Validate => validate::run(call).await,
        }
    }
}

static TOOLS: LazyLock<[Tool; 3]> = LazyLock::new(|| {
    let looking = || ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(true);
    let output = Arc::new(wire::output_schema());
    [
        Tool::new("analyze", analyze::DESCRIPTION, input_schema::<analyze::Arguments>())
            .with_title("Find the cause")
            .with_raw_output_schema(Arc::clone(&output))
            .with_annotations(looking()),
        Tool::new("remediate", remediate::DESCRIPTION, input_schema::<remediate::Arguments>())
            .with_title("Fix and prove it")
            .with_raw_output_schema(Arc::clone(&output))
            .with_annotations(ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true)),
        Tool::new("validate", validate::DESCRIPTION, input_schema::<validate::Arguments>())
            .with_title("Check whether it holds")
            .with_raw_output_schema(output)
            .with_annotations(looking()),
    ]
});

/// The tool list, the same for every client and at every time.
pub fn tool_list() -> &'static [Tool] {
    TOOLS.as_slice()
}

fn input_schema<T: JsonSchema>() -> Arc<JsonObject> {
    let mut schema = wire::schema_of::<T>();
    // The dialect is the protocol's default, and a title or description of a Rust type helps nobody.
    for key in ["$schema", "title", "description"] {
        schema.remove(key);
    }
    Arc::new(schema)
}

/// The arguments, or what is wrong with them.
pub(crate) fn parse<T: DeserializeOwned>(tool: Name, given: JsonObject) -> Result<T, ToolError> {
    serde_json::from_value(serde_json::Value::Object(given))
        .map_err(|e| ToolError::arguments(format!("the arguments of `{}` are not right: {e}", tool.as_str())))
}

/// What is asked, within its bounds. What the words mean is the workflow's business.
pub(crate) fn ask(issue: Option<String>, namespace: Option<String>, objects: Vec<String>) -> Result<Ask, ToolError> {
    if let Some(text) = &issue {
        bounded("issue", text, ISSUE_LIMIT).map_err(|e| e.hint("say in a sentence or two what is wrong"))?;
    }
    if let Some(name) = &namespace {
        bounded("namespace", name, NAMESPACE_LIMIT)?;
    }
    if objects.len() > OBJECTS_LIMIT {
        return Err(ToolError::arguments(format!("`objects` has {} items, at most {OBJECTS_LIMIT} are taken", objects.len())));
    }
    for object in &objects {
        bounded("objects", object, NAME_LIMIT)?;
    }
    Ok(Ask { issue, namespace, all_namespaces: false, objects })
}

/// One to `limit` characters.
pub(crate) fn bounded(argument: &str, text: &str, limit: usize) -> Result<(), ToolError> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        return Err(ToolError::arguments(format!("`{argument}` is empty; leave it out or fill it in")));
    }
    if count > limit {
        return Err(ToolError::arguments(format!("`{argument}` has {count} characters, at most {limit} are taken")));
    }
    Ok(())
}

/// A kubeconfig context's name, within its bound.
pub(crate) fn context(given: Option<&str>) -> Result<Option<&str>, ToolError> {
    given.map(|name| bounded("context", name, NAME_LIMIT).map(|()| name)).transpose()
}

/// A session's id.
pub(crate) fn session(given: &str) -> Result<SessionId, ToolError> {
    SessionId::parse(given).map_err(|e| ToolError::arguments(e.to_string()).hint("a report's `session` field is its id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_that_is_too_long_is_counted_and_not_repeated() {
        let error = ask(Some("x".repeat(3_000)), None, Vec::new()).unwrap_err();
        assert_eq!(error.message, "`issue` has 3000 characters, at most 2000 are taken");
    }

    #[test]
    fn an_unknown_argument_is_named() {
        let given = serde_json::json!({"issue": "x", "kubeconfig": "/etc/passwd"});
        let error = parse::<analyze::Arguments>(Name::Analyze, given.as_object().unwrap().clone()).unwrap_err();
        assert!(error.message.contains("unknown field `kubeconfig`"), "{}", error.message);
    }

    #[test]
    fn names_are_read_back_as_they_are_written() {
        for name in [Name::Analyze, Name::Remediate, Name::Validate] {
            assert_eq!(Name::parse(name.as_str()), Some(name));
        }
        assert_eq!(Name::parse("approve"), None);
    }
}
