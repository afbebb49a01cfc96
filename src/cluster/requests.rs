//! Requests that read, as values: paths, queries and bodies, made and not sent.

use super::discovery::AGGREGATED;
use crate::domain::kind::Kind;
use crate::ports::{ListRequest, ReadError};
use http::{Method, Request, header};

/// The usual form of an answer.
pub(super) const PLAIN: &str = "application/json";

/// The form in which an answer is asked for: what the server has, in one answer; everything else as plain JSON.
pub(super) fn form_of(path: &str) -> &'static str {
    if path == "/apis" { AGGREGATED } else { PLAIN }
}

/// One request for an answer of that form.
pub(super) fn request(method: Method, path: &str, body: &[u8], form: &str) -> Result<Request<Vec<u8>>, ReadError> {
    let mut builder = Request::builder().method(method).uri(path).header(header::ACCEPT, form);
    if !body.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    builder.body(body.to_vec()).map_err(|_| ReadError::Config("the name of an object is not valid in an API path".to_owned()))
}

/// Where a list lies in the API.
pub(super) fn list_path(request: &ListRequest) -> Result<String, ReadError> {
    request
        .kind
        .path(request.namespace.as_ref(), None)
        .ok_or_else(|| ReadError::Config(format!("kubemend does not know the API path of {}", request.kind)))
}

/// Adds the field selector to a query, where there is one.
pub(super) fn push_selector(query: &mut String, request: &ListRequest) {
    if let Some(selector) = &request.field_selector {
        query.push_str("&fieldSelector=");
        query.push_str(&encode(selector));
    }
}

/// Percent-encodes a query's value.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Before any request: a Secret of whatever group.
pub(super) fn refuse_secrets(kind: &Kind) -> Result<(), ReadError> {
    let secret = *kind == Kind::Secret || kind.name().to_ascii_lowercase().contains("secret");
    if secret { Err(ReadError::Config("kubemend never reads Secrets".to_owned())) } else { Ok(()) }
}
