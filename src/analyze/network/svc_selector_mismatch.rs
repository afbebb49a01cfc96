//! A Service selects no Pod because one key of its selector differs from the Pods that were meant, or is one too many.
//! The fix corrects the Service. Relabelling Pods would be undone by the next rollout.

use super::super::draft::{Draft, advise, change, patch, propose};
use super::super::quote;
use super::super::rule::{Read, Rule};
use super::near::{Near, is_going, meant};
use crate::domain::action::FieldOp;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::labels::{self, Selector};
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::Service;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("svc-selector-mismatch"),
    says: "a Service's selector matches no Pod because of one label",
    reads: &[Read::WORKLOADS, Read::always(&[Kind::Service])],
    find,
};
/// The selector matches no Pod at all, and one key away from it stands exactly one workload that goes by the Service's
/// name or its wrong value, or serves its port with no other Service in front. That this workload was meant is the doubt.
const ONE: Confidence = Confidence::percent(90);
/// Several workloads could be meant.
const SEVERAL: Confidence = Confidence::percent(60);
/// So many workloads that could be meant are named, and so many are quoted.
const NAMED: usize = 5;
const QUOTED: usize = 3;

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    // Without all Pods and workloads nobody can say that a selector matches none.
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    facts.all::<Service>().filter(|_| known).filter_map(|service| finding(facts, service)).collect()
}

fn finding(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let wanted = labels::selector(service).filter(|_| service.metadata.deletion_timestamp.is_none())?;
    let object = service.reference();
    let namespace = object.namespace.as_ref()?;
    let selects_nothing = facts.pods_selected(namespace.as_str(), wanted).all(pods::has_ended);
    if !selects_nothing || !facts.workloads_selected(namespace.as_str(), wanted).all(is_going) {
        return None;
    }
    let near = meant(facts, service, namespace, wanted);
    let first = near.first()?;
    let one = (near.len() == 1).then_some(first);
    let names: Vec<String> = near.iter().take(NAMED).map(|n| n.workload.object.in_words()).collect();
    let (key, wrong, workload, service) = (first.key, first.wrong, first.workload.object.in_words(), object.in_words());
    let title = match (one, first.value) {
        (Some(_), Some(right)) => format!("{service} selects `{key}={wrong}`, but the Pods of {workload} have `{key}={right}`"),
        (Some(_), None) => format!("{service} selects `{key}={wrong}`, a label that the Pods of {workload} do not have"),
        (None, _) => format!("the selector of {service} matches no Pod, and misses {} by one label", quote::joined(&names, "and")),
    };
    let match_all = if one.is_some() { format!("The Pods of {workload} match") } else { format!("{} match", quote::joined(&names, "and")) };
    let labels_of = |n: &Near<'_>| {
        let path = if n.workload.has_template() { "spec.template.metadata.labels" } else { "metadata.labels" };
        quote::field(facts, &n.workload.object, FieldPath::dotted(path), &plain(n.workload.pod_labels))
    };
    let draft = Draft::about(facts, RULE.code, &object, if one.is_some() { ONE } else { SEVERAL })
        .text(
            title,
            format!(
                "The selector of {service} matches no Pod in namespace `{namespace}`, so the Service has no endpoints and nobody can reach what is behind it; Kubernetes reports this in no event. {match_all} all its other labels."
            ),
        )
        .saw([quote::field(facts, &object, FieldPath::dotted("spec.selector"), &plain(wanted))])
        .saw([quote::object(facts, &object, &format!("its selector matches none of the Pods in namespace `{namespace}`"))])
        .saw(near.iter().take(QUOTED).map(labels_of))
        .value(Some(&FieldPath::dotted("spec.selector").key(key)), wrong, one.and_then(|n| n.value))
        .affects(&object, "has no endpoints: its selector matches no Pod");
    let draft = near.iter().take(NAMED).fold(draft, |draft, n| draft.link(&object, "selects", &n.workload.object));
    draft.fix(remedy(&object, &names, first, one.and_then(|n| fix(facts, namespace, wanted, n))))
}

/// The corrected key, unless the corrected selector were empty or matched other workloads as well.
fn fix(facts: &Facts<'_>, namespace: &Namespace, wanted: &Selector, near: &Near<'_>) -> Option<FieldOp> {
    let mut corrected = wanted.clone();
    let wrong = corrected.remove(near.key).unwrap_or_default();
    let path = FieldPath::dotted("spec.selector").key(near.key);
    let op = match near.value {
        Some(value) => {
            corrected.insert(near.key.to_owned(), value.to_owned());
            change(path, &wrong, value)
        }
        None => FieldOp::remove(path).seen(wrong),
    };
    (facts.workloads_selected(namespace.as_str(), &corrected).filter(|w| !is_going(w)).count() == 1).then_some(op)
}

fn remedy(service: &ObjectRef, names: &[String], first: &Near<'_>, fix: Option<FieldOp>) -> Remedy {
    let Some(op) = fix else {
        let text = format!(
            "correct the selector of {} to the labels of the Pods that it should reach: {}",
            service.in_words(),
            quote::joined(names, "or")
        );
        return advise(
            text,
            None,
            "nothing in the cluster tells which Pods were meant, or the corrected selector would match others as well",
        );
    };
    let (workload, key) = (first.workload.object.in_words(), first.key);
    let why = match first.value {
        Some(value) => format!("the Pods of {workload} have `{key}={value}` and match all its other labels"),
        None => format!("the Pods of {workload} match all its other labels and do not have `{key}`"),
    };
    propose(patch(service, vec![op]), &why, Risk::Medium, [Check::EndpointsReady(service.clone())])
}

