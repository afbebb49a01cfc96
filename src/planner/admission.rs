//! What admission made of a change: the API server's answer held against the whole object that was planned.
//! Every difference is named but what the server keeps for itself. Of values, the same is shown as beside a change.

use super::diff;
use crate::domain::abridged::first;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use serde_json::Value;
use std::collections::BTreeSet;

/// More differences than these are counted: a webhook that adds a container can change dozens of fields.
const NAMED: usize = 5;
/// A longer value is cut: enough for an image or the beginning of an added container.
const VALUE_LIMIT: usize = 160;
/// What the API server writes itself.
const OF_THE_SERVER: &[&str] = &["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"];

/// A field that is not as planned; `None` where it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    path: String,
    planned: Option<String>,
    actual: Option<String>,
}

/// What differs, with the places that the API server is known to fill in: a pointer, and the value that it may have.
pub(crate) fn differences(planned: &Value, answer: &Value, defaults: &[(&str, Value)]) -> Vec<Difference> {
    let (planned, mut answer) = (intent(planned), intent(answer));
    for (pointer, value) in defaults {
        if planned.pointer(pointer).is_none() && answer.pointer(pointer) == Some(value) {
            remove(&mut answer, pointer);
        }
    }
    let mut found = Vec::new();
    compare(&FieldPath::root(), Some(&planned), Some(&answer), &mut found);
    found
}

/// The differences in one line, bounded.
pub(crate) fn in_words(differences: &[Difference]) -> Option<String> {
    if differences.is_empty() {
        return None;
    }
    let one = |d: &Difference| {
        let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        format!("{} (planned: {}, actual: {})", d.path, side(&d.planned), side(&d.actual))
    };
    Some(first(&differences.iter().map(one).collect::<Vec<_>>(), NAMED))
}

/// The object without what the server keeps for itself.
fn intent(object: &Value) -> Value {
    let mut out = object.clone();
    if let Some(map) = out.as_object_mut() {
        map.shift_remove("status");
        if let Some(meta) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            for key in OF_THE_SERVER {
                meta.shift_remove(*key);
            }
        }
    }
    out
}

fn remove(object: &mut Value, pointer: &str) {
    if let Some((parent, key)) = pointer.rsplit_once('/')
        && let Some(map) = object.pointer_mut(parent).and_then(Value::as_object_mut)
    {
        map.shift_remove(key);
    }
}

/// `null` is written by some programs for what is not set.
fn set(value: Option<&Value>) -> Option<&Value> {
    value.filter(|v| !v.is_null())
}

fn compare(path: &FieldPath, planned: Option<&Value>, actual: Option<&Value>, found: &mut Vec<Difference>) {
    match (set(planned), set(actual)) {
        (None, None) => {}
        (Some(Value::Object(planned)), Some(Value::Object(actual))) => {
            let keys: BTreeSet<&String> = planned.keys().chain(actual.keys()).collect();
            for key in keys {
                compare(&path.clone().key(key), planned.get(key), actual.get(key), found);
            }
        }
        (Some(Value::Array(planned)), Some(Value::Array(actual))) if planned != actual => lists(path, planned, actual, found),
        (planned, actual) if planned == actual => {}
        (planned, actual) => {
            let shown = |value: Option<&Value>| value.map(|v| shown(path, v));
            found.push(Difference { path: Excerpt::event(&path.to_string()).to_string(), planned: shown(planned), actual: shown(actual) });
        }
    }
}

/// Elements that have names are told apart by them, so that one that was added in front does not make all others differ.
fn lists(path: &FieldPath, planned: &[Value], actual: &[Value], found: &mut Vec<Difference>) {
    let (Some(before), Some(after)) = (names(planned), names(actual)) else {
        return differs(path, planned, actual, found);
    };
    let kept_before: Vec<&str> = before.iter().copied().filter(|name| after.contains(name)).collect();
    let kept_after: Vec<&str> = after.iter().copied().filter(|name| before.contains(name)).collect();
    if kept_before != kept_after {
        return differs(path, planned, actual, found);
    }
    let of = |list: &'_ [Value], name: &str| list.iter().find(|item| item.get("name").and_then(Value::as_str) == Some(name)).cloned();
    let every: Vec<&str> = before.iter().copied().chain(after.iter().copied().filter(|name| !before.contains(name))).collect();
    for name in every {
        compare(&path.clone().element("name", name), of(planned, name).as_ref(), of(actual, name).as_ref(), found);
    }
}

fn differs(path: &FieldPath, planned: &[Value], actual: &[Value], found: &mut Vec<Difference>) {
    let shown = |list: &[Value]| Some(shown(path, &Value::Array(list.to_vec())));
    found.push(Difference { path: Excerpt::event(&path.to_string()).to_string(), planned: shown(planned), actual: shown(actual) });
}

/// The names of a list's elements, where each has one of its own.
fn names(list: &[Value]) -> Option<Vec<&str>> {
    let names: Vec<&str> = list.iter().map(|item| item.get("name").and_then(Value::as_str)).collect::<Option<_>>()?;
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    (distinct.len() == names.len()).then_some(names)
}

