//! A message, put together from the events of a stream or from a whole body. Thoughts and whatever else has no meaning here go back as
//! they came, with their signatures.

use super::super::failure::Failure;
use super::super::value::{count, list, merge_members, others, size, text};
use crate::domain::dialogue::{ModelBlock, Opaque, Reply, StopReason, Tokens, ToolUse};
use crate::ports::ModelFaultKind;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most blocks in one answer: several times the most calls.
const BLOCKS: usize = 512;

/// What came so far.
#[derive(Debug)]
pub(in super::super) struct Answer {
    blocks: BTreeMap<u64, Part>,
    stop: Option<String>,
    counts: BTreeMap<&'static str, u64>,
    answered: bool,
    ended: bool,
    /// Bytes of all that was taken in, counted as it came.
    size: usize,
    turn: usize,
    longest: usize,
}

#[derive(Debug, Default)]
struct Part {
    members: Map<String, Value>,
    /// The arguments of a call, which come in pieces of JSON.
    input: String,
}

impl Answer {
    pub(in super::super) fn new(turn: usize, longest: usize) -> Self {
        Self { blocks: BTreeMap::new(), stop: None, counts: BTreeMap::new(), answered: false, ended: false, size: 0, turn, longest }
    }

    /// One event of a stream; `true` when it was the last.
    pub(in super::super) fn event(&mut self, data: &str) -> Result<bool, Failure> {
        if matches!(data.trim(), "" | "[DONE]") {
            return Ok(self.ended);
        }
        let event: Value = serde_json::from_str(data).map_err(|_| Failure::protocol("an event of the stream is not JSON"))?;
        if let Some(failure) = Failure::within(&event) {
            return Err(failure);
        }
        let index = count(&event, "index").unwrap_or_default();
        match text(&event, "type").unwrap_or_default() {
            "message_start" => {
                self.answered = true;
                self.usage(event.get("message").and_then(|message| message.get("usage")));
            }
            "content_block_start" => {
                self.answered = true;
                self.begin(index, event.get("content_block").and_then(Value::as_object).cloned().unwrap_or_default());
            }
            "content_block_delta" => self.delta(index, event.get("delta").unwrap_or(&Value::Null)),
            "message_delta" => {
                self.stopped_by(event.get("delta").unwrap_or(&Value::Null));
                self.usage(event.get("usage"));
            }
            "message_stop" => self.ended = true,
            // Pings, and what there is one day.
            _ => {}
        }
        self.bounded()?;
        Ok(self.ended)
    }

    /// A whole message.
    pub(in super::super) fn take(&mut self, message: &Value) -> Result<(), Failure> {
        if let Some(failure) = Failure::within(message) {
            return Err(failure);
        }
        self.answered = message.get("content").is_some_and(Value::is_array);
        for (index, block) in (0..).zip(list(message, "content").filter_map(Value::as_object)) {
            self.begin(index, block.clone());
        }
        self.stopped_by(message);
        self.usage(message.get("usage"));
        self.ended = true;
        self.bounded()
    }

    /// It has said why it ended: what may follow is what it cost.
    pub(in super::super) fn has_stopped(&self) -> bool {
        self.stop.is_some() || self.ended
    }

    /// What it cost so far, if that was said, and bytes of what came.
    pub(in super::super) fn so_far(&self) -> (Option<Tokens>, usize) {
        (self.tokens(), self.size)
    }

    fn begin(&mut self, index: u64, members: Map<String, Value>) {
        self.size = self.size.saturating_add(size(&members));
        self.blocks.insert(index, Part { members, input: String::new() });
    }

    fn delta(&mut self, index: u64, delta: &Value) {
        let part = self.blocks.entry(index).or_default();
        if let Some(piece) = text(delta, "partial_json") {
            part.input.push_str(piece);
            self.size = self.size.saturating_add(piece.len());
            return;
        }
        if part.members.is_empty() {
            let kind = text(delta, "type").unwrap_or_default().trim_end_matches("_delta");
            part.members.insert("type".to_owned(), kind.into());
        }
        let more = merge_members(&mut part.members, others(delta, &["type"]));
        self.size = self.size.saturating_add(more);
    }

