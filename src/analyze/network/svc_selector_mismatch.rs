//! A Service selects no Pod because one key of its selector differs from the Pods that were meant, or is one too many.
//! The fix corrects the Service. Relabelling Pods would be undone by the next rollout.

use super::super::advise;
use super::super::names::{is_slip, related};
use super::super::seen;
use crate::domain::action::{Change, FieldOp};
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, CausalLink, Finding, Remedy, Symptom};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::Namespace;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, manager_of};
use crate::facts::stuck::Obstacle;
use crate::facts::{Facts, labels, pods};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// The cause.
pub(crate) const CODE: Code = Code("svc-selector-mismatch");
/// The selector matches no Pod at all, and one key away from it stands exactly one workload that goes by the Service's
/// name or its wrong value, or serves its port with no other Service in front. That this workload was meant is the doubt.
const ONE: Confidence = Confidence::percent(90);
/// Several workloads could be meant.
const SEVERAL: Confidence = Confidence::percent(60);

/// Every Service whose selector misses by one key.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    // Without all Pods and workloads nobody can say that a selector matches none.
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    if !known {
        return Vec::new();
    }
    facts.all::<Service>().filter_map(|service| finding(facts, service)).collect()
}

/// A workload that would be selected, were it not for one key.
#[derive(Clone, Copy)]
struct Near<'a> {
    workload: &'a Workload<'a>,
    /// The key that is in the way.
    key: &'a str,
    /// The workload's value of it, if it has the key.
    value: Option<&'a str>,
}

fn finding(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let wanted = labels::selector(service)?;
    let object = service.reference();
    let namespace = object.namespace.clone()?;
    let missed = facts.pods_selected(namespace.as_str(), wanted).all(pods::has_ended)
        && facts.workloads_selected(namespace.as_str(), wanted).all(is_going);
    if !missed || service.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let near = meant(facts, service, &namespace, wanted);
    let first = near.first()?;
    let one = (near.len() == 1).then_some(first);
    let fix = one.and_then(|n| fix(facts, &namespace, wanted, n));
    let (key, wrong) = (first.key, wanted.get(first.key)?);
    let field = FieldPath::dotted("spec.selector").key(key);
    let names: Vec<String> = near.iter().take(5).map(|n| format!("{} `{}`", n.workload.object.kind, n.workload.object.name)).collect();
    let (kind, name) = (&first.workload.object.kind, &first.workload.object.name);
    let title = match (one.is_some(), first.value) {
        (true, Some(right)) => {
            format!("Service `{}` selects `{key}={wrong}`, but the Pods of {kind} `{name}` carry `{key}={right}`", object.name)
        }
        (true, None) => format!("Service `{}` selects `{key}={wrong}`, a label that the Pods of {kind} `{name}` do not carry", object.name),
        (false, _) => format!("the selector of Service `{}` matches no Pod, and misses {} by one label", object.name, names.join(" and ")),
    };
    let mut evidence: Vec<Evidence> = vec![
        seen::field(facts, &object, FieldPath::dotted("spec.selector"), &plain(wanted)),
        seen::object(facts, &object, &format!("its selector matches none of the Pods in `{namespace}`")),
    ];
    for n in near.iter().take(3) {
        let path = if n.workload.has_template() { "spec.template.metadata.labels" } else { "metadata.labels" };
        evidence.push(seen::field(facts, &n.workload.object, FieldPath::dotted(path), &plain(n.workload.pod_labels)));
    }
    Some(Finding {
        code: CODE,
        title,
        explanation: format!(
            "The selector of Service `{}` matches no Pod in `{namespace}`, so the Service has no endpoints and nobody can reach what is behind it; Kubernetes says so in no event. {} all its other labels.",
            object.name,
            match one {
                Some(_) => format!("The Pods of {kind} `{name}` match"),
                None => format!("{} match", names.join(" and ")),
            },
        ),
        field: Some(field),
        found: Some(wrong.clone()),
        expected: one.and_then(|n| n.value).map(str::to_owned),
        confidence: if one.is_some() { ONE } else { SEVERAL },
        evidence: NonEmpty::from_vec(evidence)?,
        chain: near
            .iter()
            .take(5)
            .map(|n| CausalLink { from: object.clone(), relation: "selects", to: n.workload.object.clone() })
            .collect(),
        symptoms: vec![Symptom { object: object.clone(), summary: "has no endpoints: its selector matches no Pod".to_owned() }],
        remedy: remedy(service, &namespace, &names, first, fix),
        object,
    })
}

