//! From words to a plan that waits for an answer: scope, snapshot, findings, plan, rehearsal, gate.

use super::conclude::conclude;
use super::report::{AdviceView, GapView, Report, Status};
use super::{Approver, Ask, Meter, Opened, Question, Remediation, Token, Wishes, WorkflowError, collect, question, scope, summary, view};
use crate::domain::cause::Cause;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::excerpt::Excerpt;
use crate::domain::id::{PlanId, SessionId};
use crate::domain::issue::{Issue, Origin, Scope};
use crate::domain::kind::Kind;
use crate::domain::limits::Limits;
use crate::domain::plan::RemediationPlan;
use crate::domain::snapshot::{Cluster, Snapshot};
use crate::facts::Facts;
use crate::ports::{ClusterRead, Phase, Progress, Revision};
use crate::session::gate::{Verdict, judge};
use crate::session::{Header, Outcome, Session, trail::Trail};
use crate::{analyze, planner};
use tokio_util::sync::CancellationToken;

/// What looking led to, before anything is decided.
struct Looked {
    scope: Scope,
    issue: String,
    snapshot: Snapshot,
    diagnosis: Diagnosis,
    report: Report,
}

impl Remediation {
    /// Causes and a plan, without a rehearsal and without a write. The session can be looked at later.
    ///
    /// # Errors
    /// Wrong arguments, or nothing can be read at all.
    pub async fn analyze(&self, ask: &Ask, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError> {
        let meter = self.meter();
        let id = SessionId::from_entropy(self.parts.entropy.id_bits());
        let looked = self.look(&id, ask, meter.read.as_ref(), progress, cancel).await?;
        let Looked { scope, issue, snapshot, diagnosis, mut report } = looked;
        progress.tell(Phase::Planning, "making a plan");
        let plan = self.plan_first(&diagnosis, &snapshot, &self.parts.limits, &mut report);
        if let Some(plan) = &plan {
            report.plan = Some(view::plan(plan, None));
        }
        self.charge(&mut report, &meter);
        report.summary = summary::of(&report);
        let mut header = self.header(id, issue, scope, self.parts.limits.clone(), &snapshot.cluster);
        header.report = serde_json::to_value(&report).unwrap_or_default();
        let closed = Session::Closed(header.close(outcome_of(report.status), plan));
        if let Err(error) = self.ledger.save(&closed, None).await {
            // Looking works without a record; only acting does not.
            report.coverage.gaps.push(GapView {
                what: format!("this session is not recorded: {error}"),
                why: "unsupported".to_owned(),
                unlock: None,
            });
        }
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }

    /// Opens a remediation. In automatic mode and within the thresholds it goes all the way; otherwise a question comes back,
    /// or a final report when there is nothing that could be asked.
    ///
    /// # Errors
    /// Wrong arguments, nothing can be read, or the session cannot be recorded.
    pub async fn open(
        &self,
        ask: &Ask,
        wishes: &Wishes,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Opened, WorkflowError> {
        let meter = self.meter();
        let limits = self.parts.limits.tightened(wishes.mode, wishes.confidence_threshold, wishes.max_risk, wishes.on_failure);
        let id = SessionId::from_entropy(self.parts.entropy.id_bits());
        let Looked { scope, issue, snapshot, diagnosis, mut report } = self.look(&id, ask, meter.read.as_ref(), progress, cancel).await?;
        let header = self.header(id, issue, scope, limits.clone(), &snapshot.cluster);
        let (revision, header) = self.ledger.begin_investigation(header).await?;
        progress.tell(Phase::Planning, "making a plan");
        let Some(plan) = self.plan_first(&diagnosis, &snapshot, &limits, &mut report) else {
            return self.close(header, revision, report, None, &meter, progress).await;
        };
        let Some(executor) = &self.parts.executor else {
            report.plan = Some(view::plan(&plan, None));
            self.by_hand(&plan, "no identity that may write is configured", &mut report);
            return self.close(header, revision, report, Some(plan), &meter, progress).await;
        };
        progress.tell(Phase::Rehearsing, "asking the API server whether it would take the change (dry run)");
        let rehearsal = executor.rehearse(&plan, &meter.requests).await;
        report.plan = Some(view::plan(&plan, Some(&rehearsal)));
        if cancel.is_cancelled() {
            return Err(WorkflowError::Cancelled);
        }
        let confidence = diagnosis.causes.first().map_or(crate::domain::confidence::Confidence::percent(0), |c| c.confidence);
        let verdict = judge(&limits, &plan, confidence, &rehearsal);
        let asked = question::text(&report, &plan);
        match (verdict, asked) {
            (Verdict::Forbid(reasons), _) => {
                let why: Vec<&str> = reasons.iter().map(String::as_str).collect();
                self.by_hand(&plan, &why.join("; "), &mut report);
                self.close(header, revision, report, Some(plan), &meter, progress).await
            }
            (_, None) => {
                self.by_hand(&plan, "the change is too large to be shown whole, so nobody can approve it here", &mut report);
                self.close(header, revision, report, Some(plan), &meter, progress).await
            }
            (Verdict::Allow(grant), Some(_)) => {
                let (mut awaiting, _) = header.propose(plan, self.parts.entropy.secret_bits(), self.expiry());
                awaiting.header.trail.note(self.parts.clock.now(), "policy", "approved within the thresholds");
                let approved = awaiting.approve_by_policy(grant).map_err(|(_, error)| WorkflowError::Approval(error.to_string()))?;
                let report = self.carry_out(approved, revision, report, &Approver::Policy, &meter, progress, cancel).await?;
                Ok(Opened { report, question: None })
            }
            (Verdict::AskHuman(reasons), Some(text)) => {
                let expires_at = self.expiry();
                let (mut awaiting, secret) = header.propose(plan, self.parts.entropy.secret_bits(), expires_at);
                report.status = Status::AwaitingApproval;
                if let Some(plan) = &mut report.plan {
                    plan.expires_at = Some(expires_at.to_string());
                }
                if limits.mode == crate::domain::limits::Mode::Automatic {
                    for reason in reasons.iter() {
                        report.advice.push(AdviceView {
                            text: format!("a human is asked: {reason}"),
                            command: None,
                            why: "the thresholds say so".to_owned(),
                        });
                    }
                }
                self.charge(&mut report, &meter);
                report.summary = summary::of(&report);
                awaiting.header.trail.note(self.parts.clock.now(), "kubemend", "plan made; a human is asked");
                awaiting.header.report = serde_json::to_value(&report).unwrap_or_default();
                let (session, digest) = (awaiting.header.id.clone(), awaiting.digest.clone());
                self.ledger.save(&Session::AwaitingApproval(awaiting), Some(revision)).await?;
                progress.tell(Phase::AwaitingApproval, "waiting for a human's answer");
                Ok(Opened { report, question: Some(Question { session, digest, token: Token(secret.reveal()), text, expires_at }) })
            }
        }
    }

    /// Steps 1 to 4 of the way of the data: words, scope, snapshot, findings.
    async fn look(
        &self,
        id: &SessionId,
        ask: &Ask,
        read: &dyn ClusterRead,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Looked, WorkflowError> {
        let issue = match &ask.issue {
            Some(text) => Issue::parse(text, Origin::Caller).map_err(|e| WorkflowError::Invalid(e.to_string()))?.text.to_string(),
            None => String::new(),
        };
        progress.tell(Phase::Connecting, "asking the API server who it is");
        let looking = async {
            let cluster = read.cluster().await?;
            let scope = scope::resolve(ask, &cluster.context, read).await?;
            let place = scope.namespace().map_or_else(|| "all namespaces".to_owned(), |n| format!("namespace {n}"));
            progress.tell(Phase::Collecting, &format!("reading {place}"));
            let collected = collect::collect(&scope, read, self.parts.clock.as_ref()).await?;
            Ok::<_, WorkflowError>((scope, collected.snapshot))
        };
        let (scope, snapshot) = tokio::select! {
            looked = looking => looked?,
            () = cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        progress.tell(Phase::Analyzing, "looking for causes");
        let triage = |facts: &Facts<'_>, diagnosis: &mut Diagnosis| planner::triage(diagnosis, facts.snapshot(), analyze::severity);
        let concluded = conclude(snapshot, cancel, triage).await.ok_or(WorkflowError::Cancelled)?;
        let (snapshot, diagnosis) = (concluded.snapshot, concluded.diagnosis);
        let namespace = scope.namespace().map(ToString::to_string);
        let mut report = view::blank(id.as_str(), &issue, namespace.as_deref(), scope.objects(), &snapshot.cluster);
        view::diagnosed(&mut report, &diagnosis, &snapshot);
        for finding in &diagnosis.causes {
            report.advice.extend(finding.remedy.advice.iter().map(view::advice));
        }
        report.status = status_of(&diagnosis, &snapshot);
        if report.status == Status::Inconclusive {
            unexplained(&diagnosis, &mut report);
        }
        Ok(Looked { scope, issue, snapshot, diagnosis, report })
    }

    /// The plan for the first cause; a refusal becomes advice.
    fn plan_first(&self, diagnosis: &Diagnosis, snapshot: &Snapshot, limits: &Limits, report: &mut Report) -> Option<RemediationPlan> {
        let first: &Cause = diagnosis.causes.first()?;
        if let Some(next) = diagnosis.causes.get(1) {
            report.advice.push(AdviceView {
                text: format!("ask again after this one is resolved; the next cause is: {}", next.title),
                command: None,
                why: "one plan is made at a time".to_owned(),
            });
        }
        if first.remedy.proposals.is_empty() {
            return None;
        }
        let id = PlanId::from_entropy(self.parts.entropy.id_bits());
        match planner::plan(first, snapshot, id, limits.on_failure) {
            Ok(plan) => Some(plan),
            Err(refusals) => {
                for reason in refusals.iter() {
                    report.advice.push(AdviceView {
                        text: reason.to_string(),
                        command: None,
                        why: "kubemend does not make this change itself".to_owned(),
                    });
                }
                None
            }
        }
    }

    /// Says how to make the change without kubemend, and why that is needed.
    fn by_hand(&self, plan: &RemediationPlan, why: &str, report: &mut Report) {
        for step in plan.steps.iter() {
            report.advice.push(AdviceView {
                text: format!("{} {} by hand", step.action.verb(), step.action.target()),
                command: Some(step.command.clone()),
                why: why.to_owned(),
            });
        }
    }

    async fn close(
        &self,
        mut header: Header,
        revision: Revision,
        mut report: Report,
        plan: Option<RemediationPlan>,
        meter: &Meter,
        progress: &dyn Progress,
    ) -> Result<Opened, WorkflowError> {
        self.charge(&mut report, meter);
        report.summary = summary::of(&report);
        header.trail.note(self.parts.clock.now(), "kubemend", report.status.as_str());
        header.report = serde_json::to_value(&report).unwrap_or_default();
        self.ledger.save(&Session::Closed(header.close(outcome_of(report.status), plan)), Some(revision)).await?;
        progress.tell(Phase::Done, report.status.as_str());
        Ok(Opened { report, question: None })
    }

    fn header(&self, id: SessionId, issue: String, scope: Scope, limits: Limits, cluster: &Cluster) -> Header {
        let now = self.parts.clock.now();
        let mut trail = Trail::default();
        trail.note(now, "caller", "opened");
        Header {
            id,
            opened_at: now,
            issue,
            scope,
            limits,
            context: cluster.context.clone(),
            server: cluster.server.clone(),
            trail,
            report: serde_json::Value::Null,
        }
    }

    fn expiry(&self) -> jiff::Timestamp {
        let now = self.parts.clock.now();
        jiff::SignedDuration::try_from(self.parts.timing.plan_ttl).ok().and_then(|ttl| now.checked_add(ttl).ok()).unwrap_or(now)
    }
}

/// Healthy needs to have seen the Pods: silence is not health.
fn status_of(diagnosis: &Diagnosis, snapshot: &Snapshot) -> Status {
    if !diagnosis.causes.is_empty() {
        Status::Diagnosed
    } else if diagnosis.unexplained.is_empty() && snapshot.is_complete(&Kind::Pod) {
        Status::Healthy
    } else {
        Status::Inconclusive
    }
}

fn outcome_of(status: Status) -> Outcome {
    match status {
        Status::Healthy => Outcome::Healthy,
        Status::Diagnosed | Status::AwaitingApproval => Outcome::Diagnosed,
        Status::Inconclusive => Outcome::Inconclusive,
        Status::Declined => Outcome::Declined,
        Status::Expired => Outcome::Expired,
        Status::Resolved => Outcome::Resolved,
        Status::Unresolved => Outcome::Unresolved,
        Status::Unclear => Outcome::Unclear,
        Status::Failed => Outcome::Failed,
        Status::Interrupted => Outcome::Interrupted,
        Status::Reverted => Outcome::Reverted,
    }
}

/// What is wrong although no rule names a cause: said, with where to look next.
fn unexplained(diagnosis: &Diagnosis, report: &mut Report) {
    for symptom in &diagnosis.unexplained {
        let namespace = symptom.object.namespace.as_ref().map(|n| format!(" -n {n}")).unwrap_or_default();
        report.advice.push(AdviceView {
            text: format!("{}: {}", symptom.object, Excerpt::event(&symptom.summary)),
            command: Some(format!("kubectl describe {}{namespace}", symptom.object.slashed())),
            why: "no rule names its cause".to_owned(),
        });
    }
}
