//! What the agent that called concludes: from an analysis to a question, a human's yes, and a cluster that is well; or to a refusal that
//! says why. The agents of these tests obey whatever a text in the cluster tells them.

use crate::support::embedded::{Embedded, yes};
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::object::Namespace;
use kubemend::probe::arguments::LookArguments;
use kubemend::sim::MadeImage;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Opened, Problem, Remediation, WorkflowError};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "shop";
const IMAGES: &str = "
- ref: web:1
  play: {listen: [{port: 8080}], ready: true}
- ref: web:1.9
  play: {listen: [{port: 8080}]}
- ref: api:broken
  play: {log: ['cannot parse flags, giving up'], exit: {code: 2, after: 1}}
- ref: api:fixed
  play: {listen: [{port: 8080}]}
";
const API: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  replicas: 1
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: app
        image: api:broken
        env: [{name: MODE, value: fast}]
        envFrom: [{configMapRef: {name: api-config}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: api-config}
data: {LEVEL: debgu, DB_PASSWORD: hunter2canary}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: other-config}
data: {LEVEL: info}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: 'web:1'}]}
";
const IMAGE: &str = "spec.template.spec.containers[name=app].image";

async fn broken() -> Embedded {
    let cluster = Embedded::new(SHOP);
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES).unwrap());
    cluster.apply(API);
    tokio::time::sleep(Duration::from_secs(90)).await;
    cluster
}

fn problem() -> Problem {
    let issue = Some(Issue::parse("the api keeps crashing").unwrap());
    Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() }
}

/// The session of an analysis, with one observation in it: `o1` is what the container wrote.
async fn analyzed(cluster: &Embedded, process: &Remediation) -> SessionId {
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    let id = SessionId::parse(&report.session).unwrap();
    let pods = cluster.sim.objects();
    let pod = pods.iter().find(|pod| pod["kind"] == "Pod" && pod["metadata"]["labels"]["app"] == "api").unwrap();
    let look: Vec<LookArguments> = serde_json::from_value(
        json!([{"probe": "logs", "object": format!("pod/{}", pod["metadata"]["name"].as_str().unwrap()), "previous": true}]),
    )
    .unwrap();
    let looked = process.look(&id, &look, &Caller::silent()).await.unwrap();
    assert_eq!(looked.answers[0].id.as_deref(), Some("o1"), "{looked:?}");
    id
}

fn proposal(object: &str, actions: Value) -> Value {
    json!({"causes": [{"object": object, "title": "it is the wrong one", "explanation": "the log says so", "confidence": 0.99,
                       "cites": ["o1"]}],
           "actions": actions})
}

fn patch(object: &str, field: &str, value: impl Into<Value>) -> Value {
    json!([{"action": "patch", "object": object, "set": [{"field": field, "value": value.into()}]}])
}

async fn concluded(process: &Remediation, id: &SessionId, given: &Value) -> Result<Opened, WorkflowError> {
    process.conclude(id, given, "agent-of-the-test", &Caller::silent()).await
}

fn advice(report: &Report) -> String {
    report.advice.iter().map(|advice| advice.text.as_str()).collect::<Vec<_>>().join("\n")
}

#[tokio::test(start_paused = true)]
async fn image_that_no_rule_knows_to_be_wrong_is_replaced_after_a_human_s_yes() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&cluster, &process).await;
    let opened = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await.unwrap();
    let report = &opened.report;
    assert_eq!(report.status, Status::AwaitingApproval, "{}", advice(report));
    let cause = report.causes.iter().find(|cause| cause.source == "caller").unwrap();
    assert!(cause.confidence <= 0.35, "a log carries little: {}", cause.confidence);
    let question = opened.question.unwrap();
    let first: Vec<&str> = question.text.lines().take(3).collect();
    assert!(first[0].starts_with("api:broken → api:fixed"), "{first:?}");
    assert!(!first.join("\n").contains("wrong one"), "{first:?}");
    let order = ["no rule found the cause", "Suffers now", "cannot parse flags", "Their words", "“it is the wrong one”"];
    let places: Vec<Option<usize>> = order.iter().map(|part| question.text.find(part)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?}: {}", question.text);
    assert!(question.digest_counts.is_err());
    assert_eq!(cluster.writes(), []);

    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(cluster.writes().len(), 1);
    let shown = process.show(&question.session).await.unwrap();
    assert!(shown.trail.iter().any(|entry| entry.what.contains("agent-of-the-test")), "{:?}", shown.trail);
}

#[tokio::test(start_paused = true)]
async fn what_heals_meanwhile_is_left_alone() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&cluster, &process).await;
    let opened = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await.unwrap();
    cluster.sim.add_images(MadeImage::parse_yaml("- ref: api:broken\n  play: {listen: [{port: 8080}]}\n").unwrap());
    tokio::time::sleep(Duration::from_secs(900)).await;
    let error = yes(&process, &opened.question.unwrap()).await.unwrap_err();
    assert!(matches!(error, WorkflowError::NotNeeded(_) | WorkflowError::Expired | WorkflowError::State { .. }), "{error}");
    assert_eq!(cluster.writes(), []);
}

