//! A session as one file, for somebody who cannot see its cluster: its report, what was said with who investigates, and what is missing.
//! It is made to be given to others, so every text of it goes through the masking once more. `docs/bundle.md` has its form.

use super::Records;
use crate::domain::conversation::{AnswerPiece, Answered, CallBrought, Came, Spoken, Utterance};
use crate::domain::id::SessionId;
use crate::domain::ours::OurCommand;
use crate::domain::secrets::redacted;
use crate::session::{Header, Session};
use crate::workflow::WorkflowError;
use crate::workflow::report::Report;
use crate::workflow::standing::TakenBack;
use crate::workflow::view::recalled;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Raised when the form changes in a way that a reader could misread.
const API_VERSION: &str = "kubemend.dev/v1alpha1";
const KIND: &str = "SessionBundle";

/// See the module.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    written_at: Timestamp,
    report: Report,
    conversation: Vec<Value>,
    missing: Vec<Missing>,
}

/// Something that is not in it.
#[derive(Debug, Clone, PartialEq)]
struct Missing {
    what: String,
    why: String,
}

impl Bundle {
    /// A session as it stands. Nothing is read of any cluster for it.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn of(records: &Records, id: &SessionId) -> Result<Self, WorkflowError> {
        let session = records.session(id).await?;
        let taken_back = records.taken_back(&session).await;
        Ok(Self::as_of(records.clock.now(), &session, taken_back.as_ref()))
    }

    fn as_of(written_at: Timestamp, session: &Session, taken_back: Option<&TakenBack>) -> Self {
        let header = session.header();
        let conversation = header.conversation.utterances().iter().map(utterance).collect();
        Self { written_at, report: recalled(session, taken_back), conversation, missing: missing(header) }
    }

    /// The file.
    ///
    /// # Errors
    /// It has something in it that JSON has no form for.
    pub fn written(&self) -> Result<String, serde_json::Error> {
        let missing = self.missing.iter().map(|one| json!({"what": one.what, "why": one.why}));
        let file = json!({
            "apiVersion": API_VERSION,
            "kind": KIND,
            "program": env!("CARGO_PKG_VERSION"),
            "writtenAt": self.written_at.to_string(),
            "report": serde_json::to_value(&self.report)?,
            "conversation": self.conversation,
            "missing": missing.collect::<Vec<_>>(),
        });
        Ok(format!("{:#}\n", masked(file)))
    }
}

/// Every text in it, masked. What was masked when it was kept stays as it is.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => match redacted(&text) {
            Cow::Owned(shown) => Value::String(shown),
            Cow::Borrowed(_) => Value::String(text),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(masked).collect()),
        Value::Object(members) => Value::Object(members.into_iter().map(|(name, value)| (name, masked(value))).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

/// What somebody who follows the session would look for, and does not find.
fn missing(header: &Header) -> Vec<Missing> {
    let one = |what: &str, why: &str| Missing { what: what.to_owned(), why: why.to_owned() };
    let mut all = vec![one(
        "snapshot",
        "a session keeps what was found in its cluster, and not all that was read; `kubemend snapshot -o FILE` records the cluster as it is now",
    )];
    let said = &header.conversation;
    if said.left_out() > 0 {
        let what = format!("the first {} messages of the conversation", said.left_out());
        all.push(one(&what, "a session keeps a limited number of messages, and the oldest go first"));
    }
    if said.is_empty() && header.usage.model_calls > 0 {
        all.push(one("conversation", "the kubemend that wrote this session kept no messages"));
    }
    if let Some(by) = header.proposed_by.as_ref().filter(|by| by.session != header.id) {
        let why = format!("they are in another session: `{}`, with `--bundle FILE`, writes it", OurCommand::Show(by.session.clone()));
        all.push(one("the looks that the proposal rests on", &why));
    }
    all
}

fn utterance(one: &Utterance) -> Value {
    let all = |all: &[CallBrought]| all.iter().map(brought).collect::<Value>();
    let spoken = match &one.spoken {
        Spoken::ToModel { brought, words, prompts } => {
            let words: Vec<&str> = words.iter().map(|text| text.as_str()).collect();
            json!({"is": "toModel", "prompts": prompts, "brought": all(brought), "words": words})
        }
        Spoken::ByModel(Answered { model, pieces, stop, tokens }) => {
            let tokens = tokens.map(|tokens| json!({"input": tokens.input, "cached": tokens.cached, "output": tokens.output}));
            let pieces: Vec<Value> = pieces.iter().map(piece).collect();
            json!({"is": "byModel", "model": model.as_str(), "pieces": pieces, "stop": stop.as_str(), "tokens": tokens})
        }
        Spoken::NoAnswer(why) => json!({"is": "noAnswer", "why": why.as_str()}),
        Spoken::Looks(brought) => json!({"is": "looks", "brought": all(brought)}),
        Spoken::Proposal { by, text } => json!({"is": "proposal", "by": by.as_str(), "text": text.as_str()}),
        Spoken::Ended(how) => json!({"is": "ended", "how": how.as_str()}),
    };
    let mut members = Map::from_iter([("at".to_owned(), Value::from(one.at.to_string()))]);
    members.extend(spoken.as_object().cloned().unwrap_or_default());
    Value::Object(members)
}

fn brought(one: &CallBrought) -> Value {
    match &one.what {
        Came::Seen(id) => json!({"call": one.call.as_str(), "observation": id.to_string()}),
        Came::Told(text) => json!({"call": one.call.as_str(), "text": text.as_str()}),
    }
}

fn piece(piece: &AnswerPiece) -> Value {
    match piece {
        AnswerPiece::Text(text) => json!({"is": "text", "text": text.as_str()}),
        AnswerPiece::Call { id, name, input } => {
            json!({"is": "call", "id": id.as_str(), "name": name.as_str(), "input": input.as_str()})
        }
        AnswerPiece::Opaque => json!({"is": "opaque"}),
    }
}

#[cfg(test)]
mod tests;
