//! A report without what differs from cluster to cluster and from time to time.

use kubemend::workflow::report::Report;
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// Ids, times, addresses, generated suffixes, versions and node names, each in a form of its own.
static MASKS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
        (r"sha256:[0-9a-f]{64}", "DIGEST"),
        (r"\b[0-9a-f]{32}\b", "ID"),
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME"),
        (r"\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(:\d+)?\b", "ADDRESS"),
        (r"\bnode-\d\b", "NODE"),
        (r"-[bcdf0-9]{8,10}-[bcdfghjklmnpqrstvwxz0-9]{5}\b", "-HASH-POD"),
        (r"-[bcdf0-9]{8,10}-[bcdfghjklmnpqrstvwxz0-9]{5}_", "-HASH-POD_"),
        (r"-[bcdf0-9]{8,10}\b", "-HASH"),
        (r"\bv1\.\d+\.\d+\b", "VERSION"),
        (r#""resourceVersion":"\d+""#, "RESOURCE_VERSION"),
        (r#""path":"/metadata/resourceVersion","value":"\d+""#, "RESOURCE_VERSION"),
        (r"\b\d+(\.\d+)? (s|ms|seconds|second)\b", "DURATION"),
        (r"\bback-off [0-9ms.]+ restarting\b", "back-off DURATION restarting"),
        // A kubelet says so between two tries, with the words of the last one.
        (r#"Back-off pulling image "[^"]*": ErrImagePull: "#, ""),
        // With the options of the server that says it.
        (r"`[^`]*kubemend approve SESSION[^`]*`", "`kubemend approve SESSION`"),
    ]
    .into_iter()
    .map(|(pattern, name)| (Regex::new(pattern).unwrap(), name))
    .collect()
});

pub(crate) fn masked(report: &Report) -> Value {
    masked_value(serde_json::to_value(report).unwrap())
}

pub(crate) fn masked_value(mut report: Value) -> Value {
    let session = report["session"].as_str().unwrap_or_default().to_owned();
    let context = report["cluster"]["context"].as_str().unwrap_or_default().to_owned();
    let server = report["cluster"]["server"].as_str().unwrap_or_default().to_owned();
    for part in ["session", "cluster", "trail", "usage"] {
        report[part] = json!(part);
    }
    // With the options of the server that says it.
    if report.get("undo").is_some() {
        report["undo"] = json!("undo");
    }
    // Events differ in wording and number: what counts is which reasons were seen.
    if let Some(evidence) = report["evidence"].as_array_mut() {
        for one in evidence.iter_mut().filter(|e| e["source"] == "event") {
            let text = one["text"].as_str().unwrap_or_default();
            one["text"] = json!(text.split([':', ' ']).next().unwrap_or_default());
        }
    }
    let own = [(session, "SESSION"), (server, "SERVER"), (context, "CONTEXT")];
    mask(&mut report, &own);
    report
}

fn mask(value: &mut Value, own: &[(String, &str)]) {
    match value {
        Value::String(text) => {
            for (what, name) in own.iter().filter(|(what, _)| !what.is_empty()) {
                *text = text.replace(what.as_str(), name);
            }
            for (pattern, name) in MASKS.iter() {
                *text = pattern.replace_all(text, *name).into_owned();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mask(item, own)),
        Value::Object(fields) => {
            if fields.get("path").is_some_and(|path| path == "/metadata/resourceVersion") {
                fields.insert("value".to_owned(), json!("RESOURCE_VERSION"));
            }
            for (key, field) in fields.iter_mut() {
                match key.as_str() {
                    "settledFor" | "resourceVersion" | "generation" => *field = json!(key),
                    _ => mask(field, own),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[test]
fn generated_names_are_masked_and_given_ones_are_not() {
    let masked = |text: &str| {
        let mut value = json!(text);
        mask(&mut value, &[]);
        value
    };
    assert_eq!(masked("pod/postgres-db-65945649f5-6tr9p"), "pod/postgres-db-HASH-POD");
    assert_eq!(masked("replicaset/web-5bc85689f8"), "replicaset/web-HASH");
    assert_eq!(masked("redis-standard-pvc on node-1 at 10.250.0.11:80"), "redis-standard-pvc on NODE at ADDRESS");
}
