//! An object as a model is shown it: without what the server keeps for itself, without what everybody has by default, and without values
//! that may be secret. Values of variables are shown only where their form says that they are none: a number, an answer, an address.
//! Only what was masked whole can be taken apart: a value alone does not tell under which name it stands.

use super::allowed::Allowed;
use super::outcome::listed;
use super::values;
use crate::domain::canonical::sorted;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::masked::{Masked, shortened};
use crate::domain::namespace::Namespace;
use serde_json::Value;

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
/// Lists of a Pod that mean nothing where they are empty: elsewhere an empty one can be all that an object says.
const EMPTY: &[&str] = &["annotations", "tolerations", "volumeMounts", "volumes"];
/// What every Pod goes through, which says something only where it did not happen.
const PASSED: &[&str] = &["Initialized", "PodReadyToStartContainers", "PodScheduled"];
/// Volumes that every Pod gets.
const TOKEN_VOLUME: &str = "kube-api-access-";

/// An object, or a part of one, as it may be shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shown(Value);

impl Shown {
    /// The object, in that namespace unless it says another one.
    pub(super) fn of(value: Value, kind: &Kind, namespace: Option<&Namespace>, allowed: Allowed) -> Self {
        Self::made(value, kind, namespace, allowed, true)
    }

    /// The same with what everybody has: who asks for a field of it is not told that there is none.
    pub(super) fn entire(value: Value, kind: &Kind, namespace: Option<&Namespace>, allowed: Allowed) -> Self {
        Self::made(value, kind, namespace, allowed, false)
    }

    fn made(value: Value, kind: &Kind, namespace: Option<&Namespace>, allowed: Allowed, tidied: bool) -> Self {
        let mut value = allowed.of_object(value, namespace);
        if let Some(meta) = value.get_mut("metadata").and_then(Value::as_object_mut) {
            meta.retain(|key, _| !KEPT.contains(&key.as_str()));
            if let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
                annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
            }
        }
        if tidied {
            // What the kubelet set up: of a Pod without limits all that there is.
            if let Some(status) = value.get_mut("status").and_then(Value::as_object_mut).filter(|_| *kind == Kind::Pod) {
                status.retain(|key, _| !matches!(key.as_str(), "allocatedResources" | "resources"));
            }
            tidy(&mut value, matches!(kind, Kind::ConfigMap));
        }
        let mut value = values::masked(value);
        if let Some(annotations) = value.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
            annotations.values_mut().for_each(shorten);
        }
        Self(value)
    }

    /// A part of it.
    pub(super) fn part(&self, path: &FieldPath) -> Option<Self> {
        path.locate(&self.0).and_then(|at| at.current).map(Self)
    }

    /// As a text.
    pub(super) fn yaml(&self) -> Masked {
        Masked::whole(&serde_saphyr::to_string(&sorted(&self.0)).unwrap_or_else(|_| self.0.to_string()))
    }

    /// What it has in it, by its names.
    pub(super) fn members(&self) -> String {
        match &self.0 {
            Value::Object(members) if !members.is_empty() => listed(members.keys().map(String::as_str)),
            Value::Array(items) => {
                let name = |item: &Value| item.get("name").and_then(Value::as_str).map(|name| format!("[name={name}]"));
                let names: Vec<String> = items.iter().filter_map(name).collect();
                if names.is_empty() { format!("{} elements", items.len()) } else { listed(names.iter().map(String::as_str)) }
            }
            Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => "no members".to_owned(),
        }
    }

    /// As a value.
    pub(super) fn value(&self) -> &Value {
        &self.0
    }
}

fn shorten(annotation: &mut Value) {
    if let Value::String(text) = annotation {
        *text = shortened(text, ANNOTATION);
    }
}

