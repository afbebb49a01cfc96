//! Risk of a change: ordered, computed from what the change is, never lowered by anyone.

use std::fmt;

/// How much a change can hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Risk {
    /// One field of one workload, or a new claim.
    Low,
    /// Wider effect or a cost in availability.
    Medium,
    /// Data, cluster scope, security.
    High,
}

impl Risk {
    /// `low`, `medium`, `high`.
    pub fn as_str(self) -> &'static str {
        match self {
            Risk::Low => "low",
            Risk::Medium => "medium",
            Risk::High => "high",
        }
    }

    /// The inverse of [`Risk::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Risk::Low, Risk::Medium, Risk::High].into_iter().find(|r| r.as_str() == text)
    }
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
