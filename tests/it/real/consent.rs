//! The database case in every way to open the conversation, and every way not to approve: none of them writes.

use super::trial::{Trial, Who, prove};
use super::world;
use crate::support::server::{Human, Opening, program};
use serde_json::json;

const ARTICLE: &str = "database-pod-pending";

#[tokio::test]
async fn a_yes_counts_after_initialize() {
    prove(&world!(), ARTICLE, Who::One, Opening::Initialize).await;
}

#[tokio::test]
async fn a_yes_counts_after_discover() {
    prove(&world!(), ARTICLE, Who::One, Opening::Discover).await;
}

#[tokio::test]
async fn a_yes_counts_in_whatever_the_client_finds_out() {
    prove(&world!(), ARTICLE, Who::One, Opening::Auto).await;
}

#[tokio::test]
async fn anything_but_a_yes_writes_nothing() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::Two).await else { return };
    for opening in Opening::ALL {
        // Only a decline decides something; the rest leaves the plan waiting.
        for (human, ends) in [(Human::No, "declined"), (Human::Closes, "awaitingApproval"), (Human::Blank, "awaitingApproval")] {
            let server = trial.start(human, opening).run().await;
            let said = server.call("remediate", trial.ask()).await;
            assert!(!said.error, "{human:?} {opening:?}: {}", said.text);
            assert_eq!(said.report["status"], ends, "{human:?} {opening:?}: {}", said.text);
            assert!(said.report["execution"].is_null(), "{human:?} {opening:?}: {}", said.report["execution"]);
            assert_eq!(server.questions().len(), 1, "{human:?} {opening:?}");
            server.stop().await;
            trial.untouched().await;
        }
    }
    trial.place.end().await;
}

/// Its plan begins with a deletion: the rehearsal must not be one.
#[tokio::test]
async fn a_no_to_a_deletion_deletes_nothing() {
    let Some(trial) = Trial::of(&world!(), "storage-class-missing", Who::Two).await else { return };
    let server = trial.start(Human::No, Opening::Auto).run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert_eq!(said.report["status"], "declined", "{}", said.text);
    assert_eq!(said.report["plan"]["steps"][0]["action"], "delete");
    server.stop().await;
    trial.untouched().await;
    trial.place.end().await;
}

#[tokio::test]
async fn a_call_cancelled_before_the_answer_writes_nothing_and_the_server_lives() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::Two).await else { return };
    for opening in [Opening::Initialize, Opening::Discover] {
        let server = trial.start(Human::Silent, opening).run().await;
        server.call_and_cancel_when_asked("remediate", trial.ask()).await;
        trial.untouched().await;
        let said = server.call("analyze", trial.ask()).await;
        assert_eq!(said.report["status"], "diagnosed", "{opening:?}: {}", said.text);
        server.stop().await;
        trial.untouched().await;
    }
    trial.place.end().await;
}

#[tokio::test]
async fn a_client_that_goes_away_before_the_answer_leaves_no_write() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::Two).await else { return };
    let server = trial.start(Human::Silent, Opening::Initialize).run().await;
    tokio::select! {
        said = server.call("remediate", trial.ask()) => panic!("answered without a human: {said:?}"),
        () = server.asked() => {}
    }
    server.stop().await;
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    trial.untouched().await;
    trial.place.end().await;
}

