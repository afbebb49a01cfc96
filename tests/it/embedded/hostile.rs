//! Looks by somebody who wants to see more than is shown: filters that would answer guesses, cut halves, and other ways to the same thing.

use crate::support::embedded::Embedded;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::Issue;
use kubemend::domain::object::Namespace;
use kubemend::probe::Allowed;
use kubemend::sim::MadeImage;
use kubemend::workflow::{Caller, Looked, Problem, Remediation};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "shop";
const IMAGES: &str = "
- ref: till:1
  play:
    log:
    - till starts
    - '{\"level\":\"info\",\"credentials\":{\"primary\":\"Canary1\",\"other\":[\"Canary2\"]}}'
    - 'login with password Canary3 at db'
    - 'kind: Secret'
    - 'data:'
    - '  x: Canary4'
    exit: {code: 1, after: 1}
";
const TILL: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata:
  name: till
  annotations: {old: '{"kind":"Secret","stringData":{"x":"Canary5"}}'}
spec:
  replicas: 1
  selector: {matchLabels: {app: till}}
  template:
    metadata: {labels: {app: till}}
    spec: {containers: [{name: app, image: 'till:1'}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: till-config}
data:
  nested.yaml: |
    level: debug
    passwords:
      primary: Canary6
      all:
      - Canary7
  manifest.yaml: |
    apiVersion: v1
    kind: Secret
    metadata: {name: inner}
    data:
      x: Canary8
  users.csv: |
    user,password
    bob,Canary9
  server.xml: <server><password>Canary10</password><property name="password" value="Canary11"/></server>
  pgpass: "db.shop.svc:5432:till:app:Canary12\n"
---
apiVersion: v1
kind: Event
metadata: {name: answered}
involvedObject: {apiVersion: v1, kind: Pod, name: till-0, namespace: shop}
reason: Unhealthy
type: Warning
message: "Readiness probe failed: answered-canary"
source: {component: kubelet}
firstTimestamp: "2026-11-23T12:00:00Z"
lastTimestamp: "2026-11-23T12:00:00Z"
"#;

async fn till(allowed: Allowed) -> (Embedded, Remediation, String, String) {
    let mut cluster = Embedded::new(SHOP);
    cluster.allowed = allowed;
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
    cluster.apply(TILL);
    tokio::time::sleep(Duration::from_secs(90)).await;
    let process = cluster.process();
    let issue = Some(Issue::parse("till keeps crashing").unwrap());
    let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    clean("the report", &serde_json::to_string(&report).unwrap());
    let pods = cluster.objects().into_iter().filter(|object| object["kind"] == "Pod");
    let pod = pods.map(|object| object["metadata"]["name"].as_str().unwrap().to_owned()).next().unwrap();
    (cluster, process, report.session, format!("pod/{pod}"))
}

fn offering() -> Allowed {
    Allowed { investigate: Investigate::Auto, ..Allowed::default() }
}

async fn look(process: &Remediation, session: &str, given: Value) -> Looked {
    process.look(&SessionId::parse(session).unwrap(), &serde_json::from_value::<Vec<_>>(given).unwrap(), &Caller::silent()).await.unwrap()
}

fn clean(exit: &str, text: &str) {
    assert!(!text.contains("Canary"), "{exit}: {text}");
}

#[tokio::test(start_paused = true)]
async fn what_stands_in_documents_within_objects_and_logs_is_shown_by_no_look() {
    let (_cluster, process, session, pod) = till(offering()).await;
    let looked = look(
        &process,
        &session,
        json!([
            {"probe": "get", "object": "configmap/till-config"},
            {"probe": "get", "object": "configmap/till-config", "field": "data"},
            {"probe": "describe", "object": "configmap/till-config"},
            {"probe": "get", "object": "deployment/till"},
            {"probe": "get", "object": "deployment/till", "field": "metadata.annotations.old"},
            {"probe": "logs", "object": pod},
        ]),
    )
    .await;
    for answer in &looked.answers {
        clean(&answer.asked, &answer.text);
        assert!(answer.id.is_some(), "{answer:?}");
    }
    assert!(looked.answers[0].text.contains("level: debug"), "{}", looked.answers[0].text);
    assert!(looked.answers[5].text.contains("till starts"), "{}", looked.answers[5].text);
}

/// A filter that saw what is masked would tell by its answer whether a guess is right.
#[tokio::test(start_paused = true)]
async fn filter_answers_a_right_guess_as_it_answers_a_wrong_one() {
    let (_cluster, process, session, pod) = till(offering()).await;
    for (right, wrong) in [("Canary1", "Wrong1"), ("Canary3 at", "Wrong3 at"), ("x: Canary4", "x: Wrong4"), ("anary", "ronga")] {
        let of = |text: &str| json!({"probe": "logs", "object": pod, "contains": text});
        let looked = look(&process, &session, json!([of(right), of(wrong)])).await;
        let told = |index: usize, guess: &str| looked.answers[index].text.replace(guess, "GUESS");
        assert_eq!(told(0, right), told(1, wrong));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_program_answered_is_kept_back_whichever_way_the_event_is_asked_for() {
    let hidden = Allowed { logs: false, ..offering() };
    for (allowed, shown) in [(offering(), true), (hidden, false)] {
        let (_cluster, process, session, _) = till(allowed).await;
        let looked = look(
            &process,
            &session,
            json!([{"probe": "events"}, {"probe": "list", "kind": "events"}, {"probe": "get", "object": "event/answered"},
                {"probe": "describe", "object": "event/answered"}, {"probe": "events", "object": "pod/till-0"}]),
        )
        .await;
        for answer in &looked.answers {
            assert!(answer.id.is_some(), "{answer:?}");
            assert!(shown || !answer.text.contains("answered-canary"), "{answer:?}");
        }
        let told = looked.answers.iter().filter(|answer| answer.text.contains("answered-canary")).count();
        assert!(!shown || told >= 3, "{looked:?}");
    }
}
