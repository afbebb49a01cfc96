//! Asks the human through the client; anything but a clear yes is no. Two shapes: `elicitation/create` for clients up to
//! 2025-11-25, and for 2026-07-28 an input-required result whose sealed request state comes back with the answer, once.

use super::error::stale_answer;
use crate::call::{CallError, ErrorKind, HumanAnswer, PendingAnswer, for_a_human};
use crate::domain::canonical::sorted;
use crate::ports::{Clock, Entropy};
use crate::workflow::Question;
use jiff::Timestamp;
use rmcp::RoleServer;
use rmcp::model::{
    BooleanSchema, ClientResult, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema, InputRequest,
    InputRequests, InputRequiredResult, InputResponses, JsonObject, PrimitiveSchemaDefinition, RequestStateCodec, SealOptions,
    ServerRequest,
};
use rmcp::service::{PeerRequestOptions, RequestContext};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The one field of the form, and the key of the input request.
const APPROVE: &str = "approve";
/// Questions that may wait for an answer at once; the oldest makes room.
const WAITING_LIMIT: usize = 64;
/// A request state is far shorter than this.
const STATE_LIMIT: usize = 4_096;
/// Characters kept of a client's name.
const CLIENT_NAME_LIMIT: usize = 80;

/// How this client's human can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    /// By a request to the client, while the call waits.
    Elicitation,
    /// By a result that asks for input; the client calls again.
    InputRequired,
    /// Not at all.
    None,
}

impl Channel {
    pub(crate) fn of(request: &RequestContext<RoleServer>) -> Self {
        // Not from the handshake: a stateless request brings its own capabilities.
        let declared = request.client_capabilities().and_then(|c| c.elicitation);
        let form = declared.is_some_and(|e| e.form.is_some() || e.url.is_none());
        match request.protocol_version() {
            Some(version) if form && version.has_initialize() => Channel::Elicitation,
            Some(_) if form => Channel::InputRequired,
            Some(_) | None => Channel::None,
        }
    }
}

/// What the human said. The only place in this surface that makes a yes.
fn human_answer(result: &ElicitResult) -> HumanAnswer {
    let approved = result.content.as_ref().and_then(|content| content.get(APPROVE)) == Some(&Value::Bool(true));
    if result.action == ElicitationAction::Accept && approved { HumanAnswer::Yes } else { HumanAnswer::No }
}

