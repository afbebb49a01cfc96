//! `undo`: what a session did is taken back by a plan of its own, which is shown and asked about, and touches nothing that is in doubt.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use kubemend::call::{Remediated, ask_again};
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::{Consent, DigestRefusal, Limits, Mode};
use kubemend::domain::risk::Risk;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Opened, Problem, Question, Remediation, Validate, WorkflowError};
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
    let text = &question.text;
    assert!(text.contains(&format!("Undo of session {}\nThis plan rolls back what session", first.session)), "{text}");
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
    assert_eq!(validation.verdict, Status::Reverted, "it resolves nothing");
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
        assert_eq!((again.status, again.validation.unwrap().verdict), (Status::Reverted, Status::Reverted), "{case}");
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

/// What its report says to do next is a command for a human: a call with its session is a look for what the first session was opened for.
#[tokio::test(start_paused = true)]
async fn undo_that_was_declined_is_planned_again_by_a_human_alone() {
    let (_, process, first) = done("image-tag-missing").await;
    let question = undo(&process, &first).await.question.unwrap();
    let report = process.decline(&question.session, Approver::CommandLine).await.unwrap();
    assert!(report.summary.contains(&format!("To be asked again, a human runs: kubemend undo {}", first.session)), "{}", report.summary);
    let again = ask_again(&process, &question.session, &Caller::silent()).await.unwrap();
    let Remediated::Report(report) = again else { panic!("it asked: {again:?}") };
    let words = process.show(&first.session).await.unwrap().issue.text;
    assert_eq!((report.undoes, report.status, report.issue.text), (None, Status::Healthy, words));
    let again = undo(&process, &first).await.report;
    assert_eq!((again.undoes, again.status), (Some(first.session.to_string()), Status::AwaitingApproval));
}

/// What an undo is for is a value of its session: no words make one, and its own words are never read.
#[tokio::test(start_paused = true)]
async fn words_that_read_like_an_undo_open_none_and_an_undo_is_looked_at_with_the_words_of_what_it_undid() {
    let (_, process, first) = done("image-tag-missing").await;
    let case = Case::load("image-tag-missing");
    let issue = Issue::parse(&format!("undo session {}", first.session)).unwrap();
    let typed = process.open(&Problem { issue: Some(issue), ..ask(&case, NAMESPACE) }, &Caller::silent()).await.unwrap();
    let session = SessionId::parse(&typed.report.session).unwrap();
    let Remediated::Report(report) = ask_again(&process, &session, &Caller::silent()).await.unwrap() else { panic!("it asked") };
    assert!(report.undoes.is_none() && report.plan.is_none(), "{}", report.summary);
    let question = undo(&process, &first).await.question.unwrap();
    assert_eq!(yes(&process, &question).await.unwrap().status, Status::Reverted);
    let again = ask_again(&process, &question.session, &Caller::silent()).await.unwrap();
    let Remediated::Question(report, asked) = again else { panic!("nothing was asked: {again:?}") };
    let words = process.show(&first.session).await.unwrap().issue.text;
    assert_eq!((report.undoes, report.issue.text), (None, words));
    assert!(asked.text.contains("Cause (") && !asked.text.contains("Undo of session"), "it is broken again: {}", asked.text);
}

/// What it says is made of its plan: nothing in it is as it was before the first session's change.
#[tokio::test(start_paused = true)]
async fn undo_carries_no_live_cause() {
    let (_, process, first) = done("image-tag-missing").await;
    let opened = undo(&process, &first).await;
    let report = &opened.report;
    assert!(report.causes.is_empty() && report.evidence.is_empty(), "{:?}", report.causes);
    assert_eq!(report.undoes.as_deref(), Some(first.session.as_str()));
    assert!(report.summary.starts_with(&format!("The undo of session {} in ", first.session)), "{}", report.summary);
    let text = opened.question.unwrap().text;
    assert!(!text.contains("Cause (") && text.contains(&format!("for: undo of session {}", first.session)), "{text}");
}

/// What was taken back is not offered to be taken back again, and what was brought back is.
#[tokio::test(start_paused = true)]
async fn session_that_was_undone_says_so_and_offers_no_undo() {
    let (_, process, first) = done("service-without-endpoints").await;
    assert!(process.show(&first.session).await.unwrap().undo.is_some());
    let question = undo(&process, &first).await.question.unwrap();
    assert!(process.show(&first.session).await.unwrap().undo.is_some(), "nobody answered yet");
    yes(&process, &question).await.unwrap();
    let shown = process.show(&first.session).await.unwrap();
    assert_eq!(shown.undone_by.as_deref(), Some(question.session.as_str()));
    assert!(shown.undo.is_none());
    let note = shown.issue.note.unwrap();
    assert!(note.contains(&format!("Session {} rolled back what this session changed", question.session)), "{note}");
    let again = process.validate(&Validate::Session(first.session.clone()), &Caller::silent()).await.unwrap();
    assert!(again.undo.is_none() && again.undone_by == shown.undone_by, "{}", again.summary);
    let command = format!("kubemend undo {}", first.session);
    assert!(again.advice.iter().all(|advice| advice.command.as_ref() != Some(&command)), "{:?}", again.advice);
}

/// Another Deployment whose rollout is paused has nothing to do with it.
#[tokio::test(start_paused = true)]
async fn undo_that_did_what_it_promised_is_told_so_whatever_else_is_in_doubt_there() {
    let (cluster, process, first) = done("image-tag-missing").await;
    cluster.apply(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: aside, namespace: shop}\nspec:\n  paused: true\n  replicas: 1\n  selector: {matchLabels: {app: aside}}\n  template:\n    metadata: {labels: {app: aside}}\n    spec: {containers: [{name: aside, image: example/catalog:5.2.0}]}\n",
    );
    let question = undo(&process, &first).await.question.unwrap();
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Reverted, "{}", report.summary);
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
