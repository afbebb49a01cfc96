//! A prompt as a request for a message. What stays the same from turn to turn is marked for the provider's cache: the tools, the system's
//! words, and the conversation up to here.

use super::super::value::arguments;
use crate::domain::dialogue::{Message, ModelBlock, OurBlock, Prompt, ToolChoice};
use crate::domain::model_name::ModelName;
use serde_json::{Value, json};

/// The request's body.
pub(in super::super) fn body(prompt: &Prompt, model: &ModelName) -> Value {
    let mut messages: Vec<Value> = prompt.messages.iter().filter_map(|message| of(message, model)).collect();
    mark(messages.last_mut().and_then(|last| last.get_mut("content")));
    let mut body = json!({"model": model.name(), "max_tokens": prompt.max_output_tokens, "messages": messages, "stream": true});
    let mut put = |key: &str, value: Value| drop(body.as_object_mut().map(|body| body.insert(key.to_owned(), value)));
    if !prompt.system.is_empty() {
        let mut system = json!([{"type": "text", "text": prompt.system}]);
        mark(Some(&mut system));
        put("system", system);
    }
    if !prompt.tools.is_empty() {
        let tool = |tool: &crate::domain::dialogue::ToolDeclaration| json!({"name": tool.name, "description": tool.description, "input_schema": tool.schema});
        let mut tools: Value = prompt.tools.iter().map(tool).collect();
        mark(Some(&mut tools));
        put("tools", tools);
        put(
            "tool_choice",
            match &prompt.choice {
                ToolChoice::Auto => json!({"type": "auto"}),
                ToolChoice::Required => json!({"type": "any"}),
                ToolChoice::Only(name) => json!({"type": "tool", "name": name}),
                ToolChoice::Never => json!({"type": "none"}),
            },
        );
    }
    body
}

/// Marks the last of a list for the cache: everything up to it is kept.
fn mark(list: Option<&mut Value>) {
    let last = list.and_then(Value::as_array_mut).and_then(|list| list.last_mut()).and_then(Value::as_object_mut);
    if let Some(last) = last {
        last.insert("cache_control".to_owned(), json!({"type": "ephemeral"}));
    }
}

/// Nothing for a message that says nothing: an empty one is rejected.
fn of(message: &Message, model: &ModelName) -> Option<Value> {
    let (role, content): (_, Vec<Value>) = match message {
        // What calls brought has to come first.
        Message::Ours(blocks) => ("user", blocks.iter().filter_map(result).chain(blocks.iter().filter_map(words)).collect()),
        Message::Models(blocks) => ("assistant", blocks.iter().filter_map(|block| models(block, model)).collect()),
    };
    (!content.is_empty()).then(|| json!({"role": role, "content": content}))
}

fn result(block: &OurBlock) -> Option<Value> {
    match block {
        OurBlock::ToolResult(result) => Some(json!({
            "type": "tool_result", "tool_use_id": id(&result.id), "content": result.content, "is_error": result.is_error
        })),
        OurBlock::Text(_) => None,
    }
}

fn words(block: &OurBlock) -> Option<Value> {
    match block {
        OurBlock::Text(text) if !text.trim().is_empty() => Some(json!({"type": "text", "text": text})),
        OurBlock::Text(_) | OurBlock::ToolResult(_) => None,
    }
}

fn models(block: &ModelBlock, model: &ModelName) -> Option<Value> {
    match block {
        ModelBlock::Text(text) => (!text.trim().is_empty()).then(|| json!({"type": "text", "text": text})),
        ModelBlock::ToolUse(call) => {
            Some(json!({"type": "tool_use", "id": id(&call.id), "name": name(&call.name), "input": arguments(&call.input)}))
        }
        // Nobody but its own provider understands it.
        ModelBlock::Opaque(opaque) => (opaque.provider == model.as_str()).then(|| serde_json::from_str(&opaque.value).ok()).flatten(),
    }
}

/// An id of another provider's call may have signs that this one rejects.
fn id(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' }).collect()
}

/// A model can call what there is not: its name is kept as far as the provider takes it back.
fn name(name: &str) -> String {
    let name: String = id(name).chars().take(64).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}
