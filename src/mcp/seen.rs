//! What was seen of clients: a declared capability is a hint, not a fact. The operator's `client-dialogs` comes before this table.

use crate::call::{DialogManner, Operator};
use std::time::Duration;

/// So long a call waits for an answer in a dialog before it returns the waiting plan: below the minute after which many clients
/// give up. The question stays open.
const PATIENCE: Duration = Duration::from_secs(45);

/// Clients by how their names begin, in lower case, and what their dialogs did.
const SEEN: &[(&str, DialogManner)] = &[
    // Shows the whole form; declines links by itself, which are not used.
    ("codex", DialogManner::Wait),
    // Declares forms over stdio, and was reported to drop them without a word.
    ("cursor", DialogManner::Return),
];

/// How long a call of this client waits for its dialog.
pub(super) fn patience(client: &str, operator: &Operator) -> Duration {
    let name = client.to_ascii_lowercase();
    let set = operator.dialogs.iter().find(|(begins, _)| name.starts_with(&begins.to_ascii_lowercase())).map(|(_, manner)| *manner);
    let seen = || SEEN.iter().find(|(begins, _)| name.starts_with(begins)).map(|(_, manner)| *manner);
    match set.or_else(seen).unwrap_or(DialogManner::Wait) {
        DialogManner::Wait => PATIENCE,
        DialogManner::Return => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_whose_dialogs_were_lost_is_not_waited_for_unless_the_operator_says_so() {
        let mut operator = Operator::default();
        assert_eq!(patience("cursor-vscode", &operator), Duration::ZERO);
        assert_eq!(patience("codex-mcp-client", &operator), PATIENCE);
        assert_eq!(patience("some-new-client", &operator), PATIENCE);
        operator.dialogs = vec![("Cursor".to_owned(), DialogManner::Wait), ("some-new".to_owned(), DialogManner::Return)];
        assert_eq!(patience("cursor-vscode", &operator), PATIENCE);
        assert_eq!(patience("some-new-client", &operator), Duration::ZERO);
    }
}
