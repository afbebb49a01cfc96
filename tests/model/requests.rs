//! What is sent: the portable subset to a server of OpenAI's kind, what is marked for the cache to Anthropic, and a key in one header.

use super::asking::{KEY, after, ask, call, endpoint, model_of, next, patience, prompt, words};
use super::provider::{Act, Asked, FakeProvider, answer, anthropic, json_answer, openai};
use kubemend::domain::dialogue::{Message, OurBlock, Prompt, ToolChoice};
use kubemend::domain::provider_key::ProviderKey;
use kubemend::model::{Endpoint, KeySource};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

/// A conversation with everything in it.
fn long() -> Prompt {
    let answered = vec![words("I look."), call("t1", "get", r#"{"object":"pod/web"}"#), call("t2", "get", "no json")];
    let mut prompt = next(prompt(), answered);
    if let Some(Message::Ours(blocks)) = prompt.messages.last_mut() {
        blocks.push(OurBlock::Text("Two looks are left.".into()));
    }
    prompt
}

async fn sent(model: &str, prompt: &Prompt) -> Asked {
    let said = if model.starts_with("openai") { openai::words("x") } else { anthropic::words("x") };
    let provider = FakeProvider::saying(said).await;
    ask(model_of(vec![endpoint(model, &provider.root())], patience()).as_ref(), prompt).await.unwrap();
    provider.asked().remove(0)
}

/// Keeps a request for `tests/model/sdk.py`, which holds it against the providers' own types.
fn keep(name: &str, body: &Value) {
    kept(name, "json", body.to_string().as_bytes());
}

fn kept(name: &str, extension: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("model-requests");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name).with_extension(extension), bytes).unwrap();
}

/// What the provider of these tests sends is kept, too: it has to be what the real ones' own SDKs read.
#[test]
fn streams_of_the_provider_of_the_tests_are_kept_for_the_sdks() {
    let calling = anthropic::block(
        1,
        json!({"type": "tool_use", "id": "t", "name": "get", "input": {}}),
        &[json!({"type": "input_json_delta", "partial_json": "{}"})],
    );
    let thinking = anthropic::block(
        0,
        json!({"type": "thinking", "thinking": "", "signature": ""}),
        &[json!({"type": "thinking_delta", "thinking": "hm"}), json!({"type": "signature_delta", "signature": "s"})],
    );
    let streams = [
        ("openai-words", openai::words("ready")),
        ("anthropic-words", anthropic::words("ready")),
        ("anthropic-calls", anthropic::message(vec![thinking, calling], "tool_use")),
    ];
    for (name, answer) in streams {
        let Some(Act::Send(body)) = answer.last() else { panic!("{name} sends nothing") };
        assert!(body.starts_with(b"data: "));
        kept(name, "sse", body);
    }
}

#[tokio::test]
async fn openai_is_sent_the_portable_subset() {
    let asked = sent("openai/vendor/m:free", &long()).await;
    assert_eq!(asked.line, "POST /v1/chat/completions HTTP/1.1");
    keep("openai-long", &asked.body);
    let schema = json!({"type": "object", "properties": {"object": {"type": "string"}}, "required": ["object"]});
    assert_eq!(
        asked.body,
        json!({
            "model": "vendor/m:free",
            "messages": [
                {"role": "system", "content": "You find out why a workload is broken."},
                {"role": "user", "content": "web does not start"},
                {"role": "assistant", "content": "I look.", "tool_calls": [
                    {"id": "t1", "type": "function", "function": {"name": "get", "arguments": "{\"object\":\"pod/web\"}"}},
                    {"id": "t2", "type": "function", "function": {"name": "get", "arguments": "{\"unreadable\":\"no json\"}"}}]},
                {"role": "tool", "tool_call_id": "t1", "content": "error: nothing there"},
                {"role": "tool", "tool_call_id": "t2", "content": "error: nothing there"},
                {"role": "user", "content": "Two looks are left."}],
            "stream": true,
            "max_tokens": 1000,
            "stream_options": {"include_usage": true},
            "tools": [{"type": "function", "function": {"name": "get", "description": "Shows an object.", "parameters": schema}}]
        })
    );
}

#[tokio::test]
async fn anthropic_is_sent_marks_for_its_cache_on_system_tools_and_the_conversation() {
    let asked = sent("anthropic/m", &long()).await;
    assert_eq!(asked.line, "POST /v1/messages HTTP/1.1");
    assert_eq!((asked.header("anthropic-version"), asked.header("authorization")), (Some("2023-06-01"), None));
    keep("anthropic-long", &asked.body);
    let (kept, schema) =
        (json!({"type": "ephemeral"}), json!({"type": "object", "properties": {"object": {"type": "string"}}, "required": ["object"]}));
    assert_eq!(
        asked.body,
        json!({
            "model": "m",
            "max_tokens": 1000,
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "web does not start"}]},
                {"role": "assistant", "content": [
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "t1", "name": "get", "input": {"object": "pod/web"}},
                    {"type": "tool_use", "id": "t2", "name": "get", "input": {"unreadable": "no json"}}]},
                {"role": "user", "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "nothing there", "is_error": true},
                    {"type": "tool_result", "tool_use_id": "t2", "content": "nothing there", "is_error": true},
                    {"type": "text", "text": "Two looks are left.", "cache_control": kept}]}],
            "stream": true,
            "system": [{"type": "text", "text": "You find out why a workload is broken.", "cache_control": kept}],
            "tools": [{"name": "get", "description": "Shows an object.", "input_schema": schema, "cache_control": kept}],
            "tool_choice": {"type": "auto"}
        })
    );
}

