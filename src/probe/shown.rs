//! An object as a model is shown it: without what the server keeps for itself, without what everybody has by default, and without values
//! that may be secret. Values of variables are shown only where their form says that they are none: a number, an answer, an address.

use crate::domain::kind::Kind;
use crate::domain::secrets::{holds_one, redacted};
use serde_json::{Map, Value};

/// Stands for a variable's value.
const VARIABLE: &str = "⟦redacted:env⟧";
/// Stands for a value under a name that credentials have.
const CREDENTIAL: &str = "⟦redacted:value⟧";
/// Characters of an annotation that are shown.
const ANNOTATION: usize = 200;

/// What the server keeps for itself in `metadata`.
const KEPT: &[&str] = &["managedFields", "resourceVersion", "uid", "selfLink", "generateName"];
/// What every object of some kind has unless somebody chose otherwise, and what says the same twice.
const DEFAULTS: &[(&str, &str)] = &[
    ("dnsPolicy", "ClusterFirst"),
    ("enableServiceLinks", "true"),
    ("internalTrafficPolicy", "Cluster"),
    ("preemptionPolicy", "PreemptLowerPriority"),
    ("priority", "0"),
    ("progressDeadlineSeconds", "600"),
    ("resources", "{}"),
    ("restartPolicy", "Always"),
    ("revisionHistoryLimit", "10"),
    ("schedulerName", "default-scheduler"),
    ("securityContext", "{}"),
    ("sessionAffinity", "None"),
    ("terminationGracePeriodSeconds", "30"),
    ("terminationMessagePath", "/dev/termination-log"),
    ("terminationMessagePolicy", "File"),
];
/// Members that name nothing that anybody looks for.
const NOISE: &[&str] =
    &["containerID", "imageID", "hostIPs", "podIPs", "lastProbeTime", "lastUpdateTime", "observedGeneration", "uid", "resourceVersion"];
/// Volumes that every Pod gets.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// The object as it may be shown.
pub(super) fn object(mut value: Value, kind: &Kind) -> Value {
    if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.retain(|key, _| !KEPT.contains(&key.as_str()));
        if let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
            annotations.values_mut().for_each(shorten);
        }
    }
    let data = matches!(kind, Kind::ConfigMap);
    tidy(&mut value, data);
    value
}

fn shorten(annotation: &mut Value) {
    if let Value::String(text) = annotation
        && text.chars().count() > ANNOTATION
    {
        *text = text.chars().take(ANNOTATION).chain(['…']).collect();
    }
}

/// Goes through a value and all that is in it. `whole`: every member says something, since a person wrote it.
fn tidy(value: &mut Value, whole: bool) {
    match value {
        Value::Object(members) => {
            if !whole {
                members.retain(|key, member| !is_noise(key, member));
            }
            mask(members);
            for (key, member) in members.iter_mut() {
                match member {
                    Value::Array(items) if key == "env" => items.iter_mut().filter_map(Value::as_object_mut).for_each(mask_variable),
                    Value::Object(binary) if key == "binaryData" => binary.values_mut().for_each(only_size),
                    member => tidy(member, whole || matches!(key.as_str(), "labels" | "annotations" | "data" | "matchLabels" | "selector")),
                }
            }
        }
        Value::Array(items) => {
            items.retain(|item| {
                let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
                !name.starts_with(TOKEN_VOLUME) && !is_usual_toleration(item)
            });
            items.iter_mut().for_each(|item| tidy(item, whole));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_noise(key: &str, member: &Value) -> bool {
    let text = || member.as_str().map_or_else(|| member.to_string(), str::to_owned);
    member.is_null() || NOISE.contains(&key) || DEFAULTS.iter().any(|(name, usual)| *name == key && text() == *usual)
}

/// What the API server adds to every Pod: it leaves a node that is away for five minutes.
fn is_usual_toleration(item: &Value) -> bool {
    let key = item.get("key").and_then(Value::as_str).unwrap_or_default();
    matches!(key, "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable")
        && item.get("tolerationSeconds").and_then(Value::as_i64) == Some(300)
}

/// Values under names that credentials have, and credentials in values of several lines, which are known by their lines.
fn mask(members: &mut Map<String, Value>) {
    for (key, member) in members.iter_mut() {
        let Value::String(text) = member else { continue };
        if key == "caBundle" {
            only_size(member);
        } else if text.len() > 3 && holds_one(&format!("{key}: {}", one_word(text))) {
            *member = CREDENTIAL.into();
        } else if let std::borrow::Cow::Owned(masked) = redacted(text) {
            *text = masked;
        }
    }
}

/// What stands for the value where only its name can tell: of several lines none stands behind the name.
fn one_word(text: &str) -> &str {
    if text.trim_end().contains('\n') { "q7Zt2Lw9" } else { text }
}

fn only_size(value: &mut Value) {
    if let Value::String(text) = value {
        *value = format!("({} bytes, not shown)", text.len()).into();
    }
}

/// A variable's value, unless its form says that it is no secret and its name does not say that it is one.
fn mask_variable(variable: &mut Map<String, Value>) {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if let Some(Value::String(text)) = variable.get_mut("value")
        && (!is_plain(text) || holds_one(&format!("{name}={text}")))
    {
        *text = VARIABLE.to_owned();
    }
}

/// A number, an answer, a level, a duration; or an address of host and port, of a host with dots, or of a scheme, without anything
/// that names a user or asks for something.
fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] =
        &["true", "false", "yes", "no", "on", "off", "debug", "info", "warn", "warning", "error", "production", "staging", "development"];
    let number = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit() || b"._-smhdkKMGTi".contains(&b));
    text.is_empty() || number || WORDS.contains(&text.to_ascii_lowercase().as_str()) || is_address(text)
}

