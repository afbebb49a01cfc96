//! What somebody who investigates may have done besides a change of a field: a restart, the way back to a revision, and the end of a Pod
//! that its controller makes again. Each from the analysis over the question and a human's yes to a cluster that is well; or to a refusal.

use crate::support::embedded::{Embedded, yes};
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::risk::Risk;
use kubemend::sim::MadeImage;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Opened, Problem, Question, Remediation};
use serde_json::{Value, json};
use std::time::Duration;

const SHOP: &str = "shop";
const CRASHES: &str = "{log: ['cannot reach its peer, giving up'], exit: {code: 2, after: 1}}";
const RUNS: &str = "{listen: [{port: 8080}]}";
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

fn api(image: &str, more: &str) -> String {
    format!(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: api}}}}
  template:
    metadata: {{labels: {{app: api}}}}
    spec:
      containers:
      - {{name: app, image: '{image}', readinessProbe: {{tcpSocket: {{port: 8080}}}}{more}}}
"
    )
}

const BUDGET: &str = "
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: api}
spec: {minAvailable: 1, selector: {matchLabels: {app: api}}}
";

fn played(image: &str, play: &str) -> String {
    format!("- ref: {image}\n  play: {play}\n")
}

fn plays(cluster: &Embedded, image: &str, play: &str) {
    cluster.sim.add_images(MadeImage::parse_yaml(&played(image, play)).unwrap());
}

async fn running(manifests: &str) -> Embedded {
    let images = [("api:1", CRASHES), ("api:good", RUNS), ("web:1", RUNS)].map(|(image, play)| played(image, play)).concat();
    Embedded::open_to_looks(SHOP, &images, manifests, 90).await
}

async fn analyzed(process: &Remediation) -> SessionId {
    let issue = Some(Issue::parse("the api keeps crashing").unwrap());
    let problem = Problem { issue, namespace: Some(Namespace::parse(SHOP).unwrap()), ..Problem::default() };
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    SessionId::parse(&report.session).unwrap()
}

async fn concluded(process: &Remediation, action: Value) -> Opened {
    let id = analyzed(process).await;
    let given = json!({"causes": [{"object": "deployment/api", "title": "it hangs", "explanation": "the log says so", "confidence": 0.9,
                                   "cites": ["o1"]}],
                       "actions": [action]});
    process.conclude(&id, &given, "agent-of-the-test", &Caller::silent()).await.unwrap()
}

fn advice(report: &Report) -> String {
    report.advice.iter().map(|advice| advice.text.as_str()).collect::<Vec<_>>().join("\n")
}

async fn asked(process: &Remediation, action: Value) -> Question {
    let opened = concluded(process, action).await;
    opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)))
}

fn begins(question: &Question) -> &str {
    question.text.lines().next().unwrap()
}

async fn refused(process: &Remediation, action: Value) -> String {
    let opened = concluded(process, action.clone()).await;
    assert!(opened.question.is_none() && opened.report.plan.is_none(), "{action}");
    advice(&opened.report)
}

fn object(cluster: &Embedded, plural: &str) -> Value {
    cluster.sim.object(plural, SHOP, "api").unwrap()
}

/// The Pods of the Deployment, oldest first.
fn pods(cluster: &Embedded) -> Vec<String> {
    let of = |o: &Value| o["kind"] == "Pod" && o["metadata"]["labels"]["app"] == "api";
    let named = cluster.objects().into_iter().filter(of).map(|o| o["metadata"]["name"].as_str().unwrap().to_owned());
    named.collect()
}

