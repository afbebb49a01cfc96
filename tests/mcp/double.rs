//! A double of the use cases: sessions in memory, tokens that work once, and a list of what was written.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use kubemend::call::{Backend, Operator, ProvenYes, UseCases};
use kubemend::domain::ending::Ending;
use kubemend::domain::id::SessionId;
use kubemend::domain::issue::Issue;
use kubemend::domain::limits::Limits;
use kubemend::domain::plan::{OnFailure, PlanDigest};
use kubemend::domain::risk::Risk;
use kubemend::ports::{Clock, Entropy, Phase};
use kubemend::probe::arguments::LookArguments;
use kubemend::workflow::Looked;
use kubemend::workflow::covered::Covered;
use kubemend::workflow::observed::ObservationView;
use kubemend::workflow::report::{
    AdviceView, ClusterView, CoverageView, IssueView, ObjectView, PlanView, PreconditionView, Report, RequestView, Status, StepView,
    UsageView,
};
use kubemend::workflow::{
    Approver, Caller, LateAnswer, Opened, Problem, Question, SessionLine, SessionStage, Token, Undecided, Validate, WorkflowError,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const DIGEST: &str = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
pub(crate) const DIFF: &str = "+kind: PersistentVolumeClaim\n+  name: postgres-pvc\n+      storage: 10Gi\n";

pub(crate) struct Session {
    status: &'static str,
    /// Of every question that was asked about it.
    tokens: Vec<String>,
    expires_at: Timestamp,
}

/// The use cases, and what they were asked to do.
pub(crate) struct Double {
    pub(crate) limits: Limits,
    pub(crate) valid_for: SignedDuration,
    pub(crate) risk: Risk,
    /// A yes takes so long to carry out once the caller is gone.
    pub(crate) finishes_in: Option<Duration>,
    pub(crate) sessions: Mutex<BTreeMap<String, Session>>,
    pub(crate) writes: Mutex<Vec<String>>,
    pub(crate) heard: Mutex<Vec<String>>,
    /// The tokens of questions that nobody reads any more.
    pub(crate) withdrawn: Mutex<Vec<String>>,
    pub(crate) numbers: AtomicU64,
    pub(crate) operator: Operator,
    pub(crate) advice: Vec<AdviceView>,
    pub(crate) diff: String,
    /// What it changes can be taken back.
    pub(crate) undoable: bool,
}

impl Default for Double {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            valid_for: SignedDuration::from_secs(900),
            risk: Risk::Low,
            finishes_in: None,
            sessions: Mutex::default(),
            writes: Mutex::default(),
            heard: Mutex::default(),
            withdrawn: Mutex::default(),
            numbers: AtomicU64::new(1),
            operator: Operator::default(),
            advice: Vec::new(),
            diff: DIFF.to_owned(),
            undoable: false,
        }
    }
}

impl Double {
    /// Every mutation, as `session by whom`.
    pub(crate) fn writes(&self) -> Vec<String> {
        self.writes.lock().unwrap().clone()
    }

