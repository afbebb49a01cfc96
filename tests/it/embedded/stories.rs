//! Stories that people tell, on the embedded cluster: those that end in a plan are carried out as every case is; those that must not are
//! told with their cause and a way out, and nothing is written.

use super::cases::prove;
use crate::support::embedded::{Embedded, ask, open};
use crate::support::story::{End, every_story, load, says_what_is_expected};
use crate::support::verdict;
use crate::support::world::picture;
use kubemend::domain::issue::Issue;
use kubemend::workflow::Problem;

async fn tell(name: &str) {
    let case = load(name);
    let end = End::of(&case);
    if end == End::Resolved {
        return prove(&case).await;
    }
    let namespace = &case.scenario.namespace;
    let cluster = Embedded::of(&case, namespace).await;
    let before = picture(&cluster.objects());
    cluster.sim.forget_requests();
    let opened = open(&cluster.process(), &ask(&case, namespace)).await;
    assert_eq!(opened.question.is_some(), end == End::Asked, "{name}: {}", opened.report.summary);
    says_what_is_expected(&case, &serde_json::to_value(&opened.report).unwrap(), namespace);
    assert_eq!(cluster.writes(), [], "{name}");
    verdict::nothing_else_changed(&case, &before, &picture(&cluster.objects()));
}

/// An Ingress reaches only Services of its own namespace; one of the missing name in another is what was meant.
#[tokio::test(start_paused = true)]
async fn ingress_to_a_service_of_another_namespace_names_that_namespace() {
    let cluster = Embedded::new("accounts");
    let service = |name: &str| {
        format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}, spec: {{clusterIP: None, ports: [{{port: 80}}]}}}}")
    };
    cluster.sim.apply_yaml("billing", &service("balances")).unwrap();
    cluster.sim.apply_yaml("other", &service("unrelated")).unwrap();
    let path = |path: &str, name: &str| {
        format!("{{path: {path}, pathType: Prefix, backend: {{service: {{name: {name}, port: {{number: 80}}}}}}}}")
    };
    cluster.apply(&format!(
        "{{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {{name: api}}, spec: {{rules: [{{http: {{paths: [{}, {}]}}}}]}}}}",
        path("/accounts", "accounts"),
        path("/balances", "balances")
    ));
    cluster.apply(&service("accounts"));
    cluster.sim.forget_requests();
    let problem = Problem { issue: Some(Issue::parse("the path /balances of accounts gives 503").unwrap()), ..Problem::default() };
    let opened = open(&cluster.process(), &problem).await;
    let told = serde_json::to_string(&opened.report).unwrap();
    assert!(told.contains("leads to Service `balances`") && told.contains("one of that name is in namespace `billing`"), "{told}");
    assert!(opened.question.is_none() && cluster.writes().is_empty());
    let sought =
        cluster.sim.requests().iter().filter(|r| r.query.contains("metadata.name%3D") || r.query.contains("metadata.name=")).count();
    // None where the words had all namespaces read already.
    assert!(sought <= 1, "only the missing name is sought: {sought}");
}

macro_rules! tests {
    ($($claim:ident: $name:literal,)*) => {
        $(#[tokio::test(start_paused = true)]
        async fn $claim() {
            tell($name).await;
        })*
    };
}
every_story!(tests);