/// The workloads that miss by one key and that something else speaks for: the strongest reason that any has.
fn meant<'a>(facts: &'a Facts<'_>, service: &Service, namespace: &Namespace, wanted: &'a BTreeMap<String, String>) -> Vec<Near<'a>> {
    let here = facts.workloads_in(namespace).filter(|w| !is_going(w) && w.desired > 0);
    let near: Vec<Near<'a>> = here.filter_map(|w| misses_by_one(wanted, w)).collect();
    let name = service.metadata.name.as_deref().unwrap_or_default();
    let by_name = |n: &&Near<'a>| n.workload.object.name == name || n.value == Some(name);
    let by_slip = |n: &&Near<'a>| {
        let wrong = wanted.get(n.key).map(String::as_str).unwrap_or_default();
        n.value.is_some_and(|v| is_slip(v, wrong)) || n.workload.object.name == wrong
    };
    let by_relation = |n: &&Near<'a>| {
        let wrong = wanted.get(n.key).map(String::as_str).unwrap_or_default();
        n.value.is_some_and(|v| related(v, wrong)) || related(&n.workload.object.name, name)
    };
    let by_port = |n: &&Near<'a>| serves(service, n.workload) && !facts.is_served(namespace.as_str(), n.workload.pod_labels);
    let pick = |reason: &dyn Fn(&&Near<'a>) -> bool| near.iter().filter(reason).copied().collect::<Vec<_>>();
    for reasoned in [pick(&by_name), pick(&by_slip), pick(&by_relation), pick(&by_port)] {
        if !reasoned.is_empty() {
            return reasoned;
        }
    }
    Vec::new()
}

/// The one key that keeps the workload's Pods out, if it is one.
fn misses_by_one<'a>(wanted: &'a BTreeMap<String, String>, workload: &'a Workload<'a>) -> Option<Near<'a>> {
    let mut wrong = wanted.iter().filter(|(k, v)| workload.pod_labels.get(*k) != Some(v));
    let (key, _) = wrong.next()?;
    wrong.next().is_none().then(|| Near { workload, key, value: workload.pod_labels.get(key).map(String::as_str) })
}

fn is_going(workload: &Workload<'_>) -> bool {
    workload.meta.deletion_timestamp.is_some()
}

/// A container of the workload has every port that the Service leads to.
fn serves(service: &Service, workload: &Workload<'_>) -> bool {
    let ports = service.spec.as_ref().and_then(|s| s.ports.as_ref());
    let offered = || workload.pod_spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    ports.is_some_and(|ports| {
        ports.iter().all(|p| match &p.target_port {
            Some(IntOrString::String(name)) => offered().any(|o| o.name.as_deref() == Some(name)),
            Some(IntOrString::Int(number)) => offered().any(|o| o.container_port == *number),
            None => offered().any(|o| o.container_port == p.port),
        })
    })
}

/// The corrected key, unless the corrected selector were empty or matched other workloads as well.
fn fix(facts: &Facts<'_>, namespace: &Namespace, wanted: &BTreeMap<String, String>, near: &Near<'_>) -> Option<FieldOp> {
    let mut corrected = wanted.clone();
    let path = FieldPath::dotted("spec.selector").key(near.key);
    let op = match near.value {
        Some(value) => {
            corrected.insert(near.key.to_owned(), value.to_owned());
            advise::set(path, value)
        }
        None => {
            corrected.remove(near.key);
            FieldOp { path, change: Change::Remove }
        }
    };
    let others = facts.workloads_selected(namespace.as_str(), &corrected).filter(|w| !is_going(w)).count();
    (!corrected.is_empty() && others == 1).then_some(op)
}

fn remedy(service: &Service, namespace: &Namespace, names: &[String], first: &Near<'_>, fix: Option<FieldOp>) -> Remedy {
    let object = service.reference();
    let Some(op) = fix else {
        return Remedy {
            advice: vec![Advice {
                text: format!(
                    "correct the selector of Service `{}` to the labels of the Pods that it is meant to reach: {}",
                    object.name,
                    names.join(" or ")
                ),
                command: None,
                why: "which Pods were meant cannot be told from the cluster, or the corrected selector would match others as well"
                    .to_owned(),
            }],
            ..Remedy::default()
        };
    };
    let obstacle = if namespace.is_system() {
        Some(Obstacle::System(namespace.clone()))
    } else {
        manager_of(&service.metadata).map(Obstacle::Managed)
    };
    let why = match first.value {
        Some(value) => format!(
            "the Pods of {} `{}` carry `{}={value}` and match all its other labels",
            first.workload.object.kind, first.workload.object.name, first.key
        ),
        None => format!(
            "the Pods of {} `{}` match all its other labels and do not carry `{}`",
            first.workload.object.kind, first.workload.object.name, first.key
        ),
    };
    let mut remedy = advise::change(&object, obstacle.as_ref(), NonEmpty::one(op), &why, Risk::Medium);
    if !remedy.proposals.is_empty() {
        remedy.checks.push(Check::EndpointsReady(object));
    }
    remedy
}

