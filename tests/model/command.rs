//! The program with a model: what `doctor` says of it, and that a key is in nothing that it prints.

use super::provider::{FakeProvider, anthropic, json_answer, openai};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

/// `doctor`, with these options and nothing else in its environment.
async fn doctor(arguments: &[&str], variables: &[(&str, String)]) -> (Output, Vec<Value>) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_kubemend"));
    command.args(["doctor", "-o", "json"]).args(arguments).env_clear().env("HOME", folder.path());
    command.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
    let output = command.output().await.unwrap();
    let all = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!all.contains("canary"), "{all}");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{all}"));
    let lines = said["checks"].as_array().unwrap().iter().filter(|line| line["topic"].as_str().unwrap().starts_with("model"));
    (output, lines.cloned().collect())
}

fn texts(lines: &[Value]) -> Vec<String> {
    lines
        .iter()
        .map(|line| format!("{} {}: {}", line["level"].as_str().unwrap(), line["topic"].as_str().unwrap(), line["text"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn doctor_says_what_is_missing_of_each_model() {
    let (_, lines) = doctor(&[], &[]).await;
    assert_eq!(texts(&lines), ["ok model: none: diagnoses come from rules only"]);
    let (_, lines) = doctor(&["--model", "openai/large"], &[]).await;
    assert_eq!(texts(&lines), ["fail model: `openai/large` at its provider's own API: there is no API key"]);
    assert!(lines[0]["todo"][0].as_str().unwrap().contains("OPENAI_API_KEY"));
    let (_, lines) = doctor(&["--model", "openai/large", "--model-key-file", "/nowhere/key"], &[]).await;
    assert_eq!(texts(&lines), ["fail model: `openai/large`: the key file `/nowhere/key` does not exist"]);
    let fallback = [("KUBEMEND_MODEL_FALLBACK", "anthropic/small".to_owned()), ("ANTHROPIC_API_KEY", "plain-canary".to_owned())];
    let (_, lines) = doctor(&["--model", "openai/large", "--model-base-url", "http://127.0.0.1:1/v1"], &fallback).await;
    assert_eq!(
        texts(&lines),
        [
            "warn model: `openai/large` at `127.0.0.1:1`: requests contain no API key",
            "ok model: `anthropic/small` at its provider's own API, key in ANTHROPIC_API_KEY"
        ]
    );
}

#[tokio::test]
async fn doctor_calls_a_model_only_where_that_is_wanted_and_says_what_it_cost() {
    let provider = FakeProvider::playing(vec![openai::words("ready")]).await;
    let set = |key: &str| {
        vec![
            ("KUBEMEND_MODEL", "openai/large".to_owned()),
            ("KUBEMEND_MODEL_BASE_URL", provider.root()),
            ("KUBEMEND_MODEL_PRICES", "openai/large=2.50/0.25/10".to_owned()),
            ("KUBEMEND_MODEL_HEADERS", format!("authorization=Bearer {key}")),
            // Of other programs of this shell.
            ("OPENAI_API_KEY", "others-canary".to_owned()),
            // What others take for a proxy would see the prompt: it is not used.
            ("HTTP_PROXY", "http://127.0.0.1:9".to_owned()),
            ("http_proxy", "http://127.0.0.1:9".to_owned()),
            ("ALL_PROXY", "http://127.0.0.1:9".to_owned()),
        ]
    };
    let (_, lines) = doctor(&[], &set("plain-canary")).await;
    assert_eq!((lines.len(), provider.asked().len()), (1, 0));
    assert!(texts(&lines)[0].ends_with(", key in `model-headers`"), "{lines:?}");
    let (_, lines) = doctor(&["--call-model"], &set("plain-canary")).await;
    assert_eq!(texts(&lines)[1], "ok model call: `openai/large` answers; 12 tokens in, 3 out, $0.0000");
    assert_eq!(provider.asked()[0].header("authorization"), Some("Bearer plain-canary"));
}

/// A shell has a provider's key for other programs, and what answers on this machine or behind a gateway is somebody else.
#[tokio::test]
async fn key_of_the_environment_is_not_sent_to_a_base_url_and_doctor_says_so() {
    let provider = FakeProvider::playing(vec![openai::words("ready")]).await;
    let set = [
        ("KUBEMEND_MODEL", "openai/large".to_owned()),
        ("KUBEMEND_MODEL_BASE_URL", provider.root()),
        ("OPENAI_API_KEY", "plain-canary".to_owned()),
    ];
    let (_, lines) = doctor(&["--call-model"], &set).await;
    let said = "requests contain no API key, and OPENAI_API_KEY is sent to the provider's own host only";
    assert!(texts(&lines)[0].starts_with("warn model: ") && texts(&lines)[0].ends_with(said), "{lines:?}");
    let [asked] = provider.asked().try_into().unwrap();
    assert!(asked.header("authorization").is_none() && !format!("{asked:?}").contains("canary"));
}

#[tokio::test]
async fn key_behind_a_scheme_is_not_in_what_quotes_it_alone() {
    let wrong = json!({"error": {"message": "the virtual key plain-canary is unknown"}});
    let provider = FakeProvider::playing(vec![json_answer(401, &wrong)]).await;
    let set = [
        ("KUBEMEND_MODEL", "openai/large".to_owned()),
        ("KUBEMEND_MODEL_BASE_URL", provider.root()),
        ("KUBEMEND_MODEL_HEADERS", "authorization=Bearer plain-canary".to_owned()),
        ("KUBEMEND_LOG", "trace".to_owned()),
    ];
    let (_, lines) = doctor(&["--call-model"], &set).await;
    assert!(texts(&lines)[1].contains("the virtual key") && texts(&lines)[1].contains("is unknown"), "{lines:?}");
}

#[tokio::test]
async fn doctor_says_why_a_model_does_not_answer_and_not_with_which_key() {
    let wrong = json!({"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key: plain-canary"}});
    let provider = FakeProvider::playing(vec![json_answer(401, &wrong), anthropic::words("x")]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "plain-canary\n").unwrap();
    let set = [("KUBEMEND_MODEL", "anthropic/small".to_owned()), ("KUBEMEND_LOG", "trace".to_owned())];
    let root = provider.root();
    let arguments = ["--call-model", "--model-base-url", &root, "--model-key-file", file.to_str().unwrap()];
    let (output, lines) = doctor(&arguments, &set).await;
    assert!(!output.status.success());
    assert!(
        texts(&lines)[1].starts_with("fail model call: anthropic/small: the provider does not accept the key: “invalid x-api-key: "),
        "{lines:?}"
    );
}

#[tokio::test]
async fn url_that_is_none_is_an_error_that_does_not_quote_it() {
    let folder = tempfile::tempdir().unwrap();
    for (url, words) in
        [("https://me:canary@example.com", "without a credential"), ("http://10.0.0.1/canary", "https"), ("canary", "a URL such as")]
    {
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_kubemend"))
            .args(["doctor", "--model", "openai/x", "--model-base-url", url])
            .env_clear()
            .env("HOME", Path::new(folder.path()))
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && said.contains(words) && !said.contains("canary"), "{said}");
    }
}
