//! Sessions that have ended: what was true then is no answer now, and what was never sent is never waited for.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, resolved, yes};
use kubemend::call::{RemediateRequest, Remediated, remediate};
use kubemend::domain::id::SessionId;
use kubemend::ports::{Phase, Progress};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Question, Remediation, Validate, conclusion, full};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";

/// As a tool is called.
async fn called(process: &Remediation, arguments: Value) -> Remediated {
    let request =
        RemediateRequest::parse(arguments.as_object().unwrap().clone(), kubemend::domain::investigate::Investigate::Never).unwrap();
    remediate(process, &request, "a client", &Caller::silent()).await.unwrap()
}

/// What models send: the session of the report, and its words.
fn again(session: &SessionId, case: &Case) -> [Value; 2] {
    [json!({"sessionId": session.as_str()}), json!({"sessionId": session.as_str(), "issue": case.issue(NAMESPACE)})]
}

async fn break_again(cluster: &Embedded) {
    let env = json!([
        {"name": "REGION", "value": "eu-central"},
        {"name": "PAYMENT_URL", "valueFrom": {"configMapKeyRef": {"name": "app-configuratoin", "key": "PAYMENT_URL"}}},
    ]);
    let patch = json!({"spec": {"template": {"spec": {"containers": [{
        "name": "checkout",
        "image": "example/checkout:2.0",
        "env": env,
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
    }]}}}});
    cluster.merge("apps/v1", "deployments", "checkout", &patch).await;
    tokio::time::sleep(Duration::from_secs(10)).await;
}

#[tokio::test(start_paused = true)]
async fn remediate_with_a_session_that_ended_looks_again_and_opens_a_new_one() {
    let case = Case::load("config-map-name-wrong");
    let cluster = resolved("config-map-name-wrong", NAMESPACE).await;
    let process = cluster.process();
    let session = process.sessions(1).await.unwrap()[0].id.clone();
    break_again(&cluster).await;
    for arguments in again(&session, &case) {
        let Remediated::Question(report, question) = called(&process, arguments.clone()).await else { panic!("no question: {arguments}") };
        assert_ne!(question.session, session);
        assert_eq!((report.status, report.causes[0].found.as_deref()), (Status::AwaitingApproval, Some("app-configuratoin")));
        process.decline(&question.session, Approver::Terminal).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn report_from_the_record_of_an_ended_session_says_first_when_it_ended_and_that_nothing_was_checked() {
    let case = Case::load("config-map-name-wrong");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let waiting = process.show(&question.session).await.unwrap();
    assert!(!waiting.summary.contains("ended at"), "{}", waiting.summary);
    let now = yes(&process, &question).await.unwrap();
    assert!(!now.summary.contains("ended at"), "{}", now.summary);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let later = process.show(&question.session).await.unwrap();
    let ended = later.trail.last().unwrap().at.split_once('.').map_or_else(String::new, |(second, _)| second.replace('T', " "));
    let says = format!("This session ended at {ended} UTC; nothing was checked now.");
    assert!(later.summary.starts_with(&says) && later.issue.note.as_deref() == Some(says.as_str()), "{}", later.summary);
    assert_eq!(full(&later).lines().nth(1), Some(says.as_str()));
}

/// A caller that goes away as soon as its plan is about to be carried out.
struct GoneAtTheYes(CancellationToken);

impl Progress for GoneAtTheYes {
    fn tell(&self, phase: Phase, _: &str) {
        if phase == Phase::Executing {
            self.0.cancel();
        }
    }
}

async fn cut(cluster: &Embedded, process: &Remediation, question: &Question) -> Report {
    let cancel = CancellationToken::new();
    let gone = GoneAtTheYes(cancel.clone());
    let by = Approver::Client("a client".to_owned());
    let report = process.approve(&question.session, &question.token, &question.digest, by, &Caller::new(&gone, &cancel)).await.unwrap();
    assert_eq!(cluster.writes(), []);
    report
}

fn leads_to_remediate(report: &Report) {
    let text = format!("{}\n{}\n{}", report.summary, full(report), conclusion(report).join("\n"));
    let next = format!("To apply the plan, run remediate with session {}: a human is asked first.", report.session);
    assert_eq!(text.matches(&next).count(), 2, "{text}");
    assert!(!text.contains("Run validate"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn call_that_was_cut_before_the_first_write_changed_nothing_and_leads_back_to_the_question() {
    let case = Case::load("config-map-name-wrong");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    let report = cut(&cluster, &process, &question).await;
    assert_eq!(report.status, Status::Failed);
    assert!(report.summary.starts_with("Nothing was changed in namespace shop"), "{}", report.summary);
    assert!(report.summary.contains("Sent: step 1 not sent “the call was cancelled before it was sent”."), "{}", report.summary);
    leads_to_remediate(&report);
    leads_to_remediate(&process.show(&question.session).await.unwrap());
    // A validation waits for no change that was never sent, and leads in no circle.
    let began = Instant::now();
    let validated = process.validate(&Validate::Session(question.session.clone()), &Caller::silent()).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let why = validated.validation.as_ref().unwrap().why.clone().unwrap_or_default();
    assert!(validated.status == Status::Unresolved && why.starts_with("this plan was not applied"), "{why}");
    leads_to_remediate(&validated);
    for arguments in again(&question.session, &case) {
        let Remediated::Question(_, again) = called(&process, arguments).await else { panic!("no question") };
        assert_ne!(again.session, question.session);
        assert_eq!(yes(&process, &again).await.is_ok(), cluster.writes().len() == 1);
        break_again(&cluster).await;
        cluster.sim.forget_requests();
    }
}
