//! A chat completion, put together from the pieces of a stream or from a whole body. What servers add to it for themselves comes back to
//! them untouched: Gemini rejects the next turn without its signatures.

use super::super::failure::Failure;
use super::super::value::{count, list, merge_members, others, text};
use crate::domain::dialogue::{ModelBlock, Opaque, Reply, StopReason, Tokens, ToolUse};
use crate::ports::ModelFaultKind;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a message has that is read, or that is not sent back: OpenAI rejects its own annotations.
const OF_MESSAGES: &[&str] = &["role", "content", "tool_calls", "refusal", "function_call", "annotations", "audio", "name", "index"];
/// What a call has that is read.
const OF_CALLS: &[&str] = &["index", "id", "type", "function"];
/// The most calls in one answer: sixteen times what anybody lets a model do at once.
const CALLS: usize = 128;

/// What came so far.
#[derive(Debug)]
pub(in super::super) struct Completion {
    text: String,
    refusal: String,
    calls: Vec<Call>,
    extras: Map<String, Value>,
    stop: Option<String>,
    tokens: Option<Tokens>,
    answered: bool,
    ended: bool,
    /// Bytes of all that was taken in, counted as it came.
    size: usize,
    /// For names of calls that have none.
    turn: usize,
    longest: usize,
}

#[derive(Debug, Default)]
struct Call {
    index: Option<u64>,
    id: String,
    name: String,
    arguments: String,
    extras: Map<String, Value>,
}

impl Completion {
    pub(in super::super) fn new(turn: usize, longest: usize) -> Self {
        Self {
            text: String::new(),
            refusal: String::new(),
            calls: Vec::new(),
            extras: Map::new(),
            stop: None,
            tokens: None,
            answered: false,
            ended: false,
            size: 0,
            turn,
            longest,
        }
    }

    /// One event of a stream; `true` when it was the last.
    pub(in super::super) fn event(&mut self, data: &str) -> Result<bool, Failure> {
        match data.trim() {
            "" => {}
            "[DONE]" => self.ended = true,
            data => {
                let piece = serde_json::from_str(data).map_err(|_| Failure::protocol("an event of the stream is not JSON"))?;
                self.take(&piece)?;
            }
        }
        Ok(self.ended)
    }

    /// A piece of a stream, or a whole answer: both have the same form but for one name.
    pub(in super::super) fn take(&mut self, piece: &Value) -> Result<(), Failure> {
        if let Some(failure) = Failure::within(piece) {
            return Err(failure);
        }
        self.tokens = piece.get("usage").and_then(tokens).or(self.tokens);
        let Some(choice) = list(piece, "choices").next() else { return Ok(()) };
        if let Some(failure) = Failure::within(choice) {
            return Err(failure);
        }
        self.answered = true;
        if let Some(message) = choice.get("delta").or_else(|| choice.get("message")).filter(|message| message.is_object()) {
            self.message(message)?;
        }
        // Some write an empty one with every piece: that is no end.
        if let Some(stop) = text(choice, "finish_reason").filter(|word| !word.is_empty()) {
            self.stop = Some(stop.to_owned());
        }
        if self.size > self.longest {
            return Err(Failure::protocol("the answer is larger than what is read of one"));
        }
        Ok(())
    }

    /// It has said why it ended: what may follow is what it cost.
    pub(in super::super) fn has_stopped(&self) -> bool {
        self.stop.is_some() || self.ended
    }

    /// What it cost so far, if that was said, and bytes of what came.
    pub(in super::super) fn so_far(&self) -> (Option<Tokens>, usize) {
        (self.tokens, self.size)
    }

    fn grown(&mut self, bytes: usize) {
        self.size = self.size.saturating_add(bytes);
    }

    fn message(&mut self, message: &Value) -> Result<(), Failure> {
        let before = self.text.len().saturating_add(self.refusal.len());
        match message.get("content") {
            Some(Value::String(text)) => self.text.push_str(text),
            Some(Value::Array(parts)) => parts.iter().filter_map(|part| text(part, "text")).for_each(|text| self.text.push_str(text)),
            _ => {}
        }
        self.refusal.push_str(text(message, "refusal").unwrap_or_default());
        self.grown(self.text.len().saturating_add(self.refusal.len()).saturating_sub(before));
        for call in list(message, "tool_calls") {
            self.call(call)?;
        }
        let more = merge_members(&mut self.extras, others(message, OF_MESSAGES));
        self.grown(more);
        Ok(())
    }

