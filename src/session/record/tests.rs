//! The record comes back as it was, and a record that somebody changed does not come back at all.

use super::{read, write};
use crate::domain::issue::{Origin, Scope};
use crate::domain::limits::Limits;
use crate::domain::plan::PlanDigest;
use crate::planner::example::{image_plan, namespace};
use crate::session::approval::{ApprovalError, Secret};
use crate::session::trail::Trail;
use crate::session::{AwaitingApproval, Header, Session};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

fn waiting() -> (AwaitingApproval, Secret) {
    let mut trail = Trail::default();
    trail.note(Timestamp::UNIX_EPOCH, "caller", "opened");
    let header = Header {
        id: crate::domain::id::SessionId::from_entropy([3; 16]),
        opened_at: Timestamp::UNIX_EPOCH,
        issue: "it is down".into(),
        origin: Origin::Caller,
        scope: Scope::Namespace { namespace: namespace(), objects: vec![] },
        limits: Limits::default(),
        context: "test".into(),
        server: "test:6443".into(),
        trail,
        report: json!({"status": "awaitingApproval"}),
    };
    header.propose(image_plan(1), [9; 32], later())
}

fn later() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(900)
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(10)
}

fn reopened(bytes: &[u8]) -> AwaitingApproval {
    match read(bytes).unwrap() {
        Session::AwaitingApproval(a) => a,
        other => panic!("{other:?}"),
    }
}

#[test]
fn waiting_session_survives_the_store_whole() {
    let (state, _) = waiting();
    let (plan, digest) = (state.plan.clone(), state.digest.clone());
    let again = reopened(&write(&Session::AwaitingApproval(state)).unwrap());
    assert_eq!(again.plan, plan);
    assert_eq!(again.digest, digest);
}

#[test]
fn token_is_not_in_the_record() {
    let (state, secret) = waiting();
    let text = String::from_utf8(write(&Session::AwaitingApproval(state)).unwrap()).unwrap();
    assert!(!text.contains(&secret.reveal()));
}

#[test]
fn changed_request_bytes_are_refused_on_reading() {
    let (state, _) = waiting();
    let mut record: Value = serde_json::from_slice(&write(&Session::AwaitingApproval(state)).unwrap()).unwrap();
    let body = record.pointer_mut("/state/plan/steps/0/request/body").unwrap();
    *body = Value::String(body.as_str().unwrap().replace("web:1", "evil:1"));
    let error = read(&serde_json::to_vec(&record).unwrap()).unwrap_err();
    assert!(error.contains("digest"), "{error}");
}

#[test]
fn unknown_version_field_or_cause_is_refused() {
    let (state, _) = waiting();
    let record: Value = serde_json::from_slice(&write(&Session::AwaitingApproval(state)).unwrap()).unwrap();
    for (pointer, value) in [("/version", json!(1)), ("/state/plan/code", json!("made-up")), ("/id", json!("../../etc"))] {
        let mut bad = record.clone();
        *bad.pointer_mut(pointer).unwrap() = value;
        assert!(read(&serde_json::to_vec(&bad).unwrap()).is_err(), "{pointer}");
    }
    let mut extra = record;
    extra["approved"] = json!(true);
    assert!(read(&serde_json::to_vec(&extra).unwrap()).is_err());
}

#[test]
fn approval_needs_the_token_the_digest_and_time_and_costs_nothing_when_refused() {
    let (state, secret) = waiting();
    let digest = state.digest.clone();
    let other = PlanDigest::parse(&format!("sha256:{}", "0".repeat(64))).unwrap();
    let (state, error) = state.approve("wrong", &digest, now()).unwrap_err();
    assert_eq!(error, ApprovalError::WrongToken);
    let (state, error) = state.approve(&secret.reveal(), &other, now()).unwrap_err();
    assert_eq!(error, ApprovalError::WrongDigest);
    let (state, error) = state.approve(&secret.reveal(), &digest, later()).unwrap_err();
    assert_eq!(error, ApprovalError::Expired);
    assert!(state.approve(&secret.reveal(), &digest, now()).is_ok());
}

#[test]
fn earlier_token_is_void_once_the_question_is_asked_again() {
    let (mut state, first) = waiting();
    let second = state.ask_again([8; 32]);
    let digest = state.digest.clone();
    let (state, error) = state.approve(&first.reveal(), &digest, now()).unwrap_err();
    assert_eq!(error, ApprovalError::WrongToken);
    assert!(state.approve(&second.reveal(), &digest, now()).is_ok());
}

#[test]
fn record_says_who_asked_and_an_older_one_is_a_callers() {
    let (state, _) = waiting();
    let bytes = write(&Session::AwaitingApproval(state)).unwrap();
    let with = |origin: Option<&str>| {
        let mut record: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(record["origin"], "caller");
        match origin {
            Some(text) => record["origin"] = json!(text),
            None => drop(record.as_object_mut().unwrap().remove("origin")),
        }
        read(&serde_json::to_vec(&record).unwrap()).map(|session| session.header().origin)
    };
    assert_eq!(with(Some("event")), Ok(Origin::Event));
    assert_eq!(with(None), Ok(Origin::Caller));
    assert!(with(Some("god")).is_err());
}
