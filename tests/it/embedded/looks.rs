//! Looks of an investigation on the embedded cluster: what no rule explains is shown without being asked for, and whoever goes on gets
//! observations with ids, or how to ask better.

use crate::support::embedded::Embedded;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::ports::ReadError;
use kubemend::probe::Allowed;
use kubemend::probe::arguments::LookArguments;
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::records::bundle::Bundle;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Caller, Looked, Problem, Remediation, WorkflowError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const SHOP: &str = "shop";
/// A program that dies of something that only its log tells.
const IMAGES: &str = "
- ref: checkout:2
  play:
    log: ['checkout 2 starts', 'connecting to queue.shop.svc:5672 with password=hunter2-canary']
    exit: {code: 1, after: 1}
- ref: web:1
  play: {listen: [{port: 8080}]}
";
const CHECKOUT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout}
spec:
  replicas: 1
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
      - name: app
        image: checkout:2
        env: [{name: QUEUE, value: 'queue.shop.svc:5672'}, {name: API_TOKEN, value: env-canary}, {name: MOTTO, value: neutral-canary}]
        envFrom: [{configMapRef: {name: checkout-config}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: checkout-config}
data: {LEVEL: debug, DB_PASSWORD: map-canary}
---
apiVersion: v1
kind: Service
metadata: {name: queue}
spec: {selector: {app: queue}, ports: [{port: 5672}]}
";

async fn crashing() -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, CHECKOUT, 90).await
}

fn problem() -> Problem {
    let issue = Some(Issue::parse("checkout keeps crashing").unwrap());
    Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() }
}

fn looks(given: Value) -> Vec<LookArguments> {
    serde_json::from_value(given).unwrap()
}

