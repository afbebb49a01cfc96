//! A report on the wire: its brief form as structured content with a shallow output schema, and a text. Clients hand on one of them
//! only, so each is enough alone.

use super::tool_call::Shown;
use crate::call::blocks;
use crate::call::schema::schema_of;
use crate::call::{CallError, ErrorKind, Program, with_how_to_approve};
use crate::workflow::brief::{self, Brief};
use crate::workflow::report::{Report, Status};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde_json::{Map, Value, json};

/// The output schema of all three tools: the brief report's own fields and no deeper, so that the tool list stays small.
pub(crate) fn output_schema() -> JsonObject {
    let whole = schema_of::<Brief>();
    let mut properties = Map::new();
    if let Some(Value::Object(fields)) = whole.get("properties") {
        for (name, field) in fields {
            let shallow = match field.get("type").and_then(Value::as_str) {
                Some("array") => json!({"type": "array", "items": {"type": "object"}}),
                Some(simple) => json!({ "type": simple }),
                // A reference: the status has its words, everything else is an object.
                None => match whole.get("$defs").and_then(|defs| defs.get("Status")).and_then(|status| status.get("enum")) {
                    Some(words) if name == "status" => json!({"type": "string", "enum": words}),
                    Some(_) | None => json!({"type": "object"}),
                },
            };
            properties.insert(name.clone(), shallow);
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if let Some(required) = whole.get("required") {
        schema.insert("required".to_owned(), required.clone());
    }
    schema
}

/// A report as a tool's result. One that waits for approval says in its text what would be done and how to approve it.
pub(crate) fn result(report: Report, shown: Shown, program: &Program) -> Result<CallToolResult, CallError> {
    let report = with_how_to_approve(report, shown == Shown::DigestCounts, program);
    let brief = match shown {
        Shown::Whole | Shown::DigestCounts => brief::of(&report),
        Shown::Answered => brief::answered(&report),
        Shown::News => brief::news(&report),
    };
    let value = serde_json::to_value(&brief)
        .map_err(|e| CallError::new(ErrorKind::Internal, format!("the report cannot be written as JSON: {e}")))?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(text(&report))]);
    result.structured_content = Some(value);
    Ok(result)
}

/// The report as text.
fn text(report: &Report) -> String {
    let mut text = format!("Session {}\n{}", report.session, report.summary);
    if report.status == Status::AwaitingApproval && report.plan.is_some() {
        text.push_str("\n\n");
        text.push_str(&blocks::plain_text(&blocks::decision(report)));
    }
    text
}
