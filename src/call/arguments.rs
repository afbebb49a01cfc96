//! What the arguments of all calls have in common: how they are read, their bounds, and the words that become typed values.
//! Each bound exists here once; the published schemas say the same numbers.

use super::check::{check, example};
use super::error::CallError;
use super::schema::input_schema;
use crate::domain::id::SessionId;
use crate::domain::issue::{ISSUE_LIMIT, Issue};
use crate::domain::object::{Namespace, ObjectName};
use crate::workflow::Problem;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Objects that one call may name.
pub(super) const OBJECTS: usize = Problem::OBJECTS;
/// Characters of a namespace: a DNS label.
pub(super) const NAMESPACE_CHARACTERS: usize = 63;
/// Characters of any other name: a kubeconfig's context, or `kind.group/name`.
pub(super) const NAME_CHARACTERS: usize = 320;
/// Commands that one call may name.
pub(super) const COMMANDS: usize = 20;
/// Characters of each.
pub(super) const COMMAND_CHARACTERS: usize = 1_000;

/// The arguments of a use case, or what is wrong with them.
///
/// # Errors
/// An argument that is unknown, or of another form.
pub(super) fn parse<T: DeserializeOwned + JsonSchema>(use_case: &str, given: Map<String, Value>) -> Result<T, CallError> {
    parse_as(use_case, &input_schema::<T>(), given)
}

/// The same by a schema that says less than the type.
///
/// # Errors
/// An argument that is unknown there, or of another form.
pub(super) fn parse_as<T: DeserializeOwned>(
    use_case: &str,
    schema: &Map<String, Value>,
    given: Map<String, Value>,
) -> Result<T, CallError> {
    check(use_case, schema, &given)?;
    serde_json::from_value(Value::Object(given)).map_err(|e| CallError::arguments(format!("invalid arguments for `{use_case}`: {e}")))
}

/// What is wrong and where, within its bounds.
pub(super) fn problem(issue: Option<&str>, namespace: Option<&str>, objects: &[String]) -> Result<Problem, CallError> {
    if let Some(text) = issue {
        let hint = || format!("say in a sentence or two what is wrong, in the user's words, such as {}", example("issue"));
        bounded("issue", text, ISSUE_LIMIT).map_err(|e| e.hint(hint()))?;
    }
    if let Some(name) = namespace {
        bounded("namespace", name, NAMESPACE_CHARACTERS)?;
    }
    at_most("objects", objects.len(), OBJECTS)?;
    for (index, object) in objects.iter().enumerate() {
        bounded(&format!("objects[{index}]"), object, NAME_CHARACTERS)?;
    }
    let wrong = |argument: &str, e: &dyn std::fmt::Display| CallError::arguments(format!("`{argument}`: {e}"));
    let named = |(index, object): (usize, &String)| ObjectName::parse(object).map_err(|e| wrong(&format!("objects[{index}]"), &e));
    Ok(Problem {
        issue: issue.map(Issue::parse).transpose().map_err(|e| wrong("issue", &e))?,
        namespace: namespace.map(Namespace::parse).transpose().map_err(|e| wrong("namespace", &e))?,
        all_namespaces: false,
        objects: objects.iter().enumerate().map(named).collect::<Result<_, _>>()?,
        ..Problem::default()
    })
}

/// One to `limit` characters.
pub(super) fn bounded(argument: &str, text: &str, limit: usize) -> Result<(), CallError> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        return Err(CallError::arguments(format!("`{argument}` is empty")));
    }
    if count > limit {
        return Err(CallError::arguments(format!("`{argument}` has {count} characters, the maximum is {limit}")));
    }
    Ok(())
}

/// At most `limit` items.
pub(super) fn at_most(argument: &str, count: usize, limit: usize) -> Result<(), CallError> {
    if count > limit {
        return Err(CallError::arguments(format!("`{argument}` has {count} items, the maximum is {limit}")));
    }
    Ok(())
}

/// A kubeconfig context's name, within its bound.
pub(super) fn context(given: Option<String>) -> Result<Option<String>, CallError> {
    given.map(|name| bounded("context", &name, NAME_CHARACTERS).map(|()| name)).transpose()
}

/// A session's id.
pub(super) fn session(given: &str) -> Result<SessionId, CallError> {
    SessionId::parse(given).map_err(|e| CallError::arguments(format!("`sessionId`: {e}")).hint("use the `session` field of a report"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::AnalyzeArguments;

    #[test]
    fn an_issue_that_is_too_long_is_counted_and_not_repeated() {
        let error = problem(Some(&"x".repeat(3_000)), None, &[]).unwrap_err();
        assert_eq!(error.message, "`issue` has 3000 characters, the maximum is 2000");
    }

    #[test]
    fn an_unknown_argument_is_named() {
        let given = serde_json::json!({"issue": "x", "kubeconfig": "/etc/passwd"});
        let error = parse::<AnalyzeArguments>("analyze", given.as_object().unwrap().clone()).unwrap_err();
        assert!(error.message.contains("there is no argument `kubeconfig`"), "{}", error.message);
    }

    #[test]
    fn words_become_typed_values_or_an_error_that_names_them() {
        let given = problem(None, Some("shop"), &["deploy/web".to_owned()]).unwrap();
        assert_eq!(given.objects, [ObjectName::parse("deployment/web").unwrap()]);
        assert_eq!(given.namespace, Some(Namespace::parse("shop").unwrap()));
        let error = problem(None, Some("Shop"), &[]).unwrap_err().message;
        assert!(error.starts_with("`namespace`: ") && error.contains("`Shop` is not a valid namespace name"), "{error}");
        let error = problem(None, None, &["pod/x".to_owned(), "gadget/web".to_owned()]).unwrap_err().message;
        assert!(error.starts_with("`objects[1]`: ") && error.contains("`gadget`"), "{error}");
    }
}
