//! Reviews of one's own access: what the identity that asks may do. The one thing that reader and writer both say.

use super::fault::{Read, json_object};
use super::wire::HttpReply;
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::ports::ReadError;
use serde_json::{Value, json};

/// Where a review is posted.
pub(super) const ACCESS_REVIEW: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// The body of a review: may we do `verb` on the kind, or on a part of its resource?
pub(super) fn access_review(
    verb: &str,
    kind: &Kind,
    subresource: Option<&str>,
    namespace: Option<&Namespace>,
) -> Result<Vec<u8>, ReadError> {
    let info = kind.info().ok_or_else(|| ReadError::Config(format!("kubemend does not know the resource of {kind}")))?;
    let mut attributes = json!({ "verb": verb, "group": kind.group(), "resource": info.plural });
    if let (Some(part), Some(map)) = (subresource, attributes.as_object_mut()) {
        map.insert("subresource".to_owned(), part.into());
    }
    if let (Some(namespace), Some(map)) = (namespace.filter(|_| info.namespaced), attributes.as_object_mut()) {
        map.insert("namespace".to_owned(), namespace.as_str().into());
    }
    Ok(body(&attributes))
}

fn body(attributes: &Value) -> Vec<u8> {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    review.to_string().into_bytes()
}

/// The body of a review: may we do whatever there is to be done, in every namespace?
pub(super) fn review_of_everything() -> Vec<u8> {
    body(&json!({ "verb": "*", "group": "*", "resource": "*" }))
}

/// The review's verdict; an answer without one is no yes.
pub(super) fn allowed(answer: &HttpReply, read: &Read) -> Result<bool, ReadError> {
    Ok(json_object(answer, read)?.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false))
}
