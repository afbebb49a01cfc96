//! Plans that differ from another one in one value: every value that is stored, one by one. What joins a plan is varied without a word here.

use super::plan::PlanRecord;
use crate::analyze::known_code;
use crate::domain::plan::RemediationPlan;
use serde_json::{Value, json};

/// Words of which a field takes no other: one of them is another one than it has.
const WORDS: &[&str] = &[
    "low",
    "medium",
    "high",
    "POST",
    "PATCH",
    "DELETE",
    "rolloutComplete",
    "podReady",
    "claimBound",
    "endpointsReady",
    "gone",
    "symptomGone",
];

/// So many values that can be read are put into one place: the first may be one that is written otherwise and means the same.
const ENOUGH: usize = 3;

/// Each with the place that was varied. Parts of `other` stand in for parts that have no value of their own to vary.
pub(crate) fn of(plan: &RemediationPlan, other: &RemediationPlan) -> Vec<(String, RemediationPlan)> {
    let stored = |plan: &RemediationPlan| serde_json::to_value(PlanRecord::from(plan)).unwrap();
    let (record, other) = (stored(plan), stored(other));
    let mut places = Vec::new();
    walk(&record, String::new(), &mut places);
    let mut plans = Vec::new();
    // The id is no part of the digest: where it stands in a text, it is masked.
    for place in places.into_iter().filter(|place| place != "/id") {
        let old = record.pointer(&place).unwrap();
        let values = other.pointer(&place).cloned().into_iter().chain(instead(old)).filter(|value| value != old);
        let read = values.filter_map(|value| {
            let mut varied = record.clone();
            *varied.pointer_mut(&place).unwrap() = value;
            serde_json::from_value::<PlanRecord>(varied).ok()?.into_plan(known_code).ok()
        });
        plans.extend(read.take(ENOUGH).map(|plan| (place.clone(), plan)));
    }
    plans
}

/// Every place, the inner ones too.
fn walk(value: &Value, place: String, places: &mut Vec<String>) {
    let step = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
    match value {
        Value::Object(map) => map.iter().for_each(|(name, value)| walk(value, step(name), places)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| walk(item, step(&index.to_string()), places)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    places.push(place);
}

/// Other values that may be read in its place.
fn instead(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let words = WORDS.iter().map(|word| json!(word));
            let first = [json!(format!("{text}x")), json!("img-tag-not-found"), json!("cfg-configmap-key-missing")];
            first.into_iter().chain(words).chain([json!(null)]).collect()
        }
        Value::Number(number) => vec![json!(number.as_i64().map_or(1, |n| n.wrapping_add(1))), json!(null)],
        Value::Bool(is) => vec![json!(!is)],
        Value::Null => vec![json!("x"), json!(7), json!({"value": "x"}), json!([{"key": "x"}])],
        Value::Array(items) => vec![Value::Array(items.iter().skip(1).cloned().collect()), json!(null)],
        Value::Object(_) => vec![json!(null)],
    }
}
