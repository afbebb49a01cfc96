//! A server that is killed in the middle, on a case that was applied as a user applies it.

use super::trial::{Trial, Who};
use super::world;
use crate::support::case::Case;
use crate::support::server::{Human, Opening};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn server_killed_after_its_write_has_written_once_and_the_next_one_finds_nothing_left_to_do() {
    let world = world!();
    let Some(trial) = Trial::of(&world, "database-pod-pending", Who::Two).await else { return };
    let state = tempfile::tempdir().unwrap();
    let start = || trial.start(Human::Yes, Opening::Auto).env("XDG_STATE_HOME", state.path());
    let server = start().run().await;
    let claims = format!("/api/v1/namespaces/{}/persistentvolumeclaims/postgres-pvc", trial.place.name);
    let written = async {
        while world.get(&claims).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        said = server.call("remediate", trial.ask()) => panic!("it was done before it could be killed: {said:?}"),
        () = written => {}
    }
    let killed = std::process::Command::new("kill").args(["-9", &server.pid.to_string()]).status().unwrap();
    assert!(killed.success());
    drop(server);

    for word in &trial.case.scenario.expect.healed {
        trial.place.until(word).await;
    }
    let next = start().run().await;
    let said = next.call("remediate", trial.ask()).await;
    assert!(!said.error, "{}", said.text);
    assert_eq!((&said.report["status"], &said.report["causes"]), (&json!("healthy"), &json!([])), "{}", said.text);
    next.stop().await;
    if let Some(writes) = trial.writes() {
        assert_eq!(writes.len(), 1, "{writes:?}");
    }
    trial.place.end().await;
}

#[tokio::test]
async fn what_kubectl_applied_is_found_and_fixed_with_its_annotations() {
    let world = world!();
    let case = Case::load("config-map-name-wrong");
    if world.run.is_none() {
        return crate::support::notes::did_not_run("a case applied by kubectl", "it needs made images");
    }
    let place = world.place("by-hand").await;
    let mut apply = world.kubectl();
    apply.args(["-n", &place.name, "apply", "-f"]).arg(case.folder.join("manifests"));
    let out = tokio::task::spawn_blocking(move || apply.output().unwrap()).await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let trial = Trial::found(case, place, Who::Two).await;
    trial.prove(Opening::Auto).await;
}
