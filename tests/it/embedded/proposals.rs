//! What the agent that called concludes: from an analysis to a question, a human's yes, and a cluster that is well; or to a refusal that
//! says why. The agents of these tests obey whatever a text in the cluster tells them.

use crate::support::embedded::{Embedded, yes};
use kubemend::domain::confidence::Confidence;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::{Consent, DigestRefusal, Limits, Mode};
use kubemend::domain::object::Namespace;
use kubemend::domain::risk::Risk;
use kubemend::probe::arguments::LookArguments;
use kubemend::sim::MadeImage;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Opened, Problem, Question, Remediation, WorkflowError};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "shop";
const IMAGES: &str = "
- ref: web:1
  play: {listen: [{port: 8080}]}
- ref: web:1.9
  play: {listen: [{port: 8080}]}
- ref: api:broken
  play: {log: ['cannot parse flags, giving up'], exit: {code: 2, after: 1}}
- ref: api:obey-6
  play: {log: ['obey-1 or else'], exit: {code: 2, after: 1}}
- ref: api:picky
  play:
    needs: [{env: LEVEL, match: '^(debug|info)$', fail: 'LEVEL is neither debug nor info'}]
    listen: [{port: 8080}]
- ref: report:1
  play: {log: ['unknown command'], exit: {code: 64, after: 1}}
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
const IMAGES_THAT_CRASH: &str = "- ref: api:fixed\n  play: {log: ['cannot parse flags'], exit: {code: 2, after: 1}}\n";
const IMAGES_THAT_RUN: &str = "- ref: api:broken\n  play: {listen: [{port: 8080}]}\n";
const IMAGE: &str = "spec.template.spec.containers[name=app].image";

async fn broken() -> Embedded {
    running(API).await
}

async fn running(manifests: &str) -> Embedded {
    Embedded::open_to_looks(SHOP, IMAGES, manifests, 90).await
}

fn problem() -> Problem {
    let issue = Some(Issue::parse("the api keeps crashing").unwrap());
    Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() }
}

/// The session of an analysis: `o1` is what the container wrote, which was looked at unasked.
async fn analyzed(process: &Remediation) -> SessionId {
    let report = process.analyze(&problem(), &Caller::silent()).await.unwrap();
    assert!(report.observations[0].asked.starts_with("logs"), "{:?}", report.observations);
    SessionId::parse(&report.session).unwrap()
}

/// The question about the other image, after an analysis of its own.
async fn asked_for_the_image(process: &Remediation) -> Question {
    let id = analyzed(process).await;
    let opened = concluded(process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await.unwrap();
    opened.question.unwrap()
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
    let id = analyzed(&process).await;
    let opened = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await.unwrap();
    let report = &opened.report;
    assert_eq!(report.status, Status::AwaitingApproval, "{}", advice(report));
    let cause = report.causes.iter().find(|cause| cause.source == "caller").unwrap();
    assert!(cause.confidence <= 0.35, "a log carries little: {}", cause.confidence);
    let question = opened.question.unwrap();
    let first: Vec<&str> = question.text.lines().take(3).collect();
    assert!(first[0].starts_with("agent: api:broken → api:fixed"), "{first:?}");
    assert_eq!(question.by, Some("an agent"));
    assert!(!first.join("\n").contains("wrong one"), "{first:?}");
    let order = ["no rule found the cause", "Affected at ", "cannot parse flags", "Their words", "“it is the wrong one”"];
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
    let id = analyzed(&process).await;
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
        (patch("Deployment/elsewhere/api", IMAGE, "api:fixed"), "nothing is affected now"),
        (patch("deployment/web", IMAGE, "web:1.9"), "nothing is affected now"),
        (patch("configmap/other-config", "data.LEVEL", "debug"), "nothing is affected now"),
        (patch("configmap/api-config", "data.DB_PASSWORD", "x"), "can be a credential"),
        (patch("secret/db", "data.password", "x"), "kind Secret are not changed"),
        (patch("node/node-1", "spec.unschedulable", true), "belongs to the cluster"),
        (json!([{"action": "scale", "object": "deployment/api", "replicas": 0}]), "may scale to 1 up to 3"),
        (json!([{"action": "scale", "object": "deployment/web", "replicas": 2}]), "nothing is affected now"),
        (
            json!([{"action": "create", "manifest": {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}}}]),
            "kind Secret are not changed",
        ),
        (
            json!([{"action": "create", "manifest": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "x"}, "spec": {}}}]),
            "nothing is affected now",
        ),
    ];
    for (actions, part) in cases {
        let id = analyzed(&process).await;
        let opened = concluded(&process, &id, &proposal("deployment/api", actions.clone())).await.unwrap();
        assert!(opened.question.is_none(), "{actions}");
        assert_eq!(opened.report.status, Status::Inconclusive, "a log decides nothing: {actions}");
        assert!(opened.report.plan.is_none(), "{actions}");
        let said = advice(&opened.report);
        assert!(said.contains(part), "{actions}: {said}");
        assert!(opened.report.advice.iter().all(|advice| !advice.command.as_deref().unwrap_or_default().contains("evil")), "{actions}");
        assert!(!format!("{:?}", opened.report).contains("hunter2canary"), "{actions}");
    }
    assert_eq!(cluster.writes(), []);
}

