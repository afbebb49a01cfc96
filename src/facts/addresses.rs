//! The addresses behind a Service: how many of them are ready, and how that is said.

use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

/// One that does not say so is.
pub(super) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true)
}

/// How many addresses of a slice are ready.
pub(super) fn ready_in(slice: &EndpointSlice) -> usize {
    slice.endpoints.iter().flatten().filter(|e| is_ready(e)).map(|endpoint| endpoint.addresses.len()).sum()
}

/// So many, in words.
pub(crate) fn in_words(ready: usize) -> String {
    if ready == 1 { "1 ready address".to_owned() } else { format!("{ready} ready addresses") }
}
