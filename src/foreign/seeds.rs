//! What the parsers are given to begin with: made from the cases in `fixtures`, and from what such files look like elsewhere.

use super::KEY;
use crate::clock::{CountingEntropy, SystemClock};
use crate::mcp::foreign::sealed;
use crate::session::record::tests::stored;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

const RECORDING: &str = "apiVersion: kubemend.dev/v1alpha1
kind: ClusterRecording
takenAt: 2026-11-23T12:00:00Z
cluster: {context: c, server: 's:6443', version: v1.37.2, uid: 0-1, pinned: 'sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}
namespace: shop
lists:
- {of: Pod, namespace: shop, complete: true, items: [{metadata: {name: web, namespace: shop}, spec: {containers: []}}]}
- {of: Node, missing: forbidden}
";

const KUBECONFIG: &str = "apiVersion: v1\nkind: Config\ncurrent-context: shop\ncontexts:\n- name: shop\n  context: {cluster: c, user: u, namespace: web}\n\
clusters:\n- name: c\n  cluster: {server: 'https://127.0.0.1:6443', certificate-authority-data: aGVsbG8=}\nusers:\n- name: u\n  user:\n    exec: {apiVersion: \
client.authentication.k8s.io/v1, command: login, interactiveMode: Never, args: [--for, me], env: [{name: A, value: b}]}\n";
const PLUGIN: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"abc","expirationTimestamp":"2030-01-01T00:00:00Z"}}"#;
const CERTIFICATE: &str =
    "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus:\n  clientCertificateData: |\n    a\n  clientKeyData: b\n";
const CONFIG: &str = "# what the operator wants\nconsent: ask\nmax-risk: low\ncontexts: [shop, staging]\nsettle: 5s\nstate-dir: ~/.local/state/kubemend\nread-only: false\n";

/// What the providers of language models send: streams, whole answers, and errors.
const PROVIDERS: &[&str] = &[
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\",\"reasoning_content\":\"b\"}}]}\n\ndata: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"c\",\
     \"function\":{\"name\":\"get\",\"arguments\":\"{}\"},\"extra_content\":{\"google\":{\"thought_signature\":\"s\"}}}]},\"finish_reason\":\"tool_calls\"}]}\n\n\
     data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":1}}}\n\ndata: [DONE]\n\n",
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":3,\"cache_read_input_tokens\":9}}}\n\n\
     data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n\
     data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"s\"}}\n\n\
     data: {\"type\":\"content_block_start\",\"index\":1,\"content_block\":{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"get\",\"input\":{}}}\n\n\
     data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n\
     data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"},\"usage\":{\"output_tokens\":4}}\n\ndata: {\"type\":\"message_stop\"}\n\n",
    r#"{"choices":[{"message":{"content":[{"type":"text","text":"a"}],"tool_calls":[{"function":{"name":"get","arguments":{"a":1}}}]},"finish_reason":"eos"}],"usage":null}"#,
    r#"{"content":[{"type":"text","text":"a"},{"type":"tool_use","id":"t","name":"get","input":{"a":1}}],"stop_reason":"max_tokens"}"#,
    r#"[{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}]"#,
];

type Seeds = BTreeMap<&'static str, Vec<Vec<u8>>>;

static SEEDS: LazyLock<Seeds> = LazyLock::new(made);

/// The seeds of every parser, by its name.
pub(super) fn seeds() -> Seeds {
    SEEDS.clone()
}

