//! What was seen of clients: a declared capability is a hint, not a fact. The operator's `client-dialogs` comes before this table.

use crate::call::blocks::WHOLE_PLAN;
use crate::call::{DialogManner, Operator};
use crate::domain::visible::{self, Fold};
use std::time::Duration;

/// So long a call waits for an answer in a dialog before it returns the waiting plan: below the minute after which many clients
/// give up. The question stays open.
const PATIENCE: Duration = Duration::from_secs(45);

/// Clients by how their names begin, in lower case, and what their dialogs did.
const SEEN: &[(&str, DialogManner)] = &[
    // Shows the whole form, and closes it when the call returns: who needs longer to read would be left without a question.
    ("codex", DialogManner::Hold),
    // Declares forms over stdio, and was reported to drop them without a word.
    ("cursor", DialogManner::Return),
];

/// How long a call of this client waits for its dialog; `None`: as long as the plan can be approved.
pub(super) fn patience(client: &str, operator: &Operator) -> Option<Duration> {
    let name = client.to_ascii_lowercase();
    let set = operator.dialogs.iter().find(|(begins, _)| name.starts_with(&begins.to_ascii_lowercase())).map(|(_, manner)| *manner);
    let seen = || SEEN.iter().find(|(begins, _)| name.starts_with(begins)).map(|(_, manner)| *manner);
    match set.or_else(seen).unwrap_or(DialogManner::Wait) {
        DialogManner::Hold => None,
        DialogManner::Wait => Some(PATIENCE),
        DialogManner::Return => Some(Duration::ZERO),
    }
}

/// Dialogs that scroll to the end of a question and take every line beyond [`LINE`] for more rows than it has: the rows that are
/// too many stand empty where the last lines should be seen.
const MISCOUNTS: &[&str] = &["copilot"];
/// So wide a line is counted rightly.
const LINE: usize = 74;

/// Lines that somebody copies into a shell are the change by hand, and the last one.
fn fold(line: &str) -> Fold {
    if line.starts_with("kubectl ") || line.starts_with(WHOLE_PLAN) { Fold::Command } else { Fold::Marked }
}

/// A question for this client.
pub(super) fn laid_out(client: &str, question: String) -> String {
    let name = client.to_ascii_lowercase();
    if MISCOUNTS.iter().any(|begins| name.starts_with(begins)) { visible::folded(&question, LINE, fold) } else { question }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::question::tests as question;
    use proptest::prelude::*;

    #[test]
    fn a_dialog_that_miscounts_wide_lines_gets_none() {
        let question = format!("{}\nshort\n", "wide ".repeat(40));
        let shown = laid_out("copilot-cli", question.clone());
        assert!(shown.lines().all(|line| line.chars().count() <= LINE), "{shown}");
        assert_eq!(shown.replace("\n↳ ", ""), question);
        let last = format!("whole plan until 10:00Z: KUBECONFIG=/{} kubemend show s-1", "a".repeat(60));
        assert_eq!(laid_out("copilot-cli", last.clone()).replace("\\\n  ", ""), last);
        assert_eq!(laid_out("claude-code", question.clone()), question);
    }

    #[test]
    fn a_client_is_waited_for_as_its_dialogs_were_seen_to_need_unless_the_operator_says_otherwise() {
        let mut operator = Operator::default();
        assert_eq!(patience("cursor-vscode", &operator), Some(Duration::ZERO));
        assert_eq!(patience("codex-mcp-client", &operator), None);
        assert_eq!(patience("some-new-client", &operator), Some(PATIENCE));
        let set = [("Cursor", DialogManner::Wait), ("some-new", DialogManner::Return), ("other", DialogManner::Hold)];
        operator.dialogs = set.map(|(name, manner)| (name.to_owned(), manner)).to_vec();
        assert_eq!(patience("cursor-vscode", &operator), Some(PATIENCE));
        assert_eq!(patience("some-new-client", &operator), Some(Duration::ZERO));
        assert_eq!(patience("other-client", &operator), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn two_different_plans_never_read_alike_in_a_dialog_that_miscounts_wide_lines((one, other) in question::twins()) {
            let shown = |plan| question::asked(plan).map(|text| laid_out("copilot-cli", text));
            if let Some((differ, read_differently)) = question::told_apart(&one, &other, shown) {
                prop_assert_eq!(differ, read_differently);
            }
        }
    }
}
