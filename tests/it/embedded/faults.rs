//! Faults that a real API server won't make on demand. A write is sent once, whatever happens to it.

use crate::support::case::Case;
use crate::support::embedded::{self, Embedded, ask, asked, open, yes, yes_while_applied};
use crate::support::words::Word;
use kubemend::domain::limits::Limits;
use kubemend::ports::Silent;
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::next::{Next, next};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Problem, Question, Remediation, WorkflowError};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";
const CLAIMS: &str = "/persistentvolumeclaims";

async fn waiting(name: &str) -> (Embedded, Remediation, Question, Problem) {
    let (cluster, process, question) = embedded::waiting(name, NAMESPACE).await;
    (cluster, process, question, ask(&Case::load(name), NAMESPACE))
}

/// A fault that strikes the writer's real request and no rehearsal: those were made before it is injected.
fn write(method: &'static str, path: &'static str, kind: FaultKind) -> Fault {
    Fault::on(method, path, kind)
}

fn outcome(report: &Report) -> &str {
    report.execution.as_ref().unwrap().steps[0].outcome.as_str()
}

#[tokio::test(start_paused = true)]
async fn write_whose_answer_is_lost_is_not_sent_again_and_is_judged_by_what_is_there() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    cluster.sim.inject(write("POST", CLAIMS, FaultKind::LostAnswer));
    let report = yes(&process, &q).await.unwrap();
    assert_eq!(cluster.sent("POST"), 1, "it was sent again");
    assert_eq!(cluster.writes().len(), 1);
    // It did take effect, which the object's stamp tells: either that was found out, or it is said that nobody knows.
    assert!(matches!(report.status, Status::Resolved | Status::Unclear), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn patch_whose_answer_is_lost_is_not_sent_again() {
    let (cluster, process, q, _) = waiting("service-without-endpoints").await;
    cluster.sim.inject(write("PATCH", "/services/", FaultKind::LostAnswer));
    let report = yes(&process, &q).await.unwrap();
    assert_eq!((cluster.sent("PATCH"), cluster.writes().len()), (1, 1));
    assert!(matches!(report.status, Status::Resolved | Status::Unclear), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn write_that_the_server_refuses_is_not_sent_again() {
    for (code, method, case, path) in [
        (409, "PATCH", "service-without-endpoints", "/services/"),
        (422, "PATCH", "service-without-endpoints", "/services/"),
        (403, "POST", "database-pod-pending", CLAIMS),
        (429, "POST", "database-pod-pending", CLAIMS),
        (500, "POST", "database-pod-pending", CLAIMS),
        (503, "PATCH", "service-without-endpoints", "/services/"),
        (504, "PATCH", "service-without-endpoints", "/services/"),
    ] {
        let (cluster, process, q, _) = waiting(case).await;
        cluster.sim.inject(write(method, path, FaultKind::Status(code)).times(5));
        let report = yes(&process, &q).await.unwrap();
        assert_eq!(cluster.sent(method), 1, "{code}: sent again");
        assert_eq!(cluster.writes(), [], "{code}");
        assert_ne!(report.status, Status::Resolved, "{code}: {}", report.summary);
        assert_ne!(outcome(&report), "applied", "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn write_that_is_never_answered_ends_in_time_and_is_not_sent_again() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    cluster.sim.inject(write("POST", CLAIMS, FaultKind::Hang));
    let report = tokio::time::timeout(Duration::from_secs(600), yes(&process, &q)).await.expect("it hangs").unwrap();
    assert_eq!((cluster.sent("POST"), cluster.writes().len()), (1, 0));
    assert!(matches!(report.status, Status::Unclear | Status::Unresolved | Status::Failed), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn reads_that_fail_for_a_moment_are_tried_again() {
    for kind in [FaultKind::Status(429), FaultKind::Status(500), FaultKind::Status(503), FaultKind::Close] {
        let case = Case::load("database-pod-pending");
        let cluster = Embedded::of(&case, NAMESPACE).await;
        cluster.sim.inject(Fault::on("GET", "/pods", kind.clone()));
        let opened = open(&cluster.process(), &ask(&case, NAMESPACE)).await;
        assert_eq!(opened.report.causes[0].code, "pvc-missing", "{kind:?}");
        assert!(opened.question.is_some(), "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_always_fail_are_said_and_not_taken_for_absence() {
    for kind in [FaultKind::Status(500), FaultKind::Hang, FaultKind::Close] {
        let case = Case::load("database-pod-pending");
        let cluster = Embedded::of(&case, NAMESPACE).await;
        cluster.sim.inject(Fault::on("GET", "/persistentvolumeclaims", kind.clone()).times(1000));
        let process = cluster.process();
        let ask = ask(&case, NAMESPACE);
        let cancel = CancellationToken::new();
        let caller = Caller::new(&Silent, &cancel);
        let looking = tokio::time::timeout(Duration::from_secs(300), process.analyze(&ask, &caller));
        let Ok(said) = looking.await else { panic!("{kind:?}: it hangs") };
        // An honest error, or an answer that says what it could not see; never a claim that is missing because nobody looked.
        if let Ok(report) = said {
            assert!(
                report.coverage.gaps.iter().any(|g| g.what.contains("persistentvolumeclaim") || g.what.contains("claim")),
                "{kind:?}: {:?}",
                report.coverage
            );
            assert!(report.plan.is_none(), "{kind:?}: planned on what could not be seen");
        }
        assert_eq!(cluster.writes(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn claim_that_somebody_makes_in_between_refuses_ours() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: postgres-pvc\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n";
    let report = yes_while_applied(&cluster, &process, &q, claim).await.unwrap();
    assert_eq!(cluster.writes(), []);
    assert_eq!(outcome(&report), "refused", "{}", report.summary);
    let claim = cluster.sim.object("persistentvolumeclaims", NAMESPACE, "postgres-pvc").unwrap();
    assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "1Gi");
}

#[tokio::test(start_paused = true)]
async fn field_that_somebody_changes_in_between_refuses_the_patch() {
    let (cluster, process, q, _) = waiting("service-without-endpoints").await;
    let case = Case::load("service-without-endpoints");
    let text = case.manifest_text("manifests/storefront.yaml").replace("app: storefront-web", "app: somebody-elses-idea");
    let report = yes_while_applied(&cluster, &process, &q, &text).await.unwrap();
    assert_eq!(cluster.writes(), []);
    assert_eq!(outcome(&report), "refused", "{}", report.summary);
    assert!(report.summary.contains("the object changed since the plan was created"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn object_of_the_same_name_that_is_another_one_refuses_the_patch() {
    let (cluster, process, q, _) = waiting("service-without-endpoints").await;
    let case = Case::load("service-without-endpoints");
    let text = case.manifest_text("manifests/storefront.yaml");
    cluster.remove("services", "storefront").await;
    cluster.apply(&text);
    let report = yes(&process, &q).await.unwrap();
    assert_eq!(cluster.writes(), []);
    assert_eq!(outcome(&report), "refused", "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn status_that_moves_on_in_between_spoils_nothing() {
    let (cluster, process, q, _) = waiting("image-tag-missing").await;
    // Back-off, probes and events go on while a human thinks.
    tokio::time::sleep(Duration::from_secs(300)).await;
    let report = yes(&process, &q).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn history_that_was_forgotten_does_not_stop_the_watching() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    let sim = cluster.sim.clone();
    let compacting = async move {
        loop {
            sim.compact();
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    };
    let report = tokio::select! {
        report = yes(&process, &q) => report.unwrap(),
        () = compacting => unreachable!(),
    };
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn process_killed_during_execution_is_interrupted_for_the_next_one() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    cluster.sim.inject(write("POST", CLAIMS, FaultKind::Hang));
    // The future is dropped with its request in flight, as when a process is killed: nothing of it runs on.
    let killed = tokio::time::timeout(Duration::from_secs(1), yes(&process, &q)).await;
    assert!(killed.is_err());
    drop(process);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let next = cluster.process();
    let report = next.show(&q.session).await.unwrap();
    assert_eq!(report.status, Status::Interrupted, "{}", report.summary);
    assert_eq!(cluster.sent("POST"), 1, "something was resumed by guess");
    let again = yes(&next, &q).await;
    assert!(matches!(again, Err(WorkflowError::State { .. } | WorkflowError::Expired | WorkflowError::WrongToken)), "{again:?}");
    assert_eq!(cluster.sent("POST"), 1);
}

#[tokio::test(start_paused = true)]
async fn store_that_cannot_keep_the_intent_means_no_write() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    cluster.store.broken.store(true, Ordering::SeqCst);
    let said = yes(&process, &q).await;
    assert!(matches!(said, Err(WorkflowError::Store(_))), "{said:?}");
    assert_eq!(cluster.sent("POST"), 0);
}

/// Whoever is sent on with the id of a session that nobody kept comes back with an error.
#[tokio::test(start_paused = true)]
async fn analysis_that_could_not_be_kept_sends_nobody_on_with_its_id() {
    let (cluster, process, _, problem) = waiting("database-pod-pending").await;
    let kept = process.analyze(&problem, &Caller::silent()).await.unwrap();
    assert!(matches!(next(&kept), Next::Apply), "{}", kept.summary);
    cluster.store.broken.store(true, Ordering::SeqCst);
    let report = process.analyze(&problem, &Caller::silent()).await.unwrap();
    assert!(report.unrecorded && report.plan.is_some() && matches!(next(&report), Next::ByHand(_)), "{}", report.summary);
    assert!(report.coverage.gaps.iter().any(|gap| gap.what.contains("could not be saved")), "{:?}", report.coverage.gaps);
    assert!(!report.summary.contains("Run remediate"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn cancelling_during_validation_ends_unclear_and_keeps_what_was_done() {
    let (cluster, process, q, _) = waiting("database-pod-pending").await;
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let by = kubemend::workflow::Approver::Terminal;
    let cancelling = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.cancel();
        std::future::pending::<()>().await
    };
    let caller = Caller::new(&Silent, &cancel);
    let report = tokio::select! {
        report = process.approve(&q.session, &q.token, &q.digest, by, &caller) => report.unwrap(),
        () = cancelling => unreachable!(),
    };
    assert_eq!(report.status, Status::Unclear, "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1);
    assert_eq!(outcome(&report), "applied");
    let next = format!("Run validate with session {}", q.session);
    assert!(report.summary.contains(&next), "{}", report.summary);
    // Whoever looks again gives the session the verdict that nobody saw, once, and changes nothing else.
    let process = cluster.process();
    let again = kubemend::workflow::Validate::Session(q.session.clone());
    let report = process.validate(&again, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    assert!(report.advice.iter().any(|a| a.text == format!("session {} ends as resolved now", q.session)), "{:?}", report.advice);
    let shown = process.show(&q.session).await.unwrap();
    assert_eq!((shown.status, outcome(&shown)), (Status::Resolved, "applied"), "{}", shown.summary);
    assert_eq!(shown.trail.last().unwrap().what, "validated again: resolved");
    process.validate(&again, &Caller::silent()).await.unwrap();
    assert_eq!(process.show(&q.session).await.unwrap(), shown);
    assert_eq!(cluster.writes().len(), 1);
}

/// Its change took effect and does not help: the ending says so, and how it is taken back.
#[tokio::test(start_paused = true)]
async fn a_call_that_was_cut_after_a_change_that_does_not_help_ends_unresolved_once_somebody_looks() {
    let (cluster, process, q, _) = waiting("config-map-name-wrong").await;
    // Whatever it gets, this program wants something else that is not there.
    cluster.never_satisfy(&Case::load("config-map-name-wrong"), "PAYMENT_URL");
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let cancelling = async {
        while cluster.writes().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
        std::future::pending::<()>().await
    };
    let caller = Caller::new(&Silent, &cancel);
    let by = kubemend::workflow::Approver::Terminal;
    let report = tokio::select! {
        report = process.approve(&q.session, &q.token, &q.digest, by, &caller) => report.unwrap(),
        () = cancelling => unreachable!(),
    };
    assert_eq!((report.status, outcome(&report)), (Status::Unclear, "applied"), "{}", report.summary);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let again = kubemend::workflow::Validate::Session(q.session.clone());
    let report = process.validate(&again, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Unresolved, "{}", report.summary);
    let undo = format!("kubemend undo {}", q.session);
    assert!(report.advice.iter().any(|a| a.command.as_ref() == Some(&undo)), "{:?}", report.advice);
    assert_eq!(process.show(&q.session).await.unwrap().status, Status::Unresolved);
}

#[tokio::test(start_paused = true)]
async fn fix_after_which_the_program_crashes_is_reported_as_partly() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    // Whatever claim is made, this database wants something else that is not there.
    cluster.never_satisfy(&case, "POSTGRES_PASSWORD");
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    let report = yes(&process, &q).await.unwrap();
    assert_eq!(cluster.writes().len(), 1);
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    let word: Word = serde_saphyr::from_str("{ready: deployment/postgres-db}").unwrap();
    assert!(!word.holds(&cluster.objects()));
}

#[tokio::test(start_paused = true)]
async fn without_a_writer_the_plan_is_handed_over_with_its_commands() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process_with(Limits::default(), false);
    let opened = open(&process, &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none());
    assert_eq!(opened.report.status, Status::Diagnosed);
    assert!(opened.report.summary.contains("kubemend cannot apply this plan: "), "{}", opened.report.summary);
    let advice = &opened.report.advice;
    assert!(advice.iter().any(|a| a.command.as_deref().is_some_and(|c| c.contains("kubectl"))), "{advice:?}");
    assert!(advice.iter().any(|a| a.why.contains("write")), "{advice:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn object_to_be_changed_is_read_once_more_and_whole_when_the_plan_is_made() {
    let (cluster, ..) = waiting("service-without-endpoints").await;
    let whole = cluster.sim.requests().into_iter().filter(|r| r.verb == "get" && r.path.contains("/services/")).count();
    assert_eq!(whole, 1, "one request for the one object that is changed");
    let (cluster, ..) = waiting("database-pod-pending").await;
    let whole = cluster.sim.requests().into_iter().filter(|r| r.verb == "get" && r.path.contains(CLAIMS)).count();
    assert_eq!(whole, 0, "what is created is not there to be read");
}

#[tokio::test(start_paused = true)]
async fn object_that_may_be_listed_and_not_read_is_not_changed_and_the_permission_is_named() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.deny(Denial::of("get", "services"));
    let opened = open(&cluster.process(), &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none() && opened.report.plan.is_none(), "{}", opened.report.summary);
    assert_eq!(opened.report.status, Status::Diagnosed);
    let said: Vec<&str> = opened.report.advice.iter().map(|a| a.text.as_str()).collect();
    let refusal = said.iter().find(|text| text.contains("could not be read before the change")).unwrap_or_else(|| panic!("{said:?}"));
    assert!(refusal.contains("not allowed to get services in `shop`") && refusal.contains("--verb=get"), "{refusal}");
    assert!(!said.iter().any(|text| text.contains("no longer exists")), "{said:?}");
}

#[tokio::test(start_paused = true)]
async fn lost_answer_to_a_dry_run_leaves_no_doubt_that_nothing_was_changed() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.inject(Fault::on("POST", CLAIMS, FaultKind::LostAnswer));
    let opened = open(&cluster.process(), &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    let why: Vec<&str> = opened.report.advice.iter().map(|a| a.why.as_str()).collect();
    assert!(why.iter().any(|why| why.starts_with("the dry run failed: the request was sent, and no usable answer came back")), "{why:?}");
    assert!(!why.iter().any(|why| why.contains("took effect")), "{why:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn pods_that_cannot_be_read_are_no_statement_that_something_is_wrong() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.deny(Denial::of("list", "pods"));
    let elsewhere = Problem { namespace: Some(kubemend::domain::object::Namespace::parse("default").unwrap()), ..Problem::default() };
    let report = cluster.process().analyze(&elsewhere, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Inconclusive);
    assert!(report.summary.starts_with("No problem was found in namespace default"), "{}", report.summary);
    assert!(report.summary.contains("could not be verified as healthy"), "{}", report.summary);
    assert!(report.summary.contains("Missing data: pods in default (forbidden)"), "{}", report.summary);
}
