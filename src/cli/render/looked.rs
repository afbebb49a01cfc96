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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::blocks::tests::waiting;
    use crate::workflow::report::Status;

    fn page(report: &Report) -> String {
        let mut page = Page::new(80);
        looked(&mut page, report);
        page.into_text()
    }

    /// A person without a model goes on from what the program wrote last.
    #[test]
    fn log_that_was_looked_at_is_shown_to_its_end_and_other_looks_by_name() {
        let seen = |asked: &str, text: String| ObservationView {
            id: Some("o1".to_owned()),
            asked: asked.to_owned(),
            text,
            more: None,
            seen_at: None,
        };
        let log = (1..=20).map(|n| format!("line {n}\u{1b}[2J")).collect::<Vec<_>>().join("\n");
        let observations =
            vec![seen("logs pod/web-0 -n shop -c app", log), seen("describe pod/web-0 -n shop", "Name: web-0\nStatus: Failed".to_owned())];
        let report = Report { status: Status::Inconclusive, plan: None, causes: Vec::new(), observations, ..waiting(1, "") };
        let text = page(&report);
        assert!(text.contains("logs pod/web-0 -n shop -c app") && text.contains("│\u{1b}[0m line 20"), "{text}");
        assert!(text.contains("… 8 lines above") && !text.contains("line 8\n") && text.contains("line 9"), "{text}");
        assert!(text.contains("describe pod/web-0 -n shop") && !text.contains("Status: Failed"), "{text}");
        assert!(!text.contains("\u{1b}[2J"), "{text}");
        let nothing = page(&Report { observations: Vec::new(), ..report });
        assert!(!nothing.contains("logs pod/") && !nothing.contains("Also read"), "{nothing}");
    }
}
