//! The embedded cluster with the library on top, as a program that embeds it would put them together.
//! Time is tokio's, paused by the tests that use it: a settle window costs nothing.

use super::case::Case;
use super::objects::documents;
use super::webhook::Between;
use super::words::Word;
use async_trait::async_trait;
use futures::FutureExt;
use http::{Request, Response};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use kubemend::cluster::connect::over;
use kubemend::domain::id::SessionId;
use kubemend::domain::investigate::Investigate;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::object::Namespace;
use kubemend::execute::Executor;
use kubemend::ports::{Clock, ClusterRead, Entropy, Phase, Progress, Revision, SessionStore, StoreError, Stored};
use kubemend::probe::Allowed;
use kubemend::sim::{Audited, Latency, MadeImage, Sim, SimBody, World};
use kubemend::workflow::report::{Report, Status};
use kubemend::workflow::{Approver, Caller, Opened, OwnModel, Parts, Problem, Question, Remediation, Timing, WorkflowError};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Service, ServiceExt};

/// The clock that the cluster shows too.
#[derive(Debug)]
pub(crate) struct TestClock {
    began: Instant,
    /// By how many seconds somebody has set the wall clock forwards or back.
    set_by: AtomicI64,
}

impl TestClock {
    fn new() -> Self {
        Self { began: Instant::now(), set_by: AtomicI64::new(0) }
    }

    /// The wall clock is set forwards, or back; no time goes by.
    pub(crate) fn set_by(&self, seconds: i64) {
        self.set_by.fetch_add(seconds, Ordering::SeqCst);
    }
}

const START: &str = "2026-11-23T12:00:00Z";

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = START.parse().unwrap();
        let passed = SignedDuration::try_from(self.began.elapsed()).unwrap();
        start.checked_add(passed + SignedDuration::from_secs(self.set_by.load(Ordering::SeqCst))).unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The same sequence in every test.
#[derive(Debug, Default)]
pub(crate) struct Counted(AtomicU64);

impl Counted {
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let number = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let mut bytes = [0x5a; N];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        bytes
    }
}

impl Entropy for Counted {
    fn id_bits(&self) -> [u8; 16] {
        self.bytes()
    }

    fn secret_bits(&self) -> [u8; 32] {
        self.bytes()
    }
}

/// Sessions in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    records: Mutex<BTreeMap<String, Stored>>,
    /// From now on nothing can be saved.
    pub(crate) broken: std::sync::atomic::AtomicBool,
    /// So many records are still kept, and the next one is never answered; `None` keeps all.
    pub(crate) keeps: Mutex<Option<usize>>,
    /// The same, and the next ones are refused.
    pub(crate) breaks_after: Mutex<Option<usize>>,
    /// No record that has this text can be saved.
    pub(crate) refuses: Mutex<Option<&'static str>>,
    /// No search is answered while a record has this text.
    pub(crate) no_search_beside: Mutex<Option<&'static str>>,
}

impl Memory {
    /// What is kept of a session.
    pub(crate) fn record(&self, id: &str) -> Value {
        self.records.lock().unwrap().get(id).map(|stored| serde_json::from_slice(&stored.bytes).unwrap()).unwrap_or_default()
    }

    /// Everything that is kept.
    pub(crate) fn all(&self) -> Vec<Value> {
        self.records.lock().unwrap().values().map(|stored| serde_json::from_slice(&stored.bytes).unwrap()).collect()
    }

    /// Counts down; whether the end is reached.
    fn ends(left: &Mutex<Option<usize>>) -> bool {
        match left.lock().unwrap().as_mut() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        Ok(self.records.lock().unwrap().get(id.as_str()).cloned())
    }

    async fn save_until(
        &self,
        id: &SessionId,
        expected: Option<Revision>,
        at: Timestamp,
        _: Timestamp,
        bytes: &[u8],
    ) -> Result<Revision, StoreError> {
        let refused = self.refuses.lock().unwrap().is_some_and(|text| String::from_utf8_lossy(bytes).contains(text));
        if refused || self.broken.load(Ordering::SeqCst) || Self::ends(&self.breaks_after) {
            return Err(StoreError::Unusable { path: "memory".to_owned(), reason: "the disk is full".to_owned() });
        }
        if Self::ends(&self.keeps) {
            std::future::pending::<()>().await;
        }
        let mut records = self.records.lock().unwrap();
        if records.get(id.as_str()).map(|s| s.revision) != expected {
            return Err(StoreError::Conflict(id.clone()));
        }
        let revision = Revision(expected.map_or(1, |r| r.0 + 1));
        records.insert(id.as_str().to_owned(), Stored { id: id.clone(), revision, saved_at: at, bytes: bytes.to_vec() });
        Ok(revision)
    }

