//! The questions that are out in sealed request states, which a client carries and brings back once. Nothing takes one of them away
//! from its reader: where too many are out, no further one goes out.

use super::consent::{ApplyCode, DECISION, client_name, form, human_answer};
use super::error::stale_answer;
use super::seen;
use crate::call::{CallError, ErrorKind, HumanAnswer, PendingAnswer, Program};
use crate::ports::{Clock, Entropy};
use crate::workflow::{Question, Undecided};
use jiff::{SignedDuration, Timestamp};
use rmcp::RoleServer;
use rmcp::model::{
    ElicitRequest, ElicitRequestParams, ElicitResult, InputRequest, InputRequests, InputRequiredResult, InputResponses, RequestStateCodec,
    SealOptions,
};
use rmcp::service::RequestContext;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Questions that may wait for an answer at once in one client.
const WAITING_LIMIT: usize = 64;
/// So long after its time an answer is still known as one that came too late, and recorded as that.
const LATE: SignedDuration = SignedDuration::from_mins(30);
/// A request state is far shorter than this.
const STATE_LIMIT: usize = 4_096;

/// A question that a client carries to its human.
struct Carried {
    pending: PendingAnswer,
    expires_at: Timestamp,
    /// By a clock that only goes forward: it tells a person's answer from a program's.
    asked: Instant,
}

/// A question that does not go out: as many as may wait are out, and somebody may be reading each of them.
pub(crate) struct Unasked {
    pub(crate) pending: PendingAnswer,
    /// When the first of them makes room.
    until: Timestamp,
}

impl Unasked {
    /// Why nobody is asked, and what to do.
    pub(crate) fn in_words(&self) -> String {
        let until = self.until;
        format!(
            "{WAITING_LIMIT} questions wait for an answer in this client already, so no further one is asked: answer one of them, or call again after {until}"
        )
    }
}

/// An answer that came back.
pub(crate) struct Redeemed {
    pub(crate) pending: PendingAnswer,
    pub(crate) answer: HumanAnswer,
    /// Within the time that its question states.
    pub(crate) in_time: bool,
}

/// What a client carries for us. It can read this, so the token is not in it: `ticket` finds it here, once.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    session: String,
    digest: String,
    ticket: String,
}

/// Holds the questions that are out, and the key that seals their request states; the key is made anew in every process.
pub(crate) struct QuestionDesk {
    codec: RequestStateCodec,
    carried: Mutex<HashMap<String, Carried>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    program: Program,
}

