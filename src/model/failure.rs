//! What an answer that is none means: by its status, and by what providers write into it in many forms.

use super::value::{count, text};
use crate::domain::excerpt::Excerpt;
use crate::ports::ModelFaultKind;
use serde_json::Value;
use std::time::Duration;

/// A failed request, before anybody says which model it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: ModelFaultKind,
    pub(super) status: Option<u16>,
    /// The provider's words, not yet masked: they leave through [`Failure::quoted`].
    said: String,
    /// Nobody has to try again: it would be the same.
    pub(super) lasting: bool,
    /// How long the provider wants to be left alone, where it says so.
    pub(super) after: Option<Duration>,
    /// Nothing was taken in that anybody counts: there was no connection, or the answer is an error.
    pub(super) free: bool,
}

/// The longest quotation of a provider, in bytes.
const SAID: usize = 300;
/// As much of a text as is searched for words, in bytes.
const SEARCHED: usize = 4 * 1024;

impl Failure {
    pub(super) fn new(kind: ModelFaultKind, said: &str) -> Self {
        let after = if let ModelFaultKind::RateLimited(after) = kind { after } else { None };
        Self { kind, status: None, said: said.chars().take(SEARCHED).collect(), lasting: !kind.passes(), after, free: false }
    }

    /// What came cannot be understood.
    pub(super) fn protocol(said: &str) -> Self {
        Self::new(ModelFaultKind::Protocol, said)
    }

    /// No connection, or it broke.
    pub(super) fn transport(said: &str) -> Self {
        Self::new(ModelFaultKind::Transport, said)
    }

    /// The same, where nothing was sent yet.
    pub(super) fn unsent(said: &str) -> Self {
        Self { free: true, ..Self::transport(said) }
    }

    /// An answer with a status that is no success.
    pub(super) fn of_answer(status: u16, after: Option<Duration>, body: &[u8]) -> Self {
        if (300..400).contains(&status) {
            let said = "the server redirects to another address, which is not followed: set the address itself";
            return Self { status: Some(status), free: true, ..Self::protocol(said) };
        }
        let mut failure = match error_in(&serde_json::from_slice(body).unwrap_or(Value::Null)) {
            Some(error) => of_error(&error, status),
            None => Self::new(kind_of(status), &format!("HTTP {status}")),
        };
        failure.status = Some(status);
        // No credit: that is not over by waiting.
        failure.lasting |= status == 402;
        (failure.after, failure.free) = (after, true);
        if let ModelFaultKind::RateLimited(none) = &mut failure.kind {
            *none = after;
        }
        failure
    }

    /// An error where an answer was promised: in the body of a success, or in the middle of a stream.
    pub(super) fn within(value: &Value) -> Option<Self> {
        error_in(value).map(|error| of_error(&error, 200))
    }

    /// Whether the provider's words have this in them.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.said.contains(word)
    }

    /// The provider's words on one line, masked.
    pub(super) fn quoted(&self, scrubbed: impl FnOnce(&str) -> String) -> Option<Excerpt> {
        (!self.said.trim().is_empty()).then(|| Excerpt::said_within(&scrubbed(&self.said), SAID))
    }
}

/// What providers write where they write an error at all.
struct Said {
    /// Every word that could be a code or a type, in lower case.
    words: Vec<String>,
    /// A number that stands for a status.
    code: Option<u16>,
    message: String,
}

fn error_in(value: &Value) -> Option<Said> {
    // Gemini wraps it in a list.
    let value = value.as_array().map_or(Some(value), |list| list.first())?;
    let typed = text(value, "type").is_some_and(|kind| kind == "error");
    let error = match value.get("error") {
        Some(Value::Null) => return None,
        Some(error) => error,
        // vLLM has it at the top, with `object: error`.
        None if typed || text(value, "object").is_some_and(|kind| kind == "error") => value,
        // FastAPI and gateways; in an answer these words mean something else.
        None if value.get("choices").is_none() && value.get("content").is_none() => {
            let message = text(value, "detail").or(text(value, "message"))?;
            return Some(Said { words: Vec::new(), code: None, message: message.to_owned() });
        }
        None => return None,
    };
    let Value::Object(_) = error else {
        let message = error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        return Some(Said { words: Vec::new(), code: None, message });
    };
    let words = ["type", "code", "status"].iter().filter_map(|key| text(error, key)).map(str::to_lowercase).collect();
    let number = |key: &str| count(error, key).or_else(|| text(error, key)?.parse().ok()).and_then(|n| u16::try_from(n).ok());
    let code = number("code").or_else(|| number("status")).filter(|code| (400..600).contains(code));
    let message = text(error, "message").map_or_else(|| error.to_string(), str::to_owned);
    Some(Said { words, code, message })
}

