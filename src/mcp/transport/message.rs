//! What a line of the client is: a message for the service, something that is refused with an answer, or nothing that is answered.
//! Keys are matched exactly, and each is there once: whoever reads the same line elsewhere, such as a filter, reads the same.

use super::strict::{self, Faults};
use rmcp::RoleServer;
use rmcp::model::{ErrorCode, RequestId};
use rmcp::service::RxJsonRpcMessage;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What a line is.
pub(crate) enum Understood {
    Message(Box<RxJsonRpcMessage<RoleServer>>),
    Refused(NoMessage),
    /// Blank, or a notification or a response that is not one: neither is ever answered.
    Ignored(String),
}

/// Why a line is no message, for the client.
#[derive(Debug)]
pub(crate) struct NoMessage {
    /// The request's, where it has one that is valid; else `null` is written.
    id: Option<RequestId>,
    code: ErrorCode,
    says: String,
}

impl NoMessage {
    pub(super) fn invalid(id: Option<RequestId>, says: impl Into<String>) -> Self {
        Self { id, code: ErrorCode::INVALID_REQUEST, says: says.into() }
    }

    fn unreadable(says: impl Into<String>) -> Self {
        Self { id: None, code: ErrorCode::PARSE_ERROR, says: says.into() }
    }

    /// The answer.
    pub(crate) fn answer(&self) -> String {
        json!({"jsonrpc": "2.0", "id": self.id, "error": {"code": self.code, "message": self.says}}).to_string()
    }
}

/// Editors and shells of Windows put it before a text; JSON lets it be ignored.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The keys of a message.
const KEYS: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];

/// Reads a line, without its end.
pub(crate) fn understand(line: &[u8]) -> Understood {
    let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
    if line.iter().all(u8::is_ascii_whitespace) {
        return Understood::Ignored("a blank line".to_owned());
    }
    let Ok(text) = std::str::from_utf8(line) else { return Understood::Refused(NoMessage::unreadable("the line is not UTF-8")) };
    let refused = |says: &str| Understood::Refused(NoMessage::invalid(None, says));
    match strict::read(text) {
        Ok((Value::Object(object), faults)) => of_object(object, faults),
        Ok((Value::Array(_), _)) => refused("batches are not part of the protocol: send one message on each line"),
        Ok(_) => refused("a message is a JSON object"),
        Err(error) => {
            Understood::Refused(NoMessage::unreadable(format!("the line is not JSON that can be read (column {})", error.column())))
        }
    }
}

/// What an object is by its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Request,
    Notification,
    /// A result or an error.
    Response,
    Nothing,
}

impl Shape {
    fn of(object: &Map<String, Value>) -> Self {
        let has = |key: &str| object.contains_key(key);
        match (has("method"), has("id"), has("result") || has("error")) {
            (true, true, _) => Shape::Request,
            (true, false, _) => Shape::Notification,
            (false, _, true) => Shape::Response,
            (false, _, false) => Shape::Nothing,
        }
    }

    /// Whether somebody may wait for an answer.
    fn is_answered(self) -> bool {
        match self {
            Shape::Request | Shape::Nothing => true,
            Shape::Notification | Shape::Response => false,
        }
    }
}

fn of_object(mut object: Map<String, Value>, faults: Faults) -> Understood {
    let shape = Shape::of(&object);
    let id = object.get("id").filter(|_| !faults.id_twice).and_then(|id| RequestId::deserialize(id).ok());
    let fault = faults.first.or_else(|| misspelled(&object)).or_else(|| malformed(&object, shape, id.as_ref()));
    if object.get("params").is_some_and(Value::is_null) {
        object.remove("params");
    }
    let read = match fault {
        Some(says) => Err(says),
        None => serde_json::from_value(Value::Object(object)).map_err(|_| "it is none of the protocol's messages".to_owned()),
    };
    match read {
        Ok(message) => Understood::Message(Box::new(message)),
        Err(says) if shape.is_answered() => Understood::Refused(NoMessage::invalid(id, format!("invalid request: {says}"))),
        Err(says) => Understood::Ignored(says),
    }
}

/// A key that would be one of the protocol's if case did not count.
fn misspelled(object: &Map<String, Value>) -> Option<String> {
    object.keys().find_map(|key| {
        let meant = KEYS.iter().find(|known| key.eq_ignore_ascii_case(known) && key != *known)?;
        Some(format!("`{key}` is not `{meant}`: case counts"))
    })
}

fn malformed(object: &Map<String, Value>, shape: Shape, id: Option<&RequestId>) -> Option<String> {
    let has = |key: &str| object.contains_key(key);
    let fault = if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        "`jsonrpc` must be \"2.0\""
    } else if shape == Shape::Nothing {
        "it has no `method`"
    } else if has("method") && (has("result") || has("error")) {
        "it has a `method`, and a `result` or an `error`"
    } else if has("method") && !object.get("method").is_some_and(Value::is_string) {
        "`method` must be a string"
    } else if shape == Shape::Request && id.is_none() {
        "`id` must be a string or an integer"
    } else if object.get("params").is_some_and(|params| !params.is_object() && !params.is_null()) {
        "`params` must be an object"
    } else {
        return None;
    };
    Some(fault.to_owned())
}
