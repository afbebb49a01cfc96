//! What a required node affinity makes of it, where the nodeSelector has its nodes: the same cause, and the same kind of fix.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::quote;
use super::affinity::{Correction, correction};
use super::labels::is_in_use;
use super::wanting::Wanting;
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::finding::Finding;
use crate::domain::risk::Risk;
use crate::facts::labels::Selector;
use crate::facts::placing::satisfies_one;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Node, NodeSelectorRequirement, NodeSelectorTerm};
use std::collections::BTreeSet;

/// So many labels of nodes are quoted.
const QUOTED: usize = 6;

/// The nodeSelector has its nodes; whether the required affinity has one among them.
pub(super) fn finding(
    facts: &Facts<'_>,
    code: Code,
    (near, open): (Confidence, Confidence),
    wanting: &Wanting<'_>,
    selector: &Selector,
) -> Option<Finding> {
    let stuck = &wanting.stuck;
    let terms = pods::affinity_terms(stuck.spec)?;
    let all = || if selector.is_empty() { facts.all::<Node>().collect() } else { facts.nodes_carrying(selector).collect::<Vec<_>>() };
    if all().into_iter().any(|node| satisfies_one(node, terms)) {
        return None;
    }
    let found = correction(stuck, terms, &all(), |key, value| is_in_use(facts, stuck, key, value));
    if found.is_none() && stuck.pods.is_empty() {
        return None;
    }
    let field = found.as_ref().map(|c| &c.path).unwrap_or(&pods::affinity_path()).clone().below(&stuck.spec_path);
    let title = format!("no node satisfies the required node affinity of {stuck}");
    let explanation = format!(
        "The required node affinity of {stuck} asks for a node with {}, and no node has that. {}",
        quote::joined(&terms.iter().map(in_words).collect::<Vec<_>>(), "or"),
        wanting.in_words()
    );
    let keys: BTreeSet<&str> = terms.iter().flat_map(|t| t.match_expressions.iter().flatten()).map(|e| e.key.as_str()).collect();
    let labels = |node: &'_ Node| keys.iter().map(|key| wanting.label_of(facts, node, key)).collect::<Vec<_>>();
    let seen: Vec<_> = facts.all::<Node>().flat_map(labels).take(QUOTED).collect();
    let draft =
        wanting.draft(Draft::about(facts, code, &stuck.object, if found.is_some() { near } else { open }).text(title, explanation), facts);
    let draft = draft.saw(seen);
    match &found {
        Some(Correction { wrong, right, .. }) => {
            let why = format!("no node has `{wrong}`; `{right}` is on a node that can run these Pods and has all else that is asked for");
            let ops = vec![change(field.clone(), wrong, right)];
            let remedy = propose(patch(&stuck.object, ops), &why, Risk::Medium, stuck.check());
            draft.seen_value(Some(&field), wrong, Some(right)).fix(remedy)
        }
        None => draft.fix(advise(
            format!("set the node affinity of {stuck} to labels that nodes have, or bring up nodes that have these"),
            None,
            "the labels of the nodes do not tell which nodes were meant",
        )),
    }
}

/// What one term asks for: `zone in (a, b)`.
fn in_words(term: &NodeSelectorTerm) -> String {
    let one = |e: &NodeSelectorRequirement| {
        let values = e.values.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        match e.operator.as_str() {
            "Exists" => format!("`{}`", e.key),
            "DoesNotExist" => format!("no `{}`", e.key),
            "In" => format!("`{}` in ({values})", e.key),
            "NotIn" => format!("`{}` not in ({values})", e.key),
            "Gt" => format!("`{}` over {values}", e.key),
            "Lt" => format!("`{}` under {values}", e.key),
            other => format!("`{}` {other} ({values})", e.key),
        }
    };
    let labels = term.match_expressions.iter().flatten().map(one);
    let fields = term.match_fields.iter().flatten().map(one);
    quote::joined(&labels.chain(fields).collect::<Vec<_>>(), "and")
}
