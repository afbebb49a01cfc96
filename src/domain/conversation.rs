//! What was said between this program and who investigates, be it a model of the operator or the agent that called: kept with the session,
//! so that somebody can follow it who sees neither. Each text is an excerpt; the oldest go first, and how many went is known.

use super::dialogue::{ModelBlock, Reply, StopReason, Tokens};
use super::excerpt::{Excerpt, LINE_LIMIT};
use super::masked::Masked;
use super::observation::ObservationId;
use super::secrets::{hidden, name_of_one, names_one};
use jiff::Timestamp;
use serde_json::Value;

/// Utterances that a session keeps: an investigation has two for each of its answers, and at most as many answers as the operator sets.
const UTTERANCES: usize = 64;
/// Bytes of all of them. What looks brought is kept as observations, and named here by its id.
const CONVERSATION_BYTES: usize = 192 * 1024;
/// Bytes of one text. The first message of an investigation has some 17 KiB at most, an answer rarely more than 4.
const TEXT_BYTES: usize = 32 * 1024;
/// What holds values beside the name of their field.
const OF_A_FIELD: [&str; 3] = ["value", "found", "expected"];
/// Pieces of one utterance: more calls of one answer are not answered one by one either.
const PIECES: usize = 48;

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Utterance {
    /// When.
    pub at: Timestamp,
    /// What, and by whom.
    pub spoken: Spoken,
}

/// What was said, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spoken {
    /// To a model of the operator: what is new to it.
    ToModel {
        /// What its calls brought, one for each.
        brought: Vec<CallBrought>,
        /// Words, in their order.
        words: Vec<Excerpt>,
        /// The digest of the prompts that were in use.
        prompts: String,
    },
    /// By a model of the operator.
    ByModel(Answered),
    /// It gave no answer, for this reason.
    NoAnswer(Excerpt),
    /// The agent that called looked: what it asked for, and what that brought.
    Looks(Vec<CallBrought>),
    /// The agent that called concluded.
    Proposal {
        /// Who, as it calls itself.
        by: Excerpt,
        /// The proposal as it came: JSON.
        text: Excerpt,
    },
    /// How an investigation ended.
    Ended(Excerpt),
}

/// What one call brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallBrought {
    /// The id of a model's call, or the look that an agent asked for.
    pub call: Excerpt,
    /// What.
    pub what: Came,
}

/// What a call brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// An observation of this session.
    Seen(ObservationId),
    /// Words: why nothing was seen, or what was wrong with the call.
    Told(Excerpt),
}

/// One answer of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Which model.
    pub model: Excerpt,
    /// What it said, in its order.
    pub pieces: Vec<AnswerPiece>,
    /// Why it ended.
    pub stop: Stopped,
    /// What it cost, where its provider says so.
    pub tokens: Option<Tokens>,
}

/// A piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerPiece {
    /// Words.
    Text(Excerpt),
    /// A call.
    Call {
        /// Its id, as the model gave it.
        id: Excerpt,
        /// What it calls.
        name: Excerpt,
        /// Its arguments, as the model wrote them.
        input: Excerpt,
    },
    /// What only its provider understands: that there was something, and nothing of it.
    Opaque,
}

/// Why an answer ended, as far as it matters to who reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stopped {
    /// Whole.
    Whole,
    /// Its end is missing.
    Cut,
}

impl Stopped {
    /// Each of them.
    pub const ALL: [Self; 2] = [Self::Whole, Self::Cut];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Stopped::Whole => "whole",
            Stopped::Cut => "cut",
        }
    }
}

/// A text of an utterance, as it is kept.
pub fn kept(text: &str) -> Excerpt {
    Excerpt::capture(text, TEXT_BYTES)
}

/// Arguments of a call. Each text in them is masked as it was meant, and then all of it: between the signs of JSON a line does not begin
/// where it does.
pub fn kept_arguments(arguments: &str) -> Excerpt {
    // Nobody reads more of it, and text by text it takes long.
    let short = Some(arguments).filter(|arguments| arguments.len() <= TEXT_BYTES.saturating_mul(4));
    match short.and_then(|arguments| serde_json::from_str::<Value>(arguments).ok()) {
        Some(value) => kept(&each_masked(&value).to_string()),
        None => kept(arguments),
    }
}

