//! Two to six lines: verdict, cause, change, what to do next. Enough for a person or a model to act on.

use super::report::{Report, Status};
use super::standing::Underway;

/// The summary of a report as it stands, while something still goes on or after it.
pub(super) fn of(report: &Report, underway: Option<Underway>) -> String {
    let mut lines = Vec::new();
    let place = report.issue.namespace.as_ref().map_or_else(|| "all namespaces".to_owned(), |n| format!("namespace {n}"));
    let at = format!("{place} of {} ({})", report.cluster.context, report.cluster.server);
    lines.push(
        underway
            .map(|underway| match underway {
                Underway::Investigating => format!("The investigation of {at} is not finished; nothing was changed."),
                Underway::Executing => format!("The change is being applied in {at}."),
                Underway::Validating => format!("The change was applied in {at}, and whether it helps is being watched."),
            })
            .unwrap_or_else(|| match report.status {
                Status::Healthy => format!("No fault was found in {at}."),
                Status::Diagnosed | Status::AwaitingApproval => format!("A cause was found in {at}."),
                Status::Inconclusive => format!("Something is wrong in {at}, and no rule names the cause."),
                Status::Declined => format!("Declined: nothing was changed in {at}."),
                Status::Expired => format!("Nobody answered in time: nothing was changed in {at}."),
                Status::Resolved => format!("Resolved in {at}: every check held through the settle window."),
                Status::Unresolved => format!("Not resolved in {at}."),
                Status::Unclear => format!("It cannot be told whether {at} is well."),
                Status::Failed => format!("A step failed in {at}; what came after it was not sent."),
                Status::Interrupted => format!("Interrupted: the process that acted on {at} ended before its verdict."),
                Status::Reverted => format!("It did not help, and what can be undone was undone in {at}."),
            }),
    );
    if let Some(cause) = report.causes.first() {
        lines.push(format!("Cause ({:.0}%): {}", cause.confidence * 100.0, cause.title));
    }
    if report.causes.len() > 1 {
        lines.push(format!(
            "{} more independent causes are listed; ask again after the first is resolved.",
            report.causes.len().saturating_sub(1)
        ));
    }
    if let Some(plan) = &report.plan {
        lines.push(format!("Change (risk {}): {}.", plan.risk, plan.summary));
    }
    if let Some(message) = report.execution.iter().flat_map(|e| &e.steps).find_map(|s| s.message.clone()) {
        lines.push(format!("The API server said: {message}"));
    }
    if let Some(why) = report.validation.as_ref().and_then(|v| v.why.clone()) {
        lines.push(format!("Validation: {why}."));
    }
    let next = match report.status {
        Status::AwaitingApproval => {
            Some(format!("Waiting for a human's approval: `kubemend approve {}` shows the exact change and asks.", report.session))
        }
        Status::Diagnosed if report.plan.is_some() => {
            Some("Nothing was changed. Remediate to apply this plan after a human's approval.".to_owned())
        }
        Status::Unresolved | Status::Unclear | Status::Failed | Status::Interrupted => {
            Some(format!("Look again with validate, session {}, before anything else is changed.", report.session))
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
        lines.push(format!("Not seen: {} ({}){rest}.", gap.what, gap.why));
    }
    lines.truncate(6);
    lines.join("\n")
}
