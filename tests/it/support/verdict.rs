//! Compares what a report says, and what the API server saw, with what a scenario expects.

use super::audit::Wrote;
use super::case::{Case, Cause, Write};
use serde_json::Value;
use std::collections::BTreeMap;

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// `kind/name` of an object in a report.
pub(crate) fn named(object: &Value) -> String {
    format!("{}/{}", object["kind"].as_str().unwrap_or_default().to_lowercase(), object["name"].as_str().unwrap_or_default())
}

/// The report's causes in the scenario's words; a part that the scenario leaves open is left open here too.
fn causes(report: &Value, like: Option<&Cause>) -> Vec<Cause> {
    let all = report["causes"].as_array().cloned().unwrap_or_default();
    let keep = |part: Option<&String>, said: &Value| part.and_then(|_| text(said));
    all.iter()
        .map(|c| Cause {
            code: text(&c["code"]).unwrap_or_default(),
            object: named(&c["object"]),
            field: keep(like.and_then(|l| l.field.as_ref()), &c["field"]),
            found: keep(like.and_then(|l| l.found.as_ref()), &c["found"]),
            expected: keep(like.and_then(|l| l.expected.as_ref()), &c["expected"]),
        })
        .collect()
}

/// The expected cause and no other, about objects of this namespace.
pub(crate) fn names_the_cause(case: &Case, report: &Value, namespace: &str) {
    let expected = case.scenario.expect.cause.as_ref();
    let wanted: Vec<Cause> = expected.cloned().into_iter().collect();
    assert_eq!(causes(report, expected), wanted, "{}: {}", case.name, report["summary"]);
    for cause in report["causes"].as_array().into_iter().flatten() {
        assert_eq!(cause["object"]["namespace"], namespace, "{}", case.name);
        let cited = cause["evidence"].as_array().map_or(0, Vec::len);
        assert!(cited > 0, "{}: the cause cites no evidence", case.name);
    }
}

/// The plan's steps, as the scenario writes its writes.
fn steps(report: &Value) -> Vec<Write> {
    let steps = report["plan"]["steps"].as_array().cloned().unwrap_or_default();
    steps
        .iter()
        .map(|step| Write {
            verb: text(&step["action"]).unwrap_or_default(),
            object: named(&step["object"]),
            paths: touched(&step["operations"]),
        })
        .collect()
}

/// The pointers that a JSON patch changes, but for the stamp that every change carries.
fn touched(operations: &Value) -> Vec<String> {
    let all = operations.as_array().cloned().unwrap_or_default();
    let changes = all.iter().filter(|op| op["op"] != "test").filter_map(|op| text(&op["path"]));
    changes.filter(|path| !path.starts_with("/metadata/annotations")).collect()
}

pub(crate) fn plans_the_writes(case: &Case, report: &Value) {
    assert_eq!(steps(report), case.scenario.expect.writes, "{}", case.name);
}

/// What was written is what was shown: method, path and body of every step, in order, by this identity, and nothing else.
pub(crate) fn wrote_what_was_shown(case: &Case, report: &Value, writes: &[Wrote], identity: &str) {
    let shown = report["plan"]["steps"].as_array().cloned().unwrap_or_default();
    let list = |w: &Wrote| format!("{} {} {}", w.user, w.verb, w.uri);
    assert_eq!(writes.len(), shown.len(), "{}: {:?}", case.name, writes.iter().map(list).collect::<Vec<_>>());
    for (step, wrote) in shown.iter().zip(writes) {
        let request = &step["request"];
        let verb = match request["method"].as_str() {
            Some("POST") => "create",
            Some("PATCH") => "patch",
            Some("DELETE") => "delete",
            other => panic!("{}: a step with the method {other:?}", case.name),
        };
        assert_eq!((wrote.user.as_str(), wrote.verb.as_str()), (identity, verb), "{}", case.name);
        assert_eq!(request["path"], wrote.uri.as_str(), "{}", case.name);
        let mut body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
        if verb == "patch" {
            assert_eq!(body, wrote.body, "{}", case.name);
        } else {
            if verb == "delete" {
                // The options of a deletion are logged under a version of the server's own.
                body["apiVersion"] = wrote.body["apiVersion"].clone();
            }
            holds_all(&body, &wrote.body, &case.name);
        }
    }
}

/// The API server logs a creation with its defaults filled in: everything shown is there as it was shown, and what is
/// there besides is one of these defaults.
fn holds_all(shown: &Value, logged: &Value, at: &str) {
    const DEFAULTS: [&str; 6] = ["apiVersion", "creationTimestamp", "kind", "namespace", "status", "volumeMode"];
    match (shown, logged) {
        (Value::Object(shown), Value::Object(logged)) => {
            for (key, value) in shown {
                holds_all(value, logged.get(key).unwrap_or(&Value::Null), &format!("{at}.{key}"));
            }
            for key in logged.keys().filter(|k| !shown.contains_key(*k)) {
                assert!(DEFAULTS.contains(&key.as_str()), "{at}.{key} was written and not shown: {}", logged[key]);
            }
        }
        (shown, logged) => assert_eq!(shown, logged, "{at}"),
    }
}

/// Nothing but the plan's objects differs; those that stay keep their uid.
pub(crate) fn nothing_else_changed(case: &Case, before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) {
    let expect = &case.scenario.expect;
    let written: Vec<&str> = expect.writes.iter().map(|w| w.object.as_str()).collect();
    for kept in &expect.untouched {
        assert!(before.contains_key(kept), "{}: {kept} is to stay untouched and was never there", case.name);
        assert!(!written.contains(&kept.as_str()), "{}: {kept} is both written and untouched", case.name);
    }
    for (object, was) in before {
        if written.contains(&object.as_str()) {
            if expect.writes.iter().all(|w| w.verb != "delete") {
                assert_eq!(after.get(object).map(|a| &a["uid"]), Some(&was["uid"]), "{}: {object} is another one", case.name);
            }
        } else {
            assert_eq!(after.get(object), Some(was), "{}: {object}", case.name);
        }
    }
    for object in after.keys() {
        assert!(before.contains_key(object) || written.contains(&object.as_str()), "{}: {object} is new", case.name);
    }
}