    async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), StoreError> {
        let mut records = self.records.lock().unwrap();
        if records.get(id.as_str()).map(|s| s.revision) != Some(expected) {
            return Err(StoreError::Conflict(id.clone()));
        }
        records.remove(id.as_str());
        Ok(())
    }

    async fn newest(&self, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let mut all: Vec<Stored> = self.records.lock().unwrap().values().cloned().collect();
        if let Some(text) = *self.no_search_beside.lock().unwrap()
            && all.iter().any(|stored| String::from_utf8_lossy(&stored.bytes).contains(text))
        {
            return Err(StoreError::Unusable { path: "memory".to_owned(), reason: "the index is damaged".to_owned() });
        }
        all.sort_by_key(|s| std::cmp::Reverse(s.saved_at));
        all.truncate(limit);
        Ok(all)
    }
}

/// A cluster, and the sessions about it.
pub(crate) struct Embedded {
    pub(crate) sim: Sim,
    pub(crate) store: Arc<Memory>,
    pub(crate) entropy: Arc<Counted>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) namespace: String,
    context: String,
    /// What looks are shown, and whether they are offered.
    pub(crate) allowed: Allowed,
    /// The operator's model; none unless a test sets one.
    pub(crate) own_model: Option<OwnModel>,
}

impl Embedded {
    /// The test world, with nothing in it.
    pub(crate) fn new(namespace: &str) -> Self {
        Self::numbered(0, "embedded", namespace)
    }

    fn numbered(number: u64, context: &str, namespace: &str) -> Self {
        let (sim, driver) = Sim::new(World::standard(START.parse().unwrap()).with_latency(Latency::REAL).with_number(number));
        tokio::spawn(driver);
        let clock = Arc::new(TestClock::new());
        let (namespace, context) = (namespace.to_owned(), context.to_owned());
        Self {
            sim,
            store: Arc::default(),
            entropy: Arc::default(),
            clock,
            namespace,
            context,
            allowed: Allowed::default(),
            own_model: None,
        }
    }

    /// A case, set up in this namespace.
    pub(crate) async fn of(case: &Case, namespace: &str) -> Self {
        Self::new(namespace).set_up(case).await
    }

    /// One where clients may look for themselves: with these images, and with these objects for so long.
    pub(crate) async fn open_to_looks(namespace: &str, images: &str, manifests: &str, seconds: u64) -> Self {
        let mut this = Self::new(namespace);
        this.allowed = Allowed { investigate: Investigate::Auto, ..Allowed::default() };
        this.sim.add_images(MadeImage::parse_yaml(images).unwrap());
        this.apply(manifests);
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        this
    }

    /// The same case on another cluster, behind the same host and port, and with the same record of sessions.
    pub(crate) async fn beside(&self, context: &str, case: &Case) -> Self {
        let mut other = Self::numbered(7, context, &self.namespace).set_up(case).await;
        (other.store, other.entropy, other.clock) = (self.store.clone(), self.entropy.clone(), self.clock.clone());
        other
    }

    async fn set_up(self, case: &Case) -> Self {
        let this = self;
        let namespace = &this.namespace;
        this.sim.add_images(MadeImage::parse_yaml(&case.images_text()).unwrap());
        for phase in &case.scenario.setup {
            for file in &phase.apply {
                this.sim.apply_yaml(namespace, &case.manifest_text(file)).unwrap();
            }
            for word in &phase.until {
                this.until(word).await;
            }
        }
        this
    }

    /// The objects of the namespace.
    pub(crate) fn objects(&self) -> Vec<Value> {
        self.sim.objects().into_iter().filter(|o| o["metadata"]["namespace"] == self.namespace.as_str()).collect()
    }

