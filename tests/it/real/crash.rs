//! A server that is killed in the middle, on a case that was applied as a user applies it.

use super::trial::{Trial, Who};
use super::world;
use crate::support::case::Case;
use crate::support::server::{ANSWERED, Human, Opening, program};
use crate::support::world::World;
use futures::future::join_all;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// How many servers are killed; many of them in one run tell more, and take longer.
fn kills() -> u32 {
    std::env::var("KUBEMEND_TEST_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(10)
}

/// After how long, from the moment at which somebody said yes: the first half around the write, the rest while the cluster is watched.
fn moment(nth: u32, of: u32) -> Duration {
    let half = (of / 2).max(1);
    if nth < half { Duration::from_millis(50) * nth } else { Duration::from_millis(500) + Duration::from_secs(12) * (nth - half) / half }
}

fn kill(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

/// The one session that is kept here, as the record has it.
async fn recorded(state: &Path) -> Value {
    let run = |args: Vec<String>| {
        let mut command = program();
        command.args(&args).args(["-o", "json"]).env("XDG_STATE_HOME", state);
        async move {
            let out = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
            let said = serde_json::from_slice::<Value>(&out.stdout);
            said.unwrap_or_else(|e| panic!("{args:?}: {e}: {}", String::from_utf8_lossy(&out.stderr)))
        }
    };
    let all = run(vec!["sessions".into()]).await;
    let [one] = all.as_array().unwrap().as_slice() else { panic!("{all}") };
    run(vec!["show".into(), one["session"].as_str().unwrap().into()]).await
}

/// Kills a server that long after somebody said yes, and demands that the record, the next server and the cluster say the same.
async fn killed_after(world: &World, moment: Duration) {
    let Some(trial) = Trial::of(world, "database-pod-pending", Who::Two).await else { return };
    let state = tempfile::tempdir().unwrap();
    let start = || trial.start(Human::Yes, Opening::Auto).env("XDG_STATE_HOME", state.path()).env("KUBEMEND_SETTLE", "5s");
    let server = start().run().await;
    tokio::select! {
        // One that is killed too late was done, which is judged the same.
        _ = server.call("remediate", trial.ask()) => {}
        () = async { server.asked().await; tokio::time::sleep(ANSWERED + moment).await } => {}
    }
    kill(server.pid);
    drop(server);
    // What it sent last may still be on its way.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let Some(writes) = trial.writes() else { return };
    let told = recorded(state.path()).await;
    let (session, status) = (told["session"].as_str().unwrap().to_owned(), told["status"].as_str().unwrap().to_owned());
    let context = format!("killed {moment:?} after the yes: {status}, wrote {}", writes.len());
    #[expect(clippy::print_stdout, reason = "where each of them was caught, for whoever reads the run")]
    {
        println!("{context}");
    }
    let untouched = ["healthy", "diagnosed", "inconclusive", "awaitingApproval", "declined", "expired"];
    match writes.len() {
        0 => assert!(!["resolved", "partly", "unresolved", "reverted"].contains(&status.as_str()), "{context}"),
        1 => assert!(!untouched.contains(&status.as_str()), "{context}: {told:#}"),
        _ => panic!("{context}: {writes:?}"),
    }

    let next = start().run().await;
    if writes.len() == 1 {
        for word in &trial.case.scenario.expect.healed {
            trial.place.until(word).await;
        }
        let said = next.call("validate", json!({"sessionId": session})).await;
        assert_eq!(said.report["status"], "resolved", "{context}: {}", said.text);
    }
    let said = next.call("remediate", trial.ask()).await;
    assert_eq!(said.report["status"], if writes.len() == 1 { "healthy" } else { "resolved" }, "{context}: {}", said.text);
    next.stop().await;
    assert_eq!(trial.writes().unwrap().len(), 1, "{context}");
    trial.place.end().await;
}

#[tokio::test]
async fn server_killed_at_any_moment_after_the_yes_has_written_at_most_once_and_what_is_said_is_so() {
    let world = world!();
    let kills = kills();
    for some in (0..kills).map(|nth| moment(nth, kills)).collect::<Vec<_>>().chunks(5) {
        join_all(some.iter().map(|moment| killed_after(&world, *moment))).await;
    }
}

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
    kill(server.pid);
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
