//! Consent: wrong, stale, reused, expired and somebody else's tokens are refused, and nothing is written.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, waiting, yes};
use kubemend::domain::confidence::Confidence;
use kubemend::domain::id::SessionId;
use kubemend::domain::limits::{Consent, DigestRefusal, Limits};
use kubemend::domain::plan::{OnFailure, PlanDigest};
use kubemend::domain::risk::Risk;
use kubemend::ports::Silent;
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Question, Remediation, Token, Undecided, Wishes, WorkflowError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "a-team";

async fn article() -> (Embedded, Remediation, Question) {
    waiting("database-pod-pending", NAMESPACE).await
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
async fn asking_again_and_looking_take_nothing_from_whoever_reads_the_first_question() {
    let (cluster, process, q) = article().await;
    let again = process.question(&q.session, &Caller::silent()).await.unwrap();
    assert_eq!(again.digest, q.digest);
    assert_ne!(again.token.reveal(), q.token.reveal());
    process.show(&q.session).await.unwrap();
    refused(&process, &q.session, &Token::from_text("0000"), &q.digest).await;
    let by_digest = process.approve_by_digest(&q.session, &q.digest, "a client", &Caller::silent()).await;
    assert!(matches!(by_digest, Err(WorkflowError::RepeatedDigest(_))), "{by_digest:?}");
    assert_eq!(cluster.writes(), []);
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
}

/// A caller whose own bound is tighter than the one that a session waits under.
fn surer() -> Caller<'static> {
    Caller::silent().with_wishes(Wishes { confidence_threshold: Confidence::new(0.99), ..Wishes::default() })
}

