//! The record comes back as it was, and a record that somebody changed does not come back at all.

use super::arbitrary::{plan, session};
use super::{read, write};
use crate::analyze::known_code;
use crate::domain::action::Action;
use crate::domain::cause::CauseKey;
use crate::domain::conversation::Conversation;
use crate::domain::door::Door;
use crate::domain::evidence::GapWhy;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::issue::{Origin, Scope};
use crate::domain::limits::{Limits, Wishes};
use crate::domain::look::ProbeName;
use crate::domain::observation::{Observation, Observations};
use crate::domain::plan::{PlanDigest, RemediationPlan, Step, Undo};
use crate::domain::purpose::{Aim, Purpose};
use crate::domain::usage::Usage;
use crate::planner::example::{diagnosis, image_plan, namespace};
use crate::session::approval::{ApprovalError, QUESTIONS, TooManyAsked};
use crate::session::gate::{Rehearsal, Rehearsed};
use crate::session::secret::Secret;
use crate::session::trail::Trail;
use crate::session::{AwaitingApproval, Header, Planned, Session};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use serde_json::{Value, json};

pub(crate) fn header() -> Header {
    let mut trail = Trail::default();
    trail.note(Timestamp::UNIX_EPOCH, "caller", "opened");
    Header {
        id: crate::domain::id::SessionId::from_entropy([3; 16]),
        opened_at: Timestamp::UNIX_EPOCH,
        purpose: Purpose::Issue("it is down".into()),
        origin: Origin::Caller,
        proposed_by: None,
        scope: Scope::Namespace { namespace: namespace(), objects: vec![] },
        limits: Limits::default(),
        wishes: Wishes::default(),
        cluster: crate::planner::example::cluster("test"),
        diagnosis: diagnosis(),
        looked: vec![],
        observations: Observations::default(),
        conversation: Conversation::default(),
        advice: vec![],
        withheld: None,
        usage: Usage::default(),
        trail,
        process: None,
    }
}

pub(in crate::session) fn waiting() -> (AwaitingApproval, Secret) {
    let rehearsal = Rehearsal { steps: vec![Rehearsed::Accepted { note: None }] };
    header().propose(Planned { plan: image_plan(1), rehearsal: Some(rehearsal) }, [9; 32], later(), Door::Library)
}

/// Some records, the same in every run.
pub(crate) fn stored() -> Vec<Vec<u8>> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let sessions = std::iter::repeat_with(|| session().new_tree(&mut runner).unwrap().current()).take(12);
    sessions.chain([Session::AwaitingApproval(waiting().0)]).map(|session| write(&session).unwrap()).collect()
}

fn recorded(session: &Session) -> Value {
    serde_json::from_slice(&write(session).unwrap()).unwrap()
}

fn refused(record: &Value) -> String {
    read(&serde_json::to_vec(record).unwrap(), known_code).unwrap_err()
}

fn later() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(900)
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(10)
}

fn reopened(bytes: &[u8]) -> AwaitingApproval {
    match read(bytes, known_code).unwrap() {
        Session::AwaitingApproval(a) => a,
        other => panic!("{other:?}"),
    }
}

#[test]
fn waiting_session_survives_the_store_whole() {
    let (state, _) = waiting();
    let bytes = write(&Session::AwaitingApproval(state)).unwrap();
    assert_eq!(reopened(&bytes), waiting().0);
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
    let mut record = recorded(&Session::AwaitingApproval(state));
    let body = record.pointer_mut("/state/planned/plan/steps/0/request/body").unwrap();
    *body = Value::String(body.as_str().unwrap().replace("web:1", "evil:1"));
    let error = refused(&record);
    assert!(error.contains("digest"), "{error}");
}