fn each_masked(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(Masked::whole(text).as_str().to_owned()),
        Value::Array(items) => items.iter().map(each_masked).collect(),
        Value::Object(members) => {
            let field = members.get("field").and_then(Value::as_str);
            let of_one = field.is_some_and(|field| name_of_one(field).is_some());
            let one = |key: &str, member: &Value| {
                let below = of_one && OF_A_FIELD.contains(&key) && !member.is_null();
                let named = names_one(key) && matches!(member, Value::String(_) | Value::Number(_));
                if below || named { Value::String(hidden()) } else { each_masked(member) }
            };
            members.iter().map(|(key, member)| (key.clone(), one(key, member))).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

fn name(text: &str) -> Excerpt {
    Excerpt::capture(text, LINE_LIMIT)
}

impl From<&Reply> for Answered {
    fn from(reply: &Reply) -> Self {
        let piece = |block: &ModelBlock| match block {
            ModelBlock::Text(text) => AnswerPiece::Text(kept(text)),
            ModelBlock::ToolUse(call) => {
                AnswerPiece::Call { id: name(&call.id), name: name(&call.name), input: kept_arguments(&call.input) }
            }
            ModelBlock::Opaque(_) => AnswerPiece::Opaque,
        };
        Self {
            model: name(&reply.model),
            pieces: reply.blocks.iter().take(PIECES).map(piece).collect(),
            stop: if reply.stop == StopReason::MaxTokens { Stopped::Cut } else { Stopped::Whole },
            tokens: reply.tokens,
        }
    }
}

impl CallBrought {
    /// Of a call with this id, or in these words.
    pub fn of(call: &str, what: Came) -> Self {
        Self { call: name(call), what }
    }

    fn bytes(&self) -> usize {
        let what = match &self.what {
            Came::Seen(_) => 0,
            Came::Told(text) => text.as_str().len(),
        };
        self.call.as_str().len().saturating_add(what)
    }
}

impl AnswerPiece {
    fn bytes(&self) -> usize {
        match self {
            AnswerPiece::Text(text) => text.as_str().len(),
            AnswerPiece::Call { id, name, input } => [id, name, input].iter().map(|text| text.as_str().len()).sum(),
            AnswerPiece::Opaque => 0,
        }
    }
}

impl Spoken {
    fn bytes(&self) -> usize {
        match self {
            Spoken::ToModel { brought, words, .. } => {
                let words: usize = words.iter().map(|text| text.as_str().len()).sum();
                brought.iter().map(CallBrought::bytes).sum::<usize>().saturating_add(words)
            }
            Spoken::ByModel(answer) => answer.pieces.iter().map(AnswerPiece::bytes).sum(),
            Spoken::NoAnswer(text) | Spoken::Ended(text) | Spoken::Proposal { text, .. } => text.as_str().len(),
            Spoken::Looks(brought) => brought.iter().map(CallBrought::bytes).sum(),
        }
    }
}

/// All that was said in a session, as far as it is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conversation {
    kept: Vec<Utterance>,
    left_out: u32,
}

impl Conversation {
    /// One that was kept, so many of whose oldest utterances went before.
    pub fn resumed(kept: Vec<Utterance>, left_out: u32) -> Self {
        let mut this = Self { kept, left_out };
        this.bound();
        this
    }

    /// Takes in what was said. The oldest go where there is more than is kept.
    pub fn add(&mut self, at: Timestamp, spoken: Spoken) {
        self.kept.push(Utterance { at, spoken });
        self.bound();
    }

    fn bound(&mut self) {
        let mut bytes: usize = self.kept.iter().map(|one| one.spoken.bytes()).sum();
        let mut from = 0;
        while self.kept.len().saturating_sub(from) > UTTERANCES || bytes > CONVERSATION_BYTES {
            let Some(oldest) = self.kept.get(from) else { break };
            bytes = bytes.saturating_sub(oldest.spoken.bytes());
            from = from.saturating_add(1);
        }
        self.kept.drain(..from);
        self.left_out = self.left_out.saturating_add(u32::try_from(from).unwrap_or(u32::MAX));
    }

    /// What is kept, the oldest first.
    pub fn utterances(&self) -> &[Utterance] {
        &self.kept
    }

    /// How many went before the first that is kept.
    pub fn left_out(&self) -> u32 {
        self.left_out
    }

    /// Nothing was ever said.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.left_out == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dialogue::{Opaque, ToolUse};

    fn words(conversation: &Conversation) -> Vec<String> {
        let of = |one: &Utterance| if let Spoken::Ended(text) = &one.spoken { text.to_string() } else { panic!("{one:?}") };
        conversation.utterances().iter().map(of).collect()
    }

    #[test]
    fn arguments_are_masked_text_by_text() {
        let given =
            serde_json::json!({"value": "user = app\npass = hunter2canary\n", "deep": [{"text": "a\npwd: hunter3canary"}]}).to_string();
        let kept = kept_arguments(&given).to_string();
        assert!(!kept.contains("canary") && kept.contains("user = app"), "{kept}");
        assert!(!kept_arguments("no JSON\npass = hunter2canary").to_string().contains("canary"));
    }

    #[test]
    fn value_of_a_field_that_is_called_as_a_credential_is_hidden_however_the_field_is_written() {
        for field in ["data[\"db.password\"]", "data['db.password']", "data.DB_PASSWORD", "stringData.token"] {
            let set = serde_json::json!({"set": [{"field": field, "value": "hunter2canary"}]});
            let cause = serde_json::json!({"field": field, "found": "hunter3canary", "expected": "hunter4canary"});
            for given in [set, cause, serde_json::json!({"manifest": {"data": {"db.password": "hunter5canary"}}})] {
                let kept = kept_arguments(&given.to_string()).to_string();
                assert!(!kept.contains("canary"), "{field}: {kept}");
            }
        }
        let kept = kept_arguments(r#"{"field": "data.LEVEL", "value": "debug"}"#).to_string();
        assert!(kept.contains("debug"), "{kept}");
    }

    #[test]
    fn oldest_go_first_and_are_counted() {
        let mut many = Conversation::default();
        assert!(many.is_empty());
        for number in 0..70 {
            many.add(Timestamp::UNIX_EPOCH, Spoken::Ended(kept(&number.to_string())));
        }
        assert_eq!((words(&many).len(), words(&many)[0].as_str(), many.left_out()), (UTTERANCES, "6", 6));
        let mut large = Conversation::default();
        for number in 0..9 {
            large.add(Timestamp::UNIX_EPOCH, Spoken::Ended(kept(&format!("{number} {}", "x ".repeat(TEXT_BYTES / 2 - 8)))));
        }
        let bytes: usize = words(&large).iter().map(String::len).sum();
        assert!(bytes <= CONVERSATION_BYTES && words(&large)[0].starts_with("3 "), "{bytes}");
        assert_eq!(large.left_out(), 3);
        let again = Conversation::resumed(large.utterances().to_vec(), large.left_out());
        assert_eq!(again, large);
    }

    #[test]
    fn answer_is_kept_without_credentials_and_without_what_only_its_provider_understands() {
        let reply = Reply {
            model: "openai/x".into(),
            blocks: vec![
                ModelBlock::Opaque(Opaque { provider: "openai/x".into(), value: "signed-canary".into() }),
                ModelBlock::Text("it logs password=hunter2canary".into()),
                ModelBlock::ToolUse(ToolUse {
                    id: "a".into(),
                    name: "get".into(),
                    input: r#"{"object": "pod/web", "token": "hunter2canary"}"#.into(),
                }),
            ],
            stop: StopReason::MaxTokens,
            tokens: None,
            lost: Vec::new(),
        };
        let kept = Answered::from(&reply);
        assert_eq!((kept.pieces.len(), kept.stop), (3, Stopped::Cut));
        let text = format!("{kept:?}");
        assert!(!text.contains("canary") && text.contains("pod/web") && text.contains("it logs"), "{text}");
    }
}
