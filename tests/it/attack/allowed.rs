//! What may be written: what somebody said yes to, and what policy decides by itself, within the operator's limits.

use super::heard::Heard;
use super::weather::{Past, Sent};
use kubemend::domain::limits::Limits;
use kubemend::domain::plan::OnFailure;
use kubemend::domain::risk::Risk;
use serde_json::Value;

/// As many changes as policy makes at once: `docs/security.md`.
const STEPS: usize = 3;

/// A write of a plan, and whether it is the undo of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Planned {
    write: Sent,
    undo: bool,
}

/// Every request that a record holds.
fn requests(value: &Value, undo: bool, into: &mut Vec<Planned>) {
    match value {
        Value::Object(map) => {
            if let (Some(method), Some(path), Some(body)) = (map.get("method"), map.get("path"), map.get("body"))
                && let (Some(method), Some(path), Some(body)) = (method.as_str(), path.as_str(), body.as_str())
            {
                let write = Sent { method: method.to_owned(), path: path.to_owned(), body: body.to_owned() };
                into.push(Planned { write, undo });
            }
            map.iter().for_each(|(key, inner)| requests(inner, undo || key == "undo", into));
        }
        Value::Array(list) => list.iter().for_each(|inner| requests(inner, undo, into)),
        _ => {}
    }
}

fn of_record(record: &Value) -> Vec<Planned> {
    let mut found = Vec::new();
    requests(record, false, &mut found);
    found
}

/// What stands in a record under this key, wherever in it.
fn part<'a>(record: &'a Value, key: &str) -> Option<&'a Value> {
    match record {
        Value::Object(map) => map.get(key).filter(|found| found.is_object()).or_else(|| map.values().find_map(|inner| part(inner, key))),
        Value::Array(list) => list.iter().find_map(|inner| part(inner, key)),
        _ => None,
    }
}

/// Nobody was asked about the session of this record.
fn is_unasked(heard: &Heard, record: &Value) -> bool {
    let id = part(record, "header").and_then(|header| header["id"].as_str()).unwrap_or_default();
    assert!(!id.is_empty(), "a record of no session: {record:#}");
    !heard.asked.contains(id)
}

/// No write without a yes for it, none other than what was shown, and none twice; and without a yes only what policy may decide.
pub(super) fn writes(wrong: &mut Vec<String>, limits: &Limits, past: &Past, heard: &Heard) {
    let mut allowed: Vec<Planned> = heard.consents.iter().flat_map(|consent| of_record(&consent.record)).collect();
    for record in heard.records.iter().filter(|record| heard.automatic && is_unasked(heard, record)) {
        let planned = of_record(record);
        if past.sent.iter().any(|sent| planned.iter().any(|one| one.write == *sent)) {
            wrong.extend(beyond(record, limits).into_iter().map(|why| format!("written without asking: {why}")));
        }
        allowed.extend(planned);
    }
    for (index, sent) in past.sent.iter().enumerate() {
        let Sent { method, path, .. } = sent;
        match allowed.iter().find(|planned| planned.write == *sent) {
            None => wrong.push(format!("sent without a yes for it: {method} {path} {}", sent.body)),
            Some(planned) if planned.undo && limits.on_failure != OnFailure::Revert => {
                wrong.push(format!("undone without a yes for that: {method} {path}"));
            }
            Some(_) => {}
        }
        if past.sent[..index].contains(sent) {
            wrong.push(format!("sent twice: {method} {path}"));
        }
    }
}

/// What of this plan is not policy's to decide.
fn beyond(record: &Value, limits: &Limits) -> Vec<String> {
    let (Some(plan), Some(diagnosis)) = (part(record, "plan"), part(record, "diagnosis")) else {
        return vec!["the record has no plan and diagnosis".to_owned()];
    };
    let mut found = Vec::new();
    let steps = plan["steps"].as_array().cloned().unwrap_or_default();
    if steps.is_empty() || steps.len() > STEPS {
        found.push(format!("{} steps", steps.len()));
    }
    let cause = diagnosis["causes"].as_array().into_iter().flatten().find(|cause| cause["key"] == plan["aim"]["key"]);
    let confidence = cause.and_then(|cause| cause["confidence"].as_f64()).unwrap_or(0.0);
    if confidence < limits.confidence_threshold.value() {
        found.push(format!("confidence {confidence} below {}", limits.confidence_threshold.value()));
    }
    let focus = &diagnosis["focus"];
    if focus["beside"] == true || focus["missing"].as_array().is_some_and(|missing| !missing.is_empty()) {
        found.push(format!("it is for something else: {focus}"));
    }
    for step in &steps {
        let risk = step["risk"].as_str().and_then(Risk::parse);
        if risk.is_none_or(|risk| risk > limits.max_risk || risk > limits.ceiling) {
            found.push(format!("risk {} above {}", step["risk"], limits.max_risk));
        }
        if !is_small(&step["request"]) {
            found.push(format!("a change that needs a human: {}", step["request"]));
        }
    }
    found
}

/// A new claim, or nothing but images: all that `docs/security.md` lets policy change.
fn is_small(request: &Value) -> bool {
    let (method, path) = (request["method"].as_str().unwrap_or_default(), request["path"].as_str().unwrap_or_default());
    let Ok(body) = serde_json::from_str::<Value>(request["body"].as_str().unwrap_or_default()) else { return false };
    match method {
        "POST" => path.split('?').next().is_some_and(|path| path.ends_with("/persistentvolumeclaims")),
        "PATCH" => body.as_array().is_some_and(|operations| {
            operations.iter().all(|one| {
                let at = one["path"].as_str().unwrap_or_default();
                one["op"] == "test" || at.ends_with("/image") || at.starts_with("/metadata/annotations")
            })
        }),
        _ => false,
    }
}