fn made() -> Seeds {
    let mut seeds = Seeds::new();
    let mut add = |name, text: String| seeds.entry(name).or_default().push(text.into_bytes());
    for (issue, namespace, items) in cases() {
        add("issue", issue.clone());
        add("text", issue.clone());
        let call = json!({"name": "remediate", "arguments": {"issue": issue, "namespace": namespace}, "_meta": {"progressToken": 1}});
        add("line", json!({"jsonrpc": "2.0", "id": issue, "method": "tools/call", "params": call}).to_string());
        add("arguments", json!({"issue": issue, "namespace": namespace, "objects": ["deployment/web"], "maxRiskLevel": "low"}).to_string());
        let of = |kind: &str| -> Vec<Value> { items.iter().filter(|item| item["kind"] == kind).cloned().collect() };
        let pods = of("Pod");
        let version = json!({"resourceVersion": "12", "continue": "eyJ2IjoibWV0YSJ9"});
        add("page", json!({"kind": "PodList", "apiVersion": "v1", "metadata": version, "items": pods}).to_string());
        let lines = pods.iter().map(|pod| json!({"type": "MODIFIED", "object": pod}).to_string());
        let bookmark = json!({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "13"}}}).to_string();
        let gone = json!({"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old resource version"}}).to_string();
        add("watch", std::iter::once(bookmark).chain(lines).chain([gone]).collect::<Vec<_>>().join("\n"));
        for item in items.iter().filter(|item| item["kind"] != "Event") {
            let kind = item["kind"].as_str().unwrap_or_default().to_lowercase();
            add("name", format!("{kind}/{}", item["metadata"]["name"].as_str().unwrap_or_default()));
        }
        for (kind, path) in [
            ("Pod", "spec.containers.#0.image"),
            ("Deployment", "spec.template.spec.containers.name=web.image"),
            ("Service", "spec.selector.app"),
        ] {
            of(kind).first().into_iter().for_each(|item| add("field", format!("{path}\n{item}")));
        }
        for item in items.iter().filter(|item| item["kind"] == "Pod" || item["kind"] == "ConfigMap").take(3) {
            add("shown", item.to_string());
            let name = &item["metadata"]["name"];
            add("look", json!({"probe": "get", "object": format!("pod/{}", name.as_str().unwrap_or_default()), "field": "spec.containers[name=app].env[0]"}).to_string());
            let row = json!({"cells": [name, "0/1", 3, null], "object": {"metadata": item["metadata"]}});
            let columns = json!([{"name": "Name", "priority": 0}, {"name": "Ready"}, {"name": "Restarts", "priority": 0}, {"name": "IP", "priority": 1}]);
            add("table", json!({"kind": "Table", "metadata": {"continue": "x"}, "columnDefinitions": columns, "rows": [row]}).to_string());
        }
        for event in of("Event").iter().take(3) {
            add("text", event["message"].as_str().unwrap_or_default().to_owned());
        }
        let named = |kind: &str| of(kind).into_iter().next();
        for object in ["Deployment", "Service", "PersistentVolumeClaim"].into_iter().filter_map(named) {
            add("write", object.to_string());
            let mut answer = object.clone();
            answer["metadata"]["annotations"]["example.com/added"] = json!("by a webhook");
            add("admission", format!("{object}\n{answer}"));
        }
        add("plans", Value::Array(items.clone()).to_string());
        add("objects", Value::Array(items).to_string());
    }
    for allowed in [json!(true), json!(false), json!("true")] {
        add("review", json!({"kind": "SelfSubjectAccessReview", "status": {"allowed": allowed, "reason": "RBAC"}}).to_string());
    }
    for (reason, code) in [("Forbidden", 403), ("AlreadyExists", 409), ("InternalError", 500)] {
        add("write", json!({"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": "it is refused"}).to_string());
    }
    for action in ["accept", "decline", "cancel"] {
        for decision in ["apply-7f3a", "change-nothing", "ask-later"] {
            add("answer", json!({"action": action, "content": {"decision": decision}}).to_string());
        }
    }
    add("state", sealed(Arc::new(SystemClock), Arc::new(CountingEntropy::from_seed(KEY))).unwrap());
    add("arguments", json!({"sessionId": format!("s-{}", "0".repeat(32)), "planDigest": format!("sha256:{}", "a".repeat(64))}).to_string());
    add(
        "arguments",
        json!({"sessionId": format!("s-{}", "0".repeat(32)), "executedCommands": ["kubectl rollout restart deployment/web"]}).to_string(),
    );
    for look in [
        json!({"probe": "logs", "object": "Pod/shop/web-0", "container": "app", "previous": true, "contains": "panic"}),
        json!({"probe": "list", "kind": "deploy", "namespace": "shop", "selector": "app=web"}),
        json!({"probe": "events"}),
    ] {
        add("look", look.to_string());
        add("arguments", json!({"sessionId": format!("s-{}", "0".repeat(32)), "look": [look]}).to_string());
    }
    PROVIDERS.iter().for_each(|reply| add("reply", (*reply).to_owned()));
    let reply = json!({"causes": [{"object": "Deployment/shop/web", "field": "spec.template.spec.containers[name=app].image", "found": "web:1",
                                   "title": "a", "explanation": "b", "confidence": 0.5, "cites": ["e1", "o2"]}],
                       "actions": [{"action": "patch", "object": "configmap/web", "set": [{"field": "data[\"app.conf\"]", "value": "x"}], "remove": ["data.a"]},
                                   {"action": "scale", "object": "deployment/web", "replicas": 2},
                                   {"action": "create", "manifest": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}}}]});
    add("conclusion", reply.to_string());
    add("calls", format!("conclude\n{reply}"));
    add("calls", "logs\n{\"object\": \"pod/shop/web-0\", \"previous\": true}".to_owned());
    add("calls", "conclude\n{\"open\": {\"why\": \"healthy\", \"explanation\": \"x\"}}".to_owned());
    add("arguments", json!({"sessionId": format!("s-{}", "0".repeat(32)), "proposal": reply}).to_string());
    add("log", format!("starting\n{}FATAL: no such host\n", "served a request\n".repeat(90)));
    for line in [
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7,"reason":"later"}}"#,
        r#"{"jsonrpc":"2.0","id":"q","result":{"action":"accept","content":{"decision":"apply-7f3a"}}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no dialog"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping","Method":"tools/list","params":{"a":1,"a":[{}]}}"#,
        r#"[{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"x","version":"1"}}}]"#,
    ] {
        add("line", line.to_owned());
    }
    add("kubeconfig", KUBECONFIG.to_owned());
    add("recording", RECORDING.to_owned());
    add("plugin", PLUGIN.to_owned());
    add("plugin", CERTIFICATE.to_owned());
    add("config", CONFIG.to_owned());
    add("text", "password=hunter2 \u{202e}gnp.exe\u{200b} [a](https://b.example) Authorization: Bearer abcdefghijklmnop".to_owned());
    add(
        "page",
        json!({"kind": "Status", "apiVersion": "v1", "code": 403, "reason": "Forbidden", "message": "pods is forbidden"}).to_string(),
    );
    let resource =
        json!({"resource": "secretstores", "responseKind": {"kind": "SecretStore"}, "scope": "Namespaced", "verbs": ["get", "list"]});
    let version = json!({"version": "v1", "resources": [resource, {"resource": "routes", "responseKind": {"kind": "Route"}, "scope": "Cluster", "verbs": ["get", "list"]}]});
    let groups = json!({"kind": "APIGroupDiscoveryList", "items": [{"metadata": {"name": "shop.example"}, "versions": [version]}]});
    add("discovery", groups.to_string());
    let group = json!({"name": "shop.example", "preferredVersion": {"version": "v1"}});
    let resources = json!([{"name": "routes", "kind": "Route", "namespaced": true, "verbs": ["get", "list"]}]);
    add("discovery", json!({"kind": "APIGroupList", "groups": [group], "resources": resources}).to_string());
    for bytes in stored() {
        seeds.entry("record").or_default().push(bytes);
    }
    seeds
}

/// The issue, the namespace and the recorded objects of every case.
fn cases() -> Vec<(String, String, Vec<Value>)> {
    let read = |path: std::path::PathBuf| -> Value { serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() };
    let mut folders: Vec<_> = std::fs::read_dir("fixtures/cases").unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let mut all = Vec::new();
    for folder in folders {
        let (scenario, recorded) = (read(folder.join("scenario.yaml")), read(folder.join("recorded/objects.yaml")));
        let namespace = scenario["namespace"].as_str().unwrap_or("default").to_owned();
        let issue = scenario["issue"].as_str().unwrap_or_default().replace("{namespace}", &namespace);
        all.push((issue, namespace, recorded["items"].as_array().unwrap().clone()));
    }
    assert!(!all.is_empty());
    all
}
