//! A template's nodeSelector asks for labels that no node carries, so its Pods have nowhere to go.
//! The fix is the near value that a usable node does carry. Labelling a node instead would change what the node is for.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::quote::{self, listed};
use super::super::rule::{Read, Rule, When};
use super::labels::{Near, Offer, offer};
use crate::domain::action::FieldOp;
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::labels::Selector;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Node, Pod};

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("sched-nodeselector-no-match"),
    says: "a nodeSelector requires labels that no node has",
    reads: &[Read::WORKLOADS, Read::EVENTS, Read::when(&[Kind::Node], When::APodHasNoNode)],
    find,
};
/// All nodes were read and none carries the labels; exactly one near value exists. The doubt is whether the nodes or the
/// selector are wrong.
const NEAR: Confidence = Confidence::percent(90);
/// All nodes were read and none carries the labels, but what was meant is open.
const OPEN: Confidence = Confidence::percent(85);
/// The nodes could not be read; the scheduler says that no node fits a selector or an affinity.
const REPORTED: Confidence = Confidence::percent(60);
/// So many nodes are quoted with their own value.
const QUOTED_NODES: usize = 5;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts.stuck().filter_map(|stuck| finding(facts, stuck)).collect()
}

fn finding(facts: &Facts<'_>, stuck: &Stuck<'_>) -> Option<Finding> {
    let selector = stuck.spec.node_selector.as_ref().filter(|s| !s.is_empty())?;
    // Pods of the present template without a node; one for which a node is being provisioned is no fault.
    let waits = |p: &&Pod| {
        !pods::has_node(p)
            && p.spec.as_ref().and_then(|s| s.node_selector.as_ref()) == Some(selector)
            && facts.newest_event(p, |e| matches!(e.reason.as_deref(), Some("TriggeredScaleUp" | "Nominated"))).is_none()
    };
    let pods: Vec<&Pod> = stuck.pods.iter().copied().filter(waits).collect();
    let first = pods.first()?;
    let known = facts.is_whole(&Kind::Node);
    if known && facts.nodes_carrying(selector).next().is_some() {
        return None;
    }
    let affine = stuck.spec.affinity.as_ref().is_some_and(|a| a.node_affinity.is_some());
    if !known && (affine || !pods::unschedulable(first)?.contains("selector")) {
        return None;
    }
    let offer = if known { offer(facts, stuck.spec, selector) } else { Offer::default() };
    let sure = match &offer.near {
        _ if !known => REPORTED,
        Some(_) => NEAR,
        None => OPEN,
    };
    let (key, value) = blamed(facts, selector, offer.near.as_ref())?;
    let (what, base) = (format!("{key}={value}"), stuck.spec_path.clone().then("nodeSelector"));
    let field = base.clone().key(key);
    let title = match offer.near.as_ref().map(Near::shown) {
        Some(near) => format!("no node has the label `{what}` that {stuck} requires; `{near}` is near"),
        None => format!("no node satisfies the nodeSelector of {stuck}"),
    };
    let explanation = format!(
        "The nodeSelector of {stuck} requires {}, and {}. The scheduler places no Pod where its nodeSelector does not match, so {} without a node.",
        listed(&selector.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>()),
        if known { "no node has that" } else { "the scheduler finds no node that fits" },
        if pods.len() == 1 { "its Pod stays".to_owned() } else { format!("its {} Pods stay", pods.len()) },
    );
    let own_label = |node: &Node| {
        let has = node.metadata.labels.as_ref().and_then(|l| l.get(key));
        let path = FieldPath::dotted("metadata.labels").key(key);
        quote::field(facts, &node.reference(), path, has.map_or("not set", String::as_str))
    };
    Draft::about(facts, RULE.code, &stuck.object, sure)
        .text(title, explanation)
        .saw(quote::words_of(facts, &pods, |e| e.reason.as_deref() == Some("FailedScheduling"), quote::unscheduled))
        .seen_value(Some(&field), value, offer.near.as_ref().map(Near::shown).as_deref())
        .saw(facts.all::<Node>().take(QUOTED_NODES).map(own_label))
        .owned(first)
        .holds(pods.iter().copied(), &format!("Pending: no node matches its nodeSelector `{what}`"))
        .fix(match &offer.near {
            Some(near) => correct(stuck, &base, value, near),
            None => open(facts, stuck, field, &what, &offer),
        })
}