fn plain(labels: &BTreeMap<String, String>) -> String {
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
            .only(CODE.0);
        assert_eq!(found.field_text().as_deref(), Some("spec.selector.app"));
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("storefront-web"), Some("storefront")));
        assert_eq!(changes(&found), ["patch service/storefront spec.selector.app=storefront"]);
        assert_eq!(found.remedy.checks.iter().map(Check::what).collect::<Vec<_>>(), ["endpointsReady"]);
    }

    #[test]
    fn extra_key_is_removed() {
        let found = cluster().app(web()).service("storefront", json!({"app": "storefront", "version": "v2"})).only(CODE.0);
        assert_eq!((changes(&found), found.expected), (vec!["patch service/storefront spec.selector.version-".to_owned()], None));
    }

    #[test]
    fn keys_with_dots_and_slashes_are_single_members() {
        let found = cluster()
            .app(deployment("web").labels(json!({"app.kubernetes.io/name": "web"})))
            .service("web", json!({"app.kubernetes.io/name": "webb"}))
            .only(CODE.0);
        assert_eq!(changes(&found), [r#"patch service/web spec.selector["app.kubernetes.io/name"]=web"#]);
    }

    #[test]
    fn service_of_a_similar_name_does_not_take_its_twins_pods() {
        let found = cluster()
            .app(deployment("payment"))
            .app(deployment("payments"))
            .app(deployment("payment-v2"))
            .service("payments", json!({"app": "payments-api"}))
            .only(CODE.0);
        assert_eq!(changes(&found), ["patch service/payments spec.selector.app=payments"]);
    }

    #[test]
    fn several_candidates_are_a_question() {
        let found = cluster()
            .app(deployment("web-blue").labels(json!({"app": "web", "version": "blue"})))
            .app(deployment("web-green").labels(json!({"app": "web", "version": "green"})))
            .service("web", json!({"app": "web", "version": "v3"}))
            .only(CODE.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn corrected_selector_that_would_match_others_too_is_not_proposed() {
        let found = cluster()
            .app(deployment("web").labels(json!({"app": "web"})))
            .app(deployment("web-canary").labels(json!({"app": "web", "track": "canary"})))
            .service("web", json!({"app": "web", "release": "x"}))
            .only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
    }

    #[test]
    fn unrelated_workload_is_not_taken_over() {
        let world = cluster().app(deployment("redis")).service("payments", json!({"app": "payments"}));
        assert_eq!(world.found(CODE.0), []);
        world.is_inconclusive_about("service/payments");
    }

    #[test]
    fn workload_that_serves_the_port_and_has_no_other_service_was_meant() {
        let ports = json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]});
        let world = cluster().app(deployment("backend").spec(ports)).service("entry", json!({"app": "foo"}));
        assert_eq!(changes(&world.only(CODE.0)), ["patch service/entry spec.selector.app=backend"]);
        assert_eq!(world.service("backend", json!({"app": "backend"})).found(CODE.0), []);
    }

    #[test]
    fn bare_pod_can_be_meant() {
        let found = cluster().app(pod("web")).service("web", json!({"app": "web-1"})).only(CODE.0);
        assert_eq!(changes(&found), ["patch service/web spec.selector.app=web"]);
    }

    #[test]
    fn service_of_a_chart_gets_advice() {
        let found = cluster()
            .app(web())
            .service("storefront", json!({"app": "nope", "tier": "frontend"}))
            .edit("Service", "storefront", json!({"metadata": {"annotations": {"meta.helm.sh/release-name": "shop"}}}))
            .only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].command.as_deref().unwrap().contains(r#"{"spec":{"selector":{"app":"storefront"}}}"#));
    }

    #[test]
    fn services_that_need_no_match_are_silent() {
        let world = cluster()
            .app(web())
            .service("good", json!({"app": "storefront"}))
            .service("headless", json!({"app": "nope"}))
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
        assert_eq!(world.found(CODE.0), []);
    }
}
