//! Which cluster an identity speaks to: the uid of `kube-system`, which both the reader and the writer ask for.

use super::fault::{Read, json_object};
use super::wire::HttpReply;
use crate::domain::snapshot::ClusterId;
use crate::ports::ReadError;
use serde_json::Value;

/// The one object that the writing client may read.
pub(super) const PATH: &str = "/api/v1/namespaces/kube-system";

pub(super) fn read() -> Read {
    Read::other("get", "namespaces", "namespace `kube-system`, which tells which cluster this is")
}

/// What the answer says. Where the uid may not be read, what the connection is pinned to is all there is;
/// that nothing could be asked is an error, and no identity.
pub(super) fn of(pinned: &ClusterId, answer: Result<HttpReply, ReadError>) -> Result<ClusterId, ReadError> {
    match answer {
        Ok(answer) => {
            let object = json_object(&answer, &read())?;
            Ok(pinned.with_uid(object.pointer("/metadata/uid").and_then(Value::as_str)))
        }
        Err(ReadError::Forbidden { .. } | ReadError::NotFound(_)) => Ok(pinned.with_uid(None)),
        Err(error) => Err(error),
    }
}