/// A question that a client carries to its human.
struct OpenQuestion {
    pending: PendingAnswer,
    expires_at: Timestamp,
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
    waiting: Mutex<HashMap<String, OpenQuestion>>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl QuestionDesk {
    pub(crate) fn new(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        // 32 bytes, which is the least that the checked constructor takes.
        let codec = RequestStateCodec::new_unchecked(entropy.secret_bits());
        Self { codec, waiting: Mutex::default(), clock, entropy }
    }

    /// Asks by `elicitation/create`. Nobody: no answer came while the plan was valid, or nobody is there any more.
    pub(crate) async fn elicit(
        &self,
        request: &RequestContext<RoleServer>,
        gone: &CancellationToken,
        question: &Question,
    ) -> Result<HumanAnswer, CallError> {
        let left = self.left(question.expires_at);
        let unasked = |reason: &dyn std::fmt::Display| {
            CallError::new(ErrorKind::Unavailable, format!("the client could not ask its user, so nothing was changed: {reason}"))
                .hint(format!("a human can still approve it: {}", for_a_human(&question.session)))
        };
        let ask = ServerRequest::ElicitRequest(ElicitRequest::new(form(question)));
        let mut handle =
            request.peer.send_cancellable_request(ask, PeerRequestOptions::no_options()).await.map_err(|error| unasked(&error))?;
        let answer = tokio::select! {
            biased;
            () = request.ct.cancelled() => Err("the call was cancelled"),
            () = gone.cancelled() => Err("the client disconnected"),
            () = self.clock.sleep(left) => Err("the plan is no longer valid"),
            answer = &mut handle.rx => Ok(answer),
        };
        match answer {
            Ok(Ok(Ok(ClientResult::ElicitResult(result)))) => Ok(human_answer(&result)),
            Ok(Ok(Ok(_))) => Err(unasked(&"its answer is not an elicitation result")),
            Ok(Ok(Err(error))) => Err(unasked(&error)),
            Ok(Err(_closed)) => Ok(HumanAnswer::Nobody),
            Err(reason) => {
                let cancelled = request.ct.is_cancelled();
                if !gone.is_cancelled() {
                    // Lets the client close its dialogue.
                    let _gone = handle.cancel(Some(reason.to_owned())).await;
                }
                if cancelled { Err(CallError::cancelled()) } else { Ok(HumanAnswer::Nobody) }
            }
        }
    }

    /// Asks by a result: the client asks its human and calls again, with the answer and the state that is sealed here.
    pub(crate) fn input_required(&self, question: Question, bound: &[u8]) -> Result<InputRequiredResult, CallError> {
        let ticket: String = self.entropy.id_bits().iter().map(|byte| format!("{byte:02x}")).collect();
        let sealed = Sealed { session: question.session.to_string(), digest: question.digest.to_string(), ticket: ticket.clone() };
        let options = SealOptions::new().associated_data(bound).ttl(self.left(question.expires_at));
        let state = self
            .codec
            .seal_json_with(&sealed, &options)
            .map_err(|e| CallError::new(ErrorKind::Internal, format!("the question cannot be sealed: {e}")))?;
        let ask = InputRequest::Elicitation(ElicitRequest::new(form(&question)));
        let expires_at = question.expires_at;
        let pending = PendingAnswer::from(question);
        self.keep(ticket, OpenQuestion { pending, expires_at });
        Ok(InputRequiredResult::new(Some(InputRequests::from([(APPROVE.to_owned(), ask)])), Some(state)))
    }

    /// Takes an answer back in. The state must be ours, unaltered, in time, for this very call, and used for the first time.
    pub(crate) fn redeem(
        &self,
        state: &str,
        bound: &[u8],
        answers: Option<&InputResponses>,
    ) -> Result<(PendingAnswer, HumanAnswer), CallError> {
        if state.len() > STATE_LIMIT {
            return Err(stale_answer());
        }
        let sealed: Sealed = self.codec.open_json_with(state, bound).map_err(|error| {
            tracing::debug!(%error, "a request state was refused");
            stale_answer()
        })?;
        let waiting = self.lock().remove(&sealed.ticket).ok_or_else(stale_answer)?;
        let same = waiting.pending.session.as_str() == sealed.session && waiting.pending.digest.as_str() == sealed.digest;
        if !same || self.clock.now() >= waiting.expires_at {
            return Err(stale_answer());
        }
        let answer = answers
            .and_then(|a| a.get(APPROVE))
            .and_then(|given| serde_json::from_value::<ElicitResult>(given.clone()).ok())
            .ok_or_else(|| {
                CallError::new(ErrorKind::InvalidArguments, "the call came back without an answer that can be read, so nothing was changed")
                    .hint("call remediate again to be asked again")
                    .hint(format!("or a human runs: {}", for_a_human(&waiting.pending.session)))
            })?;
        Ok((waiting.pending, human_answer(&answer)))
    }

    fn keep(&self, ticket: String, question: OpenQuestion) {
        let now = self.clock.now();
        let mut waiting = self.lock();
        waiting.retain(|_, w| w.expires_at > now);
        if waiting.len() >= WAITING_LIMIT
            && let Some(oldest) = waiting.iter().min_by_key(|(_, w)| w.expires_at).map(|(ticket, _)| ticket.clone())
        {
            waiting.remove(&oldest);
        }
        waiting.insert(ticket, question);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, OpenQuestion>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn left(&self, until: Timestamp) -> Duration {
        Duration::try_from(until.duration_since(self.clock.now())).unwrap_or(Duration::ZERO)
    }
}

/// The whole question, and one field to answer it with. The text is never cut: a human decides on what it says.
fn form(question: &Question) -> ElicitRequestParams {
    let field =
        BooleanSchema::new().title("Apply exactly this change").description("true applies the plan above; anything else changes nothing");
    let properties = BTreeMap::from([(APPROVE.to_owned(), PrimitiveSchemaDefinition::Boolean(field))]);
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: question.text.clone(),
        requested_schema: ElicitationSchema::new(properties).with_required(vec![APPROVE.to_owned()]),
    }
}

/// What a request state is bound to: the tool and its arguments, whatever the order of their keys.
pub(crate) fn bound_to(tool: &str, arguments: &JsonObject) -> Vec<u8> {
    let arguments = sorted(&Value::Object(arguments.clone()));
    format!("tools/call {tool} {arguments}").into_bytes()
}

/// The client's name as it gave it, bounded, for the record.
pub(crate) fn client_name(request: &RequestContext<RoleServer>) -> String {
    let name = request.client_info().map(|info| info.name).unwrap_or_default();
    let name: String = name.chars().filter(|c| !c.is_control()).take(CLIENT_NAME_LIMIT).collect();
    if name.trim().is_empty() { "an MCP client without a name".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(action: &str, content: Value) -> HumanAnswer {
        human_answer(&serde_json::from_value(json!({"action": action, "content": content})).unwrap())
    }

    #[test]
    fn only_accept_with_true_is_yes() {
        assert_eq!(said("accept", json!({"approve": true})), HumanAnswer::Yes);
        for (action, content) in [
            ("accept", json!({"approve": false})),
            ("accept", json!({"approve": "true"})),
            ("accept", json!({"approve": 1})),
            ("accept", json!({})),
            ("accept", Value::Null),
            ("accept", json!([true])),
            ("decline", json!({"approve": true})),
            ("cancel", json!({"approve": true})),
        ] {
            assert_eq!(said(action, content.clone()), HumanAnswer::No, "{action} {content}");
        }
    }

    #[test]
    fn the_order_of_keys_binds_nothing_and_their_values_do() {
        let of = |text: &str| bound_to("remediate", serde_json::from_str::<Value>(text).unwrap().as_object().unwrap());
        assert_eq!(of(r#"{"issue":"x","namespace":"a"}"#), of(r#"{"namespace":"a","issue":"x"}"#));
        assert_ne!(of(r#"{"issue":"x","namespace":"a"}"#), of(r#"{"issue":"x","namespace":"b"}"#));
    }
}
