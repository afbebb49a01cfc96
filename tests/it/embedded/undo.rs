//! `undo`: what a session did is taken back by a plan of its own, which is shown and asked about, and touches nothing that is in doubt.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use kubemend::call::{Remediated, ask_again};
use kubemend::domain::limits::{Consent, DigestRefusal, Limits, Mode};
use kubemend::domain::risk::Risk;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Opened, Question, Remediation, Validate, WorkflowError};
use serde_json::{Value, json};

const NAMESPACE: &str = "shop";

async fn done(case: &str) -> (Embedded, Remediation, Question) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    (cluster, process, question)
}

async fn undo(process: &Remediation, of: &Question) -> Opened {
    process.undo(&of.session, &Caller::silent()).await.unwrap()
}

fn advice(opened: &Opened) -> String {
    opened.report.advice.iter().map(|a| format!("{} ({})\n", a.text, a.why)).collect()
}

fn image(cluster: &Embedded) -> Value {
    cluster.sim.object("deployments", NAMESPACE, "catalog").unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

#[tokio::test(start_paused = true)]
async fn patch_is_taken_back_by_a_plan_that_is_shown_asked_about_and_recorded() {
    let (cluster, process, first) = done("image-tag-missing").await;
    let opened = undo(&process, &first).await;
    let question = opened.question.unwrap();
    assert_ne!(question.session, first.session);
    assert!(question.text.contains(&format!("undo of session {}", first.session)), "{}", question.text);
    assert!(question.text.contains(&format!("it rolls back step 1 of session {}", first.session)), "{}", question.text);
    assert!(question.text.contains("image: example/catalog:5.2.1-final"), "{}", question.text);
    let plan = opened.report.plan.unwrap();
    assert_eq!((plan.settle_seconds, plan.wait_seconds), (5, 120), "the times are told with the plan");
    assert!(plan.summary.starts_with(&format!("Undo session {}: ", first.session)), "{}", plan.summary);
    assert_eq!(plan.checks.iter().map(|c| c.what.as_str()).collect::<Vec<_>>(), ["fieldIs"]);
    assert!(plan.steps[0].dry_run.as_ref().unwrap().accepted);
    assert_eq!(image(&cluster), json!("example/catalog:5.2.0"), "nothing is done before the answer");
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Reverted, "{}", report.summary);
    let said = format!("Undo session {}: Change spec.template.spec.containers[name=api].image of", first.session);
    assert!(report.summary.starts_with("Rolled back in ") && report.summary.contains(&said), "{}", report.summary);
    assert!(!report.summary.contains("Fixed cause"), "{}", report.summary);
    let validation = report.validation.unwrap();
    assert_eq!(validation.verdict, "reverted", "it resolves nothing");
    assert!(validation.settled_for >= 5.0, "through the operator's window");
    assert_eq!(image(&cluster), json!("example/catalog:5.2.1-final"));
    assert_eq!(process.show(&question.session).await.unwrap().issue.text, format!("undo session {}", first.session));
    // Once more there is nothing that is as the first session left it.
    let again = undo(&process, &first).await;
    assert!(again.question.is_none() && advice(&again).contains("changed since it was read"), "{}", advice(&again));
}

