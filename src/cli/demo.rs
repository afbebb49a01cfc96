//! The demonstration: a database whose PersistentVolumeClaim does not exist, in four phases, through the same workflow as everything else.
//! Only the cluster is another one: it lives in this process.

use super::progress::{Pace, with_progress};
use super::render::page::{CARE, DIM, GOOD, STRONG, TYPED, clean, styled};
use super::terminal::Terminal;
use super::{CliError, Exit, render};
use crate::call::{HumanAnswer, PendingAnswer, UseCases, carry_out};
use crate::domain::door::Door;
use crate::domain::finding::Relation;
use crate::domain::issue::Issue;
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::ports::{ClusterRead, ListRequest, Phase, Progress};
use crate::workflow::report::{CauseView, ObjectView, Report};
use crate::workflow::{Approver, Caller, Problem, Question, WorkflowError};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

mod table;

/// What the embedded cluster is given.
pub(crate) const MANIFESTS: &str = include_str!("demo/deployment.yaml");
/// What its images play.
pub(crate) const IMAGES: &str = include_str!("demo/images.yaml");
/// Where it happens.
pub(crate) const NAMESPACE: &str = "a-team";
/// What somebody reports about it.
pub(crate) const ISSUE: &str = "Something is wrong with my database in the a-team namespace";

/// The embedded scheduler needs a fraction of this.
const WARNING_WITHIN: Duration = Duration::from_secs(5);
/// How often the events are read until then.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What the demonstration runs on.
pub(crate) struct Stage<'a> {
    /// The use cases, over the embedded cluster.
    pub(crate) cases: &'a dyn UseCases,
    /// The embedded cluster, for what a person would look at.
    pub(crate) read: &'a dyn ClusterRead,
    /// Where it is shown.
    pub(crate) terminal: &'a Terminal,
    /// The end of it.
    pub(crate) cancel: &'a CancellationToken,
    /// This program, for the line that connects it.
    pub(crate) program: String,
    /// The plan was approved on the command line.
    pub(crate) yes: bool,
}