    fn stopped_by(&mut self, from: &Value) {
        if let Some(stop) = text(from, "stop_reason").filter(|word| !word.is_empty()) {
            self.stop = Some(stop.to_owned());
        }
    }

    /// Counts are of the whole message so far, also in a stream.
    fn usage(&mut self, usage: Option<&Value>) {
        let Some(usage) = usage else { return };
        for key in ["input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens"] {
            if let Some(count) = count(usage, key) {
                self.counts.insert(key, count);
            }
        }
    }

    fn bounded(&self) -> Result<(), Failure> {
        if self.blocks.len() > BLOCKS || self.size > self.longest {
            return Err(Failure::protocol("the answer is larger than what is read of one"));
        }
        Ok(())
    }

    /// The whole answer.
    pub(in super::super) fn finish(self, model: &str) -> Result<Reply, Failure> {
        if !self.answered && self.blocks.is_empty() {
            return Err(Failure::protocol("there is no answer in it"));
        }
        if self.stop.is_none() && !self.ended {
            return Err(Failure::transport("the answer ended before it was whole"));
        }
        let (tokens, word, turn) = (self.tokens(), self.stop.unwrap_or_default(), self.turn);
        let cut = matches!(word.as_str(), "max_tokens" | "model_context_window_exceeded");
        let mut parts: Vec<Part> = self.blocks.into_values().collect();
        // Where an answer is cut, it is cut in its last block: a call there may look whole and not be.
        if cut && parts.last().is_some_and(Part::cannot_be_cut) {
            parts.pop();
        }
        let blocks: Vec<ModelBlock> =
            parts.into_iter().enumerate().filter_map(|(at, part)| part.block(model, &format!("call_{turn}_{at}"))).collect();
        let calls = blocks.iter().any(|block| matches!(block, ModelBlock::ToolUse(_)));
        let stop = match word.as_str() {
            "refusal" => return Err(Failure::new(ModelFaultKind::Refused, "")),
            _ if cut => StopReason::MaxTokens,
            _ if calls => StopReason::ToolUse,
            "tool_use" => StopReason::ToolUse,
            "end_turn" | "stop_sequence" => StopReason::End,
            other => StopReason::other(other),
        };
        Ok(Reply { model: model.to_owned(), blocks, stop, tokens, lost: Vec::new() })
    }

    /// What was in the cache, or came into it, is not among the input here: we count all that was sent.
    fn tokens(&self) -> Option<Tokens> {
        let of = |key: &str| self.counts.get(key).copied().unwrap_or_default();
        let cached = of("cache_read_input_tokens");
        let input = of("input_tokens").saturating_add(cached).saturating_add(of("cache_creation_input_tokens"));
        (!self.counts.is_empty()).then(|| Tokens { input, cached, output: of("output_tokens") })
    }
}

impl Part {
    /// Of a call half its arguments mean something else, and a thought without its signature is not taken back.
    fn cannot_be_cut(&self) -> bool {
        self.members.get("type").and_then(Value::as_str) != Some("text")
    }

    fn block(mut self, model: &str, unnamed: &str) -> Option<ModelBlock> {
        let member = |key: &str| self.members.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match member("type").as_str() {
            "text" => {
                let text = member("text");
                (!text.is_empty()).then_some(ModelBlock::Text(text))
            }
            "tool_use" => {
                let (id, name) = (member("id"), member("name"));
                let input = match self.members.remove("input") {
                    _ if !self.input.is_empty() => self.input,
                    Some(Value::String(text)) => text,
                    Some(input @ Value::Object(_)) => input.to_string(),
                    _ => "{}".to_owned(),
                };
                let id = if id.is_empty() { unnamed.to_owned() } else { id };
                Some(ModelBlock::ToolUse(ToolUse { id, name, input }))
            }
            _ => Some(ModelBlock::Opaque(Opaque { provider: model.to_owned(), value: Value::Object(self.members).to_string() })),
        }
    }
}
