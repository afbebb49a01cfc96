//! A fix whose start takes longer than the operator waits: it is given its time, and nothing that still starts is rolled back.

use super::trial::{Trial, Who};
use super::world;
use crate::support::server::{Human, Opening};
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn start_that_takes_longer_than_the_operator_waits_is_waited_for_and_not_rolled_back() {
    let world = world!();
    let Some(trial) = Trial::of(&world, "image-tag-missing", Who::Two).await else { return };
    let path = format!("/apis/apps/v1/namespaces/{}/deployments/catalog", trial.place.name);
    let slow = json!({"spec": {"minReadySeconds": 10, "template": {"spec": {"containers": [
        {"name": "api", "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "initialDelaySeconds": 20}}
    ]}}}});
    world.ask("PATCH", &path, "application/strategic-merge-patch+json", slow.to_string().into_bytes()).await.unwrap();
    // The slow one is broken as well, once its node says so.
    let pods = format!("/api/v1/namespaces/{}/pods", trial.place.name);
    let is_broken = |pod: &Value| {
        pod["spec"]["containers"][0]["readinessProbe"]["initialDelaySeconds"] == 20
            && pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"].as_str().is_some_and(|reason| reason.contains("Pull"))
    };
    while !world.get(&pods).await.unwrap()["items"].as_array().unwrap().iter().any(is_broken) {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let start = trial.start(Human::Yes, Opening::Auto).env("KUBEMEND_VALIDATE_WITHIN", "5s").env("KUBEMEND_ON_FAILURE", "revert");
    let server = start.run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert_eq!(said.report["status"], "resolved", "{}", said.text);
    let told = said.report["plan"]["waitSeconds"].as_i64().unwrap();
    assert!(told > 35 && server.questions()[0].contains(&format!("within {told} s")), "{told}: {}", server.questions()[0]);
    if let Some(writes) = trial.writes() {
        assert_eq!(writes.len(), 1, "{writes:?}");
    }
    server.stop().await;
    trial.place.end().await;
}
