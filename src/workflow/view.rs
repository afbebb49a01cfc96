//! Domain values → the report. Everything that leaves as words from the cluster went through an excerpt before.

use super::report::{
    AdviceView, CauseView, CheckResultView, CheckView, ClusterView, CoverageView, DryRunView, EvidenceView, ExecutionView, FieldView,
    GapView, IssueView, LinkView, ObjectView, OperationView, PlanView, PreconditionView, Report, RequestView, Status, StepOutcomeView,
    StepView, SymptomView, UsageView, ValidationView,
};
use crate::domain::action::Action;
use crate::domain::cause::Cause;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::evidence::{Evidence, EvidenceId, EvidenceSource, GapWhy};
use crate::domain::execution::{Execution, StepOutcome};
use crate::domain::finding::Advice;
use crate::domain::issue::Origin;
use crate::domain::object::ObjectRef;
use crate::domain::plan::RemediationPlan;
use crate::domain::snapshot::{Cluster, Snapshot};
use crate::domain::validation::Validation;
use crate::session::gate::{Rehearsal, Rehearsed};
use serde_json::Value;

pub(super) fn object(o: &ObjectRef) -> ObjectView {
    ObjectView {
        api_version: o.kind.api_version().to_owned(),
        kind: o.kind.name().to_owned(),
        namespace: o.namespace.as_ref().map(ToString::to_string),
        name: o.name.clone(),
    }
}

pub(super) fn cluster(c: &Cluster) -> ClusterView {
    ClusterView { context: c.context.clone(), server: c.server.clone(), version: c.version.clone() }
}

/// A report that knows the issue and nothing else yet.
pub(super) fn blank(session: &str, issue: &str, namespace: Option<&str>, objects: &[ObjectRef], seen: &Cluster, origin: Origin) -> Report {
    Report {
        session: session.to_owned(),
        summary: String::new(),
        cluster: cluster(seen),
        status: Status::Inconclusive,
        issue: IssueView {
            text: issue.to_owned(),
            namespace: namespace.map(str::to_owned),
            objects: objects.iter().map(ObjectRef::slashed).collect(),
            origin: origin.as_str().to_owned(),
        },
        causes: Vec::new(),
        evidence: Vec::new(),
        plan: None,
        advice: Vec::new(),
        execution: None,
        validation: None,
        coverage: CoverageView { looked: Vec::new(), gaps: Vec::new() },
        usage: UsageView::default(),
    }
}

/// Puts what was found into the report; equal evidence of several causes is listed once.
pub(super) fn diagnosed(report: &mut Report, diagnosis: &Diagnosis, snapshot: &Snapshot) {
    report.cluster = cluster(&snapshot.cluster);
    report.causes = diagnosis.causes.iter().map(cause).collect();
    report.evidence = diagnosis.evidence.iter().map(|(id, piece)| evidence(id, piece)).collect();
    report.advice.extend(diagnosis.in_progress.iter().map(advice));
    report.coverage = CoverageView {
        looked: snapshot.looked.iter().filter_map(|k| k.info()).map(|i| i.plural.to_owned()).collect(),
        gaps: diagnosis.unseen.iter().chain(&snapshot.gaps).map(gap).fold(Vec::new(), |mut all, g| {
            if !all.contains(&g) {
                all.push(g);
            }
            all
        }),
    };
}

fn gap(g: &crate::domain::evidence::Gap) -> GapView {
    let why = match g.why {
        GapWhy::Forbidden => "forbidden",
        GapWhy::Timeout => "timeout",
        GapWhy::Truncated => "truncated",
        GapWhy::Unsupported => "unsupported",
    };
    GapView { what: g.what.clone(), why: why.to_owned(), unlock: g.unlock.clone() }
}

pub(super) fn cause(c: &Cause) -> CauseView {
    CauseView {
        code: c.source.code().to_owned(),
        title: c.title.clone(),
        explanation: c.explanation.clone(),
        object: object(&c.object),
        field: c.field_text(),
        found: c.found.clone(),
        expected: c.expected.clone(),
        confidence: c.confidence.value(),
        source: c.source.as_str().to_owned(),
        evidence: c.cites.iter().map(ToString::to_string).collect(),
        chain: c.chain.iter().map(|l| LinkView { object: object(&l.from), relation: l.relation.to_owned(), to: object(&l.to) }).collect(),
        symptoms: c.symptoms.iter().map(|s| SymptomView { object: object(&s.object), summary: s.summary.clone() }).collect(),
    }
}

