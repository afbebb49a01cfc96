//! The tolerations that a renamed taint needs.

use super::super::renames;
use k8s_openapi::api::core::v1::Toleration;

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