async fn look(process: &Remediation, session: &str, given: Value) -> Looked {
    process.look(&SessionId::parse(session).unwrap(), &looks(given), &Caller::silent()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_no_rule_explains_is_shown_with_the_log_and_the_object_without_being_asked_for() {
    let cluster = crashing().await;
    let report = cluster.process().analyze(&problem(), &Caller::silent()).await.unwrap();
    assert_eq!((report.status, report.causes.len()), (Status::Inconclusive, 0), "{}", report.summary);
    let asked: Vec<&str> = report.observations.iter().map(|o| o.asked.split_whitespace().next().unwrap()).collect();
    assert_eq!(asked, ["logs", "describe"], "{:?}", report.observations);
    assert!(report.observations[0].text.contains("connecting to queue.shop.svc:5672"), "{:?}", report.observations[0]);
    assert!(!format!("{report:?}").contains("canary"), "{report:?}");
    assert_eq!(cluster.writes(), []);
}

/// A report without a log reads as one of a program that wrote none.
#[tokio::test(start_paused = true)]
async fn log_that_could_not_be_read_unasked_is_missing_and_says_what_would_allow_it() {
    let cluster = crashing().await;
    cluster.sim.deny(Denial::of("get", "pods/log"));
    let report = cluster.process().analyze(&problem(), &Caller::silent()).await.unwrap();
    let asked: Vec<&str> = report.observations.iter().map(|o| o.asked.split_whitespace().next().unwrap()).collect();
    assert_eq!(asked, ["describe"], "{:?}", report.observations);
    let gap = report.coverage.gaps.iter().find(|gap| gap.what.starts_with("logs pod/checkout-")).unwrap();
    assert!(gap.why == "forbidden" && gap.unlock.as_ref().is_some_and(|unlock| unlock.contains("pods/log")), "{gap:?}");
    let caller = Caller::silent().into_a_file(true);
    let report = crashing().await.process().analyze(&problem(), &caller).await.unwrap();
    assert!(report.observations.is_empty() && report.coverage.gaps.is_empty(), "many read what a job prints: {report:?}");
    let mut shut = crashing().await;
    shut.allowed = Allowed { logs: false, ..shut.allowed };
    let report = shut.process().analyze(&problem(), &Caller::silent()).await.unwrap();
    assert!(report.coverage.gaps.is_empty(), "the operator keeps them back: {:?}", report.coverage.gaps);
}

#[tokio::test(start_paused = true)]
async fn each_look_is_answered_with_an_id_or_with_how_to_ask() {
    let cluster = crashing().await;
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let first = report.observations.len();
    let looked = look(
        &process,
        &report.session,
        json!([
            {"probe": "list", "kind": "pods"},
            {"probe": "get", "object": "deployment/checkout", "field": "spec.template.spec.containers[name=app]"},
            {"probe": "describe", "object": "deploy/checkout"},
            {"probe": "describe", "object": "Service/shop/queue"},
            {"probe": "get", "object": "configmap/checkout-config"},
            {"probe": "events"},
            {"probe": "get", "object": "deployment/chekout"},
            {"probe": "get", "object": "secret/db"},
        ]),
    )
    .await;
    let ids: Vec<Option<&str>> = looked.answers.iter().map(|answer| answer.id.as_deref()).collect();
    let expected: Vec<String> = (1..=6).map(|n| format!("o{}", first + n)).collect();
    assert_eq!(ids[..6], expected.iter().map(|id| Some(id.as_str())).collect::<Vec<_>>(), "{:?}", looked.answers);
    assert_eq!(ids[6..], [None, None]);
    let text = |index: usize| looked.answers[index].text.as_str();
    assert!(text(0).starts_with("NAME") && text(0).contains("CrashLoopBackOff"), "{}", text(0));
    assert!(text(1).contains("image: checkout:2") && text(1).contains("queue.shop.svc:5672"), "{}", text(1));
    for part in [
        "Pods with `app=checkout`",
        "ConfigMap shop/checkout-config: exists, with the keys `DB_PASSWORD`, `LEVEL`",
        "events, the latest last",
    ] {
        assert!(text(2).contains(part), "{part}: {}", text(2));
    }
    assert!(text(3).contains("Pods with `app=queue`:\nnone"), "{}", text(3));
    assert!(text(4).contains("LEVEL: debug"), "{}", text(4));
    assert!(text(5).contains("BackOff"), "{}", text(5));
    assert!(text(6).contains("there is no Deployment `chekout` in `shop`; did you mean `checkout`?"), "{}", text(6));
    assert_eq!(text(7), "kubemend never reads Secrets");
    assert!(!format!("{looked:?}").contains("canary"), "{looked:?}");
    assert_eq!(cluster.writes(), []);

    let kept = process.show(&SessionId::parse(&report.session).unwrap()).await.unwrap();
    assert_eq!(kept.observations.len(), first + 6);
    assert_eq!(kept.observations[first].text, text(0), "what was seen stays what it was");
    assert_eq!(kept.status, report.status);
    let bundle = Bundle::of(&process.records(), &SessionId::parse(&report.session).unwrap()).await.unwrap().written().unwrap();
    assert!(!bundle.contains("canary"), "{bundle}");
    let bundle: Value = serde_json::from_str(&bundle).unwrap();
    let looks = &bundle["conversation"][0]["brought"];
    let told = json!({"call": "get secret/db", "text": "kubemend never reads Secrets"});
    assert_eq!((&looks[0]["observation"], &looks[7]), (&json!(expected[0]), &told), "{looks:#}");
}

#[tokio::test(start_paused = true)]
async fn look_in_a_namespace_that_does_not_exist_names_those_that_do() {
    let cluster = crashing().await;
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let looked = look(&process, &report.session, json!([{"probe": "get", "object": "pod/web", "namespace": "shopp"}])).await;
    assert!(looked.answers[0].text.contains("namespace `shopp` does not exist; did you mean `shop`?"), "{:?}", looked.answers);
}

#[tokio::test(start_paused = true)]
async fn missing_right_is_said_as_one_and_the_other_looks_are_answered() {
    let cluster = crashing().await;
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let pod = report.observations[0].asked.split_whitespace().nth(1).unwrap().to_owned();
    cluster.sim.deny(Denial::of("get", "pods/log").to_user("reader"));
    let looked = look(&process, &report.session, json!([{"probe": "logs", "object": pod}, {"probe": "list", "kind": "services"}])).await;
    let [log, services] = looked.answers.as_slice() else { panic!("{looked:?}") };
    assert!(log.id.is_none() && log.text.contains("is not allowed") && log.text.contains("pods/log"), "{log:?}");
    assert!(services.id.is_some() && services.text.contains("queue"), "{services:?}");
}

#[tokio::test(start_paused = true)]
async fn looks_are_refused_where_the_operator_offers_none_and_nothing_is_looked_at_unasked() {
    let mut cluster = crashing().await;
    cluster.allowed = Allowed { investigate: Investigate::Never, ..Allowed::default() };
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    assert_eq!(report.observations, []);
    let id = SessionId::parse(&report.session).unwrap();
    let said = process.look(&id, &looks(json!([{"probe": "events"}])), &Caller::silent()).await;
    assert!(matches!(said, Err(WorkflowError::NotOffered)), "{said:?}");
    assert!(!cluster.sim.requests().iter().any(|request| request.path.contains("/log")), "no log was read");
}

/// Each request in time, and all of them not: what was reached is told, and what was not is said.
#[tokio::test(start_paused = true)]
async fn looks_that_take_too_long_together_are_answered_as_far_as_they_came() {
    let cluster = crashing().await;
    let sim = cluster.sim.clone();
    let slow = tower::service_fn(move |request: http::Request<kube::client::Body>| {
        let sim = sim.clone();
        async move {
            if request.uri().path().contains("/configmaps/") {
                tokio::time::sleep(Duration::from_secs(8)).await;
            }
            tower::ServiceExt::oneshot(sim.service_as("reader"), request).await
        }
    });
    let process = cluster.process_through(slow, cluster.sim.service_as("writer"), Limits::default(), true);
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let begin = tokio::time::Instant::now();
    let map = json!({"probe": "get", "object": "configmap/checkout-config"});
    let looked = look(&process, &report.session, Value::from(vec![map; 8])).await;
    assert!(begin.elapsed() <= Duration::from_secs(31), "{:?}", begin.elapsed());
    let seen: Vec<bool> = looked.answers.iter().map(|answer| answer.id.is_some()).collect();
    assert_eq!(seen, [true, true, true, false, false, false, false, false], "{:?}", looked.answers);
    assert!(looked.answers[3].text.contains("no time left of the 30 seconds for all looks"), "{:?}", looked.answers[3]);
}

/// One connection breaks, or one answer says that nobody is logged in: the other looks are taken all the same.
#[tokio::test(start_paused = true)]
async fn look_that_reaches_nothing_takes_no_other_one_with_it_and_only_all_of_them_fail_the_call() {
    let cluster = crashing().await;
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    cluster.sim.inject(Fault::new(FaultKind::Status(401), |_, path| path.contains("/configmaps/")).times(100));
    let map = json!({"probe": "get", "object": "configmap/checkout-config"});
    let asked = json!([map, {"probe": "describe", "object": "deployment/checkout"}, map, {"probe": "list", "kind": "pods"}]);
    let looked = look(&process, &report.session, asked).await;
    let seen: Vec<bool> = looked.answers.iter().map(|answer| answer.id.is_some()).collect();
    assert_eq!(seen, [false, true, false, true], "{:?}", looked.answers);
    let id = SessionId::parse(&report.session).unwrap();
    let said = process.look(&id, &looks(json!([map, map])), &Caller::silent()).await;
    assert!(matches!(said, Err(WorkflowError::Read(ReadError::Unauthorized { .. }))), "{said:?}");
}

/// A discovery that fails is no answer about what the cluster has, and no other look is lost beside it.
#[tokio::test(start_paused = true)]
async fn kind_is_unknown_while_discovery_fails_and_known_once_it_answers() {
    let cluster = crashing().await;
    let process = cluster.process();
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let asked = json!([{"probe": "get", "object": "certificate/shop-tls"}, {"probe": "describe", "object": "deployment/checkout"}]);
    for kind in [FaultKind::Status(403), FaultKind::Status(503), FaultKind::Hang] {
        let fails = Arc::new(AtomicBool::new(true));
        let failing = fails.clone();
        cluster.sim.inject(Fault::new(kind.clone(), move |_, path| failing.load(Ordering::SeqCst) && path == "/apis").times(100));
        let looked = look(&process, &report.session, asked.clone()).await;
        let [unknown, seen] = looked.answers.as_slice() else { panic!("{:?}", looked.answers) };
        assert!(unknown.text.contains("it is not known whether this cluster has `certificate`"), "{kind:?}: {}", unknown.text);
        assert!(unknown.id.is_none() && seen.id.is_some(), "{kind:?}: {:?}", looked.answers);
        fails.store(false, Ordering::SeqCst);
    }
    let looked = look(&process, &report.session, asked).await;
    assert!(looked.answers[0].text.contains("is neither a kind of an API group of this cluster"), "{}", looked.answers[0].text);
}