#[tokio::test(start_paused = true)]
async fn token_of_another_session_is_refused() {
    let (cluster, process, q) = article().await;
    let case = Case::load("database-pod-pending");
    let second = process.open(&ask(&case, NAMESPACE), &surer()).await.unwrap().question.unwrap();
    assert_ne!(second.session, q.session, "a session under wider limits is not taken for one under tighter ones");
    assert_eq!(second.digest, q.digest, "the same change is the same plan");
    let error = refused(&process, &q.session, &second.token, &q.digest).await;
    assert!(matches!(error, WorkflowError::Expired | WorkflowError::WrongToken), "{error:?}");
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn a_plan_that_waits_is_asked_again_instead_of_opening_another_session() {
    let (cluster, process, q) = article().await;
    let case = Case::load("database-pod-pending");
    tokio::time::advance(Duration::from_secs(600)).await;
    let (report, again) = asked(&process, &ask(&case, NAMESPACE)).await;
    assert_eq!((&again.session, &again.digest), (&q.session, &q.digest));
    assert_eq!(report.session, q.session.as_str());
    assert!(again.expires_at > q.expires_at, "it was made anew just now");
    let lines = process.sessions(10).await.unwrap();
    assert_eq!(lines.iter().filter(|line| line.status == Status::AwaitingApproval).count(), 1);
    // Both questions are still good, for one write.
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
    let error = refused(&process, &again.session, &again.token, &again.digest).await;
    assert!(matches!(error, WorkflowError::State { .. }), "{error:?}");
    assert_eq!(cluster.writes().len(), 1);
}

/// Asked again after ten minutes, the first question still ends after its own fifteen, whatever the wall clock is set to.
#[tokio::test(start_paused = true)]
async fn a_yes_to_an_earlier_question_counts_within_the_time_that_it_stated_and_not_after_it() {
    for set_by in [0, -300] {
        let (cluster, process, q) = article().await;
        let case = Case::load("database-pod-pending");
        tokio::time::advance(Duration::from_secs(600)).await;
        let (_, again) = asked(&process, &ask(&case, NAMESPACE)).await;
        assert_eq!(again.session, q.session);
        assert!(again.text.contains(&again.expires_at.to_string()[..19]) && !again.text.contains(&q.expires_at.to_string()[..19]));
        tokio::time::advance(Duration::from_secs(360)).await;
        cluster.clock.set_by(set_by);
        let error = yes(&process, &q).await.expect_err("a yes after the time that its question stated");
        assert!(matches!(error, WorkflowError::Expired), "{error:?}");
        assert_eq!(cluster.writes(), []);
        assert_eq!(yes(&process, &again).await.unwrap().status, Status::Resolved);
    }
}

#[tokio::test(start_paused = true)]
async fn the_question_that_is_too_many_is_refused_and_takes_no_yes_away() {
    let (cluster, process, q) = article().await;
    let mut asked = Vec::new();
    let refused = loop {
        match process.question(&q.session, &Caller::silent()).await {
            Ok(question) => asked.push(question),
            Err(error) => break error,
        }
    };
    assert_eq!(asked.len(), 15);
    let hints = refused.hints().join("\n");
    assert!(refused.to_string().contains("waits for an answer to 16 questions already"), "{refused}");
    assert!(hints.contains(&q.expires_at.to_string()) && hints.contains(&format!("kubemend decline {}", q.session)), "{hints}");
    // One that nobody reads any more makes room, and no answer to it counts.
    process.withdraw(&q.session, &asked[7].token).await;
    process.question(&q.session, &Caller::silent()).await.unwrap();
    let error = yes(&process, &asked[7]).await.expect_err("it was withdrawn");
    assert!(matches!(error, WorkflowError::WrongToken), "{error:?}");
    assert_eq!(cluster.writes(), []);
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
}

/// A digest is the same in every question about a plan, so it does not tell which time it was shown with.
#[tokio::test(start_paused = true)]
async fn where_a_repeated_digest_counts_a_session_has_one_time_for_it() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process_with(Limits { consent: Consent::Client, ..Limits::default() }, true);
    let (_, first) = asked(&process, &ask(&case, NAMESPACE)).await;
    tokio::time::advance(Duration::from_secs(600)).await;
    let (_, second) = asked(&process, &ask(&case, NAMESPACE)).await;
    assert_ne!(first.session, second.session);
    assert_eq!(first.digest, second.digest);
    tokio::time::advance(Duration::from_secs(360)).await;
    let late = process.approve_by_digest(&first.session, &first.digest, "a client", &Caller::silent()).await;
    assert!(late.is_err(), "{late:?}");
    assert_eq!(cluster.writes(), []);
    let report = process.approve_by_digest(&second.session, &second.digest, "a client", &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn limits_that_the_operator_lowered_while_a_plan_waited_count() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let before = cluster.process();
    let (report, q) = asked(&before, &ask(&case, NAMESPACE)).await;
    assert_eq!(report.plan.unwrap().risk, Risk::Medium);
    for lowered in [Limits { ceiling: Risk::Low, ..Limits::default() }, Limits { on_failure: OnFailure::Revert, ..Limits::default() }] {
        let restarted = cluster.process_with(lowered, true);
        let error = restarted.question(&q.session, &Caller::silent()).await.expect_err("it was asked");
        assert!(matches!(error, WorkflowError::NotAllowed(_)), "{error:?}");
        let error = yes(&restarted, &q).await.expect_err("it was taken");
        assert!(matches!(error, WorkflowError::NotAllowed(_)), "{error:?}");
    }
    assert_eq!(cluster.writes(), []);
    assert_eq!(yes(&before, &q).await.unwrap().status, Status::Resolved);
}

fn trail(report: &Report) -> Vec<(&str, &str)> {
    report.trail.iter().map(|entry| (entry.who.as_str(), entry.what.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn who_said_yes_and_what_was_refused_stand_in_the_report_as_what_they_were() {
    let (_, process, q) = article().await;
    refused(&process, &q.session, &Token::from_text("0000"), &q.digest).await;
    process.approve_by_digest(&q.session, &q.digest, "a script", &Caller::silent()).await.expect_err("it counted");
    let client = Approver::Client("a client".to_owned());
    process.undecided(&q.session, client.clone(), Undecided::ByItself).await.unwrap();
    let report = process.approve(&q.session, &q.token, &q.digest, client, &Caller::silent()).await.unwrap();
    let who: Vec<&str> = trail(&report).iter().map(|(who, _)| *who).collect();
    assert_eq!(
        who,
        [
            "caller",
            "kubemend",
            "the tests",
            "a repeated digest from a script",
            "an answer in the dialog of a client",
            "an answer in the dialog of a client",
            "kubemend",
            "kubemend"
        ]
    );
    let what: Vec<&str> = trail(&report).iter().map(|(_, what)| *what).collect();
    assert!(what[2].starts_with("approval refused: ") && what[3].starts_with("approval refused: "), "{what:?}");
    assert_eq!(what[4], "the client answered by itself: nothing was decided");
    assert_eq!(what[5], "approved");
}

#[tokio::test(start_paused = true)]
async fn approvals_that_are_tried_are_bounded_and_lock_no_human_out() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process_with(Limits { consent: Consent::Client, ..Limits::default() }, true);
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    for _ in 0..50 {
        process.approve_by_digest(&q.session, &other(&q.digest), "a script", &Caller::silent()).await.expect_err("it was taken");
    }
    let report = process.show(&q.session).await.unwrap();
    assert_eq!(trail(&report).iter().filter(|(_, what)| what.starts_with("approval refused")).count(), 10);
    let right = process.approve_by_digest(&q.session, &q.digest, "a script", &Caller::silent()).await;
    assert!(matches!(right, Err(WorkflowError::TooManyRefused(_))), "{right:?}");
    assert_eq!(cluster.writes(), []);
    let again = process.question(&q.session, &Caller::silent()).await.unwrap();
    assert_eq!(yes(&process, &again).await.unwrap().status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_recorded_at_the_same_moment_takes_no_yes_away() {
    for _ in 0..10 {
        let (cluster, process, q) = article().await;
        let other = cluster.process();
        let wrong = Token::from_text("0000");
        let (yes, _, _) =
            tokio::join!(yes(&process, &q), refused(&other, &q.session, &wrong, &q.digest), refused(&other, &q.session, &wrong, &q.digest));
        assert_eq!((yes.unwrap().status, cluster.writes().len()), (Status::Resolved, 1));
    }
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

/// Who was promised that a human is asked is asked, whatever the operator sets later.
#[tokio::test(start_paused = true)]
async fn session_that_was_opened_for_a_human_is_not_answered_by_a_digest_that_counts_since() {
    let (cluster, _, q) = article().await;
    let since = cluster.process_with(Limits { consent: Consent::Client, ..Limits::default() }, true);
    let refused = since.approve_by_digest(&q.session, &q.digest, "a script", &Caller::silent()).await;
    assert!(matches!(refused, Err(WorkflowError::RepeatedDigest(DigestRefusal::OpenedForAHuman))), "{refused:?}");
    assert_eq!(cluster.writes(), []);
    assert_eq!(yes(&since, &q).await.unwrap().status, Status::Resolved);
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

/// Who is sent to remediate comes back with the same, so it is known before.
#[tokio::test(start_paused = true)]
async fn analyze_of_a_plan_that_cannot_be_approved_here_leads_to_its_commands() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let read_only = cluster.process_with(Limits::default(), false);
    let ceiling = cluster.process_with(Limits { ceiling: Risk::Low, ..Limits::default() }, true);
    for (process, why) in [(read_only, "kubemend has no usable writer credentials"), (ceiling, "its risk is medium, and the highest risk")]
    {
        let report = process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
        let said = format!("Nothing was changed, and kubemend cannot apply this plan: {why}");
        assert!(report.summary.contains(&said) && !report.summary.to_lowercase().contains("run remediate"), "{}", report.summary);
        let command = &report.plan.unwrap().steps[0].command;
        assert!(report.advice.iter().any(|advice| advice.command.as_ref() == Some(command)), "{:?}", report.advice);
    }
    assert_eq!(cluster.writes(), []);
}
