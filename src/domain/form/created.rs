//! Manifests of new objects that somebody states: each closed, with nothing in it but what it cannot be without. What an object of that
//! name is needed for, and so what it may hold, only the cluster tells.

use super::super::name::is_dns;
use super::super::secrets::{holds_one, is_one, names_one};
use super::super::visible::is_hidden;
use super::parts::{SETTING, amount, is_port_name};
use serde_json::{Map, Value};

/// Gigabytes of a claim that somebody states.
const CLAIM: f64 = 100.0;
/// Ports of a Service, and keys of a ConfigMap: as many as a human compares in a question.
const PARTS: usize = 8;

/// Whether the object at this place has no other members than these.
fn only(manifest: &Value, pointer: &str, names: &[&str]) -> bool {
    let members = manifest.pointer(pointer).and_then(Value::as_object);
    members.is_some_and(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

/// What every manifest says of itself: its kind and its name, and of its metadata no more.
fn is_plain(manifest: &Value, parts: &[&str]) -> bool {
    only(manifest, "", &[&["apiVersion", "kind", "metadata"], parts].concat()) && only(manifest, "/metadata", &["name", "namespace"])
}

fn text<'v>(manifest: &'v Value, pointer: &str) -> Option<&'v str> {
    manifest.pointer(pointer).and_then(Value::as_str)
}

/// A claim says its name, its size, its access and its class, and nothing else.
pub(super) fn claim(manifest: &Value) -> Option<String> {
    let modes = manifest.pointer("/spec/accessModes").and_then(Value::as_array);
    let known = |mode: &Value| matches!(mode.as_str(), Some("ReadWriteOnce" | "ReadOnlyMany" | "ReadWriteMany" | "ReadWriteOncePod"));
    let size = text(manifest, "/spec/resources/requests/storage").and_then(amount);
    let fits = is_plain(manifest, &["spec"])
        && only(manifest, "/spec", &["accessModes", "resources", "storageClassName"])
        && only(manifest, "/spec/resources", &["requests"])
        && only(manifest, "/spec/resources/requests", &["storage"])
        && modes.is_some_and(|modes| modes.len() == 1 && modes.iter().all(known))
        && size.is_some_and(|size| size <= CLAIM * 1e9)
        && text(manifest, "/spec/storageClassName").is_some_and(|class| !class.is_empty());
    (!fits).then(|| {
        format!("a claim that is proposed has a name, one access mode, `resources.requests.storage` of at most {CLAIM}G, a `storageClassName`, and nothing else")
    })
}

/// A ServiceAccount says its name, and with which Secrets images are pulled.
pub(super) fn account(manifest: &Value) -> Option<String> {
    let named = |one: &Value| only(one, "", &["name"]) && text(one, "/name").is_some_and(|name| is_dns(name, 253, true));
    let pulls = manifest
        .get("imagePullSecrets")
        .is_none_or(|all| all.as_array().is_some_and(|all| (1..=PARTS).contains(&all.len()) && all.iter().all(named)));
    let fits = is_plain(manifest, &["imagePullSecrets"]) && pulls;
    (!fits)
        .then(|| "a ServiceAccount that is proposed has a name, `imagePullSecrets` where others use the same, and nothing else".to_owned())
}

/// A Service says whom it selects and by which ports, inside the cluster.
pub(super) fn service(manifest: &Value) -> Option<String> {
    let label = |value: &Value| value.as_str().is_some();
    let selector = manifest.pointer("/spec/selector").and_then(Value::as_object);
    let number = |value: &Value| value.as_u64().is_some_and(|port| (1..=65_535).contains(&port));
    let port = |one: &Value| {
        only(one, "", &["name", "port", "targetPort", "protocol"])
            && one.get("port").is_some_and(number)
            && one.get("name").is_none_or(|name| name.as_str().is_some_and(is_port_name))
            && one.get("targetPort").is_none_or(|to| number(to) || to.as_str().is_some_and(is_port_name))
            && one.get("protocol").is_none_or(|protocol| matches!(protocol.as_str(), Some("TCP" | "UDP")))
    };
    let ports = manifest.pointer("/spec/ports").and_then(Value::as_array);
    let fits = is_plain(manifest, &["spec"])
        && only(manifest, "/spec", &["clusterIP", "selector", "ports"])
        && manifest.pointer("/spec/clusterIP").is_none_or(|ip| ip == "None")
        && selector.is_some_and(|labels| !labels.is_empty() && labels.values().all(label))
        && ports.is_some_and(|ports| (1..=PARTS).contains(&ports.len()) && ports.iter().all(port));
    (!fits).then(|| {
        "a Service that is proposed has a name, `spec.selector`, `spec.ports` with `name`, `port`, `targetPort` and `protocol`, `spec.clusterIP` only as `None`, and nothing else".to_owned()
    })
}