    /// Which use cases were called.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The status of the only session.
    pub(crate) fn status(&self) -> &'static str {
        self.sessions.lock().unwrap().values().next().unwrap().status
    }

    pub(crate) fn only_session(&self) -> String {
        self.sessions.lock().unwrap().keys().next().unwrap().clone()
    }

    /// Another door answers: a person at a terminal.
    pub(crate) fn answered_elsewhere(&self, status: &'static str) {
        self.sessions.lock().unwrap().values_mut().for_each(|session| session.status = status);
    }

    fn hear(&self, what: impl Into<String>) {
        self.heard.lock().unwrap().push(what.into());
    }

    fn bits(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        bits[8..].copy_from_slice(&self.numbers.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        bits
    }

    fn ask(&self, id: &str) -> Question {
        let token = SessionId::from_entropy(self.bits()).to_string();
        let mut sessions = self.sessions.lock().unwrap();
        let session = sessions.get_mut(id).unwrap();
        session.tokens.push(token.clone());
        Question {
            session: SessionId::parse(id).unwrap(),
            digest: PlanDigest::parse(DIGEST).unwrap(),
            token: Token::from_text(&token),
            text: format!("cluster test (risk low)\n{DIFF}{}", "every line of it. ".repeat(500)),
            expires_at: session.expires_at,
            digest_counts: self.limits.counts_repeated_digest(self.risk).map(drop),
            aside: None,
            by: None,
        }
    }

    fn report(&self, id: &str, status: &str) -> Report {
        let endings = Ending::ALL.iter().map(|ending| Status::from(*ending));
        let status = endings.chain([Status::AwaitingApproval]).find(|s| s.as_str() == status).unwrap();
        let text = |text: &str| text.to_owned();
        let step = StepView {
            action: text("create"),
            object: object(),
            change: text("New empty claim a-team/postgres-pvc: 10Gi (assumed), RWO, class standard"),
            why: text("the Pod waits for it"),
            risk: self.risk,
            diff: self.diff.clone(),
            operations: Vec::new(),
            manifest: Some(json!({})),
            request: RequestView { method: text("POST"), path: text("/api"), body: text("{}") },
            precondition: PreconditionView { uid: None, generation: None, resource_version: None, fields: Vec::new() },
            undo: text("delete it"),
            reversible: false,
            undo_operations: Vec::new(),
            command: text("kubectl apply"),
            dry_run: None,
        };
        let plan = PlanView {
            digest: text(DIGEST),
            risk: self.risk,
            summary: text("create the claim"),
            on_failure: OnFailure::Keep,
            expires_at: Some(text("2026-11-23T20:00:00Z")),
            steps: vec![step],
            settle_seconds: 15,
            covered: Covered::default(),
            cause: Some(0),
            aside: None,
            by: None,
            wait_seconds: 120,
            checks: Vec::new(),
        };
        Report {
            session: text(id),
            summary: format!("status {}\nclaim `postgres-pvc` is missing", status.as_str()),
            cluster: ClusterView {
                recorded_at: None,
                context: text("test"),
                server: text("127.0.0.1:6443"),
                version: text("v1.37.2"),
                id: text("6d2f9ee1-c1b6-4a5c-a2d3-0d3a40c1d3b0"),
                unverified: false,
            },
            status,
            issue: IssueView { text: text("x"), origin: text("caller"), ..IssueView::default() },
            undoes: None,
            undone_by: None,
            undo: (self.undoable && status == Status::Resolved).then(|| format!("kubemend undo {id}")),
            more_causes: None,
            causes: Vec::new(),
            unexplained: Vec::new(),
            evidence: Vec::new(),
            observations: Vec::new(),
            plan: (status != Status::Healthy).then_some(plan),
            advice: self.advice.clone(),
            execution: None,
            validation: None,
            coverage: CoverageView { looked: vec![text("pods")], ..CoverageView::default() },
            trail: Vec::new(),
            usage: UsageView { elapsed_ms: 1, api_calls: 2, ..UsageView::default() },
            unrecorded: false,
            withheld: None,
        }
    }
}

fn object() -> ObjectView {
    let (kind, name) = ("PersistentVolumeClaim".to_owned(), "postgres-pvc".to_owned());
    ObjectView { api_version: "v1".to_owned(), kind, namespace: Some("a-team".to_owned()), name }
}

#[async_trait]
impl UseCases for Double {
    async fn analyze(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.hear(format!("analyze {problem:?}"));
        match problem.issue.as_ref().map_or("", |issue| issue.as_str()) {
            "panic" => panic!("the double panics"),
            "never" => {
                caller.cancel.cancelled().await;
                self.hear("cancelled");
                return Err(WorkflowError::Cancelled);
            }
            "nowhere" => {
                return Err(WorkflowError::NoNamespace {
                    name: "b-team".to_owned(),
                    context: "test".to_owned(),
                    nearest: vec!["a-team".to_owned()],
                });
            }
            _ => {}
        }
        for (phase, message) in [
            (Phase::Collecting, "namespace a-team"),
            (Phase::Collecting, "12 objects"),
            (Phase::Analyzing, "17 rules"),
            (Phase::Planning, ""),
        ] {
            caller.progress.tell(phase, message);
        }
        Ok(self.report("s-00000000000000000000000000000000", "diagnosed"))
    }

