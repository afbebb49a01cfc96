//! Several doors to one question: the first answer in time counts, every other one leaves a trace, and everybody hears which it was.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, waiting};
use kubemend::call::{CallError, HumanAnswer, PendingAnswer, carry_out};
use kubemend::domain::door::Door;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Question, Remediation, WorkflowError, brief, conclusion, full};
use std::time::Duration;

const NAMESPACE: &str = "a-team";

async fn article() -> (Embedded, Remediation, Question) {
    waiting("database-pod-pending", NAMESPACE).await
}

fn client(name: &str) -> Approver {
    Approver::Client(name.to_owned())
}

async fn says(process: &Remediation, question: Question, answer: HumanAnswer, by: Approver) -> Result<Report, CallError> {
    carry_out(process, &PendingAnswer::from(question), answer, by, &Caller::silent()).await
}

async fn last_of_the_trail(process: &Remediation, question: &str) -> (String, String) {
    let id = kubemend::domain::id::SessionId::parse(question).unwrap();
    let report = process.show(&id).await.unwrap();
    report.trail.last().map(|entry| (entry.who.clone(), entry.what.clone())).unwrap()
}

/// In the text and in the brief form, first.
fn told(report: &Report, text: &str) {
    assert_eq!(brief::answered(report).advice[0].text, text);
    let said = format!("{}\n{}", full(report), conclusion(report).join("\n"));
    assert!(said.contains(text), "{said}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_after_that_of_another_door_leaves_a_trace_and_hears_which_one_counted() {
    for (first, later, ends) in [
        (HumanAnswer::Yes, HumanAnswer::No, Status::Resolved),
        (HumanAnswer::No, HumanAnswer::Yes, Status::Declined),
        (HumanAnswer::No, HumanAnswer::No, Status::Declined),
    ] {
        let (cluster, process, dialog) = article().await;
        let session = dialog.session.to_string();
        let terminal = process.question(&dialog.session, &Caller::silent()).await.unwrap();
        let decided = says(&process, terminal, first, Approver::Terminal).await.unwrap();
        assert_eq!(decided.status, ends);
        assert!(decided.advice.iter().all(|advice| !advice.text.contains("answered")), "it decided itself");
        let written = cluster.writes().len();
        let report = says(&process, dialog, later, client("a client")).await.unwrap();
        assert_eq!((report.status, cluster.writes().len()), (ends, written));
        told(&report, "answered before by an answer on a terminal; your answer changed nothing");
        let word = if later == HumanAnswer::Yes { "approved" } else { "declined" };
        let entry = ("an answer in the dialog of a client".to_owned(), format!("{word} after an answer on a terminal: it changed nothing"));
        assert_eq!(last_of_the_trail(&process, &session).await, entry);
    }
}

/// Nothing is recorded in a session that is being carried out: that would take it from the process that does it.
#[tokio::test(start_paused = true)]
async fn a_late_answer_does_not_disturb_the_one_that_is_carried_out() {
    let (cluster, process, dialog) = article().await;
    let session = dialog.session.to_string();
    let terminal = process.question(&dialog.session, &Caller::silent()).await.unwrap();
    let other = cluster.process();
    let late = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        says(&other, dialog, HumanAnswer::No, client("a client")).await
    };
    let (first, late) = tokio::join!(says(&process, terminal, HumanAnswer::Yes, Approver::Terminal), late);
    assert_eq!((first.unwrap().status, cluster.writes().len()), (Status::Resolved, 1));
    told(&late.unwrap(), "answered before by an answer on a terminal; your answer changed nothing");
    assert!(last_of_the_trail(&process, &session).await.1.starts_with("declined after"));
}

#[tokio::test(start_paused = true)]
async fn a_yes_after_the_plan_has_expired_is_recorded_and_the_record_does_not_say_that_nobody_answered() {
    let (cluster, process, question) = article().await;
    let session = question.session.to_string();
    tokio::time::advance(Duration::from_secs(15 * 60 + 1)).await;
    let report = says(&process, question, HumanAnswer::Yes, client("a client")).await.unwrap();
    assert_eq!((report.status, cluster.writes().len()), (Status::Expired, 0));
    told(&report, "the plan had expired before your answer, which changed nothing");
    let what: Vec<&str> = report.trail.iter().map(|entry| entry.what.as_str()).collect();
    assert!(what.contains(&"expired: no answer came in time") && !what.iter().any(|what| what.contains("without an answer")), "{what:?}");
    let entry = ("an answer in the dialog of a client", "approved after the plan had expired: it changed nothing");
    assert_eq!(last_of_the_trail(&process, &session).await, (entry.0.to_owned(), entry.1.to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_yes_after_the_time_of_its_question_is_recorded_while_a_later_question_waits() {
    let (cluster, process, first) = article().await;
    let session = first.session.to_string();
    tokio::time::advance(Duration::from_secs(600)).await;
    asked(&process, &ask(&Case::load("database-pod-pending"), NAMESPACE)).await;
    tokio::time::advance(Duration::from_secs(360)).await;
    let error = says(&process, first, HumanAnswer::Yes, client("a client")).await.unwrap_err();
    assert!(error.message.contains("it has expired") && cluster.writes().is_empty(), "{error}");
    assert_eq!(last_of_the_trail(&process, &session).await.1, "approved after the time for this answer: it changed nothing");
}

#[tokio::test(start_paused = true)]
async fn who_waits_hears_which_door_answered() {
    let (_, process, question) = article().await;
    process.decline(&question.session, client("second")).await.unwrap();
    let report = process.follow(&question.session, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Declined);
    told(&report, "answered by an answer in the dialog of second, and not in this call");
}

#[tokio::test(start_paused = true)]
async fn late_answers_are_recorded_up_to_a_bound() {
    let (_, process, question) = article().await;
    process.decline(&question.session, Approver::Terminal).await.unwrap();
    for _ in 0..50 {
        process.decline(&question.session, client("a client")).await.unwrap_err();
        process.too_late(&question.session, &client("a client"), kubemend::workflow::LateAnswer::No).await.unwrap();
    }
    let trail = process.show(&question.session).await.unwrap().trail;
    assert_eq!(trail.iter().filter(|entry| entry.what.contains("it changed nothing")).count(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_asks_again_and_again_closes_no_other_door() {
    let (cluster, process, question) = article().await;
    let through = |door: Door| Caller::silent().through(door);
    let greedy = Door::Client("greedy".to_owned());
    let refused = loop {
        if let Err(error) = process.question(&question.session, &through(greedy.clone())).await {
            break error;
        }
    };
    assert!(matches!(&refused, WorkflowError::TooManyAsked { limit: 16, .. }), "{refused:?}");
    let hints = refused.hints().join("\n");
    assert!(hints.contains(&format!("a person can still be asked: `kubemend approve {}`", question.session)), "{hints}");
    process.question(&question.session, &through(Door::Client("another".to_owned()))).await.unwrap();
    let terminal = process.question(&question.session, &through(Door::Terminal)).await.unwrap();
    let report = says(&process, terminal, HumanAnswer::Yes, Approver::Terminal).await.unwrap();
    assert_eq!((report.status, cluster.writes().len()), (Status::Resolved, 1));
}