#[tokio::test]
async fn a_client_that_cannot_ask_gets_the_plan_and_a_human_approves_it_on_a_terminal() {
    let world = world!();
    let Some(trial) = Trial::of(&world, ARTICLE, Who::Two).await else { return };
    let state = tempfile::tempdir().unwrap();
    let start = trial.start(Human::Absent, Opening::Auto).env("XDG_STATE_HOME", state.path());
    let server = start.run().await;
    let said = server.call("remediate", trial.ask()).await;
    assert!(!said.error, "{}", said.text);
    assert_eq!(said.report["status"], "awaitingApproval", "{}", said.text);
    let session = said.report["session"].as_str().unwrap();
    let line = format!("kubemend approve {session}");
    assert!(said.text.contains(&line), "`{line}` is not in: {}", said.text);
    let usage = &said.report["usage"];
    assert!(usage["apiCalls"].as_u64().unwrap() <= 27, "the way to the plan took {usage}");
    let dry_run = &said.report["plan"]["steps"][0]["dryRun"];
    assert_eq!(dry_run["accepted"], true, "{dry_run}");
    server.stop().await;
    trial.untouched().await;

    let run = |consent: &str, arguments: &[&str]| {
        let mut command = program();
        command
            .env("KUBECONFIG", world.kubeconfig("reader"))
            .env("KUBEMEND_WRITE_KUBECONFIG", world.kubeconfig("writer"))
            .env("XDG_STATE_HOME", state.path())
            .env("KUBEMEND_CONSENT", consent)
            .args(arguments)
            .args(["-o", "json"]);
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    // Of another plan, however near.
    let right = said.report["plan"]["digest"].as_str().unwrap().to_owned();
    let last = if right.ends_with('0') { '1' } else { '0' };
    let wrong = format!("{}{last}", &right[..right.len() - 1]);
    // Nor is the right one a human's: the operator lets only a human approve, and this session was opened so.
    for (consent, digest) in [("ask", &wrong), ("ask", &right), ("client", &right)] {
        let refused = run(consent, &["approve", session, "--digest", digest]).await.unwrap();
        let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(4), "it still waits: {errors}");
        trial.untouched().await;
    }

    // Where the operator lets a repeated digest count, it does, and is recorded as one.
    let words = trial.ask()["issue"].as_str().unwrap().to_owned();
    let out = run("client", &["remediate", &words]).await.unwrap();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(4), "{errors}");
    let waiting: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"));
    let session = waiting["session"].as_str().unwrap();
    assert_eq!(waiting["plan"]["digest"], right.as_str());
    let out = run("client", &["approve", session, "--digest", &right]).await.unwrap();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(0), "{errors}");
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap_or_else(|e| panic!("{e}: {errors}"));
    assert_eq!((&report["status"], &report["session"]), (&json!("resolved"), &json!(session)));
    if let Some(writes) = trial.writes() {
        crate::support::verdict::wrote_what_was_shown(&trial.case, &waiting, &writes, "writer");
    }
    let trail = report["trail"].as_array().unwrap();
    assert!(trail.iter().any(|e| e["what"] == "approved" && e["who"] == "a repeated digest from the command line"), "{trail:?}");

    // A second yes to the same plan has nothing left to approve.
    let again = run("client", &["approve", session, "--digest", &right]).await.unwrap();
    assert_ne!(again.status.code(), Some(0));
    if let Some(writes) = trial.writes() {
        assert_eq!(writes.len(), 1, "{writes:?}");
    }
    trial.place.end().await;
}

#[tokio::test]
async fn analyze_and_validate_never_write() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::One).await else { return };
    let server = trial.start(Human::Yes, Opening::Auto).run().await;
    assert_eq!(server.tools().await, ["analyze", "remediate", "validate"]);
    let said = server.call("analyze", trial.ask()).await;
    assert_eq!(said.report["status"], "diagnosed", "{}", said.text);
    crate::support::verdict::names_the_cause(&trial.case, &said.report, &trial.place.name);
    crate::support::verdict::plans_the_writes(&trial.case, &said.report);
    assert!(said.report["plan"]["steps"][0]["dryRun"].is_null(), "analyze rehearsed");
    assert!(said.report["usage"]["apiCalls"].as_u64().unwrap() <= 27, "{}", said.report["usage"]);
    let said = server.call("validate", trial.ask()).await;
    assert!(!said.error, "{}", said.text);
    assert_ne!(said.report["status"], "resolved", "{}", said.text);
    assert_eq!(server.questions(), Vec::<String>::new());
    server.stop().await;
    trial.untouched().await;
    trial.place.end().await;
}

#[tokio::test]
async fn progress_names_the_phases_as_they_come() {
    let Some(trial) = Trial::of(&world!(), ARTICLE, Who::One).await else { return };
    for opening in [Opening::Initialize, Opening::Discover] {
        let server = trial.start(Human::No, opening).run().await;
        server.call("remediate", trial.ask()).await;
        let told = server.progress().join("\n");
        let mut from = 0;
        for phase in ["collecting", "analyzing", "planning", "dry run"] {
            let at = told[from..].find(phase).unwrap_or_else(|| panic!("{opening:?}: no `{phase}` in its place:\n{told}"));
            from += at;
        }
        server.stop().await;
    }
    trial.place.end().await;
}
