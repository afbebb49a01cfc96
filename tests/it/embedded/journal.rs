//! What is recorded while a plan is carried out: a process that is killed at any point leaves a record that says what is true, and
//! nothing is sent that the record does not announce.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, open, yes, yes_while_applied};
use crate::support::webhook::{Between, Held};
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::plan::OnFailure;
use kubemend::ports::Silent;
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Caller, Question, Remediation, Validate, WorkflowError};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";
const CLAIMS: &str = "/persistentvolumeclaims";

async fn waiting(case: &str, limits: Limits, held: Option<Held>) -> (Embedded, Remediation, Question) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process_over(Between::holding(cluster.sim.service_as("writer"), held), limits, true);
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    (cluster, process, question)
}

fn reverting() -> Limits {
    Limits { on_failure: OnFailure::Revert, ..Limits::default() }
}

/// The process dies at the end of `after`: its future is dropped with whatever is in flight.
async fn killed(cluster: &Embedded, process: Remediation, question: &Question, after: Duration) -> Remediation {
    assert!(tokio::time::timeout(after, yes(&process, question)).await.is_err(), "it ended before it was killed");
    drop(process);
    *cluster.store.keeps.lock().unwrap() = None;
    cluster.clock.set_by(600);
    cluster.process()
}

fn outcomes(report: &Report) -> Vec<&str> {
    report.execution.as_ref().unwrap().steps.iter().map(|step| step.outcome.as_str()).collect()
}

async fn told(next: &Remediation, question: &Question) -> String {
    // One look is enough: what took effect is told before the checks are watched.
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    });
    let what = Validate::Session(question.session.clone());
    let report = next.validate(&what, &Caller::new(&Silent, &cancel)).await.unwrap();
    report.advice.iter().filter(|a| a.text.starts_with("step ")).map(|a| format!("{}\n", a.text)).collect()
}

/// A point at which the process that replaces a claim dies, and what is said of it then.
struct Point {
    /// Records that are kept after the question was asked.
    keeps: Option<usize>,
    held: Option<Held>,
    outcomes: [&'static str; 2],
    said: [&'static str; 2],
}

const NOT_SENT: &str = "did not take effect: it is recorded as not sent";
const GONE: &str = "took effect: the object is gone";
const PERHAPS: &str = "cannot be confirmed: the object is gone, by this step or by somebody else";
const REPLACED: &str = "took effect: the object is gone, and another one of that name was created since";
const STAMPED: &str = "took effect: the object has its `kubemend.dev/applied` annotation";

#[tokio::test(start_paused = true)]
async fn process_killed_between_any_two_points_of_a_replacement_leaves_what_is_true() {
    let point = |keeps, held, outcomes, said| Point { keeps, held, outcomes, said };
    for (name, point) in [
        ("before the deletion is announced", point(Some(1), None, ["notReached", "notReached"], [NOT_SENT, NOT_SENT])),
        (
            "before the deletion arrives",
            point(
                None,
                Some(Held::Before(1)),
                ["unknown", "notReached"],
                ["did not take effect: the object is still there, with the same uid", NOT_SENT],
            ),
        ),
        ("before the deletion is answered", point(None, Some(Held::After(1)), ["unknown", "notReached"], [PERHAPS, NOT_SENT])),
        ("before the deletion is recorded", point(Some(2), None, ["unknown", "notReached"], [PERHAPS, NOT_SENT])),
        ("before the creation is announced", point(Some(3), None, ["applied", "notReached"], [GONE, NOT_SENT])),
        (
            "before the creation arrives",
            point(None, Some(Held::Before(2)), ["applied", "unknown"], [GONE, "cannot be confirmed: the object does not exist"]),
        ),
        ("before the creation is answered", point(None, Some(Held::After(2)), ["applied", "unknown"], [REPLACED, STAMPED])),
        ("before the creation is recorded", point(Some(4), None, ["applied", "unknown"], [REPLACED, STAMPED])),
        ("before the end of the steps is recorded", point(Some(5), None, ["applied", "applied"], [REPLACED, STAMPED])),
        ("while it is validated", point(Some(6), None, ["applied", "applied"], [REPLACED, STAMPED])),
    ] {
        let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), point.held).await;
        *cluster.store.keeps.lock().unwrap() = point.keeps;
        // Less than a validation takes, more than all that comes before it.
        let next = killed(&cluster, process, &question, Duration::from_millis(3500)).await;
        let report = next.show(&question.session).await.unwrap();
        assert_eq!(report.status, Status::Interrupted, "{name}: {}", report.summary);
        assert_eq!(outcomes(&report), point.outcomes, "{name}");
        assert!(report.plan.is_some() && !report.causes.is_empty(), "{name}");
        let said = told(&next, &question).await;
        for (index, (verb, words)) in ["delete", "create"].into_iter().zip(point.said).enumerate() {
            let line = format!("step {} ({verb} PersistentVolumeClaim shop/uploads) {words}\n", index + 1);
            assert!(said.contains(&line), "{name}: {line}{said}");
        }
        // Nothing is resumed, and nothing can be approved again.
        let again = yes(&next, &question).await;
        assert!(matches!(again, Err(WorkflowError::State { .. })), "{name}: {again:?}");
    }
}

