//! A template's nodeSelector or required node affinity asks for labels that no node has, so its Pods have nowhere to go, or are not
//! even wanted. The fix is the label that a usable node does carry. Labeling a node instead would change what the node is for.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::quote::{self, listed};
use super::super::rule::{Read, Rule, When};
use super::labels::{Near, Offer, label, offer};
use super::required;
use super::wanting::{Wanting, says_no_match, wanting};
use crate::domain::action::FieldOp;
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Choice, Finding, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::facts::labels::Selector;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods, unread};
use k8s_openapi::api::core::v1::Node;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("sched-nodeselector-no-match"),
    says: "a nodeSelector or a required node affinity asks for labels that no node has",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::when(&[Kind::Node], When::APodHasNoNode),
        Read::when(&[Kind::Node], When::ADaemonSetWantsNobody),
    ],
    find,
};
/// All nodes were read and none carries the labels; exactly one near label exists, and nothing else asks for the wrong one. The
/// doubt is whether the nodes or the selector are wrong.
const NEAR: Confidence = Confidence::percent(90);
/// All nodes were read and none carries the labels, but what was meant is open.
const OPEN: Confidence = Confidence::percent(85);
/// The nodes could not be read; the scheduler says that no node fits a selector or an affinity.
const REPORTED: Confidence = Confidence::percent(60);
/// So many nodes are quoted with their own value.
const QUOTED_NODES: usize = 5;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    wanting(facts).iter().filter_map(|wanting| finding(facts, wanting)).collect()
}