    async fn look(&self, session: &SessionId, looks: &[LookArguments], _: &Caller<'_>) -> Result<Looked, WorkflowError> {
        self.hear(format!("look {looks:?}"));
        let seen = ObservationView {
            id: Some("o1".to_owned()),
            asked: "logs pod/web-0 -n a-team".to_owned(),
            text: "container `app`:\nFATAL: ``` no such host".to_owned(),
            more: Some("the log is longer".to_owned()),
            seen_at: Some("2026-11-23T19:00:00Z".to_owned()),
        };
        let unseen =
            ObservationView { id: None, asked: "get pod/x".to_owned(), text: "there is no Pod `x`".to_owned(), more: None, seen_at: None };
        Ok(Looked { report: self.report(session.as_str(), "inconclusive"), answers: vec![seen, unseen] })
    }

    async fn open(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        self.hear(format!("open {problem:?} {:?}", caller.wishes));
        caller.progress.tell(Phase::Collecting, "");
        caller.progress.tell(Phase::Rehearsing, "");
        let id = SessionId::from_entropy(self.bits()).to_string();
        if problem.issue.as_ref().is_some_and(|issue| issue.as_str() == "healthy") {
            return Ok(Opened { report: self.report(&id, "healthy"), question: None });
        }
        caller.progress.tell(Phase::AwaitingApproval, "");
        let expires_at = Timestamp::now() + self.valid_for;
        self.sessions.lock().unwrap().insert(id.clone(), Session { status: "awaitingApproval", tokens: Vec::new(), expires_at });
        Ok(Opened { report: self.report(&id, "awaitingApproval"), question: Some(self.ask(&id)) })
    }

    async fn approve(&self, yes: ProvenYes<'_>, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.hear("approve");
        {
            let mut sessions = self.sessions.lock().unwrap();
            let session = sessions.get_mut(yes.session.as_str()).unwrap();
            if session.status != "awaitingApproval" {
                return Err(WorkflowError::State { session: yes.session.clone(), state: "has ended" });
            }
            if !session.tokens.iter().any(|token| token == yes.token.reveal()) {
                return Err(WorkflowError::WrongToken);
            }
            assert_eq!(yes.digest.as_str(), DIGEST);
            session.status = "resolved";
        }
        self.writes.lock().unwrap().push(format!("{:?}", yes.by));
        caller.progress.tell(Phase::Executing, "");
        if let Some(long) = self.finishes_in {
            caller.cancel.cancelled().await;
            tokio::time::sleep(long).await;
            self.hear("recorded");
        }
        caller.progress.tell(Phase::Validating, "");
        Ok(self.report(yes.session.as_str(), "resolved"))
    }

    async fn undo(&self, session: &SessionId, _: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Err(WorkflowError::NoSession(session.clone()))
    }

    async fn conclude(&self, session: &SessionId, proposal: &Value, client: &str, _: &Caller<'_>) -> Result<Opened, WorkflowError> {
        self.hear(format!("conclude {session} {proposal} {client}"));
        Ok(Opened { report: self.report(session.as_str(), "diagnosed"), question: None })
    }

    async fn approve_by_digest(
        &self,
        session: &SessionId,
        digest: &PlanDigest,
        client: &str,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError> {
        self.limits.counts_repeated_digest(self.risk)?;
        if digest.as_str() != DIGEST {
            return Err(WorkflowError::DigestMismatch);
        }
        let question = self.ask(session.as_str());
        let by = Approver::Digest(client.to_owned());
        self.approve(ProvenYes { session, token: &question.token, digest, by }, caller).await
    }

    async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        self.hear(format!("decline {by:?}"));
        self.sessions.lock().unwrap().get_mut(session.as_str()).unwrap().status = "declined";
        Ok(self.report(session.as_str(), "declined"))
    }

