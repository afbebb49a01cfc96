//! A model for unit tests: answers from a script, and remembers what it was asked.

use super::{Model, ModelFault, ModelFaultKind};
use crate::domain::dialogue::{ModelBlock, Prompt, Reply, StopReason, Tokens, ToolUse};
use async_trait::async_trait;
use std::collections::VecDeque;
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

/// Gives its answers in their order; without one it fails as a provider does that cannot be reached.
#[derive(Debug, Default)]
pub(crate) struct ScriptedModel {
    answers: Mutex<VecDeque<Result<Reply, ModelFaultKind>>>,
    asked: Mutex<Vec<Prompt>>,
}

impl ScriptedModel {
    pub(crate) fn answering(answers: impl IntoIterator<Item = Result<Reply, ModelFaultKind>>) -> Self {
        Self { answers: Mutex::new(answers.into_iter().collect()), asked: Mutex::default() }
    }

    /// What it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Prompt> {
        self.asked.lock().unwrap().clone()
    }
}

/// An answer in words.
pub(crate) fn says(text: &str) -> Reply {
    reply(vec![ModelBlock::Text(text.to_owned())], StopReason::End)
}

/// An answer that calls tools: the name and the arguments of each.
pub(crate) fn calls(calls: &[(&str, &str)]) -> Reply {
    let call = |(at, (name, input)): (usize, &(&str, &str))| {
        ModelBlock::ToolUse(ToolUse { id: format!("call-{}", at + 1), name: (*name).to_owned(), input: (*input).to_owned() })
    };
    reply(calls.iter().enumerate().map(call).collect(), StopReason::ToolUse)
}

fn reply(blocks: Vec<ModelBlock>, stop: StopReason) -> Reply {
    Reply { model: "openai/scripted".into(), blocks, stop, tokens: Some(Tokens { input: 1_000, cached: 0, output: 100 }), lost: Vec::new() }
}

#[async_trait]
impl Model for ScriptedModel {
    fn name(&self) -> &str {
        "openai/scripted"
    }

    async fn complete(&self, prompt: &Prompt, cancelled: &CancellationToken) -> Result<Reply, ModelFault> {
        let fault = |kind| ModelFault { model: self.name().to_owned(), kind, status: None, said: None, lost: Vec::new() };
        if cancelled.is_cancelled() {
            return Err(fault(ModelFaultKind::Cancelled));
        }
        self.asked.lock().unwrap().push(prompt.clone());
        self.answers.lock().unwrap().pop_front().unwrap_or(Err(ModelFaultKind::Transport)).map_err(fault)
    }
}

#[tokio::test]
async fn answers_come_in_their_order_and_then_none() {
    let model = ScriptedModel::answering([Ok(calls(&[("get", "{}")])), Ok(says("done"))]);
    let prompt = Prompt {
        system: "s".into(),
        messages: Vec::new(),
        tools: Vec::new(),
        choice: crate::domain::dialogue::ToolChoice::Auto,
        max_output_tokens: 10,
    };
    let go = CancellationToken::new();
    assert_eq!(model.complete(&prompt, &go).await.unwrap().calls().next().unwrap().name, "get");
    assert_eq!(model.complete(&prompt, &go).await.unwrap().text(), "done");
    assert_eq!(model.complete(&prompt, &go).await.unwrap_err().kind, ModelFaultKind::Transport);
    assert_eq!(model.asked().len(), 3);
    go.cancel();
    assert_eq!(model.complete(&prompt, &go).await.unwrap_err().kind, ModelFaultKind::Cancelled);
}
