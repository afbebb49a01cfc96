//! The plan: what will be changed as a diff, with its risk, its undo, its checks, and what a human would type instead.

use super::object;
use super::page::{BAD, CARE, DIM, GOOD, Page, STRONG, TYPED, clean, styled, to_the_second};
use crate::workflow::report::{PlanView, Report, Status, StepView};
use anstyle::Style;

/// The plan, where there is one.
pub(super) fn plan(page: &mut Page, report: &Report) {
    let Some(plan) = &report.plan else { return };
    page.heading("Plan", "");
    page.line(2, &format!("{}  {}", styled(risk_style(&plan.risk), &format!("{} risk", plan.risk)), on_failure(plan)));
    let several = plan.steps.len() > 1;
    if several {
        page.paragraph(2, &plan.summary);
    }
    for (index, step) in plan.steps.iter().enumerate() {
        page.gap();
        let number = if several { format!("{}. ", index.saturating_add(1)) } else { String::new() };
        let head = format!("{number}{} {}", step.action, object(&step.object));
        let risk = if several { format!("  {}", styled(risk_style(&step.risk), &format!("{} risk", step.risk))) } else { String::new() };
        page.line(2, &format!("{}{risk}", styled(STRONG, &clean(&head))));
        one(page, step);
    }
    if !plan.checks.is_empty() {
        page.gap();
        page.line(2, &styled(STRONG, "Success checks"));
        for check in &plan.checks {
            page.item(4, "•", STRONG, &format!("{}: {}", object(&check.object), check.expectation));
        }
    }
    page.gap();
    page.line(2, &format!("{} {}", styled(DIM, "digest:"), clean(&plan.digest)));
    if let Some(expires) = &plan.expires_at
        && report.status == Status::AwaitingApproval
    {
        page.line(2, &format!("{} {}", styled(DIM, "valid until:"), to_the_second(expires)));
    }
}

fn one(page: &mut Page, step: &StepView) {
    page.paragraph(2, &step.why);
    page.gap();
    page.diff(4, &step.diff);
    page.gap();
    page.item(2, "undo:", DIM, &step.undo);
    if let Some(dry_run) = &step.dry_run {
        let (style, words) = if dry_run.accepted { (GOOD, "accepted by the API server") } else { (BAD, "rejected by the API server") };
        let reason = dry_run.reason.as_ref().map(|r| format!(": {}", clean(r))).unwrap_or_default();
        page.item(2, "dry run:", style, &format!("{words}{reason}"));
    }
    page.line(2, &styled(DIM, "by hand:"));
    // A here-document ends at a line that starts with its word: indented, it could not be pasted.
    let indent = if step.command.contains('\n') { 0 } else { 4 };
    page.block(indent, TYPED, &step.command);
}

fn on_failure(plan: &PlanView) -> &'static str {
    match plan.on_failure.as_str() {
        "revert" => "rolled back if it does not help",
        _ => "kept if it does not help",
    }
}

/// The colour of a risk.
pub(crate) fn risk_style(risk: &str) -> Style {
    match risk {
        "low" => GOOD,
        "medium" => CARE,
        _ => BAD,
    }
}
