//! One wrong value at several places is one cause with one plan: changed at one place only, a mixed state would stay behind.
//! A rule says each place by itself; what it says with the same values about things that belong together is put together here.

use crate::domain::action::Action;
use crate::domain::cause::{Code, Place};
use crate::domain::finding::{Finding, Proposal};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::Facts;
use std::collections::HashMap;

/// The labels by which objects of one release know each other.
const RELEASE: &[&str] = &["app.kubernetes.io/instance", "release"];

/// A finding, and where the same wrong value stands besides.
pub(super) struct Together {
    pub(super) finding: Finding,
    pub(super) also: Vec<Place>,
}

/// What is the same in two findings of one wrong value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Same {
    code: Code,
    kind: Kind,
    namespace: Option<Namespace>,
    wrong: Wrong,
    /// Both or neither can be acted on.
    acts: bool,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Wrong {
    Value {
        found: String,
        expected: Option<String>,
    },
    /// The keys, whatever their values, which stay as they are.
    Keys {
        old: Vec<String>,
        new: Vec<String>,
    },
}

/// What two things that belong together share: an object that they touch, or the release that they are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shared {
    Object(ObjectRef),
    Release(String),
    /// What nodes have to carry is the same for all who ask for it.
    Nodes(String),
}

/// Puts findings of one value together, each with the first that it belongs to.
pub(super) fn together(facts: &Facts<'_>, findings: Vec<Finding>) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    // The first place of each: found by what is shared, and not by comparing with all of the same value.
    let mut first: HashMap<Same, HashMap<Shared, usize>> = HashMap::new();
    for finding in facts.walk(findings.into_iter()) {
        let Some(same) = same(&finding) else {
            all.push(Together { finding, also: Vec::new() });
            continue;
        };
        let release = release(facts, &finding.object).map(|name| Shared::Release(name.to_owned()));
        let shared: Vec<Shared> =
            facts.walk(finding.touched().cloned()).map(Shared::Object).chain(release).chain(of_nodes(&finding)).collect();
        let known = first.entry(same).or_default();
        let place = shared.iter().filter_map(|one| known.get(one).copied()).min().unwrap_or(all.len());
        for one in shared {
            known.entry(one).or_insert(place);
        }
        match all.get_mut(place) {
            Some(one) => one.take(finding),
            None => all.push(Together { finding, also: Vec::new() }),
        }
    }
    all
}

fn same(finding: &Finding) -> Option<Same> {
    let wrong = match &finding.renamed {
        Some((old, new)) => Wrong::Keys { old: old.clone(), new: new.clone() },
        None => Wrong::Value { found: finding.found.clone()?, expected: finding.expected.clone() },
    };
    let (kind, namespace) = (finding.object.kind.clone(), finding.object.namespace.clone());
    Some(Same { code: finding.code, kind, namespace, wrong, acts: !finding.remedy.proposals.is_empty() })
}

/// The field of a nodeSelector.
fn of_nodes(finding: &Finding) -> Option<Shared> {
    let field = finding.field.as_ref().map(ToString::to_string)?;
    let (_, key) = field.split_once("nodeSelector")?;
    Some(Shared::Nodes(key.to_owned()))
}

fn release<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a str> {
    let labels = facts.meta_of(object)?.labels.as_ref()?;
    RELEASE.iter().find_map(|key| labels.get(*key)).map(String::as_str)
}

impl Together {
    fn take(&mut self, more: Finding) {
        let field = more.field.as_ref().map(|field| format!("`{field}` of ")).unwrap_or_default();
        let whose = if more.object == self.finding.object { "the same object".to_owned() } else { more.object.in_words() };
        let same = if more.found == self.finding.found { "value" } else { "key" };
        self.finding.explanation.push_str(&format!(" The same {same} is at {field}{whose}."));
        self.also.push(Place { object: more.object, field: more.field });
        let all = &mut self.finding;
        all.confidence = if more.confidence.value() < all.confidence.value() { more.confidence } else { all.confidence };
        all.ground = all.ground.max(more.ground);
        extend(&mut all.chain, more.chain);
        extend(&mut all.symptoms, more.symptoms);
        for piece in more.evidence.into_vec() {
            if !all.evidence.iter().any(|known| *known == piece) {
                all.evidence.push(piece);
            }
        }
        for proposal in more.remedy.proposals {
            propose(&mut all.remedy.proposals, proposal);
        }
        extend(&mut all.remedy.choices, more.remedy.choices);
        extend(&mut all.remedy.checks, more.remedy.checks);
        extend(&mut all.remedy.advice, more.remedy.advice);
    }
}

