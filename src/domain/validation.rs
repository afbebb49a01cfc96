//! Whether it helped, judged on fresh observations.

use super::check::Check;
use super::ending::Ending;
use jiff::{SignedDuration, Timestamp};

/// The verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every check held through the settle window.
    Resolved,
    /// The cause is gone, and something that belongs to the issue is still broken.
    Partly,
    /// A check did not hold when the time was over.
    Unresolved,
    /// It could not be told.
    Unclear,
}

/// How a change ends that was to cure something.
impl From<Verdict> for Ending {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Resolved => Ending::Resolved,
            Verdict::Partly => Ending::Partly,
            Verdict::Unresolved => Ending::Unresolved,
            Verdict::Unclear => Ending::Unclear,
        }
    }
}

impl Verdict {
    /// Every verdict.
    pub const ALL: &[Verdict] = &[Verdict::Resolved, Verdict::Partly, Verdict::Unresolved, Verdict::Unclear];

    /// `resolved`, `partly`, `unresolved`, `unclear`.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Resolved => "resolved",
            Verdict::Partly => "partly",
            Verdict::Unresolved => "unresolved",
            Verdict::Unclear => "unclear",
        }
    }

    /// The inverse of [`Verdict::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|v| v.as_str() == text)
    }
}

/// One check, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult {
    /// What was checked.
    pub check: Check,
    /// Whether it holds; `None` when it could not be seen.
    pub passed: Option<bool>,
    /// What was seen, in words.
    pub observed: String,
}

/// The result of watching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The verdict.
    pub verdict: Verdict,
    /// Every check, as last seen.
    pub checks: Vec<CheckResult>,
    /// How long all checks had held without a break.
    pub settled_for: SignedDuration,
    /// When the verdict fell.
    pub at: Timestamp,
    /// Why, where the checks alone do not say it.
    pub why: Option<String>,
}
