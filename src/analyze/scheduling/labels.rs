//! Which labels nodes offer to a Pod spec, and the one that was meant by a label that none has.

use super::super::meant::LISTED;
use super::super::names::is_slip;
use crate::facts::Facts;
use crate::facts::labels::Selector;
use k8s_openapi::api::core::v1::{Node, PodSpec, Taint, Toleration};
use std::collections::BTreeSet;

/// A node's own name as a label: a pin, for which no other node is "near".
const HOSTNAME: &str = "kubernetes.io/hostname";

/// A label that a usable node carries, and the key that it would replace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Near {
    /// The key in the selector.
    pub(super) wrong: String,
    /// The key on the node; mostly the same.
    pub(super) right: String,
    /// The value on the node.
    pub(super) value: String,
}

impl Near {
    /// The value, or the whole label where the key differs too.
    pub(super) fn shown(&self) -> String {
        if self.right == self.wrong { self.value.clone() } else { format!("{}={}", self.right, self.value) }
    }
}

/// What nodes have for a selector that none of them satisfies.
#[derive(Debug, Default)]
pub(super) struct Offer {
    /// The one near label that satisfies all the other keys.
    pub(super) near: Option<Near>,
    /// The labels with the selector's keys that usable nodes carry, as many as are listed.
    pub(super) labels: Vec<String>,
}

/// What usable nodes offer.
pub(super) fn offer(facts: &Facts<'_>, spec: &PodSpec, selector: &Selector) -> Offer {
    let mut close: BTreeSet<Near> = BTreeSet::new();
    let mut offered: BTreeSet<String> = BTreeSet::new();
    for (key, value) in selector {
        // Whether a usable node carries this label and satisfies all the other keys.
        let carried = |right: &str, there: &str| {
            let mut wanted = selector.clone();
            wanted.remove(key);
            let contradicts = wanted.insert(right.to_owned(), there.to_owned()).is_some_and(|before| before != there);
            !contradicts && facts.nodes_carrying(&wanted).any(|n| is_usable(n, spec))
        };
        let near = |right: &str, there: &str| Near { wrong: key.clone(), right: right.to_owned(), value: there.to_owned() };
        for there in facts.node_values(key).filter(|there| carried(key, there)) {
            offered.insert(format!("{key}={there}"));
            if key != HOSTNAME && is_near(value, there) {
                close.insert(near(key, there));
            }
        }
        close.extend(facts.node_keys().filter(|k| is_slip(k, key) && carried(k, value)).map(|k| near(k, value)));
    }
    Offer { near: the_one(close, selector).filter(|_| !is_affine(spec)), labels: offered.into_iter().take(LISTED).collect() }
}

/// Of several near labels, one that differs by a slip only is meant before those that share a part.
fn the_one(close: BTreeSet<Near>, selector: &Selector) -> Option<Near> {
    let slips: Vec<&Near> =
        close.iter().filter(|n| n.right != n.wrong || selector.get(&n.wrong).is_some_and(|wrong| is_slip(wrong, &n.value))).collect();
    match (close.len(), slips.as_slice()) {
        (1, _) => close.first().cloned(),
        (_, [one]) => Some((*one).clone()),
        _ => None,
    }
}

/// A required node affinity beside the selector might exclude the node again: no guess then.
fn is_affine(spec: &PodSpec) -> bool {
    let affinity = spec.affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
    affinity.is_some_and(|a| a.required_during_scheduling_ignored_during_execution.is_some())
}

/// Values that could mean the same: a slip, or one is the other with a part more (`production-gpu`, `production`; `prod`, `production`).
fn is_near(wrong: &str, there: &str) -> bool {
    let (a, b) = (wrong.to_ascii_lowercase(), there.to_ascii_lowercase());
    let longer_by_part = |long: &str, short: &str| {
        short.len() > 2
            && (long.split(['-', '_', '.']).any(|p| p == short)
                || long.strip_prefix(short).is_some_and(|rest| rest.starts_with(['-', '_', '.']) || short.len() > 3))
    };
    a == b || is_slip(&a, &b) || longer_by_part(&a, &b) || longer_by_part(&b, &a)
}

/// Ready, not cordoned, and without a taint that keeps these Pods away.
fn is_usable(node: &Node, spec: &PodSpec) -> bool {
    let node_spec = node.spec.as_ref();
    let ready = node.status.iter().flat_map(|s| s.conditions.iter().flatten()).any(|c| c.type_ == "Ready" && c.status == "True");
    let open = !node_spec.and_then(|s| s.unschedulable).unwrap_or(false);
    let keeps_away = |t: &&Taint| t.effect != "PreferNoSchedule" && !spec.tolerations.iter().flatten().any(|tol| tolerates(tol, t));
    ready && open && node_spec.and_then(|s| s.taints.as_ref()).into_iter().flatten().find(keeps_away).is_none()
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_deref().is_none_or(|e| e.is_empty() || e == taint.effect);
    let key = toleration.key.as_deref().unwrap_or_default();
    let exists = toleration.operator.as_deref() == Some("Exists");
    let value = exists || toleration.value.as_deref().unwrap_or_default() == taint.value.as_deref().unwrap_or_default();
    effect && value && (key == taint.key || (key.is_empty() && exists))
}
