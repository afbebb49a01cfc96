//! What was done, step by step, and whether it helped.

use super::page::{BAD, CARE, DIM, GOOD, Page, STRONG, object, styled, to_the_second};
use crate::domain::execution::Became;
use crate::workflow::report::{Report, Status, StepOutcomeView};
use anstyle::Style;

/// What became of every step, and of its undo.
pub(super) fn execution(page: &mut Page, report: &Report) {
    let Some(execution) = &report.execution else { return };
    page.heading("Execution", "");
    let steps = report.plan.iter().flat_map(|p| &p.steps);
    for (step, outcome) in steps.zip(&execution.steps) {
        one(page, &format!("{} {}", step.action, object(&step.object)), outcome);
    }
    if let Some(reverted) = &execution.reverted {
        page.line(2, &styled(STRONG, "rollback"));
        let steps = report.plan.iter().flat_map(|p| &p.steps);
        for (step, outcome) in steps.zip(reverted) {
            one(page, &format!("undo {} {}", step.action, object(&step.object)), outcome);
        }
    }
}

fn one(page: &mut Page, what: &str, outcome: &StepOutcomeView) {
    let (mark, style) = mark(outcome.outcome);
    let at = outcome.at.as_ref().map(|at| format!("  {}", styled(DIM, &to_the_second(at)))).unwrap_or_default();
    page.line(2, &format!("{} {what}: {}{at}", styled(style, mark), outcome.outcome.in_words()));
    if let Some(message) = &outcome.message {
        page.paragraph(4, message);
    }
}

fn mark(outcome: Became) -> (&'static str, Style) {
    match outcome {
        Became::Applied => ("✓", GOOD),
        Became::NotReached | Became::Unchanged => ("-", DIM),
        Became::Unknown => ("?", CARE),
        // What was applied and became something else is no success.
        Became::Altered | Became::Refused | Became::Failed => ("✗", BAD),
    }
}

/// The verdict with every check.
pub(super) fn validation(page: &mut Page, report: &Report) {
    let Some(validation) = &report.validation else { return };
    page.heading("Validation", "");
    for check in &validation.checks {
        let (mark, style) = match check.passed {
            Some(true) => ("✓", GOOD),
            Some(false) => ("✗", BAD),
            None => ("?", CARE),
        };
        page.item(2, mark, style, &format!("{}: {}", object(&check.object), check.observed));
    }
    let (words, style) = match validation.verdict {
        Status::Resolved => ("resolved", GOOD),
        Status::Reverted => ("rolled back", CARE),
        Status::Partly => ("partly resolved", CARE),
        Status::Unresolved => ("not resolved", BAD),
        other => (other.as_str(), CARE),
    };
    let held = if validation.settled_for > 0.0 {
        format!(": all success checks passed for {:.0} s", validation.settled_for)
    } else {
        String::new()
    };
    page.line(2, &format!("{}{held}", styled(style, words)));
    if let Some(why) = &validation.why {
        page.paragraph(2, why);
    }
}