fn is_address(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let (place, path) = rest.split_once('/').map_or((rest, ""), |(place, path)| (place, path));
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    // A word with many digits among its letters is a key rather than a name.
    let is_name = |l: &str| l.len() <= 40 && l.bytes().filter(u8::is_ascii_digit).count() <= 8;
    let scheme_fits = scheme.is_none_or(|s| s.len() <= 16 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'));
    let port_fits = port.is_none_or(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    let path_fits = path.len() <= 60 && path.split('/').all(|part| part.is_empty() || (label(part) && is_name(part) && part.len() <= 24));
    let told = scheme.is_some() || port.is_some() || host.contains('.');
    told && scheme_fits && port_fits && path_fits && host.split('.').all(|part| label(part) && is_name(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_of_variables_are_shown_only_where_they_are_no_secret_by_their_form() {
        for (value, shown) in [
            ("8080", true),
            ("30s", true),
            ("true", true),
            ("debug", true),
            ("db:5432", true),
            ("db.shop.svc", true),
            ("http://api.shop.svc:8080/v1", true),
            ("postgres://db/shop", true),
            ("hunter2", false),
            ("hunter2canary", false),
            ("postgres://u:p@db/shop", false),
            ("http://api/?key=abc", false),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", false),
            ("0123456789abcdef0123456789abcdef.example", false),
            ("two words", false),
            ("https://hooks.example.com/services/t000/b000/xxxxxxxxxxxxxxxxxxxxxxxx1", false),
        ] {
            let pod = json!({"spec": {"containers": [{"name": "a", "env": [{"name": "SETTING", "value": value}]}]}});
            let text = object(pod, &Kind::Pod).to_string();
            assert_eq!(text.contains(value), shown, "{text}");
        }
        let by_name = json!({"spec": {"containers": [{"name": "a", "env": [{"name": "DB_PASSWORD", "value": "12345678"}]}]}});
        assert!(!object(by_name, &Kind::Pod).to_string().contains("12345678"));
    }

    #[test]
    fn credentials_in_a_config_map_are_masked_whatever_their_form() {
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {
            "password": "hunter-canary", "token": "two\nlines-canary\n",
            "app.conf": "host = db\npassword = canary-in-a-file\nport = 5432\n",
            "key.pem": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n", "level": "debug"},
            "binaryData": {"blob": "Y2FuYXJ5"}});
        let text = object(map, &Kind::ConfigMap).to_string();
        assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "{text}");
        assert!(
            text.contains("host = db") && text.contains("port = 5432") && text.contains("debug") && text.contains("(8 bytes, not shown)"),
            "{text}"
        );
    }

    #[test]
    fn what_everybody_has_is_left_out_and_what_somebody_chose_stays() {
        let pod = json!({"metadata": {"name": "web", "uid": "u", "managedFields": [1], "labels": {"priority": "0"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary", "note": "x".repeat(500)}},
            "spec": {"dnsPolicy": "ClusterFirst", "priority": 0, "schedulerName": "mine",
                "tolerations": [{"key": "node.kubernetes.io/not-ready", "tolerationSeconds": 300}, {"key": "gpu"}],
                "volumes": [{"name": "kube-api-access-x"}, {"name": "data"}]}});
        let shown = object(pod, &Kind::Pod);
        assert_eq!(shown["spec"], json!({"schedulerName": "mine", "tolerations": [{"key": "gpu"}], "volumes": [{"name": "data"}]}));
        assert_eq!(shown["metadata"]["labels"], json!({"priority": "0"}));
        assert_eq!(shown["metadata"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "labels", "annotations"]);
        assert!(shown["metadata"]["annotations"].to_string().len() < 250);
    }
}
