//! What is said rests on all that was looked at: nothing that was cut, for a reader or for room, counts as absent or as well.

use super::words::{broken, well, words};
use crate::support::embedded::{Embedded, asked, yes};
use kubemend::domain::execution::Became;
use kubemend::domain::object::{Namespace, ObjectName};
use kubemend::sim::{Denial, MadeImage};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Problem, WorkflowError};
use std::time::Duration;

const IMAGES: &str =
    "- {ref: 'nginx:1.27', play: {listen: [{port: 80}]}}\n- {ref: 'example/slow:1.0', play: {listen: [{port: 80, after: 40}]}}\n";

async fn cluster(manifest: &str, seconds: u64) -> Embedded {
    let cluster = Embedded::new("shop");
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
    cluster.apply(manifest);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    cluster
}

fn in_shop(text: &str) -> Problem {
    Problem { namespace: Some(Namespace::parse("shop").unwrap()), ..words(text) }
}

async fn analyze(cluster: &Embedded, problem: &Problem) -> Report {
    cluster.process().analyze(problem, &Caller::silent()).await.unwrap()
}

/// A database without its claim, a cache whose image does not exist, and so many Deployments that no node takes and that nobody asked about.
async fn two_and_many(others: usize, issue: &str) -> Report {
    let mut all = vec![broken("postgres"), well("redis").replace("nginx:1.27", "redis:9.99-gone")];
    all.extend(
        (0..others)
            .map(|number| well(&format!("app{number:02}")).replace("spec: {containers", "spec: {nodeSelector: {disk: none}, containers")),
    );
    let cluster = cluster(&all.join("---\n"), 60).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &in_shop(issue)).await;
    let report = yes(&process, &question).await.unwrap();
    assert!(report.execution.as_ref().unwrap().steps.iter().all(|step| step.outcome == Became::Applied), "{}", report.summary);
    report
}

#[tokio::test(start_paused = true)]
async fn what_is_cut_for_a_reader_is_judged_before() {
    for (others, issue) in [(55, "postgres and redis are down"), (0, "my database and my cache are down")] {
        let report = two_and_many(others, issue).await;
        assert_eq!(report.status, Status::Partly, "{others}, {issue}: {}", report.summary);
        let why = report.validation.unwrap().why.unwrap();
        assert!(why.contains("redis") && why.len() < 2_000, "{others}, {issue}: {why}");
    }
}

/// An autoscaler for something that does not exist.
const LOST: &str = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: gone}}\n";

#[tokio::test(start_paused = true)]
async fn autoscaler_is_judged_beside_a_deployment_that_still_starts() {
    let probe = "image: 'example/slow:1.0', readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}}]}";
    let starting = well("api").replace("image: 'nginx:1.27'}]}", probe);
    for manifest in [LOST.to_owned(), format!("{LOST}---\n{starting}")] {
        let cluster = cluster(&manifest, 20).await;
        let report = analyze(&cluster, &in_shop("is everything all right?")).await;
        assert_eq!(report.status, Status::Inconclusive, "{}", report.summary);
        assert!(format!("{:?} {:?}", report.unexplained, report.coverage.doubts).contains("gone"), "{report:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn object_that_is_given_is_read_and_judged_whatever_its_kind() {
    let starting = well("api").replace("nginx:1.27", "example/none:1");
    let cluster = cluster(&format!("{LOST}---\n{starting}"), 20).await;
    let objects = vec![ObjectName::parse("hpa/web").unwrap()];
    let report = analyze(&cluster, &Problem { objects, ..in_shop("look at this") }).await;
    assert!(report.coverage.looked.contains(&"horizontalpodautoscalers".to_owned()), "{:?}", report.coverage);
    assert!(format!("{:?} {:?}", report.unexplained, report.coverage.doubts).contains("gone"), "{report:?}");
}

/// A Deployment beside so many Ingresses.
async fn many(ingresses: usize) -> Embedded {
    let cluster = cluster(&well("web"), 30).await;
    let one = |number: usize| {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: in{number:04}}}\nspec: {{ingressClassName: main, defaultBackend: {{service: {{name: web, port: {{number: 80}}}}}}}}\n"
        )
    };
    // A manifest has at most so many documents.
    let all: Vec<String> = (0..ingresses).map(one).collect();
    all.chunks(1_000).for_each(|some| cluster.apply(&some.join("---\n")));
    cluster
}

#[tokio::test(start_paused = true)]
async fn room_that_others_did_not_use_goes_to_what_was_cut() {
    let cluster = many(1_200).await;
    let report = analyze(&cluster, &in_shop("is everything all right?")).await;
    assert!(report.coverage.gaps.is_empty(), "{:?}", report.coverage.gaps);
}

#[tokio::test(start_paused = true)]
async fn list_that_was_cut_is_never_taken_for_absence() {
    let cluster = many(5_100).await;
    let problem = Problem { all_namespaces: true, ..words("inventory-api is down") };
    let report = analyze(&cluster, &problem).await;
    let doubts = report.coverage.doubts.join("\n");
    assert!(!doubts.contains("is called `inventory-api`"), "{doubts}");
    assert!(doubts.contains("`inventory-api` was not found in all namespaces, where ingresses could not be read completely"), "{doubts}");
    let gap = report.coverage.gaps.iter().find(|gap| gap.what.starts_with("ingresses")).unwrap();
    assert_eq!(gap.unlock.as_deref(), Some("look at one namespace at a time with -n"));
    let report = analyze(&cluster, &in_shop("is everything all right?")).await;
    let gap = report.coverage.gaps.iter().find(|gap| gap.what.starts_with("ingresses")).unwrap();
    assert_eq!(gap.unlock, None, "there is nothing narrower than a namespace");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_listed_is_never_taken_for_absence() {
    let cluster = cluster(&well("web"), 30).await;
    cluster.sim.deny(Denial::of("list", "cronjobs").to_user("reader"));
    let report = analyze(&cluster, &in_shop("nightly-report is down")).await;
    assert_eq!(report.status, Status::Inconclusive, "{}", report.summary);
    let doubts = report.coverage.doubts.join("\n");
    assert!(doubts.contains("`nightly-report` was not found in namespace shop, where cronjobs could not be read"), "{doubts}");
}

#[tokio::test(start_paused = true)]
async fn object_that_is_given_is_sought_by_its_name_and_not_in_a_list_that_may_be_cut() {
    let cluster = cluster(&well("web"), 30).await;
    let process = cluster.process();
    let objects = |name: &str| Problem { objects: vec![ObjectName::parse(name).unwrap()], ..words("look at this") };
    let report = process.analyze(&objects("deployment/web"), &Caller::silent()).await.unwrap();
    assert_eq!(report.issue.namespace.as_deref(), Some("shop"));
    let first = cluster.sim.requests().into_iter().find(|r| r.path.ends_with("/deployments")).unwrap();
    assert!(first.query.contains("fieldSelector=metadata.name%3Dweb"), "{}", first.query);
    let missing = process.analyze(&objects("deployment/gone"), &Caller::silent()).await;
    assert!(matches!(missing, Err(WorkflowError::NoObject { .. })), "{missing:?}");
}

#[tokio::test(start_paused = true)]
async fn what_the_issue_names_and_nobody_found_keeps_it_from_being_resolved() {
    let cluster = cluster(&broken("postgres"), 60).await;
    cluster.sim.deny(Denial::of("list", "statefulsets").to_user("reader"));
    let process = cluster.process();
    let (_, question) = asked(&process, &in_shop("postgres and search-index are down")).await;
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    let why = report.validation.unwrap().why.unwrap();
    assert!(why.contains("search-index"), "{why}");
}
