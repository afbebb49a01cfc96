//! What each probe takes, whole: the resource beside the tool list, which has room for the words alone.

use super::schema::schema_of;
use crate::domain::look::ProbeName;
use crate::probe::arguments::{LOOKS, LookArguments};
use crate::probe::catalog;
use serde_json::{Map, Value, json};

/// Where it can be read.
pub const PROBES_URI: &str = "kubemend://probes";

/// Each probe with what it brings and the schema of its words.
pub fn probes() -> Value {
    let words = schema_of::<LookArguments>();
    let known = words.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let one = |probe: ProbeName| {
        let row = catalog::of(probe);
        let taken = row.takes.iter().filter_map(|name| Some(((*name).to_owned(), known.get(*name)?.clone())));
        let properties: Map<String, Value> =
            std::iter::once(("probe".to_owned(), json!({"type": "string", "enum": [probe.as_str()]}))).chain(taken).collect();
        let required: Vec<&str> = std::iter::once("probe").chain(row.needs.iter().copied()).collect();
        let schema = json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
        json!({"probe": probe.as_str(), "brings": format!("{}: {}", row.brings, row.in_detail), "schema": schema})
    };
    json!({
        "call": "analyze with sessionId and look, a list of these",
        "atMost": LOOKS,
        "probes": ProbeName::ALL.map(one),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_a_probe_takes_has_its_schema_and_what_it_means() {
        for probe in probes()["probes"].as_array().unwrap() {
            let row = catalog::of(ProbeName::parse(probe["probe"].as_str().unwrap()).unwrap());
            let properties = probe["schema"]["properties"].as_object().unwrap();
            assert_eq!(properties.len(), row.takes.len() + 1, "{probe}");
            assert!(row.takes.iter().all(|name| properties[*name]["description"].is_string()), "{probe}");
        }
    }
}
