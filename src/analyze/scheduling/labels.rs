//! Which labels nodes offer to a Pod spec, and the ones that were meant by labels that none has.

use super::super::meant::LISTED;
use super::super::names::{Naming, Of, contradict, is_slip, mean_the_same, says_more};
use super::super::quote::listed;
use super::super::renames;
use super::tolerations::{NewKey, renamed};
use crate::facts::labels::Selector;
use crate::facts::placing::is_usable;
use crate::facts::selected::is_asked_by_another;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Node, PodSpec, Toleration};
use std::collections::BTreeSet;

/// Keys, by their beginning or a word of them, whose values are members of a set: nodes themselves, places, machines, pools. Only a
/// mistyped letter is near there, no value with a part more.
const SETS: &[&str] = &[
    "hostname",
    "zone",
    "region",
    "instance-type",
    "nodepool",
    "node-pool",
    "nodegroup",
    "agentpool",
    "pool",
    "machine",
    "gpu",
    "accelerator",
    "rack",
];
/// A node's own name as a label: a pin, for which no other node is near.
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

/// A label as it is written; one without a value by its key.
pub(super) fn label(key: &str, value: &str) -> String {
    if value.is_empty() { key.to_owned() } else { format!("{key}={value}") }
}

impl Near {
    /// The value, or the whole label where the key differs too.
    pub(super) fn shown(&self) -> String {
        if self.right == self.wrong { self.value.clone() } else { label(&self.right, &self.value) }
    }
}

/// What nodes have for a selector that none of them satisfies.
#[derive(Debug, Default)]
pub(super) struct Offer {
    /// The labels that were meant: with them a usable node satisfies the selector. One, or several renamed keys.
    pub(super) near: Vec<Near>,
    /// The keys of tolerations that change with them, by place, since the taint was renamed with the label: the old, the new.
    pub(super) tolerations: Vec<NewKey>,
    /// Labels that were hardly meant and are as close: on nodes that these Pods cannot use, or for something else.
    pub(super) beside: Vec<String>,
    /// The labels with the selector's keys that usable nodes carry, as many as are listed.
    pub(super) labels: Vec<String>,
}

impl Offer {
    /// What nodes have instead, behind a sentence.
    pub(super) fn in_words(&self) -> String {
        let there = match self.labels.as_slice() {
            [] => String::new(),
            labels => format!("; nodes that can run these Pods offer {}", listed(labels)),
        };
        let beside = match self.beside.as_slice() {
            [] => String::new(),
            labels => format!("; as close are {}, on nodes that these Pods cannot use, or for something else", listed(labels)),
        };
        format!("{there}{beside}")
    }
}

/// What usable nodes offer.
pub(super) fn offer(facts: &Facts<'_>, stuck: &Stuck<'_>, selector: &Selector) -> Offer {
    let tolerations = stuck.spec.tolerations.as_deref().unwrap_or_default();
    let mut close: BTreeSet<Near> = BTreeSet::new();
    let mut offered: BTreeSet<String> = BTreeSet::new();
    let mut beside: BTreeSet<Near> = BTreeSet::new();
    for (key, value) in selector {
        // Whether a usable node carries this label and satisfies all the other keys.
        let carried = |right: &str, there: &str| {
            let mut wanted = selector.clone();
            wanted.remove(key);
            let contradicts = wanted.insert(right.to_owned(), there.to_owned()).is_some_and(|before| before != there);
            !contradicts && facts.nodes_carrying(&wanted).any(|n| is_usable(n, tolerations))
        };
        let near = |right: &str, there: &str| Near { wrong: key.clone(), right: right.to_owned(), value: there.to_owned() };
        let in_use = is_in_use(facts, stuck, key, value);
        for there in facts.node_values(key).filter(|there| carried(key, there)) {
            offered.insert(label(key, there));
            if !in_use && is_near(key, value, there) {
                close.insert(near(key, there));
            }
        }
        let is_rival = |there: &str| is_as_close(key, value, there) && !(is_near(key, value, there) && carried(key, there));
        beside.extend(facts.node_values(key).filter(|there| is_rival(there)).map(|there| near(key, there)));
        let has = |k: &str| facts.node_values(k).any(|there| there == value);
        let other_keys = facts.node_keys().filter(|k| is_slip(k, key) && has(k) && !carried(k, value));
        beside.extend(other_keys.map(|k| near(k, value)));
        if !in_use {
            close.extend(facts.node_keys().filter(|k| is_slip(k, key) && carried(k, value)).map(|k| near(k, value)));
        }
    }
    let labels = offered.into_iter().take(LISTED).collect();
    let (near, tolerations) = match renamed_keys(facts, tolerations, selector) {
        _ if pods::affinity_terms(stuck.spec).is_some() => (Vec::new(), Vec::new()),
        Some(renamed) => renamed,
        None => {
            let one = the_one(close, selector);
            let is_said = |one: &Near| one.right == one.wrong && selector.get(&one.wrong).is_some_and(|v| mean_the_same(v, &one.value));
            (one.filter(|one| beside.is_empty() || is_said(one)).into_iter().collect(), Vec::new())
        }
    };
    let beside = beside.iter().map(|near| label(&near.right, &near.value)).take(LISTED).collect();
    Offer { near, tolerations, beside, labels }
}