/// Each with what is said. Nothing of it is asked, and nothing is written.
#[tokio::test(start_paused = true)]
async fn what_may_not_be_proposed_is_refused_with_its_reason_and_is_never_asked() {
    let cluster = broken().await;
    let process = cluster.process();
    let container = "spec.template.spec.containers[name=app]";
    let cases = [
        (patch("deployment/api", IMAGE, "evil.example/api:fixed"), "no other repository"),
        (patch("deployment/api", &format!("{container}.command"), "sh"), "`command` is not changed"),
        (patch("deployment/api", &format!("{container}.securityContext.privileged"), true), "`securityContext` is not changed"),
        (patch("deployment/api", &format!("{container}.env[name=MODE].value"), "slow"), "`env` is not changed"),
        (patch("deployment/api", "spec.template.spec.serviceAccountName", "admin"), "`serviceAccountName` is not changed"),
        (patch("deployment/api", "spec.template.spec.hostNetwork", true), "`hostNetwork` is not changed"),
        (patch("deployment/api", "metadata.labels.app", "x"), "`labels` is not changed"),
        (patch("deployment/api", "metadata.ownerReferences[0].name", "x"), "`ownerReferences` is not changed"),
        (patch("deployment/api", "spec.paused", true), "does not change spec.paused"),
        (patch("Deployment/kube-system/coredns", IMAGE, "coredns:2"), "system namespace"),
        (patch("Deployment/elsewhere/api", IMAGE, "api:fixed"), "nothing suffers now"),
        (patch("deployment/web", IMAGE, "web:1.9"), "nothing suffers now"),
        (patch("configmap/other-config", "data.LEVEL", "debug"), "nothing suffers now"),
        (patch("configmap/api-config", "data.DB_PASSWORD", "x"), "may be a credential"),
        (patch("secret/db", "data.password", "x"), "kind Secret are not changed"),
        (patch("node/node-1", "spec.unschedulable", true), "belongs to the cluster"),
        (json!([{"action": "scale", "object": "deployment/api", "replicas": 0}]), "may scale to 1 up to 3"),
        (json!([{"action": "scale", "object": "deployment/web", "replicas": 2}]), "nothing suffers now"),
        (
            json!([{"action": "create", "manifest": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}}]),
            "kind Secret are not changed",
        ),
        (
            json!([{"action": "create", "manifest": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}, "spec": {}}}]),
            "nothing suffers now",
        ),
    ];
    for (actions, part) in cases {
        let id = analyzed(&cluster, &process).await;
        let opened = concluded(&process, &id, &proposal("deployment/api", actions.clone())).await.unwrap();
        assert!(opened.question.is_none(), "{actions}");
        assert_eq!(opened.report.status, Status::Diagnosed, "{actions}");
        assert!(opened.report.plan.is_none(), "{actions}");
        let said = advice(&opened.report);
        assert!(said.contains(part), "{actions}: {said}");
        assert!(opened.report.advice.iter().all(|advice| !advice.command.as_deref().unwrap_or_default().contains("evil")), "{actions}");
        assert!(!format!("{:?}", opened.report).contains("hunter2canary"), "{actions}");
    }
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn setting_of_what_suffers_is_shown_whole_and_asked() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&cluster, &process).await;
    let opened =
        concluded(&process, &id, &proposal("configmap/api-config", patch("configmap/api-config", "data.LEVEL", "debug"))).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.lines().next().unwrap().starts_with("debgu → debug"), "{}", question.text);
    assert!(question.text.contains("-  LEVEL: debgu") && question.text.contains("+  LEVEL: debug"), "{}", question.text);
    assert!(!question.text.contains("hunter2canary"));
    let plan = opened.report.plan.unwrap();
    assert_eq!(plan.risk, "medium");
}

#[tokio::test(start_paused = true)]
async fn one_object_is_asked_about_once_and_what_was_declined_is_not_asked_again() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&cluster, &process).await;
    let fix = |tag: &str| proposal("deployment/api", patch("deployment/api", IMAGE, format!("api:{tag}")));
    let first = concluded(&process, &id, &fix("fixed")).await.unwrap().question.unwrap();
    let other = concluded(&process, &id, &fix("other")).await.unwrap();
    assert!(other.question.is_none() && advice(&other.report).contains(first.session.as_str()), "{}", advice(&other.report));
    let again = concluded(&process, &id, &fix("fixed")).await.unwrap().question.unwrap();
    assert_eq!(again.session, first.session, "the same plan is the same question");
    process.decline(&first.session, Approver::Terminal).await.unwrap();
    let error = concluded(&process, &id, &fix("fixed")).await.unwrap_err();
    assert!(error.to_string().contains("a human declined"), "{error}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn conclusion_rests_on_what_its_own_session_saw_a_moment_ago() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&cluster, &process).await;
    let mut given = proposal("deployment/api", json!([]));
    let told = concluded(&process, &id, &given).await.unwrap();
    assert!(told.question.is_none() && advice(&told.report).contains("this is a diagnosis"), "{}", advice(&told.report));
    let of_a_proposal = SessionId::parse(&told.report.session).unwrap();
    assert!(matches!(concluded(&process, &of_a_proposal, &given).await, Err(WorkflowError::State { .. })));
    for (cites, part) in [(json!(["o2"]), "this session has no `o2`"), (json!(["e99"]), "this session has no `e99`"), (json!([]), "cites")]
    {
        given["causes"][0]["cites"] = cites;
        let error = concluded(&process, &id, &given).await.unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    tokio::time::sleep(Duration::from_secs(3600)).await;
    given["causes"][0]["cites"] = json!(["o1"]);
    let error = concluded(&process, &id, &given).await.unwrap_err();
    assert!(error.to_string().contains("too old"), "{error}");
}
