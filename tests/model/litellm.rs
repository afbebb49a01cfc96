//! A run through another implementation of both wires, the LiteLLM proxy, with the provider of these tests behind it.
//! `tests/model/litellm` installs and names it.

use super::asking::{ask, endpoint, model_of, next, patience, prompt, words};
use super::investigating::{Crashing, assert_planned, conclusion, look};
use super::provider::{Answer, FakeProvider, anthropic, events, openai, stream};
use kubemend::domain::dialogue::StopReason;
use kubemend::model::Patience;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// Python and the proxy's own packages take long to begin on a busy machine.
const BEGINS_WITHIN: Duration = Duration::from_secs(180);

async fn proxy(python: &str, config: &std::path::Path, port: u16) -> Child {
    let program = std::path::Path::new(python).with_file_name("litellm");
    let mut command = Command::new(program);
    command.args(["--config", config.to_str().unwrap(), "--host", "127.0.0.1", "--port", &port.to_string(), "--telemetry", "False"]);
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").env_remove("DATABASE_URL");
    let log = std::fs::File::create(config.with_file_name("proxy.log")).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let ready = tokio::time::timeout(BEGINS_WITHIN, async {
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{}", std::fs::read_to_string(config.with_file_name("proxy.log")).unwrap());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    ready.await.expect("the proxy begins");
    child
}

/// The proxy before these two, with `m` and `c`, and the folder of its log.
async fn before(first: &FakeProvider, second: &FakeProvider) -> (Child, String, tempfile::TempDir) {
    let python = std::env::var("KUBEMEND_TEST_LITELLM").expect("tests/model/litellm says where it is");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.yaml");
    let anthropics = second.root().trim_end_matches("/v1").to_owned();
    let models = json!({"model_list": [
        {"model_name": "m", "litellm_params": {"model": "openai/m", "api_base": first.root(), "api_key": "x"}},
        {"model_name": "c", "litellm_params": {"model": "anthropic/c", "api_base": anthropics, "api_key": "x"}},
    ]});
    std::fs::write(&config, models.to_string()).unwrap();
    let port = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let child = proxy(&python, &config, port).await;
    (child, format!("http://127.0.0.1:{port}/v1"), folder)
}

fn long() -> Patience {
    Patience { first_byte: Duration::from_secs(60), idle: Duration::from_secs(60), whole: Duration::from_secs(120), ..patience() }
}

fn openai_calls() -> Answer {
    let pieces = [
        openai::piece(json!({"role": "assistant", "content": "I look."}), None),
        openai::piece(
            json!({"tool_calls": [{"index": 0, "id": "c1", "type": "function", "function": {"name": "get", "arguments": ""}}]}),
            None,
        ),
        openai::piece(json!({"tool_calls": [{"index": 0, "function": {"arguments": "{\"object\":\"pod/web\"}"}}]}), None),
        openai::piece(json!({}), Some("tool_calls")),
        openai::usage(12, 8, 3),
    ];
    stream(&format!("{}data: [DONE]\n\n", events(&pieces)))
}

fn anthropic_calls() -> Answer {
    let text = anthropic::block(0, json!({"type": "text", "text": ""}), &[json!({"type": "text_delta", "text": "I look."})]);
    let input = json!({"type": "input_json_delta", "partial_json": "{\"object\":\"pod/web\"}"});
    let calling = anthropic::block(1, json!({"type": "tool_use", "id": "c1", "name": "get", "input": {}}), &[input]);
    anthropic::message(vec![text, calling], "tool_use")
}

#[tokio::test]
#[ignore = "needs the LiteLLM proxy: tests/model/litellm runs it"]
async fn conversation_with_calls_goes_through_the_proxy_on_both_wires() {
    let first = FakeProvider::playing(vec![openai_calls(), openai::words("done")]).await;
    let second =
        FakeProvider::playing(vec![anthropic_calls(), anthropic::words("done"), anthropic_calls(), anthropic::words("done")]).await;
    let (mut child, root, folder) = before(&first, &second).await;
    // Each wire to a provider of its own kind, and chat completions to the other one.
    for name in ["openai/m", "anthropic/c", "openai/c"] {
        let model = model_of(vec![endpoint(name, &root)], long());
        let log = || std::fs::read_to_string(folder.path().join("proxy.log")).unwrap();
        let reply = ask(model.as_ref(), &prompt()).await.unwrap_or_else(|fault| panic!("{name}: {fault}\n{}", log()));
        let input = reply.calls().next().map(|call| call.input.clone()).unwrap_or_default();
        let input: serde_json::Value = serde_json::from_str(&input).unwrap();
        assert_eq!((&reply.stop, reply.text().as_str(), input), (&StopReason::ToolUse, "I look.", json!({"object": "pod/web"})), "{name}");
        assert!(reply.blocks.contains(&words("I look.")) && reply.tokens.is_some_and(|tokens| tokens.output > 0), "{name}: {reply:?}");
        let again = ask(model.as_ref(), &next(prompt(), reply.blocks)).await.unwrap_or_else(|fault| panic!("{name}: {fault}\n{}", log()));
        assert_eq!((again.text().as_str(), again.stop), ("done", StopReason::End), "{name}");
    }
    child.kill().await.unwrap();
    let results = |asked: &super::provider::Asked| asked.body.to_string().matches("nothing there").count();
    assert_eq!(first.asked().iter().map(results).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(second.asked().iter().map(results).collect::<Vec<_>>(), [0, 1, 0, 1]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the LiteLLM proxy: tests/model/litellm runs it"]
async fn investigation_goes_through_the_proxy_on_both_wires() {
    let worlds = [Crashing::new().await, Crashing::new().await, Crashing::new().await];
    tokio::time::resume();
    let of = |at: usize| if at.is_multiple_of(2) { ("get", look()) } else { ("conclude", conclusion()) };
    let first = FakeProvider::answering(move |at, _| {
        let (name, arguments) = of(at);
        openai::calls(&[(name, &arguments)])
    });
    let second = FakeProvider::answering(move |at, _| {
        let (name, arguments) = of(at);
        anthropic::calls(&[(name, &arguments)])
    });
    let (first, second) = (first.await, second.await);
    let (mut child, root, _folder) = before(&first, &second).await;
    for (world, name) in worlds.iter().zip(["openai/m", "anthropic/c", "openai/c"]) {
        let provider = if name == "openai/m" { &first } else { &second };
        let seen = provider.asked().len();
        let report = world.analyzed(name, &root, long()).await;
        assert_planned(&report, &provider.asked()[seen..], &world.sim);
    }
    child.kill().await.unwrap();
}
