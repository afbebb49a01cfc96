//! What belongs to the issue beside the plan: it is looked at again before anything is called resolved.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, resolved, yes};
use kubemend::domain::issue::Issue;
use kubemend::domain::object::Namespace;
use kubemend::sim::MadeImage;
use kubemend::workflow::Problem;
use kubemend::workflow::report::{Report, Status};
use std::time::Duration;

const NAMESPACE: &str = "shop";

const ORDERS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec:\n  selector: {matchLabels: {app: orders}}\n  template:\n    metadata: {labels: {app: orders}}\n    spec:\n      containers: [{name: app, image: 'example/app:1.0', readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, volumeMounts: [{name: data, mountPath: /data}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: orders-data}}]\n---\n";

/// The plan for a missing claim is applied, after somebody changed this as well.
async fn applied(beside: &str, issue: &str, changed: &str) -> Report {
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml("- {ref: 'example/app:1.0', play: {listen: [{port: 80, after: 1}]}}").unwrap());
    cluster.apply(&format!("{ORDERS}{beside}"));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let process = cluster.process();
    let (issue, namespace) = (Some(Issue::parse(issue).unwrap()), Some(Namespace::parse(NAMESPACE).unwrap()));
    let (_, question) = asked(&process, &Problem { issue, namespace, ..Problem::default() }).await;
    if !changed.is_empty() {
        cluster.apply(changed);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    yes(&process, &question).await.unwrap()
}

fn service(selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: orders-front}}\nspec: {{selector: {{app: {selector}}}, ports: [{{port: 80}}]}}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn service_that_was_named_is_looked_at_again() {
    let issue = "the service orders-front does not answer";
    let report = applied(&service("orders"), issue, "").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    let report = applied(&service("orders"), issue, &service("nobody")).await;
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    assert!(report.validation.unwrap().why.unwrap().contains("orders-front"));
}

#[tokio::test(start_paused = true)]
async fn service_that_suffered_with_the_pods_is_looked_at_again() {
    let issue = "orders is pending";
    let report = applied(&service("orders"), issue, "").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    let report = applied(&service("orders"), issue, &service("nobody")).await;
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn what_was_in_doubt_and_still_is_keeps_it_from_being_resolved() {
    let legacy = "apiVersion: v1\nkind: Service\nmetadata: {name: legacy}\nspec: {ports: [{port: 80}]}\n";
    let report = applied(legacy, "orders is pending and legacy does not answer", "").await;
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    let why = report.validation.unwrap().why.unwrap();
    assert!(why.contains("could not be verified") && why.contains("legacy"), "{why}");
    let report = applied(legacy, "orders is pending", "").await;
    assert_eq!(report.status, Status::Resolved, "nobody asked about it: {}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn services_and_their_addresses_are_read_once_more_before_the_verdict() {
    let cluster = resolved("service-without-endpoints", NAMESPACE).await;
    for kind in ["/pods", "/services", "/endpointslices"] {
        let read = cluster.sim.requests().iter().filter(|r| r.method == "GET" && r.path.ends_with(kind)).count();
        assert!(read >= 3, "{kind}: a list, a watch, and the last look: {read}");
    }
}

#[tokio::test(start_paused = true)]
async fn workload_that_was_named_and_whose_rollout_is_paused_half_way_keeps_it_from_being_resolved() {
    let api = |extra: &str, period: u32| {
        format!(
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: api}}\nspec:\n  {extra}strategy: {{rollingUpdate: {{maxSurge: 0, maxUnavailable: 1}}}}\n  selector: {{matchLabels: {{app: api}}}}\n  template:\n    metadata: {{labels: {{app: api}}}}\n    spec:\n      containers: [{{name: app, image: 'example/app:1.0', readinessProbe: {{tcpSocket: {{port: 80}}, periodSeconds: {period}}}}}]\n"
        )
    };
    let issue = "orders is pending and api is slow";
    let before = api("replicas: 2\n  ", 1);
    let report = applied(&before, issue, "").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    let report = applied(&before, issue, &api("paused: true\n  replicas: 3\n  ", 2)).await;
    assert!(matches!(report.status, Status::Unclear | Status::Partly), "{}", report.summary);
    assert!(report.validation.unwrap().why.unwrap().contains("Deployment shop/api"));
}

const POLICY: &str =
    "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny}\nspec: {podSelector: {}, policyTypes: [Ingress]}\n";

#[tokio::test(start_paused = true)]
async fn policy_before_the_pods_of_a_service_is_told_beside_resolved() {
    let cases = [("", false), (POLICY, true)];
    for (policy, told) in cases {
        let case = Case::load("service-without-endpoints");
        let cluster = Embedded::of(&case, NAMESPACE).await;
        if told {
            cluster.apply(policy);
        }
        let process = cluster.process();
        let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
        let report = yes(&process, &question).await.unwrap();
        assert_eq!(report.status, Status::Resolved, "{}", report.summary);
        let why = report.validation.as_ref().unwrap().why.clone().unwrap_or_default();
        assert_eq!(why.contains("was not checked: NetworkPolicy shop/deny restricts the connections of"), told, "{why}");
        assert_eq!(report.summary.contains("NetworkPolicy shop/deny"), told, "{}", report.summary);
    }
}
