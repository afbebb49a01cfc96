//! When it is said that a change helped: on whole reads, of Pods of the new template that run and go on running, and of nothing less.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, resolved, waiting, yes, yes_while, yes_while_applied};
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::plan::OnFailure;
use kubemend::ports::{Phase, Progress};
use kubemend::sim::{Denial, Fault, FaultKind, MadeImage};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Problem, Validate};
use std::sync::Mutex;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";

/// A Deployment of one container that mounts these claims.
fn mounts(name: &str, image: &str, claims: &[&str]) -> String {
    let volumes: Vec<String> = claims.iter().map(|c| format!("{{name: v-{c}, persistentVolumeClaim: {{claimName: {c}}}}}")).collect();
    let paths: Vec<String> = claims.iter().map(|c| format!("{{name: v-{c}, mountPath: /{c}}}")).collect();
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 1\n  strategy: {{type: Recreate}}\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers: [{{name: app, image: \"{image}\", volumeMounts: [{}]}}]\n      volumes: [{}]\n",
        paths.join(", "),
        volumes.join(", ")
    )
}

fn problem(issue: &str) -> Problem {
    Problem { issue: Some(Issue::parse(issue).unwrap()), namespace: Some(Namespace::parse(NAMESPACE).unwrap()), ..Problem::default() }
}

async fn cluster(images: &str, manifest: &str) -> Embedded {
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml(images).unwrap());
    cluster.apply(manifest);
    tokio::time::sleep(Duration::from_secs(20)).await;
    cluster
}

async fn mended(cluster: &Embedded, limits: Limits, issue: &str) -> Report {
    let process = cluster.process_with(limits, true);
    let (_, question) = asked(&process, &problem(issue)).await;
    yes(&process, &question).await.unwrap()
}

const STEADY: &str = "- {ref: 'example/app:1.0', play: {listen: [{port: 80, after: 0.3}]}}\n";

#[tokio::test(start_paused = true)]
async fn from_the_yes_to_the_verdict_are_at_most_nineteen_requests() {
    let cluster = resolved("database-pod-pending", NAMESPACE).await;
    let made: Vec<String> = cluster.sim.requests().iter().map(|r| format!("{} {} {}", r.user, r.method, r.path)).collect();
    assert!(made.len() <= 19, "{}: {made:#?}", made.len());
    assert!(made.iter().any(|line| line.contains("POST")), "the write is among them");
}

#[tokio::test(start_paused = true)]
async fn unrelated_fault_neither_ends_the_waiting_nor_takes_the_change_back() {
    let slow = "- {ref: 'example/slow:1.0', play: {listen: [{port: 80, after: 12}]}}\n";
    let probe = "readinessProbe: {tcpSocket: {port: 80}, periodSeconds: 1}, volumeMounts";
    let manifest = mounts("orders", "example/slow:1.0", &["orders-data"]).replace("volumeMounts", probe);
    let other = mounts("catalog", "example/gone:9.9", &[]);
    let cluster = cluster(slow, &format!("{manifest}---\n{other}")).await;
    let report = mended(&cluster, Limits { on_failure: OnFailure::Revert, ..Limits::default() }, "orders is pending").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1, "nothing was taken back");
    assert!(report.causes.iter().any(|c| c.object.name == "catalog"), "the other fault is told all the same");
}

#[tokio::test(start_paused = true)]
async fn reads_that_become_forbidden_are_no_proof_that_it_helped() {
    let cluster = cluster(STEADY, &mounts("orders", "example/app:1.0", &["orders-data"])).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &problem("orders is pending")).await;
    let sim = cluster.sim.clone();
    let report = yes_while(&process, &question, move || {
        for verb in ["list", "watch"] {
            sim.deny(Denial::of(verb, "pods").to_user("reader"));
        }
    });
    let report = report.await.unwrap();
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    let gaps = &report.coverage.gaps;
    assert!(gaps.iter().any(|gap| gap.what.contains("pods")), "the last look's gaps are told: {gaps:?}");
}

