//! The public API, used as a program that embeds it does: open, answer, read the report, look back.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use kubemend::domain::confidence::Confidence;
use kubemend::domain::limits::{Limits, Mode};
use kubemend::domain::risk::Risk;
use kubemend::ports::{Phase, Progress, Silent};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Ask, Validate, Wishes, WorkflowError};
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
    assert_eq!(serde_json::from_str::<Report>(&text).unwrap(), report);
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
    let everywhere = Ask { namespace: None, all_namespaces: true, ..ask(&case, NAMESPACE) };
    let (wishes, cancel) = (Wishes::default(), CancellationToken::new());
    let look = async |p: &dyn Progress| process.analyze(&everywhere, p, &cancel).await.unwrap().usage.api_calls;
    let plan = async |p: &dyn Progress| process.open(&ask(&case, NAMESPACE), &wishes, p, &cancel).await.unwrap().report.usage.api_calls;
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
    let report = process.validate(&validate, &Silent, &CancellationToken::new()).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    // Somebody breaks it again: the same checks say so.
    cluster.apply(&case.manifest_text("manifests/deployment.yaml").replace("claimName: postgres-pvc", "claimName: gone"));
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    let report = process.validate(&validate, &Silent, &CancellationToken::new()).await.unwrap();
    assert_eq!(report.status, Status::Unresolved, "{}", report.summary);
}

#[tokio::test(start_paused = true)]
async fn phases_are_told_in_their_order() {
    let (case, cluster) = article().await;
    let process = cluster.process();
    let told = Told::default();
    let opened = process.open(&ask(&case, NAMESPACE), &Wishes::default(), &told, &CancellationToken::new()).await.unwrap();
    let expected = [Phase::Connecting, Phase::Collecting, Phase::Analyzing, Phase::Planning, Phase::Rehearsing, Phase::AwaitingApproval];
    assert_eq!(*told.0.lock().unwrap(), expected);
    assert!(opened.question.is_some());
}

#[tokio::test(start_paused = true)]
async fn automatic_mode_goes_all_the_way_within_the_operators_thresholds() {
    let (case, cluster) = article().await;
    let limits = Limits { automatic_allowed: true, ..Limits::default() };
    let process = cluster.process_with(limits, true);
    let wishes = Wishes { mode: Some(Mode::Automatic), ..Wishes::default() };
    let opened = process.open(&ask(&case, NAMESPACE), &wishes, &Silent, &CancellationToken::new()).await.unwrap();
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
        let process = cluster.process_with(Limits { automatic_allowed: allowed, max_risk: Risk::Low, ..Limits::default() }, true);
        let wishes = Wishes { mode: Some(Mode::Automatic), confidence_threshold: confidence, ..Wishes::default() };
        let opened = process.open(&ask(case, NAMESPACE), &wishes, &Silent, &CancellationToken::new()).await.unwrap();
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
    let opened = process.open(&ask(&service, NAMESPACE), &wishes, &Silent, &CancellationToken::new()).await.unwrap();
    assert!(opened.question.is_none(), "asked for more than the operator's ceiling");
    assert_eq!(opened.report.status, Status::Diagnosed);
    assert_eq!(cluster.writes(), []);
}

#[tokio::test(start_paused = true)]
async fn issue_that_is_too_long_is_invalid_and_reads_nothing() {
    let (_, cluster) = article().await;
    cluster.sim.forget_requests();
    let long = Ask { issue: Some("database ".repeat(2000)), ..Ask::default() };
    let said = cluster.process().analyze(&long, &Silent, &CancellationToken::new()).await;
    assert!(matches!(said, Err(WorkflowError::Invalid(_))), "{said:?}");
    assert_eq!(cluster.sim.requests().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn namespace_that_does_not_exist_offers_the_nearest() {
    let (_, cluster) = article().await;
    let ask = Ask { issue: Some("the database is down".to_owned()), namespace: Some("a-taem".to_owned()), ..Ask::default() };
    let said = cluster.process().analyze(&ask, &Silent, &CancellationToken::new()).await;
    let Err(WorkflowError::NoNamespace { nearest, .. }) = said else { panic!("{said:?}") };
    assert_eq!(nearest.first().map(String::as_str), Some(NAMESPACE));
}
