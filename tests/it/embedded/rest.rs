//! Sessions at rest: one that was left in any of its states is reported as what it is, remembers what was found, and ends.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, recorded, yes};
use kubemend::domain::id::SessionId;
use kubemend::ports::{Phase, Progress};
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Remediation, Validate, WorkflowError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "a-team";
const CLAIMS: &str = "/persistentvolumeclaims";
/// Longer than any session waits for somebody to continue it.
const LONG: Duration = Duration::from_secs(16 * 60);

async fn database() -> (Case, Embedded) {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    (case, cluster)
}

/// Drops the future with its request in flight, as when a process is killed: nothing of it runs on.
async fn killed_after(seconds: u64, work: impl Future) {
    assert!(tokio::time::timeout(Duration::from_secs(seconds), work).await.is_err(), "it ended before it was killed");
}

/// The one session of the store, as the next process reports it.
async fn only(process: &Remediation) -> (SessionId, Report) {
    let lines = process.sessions(10).await.unwrap();
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    let report = process.show(&line.id).await.unwrap();
    assert_eq!(report.status, line.status);
    (line.id.clone(), report)
}

/// Every cause rests on evidence that the report holds.
fn cites_what_is_there(report: &Report) {
    assert!(!report.causes.is_empty(), "{}", report.summary);
    for cause in &report.causes {
        assert!(!cause.evidence.is_empty(), "{}", cause.code);
        for id in &cause.evidence {
            assert_eq!(report.evidence.iter().filter(|e| e.id == *id).count(), 1, "{} cites {id}", cause.code);
        }
    }
}

