//! Several things that answer for one name: workloads that run different programs behind one Service, and Ingresses of one host and path.

use crate::analyze::image;
use crate::analyze::quote;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::domain::workload::Workload;
use crate::facts::{Facts, labels, pods, selected};
use k8s_openapi::api::core::v1::{Pod, PodSpec, Service, ServicePort};
use k8s_openapi::api::networking::v1::{Ingress, IngressBackend};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::{BTreeSet, HashSet};

/// So many are named.
const NAMED: usize = 4;

/// The workloads behind a Service that have no program in common, in words: requests reach one or the other. A canary and a second color
/// run the same program; a headless Service is for whoever looks its members up.
pub(crate) fn programs(facts: &Facts<'_>, service: &Service) -> Option<String> {
    let (namespace, selector) = service.metadata.namespace.as_deref().zip(labels::selector(service))?;
    let serves = |w: &&Workload<'_>| w.desired > 0 && w.ready > 0 && has_named_ports(service, w.pod_spec);
    let behind: Vec<&Workload<'_>> = selected::workloads_selected(facts, namespace, selector).filter(serves).collect();
    let (first, rest) = behind.split_first()?;
    let own = repositories(first.pod_spec);
    rest.iter().any(|other| repositories(other.pod_spec).is_disjoint(&own)).then(|| {
        let names: Vec<String> = behind.iter().take(NAMED).map(|w| w.object.in_words()).collect();
        format!("leads to {}, which run different images: a request reaches any of them", quote::joined(&names, "and"))
    })
}

/// Pods of Jobs that are behind a Service beside others and declare none of its ports, in words: a declaration is optional, so whether they
/// answer is not known.
pub(crate) fn passing(facts: &Facts<'_>, service: &Service, serving: &[&Pod]) -> Option<String> {
    let job = |pod: &&Pod| {
        let own = pod.reference();
        facts.owners().chain(&own).find(|o| o.kind == Kind::Job).cloned()
    };
    let ports: Vec<&ServicePort> = service.spec.iter().flat_map(|s| s.ports.iter().flatten()).collect();
    let declares = |pod: &&Pod| {
        let offered = pod.spec.iter().flat_map(|s| &s.containers).flat_map(|c| c.ports.iter().flatten());
        offered.into_iter().any(|o| {
            ports.iter().any(|port| match &port.target_port {
                Some(IntOrString::String(name)) => o.name.as_deref() == Some(name),
                Some(IntOrString::Int(number)) => o.container_port == *number,
                None => o.container_port == port.port,
            })
        })
    };
    // Where all are Jobs, the Service is for them; and where every port goes by a name, no request comes to them.
    let by_name = ports.iter().all(|port| matches!(port.target_port, Some(IntOrString::String(_))));
    let others = serving.iter().any(|pod| job(pod).is_none());
    let jobs: BTreeSet<String> = serving.iter().filter(|pod| !declares(pod)).filter_map(job).map(|job| job.in_words()).collect();
    (others && !by_name && !jobs.is_empty()).then(|| {
        let names: Vec<String> = jobs.into_iter().take(NAMED).collect();
        format!(
            "also leads to the Pods of {}, which declare none of its ports: whether they answer is not known, and a part of the requests goes there",
            quote::joined(&names, "and")
        )
    })
}

/// Where a port goes by a name, only who has one of that name serves it.
fn has_named_ports(service: &Service, spec: &PodSpec) -> bool {
    let declared: HashSet<&str> =
        pods::containers(spec).flat_map(|(_, c)| c.ports.iter().flatten()).filter_map(|p| p.name.as_deref()).collect();
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
    ports.into_iter().all(|p| !matches!(&p.target_port, Some(IntOrString::String(name)) if !declared.contains(name.as_str())))
}

fn repositories(spec: &PodSpec) -> HashSet<String> {
    spec.containers.iter().filter_map(|c| c.image.as_deref()).map(image::repository).collect()
}

