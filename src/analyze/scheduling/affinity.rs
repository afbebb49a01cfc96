//! A required node affinity, read as a nodeSelector is: expression by expression, value by value, node by node.

use super::super::names::is_slip;
use super::super::renames;
use super::labels::{is_near, takes};
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, labels, pods};
use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm, PodSpec};
use std::collections::BTreeSet;

/// What was meant by one expression of an affinity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Correction {
    /// The key or the value as it is.
    pub(super) wrong: String,
    /// As it was meant.
    pub(super) right: String,
    /// All terms, with that one changed.
    pub(super) terms: Vec<NodeSelectorTerm>,
}

/// Whether a node has all that a Pod spec asks for, by nodeSelector and by required affinity.
pub(super) fn matches(node: &Node, spec: &PodSpec) -> bool {
    let plain = spec.node_selector.as_ref().is_none_or(|s| s.is_empty() || labels::matches(s, node.metadata.labels.as_ref()));
    plain && pods::affinity_terms(spec).is_none_or(|terms| terms.iter().any(|term| satisfies(node, term)))
}

/// The one correction after which a node that takes these Pods matches. None where several would, or where fields of nodes are asked for.
pub(super) fn correction(facts: &Facts<'_>, stuck: &Stuck<'_>) -> Option<Correction> {
    let terms = pods::affinity_terms(stuck.spec)?;
    let mut found: Vec<Correction> = Vec::new();
    for node in facts.all::<Node>().filter(|n| takes(n, stuck)) {
        let plain = stuck.spec.node_selector.as_ref().is_none_or(|s| labels::matches(s, node.metadata.labels.as_ref()));
        for (at, term) in terms.iter().enumerate().filter(|_| plain) {
            for (wrong, right, corrected) in corrected(facts, stuck, node, term) {
                let mut all = terms.to_vec();
                if let Some(place) = all.get_mut(at) {
                    *place = corrected;
                }
                let new = Correction { wrong, right, terms: all };
                if !found.contains(&new) {
                    found.push(new);
                }
            }
        }
    }
    let first = found.pop()?;
    found.is_empty().then_some(first)
}

/// The term with one expression changed, so that the node satisfies it; with what was wrong and what is right.
fn corrected(facts: &Facts<'_>, stuck: &Stuck<'_>, node: &Node, term: &NodeSelectorTerm) -> Vec<(String, String, NodeSelectorTerm)> {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let mut failing = expressions.iter().enumerate().filter(|(_, e)| !holds(node, e));
    let (Some((at, expression)), None) = (failing.next(), failing.next()) else { return Vec::new() };
    let there = node.metadata.labels.iter().flatten();
    let mut all = Vec::new();
    let mut add = |wrong: &str, right: &str, new: NodeSelectorRequirement| {
        let mut term = term.clone();
        let place = term.match_expressions.as_mut().and_then(|all| all.get_mut(at));
        if let Some(place) = place {
            *place = new.clone();
        }
        if satisfies(node, &term) {
            all.push((wrong.to_owned(), right.to_owned(), term));
        }
    };
    for (key, value) in there {
        let other_key = is_slip(&expression.key, key) || renames::of_node(&expression.key).any(|other| other == key);
        if other_key && matches!(expression.operator.as_str(), "In" | "Exists") {
            add(&expression.key, key, NodeSelectorRequirement { key: key.clone(), ..expression.clone() });
        }
        for wrong in expression.values.iter().flatten().filter(|_| expression.operator == "In" && *key == expression.key) {
            let used = facts.workloads_asking(key, wrong).any(|w| w.object != stuck.object);
            if !used && is_near(key, wrong, value) {
                let values: BTreeSet<String> = expression.values.iter().flatten().map(|v| if v == wrong { value.clone() } else { v.clone() }).collect();
                add(wrong, value, NodeSelectorRequirement { values: Some(values.into_iter().collect()), ..expression.clone() });
            }
        }
    }
    all
}

/// Every expression of the term holds. A term without any matches nothing; what is asked of fields is not known here.
fn satisfies(node: &Node, term: &NodeSelectorTerm) -> bool {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let by_name = |field: &NodeSelectorRequirement| {
        let named = node.metadata.name.as_ref().is_some_and(|name| field.values.iter().flatten().any(|v| v == name));
        named == (field.operator == "In")
    };
    let fields = term.match_fields.as_deref().unwrap_or_default();
    !(expressions.is_empty() && fields.is_empty()) && expressions.iter().all(|e| holds(node, e)) && fields.iter().all(by_name)
}

/// One expression, as the scheduler reads it.
fn holds(node: &Node, expression: &NodeSelectorRequirement) -> bool {
    let has = node.metadata.labels.as_ref().and_then(|l| l.get(&expression.key));
    let values = expression.values.as_deref().unwrap_or_default();
    let compared = |wanted: fn(i64, i64) -> bool| {
        let number = values.first().and_then(|v| v.parse().ok());
        has.and_then(|v| v.parse().ok()).zip(number).is_some_and(|(has, than)| wanted(has, than))
    };
    match expression.operator.as_str() {
        "In" => has.is_some_and(|v| values.contains(v)),
        "NotIn" => has.is_none_or(|v| !values.contains(v)),
        "Exists" => has.is_some(),
        "DoesNotExist" => has.is_none(),
        "Gt" => compared(|has, than| has > than),
        "Lt" => compared(|has, than| has < than),
        // An operator of a newer Kubernetes: it may hold, so nothing is said.
        _ => true,
    }
}