#[tokio::test]
async fn choice_of_a_tool_is_said_in_each_wires_words() {
    for (at, (choice, in_openai, in_anthropic)) in [
        (ToolChoice::Auto, Value::Null, json!({"type": "auto"})),
        (ToolChoice::Required, json!("required"), json!({"type": "any"})),
        (ToolChoice::Only("get".into()), json!({"type": "function", "function": {"name": "get"}}), json!({"type": "tool", "name": "get"})),
        (ToolChoice::Never, json!("none"), json!({"type": "none"})),
    ]
    .into_iter()
    .enumerate()
    {
        let prompt = Prompt { choice, ..prompt() };
        let [one, other] = [sent("openai/m", &prompt).await, sent("anthropic/m", &prompt).await];
        assert_eq!((&one.body["tool_choice"], &other.body["tool_choice"]), (&in_openai, &in_anthropic));
        keep(&format!("openai-choice-{at}"), &one.body);
        keep(&format!("anthropic-choice-{at}"), &other.body);
    }
}

#[tokio::test]
async fn key_is_in_one_header_and_nowhere_else() {
    for (model, header, value) in [("openai/m", "authorization", format!("Bearer {KEY}")), ("anthropic/m", "x-api-key", KEY.to_owned())] {
        let asked = sent(model, &prompt()).await;
        assert_eq!(asked.header(header), Some(value.as_str()));
        let elsewhere = asked.headers.iter().filter(|(name, _)| name != header);
        assert!(!format!("{} {:?} {}", asked.line, elsewhere.collect::<Vec<_>>(), asked.body).contains("canary"));
    }
}

/// Azure wants its key in a header of its own, and a version in the query.
#[tokio::test]
async fn headers_of_the_operator_and_a_query_are_sent_along() {
    let provider = FakeProvider::saying(openai::words("x")).await;
    let headers =
        vec![("api-key".to_owned(), ProviderKey::new("azure-canary").unwrap()), ("x-team".to_owned(), ProviderKey::new("sre").unwrap())];
    let endpoint =
        Endpoint { headers, key: KeySource::None, ..endpoint("openai/m", &format!("{}?api-version=2026-01-01", provider.root())) };
    ask(model_of(vec![endpoint], patience()).as_ref(), &prompt()).await.unwrap();
    let asked = provider.asked().remove(0);
    assert_eq!(asked.line, "POST /v1/chat/completions?api-version=2026-01-01 HTTP/1.1");
    assert_eq!((asked.header("api-key"), asked.header("x-team"), asked.header("authorization")), (Some("azure-canary"), Some("sre"), None));
}

/// What a server rejects by its name is said otherwise, once, and from then on.
#[tokio::test]
async fn server_that_rejects_a_field_is_asked_without_it() {
    let no = |message: &str| json_answer(400, &json!({"error": {"message": message, "type": "invalid_request_error"}}));
    let answers = vec![
        no("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."),
        no("unknown field: stream_options"),
        no("tool_choice is not supported"),
        openai::words("first"),
        openai::words("second"),
    ];
    let provider = FakeProvider::playing(answers).await;
    let model = model_of(vec![endpoint("openai/m", &provider.root())], patience());
    let prompt = Prompt { choice: ToolChoice::Required, ..prompt() };
    assert_eq!(ask(model.as_ref(), &prompt).await.unwrap().text(), "first");
    assert_eq!(ask(model.as_ref(), &prompt).await.unwrap().text(), "second");
    let asked = provider.asked();
    assert_eq!(asked.len(), 5, "what was learned is kept");
    let last = &asked[4].body;
    assert_eq!((&last["max_completion_tokens"], &last["max_tokens"]), (&json!(1000), &Value::Null));
    assert!(last["stream_options"].is_null() && last["tool_choice"].is_null() && last["tools"].is_array());
    // One that rejects whatever is said is not asked for ever.
    let stubborn = vec![no("max_tokens and max_completion_tokens, stream_options and tool_choice are wrong")];
    let (asked, provider) = after("openai/m", stubborn).await;
    assert!(asked.is_err() && provider.asked().len() <= 5, "{}", provider.asked().len());
}

#[tokio::test]
async fn key_in_a_file_is_read_again_for_each_prompt() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    let provider = FakeProvider::playing(vec![answer(401, &[], b""), anthropic::words("x")]).await;
    let endpoint = Endpoint { key: KeySource::File(file.clone()), ..endpoint("anthropic/m", &provider.root()) };
    let model = model_of(vec![endpoint], patience());
    fs::write(&file, "old-key\n").unwrap();
    assert!(ask(model.as_ref(), &prompt()).await.is_err());
    fs::write(&file, "new-key\n").unwrap();
    assert!(ask(model.as_ref(), &prompt()).await.is_ok());
    let keys: Vec<_> = provider.asked().iter().map(|asked| asked.header("x-api-key").unwrap().to_owned()).collect();
    assert_eq!(keys, ["old-key", "new-key"]);
}
