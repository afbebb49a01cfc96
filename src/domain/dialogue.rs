//! What is said to a language model and what it answers, in words that no provider owns. Arguments of calls stay raw text here: each is
//! read by what it calls, as bytes that anybody may have written.

use super::excerpt::{Excerpt, LINE_LIMIT};

/// All that a model is sent for one answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Who it is and what holds throughout: from us alone.
    pub system: String,
    /// The conversation so far, the oldest first. It begins and ends with a [`Message::Ours`].
    pub messages: Vec<Message>,
    /// What it may call.
    pub tools: Vec<ToolDeclaration>,
    /// Whether it has to.
    pub choice: ToolChoice,
    /// The longest answer, in tokens.
    pub max_output_tokens: u32,
}

/// One turn of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// What we say, and what its calls brought.
    Ours(Vec<OurBlock>),
    /// What the model answered: the blocks of its [`Reply`], as they came and in their order.
    Models(Vec<ModelBlock>),
}

/// A piece of what we say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OurBlock {
    /// Words.
    Text(String),
    /// What one call of the message before brought. Each call has exactly one, and they stand before any words.
    ToolResult(ToolResult),
}

/// A piece of what a model answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelBlock {
    /// Words.
    Text(String),
    /// A call.
    ToolUse(ToolUse),
    /// What only its provider understands, such as a signed thought: sent back to it untouched, and to nobody else.
    Opaque(Opaque),
}

/// A call that a model wants. One whose arguments were cut off is in no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUse {
    /// Told from the other calls of the conversation.
    pub id: String,
    /// What it calls; nobody has checked whether there is such a tool.
    pub name: String,
    /// Its arguments, as the model wrote them: a JSON object where it keeps to the schema.
    pub input: String,
}

impl ToolUse {
    /// Whether every provider takes a call back under this id.
    pub fn is_plain(id: &str) -> bool {
        (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
    }
}

/// What a call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolResult {
    /// Of which call.
    pub id: String,
    /// For the model to read.
    pub content: String,
    /// It is how to call better, and not what was asked for.
    pub is_error: bool,
}

/// See [`ModelBlock::Opaque`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// The name of the model that it comes from: see [`crate::ports::Model::name`].
    pub provider: String,
    /// JSON, in the order in which it came.
    pub value: String,
}

/// A tool, as a model reads of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolDeclaration {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does and when to call it.
    pub description: String,
    /// The JSON schema of its arguments: an object.
    pub schema: serde_json::Value,
}

/// Whether a model has to call something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// One of the tools.
    Required,
    /// This one.
    Only(String),
    /// None; they stay declared, so that earlier calls keep their meaning.
    Never,
}

/// One answer, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The name of the model that answered, which in a chain need not be the first.
    pub model: String,
    /// What it says, in its order. May be empty.
    pub blocks: Vec<ModelBlock>,
    /// Why it ended.
    pub stop: StopReason,
    /// What it cost; `None` where the provider does not say, which is not the same as nothing.
    pub tokens: Option<Tokens>,
    /// What attempts before this answer may have cost.
    pub lost: Vec<Wasted>,
}

impl Reply {
    /// What it calls, in its order.
    pub fn calls(&self) -> impl Iterator<Item = &ToolUse> {
        self.blocks.iter().filter_map(|block| match block {
            ModelBlock::ToolUse(call) => Some(call),
            ModelBlock::Text(_) | ModelBlock::Opaque(_) => None,
        })
    }

    /// Its words, without what it calls.
    pub fn text(&self) -> String {
        let words = self.blocks.iter().filter_map(|block| match block {
            ModelBlock::Text(text) => Some(text.as_str()),
            ModelBlock::ToolUse(_) | ModelBlock::Opaque(_) => None,
        });
        words.collect::<Vec<_>>().join("\n")
    }
}

/// Why an answer ended. A refusal is no answer: see [`super::model_fault::ModelFaultKind::Refused`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// It had no more to say.
    End,
    /// It waits for what its calls bring.
    ToolUse,
    /// It reached the longest answer: its end is missing, and so are calls that were not whole.
    MaxTokens,
    /// The provider's own word for something else, or none.
    Other(Excerpt),
}

impl StopReason {
    /// A word that no provider of ours has a meaning for.
    pub fn other(word: &str) -> Self {
        Self::Other(Excerpt::capture(word, LINE_LIMIT))
    }
}

/// What one answer cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tokens {
    /// All that was sent, from the provider's cache or not.
    pub input: u64,
    /// Those of them that the provider had in its cache.
    pub cached: u64,
    /// All that it sent, thoughts included.
    pub output: u64,
}

/// Bytes of a token, where a provider does not say how many there were: YAML and logs have about three.
const BYTES_OF_A_TOKEN: u64 = 3;

impl Tokens {
    /// What so many bytes are, where nobody counts better.
    pub fn estimated(sent: usize, came: usize) -> Self {
        let of = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES_OF_A_TOKEN);
        Self { input: of(sent), cached: 0, output: of(came) }
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, more: Self) -> Self {
        Self {
            input: self.input.saturating_add(more.input),
            cached: self.cached.saturating_add(more.cached),
            output: self.output.saturating_add(more.output),
        }
    }

    /// Sent and received.
    pub fn all(self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// What attempts without an answer may have cost all the same: a provider counts what it took in, also where its answer broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wasted {
    /// The model that was asked.
    pub model: String,
    /// As far as it is known, else estimated.
    pub tokens: Tokens,
}
