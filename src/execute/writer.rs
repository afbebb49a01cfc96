//! The only code that sends a write. Private to `execute`.

use crate::cluster::connect::{WriteClient, WriteError};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::domain::request::Request;
use crate::domain::snapshot::ClusterId;
use crate::ports::{ReadError, RequestMeter};
use serde_json::Value;

/// Why a write, or its rehearsal, was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    /// The object is not as it was when the plan was made.
    #[error("the object changed since the plan was created: {0}")]
    Changed(String),
    /// One of that name is there already.
    #[error("{0}")]
    Exists(String),
    /// The object is gone.
    #[error("{0}")]
    Gone(String),
    /// The writing identity may not.
    #[error("{0}")]
    Forbidden(String),
    /// No answer came, or one that says nothing: whether it took effect is not known.
    #[error("{0}")]
    Lost(String),
    /// Anything else, such as validation or an admission webhook.
    #[error("{0}")]
    Other(String),
}

/// Sends bytes as they are.
pub(super) struct Writer {
    client: WriteClient,
}

impl Writer {
    pub(super) fn new(client: WriteClient) -> Self {
        Self { client }
    }

    pub(super) async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.client.may(verb, kind, namespace).await
    }

    pub(super) async fn identity(&self, meter: &RequestMeter) -> Result<ClusterId, ReadError> {
        self.client.identity(meter).await
    }

    /// The dry run of a request; the flag is set below, where it cannot be forgotten.
    pub(super) async fn rehearse(&self, request: &Request, meter: &RequestMeter) -> Result<Value, Refused> {
        self.client.send(request, true, meter).await.map(|a| a.body).map_err(refused)
    }

    /// The request itself.
    pub(super) async fn send(&self, request: &Request, meter: &RequestMeter) -> Result<Value, Refused> {
        self.client.send(request, false, meter).await.map(|a| a.body).map_err(refused)
    }
}

fn refused(error: WriteError) -> Refused {
    let unknown = error.may_have_happened();
    let text = error.to_string();
    match error {
        _ if unknown => Refused::Lost(text),
        WriteError::Lost(_) => Refused::Lost(text),
        WriteError::NotSent(_) => Refused::Other(text),
        WriteError::Forbidden { message, unlock, .. } => Refused::Forbidden(format!("{text}: {message}; to allow it: {unlock}")),
        WriteError::NotAdmitted(_) => Refused::Other(text),
        WriteError::Conflict { reason, message } if reason == "AlreadyExists" => Refused::Exists(message),
        WriteError::Conflict { message, .. } => Refused::Changed(message),
        WriteError::Refused { status, message, .. } => match status {
            // The API server answers a failed `test` of a JSON Patch with 422 and no field errors.
            422 if message.contains("error in our request") || (message.contains("test") && message.contains("failed")) => {
                Refused::Changed(message)
            }
            404 => Refused::Gone(message),
            429 if message.contains("disruption budget") => {
                Refused::Other(format!("a PodDisruptionBudget does not let the Pod go now: {message}"))
            }
            _ => Refused::Other(text),
        },
    }
}
