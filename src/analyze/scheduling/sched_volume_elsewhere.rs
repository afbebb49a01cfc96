//! A Pod's volume can be used on some nodes, and what its template asks of nodes is on others: no node has both. Which of the two is
//! wrong depends on where the data is to be, so a human decides.

use super::super::draft::{Draft, advise};
use super::super::quote::{self, listed};
use super::super::rule::{Read, Rule, When};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::labels::{Selector, matches};
use crate::facts::placing::satisfies_one;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Node, NodeSelectorTerm, PersistentVolume, PersistentVolumeClaim, Pod};

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("sched-volume-elsewhere"),
    says: "the volume of a Pod is on other nodes than its nodeSelector or affinity asks for",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::always(&[Kind::PersistentVolumeClaim]),
        Read::when(&[Kind::Node], When::APodHasNoNode),
        Read::when(&[Kind::PersistentVolume], When::APodWaitsWithAClaim),
    ],
    find,
};
/// A Pod that runs with the same wish and the same volume is on a node that has both, which the nodes that were read would show.
/// All nodes were read: some have what the template asks for, others can use the volume, and none is both. Nodes that come later may
/// be.
const SURE: Confidence = Confidence::percent(90);
/// So many nodes are named on either side.
const NAMED: usize = 5;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    if !facts.is_whole(&Kind::Node) {
        return Vec::new();
    }
    facts.stuck().filter(|stuck| pods::asks_of_nodes(stuck.spec)).filter_map(|stuck| finding(facts, stuck)).collect()
}

fn finding(facts: &Facts<'_>, stuck: &Stuck<'_>) -> Option<Finding> {
    let held: Vec<&Pod> = stuck.pods.iter().copied().filter(|p| !pods::has_node(p)).collect();
    let first = held.first()?;
    let none = Selector::new();
    let selector = stuck.spec.node_selector.as_ref().unwrap_or(&none);
    let terms = pods::affinity_terms(stuck.spec);
    let has = |node: &Node| matches(selector, Some(node.metadata.labels.as_ref().unwrap_or(&none)));
    let fits = |node: &&Node| has(node) && terms.is_none_or(|terms| satisfies_one(node, terms));
    let asked: Vec<&Node> = facts.all::<Node>().filter(fits).collect();
    let apart = |name: &str| {
        let (claim, volume) = volume_of(facts, stuck, name)?;
        let places = facts.all::<Node>().filter(|node| satisfies_one(node, places_of(volume))).collect::<Vec<_>>();
        (!places.is_empty() && !places.iter().any(fits)).then_some((claim, volume, places))
    };
    let (claim, volume, places) = first.spec.iter().flat_map(pods::claims).find_map(apart).filter(|_| !asked.is_empty())?;
    // The label that keeps the Pods off the volume's nodes, and what these have instead.
    let lacking = selector.iter().find(|(k, v)| !places.iter().any(|node| label_of(node, k) == Some(v.as_str())));
    let instead = |key: &str| places.iter().filter_map(|node| Some(format!("{key}={}", label_of(node, key)?))).take(NAMED).collect();
    let there: Vec<String> = lacking.map(|(key, _)| instead(key)).unwrap_or_default();
    let field = match lacking {
        Some((key, _)) => stuck.spec_path.clone().then("nodeSelector").key(key),
        None => pods::affinity_path().below(&stuck.spec_path),
    };
    let wants = match lacking {
        Some((key, value)) => format!("its nodeSelector asks for `{key}={value}`"),
        None => "its node affinity asks for other nodes".to_owned(),
    };
    let (who, name, volume) = (stuck.to_string(), &claim.name, volume.reference());
    let (on, at) = (listed(&names(&places)), listed(&names(&asked)));
    let text = match there.as_slice() {
        [] => format!("let {who} go to the nodes of its volume, {on}, or move the data to a volume that {at} can use"),
        labels => format!(
            "take the label out of the nodeSelector of {who}, or set it to {}, or move the data to a volume that {at} can use",
            listed(labels)
        ),
    };
    Draft::about(facts, RULE.code, &stuck.object, SURE)
        .text(
            format!("no node has both what {who} asks for and its volume: {wants}, and the volume of `{name}` is on {on}"),
            format!(
                "The PersistentVolumeClaim `{name}` is bound to the PersistentVolume `{}`, which only {on} can use. What {who} asks of its nodes, only {at} has. So the scheduler finds no node for it.",
                volume.name
            ),
        )
        .saw(quote::unplaced(facts, &held))
        .saw([quote::object(facts, &volume, &format!("can be used on {on} only"))])
        .saw(asked.iter().take(NAMED).map(|node| quote::object(facts, &node.reference(), "has what is asked for, and cannot use the volume")))
        .seen_value(Some(&field), lacking.map_or("required", |(_, value)| value), None)
        .waits(held.iter().copied(), &claim, "Pending: its volume is on other nodes than it asks for")
        .fix(advise(text, None, "where the data is to be is not known, and a volume is never moved or changed"))
}

