//! What is said when it is not over: the same fault elsewhere, a store that is full, a caller who goes away while a plan is made.

use crate::support::case::Case;
use crate::support::embedded::{Embedded, ask, asked, yes};
use kubemend::ports::Silent;
use kubemend::sim::{Fault, FaultKind, MadeImage};
use kubemend::workflow::report::Status;
use kubemend::workflow::{Caller, WorkflowError};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "shop";

#[tokio::test(start_paused = true)]
async fn another_fault_of_the_same_kind_in_another_field_is_a_finding_of_its_own() {
    let case = Case::load("config-map-name-wrong");
    let cluster = Embedded::new(NAMESPACE);
    cluster.sim.add_images(MadeImage::parse_yaml(&case.images_text()).unwrap());
    let second = "        - name: NEW_BASKET\n          valueFrom:\n            configMapKeyRef:\n              name: feature-flag\n              key: NEW_BASKET\n        ports:";
    cluster.apply(&case.manifest_text("manifests/checkout.yaml").replace("        ports:", second));
    tokio::time::sleep(Duration::from_secs(30)).await;
    let process = cluster.process();
    let (first, question) = asked(&process, &ask(&case, NAMESPACE)).await;
    assert_eq!(first.causes.iter().map(|c| c.code.as_str()).collect::<Vec<_>>(), ["cfg-configmap-missing-env"; 2]);
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Partly, "{}", report.summary);
    let checks = report.validation.unwrap().checks;
    let gone = checks.iter().find(|c| c.what == "findingGone").unwrap();
    assert_eq!(gone.passed, Some(true), "{}", gone.observed);
}

#[tokio::test(start_paused = true)]
async fn session_that_ended_by_the_clock_is_shown_though_the_store_is_full() {
    let case = Case::load("database-pod-pending");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let process = cluster.process();
    let report = process.analyze(&ask(&case, NAMESPACE), &Caller::silent()).await.unwrap();
    let id = process.sessions(10).await.unwrap()[0].id.clone();
    tokio::time::sleep(Duration::from_secs(16 * 60)).await;
    cluster.store.broken.store(true, Ordering::SeqCst);
    assert_eq!(process.sessions(10).await.unwrap().len(), 1);
    let shown = process.show(&id).await.unwrap();
    assert_eq!((shown.status, shown.causes), (Status::Diagnosed, report.causes));
}

/// Cancels at the first request for the Service itself, which is made for its plan.
fn cancelling(cluster: &Embedded) -> CancellationToken {
    let (cancel, sim) = (CancellationToken::new(), cluster.sim.clone());
    let token = cancel.clone();
    tokio::spawn(async move {
        while !sim.requests().iter().any(|r| r.method == "GET" && r.path.contains("/services/")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        token.cancel();
    });
    cancel
}

#[tokio::test(start_paused = true)]
async fn analysis_ends_at_once_when_its_caller_goes_away_while_it_plans() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.inject(Fault::on("GET", "/services/", FaultKind::Hang));
    let (cancel, began) = (cancelling(&cluster), Instant::now());
    let said = cluster.process().analyze(&ask(&case, NAMESPACE), &Caller::new(&Silent, &cancel)).await;
    assert!(matches!(said, Err(WorkflowError::Cancelled)), "{said:?}");
    assert!(began.elapsed() < Duration::from_secs(4), "on the cluster's own clock: {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_by_the_writer_once_the_caller_is_gone() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    cluster.sim.inject(Fault::on("GET", "/services/", FaultKind::Status(503)).times(2));
    let cancel = cancelling(&cluster);
    let process = cluster.process();
    let said = process.open(&ask(&case, NAMESPACE), &Caller::new(&Silent, &cancel)).await;
    assert!(matches!(said, Err(WorkflowError::Cancelled)), "{said:?}");
    assert!(!cluster.sim.requests().iter().any(|r| r.method == "PATCH"), "not even a dry run");
    assert_eq!(process.sessions(10).await.unwrap()[0].status, Status::Diagnosed);
}