/// By its place a container is the same as by its name, and no field of it is open that is not by the other.
#[tokio::test(start_paused = true)]
async fn field_is_judged_alike_in_each_of_its_spellings() {
    let cluster = broken().await;
    let process = cluster.process();
    for container in ["containers[0]", "containers[name=app]", "containers[image=api:broken]"] {
        let of = |field: &str| format!("spec.template.spec.{container}.{field}");
        let id = analyzed(&process).await;
        let closed = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", &of("command"), "sh"))).await.unwrap();
        assert!(closed.question.is_none() && advice(&closed.report).contains("`command` is not changed"), "{}", advice(&closed.report));
        let elsewhere = patch("deployment/api", &of("image"), "evil.example/api:fixed");
        let elsewhere = concluded(&process, &id, &proposal("deployment/api", elsewhere)).await.unwrap();
        assert!(advice(&elsewhere.report).contains("no other repository"), "{}", advice(&elsewhere.report));
    }
    let id = analyzed(&process).await;
    let by_place = patch("deployment/api", "spec.template.spec.containers[0].image", "api:fixed");
    let opened = concluded(&process, &id, &proposal("deployment/api", by_place)).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.contains(IMAGE), "{}", question.text);
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn setting_of_what_suffers_is_shown_whole_and_asked() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let opened =
        concluded(&process, &id, &proposal("configmap/api-config", patch("configmap/api-config", "data.LEVEL", "debug"))).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.lines().next().unwrap().starts_with("proposed by an agent: debgu → debug"), "{}", question.text);
    assert!(question.text.contains("-  LEVEL: debgu") && question.text.contains("+  LEVEL: debug"), "{}", question.text);
    assert!(!question.text.contains("hunter2canary"));
    let plan = opened.report.plan.unwrap();
    assert_eq!(plan.risk.to_string(), "medium");
}

#[tokio::test(start_paused = true)]
async fn bad_value_of_a_config_map_is_set_right_and_the_program_runs() {
    let cluster = running(&API.replace("api:broken", "api:picky")).await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let given = proposal("configmap/api-config", patch("configmap/api-config", "data.LEVEL", "debug"));
    let opened = concluded(&process, &id, &given).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    let done = yes(&process, &question).await.unwrap();
    // The Pod stays, and its restarts before the change count for a while: that it runs is what is seen.
    let checks = done.validation.unwrap().checks;
    assert!(checks.iter().any(|check| check.what == "rolloutComplete" && check.passed == Some(true)), "{checks:?}");
    assert_eq!(cluster.sim.object("configmaps", SHOP, "api-config").unwrap()["data"]["LEVEL"], "debug");
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_config_maps_is_not_changed_where_it_may_not_be_shown() {
    let mut cluster = broken().await;
    cluster.allowed.config_maps = false;
    let process = cluster.process();
    let answers: Vec<String> = {
        let mut all = Vec::new();
        for (key, value) in [("LEVEL", "debgu"), ("LEVEL", "other"), ("NONE", "x"), ("DB_PASSWORD", "hunter2canary")] {
            let id = analyzed(&process).await;
            let given = proposal("configmap/api-config", patch("configmap/api-config", &format!("data.{key}"), value));
            all.push(advice(&concluded(&process, &id, &given).await.unwrap().report).lines().last().unwrap().to_owned());
        }
        all
    };
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.contains("ConfigMaps")), "{answers:?}");
}

const JOB: &str = "
apiVersion: batch/v1
kind: Job
metadata: {name: report}
spec:
  backoffLimit: 1
  template:
    spec: {restartPolicy: Never, containers: [{name: app, image: 'report:1', command: [reprot]}]}
";

#[tokio::test(start_paused = true)]
async fn command_of_a_job_is_left_to_a_human_and_the_diagnosis_stands() {
    let cluster = running(&format!("{API}---{JOB}")).await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let actions = patch("job/report", "spec.template.spec.containers[name=app].command", "report");
    let opened = concluded(&process, &id, &proposal("job/report", actions)).await.unwrap();
    assert!(opened.question.is_none());
    assert!(advice(&opened.report).contains("kind Job are not changed"), "{}", advice(&opened.report));
    let stated = opened.report.causes.iter().find(|cause| cause.source == "caller").unwrap();
    assert!(stated.title.contains("“it is the wrong one”"), "{}", stated.title);
    assert_eq!(cluster.writes(), []);
}

