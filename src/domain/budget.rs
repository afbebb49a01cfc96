//! What an investigation with a model may take, and what all of one day may: the operator's bounds.

use super::prices::Cost;
use std::time::Duration;

/// The bounds of one investigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Answers of the model.
    pub turns: u32,
    /// Tokens of all its answers and of all that is sent for them.
    pub tokens: u64,
    /// From the first question to the last answer.
    pub time: Duration,
    /// Where prices are set.
    pub cost: Option<Cost>,
}

/// The bounds of all investigations of one process in one day, beside those of each: who calls again and again does not spend more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Daily {
    /// Sent and received.
    pub tokens: u64,
    /// Where prices are set.
    pub cost: Option<Cost>,
}

impl Default for Daily {
    /// More than a hundred typical cases, and sixteen that take all that one may.
    fn default() -> Self {
        Self { tokens: 1_000_000, cost: None }
    }
}

impl Default for Budget {
    /// A typical case takes three answers and 8,000 tokens: this is several times as much, and two minutes are what a client waits for a
    /// call that reports progress.
    fn default() -> Self {
        Self { turns: 8, tokens: 60_000, time: Duration::from_secs(120), cost: None }
    }
}
