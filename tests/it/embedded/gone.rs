//! What is not there, or not there yet: a target that somebody deleted, a resource that the API server does not have, and a reader whose API
//! server is behind the one that was written to.

use crate::support::case::Case;
use crate::support::embedded::{self, Embedded, ask, open, yes};
use crate::support::webhook::Between;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use kube::client::Body;
use kubemend::domain::limits::Limits;
use kubemend::domain::plan::OnFailure;
use kubemend::sim::{Fault, FaultKind, SimBody, SimService};
use kubemend::workflow::report::Status;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::Instant;
use tower::{BoxError, Service, ServiceExt};

const NAMESPACE: &str = "shop";

/// To the client in the place of the object, before the first byte, and in the place of the object, when the bytes come.
#[tokio::test(start_paused = true)]
async fn target_that_is_gone_when_the_yes_comes_is_told_and_nothing_is_written() {
    for (case, plural, name, steps) in [
        ("service-without-endpoints", "services", "storefront", 1),
        ("node-selector-matches-no-node", "deployments", "recommender", 1),
        ("storage-class-missing", "persistentvolumeclaims", "uploads", 2),
    ] {
        let (cluster, process, question) = embedded::waiting(case, NAMESPACE).await;
        let group = if plural == "deployments" { "/apis/apps/v1" } else { "/api/v1" };
        let path = format!("{group}/namespaces/{NAMESPACE}/{plural}/{name}");
        let report = embedded::yes_while_deleted(&cluster, &process, &question, &path).await.unwrap();
        let outcomes: Vec<&str> = report.execution.as_ref().unwrap().steps.iter().map(|s| s.outcome.as_str()).collect();
        assert_eq!((report.status, outcomes[0], outcomes.len()), (Status::Failed, "failed", steps), "{case}: {}", report.summary);
        assert!(outcomes[1..].iter().all(|outcome| *outcome == "notReached"), "{case}: {outcomes:?}");
        assert_eq!(cluster.writes(), [], "{case}");
        let said = report.execution.as_ref().unwrap().steps[0].message.clone().unwrap();
        assert!(said.contains("does not exist any more") || said.contains("not found"), "{case}: {said}");
    }
}

/// Every kind that is read of a healthy Deployment, one after the other, as an older cluster answers that does not have it.
#[tokio::test(start_paused = true)]
async fn resource_that_the_api_server_does_not_have_is_a_gap_and_no_absence() {
    let case = Case::load("database-pod-pending");
    let looked = {
        let cluster = Embedded::of(&case, NAMESPACE).await;
        open(&cluster.process(), &ask(&case, NAMESPACE)).await.report.coverage.looked
    };
    assert!(looked.len() > 10, "{looked:?}");
    for plural in &looked {
        let cluster = Embedded::of(&case, NAMESPACE).await;
        let ends = format!("/{plural}");
        cluster.sim.inject(Fault::new(FaultKind::Status(404), move |method, path| method == "GET" && path.ends_with(&ends)).times(1000));
        let opened = open(&cluster.process(), &ask(&case, NAMESPACE)).await;
        let report = opened.report;
        let gap = report.coverage.gaps.iter().find(|gap| gap.what.contains(plural.as_str()));
        assert_eq!(gap.map(|gap| gap.why.as_str()), Some("unsupported"), "{plural}: {:?}", report.coverage.gaps);
        assert_ne!(report.status, Status::Healthy, "{plural}");
        assert_eq!(cluster.writes(), [], "{plural}");
        let rests_on_it = ["persistentvolumeclaims", "pods"].contains(&plural.as_str());
        assert!(!rests_on_it || opened.question.is_none(), "{plural}: a claim is created, though nobody saw that it is missing");
    }
}

/// What comes before the write, and what says whether it helped, is asked of the cluster's own store: an answer at any version, as a cache
/// gives it, may be older than what was seen already.
#[tokio::test(start_paused = true)]
async fn no_read_asks_for_whatever_version_a_cache_has() {
    for case in ["database-pod-pending", "service-without-endpoints", "storage-class-missing"] {
        let cluster = embedded::resolved(case, NAMESPACE).await;
        let reads: Vec<(String, String)> =
            cluster.sim.requests().into_iter().filter(|r| r.method == "GET").map(|r| (r.path, r.query)).collect();
        assert!(!reads.is_empty());
        for (path, query) in reads {
            let watches = query.contains("watch=1") || query.contains("watch=true");
            assert!(watches || !query.contains("resourceVersion"), "{path}?{query}");
            assert!(!query.contains("resourceVersion=0"), "{path}?{query}");
        }
    }
}

