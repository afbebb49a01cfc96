//! How a check stands: it holds, or it does not, or it does not yet and nothing speaks against it, or nobody can tell.

use crate::domain::check::Check;
use crate::domain::object::ObjectRef;
use crate::domain::validation::CheckResult;
use crate::facts::{Facts, unread};

/// See the file's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stand {
    Holds,
    /// What has to come is under way.
    NotYet,
    Fails,
    /// It could not be read, or what it is about is gone.
    Unseen,
    /// Nothing is meant to run that could show it.
    Idle,
}

impl Stand {
    /// As a report has it: `None` where nobody can tell.
    pub(crate) fn passed(self) -> Option<bool> {
        match self {
            Stand::Holds => Some(true),
            Stand::NotYet | Stand::Fails => Some(false),
            Stand::Unseen | Stand::Idle => None,
        }
    }

    pub(super) fn holds_if(it: bool) -> Self {
        if it { Stand::Holds } else { Stand::Fails }
    }

    /// Where it does not hold: whether that is only a matter of time.
    pub(super) fn or_not_yet_if(self, coming: impl FnOnce() -> bool) -> Self {
        if self == Stand::Fails && coming() { Stand::NotYet } else { self }
    }
}

/// How it stands, and what was seen.
pub(crate) type Observed = (Stand, String);

/// A check, how it stands, and what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) check: Check,
    pub(crate) stand: Stand,
    pub(crate) observed: String,
}

impl Checked {
    /// As it is recorded.
    pub(crate) fn result(&self) -> CheckResult {
        CheckResult { check: self.check.clone(), passed: self.stand.passed(), observed: self.observed.clone() }
    }
}

/// Absent from a whole list means absent; from a partial one it means unknown.
pub(super) fn absent(object: &ObjectRef, facts: &Facts<'_>) -> Observed {
    let stand = if facts.is_whole(&object.kind) { Stand::Fails } else { Stand::Unseen };
    (stand, unread::object(object, facts.snapshot()))
}
