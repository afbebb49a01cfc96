//! What was looked at where no rule explains what is wrong: the end of each log, and what else was read, by name.

use super::page::{DIM, Page, TYPED, clean, styled};
use crate::workflow::observed::ObservationView;
use crate::workflow::report::Report;

/// Logs that are shown.
const LOGS: usize = 2;
/// Other looks that are named.
const OTHERS: usize = 8;
/// Lines of each.
const LINES: usize = 12;

/// Whoever has no model goes on from here by hand: a log says most.
pub(super) fn looked(page: &mut Page, report: &Report) {
    let is_log = |one: &&ObservationView| one.asked.starts_with("logs ");
    let logs: Vec<&ObservationView> = report.observations.iter().filter(is_log).take(LOGS).collect();
    for log in &logs {
        page.heading(&clean(&log.asked), "");
        let lines: Vec<&str> = log.text.lines().collect();
        let above = lines.len().saturating_sub(LINES);
        if above > 0 {
            page.line(2, &styled(DIM, &format!("… {above} lines above; `-o json` has them")));
        }
        page.quoted(2, &lines.get(above..).unwrap_or_default().join("\n"));
    }
    let others: Vec<&ObservationView> = report.observations.iter().filter(|one| !logs.iter().any(|log| std::ptr::eq(*log, *one))).collect();
    if others.is_empty() {
        return;
    }
    page.heading("Also read", "`-o json` has it whole");
    for other in others.iter().take(OTHERS) {
        page.item(2, "•", TYPED, &other.asked);
    }
    if others.len() > OTHERS {
        page.item(2, "•", TYPED, &format!("and {} more", others.len().saturating_sub(OTHERS)));
    }
}
