//! What belongs to the issue beside the plan: it is looked at again before anything is called resolved.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, resolved, yes};
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::object::Namespace;
use kubemend::sim::{Denial, MadeImage};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Problem};
use std::time::Duration;

const NAMESPACE: &str = "shop";

const IMAGES: &str = "- {ref: 'example/app:1.0', play: {listen: [{port: 80, after: 1}]}}\n- {ref: 'example/slow:1.0', play: {listen: [{port: 80, after: 3600}]}}\n";

const ORDERS: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: orders}\nspec:\n  selector: {matchLabels: {app: orders}}\n  template:\n    metadata: {labels: {app: orders}}\n    spec:\n      containers: [{name: app, image: 'example/app:1.0', readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, volumeMounts: [{name: data, mountPath: /data}]}]\n      volumes: [{name: data, persistentVolumeClaim: {claimName: orders-data}}]\n---\n";

/// The plan for a missing claim is applied, after somebody changed this as well.
async fn applied(beside: &str, issue: &str, changed: &str) -> Report {
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
    cluster.apply(&format!("{ORDERS}{beside}"));
    tokio::time::sleep(Duration::from_secs(20)).await;
    let process = cluster.process();
    let (issue, namespace) = (Issue::parse(issue).ok(), Some(Namespace::parse(NAMESPACE).unwrap()));
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

/// Opened in automatic mode by a reader that is not allowed this list, beside a volume that an earlier claim of the same name left.
async fn opened_beside_the_volume(phase: &str, denied: Option<&str>) -> (Report, bool, usize) {
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml("- {ref: 'example/app:1.0', play: {listen: [{port: 80, after: 1}]}}").unwrap());
    let volume = format!(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pvc-old}}\nspec: {{storageClassName: standard, capacity: {{storage: 500Gi}}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {{path: /x}}, claimRef: {{apiVersion: v1, kind: PersistentVolumeClaim, namespace: {NAMESPACE}, name: orders-data, uid: 11111111-1111-4111-8111-111111111111}}}}\nstatus: {{phase: {phase}}}\n---\n"
    );
    let volume = if phase.is_empty() { String::new() } else { volume };
    cluster.apply(&format!("{volume}{ORDERS}"));
    if let Some(list) = denied {
        cluster.sim.deny(Denial::of("list", list).to_user("reader"));
    }
    tokio::time::sleep(Duration::from_secs(20)).await;
    let process = cluster.process_with(Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }, true);
    let (issue, namespace) = (Some(Issue::parse("orders is pending").unwrap()), Some(Namespace::parse(NAMESPACE).unwrap()));
    let opened = process.open(&Problem { issue, namespace, ..Problem::default() }, &Caller::silent()).await.unwrap();
    (opened.report, opened.question.is_some(), cluster.writes().len())
}

#[tokio::test(start_paused = true)]
async fn no_empty_claim_is_created_beside_the_volume_of_that_very_claim() {
    let (report, asked, writes) = opened_beside_the_volume("Released", None).await;
    assert_eq!((asked, writes), (false, 0), "{}", report.summary);
    let all = serde_json::to_string(&report).unwrap();
    assert!(all.contains("pvc-old") && all.contains("500Gi") && all.contains("claimRef"), "{all}");
    // Without such a volume automatic mode creates it, and where that is not known somebody is asked.
    let (report, asked, writes) = opened_beside_the_volume("", None).await;
    assert_eq!((report.status, asked, writes), (Status::Resolved, false, 1), "{}", report.summary);
    for phase in ["", "Released"] {
        let (report, asked, writes) = opened_beside_the_volume(phase, Some("persistentvolumes")).await;
        assert_eq!((asked, writes), (true, 0), "{}", report.summary);
        assert!(report.causes[0].explanation.contains("PersistentVolumes could not be read"), "{}", report.causes[0].explanation);
    }
}

#[tokio::test(start_paused = true)]
async fn all_that_is_broken_in_a_place_belongs_to_words_that_name_no_object_in_it() {
    let lost = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: lost}\nspec:\n  selector: {matchLabels: {app: lost}}\n  template:\n    metadata: {labels: {app: lost}}\n    spec: {nodeSelector: {disk: none}, containers: [{name: app, image: 'example/app:1.0'}]}\n";
    for (issue, expected) in
        [("something is broken in shop", Status::Partly), ("orders is pending", Status::Resolved), ("", Status::Resolved)]
    {
        let report = applied(lost, issue, "").await;
        assert_eq!(report.status, expected, "{issue}: {}", report.summary);
        let validation = report.validation.unwrap();
        assert!(validation.checks.iter().all(|check| check.passed == Some(true)), "the plan itself helped: {validation:?}");
        assert_eq!(validation.why.is_some_and(|why| why.contains("lost")), expected == Status::Partly, "{issue}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_still_starts_in_a_place_of_which_no_object_is_named_is_not_called_resolved() {
    let slow = ORDERS.replace("orders", "slow").replace("example/app:1.0", "example/slow:1.0");
    let (slow, _) = slow.split_once(", volumeMounts").unwrap();
    let slow = format!("{slow}}}]\n");
    let report = applied("", "something is broken in shop", &slow).await;
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert!(report.validation.unwrap().why.unwrap().contains("slow"));
    let report = applied("", "orders is pending", &slow).await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
}