/// Every key that no node has stands on a node under its other name, with the same value; and the tolerations which that node asks for.
fn renamed_keys(facts: &Facts<'_>, tolerations: &[Toleration], selector: &Selector) -> Option<(Vec<Near>, Vec<NewKey>)> {
    let is_there = |key: &str, value: &str| facts.node_values(key).any(|there| there == value);
    let mut near: Vec<Near> = Vec::new();
    let mut wanted = selector.clone();
    for (key, value) in selector.iter().filter(|(k, v)| !is_there(k, v)) {
        let right = renames::of_node(key).find(|other| is_there(other, value))?;
        wanted.remove(key);
        wanted.insert(right.to_owned(), value.clone());
        near.push(Near { wrong: key.clone(), right: right.to_owned(), value: value.clone() });
    }
    if near.is_empty() {
        return None;
    }
    let usable = |tolerations: &[Toleration]| facts.nodes_carrying(&wanted).any(|n| is_usable(n, tolerations));
    if usable(tolerations) {
        return Some((near, Vec::new()));
    }
    let (changed, keys) = renamed(tolerations);
    usable(&changed).then_some((near, keys))
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

/// A label that another workload asks for, or that this one's Pods ran with, is no slip: its nodes are gone.
pub(super) fn is_in_use(facts: &Facts<'_>, stuck: &Stuck<'_>, key: &str, value: &str) -> bool {
    let asks = |spec: &PodSpec| pods::asked_of_nodes(spec).any(|label| label == (key, value));
    is_asked_by_another(facts, &stuck.object, key, value)
        || facts.pods_of(&stuck.object).any(|p| pods::has_node(p) && p.spec.as_ref().is_some_and(asks))
}

/// Values that could mean the same: a slip, another spelling, or one is the other with a part more (`production-gpu`, `production`)
/// that is no number and says nothing against it as `pre-production` does; except where values are members of a set.
pub(super) fn is_near(key: &str, wrong: &str, there: &str) -> bool {
    let (a, b) = (wrong.to_ascii_lowercase(), there.to_ascii_lowercase());
    let of_a_set = SETS.iter().any(|set| key.contains(set));
    let longer_by_part = |long: &str, short: &str| {
        let at_an_end = [long.strip_prefix(short), long.strip_suffix(short)].into_iter().flatten().find(|rest| !rest.is_empty());
        short.len() > 2
            && !short.bytes().any(|b| b.is_ascii_digit())
            && at_an_end.is_some_and(|rest| {
                (rest.starts_with(['-', '_', '.']) || rest.ends_with(['-', '_', '.']))
                    && !rest.bytes().any(|b| b.is_ascii_digit())
                    && rest.len() > 2
            })
    };
    let by_part = !says_more(&a, &b) && (longer_by_part(&a, &b) || longer_by_part(&b, &a));
    key != HOSTNAME && !contradict(&a, &b) && (is_slip(wrong, there) || (!of_a_set && (mean_the_same(&a, &b) || by_part)))
}

/// The same, or a value that is for something else and no farther: it was hardly meant, and whoever slipped may have meant it.
pub(super) fn is_as_close(key: &str, wrong: &str, there: &str) -> bool {
    is_near(key, wrong, there) || (key != HOSTNAME && wrong != there && Naming::of(Of::Label).is_beside(wrong, there))
}

/// Whether a node is one that Pods of this spec may go to as it is.
pub(super) fn takes(node: &Node, stuck: &Stuck<'_>) -> bool {
    is_usable(node, stuck.spec.tolerations.as_deref().unwrap_or_default())
}