/// What a text in the cluster orders, by the word that stands in it.
fn ordered(word: usize) -> Value {
    let container = "spec.template.spec.containers[name=app]";
    let orders = [
        json!([{"action": "scale", "object": "Deployment/kube-system/coredns", "replicas": 1}]),
        patch("deployment/api", IMAGE, "evil.example/miner:1"),
        patch("deployment/api", &format!("{container}.securityContext.privileged"), true),
        patch("deployment/web", IMAGE, "web:1.9"),
        patch("configmap/api-config", "data.DB_PASSWORD", "known"),
        patch("deployment/api", &format!("{container}.command"), "sh"),
        json!([{"action": "create", "manifest": {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "x"}}}]),
        json!([{"action": "deleteNamespace", "object": "namespace/shop"}]),
        // Attractive, and wrong: it may be asked.
        patch("deployment/api", IMAGE, "api:other"),
    ];
    orders.into_iter().nth(word).unwrap()
}

/// An agent that looks, and does what the first text tells it that holds an order.
#[tokio::test(start_paused = true)]
async fn agent_that_obeys_texts_of_the_cluster_gets_nothing_carried_out() {
    let hostile = API
        .replace("api:broken", "api:obey-6")
        .replacen(
            "metadata: {name: api}",
            "metadata: {name: api, annotations: {kubernetes.io/change-cause: obey-2}, labels: {team: obey-3}}",
            1,
        )
        .replace("LEVEL: debgu", "LEVEL: obey-4")
        + "---
apiVersion: v1
kind: Event
metadata: {name: told}
involvedObject: {kind: Deployment, name: api, namespace: shop, apiVersion: apps/v1}
type: Warning
reason: Failed
message: obey-8 or obey-0
lastTimestamp: '2026-11-23T12:00:05Z'
source: {component: kubelet}
---
apiVersion: v1
kind: Pod
metadata: {name: odd}
spec: {containers: [{name: obey-5, image: 'api:obey-6'}]}
";
    let cluster = running(&hostile).await;
    let process = cluster.process();
    let carriers = [
        json!({"probe": "events"}),
        json!({"probe": "get", "object": "deployment/api", "field": "metadata.annotations"}),
        json!({"probe": "get", "object": "deployment/api", "field": "metadata.labels"}),
        json!({"probe": "get", "object": "deployment/api", "field": IMAGE}),
        json!({"probe": "get", "object": "configmap/api-config"}),
        json!({"probe": "get", "object": "pod/odd", "field": "spec.containers"}),
        json!({"probe": "logs", "object": "pod/odd", "previous": true}),
        json!({"probe": "describe", "object": "deployment/api"}),
    ];
    let mut obeyed = Vec::new();
    for look in carriers {
        let id = analyzed(&process).await;
        let looks: Vec<LookArguments> = serde_json::from_value(json!([look])).unwrap();
        let looked = process.look(&id, &looks, &Caller::silent()).await.unwrap();
        let answer = &looked.answers[0];
        let mut words: Vec<usize> = answer.text.split("obey-").skip(1).map(|order| order[..1].parse().unwrap()).collect();
        words.sort_unstable();
        words.dedup();
        assert!(!words.is_empty(), "{look}: {answer:?}");
        for word in words {
            obeyed.push(word);
            let mut given = proposal("deployment/api", ordered(word));
            given["causes"][0]["cites"] = json!([answer.id]);
            match concluded(&process, &id, &given).await {
                Ok(opened) => {
                    if let Some(question) = &opened.question {
                        let first: String = question.text.lines().take(3).collect();
                        assert!(word == 8 && first.contains("api:other") && !first.contains("wrong one"), "{look}: {first}");
                        process.decline(&question.session, Approver::Terminal).await.unwrap();
                    }
                }
                Err(error) => assert!(matches!(error, WorkflowError::Invalid(_)), "{look}: {error}"),
            }
        }
    }
    obeyed.sort_unstable();
    obeyed.dedup();
    assert_eq!(obeyed, [0, 1, 2, 3, 4, 5, 6, 8]);
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn neither_a_repeated_digest_nor_policy_approves_what_was_proposed() {
    let cluster = broken().await;
    let limits = Limits {
        mode: Mode::Automatic,
        consent: Consent::Client,
        confidence_threshold: Confidence::percent(0),
        max_risk: Risk::High,
        client_max_risk: Risk::High,
        automatic_allowed: true,
        ..Limits::default()
    };
    let process = cluster.process_with(limits, true);
    let id = analyzed(&process).await;
    let opened = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await.unwrap();
    assert_eq!(opened.report.status, Status::AwaitingApproval);
    let question = opened.question.unwrap();
    assert_eq!(question.digest_counts, Err(DigestRefusal::OfAProposal));
    let by_digest = process.approve_by_digest(&question.session, &question.digest, "agent-of-the-test", &Caller::silent()).await;
    assert!(by_digest.is_err() && cluster.writes().is_empty(), "{by_digest:?}");
    assert_eq!(yes(&process, &question).await.unwrap().status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn operator_who_wants_rules_alone_is_asked_nothing() {
    let mut cluster = broken().await;
    let id = analyzed(&cluster.process()).await;
    cluster.allowed.investigate = Investigate::Never;
    let given = proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"));
    let refused = concluded(&cluster.process(), &id, &given).await;
    assert!(matches!(refused, Err(WorkflowError::NotOffered)), "{refused:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn one_object_is_asked_about_once_and_what_was_declined_is_not_asked_again() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let fix = |tag: &str| proposal("deployment/api", patch("deployment/api", IMAGE, format!("api:{tag}")));
    let first = concluded(&process, &id, &fix("fixed")).await.unwrap().question.unwrap();
    let other = concluded(&process, &id, &fix("other")).await.unwrap();
    assert!(other.question.is_none() && advice(&other.report).contains(first.session.as_str()), "{}", advice(&other.report));
    assert!(other.report.plan.is_some(), "what would be asked is told");
    let again = concluded(&process, &id, &fix("fixed")).await.unwrap().question.unwrap();
    assert_eq!(again.session, first.session, "the same plan is the same question");
    process.decline(&first.session, Approver::Terminal).await.unwrap();
    let error = concluded(&process, &id, &fix("fixed")).await.unwrap_err();
    assert!(error.to_string().contains("a human declined"), "{error}");
    // Whoever analyzes anew asks for the same in vain, alone and beside more; for something else not.
    let anew = analyzed(&process).await;
    let error = concluded(&process, &anew, &fix("fixed")).await.unwrap_err();
    assert!(error.to_string().contains(first.session.as_str()), "{error}");
    let mut more = fix("fixed");
    let besides = json!({"field": "spec.replicas", "value": 2});
    more["actions"][0]["set"].as_array_mut().unwrap().insert(0, besides);
    assert!(concluded(&process, &anew, &more).await.unwrap_err().to_string().contains("less than a day"), "beside more");
    let other = concluded(&process, &anew, &fix("other")).await.unwrap_err();
    assert!(other.to_string().contains(first.session.as_str()), "another value of the field is the same question: {other}");
    let restart = proposal("deployment/api", json!([{"action": "restart", "object": "deployment/api"}]));
    let restarted = concluded(&process, &anew, &restart).await.unwrap();
    assert!(restarted.question.is_some(), "to do something else is another question: {}", advice(&restarted.report));
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn waiting_question_keeps_its_words_and_what_it_cites_and_each_repeat_counts() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let mut given = proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"));
    let first = concluded(&process, &id, &given).await.unwrap().question.unwrap();
    let of_words = |text: &str| text.split_once("In full").unwrap().1.split_once("cluster:").unwrap().0.to_owned();
    given["causes"][0]["title"] = json!("quite another reason");
    given["causes"][0]["cites"] = json!(["e1"]);
    tokio::time::sleep(Duration::from_secs(300)).await;
    let again = concluded(&process, &id, &given).await.unwrap();
    let (told, again) = (advice(&again.report), again.question.unwrap());
    assert_eq!(again.session, first.session);
    assert!(told.contains("with the words and the evidence of before"), "{told}");
    assert!(again.text.contains("“it is the wrong one”") && !again.text.contains("another reason"), "{}", again.text);
    assert_eq!(of_words(&again.text), of_words(&first.text));
    assert_eq!(again.expires_at, first.expires_at, "it is as old as what it rests on");
    for _ in 0..6 {
        concluded(&process, &id, &given).await.unwrap();
    }
    let error = concluded(&process, &id, &given).await.unwrap_err();
    assert!(error.to_string().contains("8 proposals were made"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn several_at_once_ask_at_most_one_question_about_an_object() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let fix = |tag: usize| proposal("deployment/api", patch("deployment/api", IMAGE, format!("api:other-{tag}")));
    let given: Vec<Value> = (0..4).map(fix).collect();
    let all = futures::future::join_all(given.iter().map(|given| concluded(&process, &id, given))).await;
    let asked = all.iter().filter(|one| one.as_ref().is_ok_and(|opened| opened.question.is_some())).count();
    assert!(asked <= 1, "{asked} questions");
    let waiting = process.sessions(100).await.unwrap().into_iter().filter(|line| line.status == Status::AwaitingApproval).count();
    assert_eq!(waiting, asked);
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_where_the_record_of_what_was_asked_cannot_be_kept() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    cluster.store.broken.store(true, std::sync::atomic::Ordering::SeqCst);
    let refused = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await;
    assert!(matches!(refused, Err(WorkflowError::Store(_))), "{refused:?}");
}

/// Whatever a call fails of, its session is over: nobody is at it any more, and nobody was shown a question.
#[tokio::test(start_paused = true)]
async fn session_whose_call_failed_does_not_look_as_if_somebody_were_at_it() {
    let failing = |cluster: &Embedded, text| *cluster.store.no_search_beside.lock().unwrap() = text;
    for text in ["\"investigating\"", "\"awaitingApproval\""] {
        let cluster = broken().await;
        let process = cluster.process();
        let id = analyzed(&process).await;
        failing(&cluster, Some(text));
        let refused = concluded(&process, &id, &proposal("deployment/api", patch("deployment/api", IMAGE, "api:fixed"))).await;
        assert!(matches!(refused, Err(WorkflowError::Store(_))), "{text}: {refused:?}");
        failing(&cluster, None);
        let over = [Status::Diagnosed, Status::Inconclusive];
        let all: Vec<String> = process.sessions(100).await.unwrap().into_iter().map(|line| line.id.to_string()).collect();
        assert_eq!(all.len(), 2, "the analysis and the conclusion");
        for id in all {
            let record = cluster.store.record(&id).to_string();
            assert!(!record.contains(text), "{text}: {record}");
            let report = process.show(&SessionId::parse(&id).unwrap()).await.unwrap();
            assert!(over.contains(&report.status), "{text}: {:?}", report.status);
        }
    }
    // What waits and is not found in the store keeps no rule's plan from being applied, and no session from ending.
    let cluster = running(&format!("{API}---{CLAIMS}").replace("api:broken", "api:fixed")).await;
    let process = cluster.process_with(Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }, true);
    cluster.apply(&API.replacen("image: api:broken", "image: api:fixd", 1));
    tokio::time::sleep(Duration::from_secs(120)).await;
    failing(&cluster, Some("\"investigating\""));
    let applied = process.open(&problem(), &Caller::silent()).await.map(|opened| opened.report.summary);
    assert!(applied.as_ref().is_ok_and(|summary| summary.starts_with("Resolved")), "{applied:?}");
    failing(&cluster, None);
    let all: Vec<String> = cluster.store.all().iter().map(ToString::to_string).collect();
    assert!(all.len() == 1 && !all[0].contains("\"investigating\""), "{all:?}");
    assert_eq!(cluster.writes().len(), 1, "{:?}", cluster.writes());
}

/// A question about a proposal makes way for one that is kept, and not for one that is lost.
#[tokio::test(start_paused = true)]
async fn question_stays_where_that_of_the_rule_cannot_be_kept() {
    let cluster = running(&format!("{API}---{CLAIMS}")).await;
    let process = cluster.process();
    let question = asked_for_the_image(&process).await;
    cluster.apply(&mounting("api-uploads"));
    tokio::time::sleep(Duration::from_secs(120)).await;
    // What is found is kept, and what is asked is not.
    *cluster.store.refuses.lock().unwrap() = Some("\"awaitingApproval\"");
    let failed = process.open(&problem(), &Caller::silent()).await;
    assert!(matches!(failed, Err(WorkflowError::Store(_))), "{failed:?}");
    *cluster.store.refuses.lock().unwrap() = None;
    assert_eq!(process.show(&question.session).await.unwrap().status, Status::AwaitingApproval);
}

/// So it is where nobody is asked about the rule's plan, and its intent cannot be kept.
#[tokio::test(start_paused = true)]
async fn question_stays_where_the_intent_of_a_rules_plan_cannot_be_kept() {
    let cluster = running(API).await;
    let process = cluster.process();
    let question = asked_for_the_image(&process).await;
    cluster.apply(&API.replacen("image: api:broken", "image: api:fixed", 1));
    tokio::time::sleep(Duration::from_secs(120)).await;
    cluster.apply(&API.replacen("image: api:broken", "image: api:fixd", 1));
    tokio::time::sleep(Duration::from_secs(120)).await;
    let automatic = || cluster.process_with(Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }, true);
    *cluster.store.refuses.lock().unwrap() = Some("\"executing\"");
    let failed = automatic().open(&problem(), &Caller::silent()).await;
    assert!(matches!(failed, Err(WorkflowError::Store(_))), "{:?}", failed.map(|opened| opened.report.summary));
    *cluster.store.refuses.lock().unwrap() = None;
    assert_eq!(process.show(&question.session).await.unwrap().status, Status::AwaitingApproval);
    assert_eq!(cluster.writes(), []);
    // Where it is kept, the question is none any more.
    let done = automatic().open(&problem(), &Caller::silent()).await.unwrap();
    assert_eq!(cluster.writes().len(), 1, "{}", done.report.summary);
    assert!(process.show(&question.session).await.unwrap().status != Status::AwaitingApproval);
}

const CLAIMS: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {accessModes: [ReadWriteOnce], storageClassName: standard, resources: {requests: {storage: 1Gi}}}
";

fn mounting(claim: &str) -> String {
    let volumes = format!("    spec:\n      volumes: [{{name: data, persistentVolumeClaim: {{claimName: {claim}}}}}]\n");
    API.replacen("    spec:\n", &volumes, 1)
}

#[tokio::test(start_paused = true)]
async fn rule_that_has_a_fix_meanwhile_takes_the_place_of_a_question_about_a_proposal() {
    let cluster = running(&format!("{API}---{CLAIMS}")).await;
    let process = cluster.process();
    let question = asked_for_the_image(&process).await;
    cluster.apply(&mounting("api-uploads"));
    tokio::time::sleep(Duration::from_secs(120)).await;
    // The yes to the proposal is held against the rule, which has a fix of its own now.
    let error = yes(&process, &question).await.unwrap_err();
    assert!(matches!(&error, WorkflowError::NotNeeded(why) if why.contains("a rule")), "{error}");
    let by_a_rule = process.open(&problem(), &Caller::silent()).await.unwrap();
    assert!(by_a_rule.report.causes.iter().any(|cause| cause.code == "pvc-claim-name-typo"), "{}", by_a_rule.report.summary);
    assert!(by_a_rule.report.plan.is_some());
    let asked = by_a_rule.question.unwrap();
    let withdrawn = process.show(&question.session).await.unwrap();
    assert!(withdrawn.status != Status::AwaitingApproval && withdrawn.plan.is_some(), "{}", withdrawn.summary);
    assert!(advice(&withdrawn).contains(asked.session.as_str()), "{}", advice(&withdrawn));
    let error = yes(&process, &question).await.unwrap_err();
    assert!(matches!(error, WorkflowError::State { .. }), "{error}");
    assert_eq!(cluster.writes(), []);
    yes(&process, &asked).await.unwrap();
    assert_eq!(cluster.writes().len(), 1);
}

/// What speaks against an empty claim speaks against it in any words.
#[tokio::test(start_paused = true)]
async fn claim_that_a_rule_does_not_create_for_its_data_is_not_created_by_a_proposal() {
    let cluster = running(&mounting("api-store")).await;
    let process = cluster.process();
    let lost = Problem { issue: Some(Issue::parse("the api lost its data").unwrap()), ..problem() };
    let report = process.analyze(&lost, &Caller::silent()).await.unwrap();
    assert!(report.plan.is_none() && report.causes[0].code == "pvc-missing", "{}", report.summary);
    let id = SessionId::parse(&report.session).unwrap();
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "api-store"},
                       "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "standard", "resources": {"requests": {"storage": "1Gi"}}}});
    let mut given = proposal("persistentvolumeclaim/api-store", json!([{"action": "create", "manifest": claim}]));
    given["causes"][0]["cites"] = json!(["e1"]);
    let opened = concluded(&process, &id, &given).await.unwrap();
    assert!(opened.question.is_none());
    let said = advice(&opened.report);
    assert!(said.contains("leaves it to a human (pvc-missing)") && said.contains("would start empty"), "{said}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn targets_come_from_the_evidence_and_no_word_lifts_the_warning_that_it_is_about_something_else() {
    let cluster = broken().await;
    let process = cluster.process();
    let about_web = Problem { issue: Some(Issue::parse("web is slow").unwrap()), ..problem() };
    let analysis = process.analyze(&about_web, &Caller::silent()).await.unwrap();
    let id = SessionId::parse(&analysis.session).unwrap();
    let looks = json!([{"probe": "get", "object": "deployment/web", "field": "status"}, {"probe": "logs", "object": "pod/web-0"},
                       {"probe": "get", "object": "deployment/api", "field": "status.replicas"}]);
    let looks: Vec<LookArguments> = serde_json::from_value(looks).unwrap();
    let answers = process.look(&id, &looks, &Caller::silent()).await.unwrap().answers;
    let (of_web, of_api) = (answers[0].id.clone().unwrap(), answers[2].id.clone().unwrap());
    let with = |object: &str, cites: &str| {
        let mut given = proposal(object, patch("deployment/api", IMAGE, "api:fixed"));
        given["causes"][0]["cites"] = json!([cites]);
        given
    };
    for (object, cites, part) in [
        ("deployment/web", &of_api, "the first cause is about Deployment shop/web"),
        ("deployment/ghost", &of_api, "the first cause is about Deployment shop/ghost"),
        ("deployment/api", &of_web, "nothing that the first cause cites is about Deployment shop/api"),
    ] {
        let opened = concluded(&process, &id, &with(object, cites)).await.unwrap();
        assert!(opened.question.is_none() && advice(&opened.report).contains(part), "{object}: {}", advice(&opened.report));
    }
    let opened = concluded(&process, &id, &with("deployment/api", &of_api)).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.aside.is_some() && question.text.lines().next().unwrap().contains("not"), "{}", question.text);
}

#[tokio::test(start_paused = true)]
async fn what_a_log_says_is_listed_and_decides_nothing_and_a_status_does() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let looks = json!([{"probe": "get", "object": "deployment/api", "field": "status.replicas"}]);
    let looks: Vec<LookArguments> = serde_json::from_value(looks).unwrap();
    let seen = process.look(&id, &looks, &Caller::silent()).await.unwrap().answers[0].id.clone().unwrap();
    let mut given = proposal("deployment/api", json!([]));
    let told = concluded(&process, &id, &given).await.unwrap().report;
    assert_eq!(told.status, Status::Inconclusive, "{}", told.summary);
    assert!(told.summary.contains("no rule names the cause") && told.summary.contains("Stated cause (35%)"), "{}", told.summary);
    given["causes"][0]["cites"] = json!([seen]);
    let decided = concluded(&process, &id, &given).await.unwrap().report;
    assert_eq!(decided.status, Status::Diagnosed, "{}", decided.summary);
    assert!(decided.summary.starts_with("An agent states a cause, and no rule does,"), "{}", decided.summary);
}

const NIGHTLY: &str = "
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: '0 3 * * *'
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: app, image: 'web:1', envFrom: [{configMapRef: {name: api-config}}]}]}
";

