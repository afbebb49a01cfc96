//! A line that a client sends, and what it brings back of a question, as bytes that anybody may have made: for arbitrary bytes in tests, and for fuzzing.

use super::consent::{ApplyCode, DECISION, human_answer};
use super::desk::QuestionDesk;
use super::transport::message::{Understood, understand};
use crate::call::{FASTEST_PERSON, HumanAnswer, Program};
use crate::domain::id::SessionId;
use crate::domain::limits::DigestRefusal;
use crate::domain::plan::PlanDigest;
use crate::ports::{Clock, Entropy};
use crate::workflow::{Question, Token};
use jiff::SignedDuration;
use rmcp::model::ElicitResult;
use serde_json::Value;
use std::sync::Arc;

/// The call that a state is bound to here.
const CALL: &[u8] = b"tools/call remediate {}";

/// The digest of a plan that somebody is asked about.
fn digest() -> Option<PlanDigest> {
    PlanDigest::parse(&format!("sha256:7f3a{}", "0".repeat(60)))
}

/// A question that can be answered for a quarter of an hour.
pub(super) fn question(clock: &dyn Clock, entropy: &dyn Entropy) -> Option<Question> {
    Some(Question {
        session: SessionId::from_entropy(entropy.id_bits()),
        digest: digest()?,
        token: Token::from_text("a token"),
        text: "May it be done?".to_owned(),
        expires_at: clock.now().checked_add(SignedDuration::from_mins(15)).ok()?,
        digest_counts: Err(DigestRefusal::OnlyAHuman),
        aside: None,
        by: None,
    })
}

/// A request state of a desk that has the same key.
pub(crate) fn sealed(clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Option<String> {
    let asked = question(clock.as_ref(), entropy.as_ref())?;
    QuestionDesk::new(clock, entropy, Program::default()).carry(asked, CALL).ok()?.ok()
}

/// A request state. Where no question is out none is answered, whatever is brought.
pub(crate) fn state(bytes: &[u8], clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) {
    let desk = QuestionDesk::new(clock, entropy, Program::default());
    assert!(desk.redeem(&String::from_utf8_lossy(bytes), CALL, None).is_err(), "an answer to no question");
}

/// What a client says that its human answered. Only the plan's own value in a form that was accepted is a yes.
pub(crate) fn answer(bytes: &[u8]) {
    let (Ok(said), Ok(result)) = (serde_json::from_slice::<Value>(bytes), serde_json::from_slice::<ElicitResult>(bytes)) else { return };
    let Some(digest) = digest() else { return };
    let chosen = said.get("content").and_then(|content| content.get(DECISION)).and_then(Value::as_str);
    let yes = said.get("action").and_then(Value::as_str) == Some("accept") && chosen == Some("apply-7f3a");
    // Everything but a yes is named: this is not a place that makes one.
    let said = human_answer(&result, &ApplyCode::of(&digest), FASTEST_PERSON);
    let nothing = matches!(said, HumanAnswer::No | HumanAnswer::Undecided(_) | HumanAnswer::Nobody);
    assert_eq!(!nothing, yes, "an approval that nobody gave");
}

/// A line of the protocol. What is refused is answered with a line that is not answered again, or two programs could keep each other busy;
/// what reaches the service is JSON of which nobody can read something else.
pub(crate) fn line(bytes: &[u8]) {
    match understand(bytes) {
        Understood::Message(_) => {
            let text = std::str::from_utf8(bytes).unwrap_or_default().trim_start_matches('\u{feff}');
            let read = serde_json::from_str::<serde_json::Map<String, Value>>(text).unwrap_or_default();
            assert_eq!(read.get("jsonrpc").and_then(Value::as_str), Some("2.0"), "not a message of the protocol");
            let named = |key: &str| read.keys().filter(|other| other.eq_ignore_ascii_case(key)).count();
            assert!(["jsonrpc", "id", "method", "params", "result", "error"].iter().all(|key| named(key) < 2), "a key of two readings");
        }
        Understood::Refused(refusal) => {
            let answer = refusal.answer();
            assert!(!answer.contains('\n'), "an answer of several lines");
            assert!(matches!(understand(answer.as_bytes()), Understood::Ignored(_) | Understood::Message(_)), "an answer that is answered");
        }
        Understood::Ignored(_) => {}
    }
}
