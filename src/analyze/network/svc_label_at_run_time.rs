//! A Service selects by a label that Pods are given while they run, such as that of an elected leader, and no Pod has it now.
//! The selector is right: without the key it would lead to every Pod, so nothing is changed.

use super::super::draft::{Draft, advise};
use super::super::quote;
use super::super::rule::{Read, Rule};
use super::behind::has_template;
use super::near::Near;
use super::run_time::{given, is_set_by_kubernetes, live};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Relation};
use crate::domain::kind::Kind;
use crate::domain::snapshot::Resource;
use crate::facts::{Facts, labels, pods, selected};
use k8s_openapi::api::core::v1::{Pod, Service};

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("svc-label-at-run-time"),
    says: "a Service selects by a label that Pods are given while they run, and none has it",
    reads: &[Read::WORKLOADS, Read::always(&[Kind::Service])],
    find,
};
/// That no Pod has the label is counted among all of them, so none refutes it; nothing is changed for it anyway.
/// The label is not in the template and live Pods carry it with another value, or Kubernetes sets it. Why no Pod has the wanted
/// value is not known.
const SURE: Confidence = Confidence::percent(85);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    facts.all::<Service>().filter(|_| known).filter_map(|service| finding(facts, service)).collect()
}

fn finding(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let wanted = labels::any_selector(service).filter(|_| service.metadata.deletion_timestamp.is_none())?;
    let object = service.reference();
    let namespace = object.namespace.as_ref()?;
    let selects_nothing = selected::pods_selected(facts, namespace.as_str(), wanted).all(pods::has_ended);
    if !selects_nothing || has_template(facts, namespace, wanted) {
        return None;
    }
    // One member has one role: that no other is there may be as it should be, so nothing is named.
    let near = given(facts, namespace, wanted).filter(|near| !is_alone(facts, near))?;
    let (workload, key, value) = (&near.workload.object, near.first.key, near.first.wrong);
    let (service, who) = (object.in_words(), workload.in_words());
    let has = |pod: &Pod| pod.metadata.labels.as_ref().and_then(|l| l.get(key)).map_or("not set", String::as_str).to_owned();
    let path = || FieldPath::dotted("metadata.labels").key(key);
    let seen = live(facts, near.workload).take(quote::QUOTED_PODS).map(|p| quote::field(facts, &p.reference(), path(), &has(p)));
    let setter = if is_set_by_kubernetes(key) { "Kubernetes or a controller" } else { "the program itself or its operator" };
    let next = if is_set_by_kubernetes(key) {
        format!(
            "see why {who} has no Pod with `{key}={value}`: such a Pod may be gone, scaled down, or of another revision; the selector of {service} follows what sets the label"
        )
    } else {
        format!(
            "see why no Pod of {who} has taken `{key}={value}`: the Pods' logs say who holds the lock and who may lead; the selector of {service} is right"
        )
    };
    // A Service for one Pod says nothing about the others of its StatefulSet.
    let of_one_pod = ["statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"].contains(&key);
    let count = if of_one_pod { format!(" {who} has {} replicas.", near.workload.desired) } else { String::new() };
    let draft = Draft::about(facts, RULE.code, if of_one_pod { &object } else { workload }, SURE)
        .text(
            format!("no Pod of {who} has `{key}={value}`, which {service} selects"),
            format!(
                "{service} selects by `{key}`, which stands in no template: {setter} sets it on running Pods. The Pods of {who} match every other label, and none has the value `{value}` now, so {service} has no endpoints.{count} To take the key out of the selector would lead to all of them."
            ),
        )
        .saw([quote::field(facts, &object, FieldPath::dotted("spec.selector").key(key), value)])
        .saw(seen)
        .affects(&object, "has no endpoints: no Pod has the label that is set at run time")
        ;
    let draft = if of_one_pod { draft } else { draft.link(&object, Relation::Misses, workload) };
    draft.fix(advise(next, None, "what sets the label decides which Pod has it"))
}

