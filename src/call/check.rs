//! Arguments held against their published schema, so that what is wrong with one is said in words of JSON: its path, what it should be,
//! what it is, and an example.

use super::error::CallError;
use crate::domain::nearest::{did_you_mean, nearest};
use crate::domain::visible::escaped;
use serde_json::{Map, Value};

/// What each argument can look like.
const EXAMPLES: &[(&str, &str)] = &[
    ("issue", r#""my database is down in a-team""#),
    ("sessionId", r#""s-0123456789abcdef0123456789abcdef""#),
    ("namespace", r#""a-team""#),
    ("allNamespaces", "true"),
    ("objects", r#"["deployment/web"]"#),
    ("context", r#""staging""#),
    ("look", r#"[{"probe": "logs", "object": "pod/web-0", "previous": true}]"#),
    ("mode", r#""manual""#),
    ("confidenceThreshold", "0.9"),
    ("maxRiskLevel", r#""low""#),
    ("onFailure", r#""keep""#),
    (
        "proposal",
        r#"{"causes": [{"object": "Deployment/shop/web", "title": "…", "explanation": "…", "confidence": 0.5, "cites": ["e1"]}]}"#,
    ),
    ("planDigest", r#""sha256:", then 64 hexadecimal digits"#),
    ("executedCommands", r#"["kubectl rollout restart deployment/web"]"#),
];
/// Characters of a wrong value that an error repeats.
const QUOTED: usize = 60;

/// An example of an argument.
pub(super) fn example(argument: &str) -> &'static str {
    EXAMPLES.iter().find(|(name, _)| *name == argument).map_or("", |(_, example)| example)
}

/// Whether the arguments have the form that the schema says; one that is null counts as absent.
pub(super) fn check(use_case: &str, schema: &Map<String, Value>, given: &Map<String, Value>) -> Result<(), CallError> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Ok(()) };
    for (name, value) in given {
        let Some(property) = properties.get(name) else {
            let short = escaped(&name.chars().take(QUOTED).collect::<String>());
            let near = did_you_mean(&nearest(&short, properties.keys().map(String::as_str)));
            let known: Vec<String> = properties.keys().map(|known| format!("`{known}`")).collect();
            return Err(CallError::arguments(format!("there is no argument `{short}`{near}; {use_case} takes {}", known.join(", "))));
        };
        if !value.is_null() {
            conforms(name, property, value).map_err(|wrong| CallError::arguments(format!("{wrong}, such as {}", example(name))))?;
        }
    }
    Ok(())
}

fn conforms(path: &str, schema: &Value, value: &Value) -> Result<(), String> {
    let is = || format!("{}{}", kind(value), shown(value));
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        let values: Vec<String> = values.iter().map(Value::to_string).collect();
        return Err(format!("`{path}` is {}; it must be {}", is(), values.join(" or ")));
    }
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_u64() || value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some(_) | None => true,
    };
    if !fits {
        let wanted = wanted(schema);
        return Err(format!("`{path}` is {}; it must be {wanted}", is()));
    }
    let (least, most) = (schema.get("minimum").and_then(Value::as_f64), schema.get("maximum").and_then(Value::as_f64));
    if let (Some(number), Some(least), Some(most)) = (value.as_f64(), least, most)
        && !(least..=most).contains(&number)
    {
        return Err(format!("`{path}` is {number}; it must be a number from {least} to {most}"));
    }
    if let (Some(members), Some(known)) = (value.as_object(), schema.get("properties").and_then(Value::as_object)) {
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let Some(member) = known.get(name) else { return Err(unknown(path, name, known)) };
            conforms(&format!("{path}.{name}"), member, value)?;
        }
        let mut required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        if let Some(missing) = required.find(|name| members.get(*name).is_none_or(Value::is_null)) {
            return Err(format!("`{path}` has no `{missing}`"));
        }
    }
    if let (Some(items), Some(item)) = (value.as_array(), schema.get("items")) {
        for (index, value) in items.iter().enumerate() {
            conforms(&format!("{path}[{index}]"), item, value)?;
        }
    }
    Ok(())
}

fn unknown(path: &str, name: &str, known: &Map<String, Value>) -> String {
    let short = escaped(&name.chars().take(QUOTED).collect::<String>());
    let near = did_you_mean(&nearest(&short, known.keys().map(String::as_str)));
    let known: Vec<String> = known.keys().map(|known| format!("`{known}`")).collect();
    format!("`{path}` has no member `{short}`{near}; it takes {}", known.join(", "))
}

fn wanted(schema: &Value) -> &'static str {
    let of = |schema: &Value| schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    match of(schema).as_str() {
        "string" => "a string",
        "number" | "integer" => "a number",
        "boolean" => "true or false",
        "array" if schema.get("items").is_some_and(|items| of(items) == "string") => "a list of strings",
        "array" => "a list of objects",
        "object" => "an object",
        _ => "a value",
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A short value itself.
fn shown(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            // In JSON a line's end and its like are written out; here everything is that is not printable ASCII, once.
            let text = value.as_str().map_or_else(|| value.to_string(), |text| format!("\"{}\"", escaped(text)));
            format!(" ({})", text.chars().take(QUOTED).collect::<String>())
        }
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::schema::input_schema;
    use crate::call::{AnalyzeArguments, RemediateArguments, ValidateArguments};
    use serde_json::json;

    fn said(given: &Value) -> String {
        check("remediate", &input_schema::<RemediateArguments>(), given.as_object().unwrap()).unwrap_err().message
    }

    #[test]
    fn what_is_wrong_is_said_with_path_and_example_in_words_of_json() {
        for (given, says) in [
            (json!({"issue": ["x"]}), r#"`issue` is a list; it must be a string, such as "my database is down in a-team""#),
            (json!({"objects": "pod/x"}), r#"`objects` is a string ("pod/x"); it must be a list of strings, such as ["deployment/web"]"#),
            (json!({"objects": ["pod/x", 7]}), r#"`objects[1]` is a number (7); it must be a string, such as ["deployment/web"]"#),
            (json!({"mode": "Automatic"}), r#"`mode` is a string ("Automatic"); it must be "manual" or "automatic", such as "manual""#),
            (json!({"confidenceThreshold": "high"}), r#"`confidenceThreshold` is a string ("high"); it must be a number, such as 0.9"#),
            (json!({"confidenceThreshold": 90}), "`confidenceThreshold` is 90; it must be a number from 0 to 1, such as 0.9"),
        ] {
            assert_eq!(said(&given), says);
        }
        let unknown = said(&json!({"nameSpace": "x"}));
        assert!(unknown.starts_with("there is no argument `nameSpace`; did you mean `namespace`?; remediate takes `issue`"), "{unknown}");
    }

    #[test]
    fn every_argument_has_an_example_and_a_description() {
        for schema in [input_schema::<AnalyzeArguments>(), input_schema::<RemediateArguments>(), input_schema::<ValidateArguments>()] {
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert_ne!(example(name), "", "{name}");
                assert!(property["description"].as_str().is_some_and(|text| text.len() > 10), "{name} is not described");
            }
        }
    }
}
