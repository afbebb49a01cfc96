//! Nodes: ready, and under no pressure.

use super::Judgement;
use crate::domain::excerpt::Excerpt;
use k8s_openapi::api::core::v1::Node;

pub(crate) fn judge(node: &Node) -> Judgement {
    let conditions = || node.status.iter().flat_map(|s| s.conditions.iter().flatten());
    for c in conditions() {
        let pressure = matches!(c.type_.as_str(), "MemoryPressure" | "DiskPressure" | "PIDPressure") && c.status == "True";
        if pressure || (c.type_ == "Ready" && c.status != "True") {
            return Judgement::Wrong(format!("{} is {}: {}", c.type_, c.status, Excerpt::said(c.message.as_deref().unwrap_or_default())));
        }
    }
    if !conditions().any(|c| c.type_ == "Ready") {
        return Judgement::Unknown("does not report whether it is ready".to_owned());
    }
    if node.spec.as_ref().and_then(|s| s.unschedulable) == Some(true) {
        return Judgement::Idle("is ready and cordoned: no new Pod is placed on it".to_owned());
    }
    Judgement::Well("is ready".to_owned())
}
