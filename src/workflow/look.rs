//! Looking back and looking again: sessions, one session, and whether it holds now. Nothing here can write to a cluster.

use super::report::{AdviceView, Report, Status, UsageView};
use super::{Remediation, SessionLine, Validate, WorkflowError, settle, summary, view};
use crate::domain::id::SessionId;
use crate::domain::plan::{RemediationPlan, STAMP};
use crate::domain::validation::Verdict;
use crate::ports::{ClusterRead, Phase, Progress};
use crate::session::{Outcome, Session};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

impl Remediation {
    /// Whether it holds now: a session's checks, watched through the settle window, or an issue looked at afresh.
    ///
    /// # Errors
    /// There is no such session, or nothing can be read.
    pub async fn validate(&self, what: &Validate, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError> {
        let id = match what {
            Validate::Issue(ask) => return self.analyze(ask, progress, cancel).await,
            Validate::Session(id) => id,
        };
        let meter = self.meter();
        let session = self.session(id).await?;
        let mut report = report_of(&session)?;
        // What this look costs, not what the session has cost.
        report.usage = UsageView::default();
        let interrupted = matches!(&session, Session::Closed(c) if c.outcome == Outcome::Interrupted);
        let scope = session.header().scope.clone();
        let plan = match session {
            Session::Closed(c) => c.plan,
            Session::AwaitingApproval(a) => Some(a.plan),
            Session::Executing(e) => Some(e.plan),
            Session::Validating(v) => Some(v.plan),
            Session::Investigating(_) => None,
        };
        let Some(plan) = plan else {
            return Err(WorkflowError::Session(format!("session `{id}` has no plan to validate; validate the issue instead")));
        };
        progress.tell(Phase::Validating, "looking whether the plan's checks hold");
        if interrupted {
            self.stamps(&plan, meter.read.as_ref(), &mut report).await;
        }
        let settled =
            settle::settle(&plan, &scope, meter.read.as_ref(), self.parts.clock.as_ref(), self.parts.timing, progress, cancel).await;
        report.status = match settled.validation.verdict {
            Verdict::Resolved => Status::Resolved,
            Verdict::Unresolved => Status::Unresolved,
            Verdict::Unclear => Status::Unclear,
        };
        report.validation = Some(view::validation(&settled.validation));
        self.charge(&mut report, &meter);
        report.summary = summary::of(&report);
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }

    /// The newest sessions, newest first.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        let newest = self.ledger.newest(limit).await?;
        Ok(newest
            .into_iter()
            .map(|(_, session)| {
                let header = session.header();
                SessionLine {
                    id: header.id.clone(),
                    status: state_of(&session),
                    opened_at: header.opened_at,
                    context: header.context.clone(),
                    namespace: header.scope.namespace().map_or_else(|| "(all)".to_owned(), ToString::to_string),
                    issue: header.issue.clone(),
                }
            })
            .collect())
    }

    /// One session's report as it stands.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn show(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        report_of(&self.session(id).await?)
    }

    async fn session(&self, id: &SessionId) -> Result<Session, WorkflowError> {
        let found = self.ledger.load(id).await?;
        found.map(|(_, s)| s).ok_or_else(|| WorkflowError::Session(format!("there is no session `{id}`")))
    }

    /// After a crash: which steps left their stamp. Nothing is resumed by guess.
    async fn stamps(&self, plan: &RemediationPlan, read: &dyn ClusterRead, report: &mut Report) {
        for (index, step) in plan.steps.iter().enumerate() {
            let number = index.saturating_add(1);
            let stamp = format!("{}/{number}", plan.id);
            let target = step.action.target();
            let seen = match read.get(target).await {
                Ok(object) => {
                    let found = object.pointer(&format!("/metadata/annotations/{}", crate::domain::field::escape(STAMP)));
                    if found.and_then(Value::as_str) == Some(stamp.as_str()) {
                        "took effect: the object carries its stamp"
                    } else {
                        "left no stamp on the object"
                    }
                }
                Err(crate::ports::ReadError::NotFound(_)) => "left no stamp: the object does not exist",
                Err(_) => "cannot be told: the object could not be read",
            };
            report.advice.push(AdviceView {
                text: format!("step {number} ({target}) {seen}"),
                command: None,
                why: "the session was interrupted".to_owned(),
            });
        }
    }
}

/// The stored report, with the status that the session has now.
fn report_of(session: &Session) -> Result<Report, WorkflowError> {
    let header = session.header();
    let status = state_of(session);
    let mut report = match serde_json::from_value::<Report>(header.report.clone()) {
        Ok(report) => report,
        // A session that ended before its first report, such as one whose process was killed while it looked.
        Err(_) => view::blank(
            header.id.as_str(),
            &header.issue,
            header.scope.namespace().map(|n| n.as_str()),
            header.scope.objects(),
            &crate::domain::snapshot::Cluster { context: header.context.clone(), server: header.server.clone(), version: String::new() },
        ),
    };
    if report.status != status {
        report.status = status;
        report.summary = summary::of(&report);
    }
    Ok(report)
}

fn state_of(session: &Session) -> Status {
    match session {
        Session::Investigating(_) => Status::Inconclusive,
        Session::AwaitingApproval(_) => Status::AwaitingApproval,
        Session::Executing(_) | Session::Validating(_) => Status::Unclear,
        Session::Closed(c) => status_of(c.outcome),
    }
}

pub(super) fn status_of(outcome: Outcome) -> Status {
    match outcome {
        Outcome::Healthy => Status::Healthy,
        Outcome::Diagnosed => Status::Diagnosed,
        Outcome::Inconclusive => Status::Inconclusive,
        Outcome::Declined => Status::Declined,
        Outcome::Expired => Status::Expired,
        Outcome::Resolved => Status::Resolved,
        Outcome::Unresolved => Status::Unresolved,
        Outcome::Unclear => Status::Unclear,
        Outcome::Failed => Status::Failed,
        Outcome::Interrupted => Status::Interrupted,
        Outcome::Reverted => Status::Reverted,
    }
}
