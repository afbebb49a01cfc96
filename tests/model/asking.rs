//! What the tests ask, and how long they wait.

use super::provider::{Answer, FakeProvider};
use kubemend::clock::{SystemClock, SystemEntropy};
use kubemend::domain::base_url::BaseUrl;
use kubemend::domain::dialogue::{
    Message, ModelBlock, OurBlock, Prompt, Reply, StopReason, ToolChoice, ToolDeclaration, ToolResult, ToolUse,
};
use kubemend::domain::model_name::ModelName;
use kubemend::domain::provider_key::ProviderKey;
use kubemend::model::{Endpoint, KeySource, Patience, connect};
use kubemend::ports::{Clock, Entropy, Model, ModelFault};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The key of the tests, which has none of the forms that are masked by themselves.
pub(super) const KEY: &str = "plain-canary-4711";

/// Times for a provider that is near, and sizes that are soon reached.
pub(super) fn patience() -> Patience {
    Patience {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_millis(400),
        idle: Duration::from_millis(400),
        usage: Duration::from_millis(100),
        whole: Duration::from_secs(10),
        pause: Duration::from_millis(5),
        longest_pause: Duration::from_secs(2),
        attempts: 3,
        answer_bytes: 1024 * 1024,
        line_bytes: 128 * 1024,
        reply_bytes: 64 * 1024,
    }
}

/// How a model is reached that somebody plays.
pub(super) fn endpoint(model: &str, root: &str) -> Endpoint {
    Endpoint {
        name: ModelName::parse(model).unwrap(),
        base_url: Some(BaseUrl::parse(root, false).unwrap()),
        headers: Vec::new(),
        key: KeySource::Given(ProviderKey::new(KEY).unwrap()),
    }
}

/// The models of these endpoints, one after the other.
pub(super) fn model_of(endpoints: Vec<Endpoint>, patience: Patience) -> Arc<dyn Model> {
    let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
    connect(endpoints, patience, &clock, &entropy).unwrap()
}

/// Asks it.
pub(super) async fn ask(model: &dyn Model, prompt: &Prompt) -> Result<Reply, ModelFault> {
    model.complete(prompt, &CancellationToken::new()).await
}

/// What comes of this answer, and the provider that gave it.
pub(super) async fn after(model: &str, answers: Vec<Answer>) -> (Result<Reply, ModelFault>, FakeProvider) {
    let provider = FakeProvider::playing(answers).await;
    let asked = ask(model_of(vec![endpoint(model, &provider.root())], patience()).as_ref(), &prompt()).await;
    (asked, provider)
}

/// A first question.
pub(super) fn prompt() -> Prompt {
    let schema = json!({"type": "object", "properties": {"object": {"type": "string"}}, "required": ["object"]});
    Prompt {
        system: "You find out why a workload is broken.".into(),
        messages: vec![Message::Ours(vec![OurBlock::Text("web does not start".into())])],
        tools: vec![ToolDeclaration { name: "get".into(), description: "Shows an object.".into(), schema }],
        choice: ToolChoice::Auto,
        max_output_tokens: 1_000,
    }
}

/// The next question, after an answer: what its calls brought.
pub(super) fn next(prompt: Prompt, blocks: Vec<ModelBlock>) -> Prompt {
    let results: Vec<OurBlock> = blocks
        .iter()
        .filter_map(|block| match block {
            ModelBlock::ToolUse(call) => {
                Some(OurBlock::ToolResult(ToolResult { id: call.id.clone(), content: "nothing there".into(), is_error: true }))
            }
            _ => None,
        })
        .collect();
    let mut messages = prompt.messages;
    messages.extend([Message::Models(blocks), Message::Ours(results)]);
    Prompt { messages, ..prompt }
}

/// A call in a reply.
pub(super) fn call(id: &str, name: &str, input: &str) -> ModelBlock {
    ModelBlock::ToolUse(ToolUse { id: id.into(), name: name.into(), input: input.into() })
}

/// Words in a reply.
pub(super) fn words(text: &str) -> ModelBlock {
    ModelBlock::Text(text.into())
}

/// Why a reply ended and what it says, which is what most tests are about.
pub(super) fn said(reply: Result<Reply, ModelFault>) -> (StopReason, Vec<ModelBlock>) {
    let reply = reply.unwrap();
    (reply.stop, reply.blocks)
}

/// The messages of a request.
pub(super) fn messages(body: &Value) -> Vec<Value> {
    body["messages"].as_array().unwrap().clone()
}