/// The key that stands for the fault: the one that is wrong, or the first that no node carries.
fn blamed<'a>(facts: &Facts<'_>, selector: &'a Selector, near: Option<&Near>) -> Option<(&'a str, &'a str)> {
    let is_absent = |k: &String, v: &String| facts.nodes_carrying(&Selector::from([(k.clone(), v.clone())])).next().is_none();
    let found = match near {
        Some(near) => selector.get_key_value(&near.wrong),
        None => selector.iter().find(|(k, v)| is_absent(k, v)).or_else(|| selector.iter().next()),
    };
    found.map(|(k, v)| (k.as_str(), v.as_str()))
}

fn correct(stuck: &Stuck<'_>, base: &FieldPath, wrong: &str, near: &Near) -> Remedy {
    let (key, other) = (base.clone().key(&near.wrong), base.clone().key(&near.right));
    let (ops, why) = if near.right == near.wrong {
        let why = format!("no node has `{}={wrong}`; `{}` is the near value of a node that can run these Pods", near.wrong, near.value);
        (vec![change(key, wrong, &near.value)], why)
    } else {
        let why = format!("no node has the key `{}`; a node that can run these Pods has the same value under `{}`", near.wrong, near.right);
        (vec![FieldOp::remove(key).seen(wrong), FieldOp::set(other, near.value.as_str())], why)
    };
    propose(patch(&stuck.object, ops), &why, Risk::Medium, stuck.check())
}