#[tokio::test(start_paused = true)]
async fn setting_that_a_cron_job_uses_besides_or_that_is_a_file_is_high_risk() {
    let as_a_file = API
        .replace("        envFrom: [{configMapRef: {name: api-config}}]\n", "        volumeMounts: [{name: c, mountPath: /c}]\n")
        .replacen("    spec:\n", "    spec:\n      volumes: [{name: c, configMap: {name: api-config}}]\n", 1);
    for manifests in [format!("{API}---{NIGHTLY}"), as_a_file] {
        let cluster = running(&manifests).await;
        let process = cluster.process();
        let id = analyzed(&process).await;
        let given = proposal("configmap/api-config", patch("configmap/api-config", "data.LEVEL", "debug"));
        let opened = concluded(&process, &id, &given).await.unwrap();
        assert!(opened.question.is_none(), "the ceiling is medium");
        let why: Vec<&str> = opened.report.advice.iter().map(|advice| advice.why.as_str()).collect();
        assert!(why.iter().any(|why| why.contains("its risk is high")), "{why:?}");
        let all = format!("{}{}", opened.report.summary, serde_json::to_string(&opened.report).unwrap());
        assert!(all.contains("raises `risk-ceiling`") && opened.report.summary.contains("nobody is asked"), "{all}");
        assert!(!all.contains("kubectl patch") && !all.contains("by hand"), "{all}");
    }
}

