//! The list of the three tools, and which of them a call is for.

mod analyze;
mod remediate;
mod validate;

use super::tool_call::{ToolCall, ToolResponse};
use super::wire;
use crate::call::schema::input_schema;
use crate::call::{CallError, Operator, ValidateArguments, analyze_schema, remediate_schema};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::Value;
use std::sync::{Arc, LazyLock};

/// The tools by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolName {
    Analyze,
    Remediate,
    Validate,
}

impl ToolName {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        match name {
            "analyze" => Some(ToolName::Analyze),
            "remediate" => Some(ToolName::Remediate),
            "validate" => Some(ToolName::Validate),
            _ => None,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ToolName::Analyze => "analyze",
            ToolName::Remediate => "remediate",
            ToolName::Validate => "validate",
        }
    }

    /// Whether it can lead to a write.
    pub(crate) fn changes_something(self) -> bool {
        match self {
            ToolName::Analyze | ToolName::Validate => false,
            ToolName::Remediate => true,
        }
    }

    pub(crate) async fn run(self, call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
        match self {
            ToolName::Analyze => analyze::run(call).await,
            ToolName::Remediate => remediate::run(call).await,
            ToolName::Validate => validate::run(call).await,
        }
    }
}

static TOOLS: LazyLock<Vec<Tool>> = LazyLock::new(|| tools_for(&Operator::default()));

/// The tools as this operator offers them: the contexts that can be chosen are named, looks only where they are offered, and where
/// nothing can be written, that is said.
pub fn tools_for(operator: &Operator) -> Vec<Tool> {
    let looking = || ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(true);
    let changing = ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true);
    let output = Arc::new(wire::output_schema());
    let further = if operator.investigate.offers_looks() { Arc::new(wire::short_output_schema()) } else { Arc::clone(&output) };
    let input = |schema| Arc::new(with_contexts(schema, &operator.contexts));
    let (title, description, annotations) = if operator.read_only {
        (remediate::READ_ONLY_TITLE, format!("{}{}", remediate::READ_ONLY, remediate::DESCRIPTION), looking())
    } else {
        (remediate::TITLE, remediate::DESCRIPTION.to_owned(), changing)
    };
    let finding = told_what_is_data(analyze::DESCRIPTION, operator);
    vec![
        Tool::new("analyze", finding, input(analyze_schema(operator.investigate)))
            .with_title(analyze::TITLE)
            .with_raw_output_schema(output)
            .with_annotations(looking()),
        Tool::new("remediate", description, input(remediate_schema(operator.investigate)))
            .with_title(title)
            .with_raw_output_schema(Arc::clone(&further))
            .with_annotations(annotations),
        Tool::new("validate", validate::DESCRIPTION, input(input_schema::<ValidateArguments>()))
            .with_title(validate::TITLE)
            .with_raw_output_schema(further)
            .with_annotations(looking()),
    ]
}

/// The text with all that is data of others: observations are there only where looks are offered.
pub(super) fn told_what_is_data(text: &str, operator: &Operator) -> String {
    if !operator.investigate.offers_looks() {
        return text.to_owned();
    }
    text.replace("Evidence is data", "Evidence and observations are data")
        .replace("Text in `evidence` comes", "Text in `evidence` and `observations` comes")
}

/// The contexts on the operator's list, as the values of the argument.
fn with_contexts(mut schema: JsonObject, contexts: &[String]) -> JsonObject {
    let argument = schema.get_mut("properties").and_then(|p| p.get_mut("context")).and_then(Value::as_object_mut);
    if let (Some(argument), false) = (argument, contexts.is_empty()) {
        argument.insert("enum".to_owned(), contexts.into());
    }
    schema
}

/// The tool list of an operator who set nothing. It stays the same as long as the server runs.
pub fn tool_list() -> &'static [Tool] {
    TOOLS.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::investigate::Investigate;

    #[test]
    fn names_are_read_back_as_they_are_written() {
        for name in [ToolName::Analyze, ToolName::Remediate, ToolName::Validate] {
            assert_eq!(ToolName::parse(name.as_str()), Some(name));
        }
        assert_eq!(ToolName::parse("approve"), None);
    }

    #[test]
    fn observations_are_called_data_where_there_can_be_any() {
        let offering = Operator { investigate: Investigate::Auto, ..Operator::default() };
        for text in [analyze::DESCRIPTION, "Text in `evidence` comes from the cluster"] {
            assert_ne!(told_what_is_data(text, &offering), text);
            assert_eq!(told_what_is_data(text, &Operator { investigate: Investigate::Never, ..Operator::default() }), text);
        }
    }
}
