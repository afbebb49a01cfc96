//! A template's nodeSelector asks for labels that no node carries, so its Pods have nowhere to go.
//! The fix is the near value that a usable node does carry. Labelling a node instead would change what the node is for.

use super::super::advise;
use super::super::names::is_slip;
use super::super::seen::{self, QUOTED_PODS, listed};
use crate::domain::action::{Change, FieldOp};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, CausalLink, Finding, Remedy, Symptom};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Node, Pod, PodSpec, Taint, Toleration};
use std::collections::{BTreeMap, BTreeSet};

/// The cause.
pub(crate) const CODE: Code = Code("sched-nodeselector-no-match");
/// All nodes were read and none carries the labels; exactly one near value exists. The doubt is whether the nodes or the
/// selector are wrong.
const NEAR: Confidence = Confidence::percent(90);
/// All nodes were read and none carries the labels, but what was meant is open.
const OPEN: Confidence = Confidence::percent(85);
/// The nodes could not be read; the scheduler says that no node fits a selector or an affinity.
const TOLD: Confidence = Confidence::percent(60);
/// A node's own name as a label: a pin, for which no other node is "near".
const HOSTNAME: &str = "kubernetes.io/hostname";

/// Every template whose nodeSelector no node satisfies while its Pods wait.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    facts.stuck().filter_map(|aim| finding(facts, aim)).collect()
}

fn finding(facts: &Facts<'_>, aim: &Stuck<'_>) -> Option<Finding> {
    let selector = aim.spec.node_selector.as_ref().filter(|s| !s.is_empty())?;
    // Pods of the present template without a node; one for which a node is being made is no fault.
    let waits = |p: &&Pod| {
        !pods::has_node(p)
            && p.spec.as_ref().and_then(|s| s.node_selector.as_ref()) == Some(selector)
            && facts.newest_event(p, |e| matches!(e.reason.as_deref(), Some("TriggeredScaleUp" | "Nominated"))).is_none()
    };
    let pods: Vec<&Pod> = aim.pods.iter().copied().filter(waits).collect();
    let first = pods.first()?;
    let known = facts.is_whole(&Kind::Node);
    let fix = if known {
        if facts.all::<Node>().any(|n| carries(n, selector)) {
            return None;
        }
        near(facts, aim.spec, selector)
    } else {
        let message = pods::unschedulable(first)?;
        let affine = aim.spec.affinity.as_ref().is_some_and(|a| a.node_affinity.is_some());
        if affine || !message.contains("selector") {
            return None;
        }
        Fix::Open(Vec::new())
    };
    let base = aim.spec_path.clone().then("nodeSelector");
    let (key, value) = blamed(facts, selector, &fix)?;
    let confidence = match (&fix, known) {
        (_, false) => TOLD,
        (Fix::Open(_), true) => OPEN,
        (Fix::Value { .. } | Fix::Key { .. }, true) => NEAR,
    };
    let expected = match &fix {
        Fix::Value { value, .. } => Some(value.clone()),
        Fix::Key { right, value, .. } => Some(format!("{right}={value}")),
        Fix::Open(_) => None,
    };
    let what = format!("{key}={value}");
    Some(Finding {
        code: CODE,
        title: match &expected {
            Some(near) => {
                format!("no node carries the label `{what}` that {} `{}` asks for; `{near}` is near", aim.object.kind, aim.object.name)
            }
            None => format!("no node satisfies the nodeSelector of {} `{}`", aim.object.kind, aim.object.name),
        },
        explanation: format!(
            "The nodeSelector of {} `{}` asks for {}, and {}. The scheduler places no Pod where its nodeSelector does not match, so {} without a node.",
            aim.object.kind,
            aim.object.name,
            listed(&selector.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>()),
            if known { "no node carries that" } else { "the scheduler finds no node that fits" },
            if pods.len() == 1 { "its Pod stays".to_owned() } else { format!("its {} Pods stay", pods.len()) },
        ),
        object: aim.object.clone(),
        field: Some(base.clone().key(key)),
        found: Some(value.to_owned()),
        expected,
        confidence,
        evidence: NonEmpty::from_vec(evidence(facts, aim, &pods, &base, key, value))?,
        chain: chain(facts, &pods),
        symptoms: pods
            .iter()
            .map(|p| Symptom { object: p.reference(), summary: format!("Pending: no node matches its nodeSelector `{what}`") })
            .collect(),
        remedy: remedy(facts, aim, &base, key, value, &fix),
    })
}

/// What would make it fit.
enum Fix {
    /// This key with another value.
    Value { key: String, value: String },
    /// Another key, near to the wrong one, with the value that is asked for.
    Key { wrong: String, right: String, value: String },
    /// Nothing near, or too much: the labels that usable nodes offer.
    Open(Vec<String>),
}

