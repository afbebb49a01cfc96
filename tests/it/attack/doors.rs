//! Every form in which a report leaves: as a model reads it, as people do, as resources, and what is logged meanwhile. Made of all
//! reports of a run, and searched for what must leave by none of them.

use super::heard::Said;
use crate::support::embedded::Embedded;
use async_trait::async_trait;
use kubemend::call::{Backend, Operator, Program, ProvenYes, UseCases};
use kubemend::cli::render;
use kubemend::domain::id::SessionId;
use kubemend::domain::plan::PlanDigest;
use kubemend::mcp::serve_over;
use kubemend::ports::{Clock, Entropy};
use kubemend::probe::arguments::LookArguments;
use kubemend::workflow::Looked;
use kubemend::workflow::report::Report;
use kubemend::workflow::{
    Approver, Caller, Opened, Problem, Question, SessionLine, SessionStage, Token, Undecided, Validate, WorkflowError, blocks, brief, full,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// As wide as a terminal is, so that nothing that is sought is broken by the end of a line.
const COLUMNS: usize = 400;
/// More than any answer has.
const PIPE: usize = 1 << 22;

type Texts = Vec<(&'static str, String)>;

/// What is logged in one run, however much the operator wants to hear. The embedded cluster is none of the program.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal(Arc<Mutex<Vec<u8>>>);

impl Journal {
    pub(super) fn of<T>(&self, play: impl FnOnce() -> T) -> T {
        let into = self.clone();
        let filter = EnvFilter::new("trace,kubemend::sim=off");
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(move || into.clone()).finish();
        tracing::subscriber::with_default(log, play)
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Journal {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Each report that was heard, in each form that there is; one that was heard twice leaves in the same forms.
pub(super) async fn doors(cluster: &Embedded, said: &[Said]) -> Texts {
    let mut texts = Texts::new();
    let mut seen = BTreeSet::new();
    for Said { report, .. } in said {
        let whole = serde_json::to_string(report).unwrap();
        if !seen.insert(whole.clone()) {
            continue;
        }
        texts.push(("a report", whole));
        for brief in [brief::of(report), brief::answered(report), brief::news(report)] {
            texts.push(("a report in brief", serde_json::to_string(&brief).unwrap()));
        }
        texts.push(("a summary", full(report)));
        for shown in [blocks::question(report), blocks::plan(report)] {
            texts.push(("blocks", format!("{}\n{shown:?}", blocks::plain_text(&shown))));
        }
        let program = Program::default();
        for page in [render::whole, render::before_consent, render::after_consent].map(|page| page(report, COLUMNS, &program)) {
            texts.push(("a page", page));
        }
        texts.extend(over_mcp(cluster, report).await.into_iter().map(|answer| ("MCP", answer)));
    }
    texts
}

/// A report as a client of the protocol gets it: by each tool, by the session's name, and as a resource.
async fn over_mcp(cluster: &Embedded, report: &Report) -> Vec<String> {
    let retold =
        Retold { report: report.clone(), clock: cluster.clock.clone(), entropy: cluster.entropy.clone(), operator: Operator::default() };
    let (ours, theirs) = tokio::io::duplex(PIPE);
    let (reader, writer) = tokio::io::split(theirs);
    let serving = tokio::spawn(serve_over(Arc::new(retold), reader, writer, CancellationToken::new()));
    let (reader, mut writer) = tokio::io::split(ours);
    let mut lines = BufReader::new(reader).lines();
    let client = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "attack", "version": "1"}});
    let call = |tool: &str, arguments: Value| ("tools/call", json!({"name": tool, "arguments": arguments}));
    let by_issue = json!({"issue": "it is down"});
    let by_name = json!({"sessionId": report.session});
    let mut answers = Vec::new();
    for (id, (method, params)) in [
        ("initialize", client),
        call("analyze", by_issue.clone()),
        call("remediate", by_issue),
        call("remediate", by_name.clone()),
        call("validate", by_name),
        ("resources/read", json!({"uri": format!("kubemend://sessions/{}", report.session)})),
    ]
    .into_iter()
    .enumerate()
    {
        let asked = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        writer.write_all(format!("{asked}\n").as_bytes()).await.unwrap();
        loop {
            let line = lines.next_line().await.unwrap().unwrap();
            let answer: Value = serde_json::from_str(&line).unwrap();
            answers.push(line);
            if answer["id"] == id {
                assert!(answer["result"].is_object() && answer["result"]["isError"] != true, "{asked}: {answer}");
                break;
            }
        }
        if method == "initialize" {
            let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
            writer.write_all(format!("{ready}\n").as_bytes()).await.unwrap();
        }
    }
    drop((writer, lines));
    serving.await.unwrap().unwrap();
    answers
}

/// Use cases that lead to one report, whatever is asked.
#[derive(Clone)]
struct Retold {
    report: Report,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    operator: Operator,
}

impl Retold {
    fn told(&self) -> Result<Report, WorkflowError> {
        Ok(self.report.clone())
    }
}

#[async_trait]
impl UseCases for Retold {
    async fn analyze(&self, _: &Problem, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn look(&self, _: &SessionId, _: &[LookArguments], _: &Caller<'_>) -> Result<Looked, WorkflowError> {
        let report = self.told()?;
        Ok(Looked { answers: report.observations.clone(), report })
    }

    async fn open(&self, _: &Problem, _: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Ok(Opened { report: self.told()?, question: None })
    }

    async fn undo(&self, _: &SessionId, _: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Ok(Opened { report: self.told()?, question: None })
    }

    async fn approve(&self, _: ProvenYes<'_>, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn approve_by_digest(&self, _: &SessionId, _: &PlanDigest, _: &str, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn conclude(&self, _: &SessionId, _: &serde_json::Value, _: &str, _: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Ok(Opened { report: self.told()?, question: None })
    }

    async fn decline(&self, _: &SessionId, _: Approver) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn undecided(&self, _: &SessionId, _: Approver, _: Undecided) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn too_late(&self, _: &SessionId, _: &Approver, _: kubemend::workflow::LateAnswer) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn question(&self, session: &SessionId, _: &Caller<'_>) -> Result<Question, WorkflowError> {
        let digest = self.report.plan.as_ref().map(|plan| plan.digest.clone()).unwrap_or_default();
        Ok(Question {
            session: session.clone(),
            digest: PlanDigest::parse(&digest).unwrap(),
            token: Token::from_text("0"),
            text: blocks::plain_text(&blocks::question(&self.report)),
            expires_at: self.clock.now(),
            digest_counts: Ok(()),
            aside: None,
            by: None,
        })
    }

    async fn withdraw(&self, _: &SessionId, _: &Token) {}

    async fn find_open(&self, _: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        Ok(None)
    }

    async fn validate(&self, _: &Validate, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn show(&self, _: &SessionId) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn stage(&self, _: &SessionId) -> Result<SessionStage, WorkflowError> {
        Ok(SessionStage::AtRest)
    }

    async fn follow(&self, _: &SessionId, _: &Caller<'_>) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn problem(&self, _: &SessionId) -> Result<Problem, WorkflowError> {
        Ok(Problem::default())
    }
}

#[async_trait]
impl Backend for Retold {
    async fn remediation(&self, _: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        Ok(Arc::new(self.clone()))
    }

    fn operator(&self) -> &Operator {
        &self.operator
    }

    async fn recent(&self, _: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        Ok(Vec::new())
    }

    async fn session(&self, _: &SessionId) -> Result<Report, WorkflowError> {
        self.told()
    }

    async fn credentials_refused(&self) {}

    fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone()
    }

    fn entropy(&self) -> Arc<dyn Entropy> {
        self.entropy.clone()
    }
}
