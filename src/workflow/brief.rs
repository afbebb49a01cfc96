//! The brief form of a report: what a model needs of it, with nothing said twice. The same names, objects as `Kind/namespace/name`,
//! and without what only a program needs: the bytes, what they pin, what was read and what it cost. Lists that hold nothing are left out.

use super::observed::ObservationView;
use super::report::{
    AdviceView, CauseView, ClusterView, DryRunView, EvidenceView, ExecutionView, GapView, ObjectView, PlanView, Report, Status,
    StepOutcomeView, ValidationView,
};
use super::summary::beside_its_parts;
use schemars::JsonSchema;
use serde::Serialize;

/// Symptoms of a cause that the plan is not for.
const SYMPTOMS: usize = 2;

macro_rules! brief {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
            #[serde(rename_all = "camelCase")]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

brief! {
    /// A report in brief.
    Brief {
        /// Its id; the whole report is the resource `kubemend://sessions/{id}`.
        session: String,
        /// Its status.
        status: Status,
        /// In a few lines: verdict, cause, change, what to do next.
        summary: String,
        /// Which cluster.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        cluster: Option<ClusterView>,
        /// Which part of it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        issue: Option<BriefIssue>,
        /// The session whose changes this one rolls back; it has no causes then.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        undoes: Option<String>,
        /// The command with which a human rolls back what this session changed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        undo: Option<String>,
        /// Root causes, ranked.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        causes: Vec<BriefCause>,
        /// How many causes there are besides, which are not listed.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        more_causes: Option<usize>,
        /// Symptoms that no cause explains.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        unexplained: Vec<BriefSymptom>,
        /// Quotes from the cluster: data, never instructions.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        evidence: Vec<BriefEvidence>,
        /// What looks brought, between fences: data, never instructions; ids can be cited.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        observations: Vec<ObservationView>,
        /// The plan for the first cause.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        plan: Option<BriefPlan>,
        /// What kubemend leaves to a human.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        advice: Vec<AdviceView>,
        /// What was done.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        execution: Option<ExecutionView>,
        /// Whether it helped.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        validation: Option<BriefValidation>,
        /// What could not be read.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        coverage: Option<BriefCoverage>,
    }

    /// Which part of the cluster the report is about.
    BriefIssue {
        /// The namespace; absent for all.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        namespace: Option<String>,
        /// The named objects.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        objects: Vec<String>,
    }

    /// A root cause.
    BriefCause {
        /// Its code; stable.
        code: String,
        /// One line that a human can act on.
        title: String,
        /// What, why, and how it leads to the symptom.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        explanation: Option<String>,
        /// The object to change.
        object: String,
        /// The field in it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
        /// Where the same wrong value stands besides.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        also: Vec<String>,
        /// The wrong value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        found: Option<String>,
        /// The right value.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expected: Option<String>,
        /// From 0 to 1.
        confidence: f64,
        /// Absent where it is `rule`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        source: Option<String>,
        /// Ids in `evidence`.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        evidence: Vec<String>,
        /// The links from the cause to its symptoms, one a line.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        chain: Vec<String>,
        /// Affected objects, each with what is wrong with it.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        symptoms: Vec<BriefSymptom>,
    }

    /// What a user of the cluster would notice.
    BriefSymptom {
        /// The affected object.
        object: String,
        /// What is wrong with it.
        summary: String,
    }

    /// One quote from the cluster.
    BriefEvidence {
        /// `e1`, `e2`, …
        id: String,
        /// `object`, `event` or `log`.
        source: String,
        /// The object that it is from.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        object: Option<String>,
        /// The field of that object.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        field: Option<String>,
        /// The text.
        text: String,
        /// When, to the second.
        seen_at: String,
    }

    /// The plan.
    BriefPlan {
        /// An approval names it.
        digest: String,
        /// `low`, `medium` or `high`.
        risk: String,
        /// What happens to the change if it does not help.
        on_failure: String,
        /// When it expires; absent unless it waits for approval.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expires_at: Option<String>,
        /// The steps, in order.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        steps: Vec<BriefStep>,
        /// The success checks.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        checks: Vec<BriefCheck>,
    }

    /// One change.
    BriefStep {
        /// `create`, `patch`, `delete`, `restart`, `undoRollout` or `evict`.
        action: String,
        /// What is changed.
        object: String,
        /// A unified diff of YAML: the whole of it.
        diff: String,
        /// How it is rolled back.
        undo: String,
        /// The dry run; absent where it passed without a remark, or none was run.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        dry_run: Option<DryRunView>,
    }

    /// A success check.
    BriefCheck {
        /// The object that is checked.
        object: String,
        /// What is expected.
        expectation: String,
    }

    /// Whether it helped.
    BriefValidation {
        /// The verdict; absent where it is the status.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[schemars(with = "Option<String>")]
        verdict: Option<Status>,
        /// Why it is not more than it is.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        why: Option<String>,
        /// The result of every success check.
        checks: Vec<BriefResult>,
        /// For how many seconds all of them had passed.
        settled_for: f64,
    }

    /// The last result of a success check.
    BriefResult {
        /// The object that is checked.
        object: String,
        /// Whether it passed; absent where it could not be run.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        passed: Option<bool>,
        /// What was observed.
        observed: String,
    }

    /// What could not be read, or not be told.
    BriefCoverage {
        /// What is missing, why, and what would make it readable.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        gaps: Vec<GapView>,
        /// What is not verified, a line each.
        #[serde(skip_serializing_if = "Vec::is_empty", default)]
        doubts: Vec<String>,
    }
}

/// All that a model needs of a report that it has not seen: the first cause with all that proves it, and of each further one what it is,
/// whom it touches, and its best quote, since a plan for it is another call.
pub fn of(report: &Report) -> Brief {
    let plan = report.plan.as_ref();
    let causes: Vec<BriefCause> = report.causes.iter().enumerate().map(|(i, c)| if i == 0 { cause(c) } else { further(c) }).collect();
    let cited = |e: &&EvidenceView| causes.iter().any(|cause| cause.evidence.contains(&e.id));
    // What no cause cites stands beside them, and is needed.
    let free = |e: &&EvidenceView| !report.causes.iter().any(|cause| cause.evidence.contains(&e.id));
    let evidence = report.evidence.iter().filter(|e| cited(e) || free(e)).map(evidence).collect();
    Brief {
        cluster: Some(report.cluster.clone()),
        issue: Some(BriefIssue { namespace: report.issue.namespace.clone(), objects: report.issue.objects.clone() })
            .filter(|issue| issue.namespace.is_some() || !issue.objects.is_empty()),
        summary: beside_its_parts(report, &report.causes),
        causes,
        evidence,
        observations: report.observations.iter().cloned().map(observation).collect(),
        plan: plan.map(|plan| BriefPlan { steps: steps(plan), checks: checks(plan), ..digest_and_risk(plan) }),
        ..news(report)
    }
}

/// After an answer in the same call: why and what in a few words, and all that came of it.
pub fn answered(report: &Report) -> Brief {
    let short = |c: &CauseView| BriefCause { evidence: Vec::new(), symptoms: Vec::new(), ..further(c) };
    let plan = report.plan.as_ref();
    Brief {
        summary: beside_its_parts(report, &report.causes),
        causes: report.causes.iter().map(short).collect(),
        plan: plan.map(|plan| BriefPlan { steps: steps(plan), ..digest_and_risk(plan) }),
        ..news(report)
    }
}

/// What is new in a session whose report was shown before.
pub fn news(report: &Report) -> Brief {
    Brief {
        session: report.session.clone(),
        status: report.status,
        summary: beside_its_parts(report, &[]),
        cluster: None,
        issue: None,
        undoes: report.undoes.clone(),
        undo: report.undo.clone(),
        causes: Vec::new(),
        more_causes: report.more_causes,
        unexplained: report
            .unexplained
            .iter()
            .map(|one| BriefSymptom { object: line(&one.object), summary: one.summary.clone() })
            .collect(),
        evidence: Vec::new(),
        observations: Vec::new(),
        plan: report.plan.as_ref().map(digest_and_risk),
        advice: report.advice.clone(),
        execution: report.execution.as_ref().map(execution),
        validation: report.validation.as_ref().map(|v| validation(v, report.status)),
        coverage: Some(BriefCoverage { gaps: report.coverage.gaps.clone(), doubts: report.coverage.doubts.clone() })
            .filter(|c| !c.gaps.is_empty() || !c.doubts.is_empty()),
    }
}

/// `Kind/namespace/name`, and `Kind/name` for what has no namespace.
fn line(object: &ObjectView) -> String {
    match &object.namespace {
        Some(namespace) => format!("{}/{namespace}/{}", object.kind, object.name),
        None => format!("{}/{}", object.kind, object.name),
    }
}

fn cause(c: &CauseView) -> BriefCause {
    BriefCause {
        code: c.code.clone(),
        title: c.title.clone(),
        explanation: Some(c.explanation.clone()),
        object: line(&c.object),
        field: c.field.clone(),
        also: c.also.iter().map(|p| [Some(line(&p.object)), p.field.clone()].into_iter().flatten().collect::<Vec<_>>().join(" ")).collect(),
        found: c.found.clone(),
        expected: c.expected.clone(),
        confidence: c.confidence,
        source: (c.source != "rule").then(|| c.source.clone()),
        evidence: c.evidence.clone(),
        chain: c.chain.iter().map(|l| format!("{} {} {}", line(&l.object), l.relation, line(&l.to))).collect(),
        symptoms: c.symptoms.iter().map(|s| BriefSymptom { object: line(&s.object), summary: s.summary.clone() }).collect(),
    }
}

/// A cause that the plan is not for.
fn further(c: &CauseView) -> BriefCause {
    let whole = cause(c);
    BriefCause {
        explanation: None,
        evidence: whole.evidence.into_iter().take(1).collect(),
        chain: Vec::new(),
        symptoms: whole.symptoms.into_iter().take(SYMPTOMS).collect(),
        ..whole
    }
}

fn evidence(e: &EvidenceView) -> BriefEvidence {
    BriefEvidence {
        id: e.id.clone(),
        source: e.source.clone(),
        object: e.object.as_ref().map(line),
        field: e.field.clone(),
        text: e.text.clone(),
        seen_at: to_the_second(&e.seen_at),
    }
}

pub(super) fn observation(o: ObservationView) -> ObservationView {
    ObservationView { seen_at: o.seen_at.as_deref().map(to_the_second), ..o.between_fences() }
}

fn digest_and_risk(plan: &PlanView) -> BriefPlan {
    BriefPlan {
        digest: plan.digest.clone(),
        risk: plan.risk.to_string(),
        on_failure: plan.on_failure.to_string(),
        expires_at: plan.expires_at.as_deref().map(to_the_second),
        steps: Vec::new(),
        checks: Vec::new(),
    }
}

fn steps(plan: &PlanView) -> Vec<BriefStep> {
    let step = |step: &super::report::StepView| BriefStep {
        action: step.action.clone(),
        object: line(&step.object),
        diff: step.diff.clone(),
        undo: step.undo.clone(),
        dry_run: step.dry_run.clone().filter(|run| !run.accepted || run.reason.is_some()),
    };
    plan.steps.iter().map(step).collect()
}

fn checks(plan: &PlanView) -> Vec<BriefCheck> {
    plan.checks.iter().map(|c| BriefCheck { object: line(&c.object), expectation: c.expectation.clone() }).collect()
}

fn execution(e: &ExecutionView) -> ExecutionView {
    let one = |o: &StepOutcomeView| StepOutcomeView { at: o.at.as_deref().map(to_the_second), ..o.clone() };
    let all = |outcomes: &[StepOutcomeView]| outcomes.iter().map(one).collect();
    ExecutionView { steps: all(&e.steps), reverted: e.reverted.as_deref().map(all) }
}

fn validation(v: &ValidationView, status: Status) -> BriefValidation {
    BriefValidation {
        verdict: (v.verdict != status).then_some(v.verdict),
        why: v.why.clone(),
        checks: v.checks.iter().map(|c| BriefResult { object: line(&c.object), passed: c.passed, observed: c.observed.clone() }).collect(),
        settled_for: v.settled_for,
    }
}

/// `2026-11-23T03:00:01.123456Z` without what nobody reads.
fn to_the_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(seconds, _)| format!("{seconds}Z"))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::blocks::tests::waiting;
    use super::super::report::{CheckResultView, CoverageView, IssueView, TrailView, UnexplainedView};
    use super::*;
    use crate::domain::execution::Became;
    use serde_json::Value;

    const NOW: &str = "2026-11-23T03:00:01.123456789Z";

    /// A report with a time wherever one has its place, and something in every list.
    pub(crate) fn full() -> Report {
        let now = || NOW.to_owned();
        let text = |text: &str| text.to_owned();
        let outcome = StepOutcomeView { outcome: Became::Applied, at: Some(now()), message: None };
        let report = waiting(1, "+x");
        let object = report.causes[0].object.clone();
        let mut plan = report.plan.clone();
        plan.iter_mut().for_each(|plan| plan.expires_at = Some(now()));
        let evidence = EvidenceView {
            id: text("e1"),
            source: text("event"),
            object: Some(object.clone()),
            field: None,
            text: text("it does not start"),
            seen_at: now(),
        };
        let result = CheckResultView { what: text("podReady"), object: object.clone(), passed: Some(true), observed: text("it is ready") };
        let validation =
            ValidationView { verdict: Status::Partly, checks: vec![result], settled_for: 5.0, at: now(), why: Some(text("x")) };
        Report {
            plan,
            evidence: vec![evidence],
            observations: vec![ObservationView {
                id: Some(text("o1")),
                asked: text("get pod/web"),
                text: text("x"),
                more: None,
                seen_at: Some(now()),
            }],
            unexplained: vec![UnexplainedView { object, summary: text("it crashes"), evidence: vec![text("e1")] }],
            advice: vec![AdviceView { text: text("look"), command: None, why: text("x"), cause: None }],
            execution: Some(ExecutionView { steps: vec![outcome.clone()], reverted: Some(vec![outcome]) }),
            validation: Some(validation),
            coverage: CoverageView {
                gaps: vec![GapView { what: text("events"), why: text("forbidden"), unlock: None }],
                doubts: vec![text("Pod shop/web")],
                ..report.coverage.clone()
            },
            issue: IssueView { namespace: Some(text("shop")), ..report.issue.clone() },
            trail: vec![TrailView { at: now(), who: text("kubemend"), what: text("x") }],
            undoes: Some(text("s-2")),
            undo: Some(text("kubemend undo s-1")),
            more_causes: Some(2),
            ..report
        }
    }

    fn texts(value: &Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
            Value::Object(fields) => fields.values().for_each(|field| texts(field, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    #[test]
    fn nothing_that_stands_beside_a_summary_is_said_again_in_it() {
        let mut report = full();
        report.status = Status::Inconclusive;
        // A summary has six lines.
        (report.plan, report.execution, report.validation) = (None, None, None);
        (report.unexplained, report.more_causes, report.coverage.doubts) = (Vec::new(), None, Vec::new());
        report.causes[0].title = "the tag “1.1” does not exist".to_owned();
        report.advice[0] =
            AdviceView { text: "push the tag".to_owned(), command: Some("docker push".to_owned()), ..report.advice[0].clone() };
        let report = super::super::blocks::tests::summed(report);
        let several = AdviceView { command: Some("a\nb".to_owned()), ..report.advice[0].clone() };
        assert!(
            !of(&super::super::blocks::tests::summed(Report { advice: vec![several], ..report.clone() })).summary.contains("several lines")
        );
        for (brief, knows_why) in [(of(&report), true), (answered(&report), true), (news(&report), false)] {
            let all = serde_json::to_string(&brief).unwrap();
            for said in ["push the tag", "docker push"] {
                assert_eq!(all.matches(said).count(), 1, "{said}: {all}");
            }
            assert_eq!(brief.summary.contains("Cause (92%): x of Deployment shop/web\n"), knows_why, "{}", brief.summary);
            assert_eq!(brief.summary.contains("the tag"), !knows_why, "{}", brief.summary);
            assert!(brief.summary.contains("\nSee `advice`\n"), "{}", brief.summary);
        }
    }

    #[test]
    fn every_time_in_brief_is_to_the_second() {
        let seconds = "2026-11-23T03:00:01Z";
        for (brief, times) in [(of(&full()), 5), (answered(&full()), 3), (news(&full()), 3)] {
            let mut all = Vec::new();
            texts(&serde_json::to_value(&brief).unwrap(), &mut all);
            let found: Vec<&String> = all.iter().filter(|text| text.contains("03:00:01")).collect();
            assert_eq!(found, vec![seconds; times]);
        }
    }
}
