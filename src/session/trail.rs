//! Append-only: who did what, when.

use jiff::Timestamp;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) what: String,
}

/// What happened, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail(Vec<Entry>);

impl Trail {
    pub(crate) fn note(&mut self, at: Timestamp, who: &str, what: &str) {
        self.0.push(Entry { at, who: who.chars().take(200).collect(), what: what.chars().take(500).collect() });
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn from_entries(entries: Vec<Entry>) -> Self {
        Self(entries)
    }
}
