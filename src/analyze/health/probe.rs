//! Why the kubelet ended a container: which of its probes failed, and what that probe said. A readiness probe ends nothing.

use crate::facts::Facts;
use crate::facts::author::By;
use k8s_openapi::api::core::v1::{Event, Pod};

/// What the kubelet says when it ends a container, and how the events of that probe begin. Names of containers hold no spaces.
const PROBES: &[(&str, &str)] = &[(" failed liveness probe", "Liveness probe"), (" failed startup probe", "Startup probe")];

/// A container that the kubelet ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Killed<'a> {
    pub(crate) killing: &'a Event,
    /// The newest word of the probe that made it do so.
    pub(crate) probe: Option<&'a Event>,
}

/// The newest time that a probe ended a container of the Pod.
pub(crate) fn killed<'a>(facts: &Facts<'a>, pod: &Pod) -> Option<Killed<'a>> {
    let which = |e: &Event| PROBES.iter().find(|(said, _)| e.message.as_deref().is_some_and(|m| m.contains(said))).map(|(_, begin)| *begin);
    let killing = facts.newest_event(pod, |e| e.reason.as_deref() == Some("Killing") && By::Kubelet.wrote(e) && which(e).is_some())?;
    let begin = which(killing)?;
    let same = |e: &Event| match (&e.involved_object.field_path, &killing.involved_object.field_path) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let said = |e: &Event| e.message.as_deref().is_some_and(|m| m.starts_with(begin));
    Some(Killed {
        killing,
        probe: facts.newest_event(pod, |e| e.reason.as_deref() == Some("Unhealthy") && By::Kubelet.wrote(e) && said(e) && same(e)),
    })
}
