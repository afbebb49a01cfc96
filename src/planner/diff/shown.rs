//! Both sides of a change as a human is shown them: what changes as it is, and beside it nothing but names and structure.
//! Every text is in printable ASCII before it is laid out, so the mark for what is not shown cannot come from an object.

use crate::domain::field::{FieldPath, Segment};
use crate::domain::plan::STAMP;
use crate::domain::secrets::holds_one;
use crate::domain::visible::escaped;
use serde_json::{Map, Value};

/// Stands for a value beside the change.
pub(super) const NOT_SHOWN: &str = "⟦not shown⟧";

/// Members whose values are names all the way down: people decide on them.
const NAMES: &[&str] = &[
    "labels",
    "matchLabels",
    "matchExpressions",
    "selector",
    "nodeSelector",
    "accessModes",
    "limits",
    "requests",
    "capacity",
    "finalizers",
];

/// Members of which nothing but names is shown beside a change, all the way down: whatever somebody put there.
const CLOSED: &[&str] = &["args", "command", "data", "stringData", "binaryData", "caBundle"];

/// Texts that name something or choose one of a few words. Every other text may hold anything.
const WORDS: &[&str] = &[
    "apiGroup",
    "apiVersion",
    "claimName",
    "clusterIP",
    "devicePath",
    "divisor",
    "dnsPolicy",
    "effect",
    "externalTrafficPolicy",
    "fieldPath",
    "image",
    "imagePullPolicy",
    "internalTrafficPolicy",
    "ipFamilyPolicy",
    "key",
    "kind",
    "maxSurge",
    "maxUnavailable",
    "medium",
    "mountPath",
    "name",
    "namespace",
    "nodeName",
    "operator",
    "pathType",
    "podManagementPolicy",
    "port",
    "priorityClassName",
    "protocol",
    "resource",
    "restartPolicy",
    "runtimeClassName",
    "schedulerName",
    "secretName",
    "serviceAccount",
    "serviceAccountName",
    "serviceName",
    "sessionAffinity",
    "sizeLimit",
    "storage",
    "storageClassName",
    "subPath",
    "targetPort",
    "terminationMessagePath",
    "terminationMessagePolicy",
    "topologyKey",
    "type",
    "volumeAttributesClassName",
    "volumeMode",
    "volumeName",
    "whenUnsatisfiable",
];

/// A change that holds what looks like a credential, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credential {
    pub(super) path: String,
}

/// A place in an object.
#[derive(Debug, Clone)]
struct Place<'a> {
    holds: Holds,
    /// The member's name.
    key: &'a str,
    /// The name of the list element that it is in, such as a variable's.
    of: &'a str,
    path: String,
}

/// What is shown of the values there where they do not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Structure,
    Names,
    Annotations,
    Anything,
}

impl<'a> Place<'a> {
    fn root() -> Self {
        Self { holds: Holds::Structure, key: "", of: "", path: String::new() }
    }

    fn member(&self, key: &'a str) -> Self {
        let holds = match self.holds {
            Holds::Annotations if key == STAMP => Holds::Names,
            Holds::Annotations | Holds::Anything => Holds::Anything,
            Holds::Names => Holds::Names,
            Holds::Structure if key == "annotations" => Holds::Annotations,
            Holds::Structure if CLOSED.contains(&key) => Holds::Anything,
            Holds::Structure if NAMES.contains(&key) => Holds::Names,
            Holds::Structure => Holds::Structure,
        };
        let path = if self.path.is_empty() { escaped(key) } else { format!("{}.{}", self.path, escaped(key)) };
        Self { holds, key, of: self.of, path }
    }

    /// The place that a path leads to.
    fn at(path: &'a FieldPath) -> Self {
        path.segments().iter().fold(Self::root(), |place, segment| match segment {
            Segment::Key(key) => place.member(key),
            Segment::Element { value, .. } => Self { of: value, ..place },
            Segment::Position(_) => place,
        })
    }

    /// The host or the path of an Ingress, which tell which of its backends changes. Hosts and paths elsewhere may hold anything.
    fn is_a_route(&self) -> bool {
        let plain: String = self.path.chars().filter(|c| !c.is_ascii_digit()).collect();
        matches!(plain.as_str(), "spec.rules[].host" | "spec.rules[].http.paths[].path")
    }

    fn element(&self, index: usize, item: &'a Value) -> Self {
        let of = item.get("name").and_then(Value::as_str).unwrap_or(self.of);
        Self { of, path: format!("{}[{index}]", self.path), ..self.clone() }
    }
}

/// Both sides; one that is absent is an object that does not exist. An object that comes or goes is the change as a whole.
pub(super) fn sides(before: Option<&Value>, after: Option<&Value>) -> Result<(Option<Value>, Option<Value>), Credential> {
    match (before, after) {
        (Some(before), Some(after)) => both(&Place::root(), before, after).map(|(before, after)| (Some(before), Some(after))),
        (before, after) => {
            let whole = |side: Option<&Value>| side.map(|value| changed(&Place::root(), value)).transpose();
            Ok((whole(before)?, whole(after)?))
        }
    }
}