#[tokio::test(start_paused = true)]
async fn second_missing_claim_of_the_same_pod_makes_it_partly() {
    let cluster = cluster(STEADY, &mounts("orders", "example/app:1.0", &["orders-a", "orders-b"])).await;
    let report = mended(&cluster, Limits::default(), "orders is pending").await;
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    assert_eq!(report.validation.as_ref().unwrap().verdict, Status::Partly);
    let why = report.validation.unwrap().why.unwrap();
    assert!(why.contains("still broken"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn program_that_ends_after_its_start_is_not_resolved() {
    // Nine seconds are within the window of a container without a readiness probe, and longer than the operator's own.
    let giveup = "- {ref: 'example/giveup:1.0', play: {log: [connecting], exit: {code: 1, after: 9}}}\n";
    let cluster = cluster(giveup, &mounts("invoices", "example/giveup:1.0", &["invoices-data"])).await;
    let report = mended(&cluster, Limits::default(), "invoices is down, its pod is pending").await;
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    let open = &report.unexplained;
    assert!(open.iter().any(|u| u.summary.contains("CrashLoopBackOff") && !u.evidence.is_empty()), "{open:?}");
}

#[tokio::test(start_paused = true)]
async fn start_without_a_readiness_probe_is_watched_for_fifteen_seconds() {
    let cluster = cluster(STEADY, &mounts("orders", "example/app:1.0", &["orders-data"])).await;
    let report = mended(&cluster, Limits::default(), "orders is pending").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    assert!(report.validation.unwrap().settled_for >= 15.0);
}

#[tokio::test(start_paused = true)]
async fn scaled_to_zero_is_never_resolved() {
    let cluster = cluster(STEADY, &mounts("orders", "example/app:1.0", &["orders-data"])).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &problem("orders is pending")).await;
    let none = mounts("orders", "example/app:1.0", &["orders-data"]).replace("replicas: 1", "replicas: 0");
    let report = yes_while_applied(&cluster, &process, &question, &none).await.unwrap();
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert!(!serde_json::to_string(&report.validation).unwrap().contains("part of this look"), "{:?}", report.validation);
    assert!(report.validation.unwrap().checks.iter().any(|c| c.observed.contains("scaled to zero")));
}

/// All that is told while it goes on.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Progress for Told {
    fn tell(&self, _: Phase, words: &str) {
        self.0.lock().unwrap().push(words.to_owned());
    }
}

/// While the cluster is watched, a look is at what shows whether it helped: that is our own choice, and lacks nothing.
#[tokio::test(start_paused = true)]
async fn what_a_look_leaves_out_by_choice_is_told_nobody_as_a_lack() {
    let (_cluster, process, question) = waiting("database-pod-pending", NAMESPACE).await;
    let (told, cancel) = (Told::default(), CancellationToken::new());
    let caller = Caller::new(&told, &cancel);
    let report = process.approve(&question.session, &question.token, &question.digest, Approver::Terminal, &caller).await.unwrap();
    let told = told.0.into_inner().unwrap();
    assert!(told.iter().any(|words| words.starts_with("not passed yet: ")), "{told:#?}");
    let lack = |words: &str| ["not read", "could not be", "part of this look"].iter().any(|lack| words.contains(lack));
    assert!(!told.iter().any(|words| lack(words)), "{told:#?}");
    assert!(!lack(&serde_json::to_string(&report.validation).unwrap()), "{:?}", report.validation);
}

#[tokio::test(start_paused = true)]
async fn what_no_rule_explains_is_told_beside_a_cause_and_what_was_asked_about_makes_it_partly() {
    let images = format!("{STEADY}- {{ref: 'example/crash:1.0', play: {{exit: {{code: 1, after: 1}}}}}}\n");
    let manifest = format!("{}---\n{}", mounts("orders", "example/app:1.0", &["orders-data"]), mounts("lakes", "example/crash:1.0", &[]));
    let cluster = cluster(&images, &manifest).await;
    let process = cluster.process();
    let (first, question) = asked(&process, &problem("The data lake server restarts again and again")).await;
    assert!(first.unexplained.iter().any(|u| u.object.name.starts_with("lakes")), "{:?}", first.unexplained);
    assert!(first.summary.contains("lakes"), "{}", first.summary);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    assert!(report.unexplained.iter().any(|u| u.object.name.starts_with("lakes")), "{:?}", report.unexplained);
}

#[tokio::test(start_paused = true)]
async fn pod_that_no_node_takes_after_the_change_is_told_in_the_schedulers_words() {
    let cluster = cluster(STEADY, &mounts("wiki", "example/app:1.0", &["wiki-data"])).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &problem("wiki won't start, it says Pending")).await;
    // The claim is made, and no node can take the Pod.
    let nowhere =
        mounts("wiki", "example/app:1.0", &["wiki-data"]).replace("      volumes:", "      nodeSelector: {disk: none}\n      volumes:");
    cluster.apply(&nowhere);
    let report = yes(&process, &question).await.unwrap();
    assert_ne!(report.status, Status::Resolved, "{}", report.summary);
    let said = format!("{:?} {:?} {:?}", report.unexplained, report.evidence, report.summary);
    assert!(said.contains("didn't match Pod's node affinity/selector"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn plan_that_was_never_applied_is_looked_at_once() {
    let cluster = cluster(STEADY, &mounts("orders", "example/app:1.0", &["orders-data"])).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &problem("orders is pending")).await;
    let began = Instant::now();
    let report = process.validate(&Validate::Session(question.session), &Caller::silent()).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let why = report.validation.unwrap().why.unwrap();
    assert!(why.contains("this plan was not applied"), "{why}");
}

/// A claim is made for it, and a container that lives so long; then a validation by itself, and how long it took.
async fn validated_again(play: &str, min_ready: u64) -> (Report, Duration) {
    let images = format!("- {{ref: 'example/app:1.0', play: {play}}}\n");
    let slow = mounts("invoices", "example/app:1.0", &["invoices-data"])
        .replace("replicas: 1", &format!("replicas: 1\n  minReadySeconds: {min_ready}"));
    let cluster = cluster(&images, &slow).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &problem("invoices is down")).await;
    yes(&process, &question).await.unwrap();
    let began = Instant::now();
    let report = process.validate(&Validate::Session(question.session), &Caller::silent()).await.unwrap();
    (report, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn validation_by_itself_ends_within_a_clients_patience() {
    for life in [3, 20, 45, 100, 400] {
        for min_ready in [0, 40] {
            let (report, took) = validated_again(&format!("{{exit: {{code: 1, after: {life}}}}}"), min_ready).await;
            assert!(took < Duration::from_secs(60), "{life} s, {min_ready} s: {took:?}, {}", report.summary);
        }
    }
}

/// After the change it was watched for as long; now the Pods' own times say that it has held.
#[tokio::test(start_paused = true)]
async fn window_that_has_passed_by_the_clusters_times_is_not_waited_for_again() {
    for min_ready in [40, 120, 600] {
        let (report, took) = validated_again("{listen: [{port: 80, after: 0.3}]}", min_ready).await;
        assert_eq!(report.status, Status::Resolved, "{min_ready}: {}", report.summary);
        assert!(took < Duration::from_secs(20), "{min_ready}: {took:?}");
    }
}

/// A Deployment whose second revision asks for tags that do not exist, in two containers; its first container starts late.
async fn two_wrong_tags(second: &str) -> Embedded {
    let images = "- {ref: 'example/flow:2.10.1', play: {listen: [{port: 8793, after: 0.3}]}}\n- {ref: 'example/groom:1.4.0', play: {listen: [{port: 8794, after: 0.3}]}}\n- {ref: 'example/flow-init:2.10.1', play: {exit: {code: 0, after: 14}}}\n";
    let of = |first: &str, second: &str| {
        format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: flow}}\nspec:\n  replicas: 1\n  selector: {{matchLabels: {{app: flow}}}}\n  template:\n    metadata: {{labels: {{app: flow}}}}\n    spec:\n      initContainers: [{{name: wait, image: \"example/flow-init:2.10.1\"}}]\n      containers:\n      - {{name: scheduler, image: \"{first}\"}}\n      - {{name: groomer, image: \"{second}\"}}\n"
        )
    };
    let good = if second.contains("groom") { "example/groom:1.4.0" } else { "example/flow:2.10.1" };
    let cluster = cluster(images, &of("example/flow:2.10.1", good)).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    cluster.apply(&of("example/flow:2.10.12", second));
    tokio::time::sleep(Duration::from_secs(60)).await;
    cluster
}

#[tokio::test(start_paused = true)]
async fn one_wrong_tag_in_two_containers_is_one_plan_and_resolved_only_once_they_run() {
    let cluster = two_wrong_tags("example/flow:2.10.12").await;
    let process = cluster.process();
    let (first, question) = asked(&process, &problem("flow doesn't come up, ImagePullBackOff")).await;
    assert_eq!((first.causes.len(), first.causes[0].also.len()), (1, 1), "{}", first.summary);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    let images: Vec<String> = cluster
        .objects()
        .iter()
        .filter(|o| o["kind"] == "Pod")
        .flat_map(|o| o["spec"]["containers"].as_array().unwrap().iter().map(|c| c["image"].to_string()).collect::<Vec<_>>())
        .collect();
    assert!(images.iter().all(|image| image.contains("2.10.1\"")), "no mixed state stays behind: {images:?}");
}

/// Each image alone would leave a third, mixed template: the whole revision is what can be gone back to, by hand.
#[tokio::test(start_paused = true)]
async fn two_different_wrong_tags_of_one_revision_are_not_taken_back_one_by_one() {
    let cluster = two_wrong_tags("example/groom:9.9.9").await;
    let opened = cluster.process().open(&problem("flow doesn't come up, ImagePullBackOff"), &Caller::silent()).await.unwrap();
    assert!(opened.question.is_none() && opened.report.causes.len() == 2, "{}", opened.report.summary);
    assert!(
        opened.report.advice.iter().any(|a| a.command.as_deref().is_some_and(|c| c.contains("rollout undo"))),
        "{:?}",
        opened.report.advice
    );
}

#[tokio::test(start_paused = true)]
async fn two_causes_of_one_pod_are_resolved_in_part_only() {
    let images = "- {ref: 'example/flow:2.10.1', play: {listen: [{port: 8793, after: 0.3}]}}\n- {ref: 'example/groom:1.4.0', play: {listen: [{port: 8794, after: 0.3}]}}\n";
    let config = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: flow-settings}\ndata: {MODE: fast}\n---\n";
    let flow = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: flow}\nspec:\n  selector: {matchLabels: {app: flow}}\n  template:\n    metadata: {labels: {app: flow}}\n    spec:\n      containers:\n      - {name: scheduler, image: 'example/flow:2.10.1', envFrom: [{configMapRef: {name: flow-setings}}]}\n      - {name: groomer, image: 'example/groom:9.9.9'}\n";
    let cluster = cluster(images, &format!("{config}{flow}")).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let process = cluster.process_with(Limits { on_failure: OnFailure::Revert, ..Limits::default() }, true);
    let (first, question) = asked(&process, &problem("flow doesn't come up")).await;
    assert_eq!(first.causes.len(), 2, "{}", first.summary);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1, "the first is not taken back, so that somebody gets on to the second");
}

