//! The stored form of what was said with who investigates.

use crate::domain::conversation::{AnswerPiece, Answered, CallBrought, Came, Conversation, Spoken, Stopped, Utterance};
use crate::domain::dialogue::Tokens;
use crate::domain::excerpt::{Excerpt, LONGEST};
use crate::domain::observation::ObservationId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConversationRecord {
    left_out: u32,
    kept: Vec<UtteranceRecord>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct UtteranceRecord {
    at: Timestamp,
    spoken: SpokenRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum SpokenRecord {
    ToModel { brought: Vec<BroughtRecord>, words: Vec<String>, prompts: String },
    ByModel { model: String, pieces: Vec<PieceRecord>, stop: String, tokens: Option<[u64; 3]> },
    NoAnswer { why: String },
    Looks { brought: Vec<BroughtRecord> },
    Proposal { by: String, text: String },
    Ended { how: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BroughtRecord {
    call: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum PieceRecord {
    Text { text: String },
    Call { id: String, name: String, input: String },
    Opaque,
}

fn kept(text: &str) -> Excerpt {
    Excerpt::kept(text, LONGEST)
}

impl From<&Conversation> for ConversationRecord {
    fn from(said: &Conversation) -> Self {
        let one = |one: &Utterance| UtteranceRecord { at: one.at, spoken: (&one.spoken).into() };
        Self { left_out: said.left_out(), kept: said.utterances().iter().map(one).collect() }
    }
}

impl ConversationRecord {
    pub(super) fn into_conversation(self) -> Result<Conversation, String> {
        let one = |one: UtteranceRecord| Ok::<_, String>(Utterance { at: one.at, spoken: one.spoken.into_spoken()? });
        Ok(Conversation::resumed(self.kept.into_iter().map(one).collect::<Result<_, _>>()?, self.left_out))
    }
}

impl From<&Spoken> for SpokenRecord {
    fn from(spoken: &Spoken) -> Self {
        let all = |brought: &[CallBrought]| brought.iter().map(BroughtRecord::from).collect();
        match spoken {
            Spoken::ToModel { brought, words, prompts } => {
                Self::ToModel { brought: all(brought), words: words.iter().map(ToString::to_string).collect(), prompts: prompts.clone() }
            }
            Spoken::ByModel(Answered { model, pieces, stop, tokens }) => Self::ByModel {
                model: model.to_string(),
                pieces: pieces.iter().map(PieceRecord::from).collect(),
                stop: stop.as_str().to_owned(),
                tokens: tokens.map(|tokens| [tokens.input, tokens.cached, tokens.output]),
            },
            Spoken::NoAnswer(why) => Self::NoAnswer { why: why.to_string() },
            Spoken::Looks(brought) => Self::Looks { brought: all(brought) },
            Spoken::Proposal { by, text } => Self::Proposal { by: by.to_string(), text: text.to_string() },
            Spoken::Ended(how) => Self::Ended { how: how.to_string() },
        }
    }
}

impl SpokenRecord {
    fn into_spoken(self) -> Result<Spoken, String> {
        let all = |brought: Vec<BroughtRecord>| brought.into_iter().map(BroughtRecord::into_brought).collect::<Result<Vec<_>, _>>();
        Ok(match self {
            Self::ToModel { brought, words, prompts } => {
                Spoken::ToModel { brought: all(brought)?, words: words.iter().map(|text| kept(text)).collect(), prompts }
            }
            Self::ByModel { model, pieces, stop, tokens } => Spoken::ByModel(Answered {
                model: kept(&model),
                pieces: pieces.into_iter().map(PieceRecord::into_piece).collect(),
                stop: Stopped::ALL
                    .into_iter()
                    .find(|one| one.as_str() == stop)
                    .ok_or_else(|| format!("`{stop}` is not how an answer ends"))?,
                tokens: tokens.map(|[input, cached, output]| Tokens { input, cached, output }),
            }),
            Self::NoAnswer { why } => Spoken::NoAnswer(kept(&why)),
            Self::Looks { brought } => Spoken::Looks(all(brought)?),
            Self::Proposal { by, text } => Spoken::Proposal { by: kept(&by), text: kept(&text) },
            Self::Ended { how } => Spoken::Ended(kept(&how)),
        })
    }
}

impl From<&CallBrought> for BroughtRecord {
    fn from(brought: &CallBrought) -> Self {
        let (seen, told) = match &brought.what {
            Came::Seen(id) => (Some(id.to_string()), None),
            Came::Told(text) => (None, Some(text.to_string())),
        };
        Self { call: brought.call.to_string(), seen, told }
    }
}

impl BroughtRecord {
    fn into_brought(self) -> Result<CallBrought, String> {
        let what = match (self.seen, self.told) {
            (Some(id), None) => Came::Seen(ObservationId::parse(&id).ok_or_else(|| format!("`{id}` is not the id of an observation"))?),
            (None, Some(text)) => Came::Told(kept(&text)),
            (Some(_), Some(_)) | (None, None) => return Err("a call in it brought both or neither of two things".to_owned()),
        };
        Ok(CallBrought { call: kept(&self.call), what })
    }
}

impl From<&AnswerPiece> for PieceRecord {
    fn from(piece: &AnswerPiece) -> Self {
        match piece {
            AnswerPiece::Text(text) => Self::Text { text: text.to_string() },
            AnswerPiece::Call { id, name, input } => Self::Call { id: id.to_string(), name: name.to_string(), input: input.to_string() },
            AnswerPiece::Opaque => Self::Opaque,
        }
    }
}

impl PieceRecord {
    fn into_piece(self) -> AnswerPiece {
        match self {
            Self::Text { text } => AnswerPiece::Text(kept(&text)),
            Self::Call { id, name, input } => AnswerPiece::Call { id: kept(&id), name: kept(&name), input: kept(&input) },
            Self::Opaque => AnswerPiece::Opaque,
        }
    }
}
