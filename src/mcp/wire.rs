//! A report on the wire: its brief form as structured content with a shallow output schema, and a text. Clients hand on one of them
//! only, so each is enough alone.

use super::tool_call::Shown;
use crate::call::schema::schema_of;
use crate::call::{CallError, ErrorKind, HowToApprove, Program};
use crate::workflow::brief::{self, Brief};
use crate::workflow::full;
use crate::workflow::report::Report;
use crate::workflow::summary::{commands_of_several_lines, one_line};
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

/// Lines of diffs that the text shows; the rest is read with the command that the text names.
const DIFF_LINES: usize = 30;

/// A report as a tool's result. Commands in it are named as they have to be typed here.
pub(crate) fn result(mut report: Report, shown: Shown, program: &Program) -> Result<CallToolResult, CallError> {
    let how = HowToApprove::of(&report, shown == Shown::DigestCounts);
    let text = program.in_words(&text(&report, how.as_ref()));
    if let Some(how) = how {
        report.summary = how.said_in(&report.summary);
    }
    program.in_report(&mut report);
    let brief = match shown {
        Shown::Whole | Shown::DigestCounts => brief::of(&report),
        Shown::Answered => brief::answered(&report),
        Shown::News => brief::news(&report),
    };
    let value = serde_json::to_value(&brief)
        .map_err(|e| CallError::new(ErrorKind::Internal, format!("the report cannot be written as JSON: {e}")))?;
    let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
    result.structured_content = Some(value);
    Ok(result)
}

/// The report as text, whole for a reader who gets nothing else: with the diff of a plan that nobody has carried out, and with the
/// commands that take several lines. How a plan that waits is approved comes last.
fn text(report: &Report, how: Option<&HowToApprove>) -> String {
    let text = full(report);
    let (mut text, last) = how.map_or_else(
        || (text.clone(), None),
        |how| {
            let (text, last) = how.taken_from(&text);
            (text, Some(last))
        },
    );
    if let (Some(plan), None) = (&report.plan, &report.execution) {
        let diff: Vec<&str> = plan.steps.iter().flat_map(|step| step.diff.lines()).collect();
        if !diff.is_empty() {
            let shown: Vec<&str> = diff.iter().take(DIFF_LINES).copied().collect();
            text.push_str(&format!("\nDiff:\n{}", fenced("diff", &shown.join("\n"))));
        }
        let more = diff.len().saturating_sub(DIFF_LINES);
        if more > 0 {
            text.push_str(&format!("\nand {more} more lines of the diff: kubemend show {}", report.session));
        }
    }
    for (advice, command) in commands_of_several_lines(report) {
        text.push_str(&format!("\nCommand for: {}\n{}", one_line(&advice.text), fenced("sh", command)));
    }
    last.map_or_else(|| text.clone(), |last| format!("{text}\n{last}"))
}

/// As code, since clients show texts as Markdown. No text can end it before its time: the fence is longer than any run in it.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.saturating_add(1).max(3));
    format!("{fence}{language}\n{}\n{fence}", code.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client checks a result against the schema, and a model reads there what a result can have.
    #[test]
    fn schema_names_every_property_that_a_report_in_brief_can_have() {
        let whole = serde_json::to_value(brief::of(&brief::tests::full())).unwrap();
        let names: Vec<&String> = whole.as_object().unwrap().keys().collect();
        let schema = output_schema();
        assert_eq!(names, schema["properties"].as_object().unwrap().keys().collect::<Vec<_>>());
        assert!(names.iter().any(|name| *name == "unexplained"), "{names:?}");
    }

    #[test]
    fn no_text_in_a_diff_ends_its_fence() {
        assert_eq!(fenced("diff", "-a\n+b"), "```diff\n-a\n+b\n```");
        let text = fenced("diff", "+a: ```\n+```` x\n+`");
        assert!(text.starts_with("`````diff\n") && text.ends_with("\n`````"), "{text}");
    }
}
