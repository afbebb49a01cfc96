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

/// A toleration at this place whose key was renamed: the old key, the new one.
pub(super) type NewKey = (usize, String, String);

/// The same tolerations under the other names of their taints, and which they are.
pub(super) fn renamed(tolerations: &[Toleration]) -> (Vec<Toleration>, Vec<NewKey>) {
    let new = |t: &Toleration| {
        let new = renames::of_node(t.key.as_deref()?).next()?;
        let there = tolerations.iter().any(|other| other.key.as_deref() == Some(new));
        (!there).then(|| new.to_owned())
    };
    let keys: Vec<NewKey> = tolerations.iter().enumerate().filter_map(|(at, t)| Some((at, t.key.clone()?, new(t)?))).collect();
    let changed = |t: &Toleration| Toleration { key: new(t).or_else(|| t.key.clone()), ..t.clone() };
    (tolerations.iter().map(changed).collect(), keys)
}