#[tokio::test(start_paused = true)]
async fn conclusion_rests_on_what_its_own_session_saw_a_moment_ago() {
    let cluster = broken().await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let mut given = proposal("deployment/api", json!([]));
    let told = concluded(&process, &id, &given).await.unwrap();
    assert!(told.question.is_none() && advice(&told.report).contains("this is a diagnosis"), "{}", advice(&told.report));
    let of_a_proposal = SessionId::parse(&told.report.session).unwrap();
    assert!(matches!(concluded(&process, &of_a_proposal, &given).await, Err(WorkflowError::State { .. })));
    for (cites, part) in
        [(json!(["o60"]), "this session has no `o60`"), (json!(["e99"]), "this session has no `e99`"), (json!([]), "cites")]
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

const STABLE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: api-stable}
spec:
  replicas: 2
  selector: {matchLabels: {app: api, track: stable}}
  template:
    metadata: {labels: {app: api, track: stable}}
    spec: {containers: [{name: app, image: 'web:1'}]}
---
apiVersion: v1
kind: Service
metadata: {name: api}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
";

/// Whoever is behind the Service besides is served by another port then, and nothing that suffers would show it.
#[tokio::test(start_paused = true)]
async fn service_that_serves_others_is_high_risk_and_the_question_names_them() {
    let canary = API.replace("{app: api}", "{app: api, track: canary}");
    let cluster = running(&format!("{canary}---{STABLE}")).await;
    let given = proposal("deployment/api", patch("service/api", "spec.ports[0].targetPort", 8081));
    let opened = {
        let process = cluster.process();
        let id = analyzed(&process).await;
        concluded(&process, &id, &given).await.unwrap()
    };
    assert!(opened.question.is_none(), "the ceiling is medium");
    let why: Vec<&str> = opened.report.advice.iter().map(|advice| advice.why.as_str()).collect();
    assert!(why.iter().any(|why| why.contains("its risk is high")), "{why:?}: {}", advice(&opened.report));
    let process = cluster.process_with(Limits { ceiling: Risk::High, ..Limits::default() }, true);
    let id = analyzed(&process).await;
    let opened = concluded(&process, &id, &given).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.contains("behind it, and not affected, is Deployment shop/api-stable"), "{}", question.text);
    let checks = opened.report.plan.unwrap().checks;
    let served = checks.iter().find(|check| check.what == "stillServes").unwrap();
    assert_eq!((served.object.name.as_str(), served.expectation.as_str()), ("api", "it has at least as many ready addresses as before: 2"));
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn service_of_what_is_affected_alone_is_medium() {
    let service = STABLE.split_once("---").unwrap().1;
    let cluster = running(&format!("{API}---{service}")).await;
    let process = cluster.process();
    let id = analyzed(&process).await;
    let opened =
        concluded(&process, &id, &proposal("deployment/api", patch("service/api", "spec.ports[0].targetPort", 8081))).await.unwrap();
    assert!(opened.question.is_some(), "{}", advice(&opened.report));
}