#[tokio::test(start_paused = true)]
async fn one_list_that_fails_while_it_is_watched_spoils_nothing() {
    let case = Case::load("image-tag-missing");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    cluster.sim.inject(Fault::on("GET", "/pods", FaultKind::Status(503)).times(3));
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn restart_of_this_morning_does_not_keep_a_mended_service_from_being_resolved() {
    let images = format!(
        "{STEADY}- {{ref: 'example/front:1.0', play: {{needs: [{{tcp: 'dep:80', fail: 'no dep'}}], listen: [{{port: 80, after: 0.3}}]}}}}\n"
    );
    let front = "apiVersion: v1\nkind: Service\nmetadata: {name: storefront}\nspec: {selector: {app: storefront-web, tier: frontend}, ports: \
         [{name: http, port: 80, targetPort: http}]}\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: storefront}\nspec:\n  replicas: 1\n  \
         selector: {matchLabels: {app: storefront}}\n  template:\n    metadata: {labels: {app: storefront, tier: frontend}}\n    spec: {containers: \
         [{name: web, image: 'example/front:1.0', ports: [{name: http, containerPort: 80}]}]}\n";
    let cluster = cluster(&images, front).await;
    cluster.apply(
        "apiVersion: v1\nkind: Service\nmetadata: {name: dep}\nspec: {selector: {app: dep}, ports: [{port: 80, targetPort: 80}]}\n---\n\
         apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: dep}\nspec:\n  replicas: 1\n  selector: {matchLabels: {app: dep}}\n  template:\n    \
         metadata: {labels: {app: dep}}\n    spec: {containers: [{name: app, image: 'example/app:1.0', ports: [{containerPort: 80}]}]}\n",
    );
    tokio::time::sleep(Duration::from_secs(5 * 3600)).await;
    let report = mended(&cluster, Limits::default(), "Nobody can reach the storefront, although its pods are running").await;
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
}