async fn refuses_an_answer(process: &Remediation, session: &SessionId, because: &str) {
    let error = process.question(session, &Caller::silent()).await.expect_err("it asks");
    assert!(matches!(&error, WorkflowError::State { state, .. } if state.contains(because)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn process_killed_during_the_dry_run_leaves_its_diagnosis_and_the_session_ends() {
    let (case, cluster) = database().await;
    cluster.sim.inject(Fault::on("POST", CLAIMS, FaultKind::Hang));
    let (process, ask) = (cluster.process(), ask(&case, NAMESPACE));
    killed_after(5, process.open(&ask, &Caller::silent())).await;
    let next = cluster.process();
    let (session, left) = only(&next).await;
    assert_eq!((left.status, left.causes[0].code.as_str()), (Status::Diagnosed, "pvc-missing"));
    assert!(left.summary.contains("not finished; nothing was changed"), "{}", left.summary);
    cites_what_is_there(&left);
    refuses_an_answer(&next, &session, "its diagnosis is not finished").await;
    tokio::time::sleep(LONG).await;
    let (_, ended) = only(&next).await;
    assert_eq!((ended.status, &ended.causes, &ended.evidence), (Status::Diagnosed, &left.causes, &left.evidence));
    assert!(!ended.summary.contains("not finished"), "{}", ended.summary);
    refuses_an_answer(&next, &session, "has ended").await;
    assert_eq!(cluster.writes(), []);
}

/// Goes away when the dry run begins.
struct GoneAt(Phase, CancellationToken);

impl Progress for GoneAt {
    fn tell(&self, phase: Phase, _: &str) {
        if phase == self.0 {
            self.1.cancel();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn call_that_is_cancelled_during_the_dry_run_ends_its_session() {
    let (case, cluster) = database().await;
    let (process, cancel) = (cluster.process(), CancellationToken::new());
    let gone = GoneAt(Phase::Rehearsing, cancel.clone());
    let said = process.open(&ask(&case, NAMESPACE), &Caller::new(&gone, &cancel)).await;
    assert!(matches!(said, Err(WorkflowError::Cancelled)), "{said:?}");
    let (session, report) = only(&process).await;
    assert_eq!(report.status, Status::Diagnosed, "{}", report.summary);
    assert!(report.plan.as_ref().unwrap().steps[0].dry_run.as_ref().unwrap().accepted);
    assert!(!report.summary.contains("not finished"), "{}", report.summary);
    refuses_an_answer(&process, &session, "has ended").await;
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn analysis_rests_as_a_diagnosis_until_its_time_is_over() {
    let (case, cluster) = database().await;
    let process = cluster.process();
    let report = process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
    cites_what_is_there(&report);
    let (session, shown) = only(&cluster.process()).await;
    assert_eq!(shown, report);
    refuses_an_answer(&process, &session, "only a diagnosis").await;
    tokio::time::sleep(LONG).await;
    let mut ended = only(&cluster.process()).await.1;
    let last = ended.trail.pop().unwrap();
    assert_eq!((last.who.as_str(), last.what.as_str()), ("kubemend", "nothing was decided; nothing was changed"));
    assert_eq!(recorded(ended), recorded(report), "its end takes nothing away");
    refuses_an_answer(&process, &session, "has ended").await;
}

#[tokio::test(start_paused = true)]
async fn sessions_that_ended_by_themselves_keep_their_place_in_the_list() {
    let (case, cluster) = database().await;
    let process = cluster.process();
    for _ in 0..3 {
        process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let ids = async || process.sessions(10).await.unwrap().into_iter().map(|line| line.id).collect::<Vec<_>>();
    let before = ids().await;
    tokio::time::sleep(LONG).await;
    assert_eq!(ids().await, before, "the list that finds them ended");
    assert_eq!(ids().await, before, "the list after it");
}

#[tokio::test(start_paused = true)]
async fn process_killed_while_it_watches_leaves_what_was_done() {
    let (case, cluster) = database().await;
    // The database never becomes ready, so that there is something to watch for long.
    cluster.never_satisfy(&case, "POSTGRES_PASSWORD");
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    killed_after(20, yes(&process, &q)).await;
    let next = cluster.process();
    let (session, left) = only(&next).await;
    assert_eq!(left.status, Status::Unclear);
    assert!(left.summary.contains("validation is in progress"), "{}", left.summary);
    refuses_an_answer(&next, &session, "is being validated").await;
    tokio::time::sleep(LONG).await;
    let (_, ended) = only(&next).await;
    assert_eq!((ended.status, &ended.execution), (Status::Interrupted, &left.execution));
    assert_eq!(ended.execution.as_ref().unwrap().steps[0].outcome.as_str(), "applied");
    cites_what_is_there(&ended);
    assert_eq!(cluster.writes().len(), 1);
    // Looking again tells what took effect; all that was missing is the verdict, and from now on the session has it.
    let again = next.validate(&Validate::Session(session.clone()), &Caller::silent()).await.unwrap();
    assert!(
        again.advice.iter().any(|a| a.text.contains("took effect: the object has its `kubemend.dev/applied` annotation")),
        "{:?}",
        again.advice
    );
    let shown = next.show(&session).await.unwrap();
    assert_eq!((shown.status, shown.status, &shown.execution), (again.status, Status::Partly, &ended.execution));
    assert!(shown.trail.last().unwrap().what.contains("partly"), "{:?}", shown.trail);
    assert_eq!(cluster.writes().len(), 1);
}

/// What is there now under the name of the claim that the plan created, when its process died.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Now {
    /// The same one.
    Own,
    /// Another one, which somebody made.
    Another,
    /// The same one, which can only be listed.
    Unread,
}

#[tokio::test(start_paused = true)]
async fn object_that_somebody_made_again_or_that_cannot_be_read_is_not_recorded_as_what_a_plan_led_to() {
    for now in [Now::Own, Now::Another, Now::Unread] {
        let (case, cluster) = database().await;
        cluster.never_satisfy(&case, "POSTGRES_PASSWORD");
        let process = cluster.process();
        let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
        killed_after(20, yes(&process, &q)).await;
        let next = cluster.process();
        tokio::time::sleep(LONG).await;
        let (session, ended) = only(&next).await;
        assert_eq!(ended.status, Status::Interrupted);
        let of = |kind: &str| -> Vec<String> {
            let all = cluster.objects();
            all.iter().filter(|o| o["kind"] == kind).map(|o| o["metadata"]["name"].as_str().unwrap().to_owned()).collect()
        };
        let claim = of("PersistentVolumeClaim").remove(0);
        if now == Now::Another {
            cluster.remove("persistentvolumeclaims", &claim).await;
            for pod in of("Pod") {
                cluster.remove("pods", &pod).await;
            }
            tokio::time::sleep(Duration::from_secs(40)).await;
            cluster.apply(&format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {claim}}}\nspec: {{accessModes: [ReadWriteOnce], storageClassName: standard, resources: {{requests: {{storage: 99Gi}}}}}}\n"));
        }
        // Somebody repairs the program.
        cluster.sim.add_images(kubemend::sim::MadeImage::parse_yaml(&case.images_text()).unwrap());
        for pod in of("Pod") {
            cluster.remove("pods", &pod).await;
        }
        tokio::time::sleep(Duration::from_secs(120)).await;
        if now == Now::Unread {
            cluster.sim.deny(Denial::of("get", "persistentvolumeclaims").to_user("reader"));
        }
        let again = next.validate(&Validate::Session(session.clone()), &Caller::silent()).await.unwrap();
        let advice: String = again.advice.iter().map(|a| format!("{} ({})\n", a.text, a.why)).collect();
        let shown = next.show(&session).await.unwrap();
        if now == Now::Own {
            assert_eq!((again.status, shown.status), (Status::Resolved, Status::Resolved), "{advice}");
            continue;
        }
        assert_eq!(shown.status, Status::Interrupted, "{now:?}: {}", shown.summary);
        assert!(!advice.contains("ends as"), "{now:?}: {advice}");
        assert!(advice.contains("and not about the plan"), "{now:?}: {advice}");
        if now == Now::Another {
            assert_ne!(again.status, Status::Resolved, "{}", again.summary);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cause_that_shows_after_the_change_keeps_its_own_evidence_and_advice() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::new(NAMESPACE);
    // No image of that name is pulled before the claim is there.
    cluster.apply(&case.manifest_text("manifests/deployment.yaml").replace("image: postgres:16", "image: postgres:16.99"));
    tokio::time::sleep(Duration::from_secs(5)).await;
    let process = cluster.process();
    let (first, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    assert_eq!(first.causes.len(), 1);
    let report = yes(&process, &q).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    let codes: Vec<&str> = report.causes.iter().map(|c| c.code.as_str()).collect();
    assert_eq!(codes, ["pvc-missing", "img-tag-not-found"]);
    cites_what_is_there(&report);
    assert_eq!(report.causes[0], first.causes[0]);
    assert_eq!(report.evidence[..first.evidence.len()], first.evidence);
    assert!(report.causes[1].evidence.iter().all(|id| !first.evidence.iter().any(|e| e.id == *id)), "{:?}", report.causes[1]);
    let later: Vec<Option<usize>> =
        report.advice.iter().filter(|a| a.text.starts_with("run again for this cause:")).map(|a| a.cause).collect();
    assert_eq!(later, [Some(1)]);
    assert_eq!(recorded(process.show(&q.session).await.unwrap()), recorded(report));
}