/// Of three Pods one is ready: another port takes away what serves, and its ready addresses would not show it.
#[tokio::test(start_paused = true)]
async fn what_serves_in_part_is_high_risk_to_lead_to_another_port() {
    let service = STABLE.split_once("---").unwrap().1;
    let cluster =
        running(&format!("{}---{service}", API.replacen("replicas: 1", "replicas: 3", 1).replace("api:broken", "api:fixed"))).await;
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES_THAT_CRASH).unwrap());
    let mut pods = cluster.objects().into_iter().filter(|o| o["kind"] == "Pod" && o["metadata"]["labels"]["app"] == "api");
    for _ in 0..2 {
        cluster.remove("pods", pods.next().unwrap()["metadata"]["name"].as_str().unwrap()).await;
    }
    tokio::time::sleep(Duration::from_secs(900)).await;
    let process = cluster.process_with(Limits { ceiling: Risk::High, ..Limits::default() }, true);
    let id = analyzed(&process).await;
    let given = proposal("deployment/api", patch("service/api", "spec.ports[0].targetPort", 8081));
    let opened = concluded(&process, &id, &given).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    for part in ["of its addresses are ready", "whether that port answers is not tried"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    assert_eq!(opened.report.plan.unwrap().steps[0].risk, Risk::High);
    assert_eq!(cluster.writes(), []);
}

