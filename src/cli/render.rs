//! A report as text for a person at three in the morning: the verdict and the cause first, then the evidence,
//! the change as a diff, how to approve it, and what could not be read.

mod cause;
mod looked;
mod outcome;
pub(crate) mod page;
mod plan;
#[cfg(test)]
mod tests;

use crate::call::{self, Next, Program, unchecked};
use crate::domain::id::SessionId;
use crate::domain::ours::OurCommand;
use crate::workflow::next::is_undo;
use crate::workflow::report::{Report, Status};
use anstyle::Style;
use page::{BAD, CARE, DIM, GOOD, Page, STRONG, TYPED, clean, styled};

/// Items of one list: the report has all of them.
const LISTED: usize = 8;

/// Everything that the report says.
pub fn whole(report: &Report, columns: usize, program: &Program) -> String {
    let mut page = Page::new(columns);
    verdict(&mut page, report);
    cause::causes(&mut page, report);
    undo(&mut page, report);
    plan::plan(&mut page, report);
    outcome::execution(&mut page, report);
    outcome::validation(&mut page, report);
    seen(&mut page, report);
    looked::looked(&mut page, report);
    advice(&mut page, report);
    gaps(&mut page, report);
    next(&mut page, report, program);
    usage(&mut page, report);
    page.into_text()
}

/// What somebody reads before the answer: what the cause rests on, and then the question as everybody is asked it, whose last lines say in
/// short what changes: they are what a small screen still shows where the answer is typed.
pub fn before_consent(report: &Report, columns: usize, program: &Program) -> String {
    let mut page = Page::new(columns);
    verdict(&mut page, report);
    cause::grounds(&mut page, report);
    seen(&mut page, report);
    advice(&mut page, report);
    gaps(&mut page, report);
    plan::question(&mut page, report, program);
    page.into_text()
}

/// What happened after the plan was shown: the rest of a page whose first part the reader has just read.
pub fn after_consent(report: &Report, columns: usize, program: &Program) -> String {
    let mut page = Page::new(columns);
    outcome::execution(&mut page, report);
    outcome::validation(&mut page, report);
    page.gap();
    verdict(&mut page, report);
    seen(&mut page, report);
    advice(&mut page, report);
    gaps(&mut page, report);
    next(&mut page, report, program);
    usage(&mut page, report);
    page.into_text()
}

/// The plan alone.
pub(crate) fn plan_only(report: &Report, columns: usize) -> String {
    let mut page = Page::new(columns);
    plan::plan(&mut page, report);
    page.into_text()
}

/// The causes alone, with their evidence.
pub(crate) fn causes_only(report: &Report, columns: usize) -> String {
    let mut page = Page::new(columns);
    cause::causes(&mut page, report);
    page.into_text()
}

/// The execution alone.
pub(crate) fn execution_only(report: &Report, columns: usize) -> String {
    let mut page = Page::new(columns);
    outcome::execution(&mut page, report);
    page.into_text()
}

/// The validation alone.
pub(crate) fn validation_only(report: &Report, columns: usize) -> String {
    let mut page = Page::new(columns);
    outcome::validation(&mut page, report);
    page.into_text()
}

/// A status in words, with the colour of what it means.
pub(crate) fn status_words(status: Status, is_undo: bool) -> (&'static str, Style) {
    match status {
        Status::Healthy => ("healthy: no problem found", GOOD),
        Status::Diagnosed => ("cause found", BAD),
        Status::Inconclusive => ("no cause found", CARE),
        Status::AwaitingApproval => ("waiting for approval", CARE),
        Status::Declined => ("declined, nothing was changed", CARE),
        Status::Expired => ("expired, nothing was changed", CARE),
        Status::Resolved => ("resolved", GOOD),
        Status::Partly => ("partly resolved", CARE),
        Status::Unresolved => ("not resolved", BAD),
        Status::Unclear => ("unclear: could not verify whether it is resolved", CARE),
        Status::Failed => ("failed", BAD),
        Status::Interrupted => ("interrupted", BAD),
        Status::Reverted if is_undo => ("rolled back: what was changed is as it was before", CARE),
        Status::Reverted => ("not resolved; change rolled back", BAD),
    }
}

/// The first line: where it stands, and on which cluster. The summary says the same for readers without these pages;
/// it is shown where no cause follows that would say more.
fn verdict(page: &mut Page, report: &Report) {
    let (words, style) = status_words(report.status, is_undo(report));
    page.line(0, &format!("{}  {}", styled(style, words), styled(DIM, &place(report))));
    if let Some(note) = &report.issue.note {
        page.paragraph(0, note);
    }
    if report.causes.is_empty() && report.status != Status::Healthy {
        // What follows it is below, in full.
        page.paragraph(0, report.summary.lines().next().unwrap_or_default());
    }
}

/// What an undo is for, where others have their cause.
fn undo(page: &mut Page, report: &Report) {
    if let (Some(undone), true) = (&report.undoes, report.plan.is_some()) {
        page.gap();
        page.item(0, "Undo:", STRONG, &call::takes_back(undone));
    }
}

/// Which cluster and namespace.
pub(crate) fn place(report: &Report) -> String {
    let cluster = &report.cluster;
    let mut place = Vec::new();
    place.push(report.coverage.place.clone());
    let unverified = if cluster.unverified { ", certificate not verified" } else { "" };
    place.push(format!("context {} ({}, {}{unverified})", cluster.context, cluster.server, cluster.version));
    place.extend(cluster.recorded_at.as_deref().map(|at| format!("recorded at {}", page::to_the_second(at))));
    clean(&place.join(", "))
}

