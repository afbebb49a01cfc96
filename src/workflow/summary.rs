//! What a report says, as text: in two to six lines, enough for a person or a model to act on; and in ten to twenty-five for a
//! reader who gets nothing else.

use super::report::{AdviceView, EvidenceView, ObjectView, PlanView, Report, Status, StepView};
use super::standing::Underway;

/// More of a kind than this says nothing new in a text: the report has all of them.
const OTHERS: usize = 4;
/// This many quotes show what a cause rests on.
const QUOTES: usize = 2;

/// The summary of a report as it stands, while something still goes on or after it.
pub(super) fn of(report: &Report, underway: Option<Underway>) -> String {
    let mut lines = Vec::new();
    let place = report.issue.namespace.as_ref().map_or_else(|| "all namespaces".to_owned(), |n| format!("namespace {n}"));
    let at = format!("{place} in context {} ({})", report.cluster.context, report.cluster.server);
    lines.push(
        underway
            .map(|underway| match underway {
                Underway::Investigating => format!("The diagnosis of {at} is not finished; nothing was changed."),
                Underway::Executing => format!("The change is being applied in {at}."),
                Underway::Validating => format!("The steps of the plan were sent in {at}; validation is in progress."),
            })
            .unwrap_or_else(|| match report.status {
                Status::Healthy => format!("No problem was found in {at}."),
                Status::Diagnosed | Status::AwaitingApproval => format!("A cause was found in {at}."),
                Status::Inconclusive if !report.unexplained.is_empty() => {
                    format!("Something is wrong in {at}, and no rule names the cause.")
                }
                Status::Inconclusive => format!("No problem was found in {at}, but it could not be verified as healthy."),
                Status::Declined => format!("Declined: nothing was changed in {at}."),
                Status::Expired => format!("Nobody answered in time: nothing was changed in {at}."),
                Status::Resolved => format!("Resolved in {at}: all success checks passed through the settle window."),
                Status::Partly => {
                    format!("Partly resolved in {at}: the cause is gone, and something that belongs to the issue is still broken.")
                }
                Status::Unresolved => format!("Not resolved in {at}."),
                Status::Unclear => format!("Could not verify that the problem in {at} is gone."),
                Status::Failed => format!("A step failed in {at}; no later step was sent."),
                Status::Interrupted => format!("Interrupted: the kubemend process that changed {at} did not finish."),
                Status::Reverted => format!("The change did not help and was rolled back in {at}, as far as possible."),
            }),
    );
    if let Some(cause) = report.causes.first() {
        lines.push(format!("Cause ({:.0}%): {}", cause.confidence * 100.0, cause.title));
    }
    if report.causes.len() > 1 {
        lines.push(format!(
            "Independent causes besides this one: {}; run again after it is resolved.",
            report.causes.len().saturating_sub(1)
        ));
    }
    lines.extend(no_cause(report));
    if let Some(plan) = &report.plan {
        lines.push(format!("Change (risk {}): {}; {}.", plan.risk, changes(plan).join(", then "), undo(plan)));
    }
    if let Some(message) = report.execution.iter().flat_map(|e| &e.steps).find_map(|s| s.message.clone()) {
        lines.push(format!("Error: {message}"));
    }
    if let Some(why) = report.validation.as_ref().and_then(|v| v.why.clone()) {
        lines.push(format!("Validation: {why}."));
    }
    lines.extend(next(report));
    if let Some(gap) = report.coverage.gaps.first() {
        let more = report.coverage.gaps.len().saturating_sub(1);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        lines.push(format!("Missing data: {} ({}){rest}.", gap.what, gap.why));
    }
    lines.truncate(6);
    lines.join("\n")
}

/// What no cause explains, in a line.
fn no_cause(report: &Report) -> Option<String> {
    let first = report.unexplained.first()?;
    let more = report.unexplained.len().saturating_sub(1);
    let rest = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    Some(format!("Unexplained: {}: {}{rest}", object(&first.object), one_line(&first.summary)))
}

/// The advice to make the plan's change by hand, which there is where kubemend cannot make it.
fn by_hand(report: &Report) -> Option<&AdviceView> {
    let typed = |advice: &&AdviceView| report.plan.iter().flat_map(|p| &p.steps).any(|step| advice.command.as_ref() == Some(&step.command));
    report.advice.iter().find(typed)
}

/// What to do next, where something is to be done.
fn next(report: &Report) -> Option<String> {
    match report.status {
        Status::AwaitingApproval => {
            Some(format!("Waiting for a human's approval: `kubemend approve {}` shows the exact change and asks.", report.session))
        }
        Status::Diagnosed if report.plan.is_some() => Some(match by_hand(report) {
            // Whoever is sent back to remediate here comes back with the same.
            Some(advice) => format!("Nothing was changed, and kubemend cannot apply this plan: {}. Advice: {}.", advice.why, advice.text),
            None => "Nothing was changed. Run remediate to apply the plan after approval.".to_owned(),
        }),
        Status::Unresolved | Status::Unclear | Status::Failed | Status::Interrupted => {
            Some(format!("Run validate with session {} before you change anything else.", report.session))
        }
        Status::Diagnosed
        | Status::Healthy
        | Status::Inconclusive
        | Status::Declined
        | Status::Expired
        | Status::Resolved
        | Status::Partly
        | Status::Reverted => report.advice.first().map(|a| format!("Advice: {}", a.text)),
    }
}

