//! Looks on the real cluster, over MCP: a crash whose cause stands in the log only, and what the API server's own tables, logs and Events
//! say of it.

use super::world;
use crate::support::notes::did_not_run;
use crate::support::objects::documents;
use crate::support::server::Start;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A database that nobody gave a password: its program says so, and nothing else does.
const DATABASE: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: ledger}
spec:
  serviceName: ledger
  replicas: 1
  selector: {matchLabels: {app: ledger}}
  template:
    metadata: {labels: {app: ledger}}
    spec:
      containers: [{name: postgres, image: 'postgres:16', env: [{name: MOTTO, value: look-canary}]}]
---
apiVersion: v1
kind: Service
metadata: {name: ledger}
spec: {clusterIP: None, selector: {app: ledger}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ledger-config}
data: {LEVEL: debug, DB_PASSWORD: look-canary}
";

#[tokio::test]
async fn crash_whose_cause_is_only_in_the_log_is_shown_and_can_be_looked_into() {
    let world = world!();
    if world.run.is_none() {
        did_not_run("looks on a real cluster", "it needs the made image postgres:16");
        return;
    }
    let place = world.place("ledgers").await;
    for object in documents(DATABASE) {
        place.apply(&object).await;
    }
    let pod = format!("/api/v1/namespaces/{}/pods/ledger-0", place.name);
    let begin = Instant::now();
    // After three restarts the kubelet waits for 40 seconds: it does not run again while this is being read.
    let waits = |pod: &Value| {
        let status = &pod["status"]["containerStatuses"][0];
        status["state"]["waiting"]["reason"] == "CrashLoopBackOff" && status["restartCount"].as_u64().is_some_and(|count| count >= 3)
    };
    while world.get(&pod).await.map_or(true, |pod| !waits(&pod)) {
        assert!(begin.elapsed() < Duration::from_secs(120), "the database does not crash");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let server = Start::with(&world.kubeconfig("reader")).run().await;
    let said = server.call("analyze", json!({"issue": "the ledger keeps crashing", "namespace": place.name})).await;
    let first = said.report["observations"].as_array().cloned().unwrap_or_default();
    assert!(first.iter().any(|seen| seen["text"].as_str().unwrap().contains("superuser password is not specified")), "{:#}", said.report);

    let session = said.report["session"].clone();
    let look = json!([
        {"probe": "list", "kind": "pods"},
        {"probe": "describe", "object": "statefulset/ledger"},
        {"probe": "describe", "object": "service/ledger"},
        {"probe": "logs", "object": "pod/ledger-0", "previous": true},
        {"probe": "events", "object": "pod/ledger-0"},
        {"probe": "get", "object": "configmap/ledger-config"},
        {"probe": "list", "kind": "nodes"},
        {"probe": "get", "object": "pod/ledger-1"},
    ]);
    let looked = server.call("analyze", json!({"sessionId": session, "look": look})).await;
    assert!(!looked.error, "{}", looked.text);
    let seen: Vec<Value> = looked.report["observations"].as_array().unwrap()[first.len()..].to_vec();
    assert_eq!(seen.len(), 7, "{seen:#?}");
    for (observation, parts) in seen.iter().zip([
        &["NAME", "READY", "STATUS", "RESTARTS", "ledger-0", "0/1"][..],
        &["Pods with `app=ledger`", "ledger-0", "image: postgres:16"],
        &["addresses", "clusterIP: None"],
        &["superuser password is not specified"],
        &["BackOff", "(says it is kubelet)"],
        &["LEVEL: debug"],
        &["NAME", "STATUS", "VERSION"],
    ]) {
        for part in parts {
            assert!(observation["text"].as_str().unwrap().contains(part), "`{part}`: {observation:#}");
        }
    }
    assert!(looked.text.contains(&format!("there is no Pod `ledger-1` in `{}`; did you mean `ledger-0`?", place.name)), "{}", looked.text);
    assert!(!format!("{}{:?}{:?}", looked.text, looked.report, said.report).contains("look-canary"));

    // What kinds are made of, and what the reader is allowed; the cluster of the tests measures no use, and that is the answer.
    let look = json!([
        {"probe": "api", "kind": "statefulsets", "field": "spec.updateStrategy"},
        {"probe": "api", "kind": "pods", "field": "spec.containers.livenessProb"},
        {"probe": "api"},
        {"probe": "can-i", "verb": "list", "kind": "pods"},
        {"probe": "can-i", "verb": "delete", "kind": "pods"},
        {"probe": "top"},
    ]);
    let asked = server.call("analyze", json!({"sessionId": session, "look": look})).await;
    for part in [
        "StatefulSet (apps/v1) `spec.updateStrategy`: object",
        "`rollingUpdate` (object)",
        "`spec.containers` has no field `livenessProb`",
        "did you mean `livenessProbe`?",
        "Kubernetes' own, of which these can be read: pods",
        "yes: kubemend's reader is allowed to list pods",
        "no: kubemend's reader is not allowed to delete pods",
        "this cluster has no metrics API",
    ] {
        assert!(!asked.error && asked.text.contains(part), "`{part}`: {}", asked.text);
    }
    server.stop().await;
    place.end().await;
}