fn extend<T: PartialEq>(known: &mut Vec<T>, more: Vec<T>) {
    for item in more {
        if !known.contains(&item) {
            known.push(item);
        }
    }
}

/// Fields of one object are changed by one patch.
fn propose(all: &mut Vec<Proposal>, more: Proposal) {
    let (target, ops) = match &more.action {
        Action::Patch { target, ops } => (target, ops),
        Action::Create { .. } | Action::DeleteUnboundClaim { .. } => return extend(all, vec![more]),
    };
    for known in all.iter_mut() {
        if let Action::Patch { target: same, ops: known_ops } = &mut known.action
            && same == target
        {
            for op in ops.iter() {
                if !known_ops.iter().any(|known| known.path == op.path) {
                    known_ops.push(op.clone());
                }
            }
            known.risk = known.risk.max(more.risk);
            return;
        }
    }
    all.push(more);
}

#[cfg(test)]
mod tests {
    use super::super::testing::{changes, cluster, deployment, stateful_set};
    use serde_json::json;

    #[test]
    fn one_wrong_value_in_two_fields_is_one_cause_with_one_plan() {
        let containers = json!([{"name": "app", "image": "example/app:1.O"}]);
        let diagnosis = cluster()
            .app(deployment("other").image("example/app:1.0"))
            .app(
                deployment("web")
                    .spec(json!({"initContainers": containers, "containers": containers}))
                    .waiting("ErrImagePull", "rpc error: code = NotFound desc = failed to resolve reference: not found"),
            )
            .diagnosis();
        let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
        assert_eq!((cause.also.len(), cause.places().count()), (1, 2));
        let [proposal] = cause.remedy.proposals.as_slice() else { panic!("{:#?}", cause.remedy) };
        assert_eq!(proposal.action.change().2.len(), 2, "one patch changes both");
        assert!(cause.explanation.contains("same value is at `spec.template.spec.containers"), "{}", cause.explanation);
    }

    #[test]
    fn one_wrong_value_in_two_services_of_one_workload_is_one_cause_with_a_step_for_each() {
        let world = cluster()
            .app(deployment("front"))
            .service("front", json!({"app": "frontend"}))
            .service("front-headless", json!({"app": "frontend"}));
        let diagnosis = world.diagnosis();
        let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
        assert_eq!((cause.also.len(), cause.remedy.proposals.len()), (1, 2));
    }

    #[test]
    fn renamed_key_is_one_wrong_value_whatever_its_values() {
        let of_shop = json!({"metadata": {"labels": {"app.kubernetes.io/instance": "shop"}}});
        let world = cluster()
            .app(deployment("front").labels(json!({"app.kubernetes.io/component": "storefront"})))
            .app(deployment("back").labels(json!({"app.kubernetes.io/component": "warehouse"})))
            .service("front", json!({"component": "storefront"}))
            .service("back", json!({"component": "warehouse"}))
            .edit("Service", "front", of_shop.clone())
            .edit("Service", "back", of_shop);
        let diagnosis = world.diagnosis();
        let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
        assert_eq!((cause.also.len(), cause.remedy.proposals.len()), (1, 2));
        assert!(cause.explanation.contains("The same key is at"), "{}", cause.explanation);
    }

    #[test]
    fn what_is_proved_for_one_service_of_a_workload_holds_for_the_other() {
        let labels = |instance: &str| json!({"app.kubernetes.io/name": "cache", "app.kubernetes.io/instance": instance});
        let set = stateful_set("acme-cache").labels(labels("acme")).with(json!({"serviceName": "acme-cache-headless"}));
        let world = cluster()
            .app(set)
            .service("acme-cache-headless", labels("cache"))
            .edit("Service", "acme-cache-headless", json!({"spec": {"clusterIP": "None"}}))
            .service("acme-cache", labels("cache"));
        let found = world.only("svc-selector-mismatch");
        assert_eq!(changes(&found).len(), 2, "{:?}", found.remedy);
    }
}
