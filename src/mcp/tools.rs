//! The list of the three tools, and which of them a call is for.

mod analyze;
mod remediate;
mod validate;

use super::tool_call::{ToolCall, ToolResponse};
use super::wire;
use crate::call::schema::input_schema;
use crate::call::{AnalyzeArguments, CallError, RemediateArguments, ValidateArguments};
use rmcp::model::{Tool, ToolAnnotations};
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

    pub(crate) async fn run(self, call: ToolCall<'_>) -> Result<ToolResponse, CallError> {
        match self {
            ToolName::Analyze => analyze::run(call).await,
            ToolName::Remediate => remediate::run(call).await,
            ToolName::Validate => validate::run(call).await,
        }
    }
}

static TOOLS: LazyLock<[Tool; 3]> = LazyLock::new(|| {
    let looking = || ToolAnnotations::new().read_only(true).destructive(false).idempotent(true).open_world(true);
    let output = Arc::new(wire::output_schema());
    [
        Tool::new("analyze", analyze::DESCRIPTION, Arc::new(input_schema::<AnalyzeArguments>()))
            .with_title("Diagnose")
            .with_raw_output_schema(Arc::clone(&output))
            .with_annotations(looking()),
        Tool::new("remediate", remediate::DESCRIPTION, Arc::new(input_schema::<RemediateArguments>()))
            .with_title("Fix and validate")
            .with_raw_output_schema(Arc::clone(&output))
            .with_annotations(ToolAnnotations::new().read_only(false).destructive(true).idempotent(false).open_world(true)),
        Tool::new("validate", validate::DESCRIPTION, Arc::new(input_schema::<ValidateArguments>()))
            .with_title("Validate")
            .with_raw_output_schema(output)
            .with_annotations(looking()),
    ]
});

/// The tool list, the same for every client and at every time.
pub fn tool_list() -> &'static [Tool] {
    TOOLS.as_slice()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_as_they_are_written() {
        for name in [ToolName::Analyze, ToolName::Remediate, ToolName::Validate] {
            assert_eq!(ToolName::parse(name.as_str()), Some(name));
        }
        assert_eq!(ToolName::parse("approve"), None);
    }
}
