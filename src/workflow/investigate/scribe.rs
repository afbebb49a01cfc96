//! What of a conversation with a model its session keeps: each message once, and what a look brought under the id of its observation.

use crate::agent::investigation::{Brought, Input};
use crate::agent::prompts;
use crate::domain::conversation::{Answered, CallBrought, Came, Conversation, Spoken, kept};
use crate::domain::dialogue::{Message, OurBlock, Prompt, Reply};
use crate::domain::observation::ObservationId;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// Writes down one conversation.
#[derive(Debug, Default)]
pub(super) struct Scribe {
    /// How many pieces of ours were written down: a prompt has all of them again.
    ours: usize,
    /// What each call brought that was seen.
    seen: BTreeMap<String, ObservationId>,
}

impl Scribe {
    /// What a prompt has that is new.
    pub(super) fn asks(&mut self, prompt: &Prompt, at: Timestamp, said: &mut Conversation) {
        let ours = prompt.messages.iter().filter_map(|message| match message {
            Message::Ours(blocks) => Some(blocks),
            Message::Models(_) => None,
        });
        let (mut brought, mut words) = (Vec::new(), Vec::new());
        for block in ours.flatten().skip(self.ours) {
            self.ours = self.ours.saturating_add(1);
            match block {
                OurBlock::Text(text) => words.push(kept(text)),
                OurBlock::ToolResult(result) => {
                    let what = self.seen.get(&result.id).map_or_else(|| Came::Told(kept(&result.content)), |id| Came::Seen(*id));
                    brought.push(CallBrought::of(&result.id, what));
                }
            }
        }
        said.add(at, Spoken::ToModel { brought, words, prompts: prompts::digest() });
    }

    /// What came of a demand.
    pub(super) fn hears(&mut self, input: &Input, at: Timestamp, said: &mut Conversation) {
        match input {
            Input::Replied(reply) => said.add(at, Spoken::ByModel(Answered::from(reply.as_ref() as &Reply))),
            Input::ModelFailed(fault) => said.add(at, Spoken::NoAnswer(kept(&fault.to_string()))),
            Input::Observed(all) => self.seen.extend(all.iter().filter_map(|one| match &one.brought {
                Brought::Seen(id, _) => Some((one.call.clone(), *id)),
                Brought::Unseen(_) => None,
            })),
            // It is in the next message, as the model gets it.
            Input::Refused(_) => {}
        }
    }
}
