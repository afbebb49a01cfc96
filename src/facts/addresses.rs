//! The addresses behind a Service: how many of them are ready, and how that is said.

use k8s_openapi::api::discovery::v1::EndpointSlice;

/// How many addresses of a slice are ready; one that does not say so is.
pub(super) fn ready_in(slice: &EndpointSlice) -> usize {
    let ready = slice.endpoints.iter().flatten().filter(|e| e.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true));
    ready.map(|endpoint| endpoint.addresses.len()).sum()
}

/// So many, in words.
pub(crate) fn in_words(ready: usize) -> String {
    if ready == 1 { "1 ready address".to_owned() } else { format!("{ready} ready addresses") }
}