fn shown(path: &FieldPath, value: &Value) -> String {
    match diff::beside(path, value) {
        // The mark alone, which no object can have: texts are written out in ASCII before.
        Value::String(mark) if mark.starts_with('⟦') => mark,
        beside => Excerpt::capture(&beside.to_string(), VALUE_LIMIT).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planner::example::deployment;
    use proptest::prelude::*;
    use serde_json::json;

    fn said(change: impl FnOnce(&mut Value)) -> String {
        let mut planned = deployment();
        planned["metadata"]["labels"] = json!({"team": "a"});
        let mut answer = planned.clone();
        change(&mut answer);
        in_words(&differences(&planned, &answer, &[])).unwrap_or_default()
    }

    #[test]
    fn what_the_server_keeps_for_itself_is_no_difference() {
        let text = said(|answer| {
            answer["metadata"]["generation"] = json!(4);
            answer["metadata"]["resourceVersion"] = json!("8");
            answer["metadata"]["managedFields"] = json!([{"manager": "kubemend"}]);
            answer["metadata"]["finalizers"] = Value::Null;
            answer["status"] = json!({"replicas": 1});
        });
        assert_eq!(text, "");
    }

    #[test]
    fn container_that_was_added_in_front_is_the_one_difference() {
        let text = said(|answer| {
            let containers = answer.pointer_mut("/spec/template/spec/containers").unwrap().as_array_mut().unwrap();
            containers.insert(0, json!({"name": "evil", "securityContext": {"privileged": true}, "args": ["hunter2"]}));
            answer["spec"]["template"]["spec"]["hostNetwork"] = json!(true);
        });
        assert_eq!(
            text,
            "spec.template.spec.containers[name=evil] (planned: not set, actual: \
             {\"name\":\"evil\",\"securityContext\":{\"privileged\":true},\"args\":[\"⟦not shown⟧\"]}); \
             spec.template.spec.hostNetwork (planned: not set, actual: true)"
        );
    }

    #[test]
    fn order_of_containers_is_a_difference() {
        let text = said(|answer| answer.pointer_mut("/spec/template/spec/containers").unwrap().as_array_mut().unwrap().reverse());
        assert!(text.starts_with("spec.template.spec.containers (planned: ["), "{text}");
    }

    /// Where the webhook puts it, whatever the field is called, and whatever else stands there.
    fn planted() -> impl Strategy<Value = (Vec<String>, Value)> {
        let place = prop::sample::select(vec![
            "/spec/template/spec/containers/0/args",
            "/spec/template/spec/containers/0/env",
            "/spec/template/spec/containers/0/tomorrow",
            "/spec/template/spec/containers/1",
            "/spec/template/spec/volumes",
            "/spec/template/metadata/annotations",
            "/metadata/annotations",
            "/metadata",
            "/spec",
            "/data",
            "",
        ]);
        let key = "[a-z][a-zA-Z]{3,9}X";
        (place, prop::collection::vec(key, 1..4), any::<bool>()).prop_map(|(place, keys, listed)| {
            let value = if listed { json!([{"name": "n", "value": "zebra-ring"}, "zebra-ring"]) } else { json!("zebra-ring") };
            let mut path: Vec<String> = place.split('/').skip(1).map(str::to_owned).collect();
            path.extend(keys);
            (path, value)
        })
    }

    fn plant(object: &mut Value, path: &[String], value: Value) {
        let Some((key, rest)) = path.split_first() else {
            *object = value;
            return;
        };
        if let (Some(list), Ok(index)) = (object.as_array_mut(), key.parse::<usize>()) {
            return plant(&mut list[index], rest, value);
        }
        if !object.is_object() {
            *object = json!({});
        }
        plant(&mut object[key], rest, value);
    }

    proptest! {
        #[test]
        fn nothing_that_admission_put_anywhere_comes_out_beside_its_name((path, value) in planted()) {
            let text = said(|answer| plant(answer, &path, value));
            prop_assert!(!text.is_empty() && !text.contains("zebra"), "{path:?}: {text}");
            let taken = said(|answer| plant(answer, &path, Value::Null));
            prop_assert!(!taken.contains("zebra"), "{taken}");
        }
    }

    #[test]
    fn values_that_may_be_credentials_are_named_and_not_shown() {
        for change in ["/spec/template/spec/containers/1/env/0/value", "/metadata/annotations/deployment.kubernetes.io~1revision"] {
            let text = said(|answer| *answer.pointer_mut(change).unwrap() = json!("canary"));
            assert!(!text.contains("canary") && text.contains("⟦not shown⟧"), "{text}");
        }
        let text = said(|answer| answer["spec"]["template"]["spec"]["containers"][0]["command"] = json!(["--password", "canary"]));
        assert!(!text.contains("canary") && text.contains("containers[name=log].command"), "{text}");
    }

    #[test]
    fn many_differences_are_counted_and_long_values_cut() {
        let text = said(|answer| {
            for number in 0..9 {
                answer["metadata"]["labels"][format!("l{number}")] = json!("x".repeat(1000));
            }
        });
        assert!(text.ends_with("; and 4 more") && text.len() < 1500, "{text}");
    }

    #[test]
    fn only_the_known_default_with_its_known_value_is_taken() {
        let planned = json!({"spec": {"size": 1}});
        let defaults = [("/spec/volumeMode", json!("Filesystem"))];
        let with = |mode: &str| differences(&planned, &json!({"spec": {"size": 1, "volumeMode": mode}}), &defaults);
        assert_eq!(with("Filesystem"), []);
        assert_eq!(with("Block").len(), 1);
    }
}