/// The one near label on a usable node that satisfies all the other keys.
fn near(facts: &Facts<'_>, spec: &PodSpec, selector: &BTreeMap<String, String>) -> Fix {
    let usable: Vec<&Node> = facts.all::<Node>().filter(|n| is_usable(n, spec)).collect();
    let mut close: BTreeSet<(String, String, String)> = BTreeSet::new();
    let mut offered: BTreeSet<String> = BTreeSet::new();
    for (key, value) in selector {
        let others: BTreeMap<String, String> = selector.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone())).collect();
        for labels in usable.iter().filter(|n| carries(n, &others)).filter_map(|n| n.metadata.labels.as_ref()) {
            if let Some(there) = labels.get(key) {
                offered.insert(format!("{key}={there}"));
                if key != HOSTNAME && is_near(value, there) {
                    close.insert((key.clone(), key.clone(), there.clone()));
                }
            }
            let twin = labels.iter().filter(|(k, v)| *k != key && is_slip(k, key) && *v == value);
            close.extend(twin.map(|(k, v)| (key.clone(), k.clone(), v.clone())));
        }
    }
    // Of several near values, one that differs by a slip only is meant before those that share a part.
    let slips: Vec<&(String, String, String)> =
        close.iter().filter(|(k, r, v)| k != r || selector.get(k).is_some_and(|wrong| is_slip(wrong, v))).collect();
    let chosen = match (close.len(), slips.as_slice()) {
        (1, _) => close.first(),
        (_, [one]) => Some(*one),
        _ => None,
    };
    // A required node affinity beside the selector might exclude the node again: no guess then.
    let affine = spec
        .affinity
        .as_ref()
        .and_then(|a| a.node_affinity.as_ref())
        .is_some_and(|a| a.required_during_scheduling_ignored_during_execution.is_some());
    match chosen.filter(|_| !affine) {
        Some((key, right, value)) if key == right => Fix::Value { key: key.clone(), value: value.clone() },
        Some((wrong, right, value)) => Fix::Key { wrong: wrong.clone(), right: right.clone(), value: value.clone() },
        None => Fix::Open(offered.into_iter().take(10).collect()),
    }
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

/// The key that stands for the fault: the one that is wrong, or the first that no node carries.
fn blamed<'a>(facts: &Facts<'_>, selector: &'a BTreeMap<String, String>, fix: &Fix) -> Option<(&'a str, &'a str)> {
    let wanted = match fix {
        Fix::Value { key, .. } | Fix::Key { wrong: key, .. } => Some(key),
        Fix::Open(_) => None,
    };
    let absent = |k: &String, v: &String| !facts.all::<Node>().any(|n| n.metadata.labels.as_ref().and_then(|l| l.get(k)) == Some(v));
    let found = match wanted {
        Some(key) => selector.get_key_value(key),
        None => selector.iter().find(|(k, v)| absent(k, v)).or_else(|| selector.iter().next()),
    };
    found.map(|(k, v)| (k.as_str(), v.as_str()))
}