/// Leaves out what says nothing. `whole`: every member says something, since a person wrote it.
fn tidy(value: &mut Value, whole: bool) {
    match value {
        Value::Object(members) => {
            if !whole {
                members.retain(|key, member| !is_noise(key, member));
            }
            for (key, member) in members.iter_mut() {
                tidy(member, whole || matches!(key.as_str(), "labels" | "annotations" | "data" | "matchLabels" | "selector"));
                if matches!(key.as_str(), "containerStatuses" | "initContainerStatuses") {
                    member.as_array_mut().into_iter().flatten().for_each(without_repetition);
                }
            }
            if !whole {
                members.retain(|key, member| !(EMPTY.contains(&key.as_str()) && is_empty(member)));
            }
        }
        Value::Array(items) => {
            items.retain(|item| {
                let name = item.get("name").and_then(Value::as_str).unwrap_or_default();
                !name.starts_with(TOKEN_VOLUME) && !is_usual_toleration(item) && !is_passed(item)
            });
            items.iter_mut().for_each(|item| tidy(item, whole));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn is_empty(member: &Value) -> bool {
    member.as_array().is_some_and(Vec::is_empty) || member.as_object().is_some_and(serde_json::Map::is_empty)
}

/// Of the state of a container what its spec says as well.
fn without_repetition(status: &mut Value) {
    if let Some(members) = status.as_object_mut() {
        members.retain(|key, _| !matches!(key.as_str(), "allocatedResources" | "resources" | "volumeMounts"));
    }
}

fn is_passed(condition: &Value) -> bool {
    let is = |key: &str, of: &[&str]| condition.get(key).and_then(Value::as_str).is_some_and(|text| of.contains(&text));
    is("status", &["True"]) && is("type", PASSED)
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
            let text = Shown::of(pod, &Kind::Pod, None, Allowed::default()).value().to_string();
            assert_eq!(text.contains(value), shown, "{text}");
        }
        let by_name = json!({"spec": {"containers": [{"name": "a", "env": [{"name": "DB_PASSWORD", "value": "12345678"}]}]}});
        assert!(!Shown::of(by_name, &Kind::Pod, None, Allowed::default()).value().to_string().contains("12345678"));
    }

    #[test]
    fn credentials_in_a_config_map_are_masked_whatever_their_form() {
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {
            "password": "hunter-canary", "token": "two\nlines-canary\n",
            "app.conf": "host = db\npassword = canary-in-a-file\nport = 5432\n",
            "key.pem": "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n", "level": "debug"},
            "binaryData": {"blob": "Y2FuYXJ5"}});
        let text = Shown::of(map, &Kind::ConfigMap, None, Allowed::default()).value().to_string();
        assert!(!text.contains("canary") && !text.contains("Y2FuYXJ5"), "{text}");
        assert!(
            text.contains("host = db") && text.contains("port = 5432") && text.contains("debug") && text.contains("(8 bytes, not shown)"),
            "{text}"
        );
    }

    #[test]
    fn values_of_annotations_are_shown_where_their_key_or_their_form_says_that_they_are_no_secret() {
        let template = |key: &str, value: &str| {
            let annotations = json!({"annotations": {key: value}});
            let deployment = json!({"metadata": annotations, "spec": {"template": {"metadata": annotations}}});
            Shown::of(deployment, &Kind::Deployment, None, Allowed::default()).value().to_string()
        };
        for (key, value, shown) in [
            ("example.com/hook", "cAnArYhook", false),
            ("hook", "canary", false),
            ("example.com/note", "two canaries", false),
            ("notkubernetes.io/hook", "canary", false),
            ("kubernetes.io.example.com/hook", "canary", false),
            ("nginx.ingress.kubernetes.io/auth-secret", "aB3dE5fG7hJ9kL1mN3pQ5", false),
            ("nginx.ingress.kubernetes.io/auth-url", "http://auth.shop.svc/check?user=a", false),
            ("kubernetes.io/change-cause", "roll out the new tag", true),
            ("kubernetes.io/change-cause", "kubectl set env deploy/web HOOK=cAnArYhook", false),
            ("nginx.ingress.kubernetes.io/configuration-snippet", "proxy_set_header X-Key canary;", false),
            ("nginx.ingress.kubernetes.io/auth-url", "https://auth.shop.svc/check", true),
            ("cert-manager.io/cluster-issuer", "letsencrypt-prod", true),
            ("alb.ingress.kubernetes.io/conditions.shop", r#"[{"field":"http-header","values":["cAnArYhook"]}]"#, false),
            ("ingress.kubernetes.io/custom-request-headers", "X-Origin-Verify:cAnArYhook", false),
            ("kubectl.kubernetes.io/restartedAt", "2026-11-27T12:00:00Z", true),
            ("nginx.ingress.kubernetes.io/whitelist-source-range", "10.0.0.0/8,192.168.0.0/16", true),
            ("example.com/inject", "false", true),
            ("example.com/port", "9090", true),
        ] {
            let text = template(key, value);
            assert_eq!(text.matches(value).count(), if shown { 2 } else { 0 }, "{key}: {text}");
            assert_eq!(text.matches(key).count(), 2, "{text}");
        }
    }

    #[test]
    fn annotations_that_are_no_map_are_hidden() {
        for annotations in [
            json!("kubernetes.io/hook: canary\nexample.com/other: canary"),
            json!(["hook: canary"]),
            json!([{"name": "kubernetes.io/hook", "value": "canary"}]),
        ] {
            let object = json!({"spec": {"podAnnotations": annotations, "port": 80}});
            let text = Shown::of(object, &Kind::Deployment, None, Allowed::default()).value().to_string();
            assert!(!text.contains("canary") && text.contains("80"), "{text}");
        }
    }

    #[test]
    fn what_everybody_has_is_left_out_and_what_somebody_chose_stays() {
        let pod = json!({"metadata": {"name": "web", "uid": "u", "managedFields": [1], "labels": {"priority": "0"},
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "canary", "note": "x".repeat(500)}},
            "spec": {"dnsPolicy": "ClusterFirst", "priority": 0, "schedulerName": "mine",
                "tolerations": [{"key": "node.kubernetes.io/not-ready", "tolerationSeconds": 300}, {"key": "gpu"}],
                "volumes": [{"name": "kube-api-access-x"}, {"name": "data"}]}});
        let shown = Shown::of(pod, &Kind::Pod, None, Allowed::default()).value().clone();
        assert_eq!(shown["spec"], json!({"schedulerName": "mine", "tolerations": [{"key": "gpu"}], "volumes": [{"name": "data"}]}));
        assert_eq!(shown["metadata"]["labels"], json!({"priority": "0"}));
        assert_eq!(shown["metadata"].as_object().unwrap().keys().collect::<Vec<_>>(), ["name", "labels", "annotations"]);
        assert!(shown["metadata"]["annotations"].to_string().len() < 250);
    }

    #[test]
    fn what_a_program_wrote_at_its_end_is_shown_only_where_its_log_is() {
        let status = |state: &str| json!({"name": "a", state: {"terminated": {"exitCode": 1, "message": "CANARY of its log"}}});
        let pod =
            json!({"status": {"containerStatuses": [status("state"), status("lastState")], "initContainerStatuses": [status("state")]}});
        let text = |logs| Shown::of(pod.clone(), &Kind::Pod, None, Allowed { logs, ..Allowed::default() }).value().to_string();
        assert_eq!(text(true).matches("CANARY").count(), 3);
        assert!(!text(false).contains("CANARY") && text(false).contains("exitCode"), "{}", text(false));
    }

    #[test]
    fn field_that_is_left_out_of_the_whole_is_there_for_who_asks_for_it() {
        let pod = json!({"status": {"containerStatuses": [{"name": "app", "resources": {"limits": {"memory": "64Mi"}}}],
            "conditions": [{"type": "PodScheduled", "status": "True"}]}, "spec": {"volumes": []}});
        for field in
            ["status.containerStatuses[name=app].resources.limits.memory", "status.conditions[type=PodScheduled].status", "spec.volumes"]
        {
            let path = FieldPath::parse(field).unwrap();
            assert!(Shown::entire(pod.clone(), &Kind::Pod, None, Allowed::default()).part(&path).is_some(), "{field}");
            assert!(Shown::of(pod.clone(), &Kind::Pod, None, Allowed::default()).part(&path).is_none(), "{field}");
        }
    }

    #[test]
    fn part_of_an_object_shows_no_more_than_the_whole() {
        let spec = json!({"spec": {"password": "hunter2-canary", "pin": 482710, "args": ["--token", "canary"], "list": ["--pw", "canary", "-v"],
            "params": [{"name": "password", "value": "canary"}], "env": [{"name": "X", "value": "canary"}]}});
        let whole = Shown::of(spec, &Kind::of("ex.io/v1", "Widget"), None, Allowed::default());
        for path in
            ["spec.password", "spec.pin", "spec.args[1]", "spec.list[1]", "spec.params[name=password].value", "spec.env[name=X].value"]
        {
            let part = whole.part(&FieldPath::parse(path).unwrap()).unwrap().yaml();
            assert!(part.as_str().starts_with("⟦redacted:") && !part.as_str().contains("canary"), "{path}: {}", part.as_str());
        }
        assert_eq!(whole.part(&FieldPath::parse("spec.list").unwrap()).unwrap().value()[2], "-v");
    }
}