#[tokio::test(start_paused = true)]
async fn restart_gives_new_pods_of_the_same_template_after_a_yes_and_is_not_repeated_at_once() {
    let cluster = running(&api("api:1", "")).await;
    let process = cluster.process();
    let before = object(&cluster, "deployments")["spec"]["template"].clone();
    let restart = || json!({"action": "restart", "object": "deployment/api"});
    let question = asked(&process, restart()).await;
    assert!(question.text.starts_with("proposed by an agent: Restart all Pods of Deployment api"), "{}", question.text);
    assert!(question.text.contains(RESTARTED_AT) && question.text.contains("cannot be rolled back"), "{}", question.text);
    assert_eq!(cluster.writes(), []);
    plays(&cluster, "api:1", RUNS);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(done.plan.unwrap().steps[0].action, "restart");
    assert_eq!(cluster.writes().len(), 1);
    let mut after = object(&cluster, "deployments")["spec"]["template"].clone();
    let notes = after["metadata"].as_object_mut().unwrap().remove("annotations").unwrap();
    assert_eq!(after, before, "nothing but the annotation");
    assert!(notes[RESTARTED_AT].as_str().unwrap().ends_with('Z') && notes.as_object().unwrap().len() == 1, "{notes}");

    // What crashes again right after is not restarted again.
    plays(&cluster, "api:1", CRASHES);
    cluster.remove("pods", &pods(&cluster)[0]).await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let said = refused(&process, restart()).await;
    assert!(said.contains("less than 10 minutes ago"), "{said}");
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn restart_is_refused_where_it_does_nothing_or_begins_a_rollout_anew() {
    let restart = |object: &str| json!({"action": "restart", "object": object});
    let paused = running(&api("api:1", "").replace("replicas: 1", "replicas: 1\n  paused: false")).await;
    paused.apply(&api("api:1", "").replace("replicas: 1", "replicas: 1\n  paused: true"));
    let said = refused(&paused.process(), restart("deployment/api")).await;
    assert!(said.contains("paused"), "{said}");
    for (object, part) in
        [("deployment/web", "nothing is affected now"), ("pod/api", "kind Pod are not changed"), ("secret/api", "kind Secret")]
    {
        let said = refused(&paused.process(), restart(object)).await;
        assert!(said.contains(part), "{object}: {said}");
    }
    assert_eq!(paused.writes(), []);
    let rolling = running(&api("api:good", "")).await;
    rolling.apply(&api("api:1", ""));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let said = refused(&rolling.process(), restart("deployment/api")).await;
    assert!(said.contains("is being updated right now"), "{said}");
    assert_eq!(rolling.writes(), []);
}

/// The first revision runs, and the second crashes with a variable more and another argument.
async fn rolled_out() -> Embedded {
    let cluster = running(&api("api:good", ", args: [serve], env: [{name: MODE, value: fast}]")).await;
    cluster.apply(&api("api:1", ", args: [serve, --verbose], env: [{name: MODE, value: slow}, {name: NEW, value: x}]"));
    tokio::time::sleep(Duration::from_secs(90)).await;
    cluster
}

#[tokio::test(start_paused = true)]
async fn way_back_leads_to_the_template_that_runs_and_says_each_field() {
    let cluster = rolled_out().await;
    let process = cluster.process();
    let question = asked(&process, json!({"action": "undoRollout", "object": "deployment/api", "revision": 1})).await;
    assert!(question.text.starts_with("proposed by an agent: 2 → 1: revision of Deployment api"), "{}", question.text);
    for part in ["-        image: api:1", "+        image: api:good", "slow", "fast", "--verbose", "api:good"] {
        assert!(question.text.contains(part), "{part}: {}", question.text);
    }
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(cluster.writes().len(), 1);
    let app = object(&cluster, "deployments")["spec"]["template"]["spec"]["containers"][0].clone();
    assert_eq!(
        (&app["image"], &app["args"], &app["env"]),
        (&json!("api:good"), &json!(["serve"]), &json!([{"name": "MODE", "value": "fast"}]))
    );
    // The controller takes the ReplicaSet that was there: the template is the same, byte for byte.
    let sets = cluster.objects().into_iter().filter(|o| o["kind"] == "ReplicaSet").count();
    assert_eq!(sets, 2);
}

#[tokio::test(start_paused = true)]
async fn way_back_of_a_stateful_set_leads_to_the_revision_that_runs() {
    let set = |image: &str| STORE.replace("  replicas: 3", "  replicas: 3\n  podManagementPolicy: Parallel").replace("api:good", image);
    let service = "\napiVersion: v1\nkind: Service\nmetadata: {name: store}\nspec: {clusterIP: None, selector: {app: store}, ports: [{port: 8080}]}\n";
    let cluster = running(&format!("{}---{service}", set("api:good"))).await;
    cluster.apply(&set("api:1"));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let process = cluster.process_with(Limits { ceiling: Risk::High, ..Limits::default() }, true);
    let store = || cluster.sim.object("statefulsets", SHOP, "store").unwrap();
    let concluded = async |process: &Remediation, revision: u32| {
        let id = analyzed(process).await;
        let given = json!({"causes": [{"object": "statefulset/store", "title": "it hangs", "explanation": "the log says so", "confidence": 0.9,
                                       "cites": ["e1"]}],
                           "actions": [{"action": "undoRollout", "object": "statefulset/store", "revision": revision}]});
        process.conclude(&id, &given, "agent-of-the-test", &Caller::silent()).await.unwrap()
    };
    for (revision, part) in [(7, "has no revision 7: it has 1, 2"), (2, "revision 2 is what")] {
        let opened = concluded(&process, revision).await;
        assert!(opened.question.is_none() && advice(&opened.report).contains(part), "{revision}: {}", advice(&opened.report));
    }
    assert_eq!(cluster.writes(), []);
    let opened = concluded(&process, 1).await;
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(begins(&question).contains("2 → 1: revision of StatefulSet store"), "{}", question.text);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(store()["spec"]["template"]["spec"]["containers"][0]["image"], "api:good");
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn way_back_that_does_not_help_is_rolled_back_to_the_byte() {
    let cluster = rolled_out().await;
    let before = object(&cluster, "deployments")["spec"].clone();
    let process = cluster.process();
    let question = asked(&process, json!({"action": "undoRollout", "object": "deployment/api", "revision": 1})).await;
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    let session = SessionId::parse(&done.session).unwrap();
    let opened = process.undo(&session, &Caller::silent()).await.unwrap();
    let question = opened.question.unwrap_or_else(|| panic!("{}", advice(&opened.report)));
    assert!(question.text.contains("1 → 2: revision of Deployment api"), "{}", question.text);
    yes(&process, &question).await.unwrap();
    assert_eq!(object(&cluster, "deployments")["spec"], before);
}

#[tokio::test(start_paused = true)]
async fn way_back_is_refused_where_nothing_proves_it_or_it_gives_power() {
    let undo = |revision: u32| json!({"action": "undoRollout", "object": "deployment/api", "revision": revision});
    let cluster = rolled_out().await;
    for (revision, part) in [(7, "has no revision 7: it has 1, 2"), (2, "revision 2 is what")] {
        let said = refused(&cluster.process(), undo(revision)).await;
        assert!(said.contains(part), "{revision}: {said}");
    }
    cluster.apply(&api("api:1", ", args: [other]"));
    tokio::time::sleep(Duration::from_secs(90)).await;
    let said = refused(&cluster.process(), undo(2)).await;
    assert!(said.contains("no Pod of revision 2 is available now") && !said.contains("kubectl"), "{said}");
    assert_eq!(cluster.writes(), []);
    for (was, part) in [
        (", securityContext: {runAsUser: 0}", "`securityContext` differs"),
        (", env: [{name: KEY, valueFrom: {secretKeyRef: {name: db, key: k, optional: true}}}]", "`secretKeyRef` differs"),
        (", volumeMounts: [{name: tls, mountPath: /tls}]", "`volumeMounts` differs"),
        (", env: [{name: DB_PASSWORD, value: hunter2canary}]", "looks like a credential"),
        (", args: [--password, hunter2canary]", "looks like a credential"),
    ] {
        let with = |api: String| format!("{api}      volumes: [{{name: tls, secret: {{secretName: tls, optional: true}}}}]\n");
        let cluster = running(&with(api("api:good", was))).await;
        cluster.apply(&with(api("api:1", "")));
        tokio::time::sleep(Duration::from_secs(90)).await;
        let opened = concluded(&cluster.process(), undo(1)).await;
        assert!(opened.question.is_none(), "{was}");
        let said = advice(&opened.report);
        assert!(said.contains(part), "{was}: {said}");
        let all = format!("{:?}", opened.report);
        assert!(!all.contains("hunter2canary") && !all.contains("kubectl rollout"), "{was}");
        assert_eq!(cluster.writes(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn pod_that_is_not_ready_is_deleted_and_another_one_runs() {
    let cluster = running(&api("api:1", "")).await;
    let process = cluster.process();
    let name = pods(&cluster)[0].clone();
    let question = asked(&process, json!({"action": "deletePod", "object": format!("pod/{name}")})).await;
    assert!(begins(&question).contains("agent: Delete Pod "), "{}", question.text);
    plays(&cluster, "api:1", RUNS);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    let writes = cluster.writes();
    assert!(matches!(writes.as_slice(), [one] if one.verb == "delete" && one.body.contains("preconditions")), "{writes:?}");
    assert!(!pods(&cluster).contains(&name));
}

#[tokio::test(start_paused = true)]
async fn eviction_asks_the_budget_and_says_its_no_as_what_it_is() {
    let cluster = running(&format!("{}---{BUDGET}", api("api:1", ""))).await;
    let process = cluster.process();
    let evict = |name: &str| json!({"action": "evict", "object": format!("pod/{name}")});
    let opened = concluded(&process, evict(&pods(&cluster)[0])).await;
    assert!(opened.question.is_none(), "{:?}", opened.report.plan);
    let said = format!("{:?}", opened.report);
    assert!(said.contains("a PodDisruptionBudget does not let the Pod go now"), "{said}");
    assert_eq!(cluster.writes(), []);
    cluster.apply(&BUDGET.replace("minAvailable: 1", "minAvailable: 0"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let name = pods(&cluster)[0].clone();
    let question = asked(&process, evict(&name)).await;
    assert!(begins(&question).contains("agent: Evict Pod ") && question.text.contains("/eviction"), "{}", question.text);
    plays(&cluster, "api:1", RUNS);
    let done = yes(&process, &question).await.unwrap();
    assert_eq!(done.status, Status::Resolved, "{:?}", done.validation);
    assert_eq!(cluster.writes().len(), 1);
    assert!(!pods(&cluster).contains(&name));
}

/// A no to a restart is one to the end of each Pod, and a question that waits is one about all of them.
#[tokio::test(start_paused = true)]
async fn no_to_the_end_of_pods_is_one_in_every_word() {
    let cluster = running(&api("api:1", "").replace("replicas: 1", "replicas: 2")).await;
    let process = cluster.process();
    let evict = |name: &str| json!({"action": "evict", "object": format!("pod/{name}")});
    let all = pods(&cluster);
    let waiting = asked(&process, evict(&all[0])).await;
    let said = |opened: &Opened| format!("{}{}", opened.report.summary, advice(&opened.report));
    for action in [evict(&all[1]), json!({"action": "restart", "object": "deployment/api"})] {
        let opened = concluded(&process, action.clone()).await;
        assert!(opened.question.is_none() && opened.report.summary.contains(waiting.session.as_str()), "{action}: {}", said(&opened));
    }
    process.decline(&waiting.session, Approver::Terminal).await.unwrap();
    for action in
        [json!({"action": "deletePod", "object": format!("pod/{}", all[1])}), json!({"action": "restart", "object": "deployment/api"})]
    {
        let opened = concluded(&process, action.clone()).await;
        assert!(opened.question.is_none() && opened.report.summary.contains("less than a day ago"), "{action}: {}", said(&opened));
    }
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn pod_that_nothing_makes_again_or_that_serves_is_not_deleted() {
    const MORE: &str = "
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec: {containers: [{name: app, image: 'api:1'}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 1
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: app, image: 'api:1'}], volumes: [{name: kept, emptyDir: {}}]}
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
    let cluster = running(&format!("{}---{MORE}", api("api:1", ""))).await;
    let process = cluster.process();
    let web = cluster.objects().into_iter().find(|o| o["kind"] == "Pod" && o["metadata"]["labels"]["app"] == "web").unwrap();
    let web = web["metadata"]["name"].as_str().unwrap().to_owned();
    for (object, part) in [
        ("pod/alone", "nothing makes"),
        ("pod/store-0", "keeps data in its volume `kept`"),
        (&format!("pod/{web}"), "nothing is affected now"),
        ("deployment/api", "kind Deployment"),
        ("persistentvolumeclaim/data", "kind PersistentVolumeClaim"),
    ] {
        for action in ["deletePod", "evict"] {
            let said = refused(&process, json!({"action": action, "object": object})).await;
            assert!(said.contains(part), "{action} {object}: {said}");
        }
    }
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn same_restart_again_is_the_same_question() {
    let cluster = running(&api("api:1", "")).await;
    let process = cluster.process();
    let restart = || json!({"action": "restart", "object": "deployment/api"});
    let first = asked(&process, restart()).await;
    tokio::time::sleep(Duration::from_secs(90)).await;
    let again = asked(&process, restart()).await;
    assert_eq!((&again.session, &again.digest), (&first.session, &first.digest));
    plays(&cluster, "api:1", RUNS);
    assert_eq!(yes(&process, &again).await.unwrap().status, Status::Resolved);
    assert_eq!(cluster.writes().len(), 1);
}

const STORE: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store}
spec:
  replicas: 3
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: app, image: 'api:good', readinessProbe: {tcpSocket: {port: 8080}}}]}
";

/// Of a workload that suffers in part, what serves stays: none of an ordered set would come again, and of any other it is high risk.
#[tokio::test(start_paused = true)]
async fn ready_pods_beside_one_that_suffers_are_not_ended_as_if_they_suffered_too() {
    let evict = |name: &str| json!({"action": "evict", "object": format!("pod/{name}")});
    let cluster = running(&format!("{}---{STORE}", api("api:1", ""))).await;
    plays(&cluster, "api:good", CRASHES);
    cluster.remove("pods", "store-0").await;
    tokio::time::sleep(Duration::from_secs(700)).await;
    let said = refused(&cluster.process(), evict("store-1")).await;
    assert!(said.contains("store-0 is not ready"), "{said}");

    let partly = running(&api("api:good", "").replace("replicas: 1", "replicas: 3")).await;
    let all = pods(&partly);
    plays(&partly, "api:good", CRASHES);
    partly.remove("pods", &all[0]).await;
    tokio::time::sleep(Duration::from_secs(700)).await;
    let opened = concluded(&partly.process(), evict(&all[1])).await;
    let said = format!("{}{}", opened.report.summary, advice(&opened.report));
    assert!(opened.question.is_none() && said.contains("is ready, so what it serves ends with it"), "{said}");
    let new = pods(&partly).into_iter().find(|name| !all.contains(name)).unwrap();
    asked(&partly.process(), evict(&new)).await;
    let two = json!({"causes": [{"object": "deployment/api", "title": "it hangs", "explanation": "the log says so", "confidence": 0.9,
                                 "cites": ["o1"]}],
                     "actions": [evict(&new), json!({"action": "restart", "object": "deployment/api"})]});
    let process = partly.process();
    let opened = process.conclude(&analyzed(&process).await, &two, "agent-of-the-test", &Caller::silent()).await.unwrap();
    assert!(opened.question.is_none() && advice(&opened.report).contains("two of the changes end Pods"), "{}", advice(&opened.report));
    assert_eq!(partly.writes(), []);
}