    fn call(&mut self, piece: &Value) -> Result<(), Failure> {
        let (index, id) = (count(piece, "index"), text(piece, "id").unwrap_or_default());
        let function = piece.get("function").unwrap_or(&Value::Null);
        // Some have the same index for every call, some none at all: another id is another call.
        let same = |call: &&mut Call| (id.is_empty() || call.id.is_empty() || call.id == id) && (index.is_none() || call.index == index);
        let begins = index.is_none() && id.is_empty() && text(function, "name").is_some_and(|name| !name.is_empty());
        let known = if begins { None } else { self.calls.iter_mut().rev().find(same) };
        let call = match known {
            Some(call) => call,
            None => {
                if self.calls.len() >= CALLS {
                    return Err(Failure::protocol("the answer has more calls than what is read of one"));
                }
                self.calls.push(Call { index, ..Call::default() });
                let Some(call) = self.calls.last_mut() else { return Ok(()) };
                call
            }
        };
        if call.id.is_empty() {
            call.id = id.to_owned();
        }
        if call.name.is_empty() {
            call.name = text(function, "name").unwrap_or_default().to_owned();
        }
        let before = call.arguments.len();
        match function.get("arguments") {
            Some(Value::String(text)) => call.arguments.push_str(text),
            Some(Value::Object(members)) => call.arguments = Value::Object(members.clone()).to_string(),
            _ => {}
        }
        let arguments = call.arguments.len().saturating_sub(before);
        let mut extras = others(piece, OF_CALLS);
        let of_function = others(function, &["name", "arguments"]);
        if !of_function.is_empty() {
            extras.insert("function".to_owned(), of_function.into());
        }
        let more = merge_members(&mut call.extras, extras).saturating_add(arguments);
        self.grown(more);
        Ok(())
    }

    /// The whole answer.
    pub(in super::super) fn finish(self, model: &str) -> Result<Reply, Failure> {
        if !self.answered {
            return Err(Failure::protocol("there is no answer in it"));
        }
        if self.stop.is_none() && !self.ended {
            return Err(Failure::transport("the answer ended before it was whole"));
        }
        let stop = self.stopped()?;
        let mut blocks = Vec::new();
        let opaque = |value: Value| ModelBlock::Opaque(Opaque { provider: model.to_owned(), value: value.to_string() });
        if !self.extras.is_empty() {
            blocks.push(opaque(json!({ "message": self.extras })));
        }
        if !self.text.is_empty() {
            blocks.push(ModelBlock::Text(self.text));
        }
        let mut ids: Vec<String> = Vec::new();
        for (at, call) in self.calls.into_iter().enumerate() {
            // The beginning of an object is no object: what reads as one is whole.
            let is_whole = serde_json::from_str::<Value>(&call.arguments).is_ok_and(|value| value.is_object());
            if stop == StopReason::MaxTokens && !is_whole {
                continue;
            }
            let input = if call.arguments.trim().is_empty() { "{}".to_owned() } else { call.arguments };
            let id = if call.id.is_empty() || ids.contains(&call.id) { format!("call_{}_{at}", self.turn) } else { call.id };
            ids.push(id.clone());
            // There are providers that keep what they thought in the id.
            let is_its_own = !call.extras.is_empty() || !ToolUse::is_plain(&id);
            let extras = is_its_own.then(|| opaque(json!({ "call": id, "members": call.extras })));
            blocks.push(ModelBlock::ToolUse(ToolUse { id, name: call.name, input }));
            blocks.extend(extras);
        }
        Ok(Reply { model: model.to_owned(), blocks, stop, tokens: self.tokens, lost: Vec::new() })
    }

    fn stopped(&self) -> Result<StopReason, Failure> {
        let ended = |reason: StopReason| if self.calls.is_empty() { reason } else { StopReason::ToolUse };
        let word = self.stop.as_deref().unwrap_or_default();
        match word.to_lowercase().as_str() {
            "content_filter" | "refusal" | "safety" | "prohibited_content" => Err(Failure::new(ModelFaultKind::Refused, &self.refusal)),
            "error" => Err(Failure::new(ModelFaultKind::Overloaded, "the answer ended with an error")),
            "length" | "max_tokens" | "model_length" => Ok(StopReason::MaxTokens),
            _ if !self.refusal.is_empty() && self.text.is_empty() && self.calls.is_empty() => {
                Err(Failure::new(ModelFaultKind::Refused, &self.refusal))
            }
            "tool_calls" | "tool_use" | "function_call" => Ok(StopReason::ToolUse),
            "stop" | "eos" | "eos_token" | "end_turn" | "stop_sequence" => Ok(ended(StopReason::End)),
            _ => Ok(ended(StopReason::other(word))),
        }
    }
}

fn tokens(usage: &Value) -> Option<Tokens> {
    let (input, output) = (count(usage, "prompt_tokens"), count(usage, "completion_tokens"));
    if input.is_none() && output.is_none() {
        return None;
    }
    let input = input.unwrap_or_default();
    let cached = usage.get("prompt_tokens_details").and_then(|details| count(details, "cached_tokens"));
    let cached = cached.or_else(|| count(usage, "prompt_cache_hit_tokens")).unwrap_or_default().min(input);
    Some(Tokens { input, cached, output: output.unwrap_or_default() })
}

/// Puts back what an opaque block holds: what belongs to a call into the last one, with the id that its provider gave it where nobody
/// else takes that, and members of the message as the result. `ids` are those that were put back, by ours.
pub(super) fn returned(opaque: &str, calls: &mut [Value], ids: &mut BTreeMap<String, String>) -> Map<String, Value> {
    let Ok(Value::Object(mut held)) = serde_json::from_str(opaque) else { return Map::new() };
    if let (Some(Value::String(id)), Some(Value::Object(members))) = (held.remove("call"), held.remove("members"))
        && let Some(call) = calls.last_mut().and_then(Value::as_object_mut)
    {
        merge_members(call, members);
        if !ToolUse::is_plain(&id)
            && let Some(Value::String(ours)) = call.insert("id".to_owned(), Value::String(id.clone()))
        {
            ids.insert(ours, id);
        }
    }
    match held.remove("message") {
        Some(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
