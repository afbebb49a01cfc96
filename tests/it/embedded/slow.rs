//! A start that takes its time: it is waited for as long as the template says, and what still starts is never undone.

use crate::support::embedded::{Embedded, asked, yes, yes_while_applied};
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::plan::OnFailure;
use kubemend::sim::MadeImage;
use kubemend::workflow::Problem;
use kubemend::workflow::report::{Report, Status};
use std::time::Duration;
use tokio::time::Instant;

const NAMESPACE: &str = "shop";

/// A Deployment whose claim does not exist; `more` are further fields of its spec, `probes` of its container, `pod` of its Pods.
fn orders(more: &str, probes: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: orders}}\nspec:\n  replicas: 1\n{more}  selector: {{matchLabels: {{app: orders}}}}\n  template:\n    metadata: {{labels: {{app: orders}}}}\n    spec:\n{pod}      containers: [{{name: app, image: \"example/app:1.0\", {probes}volumeMounts: [{{name: data, mountPath: /data}}]}}]\n      volumes: [{{name: data, persistentVolumeClaim: {{claimName: orders-data}}}}]\n"
    )
}

/// What became of the plan for it, where a program listens after so many seconds, and how long that took.
async fn applied(listens: u32, manifest: &str, more: &str) -> (Embedded, Report, Duration) {
    let cluster = Embedded::new(NAMESPACE);
    let images = format!(
        "- {{ref: 'example/app:1.0', play: {{listen: [{{port: 80, after: {listens}}}]}}}}\n- {{ref: 'example/migrate:1.0', play: {{exit: {{code: 0, after: {listens}}}}}}}\n{more}"
    );
    cluster.sim.add_images(MadeImage::parse_yaml(&images).unwrap());
    cluster.apply(manifest);
    tokio::time::sleep(Duration::from_secs(20)).await;
    let process = cluster.process_with(Limits { on_failure: OnFailure::Revert, ..Limits::default() }, true);
    let issue = Issue::parse("orders is pending").unwrap();
    let problem = Problem { issue: Some(issue), namespace: Some(Namespace::parse(NAMESPACE).unwrap()), ..Problem::default() };
    let (_, question) = asked(&process, &problem).await;
    let began = Instant::now();
    let report = yes(&process, &question).await.unwrap();
    (cluster, report, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn start_that_its_probes_allow_is_waited_for() {
    let startup = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 10, failureThreshold: 60}, ";
    let delayed = "readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 240, periodSeconds: 5}, ";
    for probes in [startup, delayed] {
        let (cluster, report, took) = applied(200, &orders("", probes, ""), "").await;
        assert_eq!(report.status, Status::Resolved, "{}", report.summary);
        assert!(took > Duration::from_secs(190), "{took:?}");
        assert_eq!(cluster.writes().len(), 1, "nothing was undone");
    }
}

#[tokio::test(start_paused = true)]
async fn pods_that_have_to_stay_ready_for_long_are_waited_for() {
    let probe = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, ";
    let (cluster, report, _) = applied(1, &orders("  minReadySeconds: 300\n", probe, ""), "").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1, "nothing was undone");
}

#[tokio::test(start_paused = true)]
async fn start_that_goes_on_at_the_end_of_the_waiting_is_unclear_and_not_undone() {
    let forever = "startupProbe: {tcpSocket: {port: 80}, periodSeconds: 10, failureThreshold: 300}, ";
    let (cluster, report, took) = applied(2000, &orders("", forever, ""), "").await;
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert!(report.validation.as_ref().unwrap().why.as_ref().unwrap().contains("still starting"), "{:?}", report.validation);
    assert!(took < Duration::from_secs(20 * 60), "waiting has an end: {took:?}");
    assert_eq!(cluster.writes().len(), 1, "nothing was undone");
}

#[tokio::test(start_paused = true)]
async fn init_container_that_runs_at_the_end_of_the_waiting_is_not_undone() {
    let migrating = "      initContainers: [{name: migrate, image: \"example/migrate:1.0\"}]\n";
    let (cluster, report, _) = applied(600, &orders("", "", migrating), "").await;
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1, "nothing was undone");
}

#[tokio::test(start_paused = true)]
async fn start_that_exceeds_what_its_probes_allow_is_unresolved() {
    let probe = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, ";
    let (_, report, took) = applied(100_000, &orders("", probe, ""), "").await;
    assert_ne!(report.status, Status::Unclear, "{}", report.summary);
    assert!(took < Duration::from_secs(240), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn how_long_a_start_is_waited_for_is_told_before_the_yes() {
    let cluster = Embedded::new(NAMESPACE);
    let delayed = "readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 240, periodSeconds: 10, failureThreshold: 3}, ";
    cluster.apply(&orders("", delayed, ""));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let issue = Issue::parse("orders is pending").unwrap();
    let problem = Problem { issue: Some(issue), namespace: Some(Namespace::parse(NAMESPACE).unwrap()), ..Problem::default() };
    let (report, question) = asked(&cluster.process(), &problem).await;
    assert_eq!(report.plan.unwrap().wait_seconds, 120 + 240 + 30);
    assert!(question.text.contains("within 390 s"), "{}", question.text);
}

#[tokio::test(start_paused = true)]
async fn workload_that_is_scaled_to_zero_is_not_waited_for() {
    let cluster = Embedded::new(NAMESPACE);
    cluster.apply(&orders("", "", ""));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let process = cluster.process();
    let issue = Issue::parse("orders is pending").unwrap();
    let problem = Problem { issue: Some(issue), namespace: Some(Namespace::parse(NAMESPACE).unwrap()), ..Problem::default() };
    let (_, question) = asked(&process, &problem).await;
    let none = orders("", "", "").replace("replicas: 1", "replicas: 0");
    let began = Instant::now();
    let report = yes_while_applied(&cluster, &process, &question, &none).await.unwrap();
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(report.validation.unwrap().why.unwrap().contains("scaled to zero"));
}