fn finding(facts: &Facts<'_>, wanting: &Wanting<'_>) -> Option<Finding> {
    let stuck = &wanting.stuck;
    let known = facts.is_whole(&Kind::Node);
    let none = Selector::new();
    let selector = stuck.spec.node_selector.as_ref().unwrap_or(&none);
    if known && (selector.is_empty() || facts.nodes_carrying(selector).next().is_some()) {
        return required::finding(facts, RULE.code, (NEAR, OPEN), wanting, selector);
    }
    let affine = stuck.spec.affinity.as_ref().is_some_and(|a| a.node_affinity.is_some());
    if !known && (affine || !says_no_match(pods::unschedulable(wanting.stuck.pods.first()?)?)) {
        return None;
    }
    let offer = if known { offer(facts, stuck, selector) } else { Offer::default() };
    let sure = match offer.near.as_slice() {
        _ if !known => REPORTED,
        [] => OPEN,
        _ => NEAR,
    };
    // A DaemonSet may wait for nodes of a kind that will come: only a near label makes it a fault.
    if offer.near.is_empty() && stuck.pods.is_empty() {
        return None;
    }
    let (key, value) = blamed(facts, selector, offer.near.first())?;
    let (what, base) = (label(key, value), stuck.spec_path.clone().then("nodeSelector"));
    let near = offer.near.iter().map(Near::shown).collect::<Vec<_>>();
    let title = match near.as_slice() {
        [] => format!("no node satisfies the nodeSelector of {stuck}"),
        near => format!("no node has the label `{what}` that {stuck} requires; {} is near", listed(near)),
    };
    let all: Vec<String> = selector.iter().map(|(k, v)| label(k, v)).collect();
    let there = if known { "no node has that" } else { "the scheduler finds no node that fits" };
    let explanation = format!("The nodeSelector of {stuck} requires {}, and {there}. {}", listed(&all), wanting.in_words());
    let found = if value.is_empty() { key } else { value };
    let field = base.clone().key(key);
    wanting
        .draft(Draft::about(facts, RULE.code, &stuck.object, sure).text(title, explanation), facts)
        .saw([quote::field(facts, &stuck.object, field.clone(), if value.is_empty() { "required, with an empty value" } else { value })])
        .value(Some(&field), found, offer.near.first().map(Near::shown).as_deref())
        .saw(facts.all::<Node>().take(QUOTED_NODES).map(|node| wanting.label_of(facts, node, key)))
        .fix(if offer.near.is_empty() { open(facts, stuck, &field, &what, &offer) } else { correct(stuck, &base, selector, &offer) })
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

fn correct(stuck: &Stuck<'_>, base: &FieldPath, selector: &Selector, offer: &Offer) -> Remedy {
    let mut ops = Vec::new();
    for near in &offer.near {
        let wrong = selector.get(&near.wrong).map(String::as_str).unwrap_or_default();
        let key = base.clone().key(&near.wrong);
        if near.right == near.wrong {
            ops.push(change(key, wrong, &near.value));
        } else {
            ops.extend([FieldOp::remove(key).seen(wrong), FieldOp::set(base.clone().key(&near.right), near.value.as_str())]);
        }
    }
    let tolerations = stuck.spec_path.clone().then("tolerations");
    ops.extend(offer.tolerations.iter().map(|(at, old, new)| change(tolerations.clone().at(*at).then("key"), old, new)));
    let taints = if offer.tolerations.is_empty() { "" } else { ", and lets in Pods that tolerate its taint of the same name" };
    let near = listed(&offer.near.iter().map(Near::shown).collect::<Vec<_>>());
    let why = format!("no node has what {stuck} asks for; a node that can run these Pods has {near}{taints}");
    propose(patch(&stuck.object, ops), &why, Risk::Medium, stuck.check())
}

fn open(facts: &Facts<'_>, stuck: &Stuck<'_>, field: &FieldPath, what: &str, offer: &Offer) -> Remedy {
    let why = if facts.is_whole(&Kind::Node) {
        "the labels of the nodes do not tell which nodes were meant, or whether nodes with this label are only gone".to_owned()
    } else {
        format!("the nodes {}, so which labels they have is not known", unread::how(&Kind::Node, facts.snapshot()))
    };
    let drop = patch(&stuck.object, vec![FieldOp::remove(field.clone())]).map(|action| Choice {
        text: format!("or remove `{what}` from it, if these Pods may run anywhere"),
        way: Way::Change(action),
        why: why.clone(),
    });
    let text = format!("bring up nodes with `{what}`, or set the nodeSelector of {stuck} to labels that nodes have{}", offer.in_words());
    // What runs on the nodes of a role or a kind is not moved to others by a line that is ready to paste.
    let choices = drop.into_iter().filter(|_| !what.contains("node-role")).collect();
    Remedy { choices, ..advise(text, None, &why) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, changes, cluster, daemon_set, deployment, pod, stateful_set};
    use serde_json::json;

    const SCHEDULER: &str = "0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.";

    fn selecting(app: App, selector: serde_json::Value) -> App {
        app.spec(json!({"nodeSelector": selector})).unschedulable(SCHEDULER)
    }

    #[test]
    fn label_that_is_ruled_out_but_as_close_makes_it_a_question() {
        let node = |name: &str, value: &str, more: &str| {
            format!(
                "{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {{tier: {value}, kubernetes.io/hostname: {name}}}}}{more}, status: {{conditions: [{{type: Ready, status: 'True'}}]}}}}"
            )
        };
        let closed = ", spec: {unschedulable: true}";
        for affine in [false, true] {
            let asks = |value: &str| {
                let terms = json!([{"matchExpressions": [{"key": "tier", "operator": "In", "values": [value]}]}]);
                let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
                let spec = if affine { json!({"affinity": {"nodeAffinity": required}}) } else { json!({"nodeSelector": {"tier": value}}) };
                cluster().app(deployment("web").spec(spec).unschedulable(SCHEDULER))
            };
            let one = || asks("databses").yaml(&node("a", "databases", ""));
            assert_eq!(changes(&one().only(RULE.code.0)).len(), 1, "{affine}");
            for (wanted, right, other) in [("databses", "databases", "database"), ("batchjob-a", "batch-job-a", "batchjob-b")] {
                let world = asks(wanted).yaml(&node("a", right, "")).yaml(&node("b", other, closed));
                let found = world.only(RULE.code.0);
                assert_eq!((changes(&found), found.expected.clone()), (vec![], None), "{affine} {wanted}");
                assert!(affine || found.remedy.advice[0].text.contains(&format!("`tier={other}`")), "{:?}", found.remedy);
            }
        }
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
    fn members_of_a_set_and_values_that_others_ask_for_are_no_slips() {
        for (key, there, wanted) in [
            ("topology.kubernetes.io/zone", "eu-west-1a", "eu-west-1c"),
            ("topology.kubernetes.io/region", "us-east-1", "us-west-1"),
            ("node.kubernetes.io/instance-type", "m5.xlarge", "m6.xlarge"),
            ("node.kubernetes.io/instance-type", "m5.large", "large"),
            ("example.com/nodepool", "workers-a", "workers-b"),
            ("example.com/nodepool", "workers-large", "workers"),
            ("example.com/gpu", "nvidia-a100", "nvidia-h100"),
            ("example.com/color", "orange-blue", "orange-glue1"),
            ("example.com/team", "payments2", "payments1"),
            ("example.com/batch", "nightly-2", "nightly"),
            ("environment", "production", "pre-production"),
            ("environment", "production", "non-production"),
            ("example.com/group", "workers", "workers-spot"),
            ("example.com/group", "eu-workers", "workers"),
            ("example.com/group", "workers-blue", "workers-green"),
            ("example.com/role", "primary", "replica"),
        ] {
            let label = json!({"metadata": {"labels": {key: there}}});
            let found = cluster().edit("Node", "node-1", label).app(selecting(deployment("web"), json!({key: wanted}))).only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.confidence), (0, OPEN), "{wanted}");
            let advice = &found.remedy.advice[0].text;
            assert!(advice.contains(&format!("bring up nodes with `{key}={wanted}`")) && advice.contains(there), "{advice}");
        }
        let world = || cluster().app(selecting(deployment("web"), json!({"environment": "prodcution"})));
        assert_eq!(world().found(RULE.code.0)[0].remedy.proposals.len(), 1);
        let other = deployment("api").replicas(0).spec(json!({"nodeSelector": {"environment": "prodcution"}}));
        assert_eq!(world().app(other).found(RULE.code.0)[0].remedy.proposals, []);
    }

    #[test]
    fn renamed_label_and_the_toleration_of_its_taint_are_one_change() {
        let (old, new) = ("node-role.kubernetes.io/master", "node-role.kubernetes.io/control-plane");
        let tolerations =
            json!([{"key": "example.com/x", "operator": "Exists"}, {"key": old, "operator": "Exists", "effect": "NoSchedule"}]);
        let app = || selecting(deployment("csi"), json!({old: ""})).spec(json!({"tolerations": tolerations}));
        let node = json!({"metadata": {"labels": {new: ""}}, "spec": {"taints": [{"key": new, "effect": "NoSchedule"}]}});
        let found = cluster().edit("Node", "node-1", node).app(app()).only(RULE.code.0);
        let at = "spec.template.spec.nodeSelector";
        assert_eq!(
            changes(&found),
            [format!(r#"patch deployment/csi {at}["{old}"]- {at}["{new}"]= spec.template.spec.tolerations[1].key={new}"#)]
        );
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some(old), Some(new)));
        let nowhere = cluster().app(app()).only(RULE.code.0);
        assert_eq!(nowhere.remedy.proposals, []);
        assert!(nowhere.remedy.advice.iter().all(|a| !a.text.contains("remove")), "{:?}", nowhere.remedy);
    }

    #[test]
    fn several_renamed_labels_are_one_change() {
        let selector = json!({"beta.kubernetes.io/os": "linux", "failure-domain.beta.kubernetes.io/zone": "eu-west-1a"});
        let labels = json!({"kubernetes.io/os": "linux", "topology.kubernetes.io/zone": "eu-west-1a"});
        let found = cluster()
            .edit("Node", "node-1", json!({"metadata": {"labels": labels}}))
            .app(selecting(deployment("web"), selector))
            .only(RULE.code.0);
        assert_eq!(changes(&found)[0].matches("nodeSelector").count(), 4);
    }

    #[test]
    fn daemon_set_that_wants_nobody_for_a_near_label_is_found() {
        let shipper = |selector: serde_json::Value| daemon_set("log-shipper").replicas(0).spec(json!({"nodeSelector": selector}));
        let found = cluster().app(shipper(json!({"environment": "prod"}))).only(RULE.code.0);
        assert_eq!(changes(&found), ["patch daemonset/log-shipper spec.template.spec.nodeSelector.environment=production"]);
        cluster().app(shipper(json!({"example.com/gpu": "a100"}))).is_silent();
    }

    fn affine(app: App, key: &str, values: &[&str]) -> App {
        let terms = json!([{"matchExpressions": [{"key": key, "operator": "In", "values": values}]}]);
        let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
        app.spec(json!({"affinity": {"nodeAffinity": required}})).unschedulable(SCHEDULER)
    }

    #[test]
    fn required_affinity_is_read_as_a_selector_is() {
        let at = "spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]";
        let node = json!({"metadata": {"labels": {"node-role.kubernetes.io/control-plane": "true"}}});
        for (key, values, change) in [
            ("node-role.kubernetes.io/controlplane", vec!["true"], ".key=node-role.kubernetes.io/control-plane"),
            ("node-role.kubernetes.io/master", vec!["true"], ".key=node-role.kubernetes.io/control-plane"),
            ("environment", vec!["test", "prodcution"], ".values[1]=production"),
        ] {
            let app = affine(deployment("cloud"), key, &values);
            let found = cluster().edit("Node", "node-1", node.clone()).app(app).only(RULE.code.0);
            assert_eq!(changes(&found), [format!("patch deployment/cloud {at}{change}")]);
        }
        let far = cluster().app(affine(deployment("cloud"), "environment", &["eu-west-1c"])).only(RULE.code.0);
        assert_eq!((far.remedy.proposals.len(), far.confidence), (0, OPEN));
        let met = cluster().app(affine(deployment("cloud"), "environment", &["production"]));
        assert_eq!(met.found(RULE.code.0), []);
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
        for said in [
            "0/2 nodes are available: 2 Insufficient cpu.",
            "0/2 nodes are available: 2 node(s) had untolerated taint {example.com/selector: x}. preemption: 0/2 nodes are available.",
        ] {
            let other = deployment("web").spec(json!({"nodeSelector": {"a": "b"}})).unschedulable(said);
            assert_eq!(world.clone().app(other).found(RULE.code.0), []);
        }
    }

    #[test]
    fn what_is_stuck_by_the_same_value_in_one_release_proves_nothing_for_it_and_is_one_cause() {
        let app = |name: &str| {
            let of_shop = json!({"app.kubernetes.io/instance": "shop", "app.kubernetes.io/name": name});
            selecting(deployment(name).labels(of_shop), json!({"environment": "prodution"}))
        };
        let found = cluster().app(app("front")).app(app("nats")).app(app("queue")).only(RULE.code.0);
        assert_eq!(changes(&found).len(), 3, "{:?}", found.remedy);
        // One that runs with it shows that such nodes were there.
        let runs = deployment("old").spec(json!({"nodeSelector": {"environment": "prodution"}, "nodeName": "node-9"}));
        let world = cluster().app(app("front")).app(runs).found(RULE.code.0);
        assert_eq!(world[0].remedy.proposals, []);
    }

    #[test]
    fn affinity_is_quoted_with_what_each_node_has() {
        let terms = json!({"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "disktype", "operator": "In", "values": ["nvme", "optane"]}]}]}}}});
        let world = cluster().app(
            deployment("web").spec(terms).unschedulable("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector."),
        );
        let found = world.only(RULE.code.0);
        assert!(found.explanation.contains("`disktype` in (nvme, optane)"), "{}", found.explanation);
        let diagnosis = world.diagnosis();
        let has = |text: &str| diagnosis.evidence.iter().any(|(_, e)| e.text.as_str() == text);
        assert!(has("ssd") && has("hdd"), "{diagnosis:?}");
    }
}