/// A reader whose API server stops hearing of changes for a while.
#[derive(Clone)]
struct Behind {
    inner: SimService,
    /// What it answered last, by path and query.
    seen: Arc<Mutex<BTreeMap<String, Bytes>>>,
    until: Arc<Mutex<Option<Instant>>>,
    /// How often it answered with what was so before.
    old: Arc<AtomicUsize>,
}

impl Behind {
    fn of(cluster: &Embedded) -> Self {
        Self { inner: cluster.sim.service_as("reader"), seen: Arc::default(), until: Arc::default(), old: Arc::default() }
    }

    fn falls_back(&self, seconds: u64) {
        *self.until.lock().unwrap() = Some(Instant::now() + Duration::from_secs(seconds));
    }

    fn old_answers(&self) -> usize {
        self.old.load(Ordering::SeqCst)
    }
}

impl Service<Request<Body>> for Behind {
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let asked = request.uri().to_string();
            let (reads, watches) = (request.method() == http::Method::GET, asked.contains("watch="));
            let until = this.until.lock().unwrap().filter(|until| Instant::now() < *until);
            match until {
                Some(until) if watches => tokio::time::sleep_until(until).await,
                Some(_) => {
                    let known = this.seen.lock().unwrap().get(&asked).cloned();
                    if let Some(known) = known.filter(|_| reads) {
                        this.old.fetch_add(1, Ordering::SeqCst);
                        return Ok(answer(known));
                    }
                }
                None => {}
            }
            let answered = this.inner.oneshot(request).await?;
            if !reads || watches || !answered.status().is_success() {
                return Ok(answered);
            }
            let bytes = answered.into_body().collect().await.unwrap().to_bytes();
            this.seen.lock().unwrap().insert(asked, bytes.clone());
            Ok(answer(bytes))
        })
    }
}

fn answer(bytes: Bytes) -> Response<SimBody> {
    let body = Full::new(bytes).boxed_unsync();
    Response::builder().header(http::header::CONTENT_TYPE, "application/json").body(body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn reader_that_is_behind_the_write_ends_nothing_and_rolls_nothing_back() {
    for name in ["service-without-endpoints", "node-selector-matches-no-node"] {
        let case = Case::load(name);
        let cluster = Embedded::of(&case, NAMESPACE).await;
        let reader = Behind::of(&cluster);
        let limits = Limits { on_failure: OnFailure::Revert, ..Limits::default() };
        let writer = Between::holding(cluster.sim.service_as("writer"), None);
        let process = cluster.process_through(reader.clone(), writer, limits, true);
        let (_, question) = embedded::asked(&process, &ask(&case, NAMESPACE)).await;
        reader.falls_back(12);
        let report = yes(&process, &question).await.unwrap();
        assert_eq!(report.status, Status::Resolved, "{name}: {}", report.summary);
        assert_eq!((cluster.writes().len(), report.execution.unwrap().reverted), (1, None), "{name}");
        assert!(reader.old_answers() > 2, "{name}: nothing that was read was old");
    }
}

#[tokio::test(start_paused = true)]
async fn reader_that_is_behind_somebodys_change_overwrites_nothing() {
    let case = Case::load("service-without-endpoints");
    let cluster = Embedded::of(&case, NAMESPACE).await;
    let reader = Behind::of(&cluster);
    let writer = Between::holding(cluster.sim.service_as("writer"), None);
    let process = cluster.process_through(reader.clone(), writer, Limits::default(), true);
    let (_, question) = embedded::asked(&process, &ask(&case, NAMESPACE)).await;
    // From here on it shows the Service as it was, before and after the yes.
    reader.falls_back(600);
    cluster.apply(&case.manifest_text("manifests/storefront.yaml").replace("app: storefront-web", "app: somebody-elses-idea"));
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.execution.as_ref().unwrap().steps[0].outcome.as_str(), "refused", "{}", report.summary);
    assert_eq!(cluster.writes(), []);
    assert!(reader.old_answers() > 0, "nothing that was read was old");
}