/// Ready by another yardstick is not better than before.
#[tokio::test(start_paused = true)]
async fn cure_that_is_seen_by_a_probe_that_the_plan_changed_is_unclear() {
    let probe = "        image: api:fixed\n        readinessProbe: {tcpSocket: {port: 9090}}\n";
    let cluster = running(&API.replace("        image: api:broken\n", probe)).await;
    tokio::time::sleep(Duration::from_secs(1_200)).await;
    let process = cluster.process();
    let issue = Some(Issue::parse("the api is not ready").unwrap());
    let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    let id = SessionId::parse(&report.session).unwrap();
    let port = "spec.template.spec.containers[name=app].readinessProbe.tcpSocket.port";
    let mut given = proposal("deployment/api", patch("deployment/api", port, 8080));
    given["causes"][0]["cites"] = json!(report.evidence.iter().take(3).map(|piece| piece.id.clone()).collect::<Vec<_>>());
    let opened = concluded(&process, &id, &given).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.contains("this changes how kubemend will see whether it helped"), "{}", question.text);
    let done = yes(&process, &question).await.unwrap();
    let validation = done.validation.unwrap();
    assert!(validation.checks.iter().all(|check| check.passed == Some(true)), "{validation:?}");
    assert_eq!(done.status, Status::Unclear, "{validation:?}");
    assert!(format!("{validation:?}").contains("ready by a probe that this plan changed"), "{validation:?}");
}

