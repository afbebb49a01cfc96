//! A recording leads to what the cluster led to: every case is diagnosed from its file as it was from the API, and the file gives nothing
//! away.

use crate::support::case::{Case, names};
use crate::support::embedded::{Counted, Embedded, Memory, ask};
use kubemend::domain::issue::{Issue, Scope};
use kubemend::domain::kind::Kind;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::domain::recording::{Recorded, RecordedList, Recording};
use kubemend::ports::Clock;
use kubemend::probe::Allowed;
use kubemend::recording::{Replay, read, written};
use kubemend::sim::Denial;
use kubemend::workflow::report::Report;
use kubemend::workflow::{Caller, Parts, Problem, Remediation, Timing};
use serde_json::Value;
use std::sync::Arc;

/// The recording, through its file.
async fn through_a_file(cluster: &Embedded, scope: &Scope) -> (Recording, String) {
    let recording = cluster.process().record(scope, &Caller::silent()).await.unwrap();
    let text = written(&recording).unwrap();
    let again = read(&text).unwrap();
    assert_eq!(again, recording);
    (again, text)
}

fn replayed(recording: Recording, clock: Arc<dyn Clock>) -> Remediation {
    Remediation::new(Parts {
        read: Arc::new(Replay::of(recording)),
        executor: None,
        store: Arc::new(Memory::default()),
        clock,
        entropy: Arc::new(Counted::default()),
        limits: Limits::default(),
        timing: Timing::default(),
        allowed: Allowed::default(),
        own_model: None,
    })
}

/// What was found, without what belongs to one look.
fn found(report: &Report) -> Value {
    let mut report = serde_json::to_value(report).unwrap();
    for own in ["sessionId", "usage", "trail", "advice", "startedAt", "plan"] {
        report.as_object_mut().unwrap().remove(own);
    }
    report
}

fn place(name: &str) -> Scope {
    Scope::of(vec![Namespace::parse(name).unwrap()], Vec::new())
}

#[tokio::test(start_paused = true)]
async fn every_case_is_diagnosed_from_its_recording_as_from_the_cluster() {
    for name in names() {
        let case = Case::load(&name);
        let namespace = &case.scenario.namespace;
        let cluster = Embedded::of(&case, namespace).await;
        let live = cluster.process_with(Limits::default(), false).analyze(&ask(&case, namespace), &Caller::silent()).await.unwrap();
        for scope in [place(namespace), Scope::All] {
            let (recording, _) = through_a_file(&cluster, &scope).await;
            let offline = replayed(recording, cluster.clock.clone()).analyze(&ask(&case, namespace), &Caller::silent()).await.unwrap();
            assert_eq!(found(&offline), found(&live), "{name}, {scope:?}");
        }
    }
}

/// What was not recorded, or could not be, is missing and not absent.
#[tokio::test(start_paused = true)]
async fn what_a_recording_has_not_is_said_as_that() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, "a-team").await;
    cluster.sim.deny(Denial::of("list", "persistentvolumeclaims").to_user("reader"));
    let (recording, _) = through_a_file(&cluster, &place("a-team")).await;
    let process = replayed(recording, cluster.clock.clone());
    let report = found(&process.analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap());
    let live = cluster.process_with(Limits::default(), false).analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap();
    assert_eq!((&report["causes"], &report["status"]), (&found(&live)["causes"], &found(&live)["status"]));
    let gaps: Vec<&Value> = report["coverage"]["gaps"].as_array().unwrap().iter().collect();
    assert!(
        gaps.iter().any(|gap| gap["what"].as_str().unwrap().contains("persistentvolumeclaims") && gap["why"] == "forbidden"),
        "{gaps:?}"
    );
    let elsewhere = Problem {
        issue: Some(Issue::parse("something is wrong").unwrap()),
        namespace: Some(Namespace::parse("default").unwrap()),
        ..Problem::default()
    };
    let report = process.analyze(&elsewhere, &Caller::silent()).await;
    assert!(report.as_ref().is_ok_and(|report| report.status.as_str() == "inconclusive"), "{report:?}");
}

