//! A session in a list, as every surface that speaks JSON shows it.

use crate::workflow::SessionLine;
use serde_json::{Map, Value};

/// Its id, where it stands, and what it is about.
pub fn session_line(line: &SessionLine) -> Map<String, Value> {
    let fields = [
        ("session", line.id.as_str().to_owned()),
        ("status", line.status.as_str().to_owned()),
        ("openedAt", line.opened_at.to_string()),
        ("changedAt", line.changed_at.to_string()),
        ("context", line.context.clone()),
        ("namespace", line.namespace.clone()),
        ("issue", line.issue.clone()),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}