fn open(facts: &Facts<'_>, stuck: &Stuck<'_>, field: FieldPath, what: &str, offer: &Offer) -> Remedy {
    let why = if facts.is_whole(&Kind::Node) {
        "the labels of the nodes do not tell which nodes were meant"
    } else {
        "the nodes could not be read, so which labels they have is not known"
    };
    let there = match offer.labels.as_slice() {
        [] => String::new(),
        labels => format!("; nodes that can run these Pods offer {}", listed(labels)),
    };
    let drop = patch(&stuck.object, vec![FieldOp::remove(field)]).map(|action| Choice {
        text: format!("or remove `{what}` from it, if these Pods may run anywhere"),
        action,
        why: why.to_owned(),
    });
    let text = format!("set the nodeSelector of {stuck} to labels that nodes have{there}");
    Remedy { choices: drop.into_iter().collect(), ..advise(text, None, why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, changes, cluster, deployment, pod, stateful_set};
    use serde_json::json;

    const SCHEDULER: &str = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";

    fn selecting(app: App, selector: serde_json::Value) -> App {
        app.spec(json!({"nodeSelector": selector})).unschedulable(SCHEDULER)
    }

    #[test]
    fn near_value_that_a_node_carries_is_proposed() {
        let found = cluster().app(selecting(deployment("recommender"), json!({"environment": "production-gpu"}))).only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.template.spec.nodeSelector.environment"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("production-gpu"), Some("production")));
        assert_eq!(changes(&found), ["patch deployment/recommender spec.template.spec.nodeSelector.environment=production"]);
        assert_eq!(found.remedy.proposals[0].risk, Risk::Medium);
    }

    #[test]
    fn slips_abbreviations_and_keys_with_slashes_are_near() {
        for (selector, change) in [
            (json!({"environment": "prodcution"}), "environment=production"),
            (json!({"environment": "prod"}), "environment=production"),
            (json!({"environment": "Production"}), "environment=production"),
            (json!({"environment": "production", "disktype": "ssd-fast"}), "disktype=ssd"),
            (json!({"enviroment": "production"}), "enviroment- spec.template.spec.nodeSelector.environment=production"),
        ] {
            let found = cluster().app(selecting(deployment("web"), selector)).only(RULE.code.0);
            assert_eq!(changes(&found), [format!("patch deployment/web spec.template.spec.nodeSelector.{change}")]);
        }
        let slashed = cluster()
            .edit("Node", "node-1", json!({"metadata": {"labels": {"example.com/pool": "general-purpose"}}}))
            .app(selecting(deployment("web"), json!({"example.com/pool": "general-purpos"})))
            .only(RULE.code.0);
        assert_eq!(changes(&slashed), [r#"patch deployment/web spec.template.spec.nodeSelector["example.com/pool"]=general-purpose"#]);
    }

    #[test]
    fn value_on_an_unusable_node_is_not_proposed() {
        let app = || selecting(deployment("web"), json!({"environment": "production-gpu"}));
        for change in [
            json!({"spec": {"unschedulable": true}}),
            json!({"spec": {"taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]}}),
            json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}),
        ] {
            let found = cluster().edit("Node", "node-1", change).app(app()).found(RULE.code.0);
            assert_eq!(found[0].remedy.proposals, []);
        }
        let tolerant = app().spec(json!({"tolerations": [{"key": "dedicated", "operator": "Exists"}]}));
        let found = cluster()
            .edit("Node", "node-1", json!({"spec": {"taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]}}))
            .app(tolerant)
            .only(RULE.code.0);
        assert_eq!(found.remedy.proposals.len(), 1);
    }

    #[test]
    fn several_near_values_and_none_are_questions() {
        let zones = cluster()
            .edit("Node", "node-1", json!({"metadata": {"labels": {"zone": "eu-west-1a"}}}))
            .edit("Node", "node-2", json!({"metadata": {"labels": {"zone": "eu-west-1b"}}}))
            .app(selecting(deployment("web"), json!({"zone": "eu-west-1x"})));
        assert_eq!(zones.only(RULE.code.0).remedy.proposals, []);
        let far = cluster().app(selecting(deployment("web"), json!({"gpu": "a100"}))).only(RULE.code.0);
        assert_eq!((far.remedy.proposals.len(), far.remedy.advice.len()), (0, 2));
    }

    #[test]
    fn pin_to_a_node_that_is_gone_is_not_moved() {
        let found = cluster().app(selecting(deployment("web"), json!({"kubernetes.io/hostname": "node-11"}))).only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
    }

    #[test]
    fn what_cannot_be_patched_gets_advice() {
        for app in [pod("web"), stateful_set("web"), deployment("web").helm()] {
            let found = cluster().app(selecting(app, json!({"environment": "production-gpu"}))).only(RULE.code.0);
            assert_eq!(found.remedy.proposals, []);
            assert!(found.remedy.advice[0].text.contains("`production`"), "{:?}", found.remedy);
        }
    }

    #[test]
    fn selector_that_a_node_satisfies_is_silent() {
        let world = cluster().app(selecting(deployment("web"), json!({"environment": "staging"})));
        assert_eq!(world.found(RULE.code.0), []);
        world.is_inconclusive_about("pod/web-rs1-0");
        cluster().app(deployment("web").spec(json!({"nodeSelector": {"environment": "staging"}}))).is_silent();
    }

    #[test]
    fn node_that_is_being_made_is_waited_for() {
        let world = cluster().app(selecting(deployment("web"), json!({"pool": "gpu"}))).event(
            "Pod",
            "web-rs1-0",
            "TriggeredScaleUp",
            "pod triggered scale-up",
        );
        assert_eq!(world.found(RULE.code.0), []);
    }

    #[test]
    fn unreadable_nodes_leave_the_schedulers_word() {
        let world = cluster().hiding(Kind::Node);
        let found = world.clone().app(selecting(deployment("web"), json!({"environment": "production-gpu"}))).only(RULE.code.0);
        assert_eq!((found.confidence, found.remedy.proposals.len()), (REPORTED, 0));
        let other =
            deployment("web").spec(json!({"nodeSelector": {"a": "b"}})).unschedulable("0/2 nodes are available: 2 Insufficient cpu.");
        assert_eq!(world.app(other).found(RULE.code.0), []);
    }
}
