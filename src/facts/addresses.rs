//! The addresses behind a Service: how many of them are ready, and how that is said.

use k8s_openapi::api::discovery::v1::Endpoint;

/// One that does not say so is.
pub(super) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true)
}

/// So many, in words.
pub(crate) fn in_words(ready: usize) -> String {
    if ready == 1 { "1 ready address".to_owned() } else { format!("{ready} ready addresses") }
}
