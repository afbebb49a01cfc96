//! What a model may call: the probes, each with the words that it takes by the one list of them, and `conclude`. There is nothing else.

use crate::domain::dialogue::ToolDeclaration;
use crate::domain::look::ProbeName;
use crate::probe::arguments::LookArguments;
use crate::probe::catalog;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// What ends an investigation.
pub(crate) const CONCLUDE: &str = "conclude";

/// Everything that may be called.
pub(crate) fn declared() -> Vec<ToolDeclaration> {
    let mut words = words();
    let probe = |probe: ProbeName| {
        let row = catalog::of(probe);
        // An object says its namespace itself: the word is not paid for with each of the probes that need one.
        let told = row.takes.iter().filter(|name| !(**name == "namespace" && row.needs.contains(&"object")));
        let taken = told.filter_map(|name| Some(((*name).to_owned(), words.get(*name)?.clone())));
        let properties: Map<String, Value> = taken.collect();
        // What a word means is told once: all of this is paid for with every question.
        for name in row.takes {
            words.get_mut(*name).and_then(Value::as_object_mut).into_iter().for_each(|word| drop(word.shift_remove("description")));
        }
        let schema = match row.needs {
            [] => json!({"type": "object", "properties": properties}),
            needs => json!({"type": "object", "properties": properties, "required": needs}),
        };
        ToolDeclaration { name: row.probe.as_str().to_owned(), description: row.brings.to_owned(), schema }
    };
    let mut tools: Vec<ToolDeclaration> = ProbeName::ALL.into_iter().map(probe).collect();
    tools.push(conclude());
    tools
}

/// The words of all probes. A word that may be left out is no null.
fn words() -> Map<String, Value> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<LookArguments>().to_value();
    let mut words = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for word in words.values_mut().filter_map(Value::as_object_mut) {
        let given = word.get("type").and_then(Value::as_array).and_then(|types| types.iter().find(|one| *one != "null")).cloned();
        if let Some(one) = given {
            word.insert("type".to_owned(), one);
        }
        for told in ["default", "format", "minimum"] {
            word.remove(told);
        }
    }
    words
}

/// The form of a conclusion. `agent/reply.rs` reads it.
fn conclude() -> ToolDeclaration {
    let text = |what: &str| json!({"type": "string", "description": what});
    let fields = json!({"type": "array", "items": {"type": "object", "required": ["field", "value"], "properties": {
        "field": text("a path"),
        "value": {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}]},
    }}});
    let cause = json!({"type": "object", "required": ["object", "title", "explanation", "confidence", "cites"], "properties": {
        "object": text("what is wrong: Deployment/shop/web"),
        "field": text("the field of it that is wrong"),
        "found": text("its value"),
        "expected": text("what it should be"),
        "title": text("the cause in one line"),
        "explanation": text("why, and what a human should do"),
        "confidence": {"type": "number"},
        "cites": {"type": "array", "items": {"type": "string"}, "description": "e1, o2"},
    }});
    let action = json!({"type": "object", "required": ["action"], "properties": {
        "action": {"type": "string", "enum": ["patch", "scale", "restart", "undoRollout", "deletePod", "evict", "create"]},
        "object": text("not for create"),
        "set": fields,
        "remove": {"type": "array", "items": {"type": "string"}, "description": "fields to take out"},
        "replicas": {"type": "integer"},
        "revision": {"type": "integer", "description": "for undoRollout"},
        "manifest": {"type": "object", "description": "for create"},
    }});
    ToolDeclaration {
        name: CONCLUDE.to_owned(),
        description: "Ends it: causes, what they rest on, the smallest change; or that it stays open".to_owned(),
        schema: json!({"type": "object", "properties": {
            "causes": {"type": "array", "items": cause},
            "actions": {"type": "array", "items": action, "description": "none where a human decides"},
            "open": {"type": "object", "required": ["why", "explanation"], "description": "instead of causes", "properties": {
                "why": {"type": "string", "enum": ["inconclusive", "healthy", "premise"]},
                "explanation": text("what is known, and where to look"),
            }},
        }}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// They are sent with every question.
    #[test]
    fn tools_are_the_probes_and_conclude_and_are_small() {
        let tools = declared();
        let names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
        let expected: Vec<&str> = ProbeName::ALL.iter().map(|probe| probe.as_str()).chain([CONCLUDE]).collect();
        assert_eq!(names, expected);
        let bytes: usize = tools.iter().map(|tool| tool.description.len() + tool.schema.to_string().len()).sum();
        assert!(bytes < 4_600, "{bytes}");
        let get = &tools[0].schema;
        assert_eq!(get["properties"]["object"]["type"], "string", "{get}");
        assert_eq!(get["required"], json!(["object"]));
        for tool in &tools {
            assert_eq!(tool.schema["type"], "object");
            assert!(!tool.schema.to_string().contains("null"), "{}", tool.schema);
        }
    }
}
