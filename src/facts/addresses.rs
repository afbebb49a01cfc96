//! The addresses behind a Service: how many of them are ready, and how that is said.

use super::pods;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};

/// One that does not say so is.
pub(super) fn is_ready(endpoint: &Endpoint) -> bool {
    endpoint.conditions.as_ref().and_then(|c| c.ready).unwrap_or(true)
}

/// The name of the Pod that has the address.
pub(super) fn pod_of(endpoint: &Endpoint) -> Option<&str> {
    let target = endpoint.target_ref.as_ref().filter(|target| target.kind.as_deref() == Some("Pod"))?;
    target.name.as_deref()
}

/// How many addresses of a slice are ready. Of a Service that selects Pods an address counts where its Pod is ready:
/// `publishNotReadyAddresses` has every address called ready. Where the Pod was not read, the address says how the Pod is; where there is
/// no selector, others write the addresses, and what they say is all that is known.
pub(super) fn ready<'a>(
    slice: &EndpointSlice,
    of_pods: bool,
    find: impl Fn(&ObjectRef) -> Option<&'a Pod>,
    step: impl Fn() -> bool,
) -> usize {
    let place = slice.metadata.namespace.as_deref().and_then(|namespace| Namespace::parse(namespace).ok());
    let serves = |endpoint: &Endpoint| {
        let pod = place.as_ref().zip(pod_of(endpoint)).and_then(|(place, name)| find(&ObjectRef::namespaced(Kind::Pod, place, name)));
        let said = endpoint.conditions.as_ref().is_none_or(|c| c.serving != Some(false) && c.terminating != Some(true));
        said && pod.is_none_or(|pod| pods::is_ready(pod) && pod.metadata.deletion_timestamp.is_none())
    };
    let ready = slice.endpoints.iter().flatten().filter(|e| step() && is_ready(e) && (!of_pods || serves(e)));
    ready.map(|endpoint| endpoint.addresses.len()).sum()
}

/// So many, in words.
pub(crate) fn in_words(ready: usize) -> String {
    if ready == 1 { "1 ready address".to_owned() } else { format!("{ready} ready addresses") }
}
