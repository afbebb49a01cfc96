//! Where a session stands → its report: maps, and decides nothing. A report is made here, at an exit, and is not read back.
//! Everything that leaves as words from the cluster went through an excerpt before.

use super::observed::ObservationView;
use super::report::{
    AdviceView, CauseView, CheckResultView, CheckView, ClusterView, CoverageView, DryRunView, EvidenceView, ExecutionView, FieldView,
    GapView, IssueView, LinkView, ObjectView, OperationView, PlaceView, PlanView, PreconditionView, Report, RequestView, StepOutcomeView,
    StepView, SymptomView, TrailView, UnexplainedView, UsageView, ValidationView,
};
use super::standing::{Standing, TakenBack};
use super::{covered, next, summary};
use crate::domain::cause::Cause;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::ending::Ending;
use crate::domain::evidence::{Evidence, EvidenceId, Gap};
use crate::domain::excerpt::Excerpt;
use crate::domain::execution::{Became, Execution, StepOutcome, Undone};
use crate::domain::finding::{Advice, Symptom};
use crate::domain::focus::{Because, Doubt, Focus, Seen, beyond};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::observation::{Observation, ObservationId};
use crate::domain::ours::OurCommand;
use crate::domain::plan::{RemediationPlan, Undo};
use crate::domain::request::Method;
use crate::domain::secrets::redacted;
use crate::domain::snapshot::Cluster;
use crate::domain::usage::Usage;
use crate::domain::validation::Validation;
use crate::domain::visible::escaped;
use crate::planner::action;
use crate::session::gate::{Rehearsal, Rehearsed};
use crate::session::trail::Entry;
use crate::session::{Planned, Session};
use jiff::Timestamp;
use serde_json::Value;

/// Objects of the words that are listed, and that a sentence names: words that name more are about a kind.
const ABOUT: usize = 20;
const NOTED: usize = 3;

fn object(o: &ObjectRef) -> ObjectView {
    ObjectView {
        api_version: o.kind.api_version().to_owned(),
        kind: o.kind.name().to_owned(),
        namespace: o.namespace.as_ref().map(ToString::to_string),
        name: o.name.clone(),
    }
}

fn cluster(c: &Cluster) -> ClusterView {
    ClusterView {
        recorded_at: None,
        context: c.context.clone(),
        server: c.server.clone(),
        version: c.version.clone(),
        id: c.id.to_string(),
        unverified: c.unverified,
    }
}

/// The session's report: the same for the same session, whoever asks and however often.
pub(super) fn report_of(session: &Session) -> Report {
    report(&Standing::of(session))
}

/// The same for a reader of the record.
pub(super) fn recalled(session: &Session, taken_back: Option<&TakenBack>) -> Report {
    report(&Standing::recalled(session, taken_back))
}

/// The report of where a session stands.
pub(super) fn report(standing: &Standing<'_>) -> Report {
    let mut report = without_summary(standing);
    if next::is_over_unmade(&report) {
        // A line for what somebody states is the stranger's: it is there for a human who is asked.
        report.plan.iter_mut().flat_map(|plan| &mut plan.steps).for_each(|step| step.command.clear());
    }
    report.summary = summary::of(&report, standing.underway);
    report
}

