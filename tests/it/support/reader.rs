//! A language model for tests: a function of all that it was sent, and of how often it was asked before.

use async_trait::async_trait;
use kubemend::domain::budget::{Budget, Daily};
use kubemend::domain::dialogue::{Message, ModelBlock, OurBlock, Prompt, Reply, StopReason, Tokens, ToolUse};
use kubemend::domain::prices::Prices;
use kubemend::ports::{Model, ModelFault, ModelFaultKind};
use kubemend::workflow::OwnModel;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

const NAME: &str = "openai/reader";

type Answer = Result<Vec<ModelBlock>, ModelFaultKind>;
type Reads = Box<dyn Fn(usize, &Prompt) -> Answer + Send + Sync>;

/// See the file's head.
pub(crate) struct Reader {
    read: Reads,
    asked: Mutex<Vec<Prompt>>,
    /// It never answers.
    silent: bool,
}

impl Reader {
    pub(crate) fn new(read: impl Fn(usize, &Prompt) -> Answer + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { read: Box::new(read), asked: Mutex::default(), silent: false })
    }

    pub(crate) fn silent() -> Arc<Self> {
        Arc::new(Self { read: Box::new(|_, _| Ok(Vec::new())), asked: Mutex::default(), silent: true })
    }

    /// What it was sent, in order.
    pub(crate) fn asked(&self) -> Vec<Prompt> {
        self.asked.lock().unwrap().clone()
    }

    /// As the operator's model.
    pub(crate) fn own(self: &Arc<Self>) -> OwnModel {
        let prices = Prices::parse("openai/reader=2/8").unwrap();
        OwnModel::new(self.clone(), Budget::default(), Daily::default(), prices)
    }
}

#[async_trait]
impl Model for Reader {
    fn name(&self) -> &str {
        NAME
    }

    async fn complete(&self, prompt: &Prompt, _: &CancellationToken) -> Result<Reply, ModelFault> {
        let turn = self.asked().len();
        self.asked.lock().unwrap().push(prompt.clone());
        if self.silent {
            std::future::pending::<()>().await;
        }
        let fault = |kind| ModelFault { model: NAME.to_owned(), kind, status: None, said: None, lost: Vec::new() };
        let blocks = (self.read)(turn, prompt).map_err(fault)?;
        let tokens = Some(Tokens { input: tokens(prompt), cached: 0, output: 100 });
        Ok(Reply { model: NAME.to_owned(), blocks, stop: StopReason::ToolUse, tokens, lost: Vec::new() })
    }
}

/// A call of a tool.
pub(crate) fn call(name: &str, input: &Value) -> ModelBlock {
    ModelBlock::ToolUse(ToolUse { id: format!("{name}-{}", input.to_string().len()), name: name.to_owned(), input: input.to_string() })
}

/// All that stands in its messages from our side, the oldest first.
pub(crate) fn text(prompt: &Prompt) -> String {
    let mut all = String::new();
    for message in &prompt.messages {
        let Message::Ours(blocks) = message else { continue };
        for block in blocks {
            all.push_str(match block {
                OurBlock::Text(text) => text,
                OurBlock::ToolResult(result) => &result.content,
            });
            all.push('\n');
        }
    }
    all
}

/// The ids of what was seen by this probe.
pub(crate) fn ids(prompt: &Prompt, look: &str) -> Vec<String> {
    let found = text(prompt)
        .lines()
        .filter_map(|line| {
            line.split_once(" = ").filter(|(_, asked)| asked.starts_with(&format!("{},", look.trim_end()))).map(|(id, _)| id.to_owned())
        })
        .collect::<Vec<_>>();
    assert!(!found.is_empty(), "nothing of `{look}` was shown:\n{}", text(prompt));
    found
}

/// An upper bound of the tokens of a prompt: YAML, JSON and logs have more than three bytes for each.
pub(crate) fn tokens(prompt: &Prompt) -> u64 {
    let tools: usize = prompt.tools.iter().map(|tool| tool.description.len() + tool.schema.to_string().len()).sum();
    ((prompt.system.len() + tools + text(prompt).len()) / 3) as u64
}
