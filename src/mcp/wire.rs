//! A report on the wire: structured content with a shallow output schema, its summary as text, and the whole schema as a resource.

use super::error::ToolError;
use crate::workflow::report::{PlanView, Report, Status};
use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Where the whole schema of a report can be read.
pub const REPORT_SCHEMA_URI: &str = "kubemend://schema/report";

/// The whole schema of a report; `docs/report.schema.json` is this, printed.
pub fn report_schema() -> Value {
    let mut schema = Value::Object(schema_of::<Report>());
    if let Some(object) = schema.as_object_mut() {
        object.insert("$id".to_owned(), json!(REPORT_SCHEMA_URI));
        object.insert("title".to_owned(), json!("kubemend report"));
    }
    schema
}

/// A type's schema in the dialect that strict clients take.
pub(crate) fn schema_of<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = false);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    match schema {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// Takes out what clients trip over: formats of integers, defaults of null, and null as a value of a field that may simply be absent.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(tidy),
        Value::Object(object) => {
            let required: Vec<String> = object
                .get("required")
                .and_then(Value::as_array)
                .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                .unwrap_or_default();
            if let Some(properties) = object.get_mut("properties").and_then(Value::as_object_mut) {
                for (name, property) in properties.iter_mut() {
                    if !required.contains(name) {
                        without_null(property);
                    }
                }
            }
            if object.get("format").and_then(Value::as_str).is_some_and(|f| f.starts_with("uint") || f.starts_with("int") || f == "double")
            {
                object.remove("format");
            }
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(tidy);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// `[T, null]` becomes `T`, and so does `anyOf [T, null]`.
fn without_null(property: &mut Value) {
    let Some(object) = property.as_object_mut() else { return };
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|t| t != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|v| !v.is_null());
    }
    if let Some(Value::Array(mut choices)) = object.remove("anyOf") {
        choices.retain(|c| c != &json!({"type": "null"}));
        match choices.pop() {
            Some(Value::Object(only)) if choices.is_empty() => object.extend(only),
            Some(last) => {
                choices.push(last);
                object.insert("anyOf".to_owned(), Value::Array(choices));
            }
            None => {}
        }
    }
}

/// The output schema of all three tools: the report's own fields and no deeper, so that the tool list stays small.
pub(crate) fn output_schema() -> JsonObject {
    let whole = schema_of::<Report>();
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
pub(crate) fn result(mut report: Report, repeat_digest: bool) -> Result<CallToolResult, ToolError> {
    let mut text = report.summary.clone();
    if report.status == Status::AwaitingApproval {
        let how = how_to_approve(&report, repeat_digest);
        if repeat_digest || !report.summary.contains(&format!("kubemend approve {}", report.session)) {
            report.summary.push('\n');
            report.summary.push_str(&how);
        }
        text = report.summary.clone();
        if let Some(plan) = &report.plan {
            text.push_str("\n\n");
            text.push_str(&plan_text(plan));
        }
    }
    let value = serde_json::to_value(&report).map_err(|e| ToolError::new(format!("the report cannot be written as JSON: {e}")))?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    Ok(result)
}

fn how_to_approve(report: &Report, repeat_digest: bool) -> String {
    let session = &report.session;
    match &report.plan {
        Some(plan) if repeat_digest => format!(
            "Nothing was changed. To apply it, call remediate again with sessionId `{session}` and planDigest `{}`, or run: kubemend approve {session}",
            plan.digest
        ),
        Some(_) | None => format!("Nothing was changed. To apply it, a human runs: kubemend approve {session}"),
    }
}

fn plan_text(plan: &PlanView) -> String {
    let mut text = format!("Plan {} (risk {}): {}\n", plan.digest, plan.risk, plan.summary);
    for (number, step) in plan.steps.iter().enumerate() {
        text.push_str(&format!("\nStep {} (risk {}): {}\n{}\n", number.saturating_add(1), step.risk, step.why, step.diff));
    }
    text
}