/// What is wrong with no known cause, what could not be verified, what is healthy, and what nobody looked for.
fn seen(page: &mut Page, report: &Report) {
    let unexplained: Vec<String> = report.unexplained.iter().map(|s| format!("{}: {}", page::object(&s.object), s.summary)).collect();
    for (title, items, style) in [
        ("Wrong, with no known cause", &unexplained, BAD),
        ("Not verified", &report.coverage.doubts, CARE),
        ("Healthy", &report.coverage.healthy, GOOD),
    ] {
        if items.is_empty() {
            continue;
        }
        page.heading(title, "");
        for item in items.iter().take(LISTED) {
            page.item(2, "•", style, item);
        }
        if items.len() > LISTED {
            page.item(2, "•", style, &format!("and {} more", items.len().saturating_sub(LISTED)));
        }
    }
    if let Some(unchecked) = unchecked(report) {
        page.gap();
        page.paragraph(0, &unchecked);
    }
}

/// What kubemend leaves to a human.
fn advice(page: &mut Page, report: &Report) {
    if report.advice.is_empty() {
        return;
    }
    let then = report.cluster.recorded_at.as_ref().map(|_| "on the recorded cluster, if it still is as it was then");
    page.heading("Recommended actions", then.unwrap_or_default());
    let several = report.causes.len() > 1;
    for advice in &report.advice {
        // Of one cause among several it says which: the number is the one that stands above.
        let mark = advice.cause.filter(|_| several).map_or("•".to_owned(), |cause| format!("• Cause {}:", cause.saturating_add(1)));
        page.item(2, &mark, STRONG, &advice.text);
        if let Some(command) = &advice.command {
            page.command(4, command);
        }
        if !advice.why.is_empty() {
            page.paragraph_in(DIM, 4, &advice.why);
        }
    }
}

/// What could not be read, and what would make it readable.
fn gaps(page: &mut Page, report: &Report) {
    if report.coverage.gaps.is_empty() {
        return;
    }
    page.heading("Missing data", "the diagnosis above was made without it");
    for gap in &report.coverage.gaps {
        page.item(2, "•", CARE, &format!("{}: {}", gap.what, gap.why));
        if let Some(unlock) = &gap.unlock {
            page.paragraph_in(DIM, 4, "to include it:");
            page.command(4, unlock);
        }
    }
}

/// What to type next, where something is to be typed.
fn next(page: &mut Page, report: &Report, program: &Program) {
    let Ok(session) = SessionId::parse(&report.session) else { return };
    let again = OurCommand::LookAgain(session.clone());
    let undo = report.undo.as_ref().map(|_| (OurCommand::Undo(session.clone()), "rolls the change back, after asking"));
    let mut lines = match call::next(report) {
        Next::Answer => {
            vec![(OurCommand::Approve(session.clone()), "shows the plan again and asks for approval"), (OurCommand::Decline(session), "")]
        }
        Next::Apply => vec![(again, "looks again, and asks for approval before it changes anything")],
        Next::LookAgain if report.status == Status::Failed => vec![(again, "once the reason is gone: looks again, and asks for approval")],
        Next::LookAgain => vec![(again, "looks again, and asks for approval")],
        Next::UndoAgain(undone) => {
            let undone = SessionId::parse(undone).ok();
            undone.map(|undone| (OurCommand::Undo(undone), "plans the undo again, and asks for approval")).into_iter().collect()
        }
        Next::Validate => vec![(OurCommand::Validate(session), "checks again")],
        Next::ByHand(advice) => {
            page.heading("Next steps", "");
            page.paragraph(
                2,
                &format!("kubemend cannot apply this plan: {}. To apply it by hand, see the recommended actions.", advice.why),
            );
            return;
        }
        Next::NotAsked(_) | Next::Advice => Vec::new(),
    };
    lines.extend(undo);
    if lines.is_empty() {
        return;
    }
    page.heading("Next steps", "");
    for (command, why) in lines {
        let why = if why.is_empty() { String::new() } else { format!("  {}", styled(DIM, why)) };
        page.line(2, &format!("{}{why}", styled(TYPED, &program.line(&command))));
    }
}

/// What it cost, last and dim.
fn usage(page: &mut Page, report: &Report) {
    let usage = &report.usage;
    let mut parts = vec![seconds(usage.elapsed_ms), format!("{} API calls", usage.api_calls)];
    if usage.model_calls > 0 {
        let tokens = usage.input_tokens.saturating_add(usage.output_tokens);
        let cost = usage.cost.as_ref().map(|cost| format!(", {cost}")).unwrap_or_default();
        parts.push(format!("{} model calls, {tokens} tokens{cost}", usage.model_calls));
    } else {
        parts.push("no model".to_owned());
    }
    if !report.unrecorded {
        parts.push(format!("session {}", clean(&report.session)));
    }
    page.gap();
    page.line(0, &styled(DIM, &parts.join(" · ")));
}

/// `0.2 s`, `1.4 s`, `12 s`.
fn seconds(milliseconds: u64) -> String {
    if milliseconds < 1000 { format!("{milliseconds} ms") } else { format!("{}.{} s", milliseconds / 1000, milliseconds % 1000 / 100) }
}