impl Stage<'_> {
    /// All four phases.
    pub(crate) async fn play(&self) -> Result<Exit, CliError> {
        self.say(&format!(
            "{}\n",
            styled(DIM, "A database whose PersistentVolumeClaim does not exist, on an embedded cluster: it runs in this process, and nothing outside is touched.")
        ))?;
        self.detect().await?;
        let (report, question) = self.analyze().await?;
        let Some(question) = question else {
            self.say(&render::whole(&report, self.terminal.columns, self.terminal.program()))?;
            return Ok(Exit::of(&report));
        };
        self.remediate(&report, question).await
    }

    async fn detect(&self) -> Result<(), CliError> {
        self.phase(1, "Detect", "what a cluster reports when a Pod won't start")?;
        self.typed("kubectl create namespace a-team && kubectl apply -n a-team -f database.yaml")?;
        let file = "database.yaml is part of this program: a Secret, a Service, and a Deployment of PostgreSQL that mounts a PersistentVolumeClaim";
        self.say(&format!("{}\n\n", styled(DIM, file)))?;
        let events = self.first_warning().await?;
        self.typed("kubectl events -n a-team")?;
        self.say(&table::events(&events))?;
        self.say(&format!("\nSomebody reports: {}\n", styled(STRONG, &format!("“{ISSUE}”"))))
    }

    async fn analyze(&self) -> Result<(Report, Option<Question>), CliError> {
        self.phase(2, "Analyze", "from the symptom to its cause, read-only")?;
        let issue = Issue::parse(ISSUE).map_err(|e| CliError::Usage(e.to_string()))?;
        let problem = Problem { issue: Some(issue), ..Problem::default() };
        let opened = with_progress(self.terminal, Pace::Live(|_| None), async |progress: &dyn Progress| {
            self.cases.open(&problem, &Caller::new(progress, self.cancel).through(Door::Terminal)).await
        })
        .await?;
        if let Some(cause) = opened.report.causes.first() {
            self.say(&format!("\n{}\n{}\n", styled(STRONG, "Breadcrumbs"), trail(cause)))?;
        }
        self.say(&render::causes_only(&opened.report, self.terminal.columns))?;
        let usage = &opened.report.usage;
        let cost = format!("from the report to the plan: {} ms, {} API calls, no model", usage.elapsed_ms, usage.api_calls);
        self.say(&format!("\n{}\n", styled(DIM, &cost)))?;
        Ok((opened.report, opened.question))
    }

    async fn remediate(&self, report: &Report, question: Question) -> Result<Exit, CliError> {
        self.phase(3, "Remediate", "the exact change, applied only after approval")?;
        self.say(&render::plan_only(report, self.terminal.columns))?;
        let words = format!("\nApply this plan to context {} ({})?", report.cluster.context, report.cluster.server);
        let (answer, by) = if self.yes {
            self.say(&format!("{words} [y/N] {}\n", styled(STRONG, "yes (--yes)")))?;
            (HumanAnswer::Yes, Approver::YesFlag)
        } else {
            (self.terminal.ask_human(&words, self.cancel).await?, Approver::Terminal)
        };
        match answer {
            HumanAnswer::Yes => self.say("\n")?,
            HumanAnswer::No => {}
            HumanAnswer::Nobody | HumanAnswer::Undecided(_) => {
                self.say(&format!("{words}\n"))?;
                self.terminal.err("no answer; nothing was changed; `kubemend demo --yes` approves the plan without asking\n")?;
                return Ok(Exit::Waiting);
            }
        }
        let pending = PendingAnswer::from(question);
        let report = with_progress(self.terminal, Pace::Live(before), async |progress: &dyn Progress| {
            carry_out(self.cases, &pending, answer, by, &Caller::new(progress, self.cancel)).await
        })
        .await?;
        if answer == HumanAnswer::No {
            self.say(&format!("\n{}\n", styled(CARE, render::status_words(report.status, false).0)))?;
            return Ok(Exit::of(&report));
        }
        self.outcome(&report).await
    }

    async fn outcome(&self, report: &Report) -> Result<Exit, CliError> {
        self.say("\n")?;
        self.say(&render::execution_only(report, self.terminal.columns))?;
        self.say("\n")?;
        self.say(&render::validation_only(report, self.terminal.columns))?;
        self.say("\n")?;
        self.typed("kubectl get pods,persistentvolumeclaims -n a-team")?;
        let pods = self.list(Kind::Pod).await?;
        let claims = self.list(Kind::PersistentVolumeClaim).await?;
        self.say(&table::state(&pods, &claims))?;
        self.say(&self.farewell())?;
        Ok(Exit::of(report))
    }

    fn farewell(&self) -> String {
        let program = clean(&self.program);
        let quoted = if program.contains(char::is_whitespace) { format!("'{program}'") } else { program };
        format!(
            "\n{}\n  {}\n  {}\n\n{}\n  {}\n  {}\n",
            styled(STRONG, "Connect it to Claude Code, and describe the problem:"),
            styled(TYPED, &format!("claude mcp add -s user kubemend -- {quoted}")),
            styled(TYPED, "claude \"Something is wrong with my database in the … namespace\""),
            styled(STRONG, "Or use the command line, on your own cluster:"),
            styled(TYPED, &format!("{quoted} doctor")),
            styled(TYPED, &format!("{quoted} remediate \"what is wrong, in your own words\" -n NAMESPACE")),
        )
    }

    /// The events, as soon as there is a warning among them.
    async fn first_warning(&self) -> Result<Vec<Value>, CliError> {
        let looking = async {
            loop {
                let events = self.list(Kind::Event).await?;
                if events.iter().any(|e| e.get("type").and_then(Value::as_str) == Some("Warning")) {
                    return Ok(events);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        match tokio::time::timeout(WARNING_WITHIN, looking).await {
            Ok(found) => found,
            Err(_) => self.list(Kind::Event).await,
        }
    }

    async fn list(&self, kind: Kind) -> Result<Vec<Value>, CliError> {
        let namespace = Namespace::parse(NAMESPACE).map_err(|e| CliError::Usage(e.to_string()))?;
        let request = ListRequest::of(kind, Some(namespace));
        Ok(self.read.list(&request).await.map_err(WorkflowError::Read)?.objects.values())
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        Ok(self.terminal.out(text)?)
    }

    fn typed(&self, command: &str) -> Result<(), CliError> {
        self.say(&format!("{} {}\n", styled(DIM, "$"), styled(TYPED, command)))
    }

    fn phase(&self, number: u8, title: &str, remark: &str) -> Result<(), CliError> {
        self.say(&heading(number, title, remark))
    }
}

fn heading(number: u8, title: &str, remark: &str) -> String {
    format!("\n{}  {}\n\n", styled(GOOD, &format!("━━ {number}/4 {title}")), styled(DIM, remark))
}

/// Validation begins by itself after the last step.
fn before(phase: Phase) -> Option<String> {
    (phase == Phase::Validating).then(|| heading(4, "Validate", "watching until all success checks have passed for a while"))
}

/// As a person follows it: from the affected object to its owners, and from there to what they need and do not have.
fn trail(cause: &CauseView) -> String {
    let Some(mut here) = cause.symptoms.first().map(|s| &s.object) else { return String::new() };
    let mut lines = format!("  {}\n", name(here));
    let mut depth = 0;
    // A chain has each link once: it is walked at most that often.
    for _ in &cause.chain {
        let owner = cause.chain.iter().find(|l| l.to == *here && l.relation == Relation::Owns);
        let Some(owner) = owner else { break };
        depth += 1;
        here = &owner.object;
        lines.push_str(&crumb(depth, "is owned by", here));
    }
    for link in cause.chain.iter().filter(|l| l.object == *here && l.relation != Relation::Owns) {
        lines.push_str(&crumb(depth + 1, link.relation.as_str(), &link.to));
    }
    lines
}

fn crumb(depth: usize, relation: &str, object: &ObjectView) -> String {
    format!("  {:indent$}{} {}\n", "", styled(DIM, &format!("└ {relation}")), name(object), indent = depth * 2)
}

fn name(object: &ObjectView) -> String {
    clean(&format!("{}/{}", object.kind, object.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::report::{LinkView, SymptomView};

    #[test]
    fn trail_leads_from_the_pod_over_its_owners_to_what_they_reference() {
        let object = |kind: &str, name: &str| ObjectView {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            namespace: Some("x".to_owned()),
            name: name.to_owned(),
        };
        let (pod, set, web, claim) =
            (object("Pod", "web-1-a"), object("ReplicaSet", "web-1"), object("Deployment", "web"), object("Claim", "c"));
        let link = |from: &ObjectView, relation: Relation, to: &ObjectView| LinkView { object: from.clone(), relation, to: to.clone() };
        let cause = CauseView {
            code: "x".to_owned(),
            title: String::new(),
            explanation: String::new(),
            object: claim.clone(),
            field: None,
            also: vec![],
            found: None,
            expected: None,
            confidence: 1.0,
            source: "rule".to_owned(),
            evidence: Vec::new(),
            chain: vec![link(&web, Relation::References, &claim), link(&web, Relation::Owns, &set), link(&set, Relation::Owns, &pod)],
            symptoms: vec![SymptomView { object: pod, summary: String::new() }],
        };
        let text = anstream::adapter::strip_str(&trail(&cause)).to_string();
        assert_eq!(
            text,
            "  Pod/web-1-a\n    └ is owned by ReplicaSet/web-1\n      └ is owned by Deployment/web\n        └ references Claim/c\n"
        );
    }
}
