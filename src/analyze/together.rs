//! One wrong value at several places is one cause with one plan: changed at one place only, a mixed state would stay behind.
//! A rule says each place by itself; what it says with the same values about things that belong together is put together here. Of things
//! that do not, one yes never changes both, and that both have the value speaks for it: what it names may be gone.

use super::names::{Group, groups_of};
use crate::domain::action::Action;
use crate::domain::cause::{Code, Place};
use crate::domain::confidence::Confidence;
use crate::domain::finding::{Finding, Proposal};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::Facts;
use std::collections::{BTreeSet, HashMap};

/// How firmly a value is believed to be wrong at most where something else that does not belong to it has it too.
const DOUBTED: Confidence = Confidence::percent(60);

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

/// What is asked for in vain, wherever that is: whether several ask for it tells whether it was there once, also where something else
/// is near it in each place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Asked {
    code: Code,
    found: Vec<String>,
}

impl From<&Same> for Asked {
    fn from(same: &Same) -> Self {
        let found = match &same.wrong {
            Wrong::Value { found, .. } => vec![found.clone()],
            Wrong::Keys { old, .. } => old.clone(),
        };
        Self { code: same.code, found }
    }
}

/// What two things that belong together share: something that runs or leads to it and that both touch, or who they are of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Shared {
    Object(ObjectRef),
    Of(Group),
}

/// Puts findings of one value together, each with the first that it belongs to.
pub(super) fn together(facts: &Facts<'_>, findings: Vec<Finding>) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    // The first place of each: found by what is shared, and not by comparing with all of the same value.
    let mut first: HashMap<Same, HashMap<Shared, usize>> = HashMap::new();
    // Where each value stands that does not belong together.
    let mut apart: HashMap<Asked, BTreeSet<usize>> = HashMap::new();
    for finding in facts.walk(findings.into_iter()) {
        let Some(same) = same(&finding) else {
            all.push(Together { finding, also: Vec::new() });
            continue;
        };
        let groups = groups(facts, &finding.object).into_iter().map(Shared::Of);
        let touched = finding.touched().filter(|object| runs_or_leads(&object.kind) && facts.has(object));
        let shared: Vec<Shared> = facts.walk(touched.cloned()).map(Shared::Object).chain(groups).collect();
        let known = first.entry(same.clone()).or_default();
        let place = shared.iter().filter_map(|one| known.get(one).copied()).min().unwrap_or(all.len());
        for one in shared {
            known.entry(one).or_insert(place);
        }
        apart.entry(Asked::from(&same)).or_default().insert(place);
        match all.get_mut(place) {
            Some(one) => one.take(finding),
            None => all.push(Together { finding, also: Vec::new() }),
        }
    }
    for places in apart.values().filter(|places| places.len() > 1) {
        doubt(&mut all, places);
    }
    all
}

/// What has the same value and does not belong together makes each of it less likely to be wrong.
fn doubt(all: &mut [Together], places: &BTreeSet<usize>) {
    let named: Vec<(usize, String)> = places.iter().filter_map(|at| Some((*at, all.get(*at)?.finding.object.in_words()))).collect();
    for at in places {
        let Some(one) = all.get_mut(*at).filter(|one| !one.finding.remedy.proposals.is_empty()) else { continue };
        let Some((_, other)) = named.iter().find(|(other, _)| other != at) else { continue };
        let more = named.len().saturating_sub(2);
        let others = if more == 0 { other.clone() } else { format!("{other} and {more} more") };
        one.finding.confidence = one.finding.confidence.least(DOUBTED);
        one.finding.explanation.push_str(&format!(" The same value is in {others}, which nothing shows to be of the same release: what both ask for may be gone, and not misspelled."));
    }
}

/// Of these two things that touch one of them belong together. Others, such as nodes and what is missing, anybody may ask for.
fn runs_or_leads(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Pod | Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::CronJob | Kind::Service
    )
}