fn carries(node: &Node, selector: &BTreeMap<String, String>) -> bool {
    selector.iter().all(|(k, v)| node.metadata.labels.as_ref().and_then(|l| l.get(k)) == Some(v))
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

fn evidence(facts: &Facts<'_>, aim: &Stuck<'_>, pods: &[&Pod], base: &FieldPath, key: &str, value: &str) -> Vec<Evidence> {
    let mut all: Vec<Evidence> = Vec::new();
    for pod in pods.iter().take(QUOTED_PODS) {
        if let Some(event) = facts.newest_event(pod, |e| e.reason.as_deref() == Some("FailedScheduling")) {
            all.push(seen::event(facts, event, &pod.reference()));
        } else if let Some(message) = pods::unschedulable(pod).filter(|m| !m.is_empty()) {
            all.push(seen::field(facts, &pod.reference(), seen::scheduled_message(), message));
        }
    }
    all.push(seen::field(facts, &aim.object, base.clone().key(key), value));
    for node in facts.all::<Node>().take(5) {
        let has = node.metadata.labels.as_ref().and_then(|l| l.get(key));
        let path = FieldPath::dotted("metadata.labels").key(key);
        all.push(seen::field(facts, &node.reference(), path, has.map_or("not there", String::as_str)));
    }
    all
}

fn chain(facts: &Facts<'_>, pods: &[&Pod]) -> Vec<CausalLink> {
    pods.first().map(|p| facts.owners().links(&p.reference())).unwrap_or_default()
}

fn remedy(facts: &Facts<'_>, aim: &Stuck<'_>, base: &FieldPath, key: &str, value: &str, fix: &Fix) -> Remedy {
    let ops = match fix {
        Fix::Value { key, value } => NonEmpty::one(advise::set(base.clone().key(key), value)),
        Fix::Key { wrong, right, value } => {
            let mut ops = NonEmpty::one(FieldOp { path: base.clone().key(wrong), change: Change::Remove });
            ops.push(advise::set(base.clone().key(right), value));
            ops
        }
        Fix::Open(offered) => return open(facts, aim, base, key, value, offered),
    };
    let why = match fix {
        Fix::Value { value: near, .. } => {
            format!("no node carries `{key}={value}`; `{near}` is the near value that a node carries which can take these Pods")
        }
        _ => format!(
            "no node carries the key `{key}`; a node that can take these Pods carries the same value under a key that differs by a slip"
        ),
    };
    let mut remedy = advise::change(&aim.object, aim.obstacle.as_ref(), ops, &why, Risk::Medium);
    if !remedy.proposals.is_empty() {
        remedy.checks.extend(aim.check());
    }
    remedy
}

fn open(facts: &Facts<'_>, aim: &Stuck<'_>, base: &FieldPath, key: &str, value: &str, offered: &[String]) -> Remedy {
    let why = if facts.is_whole(&Kind::Node) {
        "which nodes were meant cannot be told from their labels".to_owned()
    } else {
        "the nodes could not be read, so which labels they carry is not known".to_owned()
    };
    let there = match offered {
        [] => String::new(),
        labels => format!("; nodes that can take these Pods offer {}", listed(labels)),
    };
    let remove = NonEmpty::one(FieldOp { path: base.clone().key(key), change: Change::Remove });
    let command = aim.obstacle.is_none().then(|| advise::patch_command(&aim.object, &remove));
    Remedy {
        advice: vec![
            Advice {
                text: format!("set the nodeSelector of {} `{}` to labels that nodes carry{there}", aim.object.kind, aim.object.name),
                command: None,
                why: why.clone(),
            },
            Advice { text: format!("or remove `{key}={value}` from it, if these Pods may run anywhere"), command, why },
        ],
        ..Remedy::default()
    }
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
        let found = cluster().app(selecting(deployment("recommender"), json!({"environment": "production-gpu"}))).only(CODE.0);
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
            let found = cluster().app(selecting(deployment("web"), selector)).only(CODE.0);
            assert_eq!(changes(&found), [format!("patch deployment/web spec.template.spec.nodeSelector.{change}")]);
        }
        let slashed = cluster()
            .edit("Node", "node-1", json!({"metadata": {"labels": {"example.com/pool": "general-purpose"}}}))
            .app(selecting(deployment("web"), json!({"example.com/pool": "general-purpos"})))
            .only(CODE.0);
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
            let found = cluster().edit("Node", "node-1", change).app(app()).found(CODE.0);
            assert_eq!(found[0].remedy.proposals, []);
        }
        let tolerant = app().spec(json!({"tolerations": [{"key": "dedicated", "operator": "Exists"}]}));
        let found = cluster()
            .edit("Node", "node-1", json!({"spec": {"taints": [{"key": "dedicated", "value": "batch", "effect": "NoSchedule"}]}}))
            .app(tolerant)
            .only(CODE.0);
        assert_eq!(found.remedy.proposals.len(), 1);
    }

    #[test]
    fn several_near_values_and_none_are_questions() {
        let zones = cluster()
            .edit("Node", "node-1", json!({"metadata": {"labels": {"zone": "eu-west-1a"}}}))
            .edit("Node", "node-2", json!({"metadata": {"labels": {"zone": "eu-west-1b"}}}))
            .app(selecting(deployment("web"), json!({"zone": "eu-west-1x"})));
        assert_eq!(zones.only(CODE.0).remedy.proposals, []);
        let far = cluster().app(selecting(deployment("web"), json!({"gpu": "a100"}))).only(CODE.0);
        assert_eq!((far.remedy.proposals.len(), far.remedy.advice.len()), (0, 2));
    }

    #[test]
    fn pin_to_a_node_that_is_gone_is_not_moved() {
        let found = cluster().app(selecting(deployment("web"), json!({"kubernetes.io/hostname": "node-11"}))).only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
    }

    #[test]
    fn what_cannot_be_patched_gets_advice() {
        for app in [pod("web"), stateful_set("web"), deployment("web").helm()] {
            let found = cluster().app(selecting(app, json!({"environment": "production-gpu"}))).only(CODE.0);
            assert_eq!(found.remedy.proposals, []);
            assert!(found.remedy.advice[0].text.contains("`production`"), "{:?}", found.remedy);
        }
    }

    #[test]
    fn selector_that_a_node_satisfies_is_silent() {
        let world = cluster().app(selecting(deployment("web"), json!({"environment": "staging"})));
        assert_eq!(world.found(CODE.0), []);
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
        assert_eq!(world.found(CODE.0), []);
    }

    #[test]
    fn unreadable_nodes_leave_the_schedulers_word() {
        let world = cluster().hiding(Kind::Node);
        let found = world.clone().app(selecting(deployment("web"), json!({"environment": "production-gpu"}))).only(CODE.0);
        assert_eq!((found.confidence, found.remedy.proposals.len()), (TOLD, 0));
        let other =
            deployment("web").spec(json!({"nodeSelector": {"a": "b"}})).unschedulable("0/2 nodes are available: 2 Insufficient cpu.");
        assert_eq!(world.app(other).found(CODE.0), []);
    }
}
