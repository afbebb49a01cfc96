//! The public API, used as a program that embeds it does: open, answer, read the report, look back.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, recorded, yes};
use kubemend::call::{AnalyzeRequest, ErrorKind, Remediated, ask_again};
use kubemend::domain::confidence::Confidence;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::{ISSUE_LIMIT, InvalidIssue, Issue, Origin};
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::object::Namespace;
use kubemend::domain::risk::Risk;
use kubemend::ports::{Phase, Progress, Silent};
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Problem, Validate, Wishes, WorkflowError};
use serde_json::Value;
use std::sync::Mutex;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "a-team";

async fn article() -> (Case, Embedded) {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    (case, cluster)
}

#[derive(Default)]
struct Told(Mutex<Vec<Phase>>);

impl Progress for Told {
    fn tell(&self, phase: Phase, _: &str) {
        let mut phases = self.0.lock().unwrap();
        if phases.last() != Some(&phase) {
            phases.push(phase);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn report_survives_its_way_through_json() {
    let (case, cluster) = article().await;
    let (report, _) = asked(&cluster.process(), &ask(&case, NAMESPACE)).await;
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), serde_json::to_value(&report).unwrap());
}

#[tokio::test(start_paused = true)]
async fn report_survives_the_store() {
    let (case, cluster) = article().await;
    let (asked, q) = asked(&cluster.process(), &ask(&case, NAMESPACE)).await;
    assert_eq!(cluster.process().show(&q.session).await.unwrap(), asked);
    let resolved = yes(&cluster.process(), &q).await.unwrap();
    assert_eq!(recorded(cluster.process().show(&q.session).await.unwrap()), recorded(resolved.clone()));
    assert!(resolved.usage.api_calls > asked.usage.api_calls, "what came before is counted in");
    let analyzed = cluster.process().analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
    let id = SessionId::parse(&analyzed.session).unwrap();
    assert_eq!(recorded(cluster.process().show(&id).await.unwrap()), recorded(analyzed));
}

#[tokio::test(start_paused = true)]
async fn same_cluster_gives_the_same_report_but_for_ids_and_times() {
    let (case, cluster) = article().await;
    let first = crate::support::mask::masked(&asked(&cluster.process(), &ask(&case, NAMESPACE)).await.0);
    let second = crate::support::mask::masked(&asked(&cluster.process(), &ask(&case, NAMESPACE)).await.0);
    assert_eq!(first, second);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_shown_as_they_stand() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    let line = &process.sessions(10).await.unwrap()[0];
    assert_eq!((&line.id, line.status, line.namespace.as_str()), (&q.session, Status::AwaitingApproval, NAMESPACE));
    assert_eq!(process.find_open(&q.digest).await.unwrap().as_ref(), Some(&q.session));
    yes(&process, &q).await.unwrap();
    assert_eq!(process.show(&q.session).await.unwrap().status, Status::Resolved);
    assert_eq!(process.find_open(&q.digest).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn calls_at_once_report_their_own_requests() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    let everywhere = Problem { namespace: None, all_namespaces: true, ..ask(&case, NAMESPACE) };
    let cancel = CancellationToken::new();
    let look = async |p: &dyn Progress| process.analyze(&everywhere, &Caller::new(p, &cancel)).await.unwrap().usage.api_calls;
    let plan =
        async |p: &dyn Progress| process.open(&ask(&case, NAMESPACE), &Caller::new(p, &cancel)).await.unwrap().report.usage.api_calls;
    // The first call asks for the version as well, once for all.
    look(&Silent).await;
    let alone = (look(&Silent).await, plan(&Silent).await);
    cluster.sim.forget_requests();
    let told = Told::default();
    let together = tokio::join!(look(&told), plan(&told));
    assert_eq!(together, alone);
    assert_eq!(cluster.sim.requests().len() as u64, together.0 + together.1);
    assert_eq!(cluster.sim.requests().iter().filter(|r| r.dry_run).count(), 1, "the rehearsal is among them");
    let phases = told.0.lock().unwrap();
    let (began, ended) = (phases.iter().rposition(|p| *p == Phase::Connecting), phases.iter().position(|p| *p == Phase::Done));
    assert!(began < ended, "the second began before the first ended: {phases:?}");
}

#[tokio::test(start_paused = true)]
async fn session_is_validated_again_later() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    yes(&process, &q).await.unwrap();
    let validate = Validate::Session(q.session.clone());
    let report = process.validate(&validate, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    // Somebody breaks it again: the same checks say so.
    cluster.apply(&case.manifest_text("manifests/deployment.yaml").replace("claimName: postgres-pvc", "claimName: gone"));
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let report = process.validate(&validate, &Caller::silent()).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn phases_are_told_in_their_order() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    let told = Told::default();
    let opened = process.open(&ask(&case, NAMESPACE), &Caller::new(&told, &CancellationToken::new())).await.unwrap();
    let expected = [Phase::Connecting, Phase::Collecting, Phase::Analyzing, Phase::Planning, Phase::Rehearsing, Phase::AwaitingApproval];
    assert_eq!(*told.0.lock().unwrap(), expected);
    assert!(opened.question.is_some());
}

#[tokio::test(start_paused = true)]
async fn automatic_mode_goes_all_the_way_within_the_operators_thresholds() {
    let (case, cluster) = article().await;
    let limits = Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() };
    let process = cluster.process_with(limits, true);
    let wishes = Wishes { mode: Some(Mode::Automatic), ..Wishes::default() };
    let opened = process.open(&ask(&case, NAMESPACE), &Caller::silent().with_wishes(wishes)).await.unwrap();
    assert!(opened.question.is_none());
    assert_eq!(opened.report.status, Status::Resolved, "{}", opened.report.summary);
    assert_eq!(cluster.writes().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn automatic_mode_asks_beyond_the_thresholds_and_where_the_operator_did_not_allow_it() {
    let service = Case::load("service-without-endpoints"); // a selector is medium risk
    for (case, allowed, confidence) in [
        (&service, true, None),
        (&Case::load("database-pod-pending"), false, None),
        (&Case::load("database-pod-pending"), true, Some(Confidence::percent(100))),
    ] {
        let cluster = Embedded::of(case, NAMESPACE).await;
        let process = cluster
            .process_with(Limits { mode: Mode::Automatic, automatic_allowed: allowed, max_risk: Risk::Low, ..Limits::default() }, true);
        let wishes = Wishes { mode: Some(Mode::Automatic), confidence_threshold: confidence, ..Wishes::default() };
        let opened = process.open(&ask(case, NAMESPACE), &Caller::silent().with_wishes(wishes)).await.unwrap();
        assert!(opened.question.is_some(), "{}: {}", case.name, opened.report.summary);
        assert_eq!(cluster.writes(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn caller_cannot_loosen_what_the_operator_set() {
    let service = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&service, NAMESPACE).await;
    let process = cluster.process_with(Limits { ceiling: Risk::Low, ..Limits::default() }, true);
    let wishes = Wishes { max_risk: Some(Risk::High), ..Wishes::default() };
    let opened = process.open(&ask(&service, NAMESPACE), &Caller::silent().with_wishes(wishes)).await.unwrap();
    assert!(opened.question.is_none(), "asked for more than the operator's ceiling");
    assert_eq!(opened.report.status, Status::Diagnosed);
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn issue_that_is_too_long_is_invalid_and_reads_nothing() {
    let (_, cluster) = article().await;
    cluster.sim.forget_requests();
    let arguments = serde_json::json!({"issue": "database ".repeat(2000)});
    let said = AnalyzeRequest::parse(arguments.as_object().unwrap().clone(), Investigate::Never);
    assert_eq!(said.unwrap_err().kind, ErrorKind::InvalidArguments);
    // Nothing but an issue of the right length can be given to a use case.
    assert_eq!(Issue::parse(&"x".repeat(ISSUE_LIMIT + 1)), Err(InvalidIssue::TooLong(ISSUE_LIMIT + 1)));
    assert_eq!(cluster.sim.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn namespace_that_does_not_exist_offers_the_nearest() {
    let (_, cluster) = article().await;
    let namespace = Namespace::parse("a-taem").unwrap();
    let problem = Problem { issue: Issue::parse("the database is down").ok(), namespace: Some(namespace), ..Problem::default() };
    let said = cluster.process().analyze(&problem, &Caller::silent()).await;
    let Err(WorkflowError::NoNamespace { nearest, .. }) = said else { panic!("{said:?}") };
    assert_eq!(nearest.first().map(String::as_str), Some(NAMESPACE));
}

#[tokio::test(start_paused = true)]
async fn report_says_who_asked_also_after_it_was_stored() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    for origin in [Origin::Caller, Origin::Event] {
        let opened = process.open(&ask(&case, NAMESPACE), &Caller::silent().of_origin(origin)).await.unwrap();
        assert_eq!(opened.report.issue.origin, origin.as_str());
        let shown = process.show(&opened.question.unwrap().session).await.unwrap();
        assert_eq!(shown.issue.origin, origin.as_str());
    }
}

#[tokio::test(start_paused = true)]
async fn wishes_hold_for_one_call_and_not_for_the_next() {
    let (case, cluster) = article().await;
    let process = cluster.process_with(Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }, true);
    let wishes = Wishes { mode: Some(Mode::Automatic), confidence_threshold: Some(Confidence::percent(100)), ..Wishes::default() };
    let strict = process.open(&ask(&case, NAMESPACE), &Caller::silent().with_wishes(wishes)).await.unwrap();
    assert!(strict.question.is_some(), "sure enough for 100 %");
    let automatic = Wishes { mode: Some(Mode::Automatic), ..Wishes::default() };
    let next = process.open(&ask(&case, NAMESPACE), &Caller::silent().with_wishes(automatic)).await.unwrap();
    assert_eq!(next.report.status, Status::Resolved, "{}", next.report.summary);
}

#[tokio::test(start_paused = true)]
async fn wishes_of_a_session_hold_for_whoever_looks_again_for_it() {
    let (case, cluster) = article().await;
    let process = cluster.process_with(Limits { mode: Mode::Automatic, automatic_allowed: true, ..Limits::default() }, true);
    let careful = Wishes { mode: Some(Mode::Manual), ..Wishes::default() };
    let first = process.open(&ask(&case, NAMESPACE), &Caller::silent().with_wishes(careful)).await.unwrap().question.unwrap();
    let mut session = first.session;
    for _ in 0..2 {
        process.decline(&session, Approver::CommandLine).await.unwrap();
        let problem = process.records().problem(&session).await.unwrap();
        let analyzed = process.analyze(&problem, &Caller::silent()).await.unwrap();
        session = SessionId::parse(&analyzed.session).unwrap();
        let again = ask_again(&process, &session, &Caller::silent()).await.unwrap();
        let Remediated::Question(_, question) = again else { panic!("nobody was asked: {again:?}") };
        session = question.session;
    }
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn question_says_everything_that_is_decided_on() {
    let (case, cluster) = article().await;
    let (report, question) = asked(&cluster.process(), &ask(&case, NAMESPACE)).await;
    let plan = report.plan.unwrap();
    let step = &plan.steps[0];
    for said in [
        &report.cluster.server,
        &report.causes[0].title,
        &plan.digest,
        &format!("{} risk", plan.risk),
        &step.diff,
        &step.undo,
        &step.why,
        "dry run: passed",
        &plan.checks[0].expectation,
    ] {
        assert!(question.text.contains(said.trim_end()), "`{said}` is not in the question: {}", question.text);
    }
}

#[tokio::test(start_paused = true)]
async fn callers_meter_counts_every_request_of_its_calls_and_each_report_its_own() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    cluster.sim.forget_requests();
    let caller = Caller::silent();
    let analyzed = process.analyze(&ask(&case, NAMESPACE), &caller).await.unwrap();
    assert_eq!(caller.meter.total(), analyzed.usage.api_calls);
    let opened = process.open(&ask(&case, NAMESPACE), &caller).await.unwrap();
    assert_eq!(caller.meter.total(), analyzed.usage.api_calls + opened.report.usage.api_calls);
    assert_eq!(caller.meter.total(), cluster.sim.requests().len() as u64);
}
