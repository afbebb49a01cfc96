//! The question that a human decides on: complete, never cut, and naming the cluster first.

use super::report::Report;
use crate::domain::excerpt::Excerpt;
use crate::domain::plan::RemediationPlan;

/// A question longer than this is not asked: a change that cannot be shown whole is not approvable.
const QUESTION_LIMIT: usize = 64 * 1024;

/// The question's text; `None` when it cannot be shown whole.
pub(super) fn text(report: &Report, plan: &RemediationPlan) -> Option<String> {
    let mut out = String::new();
    let mut line = |text: &str| {
        out.push_str(text);
        out.push('\n');
    };
    line(&format!("Change cluster {} ({}, {})?", report.cluster.context, report.cluster.server, report.cluster.version));
    if let Some(cause) = report.causes.first() {
        line("");
        line(&format!("Cause ({:.0}%): {}", cause.confidence * 100.0, cause.title));
        line(&cause.explanation);
    }
    let total = plan.steps.len();
    for (index, step) in plan.steps.iter().enumerate() {
        line("");
        line(&format!("Step {} of {total}: {} {} (risk {})", index.saturating_add(1), step.action.verb(), step.action.target(), step.risk));
        line(&step.why);
        line(step.diff.trim_end());
        line(&format!("Undo: {}", step.undo.summary()));
    }
    line("");
    line("Afterwards must hold:");
    for check in plan.checks.iter() {
        line(&format!("- {}: {}", check.object(), check.expectation()));
    }
    line(&format!("If it does not help: {}", plan.on_failure.as_str()));
    line(&format!("Plan {} (risk {})", plan.digest(), plan.risk()));
    let shown = Excerpt::capture(&out, QUESTION_LIMIT);
    (out.len() <= QUESTION_LIMIT).then(|| shown.to_string())
}
