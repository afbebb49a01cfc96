//! A required node affinity, read as a nodeSelector is: expression by expression, value by value, node by node.

use super::super::names::{is_slip, mean_the_same};
use super::super::renames;
use super::labels::{is_as_close, is_near, takes};
use crate::domain::field::FieldPath;
use crate::facts::placing::holds;
use crate::facts::pods;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm};

/// What was meant by one expression of an affinity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Correction {
    /// The key or the value as it is.
    pub(super) wrong: String,
    /// As it was meant.
    pub(super) right: String,
    /// Where it stands, below the Pod's spec.
    pub(super) path: FieldPath,
}

/// The one correction after which one of these nodes takes the Pods. None where several would, or where another is as close: on nodes
/// that do not take them, or by a value for something else.
pub(super) fn correction(
    stuck: &Stuck<'_>,
    terms: &[NodeSelectorTerm],
    nodes: &[&Node],
    is_in_use: impl Fn(&str, &str) -> bool,
) -> Option<Correction> {
    let (mut found, mut close): (Vec<Correction>, Vec<Correction>) = (Vec::new(), Vec::new());
    for node in nodes {
        let takes = takes(node, stuck);
        for (at, term) in terms.iter().enumerate() {
            let path = pods::affinity_path().at(at);
            close.extend(corrected(node, term, &path, &is_in_use, is_as_close));
            for new in corrected(node, term, &path, &is_in_use, is_near).into_iter().filter(|_| takes) {
                if !found.contains(&new) {
                    found.push(new);
                }
            }
        }
    }
    let first = found.pop()?;
    let is_alone = close.iter().all(|other| *other == first) || mean_the_same(&first.wrong, &first.right);
    (found.is_empty() && is_alone).then_some(first)
}

/// The corrections of the term's one expression that fails, with which the node would satisfy the term.
fn corrected(
    node: &Node,
    term: &NodeSelectorTerm,
    path: &FieldPath,
    is_in_use: &dyn Fn(&str, &str) -> bool,
    is_close: fn(&str, &str, &str) -> bool,
) -> Vec<Correction> {
    let expressions = term.match_expressions.as_deref().unwrap_or_default();
    let mut failing = expressions.iter().enumerate().filter(|(_, e)| !holds(node, e));
    let (Some((at, failed)), None, None) = (failing.next(), failing.next(), term.match_fields.as_ref()) else { return Vec::new() };
    let path = || path.clone().then("matchExpressions").at(at);
    let mut all = Vec::new();
    for (key, value) in node.metadata.labels.iter().flatten() {
        let other_key = is_slip(&failed.key, key) || renames::of_node(&failed.key).any(|other| other == key);
        let moved = NodeSelectorRequirement { key: key.clone(), ..failed.clone() };
        let asked = || failed.values.iter().flatten().any(|wanted| is_in_use(&failed.key, wanted));
        if other_key && matches!(failed.operator.as_str(), "In" | "Exists") && holds(node, &moved) && !asked() {
            all.push(Correction { wrong: failed.key.clone(), right: key.clone(), path: path().then("key") });
        }
        let values = failed.values.iter().flatten().enumerate().filter(|_| failed.operator == "In" && *key == failed.key);
        for (place, wrong) in values.filter(|(_, wrong)| is_close(key, wrong, value)) {
            if !is_in_use(key, wrong) {
                all.push(Correction { wrong: wrong.clone(), right: value.clone(), path: path().then("values").at(place) });
            }
        }
    }
    all
}