fn both<'a>(place: &Place<'a>, before: &'a Value, after: &'a Value) -> Result<(Value, Value), Credential> {
    if before == after {
        let beside = beside(place, before);
        return Ok((beside.clone(), beside));
    }
    match (before, after) {
        (Value::Object(before), Value::Object(after)) => {
            let (mut old, mut new) = (Map::new(), Map::new());
            for (key, value) in before {
                let place = place.member(key);
                let (name, (was, is)) = match after.get(key) {
                    Some(other) => {
                        let (was, is) = both(&place, value, other)?;
                        (escaped(key), (was, Some(is)))
                    }
                    None => (changed_name(&place)?, (changed(&place, value)?, None)),
                };
                old.insert(name.clone(), was);
                new.extend(is.map(|is| (name, is)));
            }
            for (key, value) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
                let place = place.member(key);
                new.insert(changed_name(&place)?, changed(&place, value)?);
            }
            Ok((Value::Object(old), Value::Object(new)))
        }
        (Value::Array(before), Value::Array(after)) => lists(place, before, after),
        (before, after) => Ok((changed(place, before)?, changed(place, after)?)),
    }
}

/// Lists of one length are the same elements; otherwise what both begin and end with is beside the change.
fn lists<'a>(place: &Place<'a>, before: &'a [Value], after: &'a [Value]) -> Result<(Value, Value), Credential> {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    if before.len() == after.len() {
        for (index, (was, is)) in before.iter().zip(after).enumerate() {
            let (was, is) = both(&place.element(index, was), was, is)?;
            old.push(was);
            new.push(is);
        }
        return Ok((Value::Array(old), Value::Array(new)));
    }
    let shorter = before.len().min(after.len());
    let first = before.iter().zip(after).take_while(|(was, is)| was == is).count();
    let last = before.iter().rev().zip(after.iter().rev()).take_while(|(was, is)| was == is).count().min(shorter.saturating_sub(first));
    for (list, shown) in [(before, &mut old), (after, &mut new)] {
        let until = list.len().saturating_sub(last);
        for (index, item) in list.iter().enumerate() {
            let place = place.element(index, item);
            shown.push(if index >= first && index < until { changed(&place, item)? } else { beside(&place, item) });
        }
    }
    Ok((Value::Array(old), Value::Array(new)))
}

/// A value that nobody decides on, at its place: the same of it as beside a change.
pub(super) fn beside_at(path: &FieldPath, value: &Value) -> Value {
    beside(&Place::at(path), value)
}

/// Beside the change: the structure with its names, and the values that name something.
fn beside(place: &Place<'_>, value: &Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (escaped(key), beside(&place.member(key), value))).collect()),
        Value::Array(items) => {
            Value::Array(items.iter().enumerate().map(|(index, item)| beside(&place.element(index, item), item)).collect())
        }
        Value::Null => Value::Null,
        Value::String(text) if names_something(place, text) => Value::String(escaped(text)),
        Value::Bool(_) | Value::Number(_) if matches!(place.holds, Holds::Structure | Holds::Names) => value.clone(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Value::String(NOT_SHOWN.to_owned()),
    }
}

fn names_something(place: &Place<'_>, text: &str) -> bool {
    match place.holds {
        Holds::Names => !holds_one(text),
        Holds::Structure => place.key == "image" || ((WORDS.contains(&place.key) || place.is_a_route()) && !holds_one(text)),
        Holds::Annotations | Holds::Anything => false,
    }
}

