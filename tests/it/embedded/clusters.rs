//! Which cluster a yes is for: two clusters behind one host and port, with one record of sessions between them.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, open, yes};
use kubemend::domain::limits::{Consent, Limits};
use kubemend::sim::{Denial, Fault, FaultKind};
use kubemend::workflow::report::Status;
use kubemend::workflow::{Approver, Caller, Question, Remediation, Validate, WorkflowError};

const NAMESPACE: &str = "a-team";

/// The same fault on two clusters; a session of the first one waits.
async fn two_clusters(limits: &Limits) -> (Embedded, Embedded, Question, Remediation) {
    let case = Case::load("database-pod-pending");
    let staging = Embedded::of(&case, NAMESPACE).await;
    let production = staging.beside("production", &case).await;
    let (report, question) = asked(&staging.process_with(limits.clone(), true), &ask(&case, NAMESPACE)).await;
    assert_eq!(report.cluster.server, "embedded.invalid:6443");
    let elsewhere = production.process_with(limits.clone(), true);
    (staging, production, question, elsewhere)
}

fn is_other_cluster(error: &WorkflowError) -> bool {
    matches!(error, WorkflowError::OtherCluster { .. })
}

#[tokio::test(start_paused = true)]
async fn a_yes_for_one_cluster_is_none_for_another_behind_the_same_host_and_port() {
    let (staging, production, q, elsewhere) = two_clusters(&Limits::default()).await;
    let error = yes(&elsewhere, &q).await.expect_err("it was taken");
    assert!(is_other_cluster(&error), "{error:?}");
    assert!(error.to_string().contains("`embedded`") && error.to_string().contains("`production`"), "{error}");
    assert_eq!((staging.writes(), production.writes()), (vec![], vec![]));
    assert_eq!(yes(&staging.process(), &q).await.unwrap().status, Status::Resolved);
}

#[tokio::test(start_paused = true)]
async fn every_use_of_a_session_on_another_cluster_is_refused() {
    let limits = Limits { consent: Consent::Client, ..Limits::default() };
    let (staging, production, q, elsewhere) = two_clusters(&limits).await;
    let caller = Caller::silent();
    let by = Approver::Client("a client".to_owned());
    let refused = [
        elsewhere.question(&q.session, &caller).await.err(),
        elsewhere.approve(&q.session, &q.token, &q.digest, by, &caller).await.err(),
        elsewhere.approve_by_digest(&q.session, &q.digest, "a client", &caller).await.err(),
        elsewhere.validate(&Validate::Session(q.session.clone()), &caller).await.err(),
        elsewhere.look(&q.session, &[], &caller).await.err(),
    ];
    for error in refused {
        assert!(error.as_ref().is_some_and(is_other_cluster), "{error:?}");
    }
    assert_eq!(production.writes(), []);
    assert_eq!(yes(&staging.process(), &q).await.unwrap().status, Status::Resolved);
    let after = elsewhere.validate(&Validate::Session(q.session.clone()), &caller).await.expect_err("it looked at another cluster");
    assert!(is_other_cluster(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_plan_has_another_digest_on_another_cluster() {
    let (_, _, q, elsewhere) = two_clusters(&Limits::default()).await;
    let (report, other) = asked(&elsewhere, &ask(&Case::load("database-pod-pending"), NAMESPACE)).await;
    assert_ne!(other.digest, q.digest);
    assert!(other.text.contains(&format!("id {}", &report.cluster.id[..8])), "{}", other.text);
    assert!(!q.text.contains(&report.cluster.id[..8]), "{}", q.text);
}

#[tokio::test(start_paused = true)]
async fn a_writer_of_another_cluster_is_neither_asked_for_a_dry_run_nor_given_the_change() {
    let case = Case::load("database-pod-pending");
    let staging = Embedded::of(&case, NAMESPACE).await;
    let production = staging.beside("production", &case).await;
    let mixed = staging.process_that_writes_to(&production.sim, Limits::default(), true);
    let opened = open(&mixed, &ask(&case, NAMESPACE)).await;
    assert!(opened.question.is_none());
    let why: Vec<&str> = opened.report.advice.iter().map(|a| a.why.as_str()).collect();
    assert!(why.iter().any(|why| why.contains("the one of the writer credentials")), "{why:?}");
    assert!(production.sim.requests().iter().all(|r| r.user != "writer" || r.path == "/api/v1/namespaces/kube-system"));
    // A session that was opened with the right one is not carried out with the wrong one.
    let (_, q) = asked(&staging.process(), &ask(&case, NAMESPACE)).await;
    let error = yes(&mixed, &q).await.expect_err("it was taken");
    assert!(is_other_cluster(&error), "{error:?}");
    assert_eq!((staging.writes(), production.writes()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn both_identities_are_asked_again_which_cluster_it_is_just_before_the_write() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    cluster.sim.forget_requests();
    assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved);
    let requests = cluster.sim.requests();
    let write = requests.iter().position(|r| r.wrote && r.user == "writer").unwrap();
    let before: Vec<(&str, &str)> = requests[write - 2..write].iter().map(|r| (r.user.as_str(), r.path.as_str())).collect();
    assert_eq!(before, [("reader", "/api/v1/namespaces/kube-system"), ("writer", "/api/v1/namespaces/kube-system")]);
}

#[tokio::test(start_paused = true)]
async fn where_the_uid_may_not_be_read_the_connection_decides_and_that_nothing_answers_is_no_identity() {
    let case = Case::load("database-pod-pending");
    for user in ["reader", "writer"] {
        let cluster = Embedded::of(&case, NAMESPACE).await;
        let process = cluster.process();
        let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
        cluster.sim.deny(Denial::of("get", "namespaces").to_user(user));
        assert_eq!(yes(&process, &q).await.unwrap().status, Status::Resolved, "{user}: the connection is the same");
    }
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let (_, q) = asked(&process, &ask(&case, NAMESPACE)).await;
    cluster.sim.inject(Fault::on("GET", "namespaces/kube-system", FaultKind::Status(503)).times(100));
    yes(&process, &q).await.expect_err("nobody knows which cluster it is");
    assert_eq!(cluster.writes(), []);
}
