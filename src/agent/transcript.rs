//! The conversation with a model, kept as every provider takes it: ours and the model's turns alternate, ours begin and end it, and each
//! call has one result, before any words. Old results give way to a line each where there are too many.

use crate::domain::dialogue::{Message, ModelBlock, OurBlock, Prompt, ToolResult, ToolUse};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of results that are kept whole; the newest ones are in any case.
const KEPT: usize = 24 * 1024;

/// See the file's head.
#[derive(Debug)]
pub(crate) struct Transcript {
    /// The first is ours, and so is the last between two answers.
    messages: Vec<Message>,
    /// Every id of a call so far.
    calls: BTreeSet<String>,
    /// What stands for a result that gives way, by its call.
    lines: BTreeMap<String, String>,
}

impl Transcript {
    pub(crate) fn new(opening: String) -> Self {
        Self { messages: vec![Message::Ours(vec![OurBlock::Text(opening)])], calls: BTreeSet::new(), lines: BTreeMap::new() }
    }

    pub(crate) fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Takes in an answer with what each of its calls is called from now on: ids are told apart, and names and arguments have the form that
    /// every provider takes back. `None` where nothing is left of the answer.
    pub(crate) fn answer(&mut self, blocks: Vec<ModelBlock>) -> Option<Vec<ToolUse>> {
        let mut calls = Vec::new();
        let mut kept = Vec::new();
        for block in blocks {
            kept.push(match block {
                ModelBlock::Text(text) if text.trim().is_empty() => continue,
                ModelBlock::ToolUse(call) => {
                    let id = self.own_id(&call.id);
                    let told = ToolUse { id: id.clone(), name: wire_name(&call.name), input: wire_input(&call.input) };
                    calls.push(ToolUse { id, ..call });
                    ModelBlock::ToolUse(told)
                }
                ModelBlock::Text(_) | ModelBlock::Opaque(_) => block,
            });
        }
        // A thought alone is no turn that can be sent back.
        if kept.iter().all(|block| matches!(block, ModelBlock::Opaque(_))) {
            return None;
        }
        self.messages.push(Message::Models(kept));
        Some(calls)
    }

    fn own_id(&mut self, given: &str) -> String {
        let mut id = given.to_owned();
        let mut number = self.calls.len();
        while !ToolUse::is_plain(&id) || self.calls.contains(&id) {
            number = number.saturating_add(1);
            id = format!("call-{number}");
        }
        self.calls.insert(id.clone());
        id
    }

    /// What the calls of the last answer brought, one for each of them and in their order. `stands` is what is left of it later.
    pub(crate) fn results(&mut self, results: Vec<(ToolResult, Option<String>)>) {
        let mut blocks = Vec::new();
        for (result, stands) in results {
            if let Some(line) = stands {
                self.lines.insert(result.id.clone(), line);
            }
            blocks.push(OurBlock::ToolResult(result));
        }
        if !blocks.is_empty() {
            self.messages.push(Message::Ours(blocks));
        }
    }

    /// Says something: after the results where it is our turn already.
    pub(crate) fn say(&mut self, text: String) {
        match self.messages.last_mut() {
            Some(Message::Ours(blocks)) => blocks.push(OurBlock::Text(text)),
            Some(Message::Models(_)) | None => self.messages.push(Message::Ours(vec![OurBlock::Text(text)])),
        }
    }

    /// Of what was seen before the last turn, the oldest gives way until no more is kept than has room.
    pub(crate) fn compact(&mut self) {
        let mut bytes: usize = self.messages.iter().map(bytes_of_results).sum();
        let before = self.messages.len().saturating_sub(1);
        for message in self.messages.iter_mut().take(before) {
            let Message::Ours(blocks) = message else { continue };
            for block in blocks {
                if bytes <= KEPT {
                    return;
                }
                let OurBlock::ToolResult(result) = block else { continue };
                let Some(line) = self.lines.get(&result.id).filter(|line| line.len() < result.content.len()) else { continue };
                bytes = bytes.saturating_sub(result.content.len()).saturating_add(line.len());
                result.content.clone_from(line);
            }
        }
    }
}

fn bytes_of_results(message: &Message) -> usize {
    let Message::Ours(blocks) = message else { return 0 };
    let of = |block: &OurBlock| if let OurBlock::ToolResult(result) = block { result.content.len() } else { 0 };
    blocks.iter().map(of).sum()
}

/// Bytes of a prompt, as a measure of its tokens.
pub(super) fn bytes(prompt: &Prompt) -> usize {
    let tools = prompt.tools.iter().map(|tool| tool.name.len() + tool.description.len() + tool.schema.to_string().len());
    let messages = prompt.messages.iter().map(|message| match message {
        Message::Ours(blocks) => blocks.iter().map(bytes_of_ours).sum::<usize>(),
        Message::Models(blocks) => bytes_of_answer(blocks),
    });
    tools.chain(messages).fold(prompt.system.len(), usize::saturating_add)
}