/// The process died before its deletion arrived. Afterwards somebody else does the same.
#[tokio::test(start_paused = true)]
async fn deletion_that_somebody_else_made_is_not_said_to_be_ours() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), Some(Held::Before(1))).await;
    let next = killed(&cluster, process, &question, Duration::from_secs(3)).await;
    cluster.remove("persistentvolumeclaims", "uploads").await;
    let said = told(&next, &question).await;
    assert!(said.contains(&format!("step 1 (delete PersistentVolumeClaim shop/uploads) {PERHAPS}\n")), "{said}");
    let claim = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: uploads}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}";
    cluster.apply(claim);
    let said = told(&next, &question).await;
    assert!(said.contains(&format!("{PERHAPS}, and another one of that name was created since\n")), "{said}");
}

#[tokio::test(start_paused = true)]
async fn claim_that_somebody_made_anew_is_not_said_to_be_ours() {
    let (cluster, process, question) = waiting("database-pod-pending", Limits::default(), Some(Held::After(1))).await;
    let next = killed(&cluster, process, &question, Duration::from_secs(3)).await;
    cluster.remove("persistentvolumeclaims", "postgres-pvc").await;
    cluster.apply(
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: postgres-pvc\n  annotations: {kubemend.dev/applied: p-other/1}\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n",
    );
    let said = told(&next, &question).await;
    assert!(said.contains("changed again since, and has the mark of another plan"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn under_policy_a_process_that_is_killed_after_its_write_leaves_the_whole_record() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let limits = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
    let process = cluster.process_with(limits, true);
    let problem = ask(&case, NAMESPACE);
    let opening = async {
        loop {
            if cluster.sent("POST") > 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let caller = Caller::silent();
    tokio::select! {
        opened = process.open(&problem, &caller) => panic!("{opened:?}"),
        () = opening => {}
    }
    drop(process);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let next = cluster.process();
    let id = next.sessions(1).await.unwrap()[0].id.clone();
    let report = next.show(&id).await.unwrap();
    assert_eq!((report.status, report.causes[0].code.as_str()), (Status::Interrupted, "pvc-missing"));
    let plan = report.plan.as_ref().unwrap();
    assert!(plan.steps[0].diff.contains("+kind: PersistentVolumeClaim") && !report.cluster.version.is_empty(), "{}", plan.steps[0].diff);
    assert!(!report.evidence.is_empty() && outcomes(&report).len() == 1);
}

#[tokio::test(start_paused = true)]
async fn step_is_not_sent_once_the_record_cannot_be_kept() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    // The deletion is announced and sent; what became of it cannot be recorded.
    *cluster.store.breaks_after.lock().unwrap() = Some(2);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!((cluster.sent("DELETE"), cluster.sent("POST")), (1, 0));
    assert_eq!(outcomes(&report), ["applied", "notReached"]);
    assert!(report.summary.contains("the record of this session cannot be kept, so nothing more is sent"), "{}", report.summary);
    assert_eq!(report.status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn step_is_not_sent_once_the_clock_says_that_its_time_has_passed() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    // The deleted claim cannot be read for as long as anybody waits; meanwhile the machine sleeps, and somebody looks.
    let (clock, other, session) = (cluster.clock.clone(), cluster.process(), question.session.clone());
    cluster.sim.inject(Fault::on("GET", "/persistentvolumeclaims/uploads", FaultKind::Hang));
    let looking = async move {
        tokio::time::sleep(Duration::from_secs(4)).await;
        clock.set_by(3600);
        let shown = other.show(&session).await.unwrap();
        assert!(shown.summary.contains("is being applied"), "what is alive is not closed by a clock: {}", shown.summary);
        std::future::pending::<()>().await
    };
    let report = tokio::select! {
        report = yes(&process, &question) => report.unwrap(),
        () = looking => unreachable!(),
    };
    assert_eq!((cluster.sent("DELETE"), cluster.sent("POST")), (1, 0), "{}", report.summary);
    assert_eq!(outcomes(&report), ["applied", "notReached"]);
    assert!(report.summary.contains("the time for applying this plan has ended"), "{}", report.summary);
    assert_eq!(process.show(&question.session).await.unwrap().status, Status::Failed);
}

#[tokio::test(start_paused = true)]
async fn reads_of_a_deleted_claim_that_hang_end_in_time() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    cluster.sim.inject(Fault::on("GET", "/persistentvolumeclaims/uploads", FaultKind::Hang).times(1000));
    let began = tokio::time::Instant::now();
    let report = yes(&process, &question).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!((cluster.sent("POST"), outcomes(&report)), (0, vec!["applied", "failed"]));
}

#[tokio::test(start_paused = true)]
async fn reasons_for_which_a_deleted_claim_is_not_gone_are_told_apart() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    cluster.sim.deny(Denial::of("get", "persistentvolumeclaims"));
    let report = yes(&process, &question).await.unwrap();
    assert!(report.summary.contains("whether it is gone cannot be seen: not allowed to get"), "{}", report.summary);

    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    cluster.sim.inject(Fault::on("GET", "/persistentvolumeclaims/uploads", FaultKind::Status(503)).times(2));
    let sim = cluster.sim.clone();
    let again = async move {
        while !sim.requests().iter().any(|r| r.method == "DELETE" && r.wrote && r.user == "writer") {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sim.apply_yaml(
            NAMESPACE,
            "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: uploads\nspec:\n  accessModes: [ReadWriteOnce]\n  resources:\n    requests:\n      storage: 1Gi\n",
        )
        .ok();
        std::future::pending::<()>().await
    };
    let report = tokio::select! {
        report = yes(&process, &question) => report.unwrap(),
        () = again => unreachable!(),
    };
    assert_eq!(outcomes(&report)[1], "refused", "{}", report.summary);
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn caller_who_leaves_while_a_deletion_is_waited_for_stops_the_rest() {
    let (cluster, process, question) = waiting("storage-class-missing", Limits::default(), None).await;
    cluster.sim.inject(Fault::on("GET", "/persistentvolumeclaims/uploads", FaultKind::Hang).times(1000));
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    let leaving = async move {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.cancel();
        std::future::pending::<()>().await
    };
    let began = tokio::time::Instant::now();
    let by = kubemend::workflow::Approver::Library("the tests".to_owned());
    let caller = Caller::new(&Silent, &cancel);
    let report = tokio::select! {
        report = process.approve(&question.session, &question.token, &question.digest, by, &caller) => report.unwrap(),
        () = leaving => unreachable!(),
    };
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((report.status, outcomes(&report)), (Status::Unclear, vec!["applied", "notReached"]));
}

/// A fix of a node selector that does not help: the Pods start, and never become ready.
async fn useless(limits: Limits) -> (Embedded, Remediation, Question) {
    useless_held(limits, None).await
}

async fn useless_held(limits: Limits, held: Option<Held>) -> (Embedded, Remediation, Question) {
    let (cluster, process, question) = waiting("node-selector-matches-no-node", limits, held).await;
    let case = Case::load("node-selector-matches-no-node");
    let images = case.images_text().replace("/healthz: 200", "/elsewhere: 200");
    cluster.sim.add_images(kubemend::sim::MadeImage::parse_yaml(&images).unwrap());
    (cluster, process, question)
}

/// Runs until the validation has begun, and then does this.
async fn once_validating(process: &Remediation, cluster: &Embedded, question: &Question, then: impl FnOnce()) -> Report {
    let mut then = Some(then);
    let acting = async {
        while cluster.sent("PATCH") == 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        then.take().unwrap()();
        std::future::pending::<()>().await
    };
    tokio::select! {
        report = yes(process, question) => report.unwrap(),
        () = acting => unreachable!(),
    }
}

fn undone(report: &Report) -> Vec<&str> {
    report.execution.as_ref().unwrap().reverted.iter().flatten().map(|step| step.outcome.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn undo_whose_answer_is_lost_is_told_and_leaves_it_unclear() {
    let (cluster, process, question) = useless(reverting()).await;
    let report = once_validating(&process, &cluster, &question, || {
        cluster.sim.inject(Fault::on("PATCH", "/deployments/", FaultKind::LostAnswer));
    })
    .await;
    assert_eq!((report.status, undone(&report)), (Status::Unclear, vec!["unknown"]), "{}", report.summary);
    assert!(report.summary.contains("rollback of step 1 unknown"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn undo_of_which_admission_makes_something_else_is_told_and_is_no_undo() {
    let (cluster, _, question) = useless(reverting()).await;
    let patches = std::sync::atomic::AtomicUsize::new(0);
    let webhook = move |seen: &crate::support::webhook::Seen, mut body: serde_json::Value| {
        if seen.method == "PATCH" && !seen.dry_run && patches.fetch_add(1, Ordering::SeqCst) == 1 {
            let container = json!({"name": "evil", "image": "example/evil:1", "securityContext": {"privileged": true}});
            body.as_array_mut().unwrap().push(json!({"op": "add", "path": "/spec/template/spec/containers/-", "value": container}));
        }
        body
    };
    let process = cluster.process_over(Between::webhook(cluster.sim.service_as("writer"), webhook), reverting(), true);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(cluster.sent("PATCH"), 2);
    assert_ne!(report.status, Status::Reverted, "{}", report.summary);
    let told = report.execution.as_ref().unwrap().reverted.as_ref().unwrap()[0].message.clone().unwrap();
    assert!(told.contains("the result is not what was approved") && told.contains("containers"), "{told}");
}

#[tokio::test(start_paused = true)]
async fn undo_that_is_refused_is_told() {
    let (cluster, process, question) = useless(reverting()).await;
    let report = once_validating(&process, &cluster, &question, || {
        cluster.sim.inject(Fault::on("PATCH", "/deployments/", FaultKind::Status(403)));
    })
    .await;
    assert_eq!((report.status, undone(&report)), (Status::Unresolved, vec!["failed"]), "{}", report.summary);
    assert!(report.summary.contains("rollback of step 1 failed"), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn undo_is_not_sent_where_it_cannot_be_recorded() {
    let (cluster, process, question) = useless(reverting()).await;
    let report = once_validating(&process, &cluster, &question, || cluster.store.broken.store(true, Ordering::SeqCst)).await;
    assert_eq!(cluster.sent("PATCH"), 1, "the undo was sent");
    assert_eq!(undone(&report), ["notReached"], "{}", report.summary);
    assert!(report.advice.iter().any(|a| a.why.contains("a rollback has to be recorded before it is sent")), "{:?}", report.advice);
}

#[tokio::test(start_paused = true)]
async fn undo_takes_nothing_back_that_somebody_changed_since() {
    let (cluster, process, question) = useless(reverting()).await;
    let report = once_validating(&process, &cluster, &question, || {
        let mut object = cluster.sim.object("deployments", NAMESPACE, "recommender").unwrap();
        object["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(7);
        let text = serde_json::to_string(&json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "recommender"}, "spec": object["spec"],
        }))
        .unwrap();
        cluster.sim.apply_yaml(NAMESPACE, &text).unwrap();
    })
    .await;
    assert_eq!((report.status, undone(&report)), (Status::Unresolved, vec!["refused"]), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn process_killed_while_it_undoes_leaves_that_in_the_record() {
    let (cluster, process, question) = useless(reverting()).await;
    cluster.sim.inject(Fault::new(FaultKind::Hang, {
        let seen = std::sync::atomic::AtomicUsize::new(0);
        move |method, path| method == "PATCH" && path.contains("/deployments/") && seen.fetch_add(1, Ordering::SeqCst) == 1
    }));
    let next = killed(&cluster, process, &question, Duration::from_secs(130)).await;
    let report = next.show(&question.session).await.unwrap();
    assert_eq!((report.status, outcomes(&report), undone(&report)), (Status::Interrupted, vec!["applied"], vec!["unknown"]));
    assert!(report.validation.is_some());
}

#[tokio::test(start_paused = true)]
async fn rollback_that_a_dead_process_sent_or_not_is_told_by_what_is_there() {
    let took = |words: &str| format!("(patch Deployment shop/recommender) took effect{words}\n");
    for (name, held, keeps, undone_as, words) in [
        (
            "before it arrives",
            Some(Held::Before(2)),
            None,
            "unknown",
            took(", and was not rolled back: the object has its `kubemend.dev/applied` annotation"),
        ),
        (
            "before it is answered",
            Some(Held::After(2)),
            None,
            "unknown",
            took(", and was rolled back: the object has what it had before, and not its `kubemend.dev/applied` annotation"),
        ),
        ("before it is announced", None, Some(5), "notReached", took(": the object has its `kubemend.dev/applied` annotation")),
        ("after it is recorded", None, Some(7), "applied", took(", and was rolled back, as it is recorded")),
    ] {
        let (cluster, process, question) = useless_held(reverting(), held).await;
        *cluster.store.keeps.lock().unwrap() = keeps;
        let next = killed(&cluster, process, &question, Duration::from_secs(130)).await;
        let report = next.show(&question.session).await.unwrap();
        assert_eq!((report.status, undone(&report)), (Status::Interrupted, vec![undone_as]), "{name}");
        let said = told(&next, &question).await;
        assert!(said.contains(&words), "{name}: {said}");
    }
}

/// It was approved with the promise that a change that does not help is rolled back. Nobody keeps that any more.
#[tokio::test(start_paused = true)]
async fn rollback_that_a_dead_process_had_promised_is_not_promised_any_more() {
    let (cluster, process, question) = useless(reverting()).await;
    let next = killed(&cluster, process, &question, Duration::from_secs(8)).await;
    let report = next.show(&question.session).await.unwrap();
    assert_eq!((report.status, outcomes(&report)), (Status::Interrupted, vec!["applied"]));
    assert!(!report.summary.contains("undone on failure"), "{}", report.summary);
    let undo = format!("kubemend undo {}", question.session);
    let told = report.advice.iter().find(|a| a.command.as_ref() == Some(&undo)).map(|a| a.text.clone());
    assert!(told.is_some_and(|text| text.contains("does not do so any more")), "{:#?}", report.advice);
}

#[tokio::test(start_paused = true)]
async fn dry_run_that_gets_a_5xx_leaves_no_doubt_that_nothing_was_changed() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.inject(Fault::on("POST", CLAIMS, FaultKind::Status(503)));
    let opened = open(&cluster.process(), &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    let why: Vec<&str> = opened.report.advice.iter().map(|a| a.why.as_str()).collect();
    assert!(why.iter().any(|why| why.starts_with("the dry run failed: ")), "{why:?}");
    assert!(!why.iter().any(|why| why.contains("took effect")), "{why:?}");
}

#[tokio::test(start_paused = true)]
async fn lost_answer_is_unknown_in_the_report_and_not_failed() {
    let (cluster, process, question) = waiting("database-pod-pending", Limits::default(), None).await;
    cluster.sim.inject(Fault::on("POST", CLAIMS, FaultKind::LostAnswer));
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(outcomes(&report), ["unknown"]);
}

#[tokio::test(start_paused = true)]
async fn clock_that_is_set_back_to_shortly_after_the_question_makes_it_no_younger() {
    let (cluster, process, question) = waiting("database-pod-pending", Limits::default(), None).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    cluster.clock.set_by(-3590);
    let error = yes(&process, &question).await.expect_err("it was taken");
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn clock_that_is_set_back_does_not_lengthen_the_time_for_an_answer() {
    let (cluster, process, question) = waiting("database-pod-pending", Limits::default(), None).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    cluster.clock.set_by(-2 * 3600);
    let error = yes(&process, &question).await.expect_err("it was taken");
    assert!(error.to_string().contains("expired"), "{error}");
    // Another process knows when the session was opened, if not how long ago.
    let error = yes(&cluster.process(), &question).await.expect_err("it was taken");
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn selector_that_somebody_changes_beside_ours_refuses_the_patch() {
    let (cluster, process, question) = waiting("service-without-endpoints", Limits::default(), None).await;
    let case = Case::load("service-without-endpoints");
    let text = case.manifest_text("manifests/storefront.yaml").replacen("tier: frontend", "tier: admin", 1);
    let report = yes_while_applied(&cluster, &process, &question, &text).await.unwrap();
    assert_eq!((cluster.writes(), outcomes(&report)), (vec![], vec!["refused"]), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn spec_that_somebody_changes_elsewhere_refuses_the_patch() {
    let (cluster, process, question) = waiting("image-tag-missing", Limits::default(), None).await;
    let mut object = cluster.sim.object("deployments", NAMESPACE, "catalog").unwrap();
    object["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(7);
    let text = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "catalog"}, "spec": object["spec"]});
    let report = yes_while_applied(&cluster, &process, &question, &text.to_string()).await.unwrap();
    assert_eq!((cluster.writes(), outcomes(&report)), (vec![], vec!["refused"]), "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn change_whose_rollback_was_refused_says_how_a_human_rolls_it_back() {
    let (cluster, process, question) = useless(reverting()).await;
    let report = once_validating(&process, &cluster, &question, || {
        cluster.sim.inject(Fault::on("PATCH", "/deployments/", FaultKind::Status(403)));
    })
    .await;
    assert_eq!(undone(&report), ["failed"]);
    let opened = process.undo(&question.session, &Caller::silent()).await.unwrap();
    assert!(opened.question.is_some(), "it can be taken back: {}", opened.report.summary);
    assert_eq!(report.undo, Some(format!("kubemend undo {}", question.session)), "{}", report.summary);
}