/// The bound claim of that name and its volume.
fn volume_of<'a>(facts: &Facts<'a>, stuck: &Stuck<'_>, name: &str) -> Option<(ObjectRef, &'a PersistentVolume)> {
    let claim = ObjectRef::namespaced(Kind::PersistentVolumeClaim, stuck.namespace()?, name);
    let volume = facts.find::<PersistentVolumeClaim>(&claim)?.spec.as_ref()?.volume_name.as_deref()?;
    Some((claim, facts.find::<PersistentVolume>(&ObjectRef::cluster(Kind::PersistentVolume, volume))?))
}

/// Where the volume can be used; empty where it says nothing of it.
fn places_of(volume: &PersistentVolume) -> &[NodeSelectorTerm] {
    let required = volume.spec.as_ref().and_then(|s| s.node_affinity.as_ref()).and_then(|a| a.required.as_ref());
    required.map(|r| r.node_selector_terms.as_slice()).unwrap_or_default()
}

fn label_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    node.metadata.labels.as_ref().and_then(|l| l.get(key)).map(String::as_str)
}

fn names<'n>(nodes: &[&'n Node]) -> Vec<&'n str> {
    nodes.iter().take(NAMED).filter_map(|n| n.metadata.name.as_deref()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, changes, cluster, deployment};
    use serde_json::json;

    fn logs(selector: serde_json::Value, node: &str) -> World {
        cluster()
            .app(deployment("game").claim("logs", "game-logs").spec(json!({"nodeSelector": selector})).unschedulable(
                "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) didn't match PersistentVolume's node affinity.",
            ))
            .claim("game-logs", "Bound", "manual")
            .edit("PersistentVolumeClaim", "game-logs", json!({"spec": {"volumeName": "game-pv"}}))
            .yaml(&format!(
                "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: game-pv}}, spec: {{storageClassName: manual, nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: kubernetes.io/hostname, operator: In, values: [{node}]}}]}}]}}}}}}}}"
            ))
    }

    #[test]
    fn volume_on_another_node_than_the_selector_asks_for_is_named_and_nothing_is_changed() {
        let found = logs(json!({"disktype": "ssd"}), "node-2").only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.nodeSelector.disktype"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref(), changes(&found)), (Some("ssd"), None, vec![]));
        let advice = &found.remedy.advice[0].text;
        assert!(advice.contains("`disktype=hdd`") && advice.contains("move the data"), "{advice}");
        assert!(found.explanation.contains("`node-2`") && found.explanation.contains("`node-1`"), "{}", found.explanation);
        let terms = json!([{"matchExpressions": [{"key": "disktype", "operator": "In", "values": ["ssd"]}]}]);
        let affine = json!({"spec": {"template": {"spec": {"nodeSelector": null, "affinity": {"nodeAffinity":
            {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}}}}}});
        let found = logs(json!({}), "node-2").edit("Deployment", "game", affine).only(RULE.code.0);
        assert!(found.field_text().unwrap().contains("nodeAffinity"), "{:?}", found.field_text());
    }

    #[test]
    fn volume_that_the_asked_nodes_can_use_and_nodes_that_were_not_read_are_silent() {
        assert_eq!(logs(json!({"disktype": "ssd"}), "node-1").found(RULE.code.0), []);
        assert_eq!(logs(json!({"disktype": "tape"}), "node-2").found(RULE.code.0), []);
        assert_eq!(logs(json!({"disktype": "ssd"}), "node-2").hiding(Kind::Node).found(RULE.code.0), []);
    }
}