/// What the steps change, one line for each.
pub(super) fn changes(plan: &PlanView) -> Vec<String> {
    plan.steps.iter().map(|step| step.change.clone()).collect()
}

/// What can be undone of a plan, in a few words.
pub(super) fn undo(plan: &PlanView) -> &'static str {
    let reversible = plan.steps.iter().filter(|step| step.reversible).count();
    match (reversible, plan.on_failure.as_str()) {
        (0, _) => "not undone by kubemend",
        (some, _) if some < plan.steps.len() => "undone in part only",
        (_, "revert") => "undone if it does not help",
        (_, _) => "can be undone",
    }
}

/// The report as a text of its own, for a reader who gets nothing else: session, verdict, the cause with its best evidence, what
/// changes and its undo, every other cause in a line, what happened, advice with its commands, what is missing, and the next step.
pub fn full(report: &Report) -> String {
    let mut lines = vec![format!("Session {}: {}", report.session, report.status.as_str())];
    lines.extend(report.summary.lines().next().map(str::to_owned));
    if let Some(cause) = report.causes.first() {
        lines.push(format!("Cause ({:.0}%, {}): {}", cause.confidence * 100.0, cause.code, cause.title));
        lines.push(cause.explanation.clone());
        lines.extend(report.evidence.iter().filter(|e| cause.evidence.contains(&e.id)).take(QUOTES).map(quoted));
    }
    for step in report.plan.iter().flat_map(|plan| &plan.steps) {
        lines.push(format!("Change (risk {}): {}", step.risk, step.change));
        lines.push(format!("Undo: {}", step.undo));
        lines.extend(dry_run(step));
    }
    let others = report.causes.iter().skip(1);
    lines.extend(some(others.map(|c| format!("Another cause ({:.0}%): {}", c.confidence * 100.0, c.title)), "causes"));
    lines.extend(some(
        report.unexplained.iter().map(|u| format!("Unexplained: {}: {}", object(&u.object), u.summary)),
        "unexplained symptoms",
    ));
    lines.extend(happened(report));
    lines.extend(some(report.advice.iter().map(advised), "pieces of advice"));
    let gaps = report.coverage.gaps.iter().map(|gap| {
        let unlock = gap.unlock.as_deref().map(|unlock| format!("; to include it: {}", one_line(unlock))).unwrap_or_default();
        format!("Missing data: {} ({}){unlock}", gap.what, gap.why)
    });
    lines.extend(some(gaps, "gaps"));
    let is_advice = |line: &String| line.starts_with("Advice: ");
    lines.extend(next(report).filter(|line| !is_advice(line)));
    lines.extend(report.plan.as_ref().map(|plan| format!("Plan digest: {}; whole plan: kubemend show {}", plan.digest, report.session)));
    lines.iter().map(|line| one_line(line)).collect::<Vec<_>>().join("\n")
}

fn dry_run(step: &StepView) -> Option<String> {
    let dry_run = step.dry_run.as_ref()?;
    let reason = dry_run.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    Some(format!("Dry run: {}{reason}", if dry_run.accepted { "passed" } else { "failed" }))
}

/// What was done, and whether it helped.
fn happened(report: &Report) -> Vec<String> {
    let outcomes = |title: &str, steps: &[super::report::StepOutcomeView]| {
        let words = steps.iter().map(|step| match &step.message {
            Some(message) => format!("{}: {message}", step.outcome),
            None => step.outcome.clone(),
        });
        format!("{title}: {}", words.collect::<Vec<_>>().join("; "))
    };
    let mut lines = Vec::new();
    if let Some(execution) = &report.execution {
        lines.push(outcomes("Steps", &execution.steps));
        lines.extend(execution.reverted.as_ref().map(|steps| outcomes("Rollback", steps)));
    }
    if let Some(validation) = &report.validation {
        let why = validation.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        lines.push(format!("Validation: {}{why}", validation.verdict));
        let failed = validation.checks.iter().filter(|check| check.passed != Some(true));
        lines.extend(some(failed.map(|c| format!("Check not passed: {}: {}", object(&c.object), c.observed)), "checks"));
    }
    lines
}

fn quoted(evidence: &EvidenceView) -> String {
    let of = evidence.object.as_ref().map(|o| format!(" of {}", object(o))).unwrap_or_default();
    let field = evidence.field.as_ref().map(|field| format!(", {field}")).unwrap_or_default();
    format!("Evidence {} ({}{of}{field}): {:?}", evidence.id, evidence.source, evidence.text)
}

fn advised(advice: &AdviceView) -> String {
    let command = advice.command.as_deref().map(|command| format!("; run: {}", one_line(command))).unwrap_or_default();
    let why = if advice.why.is_empty() { String::new() } else { format!(" ({})", advice.why) };
    format!("Advice: {}{why}{command}", advice.text)
}

/// The first few, and how many more there are.
fn some(items: impl Iterator<Item = String>, what: &str) -> Vec<String> {
    let mut all: Vec<String> = items.collect();
    let more = all.len().saturating_sub(OTHERS);
    all.truncate(OTHERS);
    if more > 0 {
        all.push(format!("and {more} more {what}"));
    }
    all
}

fn object(object: &ObjectView) -> String {
    let place = object.namespace.as_ref().map(|namespace| format!("{namespace}/")).unwrap_or_default();
    format!("{} {place}{}", object.kind, object.name)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