/// Everything but the summary, which is made of the rest.
fn without_summary(standing: &Standing<'_>) -> Report {
    let header = standing.header;
    let diagnosis = &header.diagnosis;
    Report {
        session: header.id.to_string(),
        summary: String::new(),
        cluster: cluster(&header.cluster),
        status: standing.status,
        undone_by: standing.undone_by().map(ToString::to_string),
        undoes: header.purpose.undoes().map(ToString::to_string),
        undo: standing.undo().map(|command| command.to_string()),
        issue: IssueView {
            text: header.purpose.in_words(),
            namespace: header.scope.namespace().map(ToString::to_string),
            namespaces: header.scope.namespaces().iter().filter(|_| header.scope.namespace().is_none()).map(ToString::to_string).collect(),
            about: diagnosis.focus.about.iter().take(ABOUT).map(ToString::to_string).collect(),
            note: read_first(standing),
            objects: header.scope.objects().iter().map(ObjectRef::slashed).collect(),
            origin: header.origin.as_str().to_owned(),
        },
        causes: diagnosis.causes.iter().map(cause).collect(),
        more_causes: Some(diagnosis.unlisted.count_of_causes()).filter(|more| *more > 0),
        unexplained: unexplained(diagnosis),
        evidence: diagnosis.evidence.iter().map(|(id, piece)| evidence(id, piece)).collect(),
        observations: header.observations.iter().map(|(id, one)| observation(id, one)).collect(),
        plan: standing.planned.map(|planned| plan(&planned.plan, planned.rehearsal.as_ref(), standing.expires_at, diagnosis)),
        advice: advice(standing),
        execution: standing.execution.map(execution),
        validation: standing.validation.map(|v| validation(v, standing.planned)),
        coverage: CoverageView {
            looked: header.looked.iter().filter_map(Kind::info).map(|i| i.plural.to_owned()).collect(),
            gaps: diagnosis.unseen.iter().map(gap).collect(),
            place: format!("{}{}", header.scope.in_words(), why(&diagnosis.focus)),
            healthy: healthy(standing),
            doubts: doubts(standing),
        },
        trail: header.trail.entries().iter().map(entry).collect(),
        usage: usage(&header.usage),
        unrecorded: false,
        withheld: header.withheld.as_ref().map(of_session),
    }
}

/// What is healthy: everything that was seen so; beside a cause, of what the words name, until something is changed.
fn healthy(standing: &Standing<'_>) -> Vec<String> {
    let diagnosis = &standing.header.diagnosis;
    let line = |seen: &Seen| words(&format!("{}: {}", seen.object, seen.how));
    match (!diagnosis.is_decided(), may_have_changed(standing)) {
        (true, _) => diagnosis.seen.iter().map(line).chain(more(diagnosis.unlisted.seen)).collect(),
        (false, false) => diagnosis.proven().map(line).collect(),
        (false, true) => Vec::new(),
    }
}

/// Whether what was seen before may be changed since.
fn may_have_changed(standing: &Standing<'_>) -> bool {
    standing.execution.is_some_and(|execution| standing.underway.is_some() || !execution.changed_nothing())
}

/// What could not be verified, of the same.
fn doubts(standing: &Standing<'_>) -> Vec<String> {
    let diagnosis = &standing.header.diagnosis;
    if diagnosis.is_decided() {
        let doubted = diagnosis.doubted().filter(|_| !may_have_changed(standing)).map(Doubt::in_words);
        // A cause, and its end, say nothing of what nobody reads.
        let beyond = diagnosis.focus.beyond.iter().map(|what| beyond(what));
        return doubted.chain(beyond).map(|line| words(&line)).collect();
    }
    diagnosis.doubts.iter().map(|doubt| words(&doubt.in_words())).chain(more(diagnosis.unlisted.doubts)).collect()
}

/// The last line of a list of which not all is kept.
fn more(count: usize) -> Option<String> {
    (count > 0).then(|| format!("{count} more are not listed"))
}

fn of_session(advice: &Advice) -> AdviceView {
    AdviceView { text: words(&advice.text), command: advice.command.clone(), why: words(&advice.why), cause: None }
}

/// All advice in one list: about what is under way, then of each cause, then why nobody is asked about the plan, then of the session.
fn advice(standing: &Standing<'_>) -> Vec<AdviceView> {
    let diagnosis = &standing.header.diagnosis;
    let mut all: Vec<AdviceView> = diagnosis.in_progress.iter().map(of_session).collect();
    all.extend(more(diagnosis.unlisted.in_progress).map(|text| AdviceView {
        text: format!("changes in progress: {text}"),
        command: None,
        why: "a report lists a limited number".to_owned(),
        cause: None,
    }));
    for (index, cause) in diagnosis.causes.iter().enumerate() {
        all.extend(cause.remedy.advice.iter().map(|a| AdviceView { cause: Some(index), ..of_session(a) }));
    }
    // What was undone is not offered to be undone again, whatever the session advised before.
    let undo = standing.undone_by().map(|_| OurCommand::Undo(standing.header.id.clone()).to_string());
    all.extend(standing.header.withheld.iter().map(of_session));
    all.extend(standing.header.advice.iter().filter(|a| undo.is_none() || a.command != undo).map(of_session));
    all
}

