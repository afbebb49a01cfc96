//! The addresses behind a Service: how many of them are ready, and how that is said.

use super::pods;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::Endpoint;

/// One that does not say so is.
pub(super) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true)
}

/// Whether an address of a Service that selects Pods is that of a ready one: `publishNotReadyAddresses` has every address called ready,
/// whatever its Pod is. Where the Pod was not read, the address says how the Pod is.
pub(super) fn is_of_ready_pod(endpoint: &Endpoint, pod: Option<&Pod>) -> bool {
    let serves = endpoint.conditions.as_ref().is_none_or(|c| c.serving != Some(false) && c.terminating != Some(true));
    is_ready(endpoint) && serves && pod.is_none_or(|pod| pods::is_ready(pod) && pod.metadata.deletion_timestamp.is_none())
}

/// So many, in words.
pub(crate) fn in_words(ready: usize) -> String {
    if ready == 1 { "1 ready address".to_owned() } else { format!("{ready} ready addresses") }
}
