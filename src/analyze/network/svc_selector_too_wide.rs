//! A Service selects the Pods of two workloads, of which one serves none of its ports: a part of the requests fails.
//! The fix adds the label that tells them apart.

use super::super::draft::{Draft, patch, propose};
use super::super::quote;
use super::super::rule::{Read, Rule};
use super::near::{is_going, serves};
use crate::domain::action::FieldOp;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::domain::workload::Workload;
use crate::facts::labels::{self, Selector};
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::Service;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("svc-selector-too-wide"),
    says: "a Service also selects Pods that serve none of its ports",
    reads: &[Read::WORKLOADS, Read::always(&[Kind::Service])],
    find,
};
/// The one workload declares every port of the Service, the other declares ports and none of these, and one label tells them
/// apart. What a container declares is not all that it serves: that is the doubt.
const SURE: Confidence = Confidence::percent(80);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    let known = [Kind::Pod, Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet].iter().all(|k| facts.is_whole(k));
    facts.all::<Service>().filter(|_| known).filter_map(|service| finding(facts, service)).collect()
}

fn finding(facts: &Facts<'_>, service: &Service) -> Option<Finding> {
    let wanted = labels::selector(service).filter(|_| service.metadata.deletion_timestamp.is_none())?;
    let object = service.reference();
    let namespace = object.namespace.as_ref()?.as_str();
    let selected: Vec<&Workload<'_>> =
        facts.workloads_selected(namespace, wanted).filter(|w| !is_going(w) && w.desired > 0).take(3).collect();
    let (server, other) = match selected.as_slice() {
        [a, b] if serves(service, a) && is_elsewhere(service, b) => (*a, *b),
        [a, b] if serves(service, b) && is_elsewhere(service, a) => (*b, *a),
        _ => return None,
    };
    // Every selected Pod belongs to one of the two, and the wrong ones do get requests.
    let ready = |w: &Workload<'_>| facts.pods_of(&w.object).any(pods::is_ready);
    let of_them =
        facts.pods_of(&server.object).chain(facts.pods_of(&other.object)).filter(|p| labels::matches(wanted, p.metadata.labels.as_ref()));
    if !ready(other) || of_them.count() != facts.pods_selected(namespace, wanted).count() {
        return None;
    }
    let (key, value) = telling(server.pod_labels, other.pod_labels)?;
    let mut narrowed = wanted.clone();
    narrowed.insert(key.to_owned(), value.to_owned());
    if facts.workloads_selected(namespace, &narrowed).filter(|w| !is_going(w)).count() != 1 {
        return None;
    }
    let (service, right, wrong) = (object.in_words(), server.object.in_words(), other.object.in_words());
    let path = FieldPath::dotted("spec.selector");
    let labels_of = |w: &Workload<'_>| {
        let text = w.pod_labels.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
        quote::field(facts, &w.object, FieldPath::dotted("spec.template.metadata.labels"), &text)
    };
    let plain = wanted.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(",");
    Draft::about(facts, RULE.code, &object, SURE)
        .text(
            format!("{service} also selects the Pods of {wrong}, whose containers have none of its ports"),
            format!(
                "The selector of {service} matches the Pods of {right} and of {wrong}. The containers of {wrong} declare other ports only, so requests that reach them are refused; those that reach {right} work. `{key}={value}` is the label that tells the two apart."
            ),
        )
        .seen_value(Some(&path), &plain, Some(&format!("{plain},{key}={value}")))
        .saw([labels_of(server), labels_of(other)])
        .affects(&object, &format!("a part of its requests goes to the Pods of {wrong}"))
        .link(&object, "selects", &other.object)
        .fix(propose(
            patch(&object, vec![FieldOp::set(path.key(key), value)]),
            &format!("only the Pods of {right} have `{key}={value}`, and they declare every port of {service}"),
            Risk::Medium,
            [Check::EndpointsReady(object.clone())],
        ))
}

/// It declares ports, and none that the Service leads to: by number, where the Service names one.
fn is_elsewhere(service: &Service, workload: &Workload<'_>) -> bool {
    let declared = || workload.pod_spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    let every_container = workload.pod_spec.containers.iter().all(|c| c.ports.as_ref().is_some_and(|p| !p.is_empty()));
    let one_port = |port: &k8s_openapi::api::core::v1::ServicePort| {
        let mut only = Service::default();
        only.spec.get_or_insert_default().ports = Some(vec![port.clone()]);
        serves(&only, workload)
    };
    every_container && declared().next().is_some() && !ports.into_iter().any(one_port)
}

/// The one label of the recommended component, or the only label, that the first has and the second has with another value.
fn telling<'a>(server: &'a Selector, other: &Selector) -> Option<(&'a str, &'a str)> {
    const COMPONENT: &str = "app.kubernetes.io/component";
    let differing: Vec<(&str, &str)> =
        server.iter().filter(|(k, v)| other.get(*k).is_some_and(|o| o != *v)).map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let only = if let [one] = differing.as_slice() { Some(*one) } else { None };
    only.or_else(|| differing.iter().copied().find(|(key, _)| *key == COMPONENT))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{App, World, changes, cluster, deployment};
    use serde_json::json;

    fn part(name: &str, component: &str, port: Option<u16>) -> App {
        let ports: Vec<serde_json::Value> = port.iter().map(|p| json!({"containerPort": p})).collect();
        deployment(name)
            .labels(json!({"app.kubernetes.io/name": "cloudfiles", "app.kubernetes.io/component": component}))
            .spec(json!({"containers": [{"name": "app", "image": "example/app:1.0", "ports": ports}]}))
    }

    fn with(other: App) -> World {
        cluster()
            .app(part("cloudfiles-app", "app", Some(8080)))
            .app(other)
            .service("cloudfiles", json!({"app.kubernetes.io/name": "cloudfiles"}))
    }

    #[test]
    fn label_that_tells_the_serving_pods_apart_is_added() {
        let found = with(part("cloudfiles-metrics", "metrics", Some(9205))).only(RULE.code.0);
        assert_eq!(changes(&found), [r#"patch service/cloudfiles spec.selector["app.kubernetes.io/component"]=app"#]);
    }

    #[test]
    fn pods_that_may_well_serve_are_silent() {
        for other in [
            part("cloudfiles-canary", "canary", Some(8080)),
            part("cloudfiles-quiet", "quiet", None),
            part("cloudfiles-app-2", "app", Some(9205)),
            part("cloudfiles-off", "off", Some(9205)).replicas(0),
            part("cloudfiles-new", "new", Some(9205)).unready("2026-01-01T11:50:00Z"),
        ] {
            assert_eq!(with(other).found(RULE.code.0), []);
        }
    }
}
