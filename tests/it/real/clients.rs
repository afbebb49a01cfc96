//! The database case through clients that others wrote: the Python SDK and the MCP Inspector's CLI.

use super::trial::{Trial, Who};
use super::world;
use crate::support::notes::did_not_run;
use crate::support::server::{Said, program};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ARTICLE: &str = "database-pod-pending";

fn tool(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

async fn run(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// Where a client was installed; `None` where it cannot be had.
async fn client(which: &str) -> Option<String> {
    let mut prepare = Command::new(tool("prepare"));
    prepare.arg(which);
    let out = run(prepare).await;
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    match out.status.code() {
        Some(0) => Some(String::from_utf8(out.stdout).unwrap().trim().to_owned()),
        Some(69) => {
            did_not_run(&format!("the database case through the {which} client"), said.trim());
            None
        }
        code => panic!("tests/clients/prepare {which} ended with {code:?}: {said}"),
    }
}

fn identities(trial: &Trial, state: &Path) -> [(&'static str, String); 3] {
    let world = &trial.place.world;
    [
        ("KUBECONFIG", world.kubeconfig("reader").display().to_string()),
        ("KUBEMEND_WRITE_KUBECONFIG", world.kubeconfig("writer").display().to_string()),
        ("XDG_STATE_HOME", state.display().to_string()),
    ]
}

/// What the Python SDK saw of one call.
async fn python(trial: &Trial, python: &str, mode: &str, answer: &str) -> Value {
    let state = tempfile::tempdir().unwrap();
    let mut drive = Command::new(python);
    drive.arg(tool("drive.py")).args(["--mode", mode, "--tool", "remediate", "--answer", answer]);
    drive.arg("--arguments").arg(trial.ask().to_string());
    for (name, value) in identities(trial, state.path()) {
        drive.arg("--env").arg(format!("{name}={value}"));
    }
    drive.args(["--", env!("CARGO_BIN_EXE_kubemend"), "serve"]);
    let out = run(drive).await;
    assert!(out.status.success(), "{mode}: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

async fn python_proves_it(mode: &str) {
    let world = world!();
    let Some(program) = client("python").await else { return };
    let Some(trial) = Trial::of(&world, ARTICLE, Who::Two).await else { return };
    let declined = python(&trial, &program, mode, "decline").await;
    assert_eq!(declined["report"]["status"], "declined", "{mode}: {}", declined["text"]);
    trial.untouched().await;
    let seen = python(&trial, &program, mode, "accept").await;
    let questions: Vec<String> = serde_json::from_value(seen["asked"].clone()).unwrap();
    let said = Said { error: seen["isError"] == true, text: seen["text"].as_str().unwrap().to_owned(), report: seen["whole"].clone() };
    trial.judge(&questions, &said).await;
    trial.place.end().await;
}

#[tokio::test]
async fn python_sdk_proves_it_after_initialize() {
    python_proves_it("legacy").await;
}

#[tokio::test]
async fn python_sdk_proves_it_after_discover() {
    python_proves_it("2026-07-28").await;
}

#[tokio::test]
async fn python_sdk_proves_it_in_whatever_it_finds_out() {
    python_proves_it("auto").await;
}

/// The Inspector cannot ask a human: the operator lets a second call with the plan's digest count as the yes.
#[tokio::test]
async fn inspector_proves_it_by_repeating_the_digest_where_the_operator_lets_it() {
    let world = world!();
    let Some(inspector) = client("inspector").await else { return };
    let Some(trial) = Trial::of(&world, ARTICLE, Who::Two).await else { return };
    let state = tempfile::tempdir().unwrap();
    let call = async |arguments: Value, consent: &str| -> Value {
        let mut command = Command::new(&inspector);
        command.args(["--cli", env!("CARGO_BIN_EXE_kubemend"), "serve", "--method", "tools/call", "--tool-name", "remediate"]);
        command.arg("--tool-args-json").arg(arguments.to_string());
        // It starts the server in an environment of its own.
        for (name, value) in identities(&trial, state.path()) {
            command.arg("-e").arg(format!("{name}={value}"));
        }
        command.arg("-e").arg(format!("KUBEMEND_CONSENT={consent}"));
        let out = run(command).await;
        let text = String::from_utf8_lossy(&out.stdout).into_owned();
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}\n{}", String::from_utf8_lossy(&out.stderr)))
    };
    let first = call(trial.ask(), "client").await["structuredContent"].take();
    assert_eq!(first["status"], "awaitingApproval", "{}", first["summary"]);
    trial.untouched().await;
    let yes = json!({"sessionId": first["session"], "planDigest": first["plan"]["digest"]});
    // Without the operator's word the same call is no yes.
    let refused = call(yes.clone(), "ask").await;
    assert_ne!(refused["structuredContent"]["status"], "resolved", "{refused}");
    trial.untouched().await;
    let second = call(yes, "client").await["structuredContent"].take();
    assert_eq!(second["status"], "resolved", "{}", second["summary"]);
    assert_eq!(second["session"], first["session"]);
    assert_eq!(second["plan"]["digest"], first["plan"]["digest"]);
    let mut show = program();
    show.env("XDG_STATE_HOME", state.path()).args(["show", second["session"].as_str().unwrap(), "-o", "json"]);
    let whole: Value = serde_json::from_slice(&run(show).await.stdout).unwrap();
    trial.proven(&whole).await;
    trial.place.end().await;
}