/// Whether the workload has one member, which has another value of a label that no controller sets.
fn is_alone(facts: &Facts<'_>, near: &Near<'_>) -> bool {
    let has = |pod: &Pod| pod.metadata.labels.as_ref().is_some_and(|l| l.contains_key(near.first.key));
    near.workload.desired <= 1 && !is_set_by_kubernetes(near.first.key) && live(facts, near.workload).all(has)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, cluster, deployment, stateful_set};
    use serde_json::json;

    fn database(roles: [&str; 2]) -> World {
        let labels = json!({"application": "spilo", "cluster-name": "orders-db"});
        let role = |role: &str| json!({"metadata": {"labels": {"spilo-role": role}}});
        cluster()
            .app(stateful_set("orders-db").replicas(2).labels(labels))
            .edit("Pod", "orders-db-0", role(roles[0]))
            .edit("Pod", "orders-db-1", role(roles[1]))
            .service("orders-db", json!({"application": "spilo", "cluster-name": "orders-db", "spilo-role": "master"}))
    }

    #[test]
    fn label_that_running_pods_carry_with_another_value_is_no_fault_of_the_selector() {
        let world = database(["replica", "replica"]);
        let (found, snapshot) = (world.only(RULE.code.0), world.snapshot());
        assert_eq!((found.object.slashed().as_str(), found.remedy.proposals.len()), ("statefulset/orders-db", 0));
        let evidence: Vec<_> = find(&Facts::of(&snapshot)).iter().flat_map(|f| f.evidence.iter().cloned()).collect();
        let quoted: Vec<&str> = evidence.iter().map(|e| e.text.as_str()).collect();
        assert_eq!(quoted, ["master", "replica", "replica"]);
        assert!(found.remedy.advice[0].text.contains("the selector of Service `orders-db` is right"), "{:?}", found.remedy);
        assert!(!format!("{found:?}").contains("do not have"));
    }

    #[test]
    fn service_for_a_pod_that_is_not_there_says_nothing_about_the_other_pods() {
        let of = |pod: &str| json!({"app": "stream", "statefulset.kubernetes.io/pod-name": pod});
        let named = |pod: &str| json!({"metadata": {"labels": of(pod)}});
        let world = cluster()
            .app(stateful_set("stream").replicas(2))
            .edit("Pod", "stream-0", named("stream-0"))
            .edit("Pod", "stream-1", named("stream-1"))
            .service("stream-1-external", of("stream-1"))
            .service("stream-2-external", of("stream-2"));
        let found = world.only(RULE.code.0);
        assert_eq!(found.object.slashed(), "service/stream-2-external");
        assert!(found.explanation.contains("StatefulSet `stream` has 2 replicas"), "{}", found.explanation);
        let (snapshot, touched) = (world.said("stream-1-external is unreachable").snapshot(), found.touched().cloned().collect::<Vec<_>>());
        let facts = Facts::of(&snapshot);
        let focus = crate::facts::focus::focus(&facts);
        assert_eq!(focus.nearness(touched.iter()), crate::facts::named::Nearness::Elsewhere);
    }

    #[test]
    fn service_whose_role_one_pod_has_is_silent() {
        database(["master", "replica"]).is_silent();
    }

    #[test]
    fn database_of_one_member_is_not_diagnosed_for_the_role_that_it_does_not_have() {
        for (has, wanted) in [("standby", "primary"), ("primary", "replica"), ("master", "replica")] {
            let world = cluster()
                .app(stateful_set("db"))
                .edit("Pod", "db-0", json!({"metadata": {"labels": {"role": has}}}))
                .service("db-x", json!({"app": "db", "role": wanted}));
            assert_eq!(world.diagnosis().causes, [], "{has} {wanted}");
            let said = world.wrong();
            assert!(
                said[0].contains("no Pod has `role=") && said[0].contains(&format!("`{has}`")) && said[0].contains("one member"),
                "{said:?}"
            );
        }
        let two = database(["replica", "replica"]).only(RULE.code.0);
        assert_eq!(two.confidence, SURE);
    }

    #[test]
    fn label_that_kubernetes_sets_is_never_taken_out_of_a_selector() {
        for (key, value) in
            [("statefulset.kubernetes.io/pod-name", "db-2"), ("apps.kubernetes.io/pod-index", "2"), ("controller-revision-hash", "db-1")]
        {
            let found = cluster().app(stateful_set("db")).service("db", json!({"app": "db", key: value})).only(RULE.code.0);
            let about = if value.ends_with('2') { "service/db" } else { "statefulset/db" };
            assert_eq!((found.object.slashed().as_str(), found.remedy.proposals.len()), (about, 0), "{key}");
        }
    }

    #[test]
    fn label_that_kubernetes_sets_for_other_workloads_is_not_believed_without_a_pod_that_has_it() {
        let world = cluster().app(deployment("web")).service("web", json!({"app": "web", "apps.kubernetes.io/pod-index": "0"}));
        assert_eq!(world.found(RULE.code.0), []);
    }

    #[test]
    fn key_that_no_pod_carries_and_nothing_sets_is_left_to_the_selectors_rule() {
        let world = cluster().app(deployment("web")).service("web", json!({"app": "web", "version": "v2"}));
        assert_eq!(world.found(RULE.code.0), []);
    }
}
