//! Problem replies: `Status` objects worded and shaped like the API server's own.

use http::StatusCode;
use serde_json::{Value, json};

use super::resources::Resource;

/// Why a request was not done.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub(super) code: u16,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) details: Box<Value>,
    pub(super) retry_after: Option<u32>,
    /// For an expired list: where an inconsistent one could go on.
    pub(super) resume: Option<Box<str>>,
}

impl Problem {
    pub(super) fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code: code.as_u16(), reason, message: message.into(), details: Box::default(), retry_after: None, resume: None }
    }

    fn about(mut self, resource: &Resource, kind: &str, name: &str) -> Self {
        let mut details = json!({});
        if !name.is_empty() {
            super::json::set(&mut details, "/name", name);
        }
        if !resource.group.is_empty() {
            super::json::set(&mut details, "/group", resource.group);
        }
        super::json::set(&mut details, "/kind", kind);
        self.details = Box::new(details);
        self
    }

    pub(super) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.group_resource());
        Self::new(StatusCode::NOT_FOUND, "NotFound", message).about(resource, resource.plural, name)
    }

    /// A path that no resource has.
    pub(super) fn no_resource() -> Self {
        Self::bare(StatusCode::NOT_FOUND, "NotFound", "the server could not find the requested resource")
    }

    /// A refusal that is about no object, and says so with empty details.
    fn bare(code: StatusCode, reason: &'static str, message: &str) -> Self {
        let mut problem = Self::new(code, reason, message);
        problem.details = Box::new(json!({}));
        problem
    }

    pub(super) fn already_exists(resource: &Resource, name: &str, deleting: bool) -> Self {
        let prefix = if deleting { "object is being deleted: " } else { "" };
        let message = format!("{prefix}{} \"{name}\" already exists", resource.group_resource());
        Self::new(StatusCode::CONFLICT, "AlreadyExists", message).about(resource, resource.plural, name)
    }

    pub(super) fn conflict(resource: &Resource, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your changes to the latest version and try again",
            resource.group_resource()
        );
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(resource, resource.plural, name)
    }

    /// A precondition of a delete does not hold; that path names the kind, not the resource.
    pub(super) fn precondition(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.group_kind());
        Self::new(StatusCode::CONFLICT, "Conflict", message).about(resource, resource.kind, name)
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// One or more fields are not what they may be: `(reason, field, message)`.
    pub(super) fn invalid(resource: &Resource, name: &str, causes: &[Cause]) -> Self {
        let texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        let said = match texts.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {said}", resource.group_kind());
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message).about(resource, resource.kind, name);
        let causes: Vec<Value> = causes.iter().map(|c| json!({"reason": c.reason, "message": c.message, "field": c.field})).collect();
        super::json::set(&mut problem.details, "/causes", causes);
        problem
    }

    /// A patch that could be read and not be applied; the API server says no more than this.
    pub(super) fn patch_refused() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::bare(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", message)
    }

    /// A patch in a form that is not known.
    pub(super) fn unsupported_media() -> Self {
        Self::bare(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType", "415: Unsupported Media Type")
    }

    pub(super) fn forbidden(user: &str, verb: &str, resource: &Resource, subresource: &str, namespace: &str, name: &str) -> Self {
        let plural = if subresource.is_empty() { resource.plural.to_owned() } else { format!("{}/{subresource}", resource.plural) };
        let place = if namespace.is_empty() { "at the cluster scope".to_owned() } else { format!("in the namespace \"{namespace}\"") };
        let what = if name.is_empty() { resource.group_resource() } else { format!("{} \"{name}\"", resource.group_resource()) };
        let message =
            format!("{what} is forbidden: User \"{user}\" cannot {verb} resource \"{plural}\" in API group \"{}\" {place}", resource.group);
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, resource.plural, name)
    }

    /// What a Pod is to run as does not exist.
    pub(super) fn no_account(resource: &Resource, pod: &str, namespace: &str, account: &str) -> Self {
        let message = format!(
            "{} \"{pod}\" is forbidden: error looking up service account {namespace}/{account}: serviceaccount \"{account}\" not found",
            resource.group_resource()
        );
        Self::new(StatusCode::FORBIDDEN, "Forbidden", message).about(resource, resource.plural, pod)
    }

    pub(super) fn expired(message: impl Into<String>) -> Self {
        Self::new(StatusCode::GONE, "Expired", message)
    }

    /// The reply that an injected fault gives.
    pub(super) fn injected(code: u16) -> Self {
        let (reason, message, retry_after) = match code {
            401 => ("Unauthorized", "Unauthorized", None),
            403 => ("Forbidden", "forbidden", None),
            409 => (
                "Conflict",
                "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again",
                None,
            ),
            410 => (
                "Expired",
                "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.",
                None,
            ),
            429 => ("TooManyRequests", "Too many requests, please try again later.", Some(1)),
            500 => ("InternalError", "Internal error occurred: etcdserver: request timed out", None),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request", None),
            504 => ("Timeout", "Timeout: request did not complete within the allotted timeout", None),
            _ => ("Unknown", "the server responded with an unexpected status code", None),
        };
        Self { code, reason, message: message.to_owned(), details: Box::default(), retry_after, resume: None }
    }

    pub(super) fn status(&self) -> Value {
        let mut metadata = json!({});
        if let Some(token) = &self.resume {
            super::json::set(&mut metadata, "/continue", &**token);
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "reason": self.reason,
        });
        let mut details = (*self.details).clone();
        if let Some(seconds) = self.retry_after {
            super::json::set(&mut details, "/retryAfterSeconds", seconds);
        }
        if !details.is_null() {
            super::json::set(&mut status, "/details", details);
        }
        super::json::set(&mut status, "/code", self.code);
        status
    }
}

/// One field that is not what it may be.
#[derive(Debug)]
pub(super) struct Cause {
    reason: &'static str,
    field: String,
    message: String,
}

impl Cause {
    pub(super) fn required(field: &str, message: &str) -> Self {
        let tail = if message.is_empty() { String::new() } else { format!(": {message}") };
        Self::make("FieldValueRequired", field, format!("Required value{tail}"))
    }

    pub(super) fn invalid(field: &str, value: &Value, message: &str) -> Self {
        Self::make("FieldValueInvalid", field, format!("Invalid value: {value}: {message}"))
    }

    pub(super) fn forbidden(field: &str, message: &str) -> Self {
        Self::make("FieldValueForbidden", field, format!("Forbidden: {message}"))
    }

    pub(super) fn not_found(field: &str, value: &Value) -> Self {
        Self::make("FieldValueNotFound", field, format!("Not found: {value}"))
    }

    fn make(reason: &'static str, field: &str, message: String) -> Self {
        Self { reason, field: field.to_owned(), message }
    }
}