fn same(finding: &Finding) -> Option<Same> {
    let wrong = match &finding.renamed {
        Some((old, new)) => Wrong::Keys { old: old.clone(), new: new.clone() },
        None => Wrong::Value { found: finding.found.clone()?, expected: finding.expected.clone() },
    };
    let (kind, namespace) = (finding.object.kind.clone(), finding.object.namespace.clone());
    Some(Same { code: finding.code, kind, namespace, wrong, acts: !finding.remedy.proposals.is_empty() })
}

/// Who an object is of, by its own labels and those of its Pods.
fn groups(facts: &Facts<'_>, object: &ObjectRef) -> BTreeSet<Group> {
    let labels = facts.workload(object).map(|workload| workload.pod_labels);
    facts.meta_of(object).map(|meta| groups_of(meta, labels)).unwrap_or_default()
}

/// Whether each of these is of something that the first is of.
pub(super) fn belong_together(facts: &Facts<'_>, all: &[&ObjectRef]) -> bool {
    let Some((first, others)) = all.split_first() else { return true };
    let own = groups(facts, first);
    others.iter().all(|other| *other == *first || !own.is_disjoint(&groups(facts, other)))
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
        Action::Create { .. }
        | Action::DeleteUnboundClaim { .. }
        | Action::RestartRollout { .. }
        | Action::UndoRollout { .. }
        | Action::DeletePod { .. }
        | Action::EvictPod { .. } => return extend(all, vec![more]),
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

    #[test]
    fn one_yes_changes_nothing_that_does_not_belong_to_what_was_named() {
        let app = |name: &str, labels: serde_json::Value| {
            let node = json!({"nodeSelector": {"environment": "prodution"}});
            let app =
                deployment(name).spec(node).unschedulable("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.");
            if labels.is_null() { app } else { app.labels(labels) }
        };
        let front = || app("front", json!(null));
        let alone = cluster().app(front()).said("front does not start").only("sched-nodeselector-no-match");
        let both = cluster().app(front()).app(app("billing", json!(null))).said("front does not start").diagnosis();
        assert_eq!(both.causes.len(), 2, "{:#?}", both.causes);
        let first = &both.causes[0];
        assert_eq!(first.object.name, "front");
        assert!(changes(first).iter().all(|change| change.starts_with("patch deployment/front ")), "{:?}", changes(first));
        assert!(first.confidence == super::DOUBTED && alone.confidence > super::DOUBTED);
        assert!(first.explanation.contains("The same value is in Deployment `billing`"), "{}", first.explanation);
        let of = |name: &str| app(name, json!({"app.kubernetes.io/instance": "shop", "app.kubernetes.io/name": name}));
        let one = cluster().app(of("front")).app(of("billing")).said("front does not start").only("sched-nodeselector-no-match");
        assert_eq!((one.also.len(), one.confidence), (1, alone.confidence), "of one release it is one value");
    }

    #[test]
    fn workloads_of_several_releases_are_not_pointed_to_another_claim_by_one_yes() {
        let of = |name: &str, release: &str| {
            deployment(name).labels(json!({"app.kubernetes.io/instance": release})).claim("data", "redis-data").unschedulable("")
        };
        let world = |a: &str, b: &str| cluster().app(of("redis", a)).app(of("worker", b)).claim("redis-standard-pvc", "Bound", "standard");
        assert_eq!(changes(&world("shop", "shop").only("pvc-claim-name-typo")).len(), 2);
        assert_eq!(changes(&world("shop", "blog").only("pvc-claim-name-typo")), Vec::<String>::new());
    }

    #[test]
    fn what_two_instances_say_of_their_track_makes_them_no_release() {
        let of = |name: &str, release: &str| {
            let labels = json!({"app.kubernetes.io/instance": release, "release": "stable"});
            deployment(name).labels(labels).claim("data", "redis-data").unschedulable("")
        };
        let world = |a: &str, b: &str| cluster().app(of("redis", a)).app(of("worker", b)).claim("redis-standard-pvc", "Bound", "standard");
        assert_eq!(changes(&world("shop", "blog").only("pvc-claim-name-typo")), Vec::<String>::new());
    }
}