fn plain(labels: &Selector) -> String {
    labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{changes, cluster, deployment, pod};
    use serde_json::json;

    fn web() -> crate::analyze::testing::App {
        deployment("storefront").labels(json!({"app": "storefront", "tier": "frontend"}))
    }

    #[test]
    fn differing_value_is_set_to_that_of_the_workload_that_was_meant() {
        let found = cluster()
            .app(web())
            .app(deployment("reviews").labels(json!({"app": "reviews", "tier": "backend"})))
            .service("storefront", json!({"app": "storefront-web", "tier": "frontend"}))
            .only(RULE.code.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.selector.app"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("storefront-web"), Some("storefront")));
        assert_eq!(changes(&found), ["patch service/storefront spec.selector.app=storefront"]);
        assert_eq!(found.remedy.checks.iter().map(Check::what).collect::<Vec<_>>(), ["endpointsReady"]);
    }

    #[test]
    fn extra_key_is_removed() {
        let found = cluster().app(web()).service("storefront", json!({"app": "storefront", "version": "v2"})).only(RULE.code.0);
        assert_eq!((changes(&found), found.expected), (vec!["patch service/storefront spec.selector.version-".to_owned()], None));
    }

    #[test]
    fn keys_with_dots_and_slashes_are_single_members() {
        let found = cluster()
            .app(deployment("web").labels(json!({"app.kubernetes.io/name": "web"})))
            .service("web", json!({"app.kubernetes.io/name": "webb"}))
            .only(RULE.code.0);
        assert_eq!(changes(&found), [r#"patch service/web spec.selector["app.kubernetes.io/name"]=web"#]);
    }

    #[test]
    fn service_of_a_similar_name_does_not_take_its_twins_pods() {
        let found = cluster()
            .app(deployment("payment"))
            .app(deployment("payments"))
            .app(deployment("payment-v2"))
            .service("payments", json!({"app": "payments-api"}))
            .only(RULE.code.0);
        assert_eq!(changes(&found), ["patch service/payments spec.selector.app=payments"]);
    }

    #[test]
    fn several_candidates_are_a_question() {
        let found = cluster()
            .app(deployment("web-blue").labels(json!({"app": "web", "version": "blue"})))
            .app(deployment("web-green").labels(json!({"app": "web", "version": "green"})))
            .service("web", json!({"app": "web", "version": "v3"}))
            .only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn corrected_selector_that_would_match_others_too_is_not_proposed() {
        let found = cluster()
            .app(deployment("web").labels(json!({"app": "web"})))
            .app(deployment("web-canary").labels(json!({"app": "web", "track": "canary"})))
            .service("web", json!({"app": "web", "release": "x"}))
            .only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
    }

    #[test]
    fn unrelated_workload_is_not_taken_over() {
        let world = cluster().app(deployment("redis")).service("payments", json!({"app": "payments"}));
        assert_eq!(world.found(RULE.code.0), []);
        world.is_inconclusive_about("service/payments");
    }

    #[test]
    fn workload_that_serves_the_port_and_has_no_other_service_was_meant() {
        let ports = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
        let world = cluster().app(deployment("backend").spec(ports)).service("entry", json!({"app": "foo"}));
        assert_eq!(changes(&world.only(RULE.code.0)), ["patch service/entry spec.selector.app=backend"]);
        assert_eq!(world.service("backend", json!({"app": "backend"})).found(RULE.code.0), []);
    }

    #[test]
    fn bare_pod_can_be_meant() {
        let found = cluster().app(pod("web")).service("web", json!({"app": "web-1"})).only(RULE.code.0);
        assert_eq!(changes(&found), ["patch service/web spec.selector.app=web"]);
    }

    #[test]
    fn service_of_a_chart_gets_advice() {
        let found = cluster()
            .app(web())
            .service("storefront", json!({"app": "nope", "tier": "frontend"}))
            .edit("Service", "storefront", json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "shop"}}}))
            .only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].command.as_deref().unwrap().contains(r#"{"spec":{"selector":{"app":"storefront"}}}"#));
    }

    #[test]
    fn services_that_need_no_match_are_silent() {
        let world = cluster()
            .app(web())
            .service("good", json!({"app": "storefront"}))
            .service("headless", json!({"app": "asleep"}))
            .edit("Service", "headless", json!({"spec": {"clusterIP": "None"}}))
            .service("outside", json!({"app": "nope"}))
            .edit("Service", "outside", json!({"spec": {"type": "ExternalName", "externalName": "example.com"}}))
            .service("by-hand", json!({}))
            .app(deployment("asleep").replicas(0))
            .service("asleep", json!({"app": "asleep"}));
        world.is_silent();
    }

    #[test]
    fn service_whose_pods_only_start_is_silent() {
        cluster().app(web().starting("2026-01-01T11:59:50Z")).service("storefront", json!({"app": "storefront"})).is_silent();
    }

    #[test]
    fn unread_pods_prove_nothing() {
        let world = cluster().app(web()).service("storefront", json!({"app": "nope", "tier": "frontend"})).hiding(Kind::Pod);
        assert_eq!(world.found(RULE.code.0), []);
    }
}