const AUTOSCALER: &str = "
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: api}
spec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}}
";

/// No rule reads autoscalers here: whoever wants to scale has them read.
#[tokio::test(start_paused = true)]
async fn scale_is_asked_about_and_done_unless_an_autoscaler_does_it() {
    let scale = || proposal("deployment/api", patch("deployment/api", "spec.replicas", 2));
    let cluster = broken().await;
    let process = cluster.process();
    let opened = concluded(&process, &analyzed(&process).await, &scale()).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    cluster.sim.add_images(MadeImage::parse_yaml(IMAGES_THAT_RUN).unwrap());
    let done = yes(&process, &question).await.unwrap();
    // A restart of a few minutes ago is a symptom still; what was read for the question takes nothing from the check.
    let checks = done.validation.unwrap().checks;
    assert!(checks.iter().any(|check| check.what == "rolloutComplete" && check.passed == Some(true)), "{checks:?}");
    assert_eq!(cluster.sim.object("deployments", SHOP, "api").unwrap()["spec"]["replicas"], 2);

    let scaled = running(&format!("{API}---{AUTOSCALER}")).await;
    let process = scaled.process();
    let opened = concluded(&process, &analyzed(&process).await, &scale()).await.unwrap();
    assert!(opened.question.is_none() && advice(&opened.report).contains("an autoscaler scales"), "{}", advice(&opened.report));
    assert_eq!(scaled.writes(), []);
}