fn evidence(id: EvidenceId, e: &Evidence) -> EvidenceView {
    let source = match e.source {
        EvidenceSource::Object => "object",
        EvidenceSource::Event => "event",
        EvidenceSource::Log => "log",
        EvidenceSource::Check => "check",
    };
    EvidenceView {
        id: id.to_string(),
        source: source.to_owned(),
        object: e.object.as_ref().map(object),
        field: e.field.as_ref().map(ToString::to_string),
        text: e.text.to_string(),
        seen_at: e.seen_at.to_string(),
    }
}

pub(super) fn advice(a: &Advice) -> AdviceView {
    AdviceView { text: a.text.clone(), command: a.command.clone(), why: a.why.clone() }
}

pub(super) fn plan(p: &RemediationPlan, rehearsal: Option<&Rehearsal>) -> PlanView {
    PlanView {
        digest: p.digest().to_string(),
        risk: p.risk().to_string(),
        summary: p.summary.clone(),
        on_failure: p.on_failure.as_str().to_owned(),
        expires_at: None,
        steps: p
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let body: Value = serde_json::from_str(&s.request.body).unwrap_or(Value::Null);
                StepView {
                    action: s.action.verb().to_owned(),
                    object: object(s.action.target()),
                    why: s.why.clone(),
                    risk: s.risk.to_string(),
                    diff: s.diff.clone(),
                    operations: match &s.action {
                        Action::Patch { .. } => operations(&body),
                        Action::Create { .. } | Action::DeleteUnboundClaim { .. } => Vec::new(),
                    },
                    manifest: matches!(s.action, Action::Create { .. }).then(|| body.clone()),
                    request: RequestView {
                        method: s.request.method.as_str().to_owned(),
                        path: s.request.path.clone(),
                        body: s.request.body.clone(),
                    },
                    precondition: PreconditionView {
                        uid: s.precondition.uid.clone(),
                        generation: None,
                        resource_version: s.precondition.resource_version.clone(),
                        fields: s
                            .precondition
                            .fields
                            .iter()
                            .map(|(path, value)| FieldView { path: path.clone(), value: value.clone() })
                            .collect(),
                    },
                    undo: s.undo.summary().to_owned(),
                    command: s.command.clone(),
                    dry_run: rehearsal.and_then(|r| r.steps.get(i)).map(|r| match r {
                        Rehearsed::Accepted { note } => DryRunView { accepted: true, reason: note.clone() },
                        Rehearsed::Refused { reason } => DryRunView { accepted: false, reason: Some(reason.clone()) },
                    }),
                }
            })
            .collect(),
        checks: p
            .checks
            .iter()
            .map(|c| CheckView { what: c.what().to_owned(), object: object(c.object()), expectation: c.expectation() })
            .collect(),
    }
}

fn operations(body: &Value) -> Vec<OperationView> {
    let text = |op: &Value, key: &str| op.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    body.as_array()
        .into_iter()
        .flatten()
        .map(|op| OperationView { op: text(op, "op"), path: text(op, "path"), value: op.get("value").cloned() })
        .collect()
}

fn outcome(o: &StepOutcome) -> StepOutcomeView {
    let (word, at, message) = match o {
        StepOutcome::Applied { at } => ("applied", Some(at), None),
        StepOutcome::Refused { at, message } => ("refused", Some(at), Some(message.clone())),
        StepOutcome::Failed { at, message, .. } => ("failed", Some(at), Some(message.clone())),
        StepOutcome::NotReached => ("notReached", None, None),
    };
    StepOutcomeView { outcome: word.to_owned(), at: at.map(ToString::to_string), message }
}

pub(super) fn execution(e: &Execution) -> ExecutionView {
    ExecutionView { steps: e.steps.iter().map(outcome).collect(), reverted: e.reverted.as_ref().map(|r| r.iter().map(outcome).collect()) }
}

pub(super) fn validation(v: &Validation) -> ValidationView {
    ValidationView {
        verdict: v.verdict.as_str().to_owned(),
        checks: v
            .checks
            .iter()
            .map(|c| CheckResultView {
                what: c.check.what().to_owned(),
                object: object(c.check.object()),
                passed: c.passed,
                observed: c.observed.clone(),
            })
            .collect(),
        settled_for: v.settled_for.as_secs_f64(),
        at: v.at.to_string(),
        why: v.why.clone(),
    }
}
