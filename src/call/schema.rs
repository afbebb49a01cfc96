//! Schemas of what goes in and out, in the dialect that strict clients take.

use crate::workflow::report::Report;
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

/// The schema of a call's arguments. The dialect is the default, and a title or description of a Rust type helps nobody.
pub fn input_schema<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = schema_of::<T>();
    for key in ["$schema", "title", "description"] {
        schema.remove(key);
    }
    schema
}

/// A type's schema in the dialect that strict clients take.
pub(crate) fn schema_of<T: JsonSchema>() -> Map<String, Value> {
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

#[cfg(test)]
mod tests {
    use crate::domain::finding::Relation;
    #[test]
    fn schema_names_every_relation_that_a_rule_may_say() {
        let schema = super::report_schema().to_string();
        let said = schema.split("How the one leads to the other: ").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
        let named: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
        assert_eq!(named, Relation::ALL.map(Relation::as_str));
    }
}