#[test]
fn bytes_that_go_elsewhere_than_the_question_says_and_plans_of_other_clusters_are_refused_on_reading() {
    type Change = fn(&mut RemediationPlan);
    let changes: [(Change, &str); 3] = [
        (|plan| first(plan).request.path = "/apis/apps/v1/namespaces/shop/deployments/another".to_owned(), "does not go where"),
        (|plan| first(plan).action = Action::DeleteUnboundClaim { claim: first(plan).action.target().clone() }, "does not go where"),
        (|plan| plan.cluster = "another".to_owned(), "another cluster"),
    ];
    for (change, words) in changes {
        // With a digest that fits what was changed.
        let (mut state, _) = waiting();
        change(&mut state.planned.plan);
        let error = refused(&recorded(&Session::AwaitingApproval(state)));
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn what_a_record_says_is_checked_again() {
    let record = recorded(&Session::AwaitingApproval(waiting().0));
    for (pointer, value) in [
        ("/version", json!(null)),
        ("/header/id", json!("../../etc")),
        ("/header/origin", json!("model")),
        ("/header/limits/confidence_threshold", json!(1.5)),
        ("/header/diagnosis/causes/0/key/code", json!("made-up")),
        ("/header/diagnosis/causes/0/confidence", json!(1.01)),
        ("/header/diagnosis/causes/0/cites/0", json!("e2")),
        ("/header/diagnosis/causes/0/cites", json!([])),
        ("/header/diagnosis/evidence", json!([])),
        ("/header/diagnosis/evidence/0/source", json!("hearsay")),
        ("/header/diagnosis/causes", json!([])),
        ("/state/planned/plan/aim/key/code", json!("made-up")),
        ("/state/planned/dry_run", json!([])),
        ("/state/asked/0/token", json!([1, 2, 3])),
        ("/state/asked/0/until", json!(later().saturating_add(SignedDuration::from_secs(1)).unwrap())),
        ("/state/is", json!("approved")),
    ] {
        let mut bad = record.clone();
        *bad.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        assert!(read(&serde_json::to_vec(&bad).unwrap(), known_code).is_err(), "{pointer}");
    }
    for place in ["", "/header", "/header/diagnosis", "/state"] {
        let mut extra = record.clone();
        extra.pointer_mut(place).unwrap()["approved"] = json!(true);
        assert!(read(&serde_json::to_vec(&extra).unwrap(), known_code).is_err(), "{place}");
    }
}

/// A plan is for what its session is for: who can change a record makes no undo of words, and no fix of an undo.
#[test]
fn plan_that_is_not_for_what_its_session_is_for_is_refused() {
    let mut session = waiting().0;
    let undone = crate::domain::id::SessionId::from_entropy([9; 16]);
    session.header.purpose = Purpose::Undo(undone.clone());
    let error = refused(&recorded(&Session::AwaitingApproval(session)));
    assert!(error.contains("not for what the session is for"), "{error}");
    let mut session = waiting().0;
    session.planned.plan.aim = Aim::Undo(undone);
    let error = refused(&recorded(&Session::AwaitingApproval(session)));
    assert!(error.contains("not for what the session is for"), "{error}");
}

#[test]
fn record_of_another_version_is_refused_with_what_to_do() {
    let mut record = recorded(&Session::AwaitingApproval(waiting().0));
    for old in 1..super::form::OLDEST {
        record["version"] = json!(old);
        let error = refused(&record);
        assert!(error.contains("older kubemend") && error.contains("run analyze or remediate again"), "{error}");
    }
    record["version"] = json!(super::form::VERSION + 1);
    let error = refused(&record);
    assert!(error.contains("newer kubemend") && error.contains("update"), "{error}");
}

/// Who goes back to the program before this one goes on with what waits there.
#[test]
fn session_without_anything_new_is_written_as_the_older_program_reads_it() {
    let written = |cached_tokens: u64, field: Option<&str>| {
        let mut session = waiting().0;
        session.header.proposed_by = None;
        session.header.usage = crate::domain::usage::Usage { cached_tokens, ..Default::default() };
        session.header.observations = Observations::default();
        let seen = Observation {
            probe: ProbeName::Get,
            asked: "get node/n1".to_owned(),
            object: None,
            field: field.and_then(FieldPath::parse),
            text: Excerpt::line("x"),
            more: None,
            seen_at: later(),
        };
        session.header.observations.add(seen).unwrap();
        recorded(&Session::AwaitingApproval(session))
    };
    let record = written(0, None);
    let usage: Vec<&String> = record["header"]["usage"].as_object().unwrap().keys().collect();
    assert_eq!((&record["version"], record["header"].get("proposed_by")), (&json!(4), None));
    assert_eq!(usage, ["elapsed_ms", "api_calls", "model_calls", "input_tokens", "output_tokens"]);
    assert!(record["header"]["observations"][0].get("field").is_none());
    // An older program says that a newer one wrote it, and not that it does not understand it.
    assert_eq!(written(1, None)["version"], json!(5));
    assert_eq!(written(0, Some("status"))["version"], json!(6));
    assert_eq!(written(1, Some("status"))["version"], json!(6));
}

/// The names of probes, actions and checks in a record, wherever they stand.
fn named(record: &Value, into: &mut std::collections::BTreeSet<String>) {
    let Some(members) = record.as_object() else { return record.as_array().into_iter().flatten().for_each(|item| named(item, into)) };
    for (key, member) in members {
        match key.as_str() {
            "unseen" => into.extend(member.as_array().into_iter().flatten().filter_map(|gap| gap["why"].as_str().map(reason))),
            "probe" => into.extend(member.as_str().map(str::to_owned)),
            "action" | "check" => into.extend(member["is"].as_str().map(str::to_owned)),
            "checks" => into.extend(member.as_array().into_iter().flatten().filter_map(|check| check["is"].as_str().map(str::to_owned))),
            _ => {}
        }
        named(member, into);
    }
}

/// A reason for a gap: `gone` is a check as well.
fn reason(why: &str) -> String {
    format!("{why} data")
}

/// Its state with a header that has nothing new.
fn without_more(mut session: Session) -> Session {
    *session.header_mut() = header();
    session
}

/// Whatever came later, in whatever state and place: an older program says that a newer one wrote it, and not that the record is broken.
#[test]
fn what_an_older_program_does_not_know_is_written_in_the_newest_form() {
    let older = [
        &["get", "list", "describe", "logs", "events", "create", "patch", "deleteUnboundClaim"][..],
        &["rolloutComplete", "podReady", "claimBound", "endpointsReady", "findingGone", "fieldIs", "gone", "symptomGone"],
        &["forbidden data", "timeout data", "truncated data", "unsupported data"],
    ]
    .concat();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut all = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let any = session().new_tree(&mut runner).unwrap().current();
        let (observations, diagnosis) = (any.header().observations.clone(), any.header().diagnosis.clone());
        let looked = Header { observations, ..header() }.diagnosed(None, later());
        let found = Header { diagnosis, ..header() }.diagnosed(None, later());
        let said = Header { conversation: any.header().conversation.clone(), ..header() }.diagnosed(None, later());
        let withheld = Header { withheld: any.header().withheld.clone(), ..header() }.diagnosed(None, later());
        // Each part by itself, so that nothing else of the newest form is beside it.
        let diagnosed = [looked, found, said, withheld].map(Session::Diagnosed);
        for session in [without_more(any)].into_iter().chain(diagnosed) {
            let record = recorded(&session);
            let mut names = std::collections::BTreeSet::new();
            named(&record, &mut names);
            let field = record["header"]["observations"].as_array().unwrap().iter().any(|one| one.get("field").is_some());
            let withheld = record["header"].get("withheld").is_some();
            let newest = field
                || withheld
                || record["header"].get("conversation").is_some()
                || names.iter().any(|name| !older.contains(&name.as_str()));
            assert_eq!(record["version"] == json!(super::form::VERSION), newest, "{}: {names:?}", record["version"]);
            all.append(&mut names);
        }
    }
    for name in ProbeName::ALL.map(ProbeName::as_str).into_iter().chain(older) {
        assert!(all.contains(name), "{name} was not tried");
    }
    for why in GapWhy::ALL {
        assert!(all.contains(&reason(why.as_str())), "{why:?} was not tried");
    }
    for name in ["restartRollout", "undoRollout", "deletePod", "evictPod", "stillServes"] {
        assert!(all.contains(name), "{name} was not tried");
    }
}

#[test]
fn text_of_evidence_is_cleaned_again_on_reading() {
    let mut record = recorded(&Session::AwaitingApproval(waiting().0));
    record["header"]["diagnosis"]["evidence"][0]["text"] = json!("a\u{202e}b DB_PASSWORD=correct-horse");
    let again = reopened(&serde_json::to_vec(&record).unwrap());
    let said = again.header.diagnosis.evidence.iter().next().unwrap().1.text.to_string();
    assert!(!said.contains("correct-horse") && !said.contains('\u{202e}'), "{said}");
}

/// What a rule found comes back as it was, whatever rule it was.
#[test]
fn diagnosis_of_every_recording_survives_the_store() {
    for (name, diagnosis) in crate::analyze::recordings::diagnoses() {
        let session = Session::Diagnosed(Header { diagnosis, ..header() }.diagnosed(None, later()));
        assert_eq!(read(&write(&session).unwrap(), known_code), Ok(session), "{name}");
    }
}

/// Each takes one thing over from the other plan.
const CHANGES: &[fn(&mut RemediationPlan, &RemediationPlan)] = &[
    |plan, other| plan.cluster.clone_from(&other.cluster),
    |plan, other| plan.aim = other.aim.clone(),
    |plan, other| with_keys(plan, other, |key, other| key.source = other.source),
    |plan, other| with_keys(plan, other, |key, other| key.object = other.object.clone()),
    |plan, other| with_keys(plan, other, |key, other| key.field.clone_from(&other.field)),
    |plan, other| plan.summary.clone_from(&other.summary),
    |plan, other| plan.on_failure = other.on_failure,
    |plan, other| plan.steps = other.steps.clone(),
    |plan, other| plan.checks = other.checks.clone(),
    |plan, other| plan.judged.about.clone_from(&other.judged.about),
    |plan, other| plan.judged.settle = other.judged.settle,
    |plan, other| plan.judged.wait = other.judged.wait,
    |plan, other| first(plan).action = other.steps.first().action.clone(),
    |plan, other| first(plan).why.clone_from(&other.steps.first().why),
    |plan, other| first(plan).request.method = other.steps.first().request.method,
    |plan, other| first(plan).request.path.clone_from(&other.steps.first().request.path),
    |plan, other| first(plan).request.body.clone_from(&other.steps.first().request.body),
    |plan, other| first(plan).diff.clone_from(&other.steps.first().diff),
    |plan, other| first(plan).risk = other.steps.first().risk,
    |plan, other| first(plan).precondition.uid.clone_from(&other.steps.first().precondition.uid),
    |plan, other| first(plan).precondition.generation = other.steps.first().precondition.generation,
    |plan, other| first(plan).precondition.resource_version.clone_from(&other.steps.first().precondition.resource_version),
    |plan, other| first(plan).precondition.fields.clone_from(&other.steps.first().precondition.fields),
    |plan, other| first(plan).undo = other.steps.first().undo.clone(),
    |plan, other| first(plan).command.clone_from(&other.steps.first().command),
];

fn with_keys(plan: &mut RemediationPlan, other: &RemediationPlan, change: fn(&mut CauseKey, &CauseKey)) {
    if let (Aim::Cause(key), Aim::Cause(other)) = (&mut plan.aim, &other.aim) {
        change(key, other);
    }
}

fn first(plan: &mut RemediationPlan) -> &mut Step {
    plan.steps.iter_mut().next().unwrap()
}

/// All that a human reads of a plan, in one form: two plans that read alike are alike here.
fn shown(plan: &RemediationPlan) -> Vec<String> {
    let mut out = vec![
        plan.cluster.clone(),
        match &plan.aim {
            Aim::Cause(CauseKey { source, object, field }) => format!("{} {object} {field:?}", source.code()),
            Aim::Undo(session) => session.to_string(),
        },
        plan.summary.clone(),
        plan.on_failure.as_str().to_owned(),
        format!("{:?} {} {}", plan.judged.about, plan.judged.settle.as_secs(), plan.judged.wait.as_secs()),
    ];
    for step in plan.steps.iter() {
        let undo = match &step.undo {
            Undo::Restore { request, .. } => format!("{request:?}"),
            Undo::None { .. } => String::new(),
        };
        out.extend([step.action.verb().to_owned(), step.action.target().to_string(), step.why.clone(), format!("{:?}", step.request)]);
        out.extend([step.diff.clone(), step.risk.to_string(), format!("{:?}", step.precondition), step.command.clone()]);
        out.extend([undo, step.undo.summary().to_owned()]);
    }
    for check in plan.checks.iter() {
        out.extend([check.what().to_owned(), check.object().to_string(), check.expectation()]);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn session_in_any_state_comes_back_as_it_was(session in session()) {
        let bytes = write(&session).unwrap();
        let again = read(&bytes, known_code).unwrap();
        prop_assert_eq!(&again, &session);
        prop_assert_eq!(write(&again).unwrap(), bytes);
    }

    #[test]
    fn whatever_a_session_cites_is_there(session in session()) {
        let again = read(&write(&session).unwrap(), known_code).unwrap();
        let diagnosis = &again.header().diagnosis;
        for id in diagnosis.causes.iter().flat_map(|cause| cause.cites.iter()) {
            prop_assert!(diagnosis.evidence.get(*id).is_some(), "{} is not there", id);
        }
    }

    /// Field by field: a plan that differs from another in one thing that is shown has another digest.
    #[test]
    fn any_change_of_what_is_shown_changes_the_digest(plan in plan(), other in plan()) {
        let mut tried = 0;
        for change in CHANGES {
            let mut changed = plan.clone();
            change(&mut changed, &other);
            if shown(&changed) != shown(&plan) {
                tried += 1;
                prop_assert_ne!(changed.digest(), plan.digest(), "{:?} and {:?}", shown(&changed), shown(&plan));
            }
        }
        prop_assume!(tried > 0);
        let renamed = RemediationPlan { id: other.id.clone(), ..plan.clone() };
        prop_assert_eq!(renamed.digest(), plan.digest(), "the id is not part of it");
    }

    /// Whatever state a record claims, what comes of it can be approved only with the token, which no record holds.
    #[test]
    fn no_record_brings_an_approval_with_it(session in session(), token in "[0-9a-f]{64}") {
        if let Session::AwaitingApproval(waiting) = read(&write(&session).unwrap(), known_code).unwrap() {
            let (digest, before) = (waiting.digest.clone(), waiting.expires_at - SignedDuration::from_secs(1));
            prop_assert_eq!(waiting.approve(&token, &digest, before).map(|_| ()).map_err(|(_, e)| e), Err(ApprovalError::WrongToken));
        }
    }
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
fn question_is_answered_within_the_time_that_it_states_however_often_it_is_asked_again() {
    let longer = later().saturating_add(SignedDuration::from_secs(900)).unwrap();
    let asked = || {
        let (mut state, first) = waiting();
        let second = state.ask_again([8; 32], longer, now(), &Door::Library).unwrap();
        assert_eq!(state.expires_at, longer);
        let digest = state.digest.clone();
        (state, digest, first, second)
    };
    let (state, digest, first, _) = asked();
    assert!(state.approve(&first.reveal(), &digest, now()).is_ok(), "somebody may be reading it");
    let (state, digest, first, second) = asked();
    let Err((state, error)) = state.approve(&first.reveal(), &digest, later()) else { panic!("a yes after the time that was stated") };
    assert_eq!(error, ApprovalError::Expired);
    assert!(state.approve(&second.reveal(), &digest, later()).is_ok());
    // A further question never states less than the session waits for.
    let (mut state, digest, ..) = asked();
    let third = state.ask_again([7; 32], later(), now(), &Door::Library).unwrap();
    assert!(state.approve(&third.reveal(), &digest, later()).is_ok());
}

fn client(number: usize) -> Door {
    Door::Client(format!("client {number}"))
}

#[test]
fn no_question_is_taken_from_its_reader_for_another_one() {
    let (mut state, first) = waiting();
    let longer = later().saturating_add(SignedDuration::from_secs(900)).unwrap();
    for bits in 1..16 {
        state.ask_again([bits + 100; 32], longer, now(), &Door::Library).unwrap();
    }
    let refused = Err(TooManyAsked { limit: 16, until: later() });
    assert_eq!(state.ask_again([8; 32], longer, now(), &Door::Library).map(|_| ()), refused);
    assert!(state.knows(&first.reveal()) && state.asked().len() == 16);
    // What nobody can answer any more, and what nobody reads any more, makes room.
    state.withdraw(&Secret::new([101; 32]).reveal());
    state.ask_again([8; 32], longer, now(), &Door::Library).unwrap();
    assert!(state.ask_again([9; 32], longer, now(), &Door::Library).is_err());
    state.ask_again([10; 32], longer, later(), &Door::Library).unwrap();
    assert!(!state.knows(&first.reveal()));
}

/// However often clients ask, and under however many names.
#[test]
fn no_door_closes_another_and_a_person_at_a_terminal_always_has_a_place() {
    let (mut state, _) = waiting();
    let mut bits = 0;
    let mut ask = |state: &mut AwaitingApproval, door: &Door| {
        bits += 1;
        state.ask_again([bits; 32], later(), now(), door).map(|_| ())
    };
    while ask(&mut state, &client(1)).is_ok() {}
    let of = |state: &AwaitingApproval, door: &Door| state.asked().iter().filter(|one| one.door == *door).count();
    assert_eq!(of(&state, &client(1)), 16);
    assert_eq!(ask(&mut state, &client(2)), Ok(()), "another client has a place");
    for number in 2..100 {
        ask(&mut state, &client(number)).ok();
    }
    assert_eq!(state.asked().len(), QUESTIONS - 8);
    for _ in 0..8 {
        assert_eq!(ask(&mut state, &Door::Terminal), Ok(()));
    }
    assert_eq!(ask(&mut state, &Door::Terminal), Err(TooManyAsked { limit: QUESTIONS, until: later() }));
}