fn bytes_of_ours(block: &OurBlock) -> usize {
    match block {
        OurBlock::Text(text) => text.len(),
        OurBlock::ToolResult(result) => result.content.len(),
    }
}

pub(super) fn bytes_of_answer(blocks: &[ModelBlock]) -> usize {
    let of = |block: &ModelBlock| match block {
        ModelBlock::Text(text) => text.len(),
        ModelBlock::ToolUse(call) => call.name.len().saturating_add(call.input.len()),
        ModelBlock::Opaque(opaque) => opaque.value.len(),
    };
    blocks.iter().map(of).fold(0, usize::saturating_add)
}

/// A name that providers take back; what was called is said in its result.
fn wire_name(name: &str) -> String {
    let plain = (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if plain { name.to_owned() } else { "unknown".to_owned() }
}

/// Arguments that providers take back: an object.
fn wire_input(input: &str) -> String {
    let is_object = serde_json::from_str::<serde_json::Value>(input).is_ok_and(|value| value.is_object());
    if is_object { input.to_owned() } else { "{}".to_owned() }
}

/// That the conversation is one that every provider takes: whatever came in.
#[cfg(test)]
pub(super) fn assert_legal(messages: &[Message]) {
    assert!(matches!(messages.first(), Some(Message::Ours(_))) && matches!(messages.last(), Some(Message::Ours(_))));
    let mut open: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for (at, message) in messages.iter().enumerate() {
        match message {
            Message::Ours(blocks) => {
                assert_eq!(at % 2, 0, "turns alternate");
                assert!(!blocks.is_empty());
                let results = blocks.iter().take_while(|block| matches!(block, OurBlock::ToolResult(_))).count();
                assert!(blocks.iter().skip(results).all(|block| matches!(block, OurBlock::Text(text) if !text.trim().is_empty())));
                let ids: Vec<String> =
                    blocks.iter().filter_map(|b| if let OurBlock::ToolResult(r) = b { Some(r.id.clone()) } else { None }).collect();
                assert_eq!(ids, open, "each call has one result");
                open.clear();
            }
            Message::Models(blocks) => {
                assert_eq!(at % 2, 1, "turns alternate");
                assert!(blocks.iter().any(|block| !matches!(block, ModelBlock::Opaque(_))));
                for block in blocks {
                    match block {
                        ModelBlock::Text(text) => assert!(!text.trim().is_empty()),
                        ModelBlock::ToolUse(call) => {
                            assert!(seen.insert(call.id.clone()), "ids are told apart");
                            assert_eq!((wire_name(&call.name), wire_input(&call.input)), (call.name.clone(), call.input.clone()));
                            open.push(call.id.clone());
                        }
                        ModelBlock::Opaque(_) => {}
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(id: &str, name: &str, input: &str) -> ModelBlock {
        ModelBlock::ToolUse(ToolUse { id: id.into(), name: name.into(), input: input.into() })
    }

    fn result(id: &str, bytes: usize) -> (ToolResult, Option<String>) {
        let content = "x".repeat(bytes);
        (ToolResult { id: id.into(), content, is_error: false }, Some(format!("{id} was seen")))
    }

    #[test]
    fn calls_are_told_apart_and_have_a_form_that_can_be_sent_back() {
        let mut transcript = Transcript::new("hello".into());
        assert_eq!(transcript.answer(vec![ModelBlock::Text(" \n".into())]), None);
        let calls =
            transcript.answer(vec![call("a", "get", "{}"), call("a", "no such/tool", "[1"), call("", "get", "{\"a\": 1}")]).unwrap();
        assert_eq!(
            calls.iter().map(|c| (c.id.as_str(), c.name.as_str())).collect::<Vec<_>>(),
            [("a", "get"), ("call-2", "no such/tool"), ("call-3", "get")]
        );
        transcript.results(calls.iter().map(|c| result(&c.id, 1)).collect());
        transcript.say("go on".into());
        transcript.say("really".into());
        assert_legal(transcript.messages());
        assert_eq!(transcript.messages().len(), 3);
    }

    #[test]
    fn oldest_results_give_way_and_the_newest_do_not() {
        let mut transcript = Transcript::new("hello".into());
        for id in ["a", "b", "c"] {
            transcript.answer(vec![call(id, "get", "{}")]).unwrap();
            transcript.results(vec![result(id, 20 * 1024)]);
            transcript.compact();
            assert_legal(transcript.messages());
        }
        let kept: Vec<usize> = transcript.messages().iter().map(bytes_of_results).filter(|bytes| *bytes > 0).collect();
        assert_eq!(kept, ["a was seen".len(), "b was seen".len(), 20 * 1024]);
    }
}
