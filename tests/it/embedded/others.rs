//! What others do beside a session: another call about the same plan, another yes, another edit, and things that were named beside it.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use crate::support::webhook::Between;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::sim::{Denial, MadeImage};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Problem, Validate};
use serde_json::json;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";
const IMAGE: &str = "- {ref: 'example/app:1.0', play: {listen: [{port: 80, after: 1}]}}";

fn problem(issue: &str) -> Problem {
    let namespace = Some(Namespace::parse(NAMESPACE).unwrap());
    Problem { issue: Some(Issue::parse(issue).unwrap()), namespace, ..Problem::default() }
}

fn deployment(name: &str, port: u16, more: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    \
         metadata: {{labels: {{app: {name}}}}}\n    spec:\n      containers: [{{name: app, image: 'example/app:1.0', readinessProbe: {{tcpSocket: \
         {{port: {port}}}, periodSeconds: 1}}}}]\n{more}---\n"
    )
}

/// Waits for a claim that nobody made.
fn orders() -> String {
    deployment("orders", 80, "      volumes: [{name: data, persistentVolumeClaim: {claimName: orders-data}}]\n")
}

fn service(name: &str, selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {selector}}}, ports: [{{port: 80}}]}}\n---\n"
    )
}

/// Its readiness probe asks a port that nothing listens on.
fn never_ready(name: &str) -> String {
    format!("{}{}", deployment(name, 81, ""), service(name, name))
}

async fn cluster(objects: &str, seconds: u64) -> Embedded {
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGE).unwrap());
    cluster.apply(objects);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    cluster
}

fn why(report: &Report) -> String {
    report.validation.as_ref().and_then(|validation| validation.why.clone()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn narrower_words_of_another_call_make_no_verdict_better() {
    let cluster = cluster(&format!("{}{}", never_ready("pay"), orders()), 100).await;
    let process = cluster.process();
    let (_, first) = asked(&process, &problem("orders is pending and pay does not answer")).await;
    let (_, second) = asked(&process, &problem("orders is pending")).await;
    assert_ne!(first.session, second.session, "what is judged is not the same");
    let report = yes(&process, &first).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    assert!(why(&report).contains("pay"), "{}", why(&report));
}

#[tokio::test(start_paused = true)]
async fn what_nothing_is_called_is_said_beside_a_plan_for_something_else_that_was_named() {
    let cluster = cluster(&orders(), 30).await;
    let (report, question) = asked(&cluster.process(), &problem("orders and checkout-api are down")).await;
    for told in [&report.summary, &question.text] {
        assert!(told.contains("Nothing in namespace shop is called `checkout-api`") && told.contains("Deployment shop/orders"), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn second_yes_and_a_clock_that_jumps_take_no_session_from_the_call_that_acts() {
    let case = Case::load("image-tag-missing");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let jump = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cluster.clock.set_by(3 * 3600);
        process.show(&question.session).await.unwrap()
    };
    let (one, two, seen) = tokio::join!(yes(&process, &question), yes(&process, &question), jump);
    assert_ne!(seen.status, Status::Interrupted, "{}", seen.summary);
    let acted: Vec<Report> = [one, two].into_iter().flatten().filter(|report| report.status == Status::Resolved).collect();
    assert!(!acted.is_empty());
    assert_eq!(process.show(&question.session).await.unwrap().status, Status::Resolved);
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn edit_of_somebody_else_is_not_recorded_as_what_a_plan_led_to() {
    let case = Case::load("image-tag-missing");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let cancel = CancellationToken::new();
    let caller = Caller::new(&kubemend::ports::Silent, &cancel);
    let by = Approver::Library("the tests".to_owned());
    let cut = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        cancel.cancel();
    };
    let (report, ()) = tokio::join!(process.approve(&question.session, &question.token, &question.digest, by, &caller), cut);
    assert_eq!(report.unwrap().status, Status::Unclear);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let theirs = json!({"spec": {"template": {"spec": {"containers": [{"name": "api", "image": "example/catalog:7.7.7"}]}}}});
    cluster.merge("apps/v1", "deployments", "catalog", &theirs).await;
    tokio::time::sleep(Duration::from_secs(100)).await;
    let looked = process.validate(&Validate::Session(question.session.clone()), &Caller::silent()).await.unwrap();
    let advice: String = looked.advice.iter().map(|advice| format!("{advice:?}\n")).collect();
    assert!(advice.contains("changed again since") && !advice.contains("did not help") && !advice.contains("kubemend undo"), "{advice}");
    assert_eq!(process.show(&question.session).await.unwrap().status, Status::Unclear);
}

/// `orders` gets its claim, and what the words name besides has not been seen to be well.
#[tokio::test(start_paused = true)]
async fn what_the_words_name_and_is_not_ready_yet_is_not_resolved() {
    for issue in ["orders is pending and pay does not answer", "orders is pending and the service pay does not answer"] {
        let cluster = cluster(&format!("{}{}", never_ready("pay"), orders()), 20).await;
        let process = cluster.process();
        let (_, question) = asked(&process, &problem(issue)).await;
        let report = yes(&process, &question).await.unwrap();
        assert!(matches!(report.status, Status::Unclear | Status::Partly), "{issue}: {}", report.summary);
        assert!(why(&report).contains("pay"), "{issue}: {}", why(&report));
    }
}

/// The Service that the cause left without addresses belongs to the verdict, so it has to be read for it.
#[tokio::test(start_paused = true)]
async fn service_that_suffered_and_cannot_be_read_any_more_is_not_resolved() {
    for denied in [None, Some("endpointslices"), Some("services")] {
        let cluster = cluster(&format!("{}{}", orders(), service("orders-front", "orders")), 20).await;
        let process = cluster.process();
        let (_, question) = asked(&process, &problem("orders is pending")).await;
        cluster.apply(&service("orders-front", "nobody"));
        tokio::time::sleep(Duration::from_secs(2)).await;
        if let Some(plural) = denied {
            cluster.sim.deny(Denial::of("list", plural).to_user("reader"));
        }
        let report = yes(&process, &question).await.unwrap();
        assert!(matches!(report.status, Status::Unclear | Status::Partly), "{denied:?}: {}", report.summary);
        assert!(!why(&report).is_empty(), "{denied:?}");
    }
}

/// What a plan is judged by was read for it: one that was planned with less is another plan, and what it lacks is not taken for seen.
#[tokio::test(start_paused = true)]
async fn plan_that_saw_less_is_not_the_one_that_saw_all() {
    let cluster = cluster(&format!("{}{}", orders(), service("orders-front", "orders")), 20).await;
    for plural in ["endpointslices", "services"] {
        cluster.sim.deny(Denial::of("list", plural).to_user("blind"));
    }
    let over = |reader: &str| {
        let writer = Between::holding(cluster.sim.service_as("writer"), None);
        cluster.process_through(cluster.sim.service_as(reader), writer, Limits::default(), true)
    };
    let (blind, sees) = (over("blind"), over("reader"));
    let problem = problem("the service orders-front does not answer, orders is pending");
    let (_, first) = asked(&blind, &problem).await;
    let (_, second) = asked(&sees, &problem).await;
    assert_ne!((&first.session, &first.digest), (&second.session, &second.digest));
    cluster.apply(&service("orders-front", "nobody"));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let report = yes(&blind, &second).await.unwrap();
    assert!(matches!(report.status, Status::Unclear | Status::Partly), "{}", report.summary);
}
