//! What a Pod says about itself.

use crate::domain::field::FieldPath;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::{Container, ContainerStatus, NodeSelectorTerm, Pod, PodSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub(crate) use crate::domain::snapshot::claims;
pub(crate) use crate::domain::workload::pod_is_ready as is_ready;

/// A Pod that is over: its end says nothing about what runs now.
pub(crate) fn has_ended(pod: &Pod) -> bool {
    matches!(pod.status.as_ref().and_then(|s| s.phase.as_deref()), Some("Succeeded" | "Failed"))
}

/// It has not ended, and nobody is deleting it.
pub(crate) fn is_live(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && !has_ended(pod)
}

/// A live Pod that is not ready.
pub(crate) fn is_stuck(pod: &Pod) -> bool {
    is_live(pod) && !is_ready(pod)
}

/// It has not started anything yet.
pub(crate) fn is_pending(pod: &Pod) -> bool {
    matches!(pod.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Pending"))
}

/// The same, where its status says so.
pub(crate) fn is_pending_by_phase(pod: &Pod) -> bool {
    pod.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Pending")
}

/// Whether the Pod has a node.
pub(crate) fn has_node(pod: &Pod) -> bool {
    pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).is_some_and(|n| !n.is_empty())
}

/// When the Pod was created.
pub(crate) fn exists_since(pod: &Pod) -> Option<Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|t| t.0)
}

/// The scheduler's own words on why the Pod has no node.
pub(crate) fn unschedulable(pod: &Pod) -> Option<&str> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    Some(scheduled.message.as_deref().unwrap_or_default())
}

/// The terms of the required node affinity, of which a node must match one.
pub(crate) fn affinity_terms(spec: &PodSpec) -> Option<&[NodeSelectorTerm]> {
    let affinity = spec.affinity.as_ref()?.node_affinity.as_ref()?;
    affinity.required_during_scheduling_ignored_during_execution.as_ref().map(|required| required.node_selector_terms.as_slice())
}

/// Where these terms stand in a Pod spec.
pub(crate) fn affinity_path() -> FieldPath {
    FieldPath::dotted("affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms")
}

/// The labels that a Pod spec asks of its node: by nodeSelector, and by value in a required affinity.
pub(crate) fn asked_of_nodes(spec: &PodSpec) -> impl Iterator<Item = (&str, &str)> {
    let plain = spec.node_selector.iter().flatten().map(|(k, v)| (k.as_str(), v.as_str()));
    let expressions = affinity_terms(spec).into_iter().flatten().flat_map(|t| t.match_expressions.iter().flatten());
    let named = expressions.filter(|e| e.operator == "In").flat_map(|e| e.values.iter().flatten().map(|v| (e.key.as_str(), v.as_str())));
    plain.chain(named)
}

/// Whether a Pod spec asks anything of its node, in either way.
pub(crate) fn asks_of_nodes(spec: &PodSpec) -> bool {
    spec.node_selector.as_ref().is_some_and(|s| !s.is_empty()) || affinity_terms(spec).is_some_and(|terms| !terms.is_empty())
}

/// All containers of a Pod spec with the name of the list they are in.
pub(crate) fn containers(spec: &PodSpec) -> impl Iterator<Item = (&'static str, &Container)> {
    let init = spec.init_containers.iter().flatten().map(|c| ("initContainers", c));
    init.chain(spec.containers.iter().map(|c| ("containers", c)))
}

/// A container that does not run yet, and why.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting<'a> {
    /// `containers` or `initContainers`.
    pub(crate) list: &'static str,
    /// Its name.
    pub(crate) container: &'a str,
    /// Such as `ImagePullBackOff`.
    pub(crate) reason: &'a str,
    /// In words; empty where there are none.
    pub(crate) message: &'a str,
}

/// What is reported of each container, those that only initialize first, with the list that it is in.
pub(crate) fn statuses(pod: &Pod) -> impl Iterator<Item = (&'static str, &ContainerStatus)> {
    pod.status.iter().flat_map(|s| {
        let init = s.init_container_statuses.iter().flatten().map(|c| ("initContainers", c));
        init.chain(s.container_statuses.iter().flatten().map(|c| ("containers", c)))
    })
}

/// Whether the probe asks this port, by its number.
pub(crate) fn asks_port(probe: &Probe, number: i32) -> bool {
    let by_http = probe.http_get.as_ref().map(|http| &http.port);
    let by_tcp = probe.tcp_socket.as_ref().map(|tcp| &tcp.port);
    let by_grpc = probe.grpc.as_ref().is_some_and(|grpc| grpc.port == number);
    by_grpc || [by_http, by_tcp].into_iter().flatten().any(|port| *port == IntOrString::Int(number))
}

/// The containers that wait, those that only initialize first.
pub(crate) fn waiting(pod: &Pod) -> impl Iterator<Item = Waiting<'_>> {
    statuses(pod).filter_map(|(list, status)| {
        let waiting = status.state.as_ref()?.waiting.as_ref()?;
        Some(Waiting {
            list,
            container: &status.name,
            reason: waiting.reason.as_deref().unwrap_or_default(),
            message: waiting.message.as_deref().unwrap_or_default(),
        })
    })
}

/// How long the container ran that ran longest before it ended, of those that stay up.
pub(crate) fn longest_life(pod: &Pod) -> Option<SignedDuration> {
    let ends = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten()).flat_map(|s| [&s.state, &s.last_state]);
    let lives = ends.filter_map(|state| state.as_ref()?.terminated.as_ref());
    lives.filter_map(|t| Some(t.finished_at.as_ref()?.0.duration_since(t.started_at.as_ref()?.0))).max()
}