/// Another Ingress that leads the same host and path somewhere else, in words. One that says that it is a canary is meant so.
pub(crate) fn routes(facts: &Facts<'_>, ingress: &Ingress) -> Option<String> {
    let own = leads(ingress);
    let (object, class) = (ingress.reference(), class(ingress));
    let others = facts.all::<Ingress>().filter(|other| other.reference() != object && self::class(other) == class);
    others.filter(|_| !is_canary(ingress)).filter(|other| !is_canary(other)).find_map(|other| {
        let theirs = leads(other);
        let (host, path, ..) =
            own.iter().find(|(host, path, at, to)| theirs.iter().any(|(h, p, a, t)| h == host && p == path && (a, t) != (at, to)))?;
        let other: ObjectRef = other.reference();
        Some(format!(
            "leads `{host}{path}` to another Service than {other}, which has the same host and path: which of them answers is not certain"
        ))
    })
}

/// Host, path, namespace and backend of each of its rules.
fn leads(ingress: &Ingress) -> Vec<(&str, &str, Option<&str>, &IngressBackend)> {
    let rules = ingress.spec.iter().flat_map(|s| s.rules.iter().flatten());
    let paths = rules.flat_map(|rule| {
        let host = rule.host.as_deref().unwrap_or_default();
        rule.http.iter().flat_map(|h| &h.paths).map(move |p| (host, p.path.as_deref().unwrap_or("/"), &p.backend))
    });
    paths.map(|(host, path, backend)| (host, path, ingress.metadata.namespace.as_deref(), backend)).collect()
}

fn class(ingress: &Ingress) -> Option<&str> {
    ingress.spec.as_ref().and_then(|s| s.ingress_class_name.as_deref())
}

fn is_canary(ingress: &Ingress) -> bool {
    ingress.metadata.annotations.iter().flatten().any(|(key, value)| key.ends_with("/canary") && value == "true")
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{App, World, cluster, deployment};
    use serde_json::json;

    fn app(name: &str, image: &str) -> App {
        deployment(name).labels(json!({"app": "shop", "part": name})).image(image)
    }

    fn behind(image: &str) -> World {
        cluster().app(app("cart", "example/cart:1.0")).app(app("search", image)).service("cart", json!({"app": "shop"}))
    }

    #[test]
    fn service_in_front_of_two_programs_is_not_healthy_and_names_both() {
        let doubts = behind("example/search:1.0").said("cart sometimes shows the search page").doubts();
        let both = |d: &String| d.contains("Deployment `cart`") && d.contains("Deployment `search`");
        assert!(doubts.iter().any(both), "{doubts:?}");
    }

    #[test]
    fn service_in_front_of_two_releases_or_of_members_that_are_looked_up_is_healthy() {
        assert!(behind("example/cart:2.0").is_healthy());
        assert!(behind("example/search:1.0").edit("Service", "cart", json!({"spec": {"clusterIP": "None"}})).is_healthy());
    }

    fn ingress(name: &str, service: &str, canary: &str) -> String {
        format!(
            "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: {name}, annotations: {{nginx.ingress.kubernetes.io/canary: '{canary}'}}, \
             creationTimestamp: '2026-01-01T10:00:00Z'}}, spec: {{ingressClassName: nginx, rules: [{{host: shop.example, http: {{paths: \
             [{{path: /, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}]}}}}]}}, \
             status: {{loadBalancer: {{ingress: [{{ip: 192.0.2.1}}]}}}}}}"
        )
    }

    #[test]
    fn two_ingresses_of_one_host_and_path_are_not_healthy_and_name_each_other() {
        let world = |service: &str, canary: &str| {
            cluster()
                .app(deployment("web"))
                .app(deployment("old"))
                .service("web", json!({"app": "web"}))
                .service("old", json!({"app": "old"}))
                .yaml("{apiVersion: networking.k8s.io/v1, kind: IngressClass, metadata: {name: nginx}, spec: {controller: example.com/nginx}}")
                .yaml(&ingress("shop", "web", "false"))
                .yaml(&ingress("legacy", service, canary))
        };
        let doubts = world("old", "false").doubts();
        assert!(doubts.iter().any(|d| d.contains("Ingress a-team/shop: ") && d.contains("Ingress a-team/legacy")), "{doubts:?}");
        assert!(doubts.iter().any(|d| d.contains("Ingress a-team/legacy: ") && d.contains("Ingress a-team/shop")), "{doubts:?}");
        assert!(world("web", "false").is_healthy() && world("old", "true").is_healthy());
    }
}