/// What is wrong although no rule names a cause, with the cluster's own words about it.
fn unexplained(diagnosis: &Diagnosis) -> Vec<UnexplainedView> {
    let cited = |about: &ObjectRef| {
        let of = diagnosis.evidence.iter().filter(|(_, piece)| piece.object.as_ref() == Some(about));
        of.map(|(id, _)| id.to_string()).collect()
    };
    let one = |s: &Symptom| UnexplainedView { object: object(&s.object), summary: words(&s.summary), evidence: cited(&s.object) };
    diagnosis.unexplained.iter().map(one).collect()
}

/// Why it was looked there, in words behind the place.
fn why(focus: &Focus) -> &'static str {
    match focus.because {
        Because::Asked => "",
        Because::Words => " (named in the issue)",
        Because::Objects => " (where the objects are that the issue names)",
        Because::Context => " (the namespace of the context)",
        Because::Everywhere if !focus.lost.is_empty() => " (no namespace that the issue names)",
        Because::Everywhere => " (the issue names no namespace)",
    }
}

/// An observation under its id.
pub(super) fn observation(id: ObservationId, o: &Observation) -> ObservationView {
    ObservationView {
        id: Some(id.to_string()),
        asked: words(&o.asked),
        text: o.text.to_string(),
        more: o.more.clone(),
        seen_at: Some(o.seen_at.to_string()),
    }
}

fn entry(e: &Entry) -> TrailView {
    let (who, what) = (words(&e.who), words(&e.what));
    TrailView { at: e.at.to_string(), who, what }
}

