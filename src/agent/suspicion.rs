//! Signs that a model obeys somebody else: it calls something that would write, or repeats what is for it alone. Neither can do anything;
//! either ends what the session may do without a human.

use crate::domain::dialogue::{ModelBlock, Reply};
use crate::domain::excerpt::Excerpt;
use std::fmt;

/// Parts of names that sound like a change.
const WRITES: &[&str] = &[
    "annotate",
    "apply",
    "approve",
    "bash",
    "command",
    "cordon",
    "create",
    "delete",
    "drain",
    "edit",
    "evict",
    "exec",
    "execute",
    "helm",
    "install",
    "kill",
    "kubectl",
    "label",
    "modify",
    "patch",
    "put",
    "reboot",
    "remediate",
    "remove",
    "replace",
    "restart",
    "rollback",
    "run",
    "scale",
    "set",
    "shell",
    "taint",
    "terminal",
    "undo",
    "update",
    "upgrade",
    "write",
];

/// What was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Suspicion {
    /// It called a tool that does not exist and sounds like a write.
    Write(String),
    /// The marker of its system prompt was in an answer.
    Marker,
}

/// As an entry of a trail.
impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Suspicion::Write(name) => {
                write!(f, "the model called {}, which does not exist and would change something", Excerpt::said(name))
            }
            Suspicion::Marker => f.write_str("the model repeated the marker of its system prompt"),
        }
    }
}

/// Whether a name that is no tool's sounds like a change.
pub(super) fn sounds_like_a_write(name: &str) -> bool {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars() {
        if c.is_ascii_uppercase() && before.is_ascii_lowercase() {
            words.push(' ');
        }
        words.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' });
        before = c;
    }
    words.split(' ').any(|word| WRITES.contains(&word))
}

/// Whether the marker is anywhere in what it says or calls.
pub(super) fn repeats(reply: &Reply, marker: &str) -> bool {
    reply.blocks.iter().any(|block| match block {
        ModelBlock::Text(text) => text.contains(marker),
        ModelBlock::ToolUse(call) => call.name.contains(marker) || call.input.contains(marker),
        // Nobody but its provider reads it.
        ModelBlock::Opaque(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_sound_like_a_change_are_told_from_others() {
        for name in ["kubectl_apply", "patchDeployment", "scale-up", "Delete.Pod", "run", "functions.exec"] {
            assert!(sounds_like_a_write(name), "{name}");
        }
        for name in ["get", "settings", "top", "describe_pod", "prometheus_query", "", "runtime", "created_at"] {
            assert!(!sounds_like_a_write(name), "{name}");
        }
    }
}