    async fn undecided(&self, session: &SessionId, by: Approver, why: Undecided) -> Result<Report, WorkflowError> {
        self.hear(format!("undecided {by:?} {why:?}"));
        let status = self.sessions.lock().unwrap().get(session.as_str()).map(|s| s.status);
        let status = status.ok_or_else(|| WorkflowError::NoSession(session.clone()))?;
        Ok(self.report(session.as_str(), status))
    }

    async fn too_late(&self, session: &SessionId, by: &Approver, said: LateAnswer) -> Result<Report, WorkflowError> {
        self.hear(format!("too late {by:?} {said:?}"));
        self.show(session).await
    }

    async fn question(&self, session: &SessionId, _: &Caller<'_>) -> Result<Question, WorkflowError> {
        self.hear("question");
        Ok(self.ask(session.as_str()))
    }

    async fn withdraw(&self, _: &SessionId, token: &Token) {
        self.withdrawn.lock().unwrap().push(token.reveal().to_owned());
    }

    async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        let sessions = self.sessions.lock().unwrap();
        let open = sessions.iter().find(|(_, s)| s.status == "awaitingApproval" && digest.as_str() == DIGEST);
        Ok(open.map(|(id, _)| SessionId::parse(id).unwrap()))
    }

    async fn validate(&self, what: &Validate, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.hear(format!("validate {what:?}"));
        Ok(self.report("s-00000000000000000000000000000000", "resolved"))
    }

    async fn show(&self, session: &SessionId) -> Result<Report, WorkflowError> {
        let (status, over) = match self.sessions.lock().unwrap().get(session.as_str()) {
            Some(s) => (s.status, s.expires_at <= Timestamp::now()),
            None => return Err(WorkflowError::NoSession(session.clone())),
        };
        Ok(self.report(session.as_str(), if status == "awaitingApproval" && over { "expired" } else { status }))
    }

    async fn stage(&self, session: &SessionId) -> Result<SessionStage, WorkflowError> {
        let status = self.show(session).await?.status;
        Ok(if status == Status::AwaitingApproval { SessionStage::Awaiting } else { SessionStage::AtRest })
    }

    async fn follow(&self, session: &SessionId, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.hear("follow");
        self.show(session).await
    }

    async fn problem(&self, session: &SessionId) -> Result<Problem, WorkflowError> {
        self.show(session).await?;
        Ok(Problem { issue: Some(Issue::parse("x").unwrap()), all_namespaces: true, ..Problem::default() })
    }
}

/// Gives out the double for the context `test`.
pub(crate) struct World(pub(crate) Arc<Double>);

#[async_trait]
impl Backend for World {
    async fn remediation(&self, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        match context {
            None | Some("test") => Ok(self.0.clone()),
            Some(other) => Err(WorkflowError::Invalid(format!(
                "the operator did not list the context `{}`",
                kubemend::domain::visible::escaped(other)
            ))),
        }
    }

    fn operator(&self) -> &Operator {
        &self.0.operator
    }

    async fn recent(&self, _: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        let line = |(id, session): (&String, &Session)| SessionLine {
            id: SessionId::parse(id).unwrap(),
            status: self.0.report(id, session.status).status,
            is_undo: false,
            opened_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
            context: "test".to_owned(),
            namespace: "a-team".to_owned(),
            issue: "x".to_owned(),
        };
        Ok(self.0.sessions.lock().unwrap().iter().map(line).collect())
    }

    async fn session(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        self.0.show(id).await
    }

    async fn credentials_refused(&self) {
        self.0.hear("credentials refused");
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(Wall)
    }

    fn entropy(&self) -> Arc<dyn Entropy> {
        Arc::new(Urandom)
    }
}

struct Wall;

#[async_trait]
impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
        BEGAN.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

struct Urandom;

impl Entropy for Urandom {
    fn id_bits(&self) -> [u8; 16] {
        let mut bits = [0; 16];
        getrandom::fill(&mut bits).unwrap();
        bits
    }

    fn secret_bits(&self) -> [u8; 32] {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits).unwrap();
        bits
    }
}