fn of_error(error: &Said, status: u16) -> Failure {
    let status = if status == 200 { error.code.unwrap_or(500) } else { status };
    let lower: String = error.message.chars().take(SEARCHED).collect::<String>().to_lowercase();
    let word = |wanted: &[&str]| error.words.iter().any(|word| wanted.iter().any(|wanted| word.contains(wanted)));
    let says = |wanted: &[&str]| wanted.iter().any(|wanted| lower.contains(wanted));
    let too_long = [
        "context length",
        "context window",
        "maximum context",
        "prompt is too long",
        "too many tokens",
        "input is too long",
        "context_length",
    ];
    let kind = if word(&["context_length", "request_too_large"]) || ((400..=422).contains(&status) && says(&too_long)) {
        ModelFaultKind::ContextTooLong
    } else if word(&["content_filter", "content_policy", "responsible_ai"]) {
        ModelFaultKind::Refused
    } else if word(&["insufficient_quota", "billing", "rate_limit", "resource_exhausted", "too_many_requests"]) {
        ModelFaultKind::RateLimited(None)
    } else if word(&["authentication", "permission", "invalid_api_key", "unauthenticated", "unauthorized"]) {
        ModelFaultKind::Auth
    } else if word(&["overloaded", "unavailable", "api_error", "server_error", "timeout", "internal"]) {
        ModelFaultKind::Overloaded
    } else if status >= 500 && word(&["invalid_request", "not_found", "invalid_argument"]) {
        ModelFaultKind::BadRequest
    } else {
        kind_of(status)
    };
    let lasting = word(&["insufficient_quota", "billing"]) || status == 402;
    let mut failure = Failure::new(kind, &error.message);
    failure.lasting |= lasting;
    failure
}

fn kind_of(status: u16) -> ModelFaultKind {
    match status {
        401 | 403 | 407 => ModelFaultKind::Auth,
        402 | 429 => ModelFaultKind::RateLimited(None),
        413 => ModelFaultKind::ContextTooLong,
        408 | 409 | 425 | 500.. => ModelFaultKind::Overloaded,
        400..=499 => ModelFaultKind::BadRequest,
        _ => ModelFaultKind::Protocol,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ModelFaultKind::{Auth, BadRequest, ContextTooLong, Overloaded, Protocol, RateLimited, Refused};
    use serde_json::json;

    #[test]
    fn kind_follows_from_the_status_and_from_what_the_provider_writes_in_any_form() {
        for (status, body, kind, lasting) in [
            (401, json!({"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}).to_string(), Auth, true),
            (429, json!({"error": {"message": "slow", "code": 429}}).to_string(), RateLimited(None), false),
            (429, json!({"error": {"message": "pay", "type": "insufficient_quota"}}).to_string(), RateLimited(None), true),
            (402, json!({"error": {"message": "pay", "code": 402}}).to_string(), RateLimited(None), true),
            (529, json!({"type": "error", "error": {"type": "overloaded_error", "message": "o"}}).to_string(), Overloaded, false),
            (429, json!({"type": "error", "error": {"type": "rate_limit_error", "message": "o"}}).to_string(), RateLimited(None), false),
            (502, "<html><h1>Bad gateway</h1></html>".to_owned(), Overloaded, false),
            (400, json!([{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}]).to_string(), BadRequest, true),
            (429, json!([{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}]).to_string(), RateLimited(None), false),
            (400, json!({"error": {"message": "x", "code": "context_length_exceeded"}}).to_string(), ContextTooLong, true),
            (
                400,
                json!({"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}}).to_string(),
                ContextTooLong,
                true,
            ),
            (
                400,
                json!({"object": "error", "message": "This model's maximum context length is 8", "code": 400}).to_string(),
                ContextTooLong,
                true,
            ),
            (413, String::new(), ContextTooLong, true),
            (400, json!({"error": {"code": "content_filter", "message": "x"}}).to_string(), Refused, true),
            (404, json!({"error": "model 'x' not found"}).to_string(), BadRequest, true),
            (422, json!({"detail": "x"}).to_string(), BadRequest, true),
            (307, String::new(), Protocol, true),
            (500, "garbage".to_owned(), Overloaded, false),
        ] {
            let failure = Failure::of_answer(status, None, body.as_bytes());
            assert_eq!((failure.kind, failure.lasting, failure.status), (kind, lasting, Some(status)), "{status} {body}");
        }
    }

    #[test]
    fn error_in_a_success_is_one_and_a_null_is_none() {
        for (body, kind) in [
            (json!({"error": {"code": 429, "message": "x"}}), RateLimited(None)),
            (json!({"error": {"code": "503", "message": "x"}}), Overloaded),
            (json!({"error": {"message": "x", "type": "overloaded_error"}}), Overloaded),
            (json!({"error": "something"}), Overloaded),
            (json!({"type": "error", "error": {"type": "invalid_request_error", "message": "x"}}), BadRequest),
        ] {
            assert_eq!(Failure::within(&body).unwrap().kind, kind, "{body}");
        }
        assert_eq!(Failure::within(&json!({"error": null, "choices": []})), None);
        assert_eq!(Failure::within(&json!({"choices": [{"message": {}}], "message": "hello"})), None);
    }

    #[test]
    fn words_of_a_provider_leave_masked_and_on_one_line() {
        let failure = Failure::of_answer(401, None, json!({"error": {"message": "wrong\npassword=hunter2canary9"}}).to_string().as_bytes());
        let said = failure.quoted(str::to_owned).unwrap();
        assert!(said.as_str().starts_with("“wrong") && !said.as_str().contains("canary") && !said.as_str().contains('\n'), "{said}");
    }
}