/// `-n` is a promise: of other namespaces rules ask which claims are used, and that is all that is kept.
#[tokio::test(start_paused = true)]
async fn recording_of_one_namespace_has_of_others_which_claims_are_used_and_no_more() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, "a-team").await;
    let other = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: postgres-pvc, annotations: {owner: beside-canary}, labels: {team: beside-canary}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: db-0, annotations: {note: beside-canary}}
spec:
  containers: [{name: db, image: 'registry.example/beside-canary:1', args: [beside-canary], env: [{name: MOTTO, value: beside-canary}]}]
  volumes:
  - {name: data, persistentVolumeClaim: {claimName: postgres-pvc}}
  - {name: settings, configMap: {name: beside-canary}}
";
    cluster.sim.apply_yaml("payments", other).unwrap();
    let live = cluster.process_with(Limits::default(), false).analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap();
    let (recording, text) = through_a_file(&cluster, &place("a-team")).await;
    assert!(text.contains("namespace: payments") && text.contains("claimName: postgres-pvc"), "rules ask for it");
    assert!(!text.contains("beside-canary"), "{text}");
    let offline = replayed(recording, cluster.clock.clone()).analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap();
    assert_eq!(found(&offline), found(&live));
}

/// What was written is read again, of a cluster of a thousand Pods as well: each has some 250 values.
#[tokio::test(start_paused = true)]
async fn large_recording_can_be_read_again() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, "a-team").await;
    let recording = cluster.process().record(&place("a-team"), &Caller::silent()).await.unwrap();
    let items: Vec<Value> = (0..300).map(|at| serde_json::json!({"at": at, "values": vec![0; 1_000]})).collect();
    let answer = Recorded::Objects { items, complete: true, unreadable: 0 };
    let pods = RecordedList { kind: Kind::Pod, namespace: None, selector: None, answer };
    assert!(written(&Recording { lists: vec![pods], ..recording }).is_ok());
}

/// What could not be read as an object of its kind is no object that is not there.
#[tokio::test(start_paused = true)]
async fn objects_that_could_not_be_read_are_missing_offline_too() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, "a-team").await;
    let (mut recording, _) = through_a_file(&cluster, &place("a-team")).await;
    let of = |recording: Recording| replayed(recording, cluster.clock.clone());
    let whole = of(recording.clone()).analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap();
    for list in &mut recording.lists {
        if let (Recorded::Objects { unreadable, .. }, "PersistentVolumeClaim") = (&mut list.answer, list.kind.name()) {
            *unreadable = 2;
        }
    }
    let text = written(&recording).unwrap();
    assert_eq!(read(&text).unwrap(), recording);
    assert!(read(&text.replace("unreadable: 2", "unreadable: 99999999999")).is_err());
    let report = of(recording).analyze(&ask(&case, "a-team"), &Caller::silent()).await.unwrap();
    assert!(report.causes[0].confidence < whole.causes[0].confidence, "it may be one of them: {:?}", report.causes);
    assert!(report.coverage.gaps.iter().any(|gap| gap.what.contains("persistentvolumeclaims")), "{:?}", report.coverage.gaps);
}

#[tokio::test(start_paused = true)]
async fn recording_has_no_credential_in_it_and_no_secret() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, "a-team").await;
    cluster.apply(
        "apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  annotations: {note: 'password=hunter2-canary'}
data:
  app.yaml: |
    database:
      password: hunter2-canary
  level: debug
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - name: api
        image: registry.example/api:1
        args: ['--token', hunter2-canary]
        env:
        - {name: DB_PASSWORD, value: hunter2-canary}
        - {name: OPAQUE, value: xK29-hunter2-canary-41}
",
    );
    let (recording, text) = through_a_file(&cluster, &place("a-team")).await;
    assert!(text.contains("level: debug") && text.contains("DB_PASSWORD") && !text.contains("canary"), "{text}");
    assert!(recording.lists.iter().all(|list| !["Secret", "ControllerRevision"].contains(&list.kind.name())));
    assert!(!cluster.sim.requests().iter().any(|request| request.path.contains("/secrets")));
}