    pub(crate) async fn until(&self, word: &Word) {
        for _ in 0..2400 {
            if word.holds(&self.objects()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not on the embedded cluster: {word:?}");
    }

    /// Whatever else the case's programs get, the one that needs this variable wants another, which nobody sets.
    pub(crate) fn never_satisfy(&self, case: &Case, variable: &str) {
        let images = case.images_text().replace(variable, "A_VARIABLE_THAT_NOBODY_SETS");
        self.sim.add_images(MadeImage::parse_yaml(&images).unwrap());
    }

    /// Applies over what is there.
    pub(crate) fn apply(&self, text: &str) {
        assert!(!documents(text).is_empty());
        self.sim.apply_yaml(&self.namespace, text).unwrap();
    }

    /// Deletes an object, as somebody else.
    pub(crate) async fn remove(&self, plural: &str, name: &str) {
        self.remove_at(&format!("/api/v1/namespaces/{}/{plural}/{name}", self.namespace)).await;
    }

    /// Somebody deletes what is at a path of the API.
    pub(crate) async fn remove_at(&self, path: &str) {
        let request = http::Request::delete(path).body(kube::client::Body::empty()).unwrap();
        let answer = self.sim.service_as("tests").oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    /// A process: the use cases over this cluster and this store. `reader` reads, `writer` writes.
    pub(crate) fn process(&self) -> Remediation {
        self.process_with(Limits::default(), true)
    }

    pub(crate) fn process_with(&self, limits: Limits, writer: bool) -> Remediation {
        self.process_over(Between::holding(self.sim.service_as("writer"), None), limits, writer)
    }

    /// A process whose writing identity speaks to this cluster.
    pub(crate) fn process_that_writes_to(&self, sim: &Sim, limits: Limits, writer: bool) -> Remediation {
        self.process_over(Between::holding(sim.service_as("writer"), None), limits, writer)
    }

    /// The same, with something between the writer and the API.
    pub(crate) fn process_over(&self, between: Between, limits: Limits, writer: bool) -> Remediation {
        self.process_through(self.sim.service_as("reader"), between, limits, writer)
    }

    /// A process whose context sets this namespace; `default` sets none.
    pub(crate) fn process_at(&self, own: &str) -> Remediation {
        self.process_at_with(own, Limits::default())
    }

    pub(crate) fn process_at_with(&self, own: &str, limits: Limits) -> Remediation {
        self.process_in(own, self.sim.service_as("reader"), self.sim.service_as("writer"), limits, true)
    }

    /// The same, with something between each of both and the API.
    pub(crate) fn process_through<R, W>(&self, reader: R, writer: W, limits: Limits, writes: bool) -> Remediation
    where
        R: Service<Request<Body>, Response = Response<SimBody>, Error = BoxError> + Send + 'static,
        R::Future: Send + 'static,
        W: Service<Request<Body>, Response = Response<SimBody>, Error = BoxError> + Send + 'static,
        W::Future: Send + 'static,
    {
        self.process_in("default", reader, writer, limits, writes)
    }

    fn process_in<R, W>(&self, own: &str, reader: R, writer: W, limits: Limits, writes: bool) -> Remediation
    where
        R: Service<Request<Body>, Response = Response<SimBody>, Error = BoxError> + Send + 'static,
        R::Future: Send + 'static,
        W: Service<Request<Body>, Response = Response<SimBody>, Error = BoxError> + Send + 'static,
        W::Future: Send + 'static,
    {
        let namespace = Namespace::parse(own).unwrap();
        let connected =
            over(reader, &self.context, "embedded.invalid:6443", namespace).with_writer_over(writer).with_patience(Duration::from_secs(15));
        let read: Arc<dyn ClusterRead> = Arc::new(connected.read);
        let executor = connected.write.filter(|_| writes).map(|w| Executor::new(w, read.clone(), self.clock.clone()));
        Remediation::new(Parts {
            read,
            executor,
            store: self.store.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            limits,
            timing: Timing::default(),
            allowed: self.allowed,
            own_model: self.own_model.clone(),
        })
    }

    /// Merges a patch into an object of the namespace, as somebody else.
    pub(crate) async fn merge(&self, group: &str, plural: &str, name: &str, patch: &Value) {
        let root = if group == "v1" { "/api/v1".to_owned() } else { format!("/apis/{group}") };
        let path = format!("{root}/namespaces/{}/{plural}/{name}", self.namespace);
        let request = Request::patch(path).header(http::header::CONTENT_TYPE, "application/merge-patch+json");
        let request = request.body(Body::from(patch.to_string().into_bytes())).unwrap();
        let answer = self.sim.service_as("tests").oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    /// The writes that took effect, oldest first.
    pub(crate) fn writes(&self) -> Vec<Audited> {
        self.sim.requests().into_iter().filter(|r| r.wrote && r.user != "tests").collect()
    }

    /// Requests of this method by the writer that were no rehearsals.
    pub(crate) fn sent(&self, method: &str) -> usize {
        self.sim
            .requests()
            .iter()
            .filter(|r| r.method == method && r.user == "writer" && !r.dry_run && !r.path.contains("accessreviews"))
            .count()
    }
}

/// The issue of a case, as somebody would report it.
pub(crate) fn ask(case: &Case, namespace: &str) -> Problem {
    Problem { issue: Some(Issue::parse(&case.issue(namespace)).unwrap()), ..Problem::default() }
}

pub(crate) async fn open(remediation: &Remediation, ask: &Problem) -> Opened {
    remediation.open(ask, &Caller::silent()).await.unwrap()
}

/// Opens, and expects a question.
pub(crate) async fn asked(remediation: &Remediation, ask: &Problem) -> (Report, Question) {
    let opened = open(remediation, ask).await;
    let question = opened.question.unwrap_or_else(|| panic!("nothing is asked: {:#?}", opened.report.summary));
    (opened.report, question)
}

/// A case whose plan waits for an answer.
pub(crate) async fn waiting(case: &str, namespace: &str) -> (Embedded, Remediation, Question) {
    let case = Case::load(case);
    let cluster = Embedded::of(&case, namespace).await;
    let process = cluster.process();
    let (_, question) = asked(&process, &ask(&case, namespace)).await;
    (cluster, process, question)
}

/// A case that a yes has resolved; of the requests those since the yes are kept.
pub(crate) async fn resolved(case: &str, namespace: &str) -> Embedded {
    let (cluster, process, question) = waiting(case, namespace).await;
    cluster.sim.forget_requests();
    let report = yes(&process, &question).await.unwrap();
    assert_eq!(report.status, Status::Resolved, "{}", report.summary);
    cluster
}

/// What a report from the record says of its session, without how old it is; the summary is made of the rest.
pub(crate) fn recorded(mut report: Report) -> Report {
    const AGE: &str = "nothing was checked now.";
    let older = report.issue.note.as_ref().map(|note| note.split_once(AGE).map_or(note.as_str(), |(_, rest)| rest.trim_start()));
    report.issue.note = older.filter(|rest| !rest.is_empty()).map(str::to_owned);
    report.summary.clear();
    report
}

/// Says yes to a question.
pub(crate) async fn yes(remediation: &Remediation, question: &Question) -> Result<Report, WorkflowError> {
    let by = Approver::Library("the tests".to_owned());
    remediation.approve(&question.session, &question.token, &question.digest, by, &Caller::silent()).await
}

/// What happens once a yes counts, and before anything is sent.
struct Meanwhile(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Progress for Meanwhile {
    fn tell(&self, phase: Phase, _: &str) {
        if phase == Phase::Executing
            && let Some(happens) = self.0.lock().unwrap().take()
        {
            happens();
        }
    }
}

/// Says yes; this happens once it counts, and before anything is sent.
pub(crate) async fn yes_while(
    remediation: &Remediation,
    question: &Question,
    happens: impl FnOnce() + Send + 'static,
) -> Result<Report, WorkflowError> {
    let progress = Meanwhile(Mutex::new(Some(Box::new(happens))));
    let cancel = CancellationToken::new();
    let by = Approver::Library("the tests".to_owned());
    remediation.approve(&question.session, &question.token, &question.digest, by, &Caller::new(&progress, &cancel)).await
}

/// The same for a document that is applied.
pub(crate) async fn yes_while_applied(
    cluster: &Embedded,
    remediation: &Remediation,
    question: &Question,
    text: &str,
) -> Result<Report, WorkflowError> {
    let (sim, namespace, text) = (cluster.sim.clone(), cluster.namespace.clone(), text.to_owned());
    yes_while(remediation, question, move || sim.apply_yaml(&namespace, &text).unwrap()).await
}

/// The same for an object that somebody deletes, by its path.
pub(crate) async fn yes_while_deleted(
    cluster: &Embedded,
    remediation: &Remediation,
    question: &Question,
    path: &str,
) -> Result<Report, WorkflowError> {
    let request = Request::delete(path).body(Body::empty()).unwrap();
    let service = cluster.sim.service_as("tests");
    yes_while(remediation, question, move || {
        let answer = service.oneshot(request).now_or_never().expect("it answers at once").unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    })
    .await
}
