//! A prompt as a request for a chat completion.

use super::super::failure::Failure;
use super::super::value::{arguments, merge_members};
use crate::domain::dialogue::{Message, ModelBlock, OurBlock, Prompt, ToolChoice};
use crate::domain::model_name::ModelName;
use crate::ports::ModelFaultKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What servers of this kind take differently; learned from what they reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Dialect {
    /// The bound is called `max_completion_tokens`: by OpenAI for its newer models, and by few others.
    new_bound: bool,
    /// `stream_options` may be said, without which no usage comes in a stream.
    stream_options: bool,
    /// `tool_choice` may be said.
    tool_choice: bool,
}

impl Dialect {
    /// How the provider itself has it, or how most others do.
    pub(in super::super) fn of(providers_own: bool) -> Self {
        Self { new_bound: providers_own, stream_options: true, tool_choice: true }
    }

    /// Another way to say it, where a rejection names what was said in this one.
    pub(in super::super) fn after(self, failure: &Failure) -> Option<Self> {
        if failure.kind != ModelFaultKind::BadRequest {
            return None;
        }
        if self.stream_options && failure.mentions("stream_options") {
            return Some(Self { stream_options: false, ..self });
        }
        if self.tool_choice && failure.mentions("tool_choice") {
            return Some(Self { tool_choice: false, ..self });
        }
        // A rejection of the old name proposes the new one; one of the new name names only that.
        let new = failure.mentions("max_completion_tokens");
        let old = failure.mentions("max_tokens");
        (new && !(self.new_bound && old)).then_some(Self { new_bound: !self.new_bound, ..self })
    }
}

/// The request's body.
pub(in super::super) fn body(prompt: &Prompt, model: &ModelName, dialect: Dialect) -> Value {
    let system = (!prompt.system.is_empty()).then(|| json!({"role": "system", "content": prompt.system}));
    let mut ids = BTreeMap::new();
    let messages: Vec<Value> = system.into_iter().chain(prompt.messages.iter().flat_map(|message| of(message, model, &mut ids))).collect();
    let mut body = json!({"model": model.name(), "messages": messages, "stream": true});
    let mut put = |key: &str, value: Value| drop(body.as_object_mut().map(|body| body.insert(key.to_owned(), value)));
    put(if dialect.new_bound { "max_completion_tokens" } else { "max_tokens" }, json!(prompt.max_output_tokens));
    if dialect.stream_options {
        put("stream_options", json!({"include_usage": true}));
    }
    if !prompt.tools.is_empty() {
        let tool = |tool: &crate::domain::dialogue::ToolDeclaration| json!({"type": "function", "function": {"name": tool.name, "description": tool.description, "parameters": tool.schema}});
        put("tools", prompt.tools.iter().map(tool).collect());
        let choice = match &prompt.choice {
            ToolChoice::Auto => None,
            ToolChoice::Required => Some(json!("required")),
            ToolChoice::Only(name) => Some(json!({"type": "function", "function": {"name": name}})),
            ToolChoice::Never => Some(json!("none")),
        };
        if let Some(choice) = choice.filter(|_| dialect.tool_choice) {
            put("tool_choice", choice);
        }
    }
    body
}

fn of(message: &Message, model: &ModelName, ids: &mut BTreeMap<String, String>) -> Vec<Value> {
    match message {
        Message::Ours(blocks) => ours(blocks, ids),
        Message::Models(blocks) => vec![models(blocks, model, ids)],
    }
}

fn ours(blocks: &[OurBlock], ids: &BTreeMap<String, String>) -> Vec<Value> {
    let theirs = |id: &String| ids.get(id).unwrap_or(id).clone();
    let results = blocks.iter().filter_map(|block| match block {
        // There is no mark for what failed.
        OurBlock::ToolResult(result) if result.is_error => Some(json!({
            "role": "tool", "tool_call_id": theirs(&result.id), "content": format!("error: {}", result.content)
        })),
        OurBlock::ToolResult(result) => Some(json!({"role": "tool", "tool_call_id": theirs(&result.id), "content": result.content})),
        OurBlock::Text(_) => None,
    });
    let texts: Vec<&str> = blocks
        .iter()
        .filter_map(|block| match block {
            OurBlock::Text(text) => Some(text.as_str()),
            OurBlock::ToolResult(_) => None,
        })
        .collect();
    let user = (!texts.is_empty()).then(|| json!({"role": "user", "content": texts.join("\n\n")}));
    results.chain(user).collect()
}

fn models(blocks: &[ModelBlock], model: &ModelName, ids: &mut BTreeMap<String, String>) -> Value {
    let (mut texts, mut calls, mut extras) = (Vec::new(), Vec::new(), Map::new());
    for block in blocks {
        match block {
            ModelBlock::Text(text) => texts.push(text.as_str()),
            ModelBlock::ToolUse(call) => calls.push(json!({
                "id": call.id, "type": "function",
                "function": {"name": call.name, "arguments": arguments(&call.input).to_string()}
            })),
            ModelBlock::Opaque(opaque) if opaque.provider == model.as_str() => {
                extras.extend(super::reply::returned(&opaque.value, &mut calls, ids));
            }
            // Nobody but its own provider understands it.
            ModelBlock::Opaque(_) => {}
        }
    }
    let content = if texts.is_empty() && !calls.is_empty() { Value::Null } else { json!(texts.join("\n")) };
    let mut message = json!({"role": "assistant", "content": content});
    if let Some(members) = message.as_object_mut() {
        if !calls.is_empty() {
            members.insert("tool_calls".to_owned(), calls.into());
        }
        merge_members(members, extras);
    }
    message
}