/// What changes is shown as it is, or not at all: a plan with a credential in it is not put to anybody.
fn changed(place: &Place<'_>, value: &Value) -> Result<Value, Credential> {
    Ok(match value {
        Value::Object(map) => {
            let mut shown = Map::new();
            for (key, value) in map {
                let place = place.member(key);
                shown.insert(changed_name(&place)?, changed(&place, value)?);
            }
            Value::Object(shown)
        }
        Value::Array(items) => {
            let items = items.iter().enumerate().map(|(index, item)| changed(&place.element(index, item), item));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        Value::String(text) => {
            if is_credential(place, text) {
                return Err(Credential { path: place.path.clone() });
            }
            Value::String(escaped(text))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    })
}

fn changed_name(place: &Place<'_>) -> Result<String, Credential> {
    if holds_one(place.key) { Err(Credential { path: place.path.clone() }) } else { Ok(escaped(place.key)) }
}

/// By itself, or behind the name that it has where that names no kind of value.
fn is_credential(place: &Place<'_>, text: &str) -> bool {
    let is_name = place.holds == Holds::Names || (place.holds == Holds::Structure && WORDS.contains(&place.key));
    let image = place.holds == Holds::Structure && place.key == "image";
    let named = |name: &str| !name.is_empty() && !text.is_empty() && holds_one(&format!("{name}={text}"));
    (!image && holds_one(text)) || (!is_name && (named(place.key) || named(place.of)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(before: &Value, after: &Value) -> (String, String) {
        let (before, after) = sides(Some(before), Some(after)).unwrap();
        (before.unwrap().to_string(), after.unwrap().to_string())
    }

    /// A Pod template with something in every place that holds what somebody put there.
    fn full(image: &str, canary: &str) -> Value {
        json!({
            "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"note": canary, "kubemend.dev/applied": "p-1/1"}},
            "data": {"key": canary}, "stringData": {"key": canary}, "binaryData": {"key": canary},
            "webhooks": [{"name": "w", "clientConfig": {"caBundle": canary}}],
            "spec": {"template": {"spec": {"hostAliases": [{"hostnames": [canary]}], "containers": [{
                "name": "app", "image": image, "args": ["--db-pass", canary], "command": ["sh", canary],
                "env": [{"name": "PASS", "value": canary}],
                "aFieldOfTomorrow": canary, "deep": [{"other": {"thing": canary}}],
                "lifecycle": {"postStart": {"exec": {"command": [canary]}}, "preStop": {"httpGet": {"path": canary}}},
                "livenessProbe": {"exec": {"command": [canary]}},
                "readinessProbe": {"httpGet": {"port": 80, "httpHeaders": [{"name": "X-Key", "value": canary}]}}
            }]}}}
        })
    }

    #[test]
    fn nothing_but_names_and_structure_stands_beside_a_change() {
        let (before, after) = shown(&full("web:1", "zebra-crossing"), &full("web:2", "zebra-crossing"));
        assert!(!before.contains("zebra") && !after.contains("zebra"), "{after}");
        for name in ["aFieldOfTomorrow", "PASS", "X-Key", "\"note\"", "\"port\":80", "\"app\":\"web\"", "web:2", "p-1/1"] {
            assert!(after.contains(name), "{name}: {after}");
        }
        assert_eq!(before.replace("web:1", "web:2"), after);
    }

    #[test]
    fn which_route_of_an_ingress_changes_is_shown_and_hosts_and_paths_of_others_are_not() {
        let ingress = |service: &str| {
            let to = |path: &str, name: &str| json!({"path": path, "pathType": "Prefix", "backend": {"service": {"name": name, "port": {"number": 80}}}});
            json!({"spec": {"rules": [{"host": "shop.example", "http": {"paths": [to("/blog", "blog"), to("/pay", service), to("/h?token=zebra-crossing", "x")]}}],
                   "template": {"spec": {"hostAliases": [{"host": "zebra", "path": "zebra"}]}}, "host": "zebra", "path": "zebra"}})
        };
        let (before, after) = shown(&ingress("pay"), &ingress("shop"));
        for name in ["shop.example", "/blog", "/pay", "Prefix"] {
            assert!(before.contains(name) && after.contains(name), "{name}: {after}");
        }
        assert!(!after.contains("zebra"), "{after}");
    }

    #[test]
    fn what_changes_is_shown_as_it_is() {
        let env = |value: &str| json!({"env": [{"name": "MODE", "value": value}, {"name": "OTHER", "value": "x"}]});
        let (before, after) = shown(&env("a"), &env("b\u{202e}"));
        assert!(before.contains(r#""value":"a""#) && before.contains(NOT_SHOWN), "{before}");
        assert!(after.contains(r"b\\u{202e}"), "{after}");
    }

    #[test]
    fn change_that_holds_a_credential_is_not_shown_in_part() {
        let at = |before: Value, after: Value| sides(Some(&before), Some(&after)).map(drop).map_err(|c| c.path);
        let env = |value: &str| json!({"env": [{"name": "DB_PASSWORD", "value": value}]});
        assert_eq!(at(env("a"), env("b")), Err("env[0].value".to_owned()));
        assert_eq!(at(json!({"note": "x"}), json!({"note": "redis://:pw@cache"})), Err("note".to_owned()));
        assert_eq!(at(json!({}), json!({"apiKey": "x"})), Err("apiKey".to_owned()));
        let image = |tag: &str| json!({"image": format!("example/refresh-token:{tag}")});
        assert_eq!(at(image("2.0.1"), image("2.0.2")), Ok(()));
        let label = |value: &str| json!({"spec": {"selector": {"token": value}}});
        assert_eq!(at(label("a"), label("b")), Ok(()));
    }

    #[test]
    fn element_that_joins_a_list_is_the_change_and_the_others_stand_beside_it() {
        let list = |items: Vec<&str>| json!({"args": items});
        let (before, after) = shown(&list(vec!["a", "b"]), &list(vec!["a", "c", "b"]));
        let mark = NOT_SHOWN;
        assert_eq!(before, format!(r#"{{"args":["{mark}","{mark}"]}}"#));
        assert_eq!(after, format!(r#"{{"args":["{mark}","c","{mark}"]}}"#));
    }

    #[test]
    fn mark_of_what_is_not_shown_cannot_come_from_an_object() {
        let (before, after) = shown(&json!({"image": NOT_SHOWN, "name": NOT_SHOWN}), &json!({"image": "x", "name": NOT_SHOWN}));
        assert!(!before.contains('⟦') && !after.contains('⟦'), "{before}");
    }
}
