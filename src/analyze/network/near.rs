//! Workloads that a Service's selector misses by one label, and what speaks for one of them being meant.

use super::super::names::{Naming, Of, is_slip};
use crate::domain::object::Namespace;
use crate::domain::workload::Workload;
use crate::facts::Facts;
use crate::facts::labels::Selector;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// A workload that would be selected, were it not for one key.
#[derive(Clone, Copy)]
pub(super) struct Near<'a> {
    pub(super) workload: &'a Workload<'a>,
    /// The key that is in the way.
    pub(super) key: &'a str,
    /// What the Service wants of it.
    pub(super) wrong: &'a str,
    /// The workload's value of it, if it has the key.
    pub(super) value: Option<&'a str>,
}

/// The workloads that miss by one key and that something else speaks for: the strongest reason that any has.
pub(super) fn meant<'a>(facts: &'a Facts<'_>, service: &Service, namespace: &Namespace, wanted: &'a Selector) -> Vec<Near<'a>> {
    let here = facts.workloads_missed(namespace, wanted).filter(|w| !is_going(w) && w.desired > 0);
    let near: Vec<Near<'a>> = here.filter_map(|w| misses_by_one(wanted, w)).collect();
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let naming = Naming::of(Of::Service);
    let by_name = |n: &Near<'_>| n.workload.object.name == name || n.value == Some(name);
    let by_slip = |n: &Near<'_>| n.value.is_some_and(|v| is_slip(v, n.wrong)) || n.workload.object.name == n.wrong;
    let by_relation =
        |n: &Near<'_>| n.value.is_some_and(|v| naming.alike(n.wrong, v).is_some()) || naming.alike(name, &n.workload.object.name).is_some();
    let by_port = |n: &Near<'_>| serves(service, n.workload) && !facts.is_served(namespace.as_str(), n.workload.pod_labels);
    let reasons: [&dyn Fn(&Near<'_>) -> bool; 4] = [&by_name, &by_slip, &by_relation, &by_port];
    let picked = reasons.into_iter().map(|reason| near.iter().copied().filter(|n| reason(n)).collect::<Vec<_>>());
    picked.into_iter().find(|reasoned| !reasoned.is_empty()).unwrap_or_default()
}

/// The one key that keeps the workload's Pods out, if it is one.
fn misses_by_one<'a>(wanted: &'a Selector, workload: &'a Workload<'a>) -> Option<Near<'a>> {
    let mut missed = wanted.iter().filter(|(k, v)| workload.pod_labels.get(*k) != Some(v));
    let (key, wrong) = missed.next()?;
    missed.next().is_none().then(|| Near { workload, key, wrong, value: workload.pod_labels.get(key).map(String::as_str) })
}

/// Whether it is being deleted.
pub(super) fn is_going(workload: &Workload<'_>) -> bool {
    workload.meta.deletion_timestamp.is_some()
}

/// A container of the workload has every port that the Service leads to.
fn serves(service: &Service, workload: &Workload<'_>) -> bool {
    let ports = service.spec.as_ref().and_then(|s| s.ports.as_ref());
    let offered = || workload.pod_spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    ports.is_some_and(|ports| {
        ports.iter().all(|p| match &p.target_port {
            Some(IntOrString::String(name)) => offered().any(|o| o.name.as_deref() == Some(name)),
            Some(IntOrString::Int(number)) => offered().any(|o| o.container_port == *number),
            None => offered().any(|o| o.container_port == p.port),
        })
    })
}