/// A ConfigMap says its keys and their texts, of which none can be a credential.
pub(super) fn settings(manifest: &Value) -> Option<String> {
    let data = manifest.get("data").and_then(Value::as_object);
    let Some(data) = data.filter(|data| (1..=PARTS).contains(&data.len()) && is_plain(manifest, &["data"])) else {
        return Some(format!("a ConfigMap that is proposed has a name, `data` with 1 to {PARTS} keys, and nothing else"));
    };
    setting_of(data)
}

fn setting_of(data: &Map<String, Value>) -> Option<String> {
    data.iter().find_map(|(key, value)| {
        let Some(value) = value.as_str() else { return Some("a key of a ConfigMap has a text".to_owned()) };
        if names_one(key) || holds_one(value) || is_one(key, value) {
            return Some("what is proposed for a key can be a credential, so no ConfigMap is created with it".to_owned());
        }
        let fits = !value.trim().is_empty() && value.len() <= SETTING && !value.chars().any(is_hidden);
        (!fits).then(|| format!("a key of a ConfigMap has a text of at most {SETTING} bytes that is not empty and can be read in full"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// Whether each of these manifests is refused that has this in its place.
    fn refused(form: fn(&Value) -> Option<String>, good: &Value, bad: Vec<(&str, Value)>) {
        assert_eq!(form(good), None);
        for (pointer, value) in bad {
            let mut other = good.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            match other.pointer_mut(parent).unwrap() {
                Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
                members => drop(members.as_object_mut().unwrap().insert(name.to_owned(), value)),
            }
            assert!(form(&other).is_some(), "{pointer}");
        }
    }

    #[test]
    fn claim_says_no_more_than_it_needs() {
        let good = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "shop"},
                          "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "resources": {"requests": {"storage": "1Gi"}}}});
        let bad = vec![
            ("/metadata/labels", json!({"a": "b"})),
            ("/metadata/ownerReferences", json!([])),
            ("/spec/volumeName", json!("pv-of-somebody")),
            ("/spec/dataSource", json!({})),
            ("/spec/resources/requests/storage", json!("10Ti")),
            ("/spec/accessModes", json!(["ReadWriteOnce", "ReadWriteMany"])),
            ("/spec/storageClassName", json!("")),
            ("/status", json!({})),
        ];
        refused(claim, &good, bad);
    }

    #[test]
    fn account_brings_no_token_and_no_annotation() {
        let good =
            json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}, "imagePullSecrets": [{"name": "hub"}]});
        let bad = vec![
            ("/secrets", json!([{"name": "token"}])),
            ("/automountServiceAccountToken", json!(true)),
            ("/automountServiceAccountToken", json!(false)),
            ("/metadata/annotations", json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/admin"})),
            ("/metadata/labels", json!({})),
            ("/imagePullSecrets/0", json!({"name": "../x"})),
            ("/imagePullSecrets", json!([])),
        ];
        refused(account, &good, bad);
    }

    #[test]
    fn service_is_one_inside_the_cluster_that_selects_somebody() {
        let good = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"},
                          "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"name": "sql", "port": 5432, "targetPort": "sql", "protocol": "TCP"}]}});
        let bad = vec![
            ("/spec/type", json!("LoadBalancer")),
            ("/spec/externalIPs", json!(["10.0.0.1"])),
            ("/spec/externalName", json!("evil.example")),
            ("/spec/clusterIP", json!("10.96.0.10")),
            ("/spec/publishNotReadyAddresses", json!(true)),
            ("/spec/selector", json!({})),
            ("/spec/selector", json!({"app": 1})),
            ("/spec/ports", json!([])),
            ("/spec/ports/0", json!({"port": 0})),
            ("/spec/ports/0", json!({"port": 80, "nodePort": 30_080})),
            ("/spec/ports/0", json!({"port": 80, "targetPort": "Not A Name"})),
            ("/metadata/annotations", json!({"service.beta.kubernetes.io/x": "y"})),
        ];
        refused(service, &good, bad);
    }

    #[test]
    fn settings_are_texts_that_are_no_credentials_and_never_none() {
        let good = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": {"LEVEL": "info"}});
        let bad = vec![
            ("/data", json!({})),
            ("/data/LEVEL", json!("")),
            ("/data/LEVEL", json!(" ")),
            ("/data/LEVEL", json!(1)),
            ("/data/LEVEL", json!("a\u{200b}b")),
            ("/data/LEVEL", json!("x".repeat(5_000))),
            ("/data/LEVEL", json!("password=hunter2secret")),
            ("/data/DB_PASSWORD", json!("x")),
            ("/binaryData", json!({})),
            ("/immutable", json!(true)),
        ];
        refused(settings, &good, bad);
    }
}