impl QuestionDesk {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>, program: Program) -> Self {
        // 32 bytes, which is the least that the checked constructor takes.
        let codec = RequestStateCodec::new_unchecked(entropy.secret_bits());
        Self { codec, carried: Mutex::default(), clock, entropy, program }
    }

    /// The form for a question, in the shape that the client's version knows, and laid out as its dialog needs it.
    pub(super) fn form(&self, question: &Question, request: &RequestContext<RoleServer>) -> ElicitRequestParams {
        // The first lines stay short: a client that shows only those cuts each at its width. The last ones say it in full.
        let text = self.program.in_question(&question.text);
        form(question, seen::laid_out(&client_name(request), text), request.protocol_version().as_ref())
    }

    /// Asks by a result: the client asks its human and calls again, with the answer and the state that is sealed here.
    pub(crate) fn input_required(
        &self,
        question: Question,
        bound: &[u8],
        request: &RequestContext<RoleServer>,
    ) -> Result<Result<InputRequiredResult, Unasked>, CallError> {
        let ask = InputRequest::Elicitation(ElicitRequest::new(self.form(&question, request)));
        let carried = self.carry(question, bound)?;
        Ok(carried.map(|state| InputRequiredResult::new(Some(InputRequests::from([(DECISION.to_owned(), ask)])), Some(state))))
    }

    /// Keeps the question, and seals what the client carries for it.
    pub(super) fn carry(&self, question: Question, bound: &[u8]) -> Result<Result<String, Unasked>, CallError> {
        let ticket: String = self.entropy.id_bits().iter().map(|byte| format!("{byte:02x}")).collect();
        let sealed = Sealed { session: question.session.to_string(), digest: question.digest.to_string(), ticket: ticket.clone() };
        let options = SealOptions::new().associated_data(bound).ttl(self.left(question.expires_at).saturating_add(LATE.unsigned_abs()));
        let state = self
            .codec
            .seal_json_with(&sealed, &options)
            .map_err(|e| CallError::new(ErrorKind::Internal, format!("the question cannot be sealed: {e}")))?;
        let expires_at = question.expires_at;
        let kept = self.keep(ticket, Carried { pending: PendingAnswer::from(question), expires_at, asked: Instant::now() });
        Ok(kept.map(|()| state))
    }

    /// Takes an answer back in. The state must be ours, unaltered, for this very call, and used for the first time.
    pub(crate) fn redeem(&self, state: &str, bound: &[u8], answers: Option<&InputResponses>) -> Result<Redeemed, CallError> {
        if state.len() > STATE_LIMIT {
            return Err(stale_answer());
        }
        let sealed: Sealed = self.codec.open_json_with(state, bound).map_err(|error| {
            tracing::debug!(%error, "a request state was refused");
            stale_answer()
        })?;
        let carried = self.lock().remove(&sealed.ticket).ok_or_else(stale_answer)?;
        let same = carried.pending.session.as_str() == sealed.session && carried.pending.digest.as_str() == sealed.digest;
        if !same {
            return Err(stale_answer());
        }
        let read = answers.and_then(|a| a.get(DECISION)).and_then(|given| serde_json::from_value::<ElicitResult>(given.clone()).ok());
        let answer = match read {
            Some(result) => human_answer(&result, &ApplyCode::of(&carried.pending.digest), carried.asked.elapsed()),
            None => HumanAnswer::Undecided(Undecided::ByItself),
        };
        Ok(Redeemed { pending: carried.pending, answer, in_time: self.clock.now() < carried.expires_at })
    }

    fn keep(&self, ticket: String, question: Carried) -> Result<(), Unasked> {
        let now = self.clock.now();
        let mut carried = self.lock();
        carried.retain(|_, w| w.expires_at.saturating_add(LATE).is_ok_and(|known| known > now));
        if carried.len() >= WAITING_LIMIT {
            carried.retain(|_, w| w.expires_at > now);
        }
        if carried.len() >= WAITING_LIMIT {
            let until = carried.values().map(|w| w.expires_at).min().unwrap_or(now);
            return Err(Unasked { pending: question.pending, until });
        }
        carried.insert(ticket, question);
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Carried>> {
        self.carried.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time that is left to answer.
    pub(super) fn left(&self, until: Timestamp) -> Duration {
        Duration::try_from(until.duration_since(self.clock.now())).unwrap_or(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::super::foreign::question;
    use super::*;
    use crate::clock::{CountingEntropy, SystemClock};

    #[test]
    fn a_state_is_taken_once_and_for_its_own_call_only() {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(CountingEntropy::from_seed(1)));
        let asked = question(clock.as_ref(), entropy.as_ref()).unwrap();
        let session = asked.session.clone();
        let desk = QuestionDesk::new(clock, entropy, Program::default());
        let Ok(state) = desk.carry(asked, b"this call").unwrap() else { panic!("no room") };
        assert!(desk.redeem(&state, b"another call", None).is_err());
        let redeemed = desk.redeem(&state, b"this call", None).unwrap();
        assert!(redeemed.in_time);
        assert_eq!((redeemed.pending.session, redeemed.answer), (session, HumanAnswer::Undecided(Undecided::ByItself)));
        assert!(desk.redeem(&state, b"this call", None).is_err(), "it was taken twice");
    }
}
