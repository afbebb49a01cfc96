//! Which nodes Pods may go to: ready, open, and without a taint that keeps them away; and the tolerations that a renamed taint needs.

use super::super::renames;
use k8s_openapi::api::core::v1::{Node, Taint, Toleration};

/// Ready, not cordoned, and without a taint that keeps Pods of these tolerations away.
pub(super) fn is_usable(node: &Node, tolerations: &[Toleration]) -> bool {
    let spec = node.spec.as_ref();
    let ready = node.status.iter().flat_map(|s| s.conditions.iter().flatten()).any(|c| c.type_ == "Ready" && c.status == "True");
    let open = !spec.and_then(|s| s.unschedulable).unwrap_or(false);
    let keeps_away = |t: &&Taint| t.effect != "PreferNoSchedule" && !tolerations.iter().any(|tol| tolerates(tol, t));
    ready && open && spec.and_then(|s| s.taints.as_ref()).into_iter().flatten().find(keeps_away).is_none()
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().is_none_or(|e| e.is_empty() || e == taint.effect);
    let key = toleration.key.as_deref().unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists");
    let value = exists || toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default();
    effect && value && (key == taint.key || (key.is_empty() && exists))
}

/// The same tolerations of taints that have another name now.
pub(super) fn renamed(tolerations: &[Toleration]) -> Vec<Toleration> {
    let others = |t: &Toleration| {
        let same = t.clone();
        renames::of_node(t.key.as_deref().unwrap_or_default()).map(move |key| Toleration { key: Some(key.to_owned()), ..same.clone() }).collect::<Vec<_>>()
    };
    tolerations.iter().flat_map(others).filter(|new| !tolerations.contains(new)).collect()
}
