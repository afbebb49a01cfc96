//! Whether the addresses behind a Service are those of the Pods that it selects now, and whether more are to come.

use super::addresses::{is_ready, pod_of};
use super::labels::Selector;
use super::{Facts, labels, pods, selected, starting};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::discovery::v1::Endpoint;
use std::collections::HashSet;

/// What the ready addresses of a Service have of a state before its selector: an address of a Pod that it does not select now, or a
/// ready Pod that it selects and whose address is missing. Where there is no selector, others write the addresses.
pub(crate) fn outdated(service: &ObjectRef, facts: &Facts<'_>) -> Option<String> {
    let found = facts.find::<Service>(service)?;
    let (namespace, selector) = selected_by(found)?;
    let selected: Vec<&Pod> = selected::pods_selected(facts, namespace, selector).collect();
    let ready: Vec<&Endpoint> =
        facts.slices_of(service).iter().flat_map(|slice| slice.endpoints.iter().flatten()).filter(|e| is_ready(e)).collect();
    let names: HashSet<&str> = ready.iter().filter_map(|endpoint| pod_of(endpoint)).collect();
    let places: HashSet<&str> = ready.iter().flat_map(|e| &e.addresses).map(String::as_str).collect();
    let own_names: HashSet<&str> = selected.iter().filter_map(|pod| pod.metadata.name.as_deref()).collect();
    let own_places: HashSet<&str> = selected.iter().flat_map(|pod| ips(pod)).collect();
    let own = |endpoint: &&Endpoint| match pod_of(endpoint) {
        Some(name) => own_names.contains(name),
        None => endpoint.addresses.iter().any(|address| own_places.contains(address.as_str())),
    };
    if !facts.walk(ready.iter()).all(own) {
        return Some("some are of Pods that its selector does not match".to_owned());
    }
    let leads_to =
        |pod: &&Pod| pod.metadata.name.as_deref().is_some_and(|name| names.contains(name)) || ips(pod).any(|ip| places.contains(ip));
    let live = |pod: &&&Pod| pods::is_ready(pod) && !pods::has_ended(pod) && pod.metadata.deletion_timestamp.is_none();
    let missing = selected.iter().filter(live).find(|pod| !leads_to(pod))?;
    Some(format!("the address of {} is missing, which is ready and matched by its selector", missing.reference()))
}

/// Whether a Pod that the Service selects is still starting.
pub(crate) fn are_coming(service: &ObjectRef, facts: &Facts<'_>) -> bool {
    let Some((namespace, selector)) = facts.find::<Service>(service).and_then(selected_by) else { return false };
    selected::pods_selected(facts, namespace, selector).any(|pod| starting::is_starting(&pod.reference(), facts))
}

/// Whether nothing is meant to run behind it: all workloads that it selects are scaled to zero, and no Pod is left.
pub(crate) fn is_idle(service: &ObjectRef, facts: &Facts<'_>) -> bool {
    let Some((namespace, selector)) = facts.find::<Service>(service).and_then(selected_by) else { return false };
    let mut workloads = selected::workloads_selected(facts, namespace, selector).peekable();
    let some = workloads.peek().is_some();
    let pods = selected::pods_selected(facts, namespace, selector).any(|pod| !pods::has_ended(pod));
    facts.is_whole(&Kind::Pod) && some && !pods && workloads.all(|w| w.desired == 0 && w.replicas.is_some())
}

/// Where it looks for Pods, and by which labels.
fn selected_by(service: &Service) -> Option<(&str, &Selector)> {
    Some((service.metadata.namespace.as_deref()?, labels::any_selector(service)?))
}

fn ips(pod: &Pod) -> impl Iterator<Item = &str> {
    let status = pod.status.iter();
    status.flat_map(|s| s.pod_ip.as_deref().into_iter().chain(s.pod_ips.iter().flatten().map(|ip| ip.ip.as_str())))
}
