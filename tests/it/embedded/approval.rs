//! Consent: wrong, stale, reused, expired and somebody else's tokens are refused, and nothing is written.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use kubemend::domain::id::SessionId;
use kubemend::domain::limits::{Consent, Limits};
use kubemend::domain::plan::PlanDigest;
use kubemend::ports::Silent;
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Question, Remediation, Token, WorkflowError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "a-team";

async fn article() -> (Embedded, Remediation, Question) {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    (cluster, process, question)
}

async fn refused(process: &Remediation, session: &SessionId, token: &Token, digest: &PlanDigest) -> WorkflowError {
    let by = Approver::Library("the tests".to_owned());
    process.approve(session, token, digest, by, &Caller::silent()).await.expect_err("it was taken")
}

fn other(digest: &PlanDigest) -> PlanDigest {
    let text = digest.as_str();
    let last = if text.ends_with('0') { '1' } else { '0' };
    PlanDigest::parse(&format!("{}{last}", &text[..text.len() - 1])).unwrap()
}

#[tokio::test(start_paused = true)]
async fn wrong_token_is_refused() {
    let (cluster, process, q) = article().await;
    let right = q.token.reveal().to_owned();
    let flipped = if right.ends_with('0') { '1' } else { '0' };
    let near = format!("{}{flipped}", &right[..right.len() - 1]);
    for wrong in
        [near.as_str(), "", &right[1..], "0000", &format!("{right}0"), &right.to_uppercase().replace(|c: char| c.is_numeric(), "A")]
    {
        let error = refused(&process, &q.session, &Token::from_text(wrong), &q.digest).await;
        assert!(matches!(error, WorkflowError::Expired | WorkflowError::WrongToken), "{wrong}: {error:?}");
    }
    assert_eq!(cluster.writes(), []);
    // The right one still counts: guessing does not lock a human out.
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn digest_of_another_plan_is_refused() {
    let (cluster, process, q) = article().await;
    let error = refused(&process, &q.session, &q.token, &other(&q.digest)).await;
    assert!(matches!(error, WorkflowError::DigestMismatch), "{error:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn token_of_an_earlier_question_is_void() {
    let (cluster, process, q) = article().await;
    let again = process.question(&q.session, &Caller::silent()).await.unwrap();
    assert_eq!(again.digest, q.digest);
    let error = refused(&process, &q.session, &q.token, &q.digest).await;
    assert!(matches!(error, WorkflowError::Expired | WorkflowError::WrongToken), "{error:?}");
    assert_eq!(cluster.writes(), []);
    assert_eq!(yes(&process, &again).await.unwrap().status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn token_of_another_session_is_refused() {
    let (cluster, process, q) = article().await;
    let case = Case::load("database-pod-pending");
    let (_, second) = asked(&process, &ask(&case, NAMESPACE)).await;
    assert_ne!(second.session, q.session);
    assert_eq!(second.digest, q.digest, "the same change is the same plan");
    let error = refused(&process, &q.session, &second.token, &q.digest).await;
    assert!(matches!(error, WorkflowError::Expired | WorkflowError::WrongToken), "{error:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn approval_after_the_plan_has_expired_is_refused() {
    let (cluster, process, q) = article().await;
    tokio::time::advance(Duration::from_secs(15 * 60 + 1)).await;
    let error = refused(&process, &q.session, &q.token, &q.digest).await;
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(process.show(&q.session).await.unwrap().status, Status::Expired);
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn used_token_is_refused_also_by_another_process() {
    let (cluster, process, q) = article().await;
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
    for later in [process, cluster.process()] {
        let error = refused(&later, &q.session, &q.token, &q.digest).await;
        assert!(matches!(error, WorkflowError::State { .. } | WorkflowError::Expired | WorkflowError::WrongToken), "{error:?}");
    }
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn approval_after_a_decline_is_refused() {
    let (cluster, process, q) = article().await;
    let report = process.decline(&q.session, Approver::Terminal).await.unwrap();
    assert_eq!(report.status, Status::Declined);
    refused(&process, &q.session, &q.token, &q.digest).await;
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn session_that_does_not_exist_is_said_so() {
    let (cluster, process, q) = article().await;
    let unknown = SessionId::from_entropy([7; 16]);
    let error = refused(&process, &unknown, &q.token, &q.digest).await;
    assert!(matches!(error, WorkflowError::NoSession(_)), "{error:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn two_yeses_at_once_are_one_write() {
    for _ in 0..20 {
        let (cluster, process, q) = article().await;
        let other = cluster.process();
        let (a, b) = tokio::join!(yes(&process, &q), yes(&other, &q));
        let won = [a, b].into_iter().filter(Result::is_ok).count();
        assert_eq!((won, cluster.writes().len(), cluster.sent("POST")), (1, 1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_yes_and_a_no_at_once_end_in_one_of_them() {
    let (cluster, process, q) = article().await;
    let other = cluster.process();
    let (yes, no) = tokio::join!(yes(&process, &q), other.decline(&q.session, Approver::Terminal));
    assert_ne!(yes.is_ok(), no.is_ok());
    assert_eq!(cluster.writes().len(), usize::from(yes.is_ok()));
}

#[tokio::test(start_paused = true)]
async fn caller_that_went_away_before_the_yes_arrives_counts_as_gone() {
    let (cluster, process, q) = article().await;
    let gone = CancellationToken::new();
    gone.cancel();
    let by = Approver::Client("a client".to_owned());
    let error = process.approve(&q.session, &q.token, &q.digest, by, &Caller::new(&Silent, &gone)).await.expect_err("it was taken");
    assert!(matches!(error, WorkflowError::Cancelled), "{error:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn repeated_digest_counts_only_where_the_operator_lets_it() {
    let case = Case::load("database-pod-pending");
    let by = || Approver::Digest("a client".to_owned());
    for (consent, counts) in [(Consent::Ask, false), (Consent::Client, true)] {
        let cluster = Embedded::of(&case, NAMESPACE).await;
        let process = cluster.process_with(Limits { consent, ..Limits::default() }, true);
        let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
        let said = process.approve(&q.session, &q.token, &q.digest, by(), &Caller::silent()).await;
        assert_eq!(said.is_ok(), counts, "{consent:?}");
        assert_eq!(cluster.writes().len(), usize::from(counts), "{consent:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn approval_for_one_cluster_is_none_for_another() {
    let (_, _, q) = article().await;
    let case = Case::load("database-pod-pending");
    let second = Embedded::of(&case, NAMESPACE).await;
    let error = refused(&second.process(), &q.session, &q.token, &q.digest).await;
    assert!(matches!(error, WorkflowError::NoSession(_)), "{error:?}");
    assert_eq!(second.writes(), []);
}
