//! Two to six lines: verdict, cause, change, what to do next. Enough for a person or a model to act on.

use super::report::{AdviceView, Report, Status, StepOutcomeView};
use super::standing::Underway;

/// The summary of a report as it stands, while something still goes on or after it.
/// `unexplained`: something is wrong that no cause explains.
pub(super) fn of(report: &Report, underway: Option<Underway>, unexplained: bool) -> String {
    let mut lines = Vec::new();
    let place = report.issue.namespace.as_ref().map_or_else(|| "all namespaces".to_owned(), |n| format!("namespace {n}"));
    let at = format!("{place} in context {} ({})", report.cluster.context, report.cluster.server);
    lines.push(
        underway
            .map(|underway| match underway {
                Underway::Investigating => format!("The diagnosis of {at} is not finished; nothing was changed."),
                Underway::Executing => format!("The change is being applied in {at}."),
                Underway::Validating => format!("The steps of the plan were sent in {at}; validation is in progress."),
                Underway::Reverting => format!("The change did not help in {at}; it is being rolled back."),
            })
            .unwrap_or_else(|| match report.status {
                Status::Healthy => format!("No problem was found in {at}."),
                Status::Diagnosed | Status::AwaitingApproval => format!("A cause was found in {at}."),
                Status::Inconclusive if unexplained => format!("Something is wrong in {at}, and no rule names the cause."),
                Status::Inconclusive => format!("No problem was found in {at}, but it could not be verified as healthy."),
                Status::Declined => format!("Declined: nothing was changed in {at}."),
                Status::Expired => format!("Nobody answered in time: nothing was changed in {at}."),
                Status::Resolved => format!("Resolved in {at}: all success checks passed through the settle window."),
                Status::Unresolved => format!("Not resolved in {at}."),
                Status::Unclear => format!("Could not verify that the problem in {at} is gone."),
                Status::Failed if report.execution.iter().flat_map(|e| &e.steps).all(|step| step.outcome == "applied") => {
                    format!("The change was applied in {at}, and its result is not what was approved.")
                }
                Status::Failed => format!("A step failed in {at}; no later step was sent."),
                Status::Interrupted => format!("Interrupted: the kubemend process that changed {at} did not finish."),
                Status::Reverted => format!("The change did not help and was rolled back in {at}."),
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
    if let Some(plan) = &report.plan {
        lines.push(format!("Change (risk {}): {}.", plan.risk, plan.summary));
    }
    lines.extend(sent(report));
    if let Some(why) = report.validation.as_ref().and_then(|v| v.why.clone()) {
        lines.push(format!("Validation: {why}."));
    }
    let next = match report.status {
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
        | Status::Reverted => report.advice.first().map(|a| format!("Advice: {}", a.text)),
    };
    lines.extend(next);
    if let Some(gap) = report.coverage.gaps.first() {
        let more = report.coverage.gaps.len().saturating_sub(1);
        let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
        lines.push(format!("Missing data: {} ({}){rest}.", gap.what, gap.why));
    }
    lines.truncate(6);
    lines.join("\n")
}

/// What became of the steps where not all is well, and of their rollback: each by its number.
fn sent(report: &Report) -> Option<String> {
    let execution = report.execution.as_ref()?;
    let told = |outcomes: &[StepOutcomeView], what: &str| -> Vec<String> {
        let one = |(index, step): (usize, &StepOutcomeView)| {
            let word = if step.outcome == "notReached" { "not sent" } else { &step.outcome };
            let why = step.message.as_ref().map(|message| format!(" ({message})")).unwrap_or_default();
            format!("{what} {} {word}{why}", index.saturating_add(1))
        };
        outcomes.iter().enumerate().map(one).collect()
    };
    let smooth = execution.steps.iter().all(|step| step.outcome == "applied" && step.message.is_none());
    let mut parts = if smooth { Vec::new() } else { told(&execution.steps, "step") };
    if let Some(reverted) = &execution.reverted {
        parts.extend(told(reverted, "rollback of step"));
    }
    if parts.is_empty() { None } else { Some(format!("Sent: {}.", parts.join("; "))) }
}

/// The advice to make the plan's change by hand, which there is where kubemend cannot make it.
fn by_hand(report: &Report) -> Option<&AdviceView> {
    let typed = |advice: &&AdviceView| report.plan.iter().flat_map(|p| &p.steps).any(|step| advice.command.as_ref() == Some(&step.command));
    report.advice.iter().find(typed)
}