/// It is broken as before, as its question said; what a rollback promises is that what was changed is as it was.
#[tokio::test(start_paused = true)]
async fn rollback_that_did_what_it_promised_is_told_as_that() {
    for case in ["service-without-endpoints", "claim-name-typo", "image-tag-missing", "config-map-name-wrong"] {
        let (_, process, first) = done(case).await;
        let question = undo(&process, &first).await.question.unwrap();
        let report = yes(&process, &question).await.unwrap();
        assert_eq!(report.status, Status::Reverted, "{case}: {}", report.summary);
        let said = &report.summary;
        assert!(said.starts_with("Rolled back in ") && !said.contains("cause is gone"), "{case}: {said}");
        // The same is said later: in the list, of the record, and where it is looked at again.
        let listed = process.sessions(5).await.unwrap();
        assert!(listed[0].id == question.session && listed[0].status == Status::Reverted && listed[0].is_undo, "{case}: {listed:?}");
        assert_eq!(process.show(&question.session).await.unwrap().status, Status::Reverted, "{case}");
        let again = process.validate(&Validate::Session(question.session), &Caller::silent()).await.unwrap();
        assert_eq!((again.status, again.validation.unwrap().verdict.as_str()), (Status::Reverted, "reverted"), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn human_is_asked_about_an_undo_in_automatic_mode_too() {
    let (cluster, _, first) = done("image-tag-missing").await;
    let limits = Limits { mode: Mode::Automatic, ..Limits::default() };
    let process = cluster.process_with(limits, true);
    let writes = cluster.writes().len();
    assert!(undo(&process, &first).await.question.is_some());
    assert_eq!(cluster.writes().len(), writes);
}

#[tokio::test(start_paused = true)]
async fn field_that_somebody_changed_since_is_not_undone() {
    let (cluster, process, first) = done("service-without-endpoints").await;
    let case = Case::load("service-without-endpoints");
    cluster.apply(&case.manifest_text("manifests/storefront.yaml").replacen("app: storefront-web", "app: somebody-elses-idea", 1));
    let opened = undo(&process, &first).await;
    assert!(opened.question.is_none() && opened.report.plan.is_none(), "{}", opened.report.summary);
    assert!(advice(&opened).contains("somebody-elses-idea"), "{}", advice(&opened));
}

#[tokio::test(start_paused = true)]
async fn claim_that_was_bound_is_not_deleted_by_an_undo() {
    let (cluster, process, first) = done("database-pod-pending").await;
    let opened = undo(&process, &first).await;
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    assert!(advice(&opened).contains("is or was bound, so deleting it could lose data"), "{}", advice(&opened));
    assert_eq!(cluster.sent("DELETE"), 0);
}

#[tokio::test(start_paused = true)]
async fn claim_that_was_replaced_is_left_to_a_human() {
    let (cluster, process, first) = done("storage-class-missing").await;
    let opened = undo(&process, &first).await;
    assert!(opened.question.is_none(), "{}", opened.report.summary);
    assert!(advice(&opened).contains("was deleted, and kubemend does not create it again"), "{}", advice(&opened));
    assert_eq!(cluster.sent("DELETE"), 1);
}

#[tokio::test(start_paused = true)]
async fn session_that_changed_nothing_has_nothing_to_undo() {
    let case = Case::load("image-tag-missing");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let waiting = process.undo(&question.session, &Caller::silent()).await;
    assert!(matches!(waiting, Err(WorkflowError::State { .. })), "{waiting:?}");
    process.decline(&question.session, Approver::Terminal).await.unwrap();
    let declined = process.undo(&question.session, &Caller::silent()).await;
    assert!(matches!(declined, Err(WorkflowError::State { .. })), "{declined:?}");
}

#[tokio::test(start_paused = true)]
async fn undo_is_approved_by_a_human_and_by_no_repeated_digest() {
    let (cluster, _, first) = done("image-tag-missing").await;
    let limits = Limits { consent: Consent::Client, client_max_risk: Risk::Medium, ..Limits::default() };
    let process = cluster.process_with(limits, true);
    let question = undo(&process, &first).await.question.unwrap();
    assert_eq!(question.digest_counts, Err(DigestRefusal::OfAnUndo));
    let by_digest = process.approve_by_digest(&question.session, &question.digest, "a client", &Caller::silent()).await;
    assert!(matches!(by_digest, Err(WorkflowError::RepeatedDigest(_))), "{by_digest:?}");
    assert_eq!(image(&cluster), json!("example/catalog:5.2.0"));
}

/// What its report says to do next is to remediate with it: that is no look for what the words "undo session" could be about.
#[tokio::test(start_paused = true)]
async fn undo_that_was_declined_is_asked_about_again_as_an_undo() {
    let (_, process, first) = done("image-tag-missing").await;
    let question = undo(&process, &first).await.question.unwrap();
    let report = process.decline(&question.session, Approver::CommandLine).await.unwrap();
    assert!(report.summary.contains(&format!("To be asked again, run remediate with session {}", question.session)), "{}", report.summary);
    let again = ask_again(&process, &question.session, &Caller::silent()).await.unwrap();
    let Remediated::Question(report, asked) = again else { panic!("nothing was asked: {again:?}") };
    assert!(asked.session != question.session && asked.session != first.session);
    let summary = report.plan.unwrap().summary;
    assert!(summary.starts_with(&format!("Undo session {}: ", first.session)), "{summary}");
}

/// The list has what somebody can go on with: one session that was undone, and one plan that waits.
#[tokio::test(start_paused = true)]
async fn asking_for_an_undo_again_leaves_no_session_beside_the_one_that_waits() {
    let (_, process, first) = done("image-tag-missing").await;
    let before = process.sessions(50).await.unwrap().len();
    let waiting = undo(&process, &first).await.question.unwrap().session;
    for _ in 0..3 {
        assert_eq!(undo(&process, &first).await.question.unwrap().session, waiting);
    }
    let sessions = process.sessions(50).await.unwrap();
    assert_eq!(sessions.len(), before + 1, "{sessions:?}");
    let waits: Vec<_> = sessions.iter().filter(|line| line.status == Status::AwaitingApproval).map(|line| line.id.clone()).collect();
    assert_eq!(waits, [waiting]);
}

#[tokio::test(start_paused = true)]
async fn asking_about_a_problem_again_leaves_no_session_beside_the_one_that_waits() {
    let case = Case::load("image-tag-missing");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, first) = asked(&process, &ask(&case, NAMESPACE)).await;
    let (_, again) = asked(&process, &ask(&case, NAMESPACE)).await;
    let sessions = process.sessions(50).await.unwrap();
    assert!(first.session == again.session && sessions.len() == 1, "{sessions:?}");
}