/// What a reader has to know before anything else: how old what is shown is, and what is not as it was asked.
fn read_first(standing: &Standing<'_>) -> Option<String> {
    let ended = standing.ended.map(|at| format!("This session ended at {}; nothing was checked now.", at.strftime("%F %T UTC")));
    let undone = standing.taken_back.map(|taken| match taken {
        TakenBack::By(by) => format!("Session {by} rolled back what this session changed."),
        TakenBack::PerhapsBy(by) => {
            let show = OurCommand::Show(by.clone());
            format!("Session {by} was to roll back what this session changed, and whether all of it is as before is not known: `{show}`.")
        }
    });
    let parts: Vec<String> = ended.into_iter().chain(undone).chain(note(standing)).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What a reader has to know of the question: what was asked about does not exist, or is not what the plan is about.
fn note(standing: &Standing<'_>) -> Option<String> {
    let header = standing.header;
    let focus = &header.diagnosis.focus;
    let broken = !header.diagnosis.unexplained.is_empty();
    if header.diagnosis.causes.is_empty() && !broken {
        return None;
    }
    let plan = match (standing.planned.is_some(), header.diagnosis.causes.is_empty()) {
        (true, _) => "the plan is",
        (false, false) => "no plan was created, and the causes below are",
        (false, true) => "what is wrong below is",
    };
    let perhaps = if focus.certain { "" } else { "perhaps " };
    let asked: Vec<String> = focus.about.iter().take(NOTED).map(ToString::to_string).collect();
    // How what was asked about is, is the answer; whatever else is wrong comes after it.
    let states: Vec<String> = header.diagnosis.doubted().take(NOTED).filter(|_| focus.beside).map(|d| words(&d.in_words())).collect();
    let answer = if states.is_empty() { String::new() } else { format!("{}. ", states.join("; ")) };
    let place = header.scope.in_words();
    let mut absent: Vec<String> =
        focus.lost.iter().take(NOTED).map(|lost| words(&lost.in_words(&place, &header.cluster.context))).collect();
    absent.extend(focus.missing.iter().take(NOTED).map(|missing| words(&missing.in_words(&place))));
    if !absent.is_empty() {
        let rest = match (asked.is_empty(), focus.beside) {
            (true, _) => format!("{plan} {perhaps}about something else"),
            (false, true) if focus.is_lost() => format!("{plan} about something else"),
            (false, true) => format!("no cause was found for {} either, and {plan} {perhaps}about something else", asked.join(", ")),
            (false, false) => format!("{plan} about {}", asked.join(", ")),
        };
        return Some(format!("{answer}{}; {rest}.", capitalized(&absent.join("; "))));
    }
    if asked.is_empty() && focus.beside {
        return Some(format!(
            "What the issue names was not found, where not everything could be read; {plan} perhaps about something else."
        ));
    }
    focus.beside.then(|| {
        format!("{answer}No cause was found for what the issue names ({}); {plan} {perhaps}about something else, and whether the one follows from the other is not known.", asked.join(", "))
    })
}

/// As a sentence begins.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Our own words, which names and messages of the cluster may have come into: one line, without links.
fn words(text: &str) -> String {
    Excerpt::line(text).to_string()
}

/// A value that stands in an object: what a reader would not see of it is written out.
fn value(text: &str) -> String {
    escaped(&redacted(text))
}

fn usage(u: &Usage) -> UsageView {
    UsageView {
        elapsed_ms: u.elapsed_ms,
        api_calls: u.api_calls,
        model_calls: u.model_calls,
        input_tokens: u.input_tokens,
        cached_tokens: u.cached_tokens,
        output_tokens: u.output_tokens,
        cost: u.cost.map(|cost| cost.to_string()),
    }
}

fn gap(g: &Gap) -> GapView {
    GapView { what: g.what.clone(), why: g.why.as_str().to_owned(), unlock: g.unlock.clone() }
}

fn cause(c: &Cause) -> CauseView {
    CauseView {
        code: c.source.code().to_owned(),
        title: words(&c.title),
        explanation: words(&c.explanation),
        object: object(&c.object),
        field: c.field_text(),
        also: c.also.iter().map(|p| PlaceView { object: object(&p.object), field: p.field.as_ref().map(ToString::to_string) }).collect(),
        found: c.found.as_deref().map(value),
        expected: c.expected.as_deref().map(value),
        confidence: c.confidence.value(),
        source: c.source.as_str().to_owned(),
        evidence: c.cites.iter().map(ToString::to_string).collect(),
        chain: c.chain.iter().map(|l| LinkView { object: object(&l.from), relation: l.relation, to: object(&l.to) }).collect(),
        symptoms: c.symptoms.iter().map(|s| SymptomView { object: object(&s.object), summary: words(&s.summary) }).collect(),
    }
}

fn evidence(id: EvidenceId, e: &Evidence) -> EvidenceView {
    EvidenceView {
        id: id.to_string(),
        source: e.source.as_str().to_owned(),
        object: e.object.as_ref().map(object),
        field: e.field.as_ref().map(ToString::to_string),
        text: e.text.to_string(),
        seen_at: e.seen_at.to_string(),
    }
}

fn plan(p: &RemediationPlan, rehearsal: Option<&Rehearsal>, expires_at: Option<Timestamp>, diagnosis: &Diagnosis) -> PlanView {
    PlanView {
        digest: p.digest().to_string(),
        risk: p.risk(),
        summary: p.summary.clone(),
        on_failure: p.on_failure,
        expires_at: expires_at.map(|at| at.to_string()),
        steps: p
            .steps
            .iter()
            .enumerate()
            .map(|(i, s)| {
                let body: Value = serde_json::from_str(&s.request.body).unwrap_or(Value::Null);
                StepView {
                    action: s.action.verb().to_owned(),
                    object: object(s.action.target()),
                    change: action::in_one_line(p, i),
                    why: s.why.clone(),
                    risk: s.risk,
                    diff: s.diff.clone(),
                    operations: if s.request.method == Method::Patch { operations(&body) } else { Vec::new() },
                    manifest: (s.request.method == Method::Post).then(|| body.clone()),
                    request: RequestView {
                        method: s.request.method.as_str().to_owned(),
                        path: s.request.path.clone(),
                        body: s.request.body.clone(),
                    },
                    precondition: PreconditionView {
                        uid: s.precondition.uid.clone(),
                        generation: s.precondition.generation,
                        resource_version: s.precondition.resource_version.clone(),
                        fields: s
                            .precondition
                            .fields
                            .iter()
                            .map(|pinned| FieldView { path: pinned.path.to_string(), value: pinned.held() })
                            .collect(),
                    },
                    undo: s.undo.summary().to_owned(),
                    reversible: matches!(s.undo, Undo::Restore { .. }),
                    undo_operations: match &s.undo {
                        Undo::Restore { request, .. } => operations(&serde_json::from_str(&request.body).unwrap_or(Value::Null)),
                        Undo::None { .. } => Vec::new(),
                    },
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
        settle_seconds: p.judged.settle.as_secs(),
        covered: covered::of(p),
        // What was done is taken back whatever it was for.
        cause: p.aim.cause().and_then(|key| diagnosis.causes.iter().position(|cause| cause.is(key))),
        aside: diagnosis.focus.aside().filter(|_| p.aim.cause().is_some()).map(|(aside, name)| (aside, name.to_owned())),
        by: p.aim.cause().map(|cause| cause.source).filter(|source| source.by().is_some()),
        wait_seconds: p.judged.wait.as_secs(),
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
    let (at, message) = match o {
        StepOutcome::Applied { at, .. } => (Some(at), None),
        StepOutcome::Intended { at } => (Some(at), Some("it was about to be sent, and its answer is not recorded".to_owned())),
        StepOutcome::Altered { at, message, .. }
        | StepOutcome::Refused { at, message }
        | StepOutcome::Failed { at, message }
        | StepOutcome::Unknown { at, message } => (Some(at), Some(message.clone())),
        StepOutcome::NotReached => (None, None),
    };
    StepOutcomeView { outcome: o.became(), at: at.map(ToString::to_string), message }
}

fn undone(step: &StepOutcome, u: &Undone) -> StepOutcomeView {
    let unchanged = |message: String| StepOutcomeView { outcome: Became::Unchanged, at: None, message: Some(message) };
    match u {
        Undone::NotNeeded => unchanged("the step did not take effect".to_owned()),
        Undone::Stays { why } => unchanged(format!("the change stays; rollback: {why}")),
        Undone::Sent(sent) => {
            let mut view = outcome(sent);
            if matches!((step, sent), (StepOutcome::Altered { .. }, StepOutcome::Applied { .. })) {
                view.outcome = Became::Altered;
                view.message = Some("the plan's own values were set back; what else was made of the change stays".to_owned());
            }
            view
        }
    }
}

fn execution(e: &Execution) -> ExecutionView {
    let mut steps: Vec<StepOutcomeView> = e.steps.iter().map(outcome).collect();
    // Why the rest was not sent stands where the rest begins.
    if let Some(first) = steps.iter_mut().find(|step| step.outcome == Became::NotReached) {
        first.message = e.stopped.clone();
    }
    let reverted = e.reverted.as_ref().map(|all| e.steps.iter().zip(all.iter()).map(|(step, u)| undone(step, u)).collect());
    ExecutionView { steps, reverted }
}

fn validation(v: &Validation, planned: Option<&Planned>) -> ValidationView {
    // A rollback that did what it promised is told as that, and as no cure.
    let verdict = planned.map_or_else(|| Ending::from(v.verdict), |planned| planned.plan.ending(v.verdict));
    ValidationView {
        verdict: verdict.into(),
        checks: v
            .checks
            .iter()
            .map(|c| CheckResultView {
                what: c.check.what().to_owned(),
                object: object(c.check.object()),
                passed: c.passed,
                observed: words(&c.observed),
            })
            .collect(),
        settled_for: v.settled_for.as_secs_f64(),
        at: v.at.to_string(),
        why: v.why.as_deref().map(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nonempty::NonEmpty;
    use crate::workflow::blocks::tests::waiting;
    use crate::workflow::next::changed_nothing;

    /// What decides the status and what decides the words is one predicate.
    #[test]
    fn report_says_of_every_outcome_whether_it_changed_nothing_as_the_session_does() {
        let (at, message) = (Timestamp::UNIX_EPOCH, String::new);
        for outcome in [
            StepOutcome::Intended { at },
            StepOutcome::Applied { at, uid: None },
            StepOutcome::Altered { at, uid: None, message: message() },
            StepOutcome::Refused { at, message: message() },
            StepOutcome::Failed { at, message: message() },
            StepOutcome::Unknown { at, message: message() },
            StepOutcome::NotReached,
        ] {
            for beside in [StepOutcome::NotReached, StepOutcome::Failed { at, message: message() }] {
                let mut steps = NonEmpty::one(outcome.clone());
                steps.push(beside);
                let done = Execution { steps, ..Execution::ahead(2) };
                let report = Report { execution: Some(execution(&done)), ..waiting(1, "+x") };
                assert_eq!(changed_nothing(&report), done.changed_nothing(), "{outcome:?}");
            }
        }
    }
}
