//! What was done. Partial success is the normal failure, so it is a value and not an error.

use super::nonempty::NonEmpty;
use jiff::Timestamp;

/// What became of one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepOutcome {
    /// The API server took it.
    Applied {
        /// When.
        at: Timestamp,
    },
    /// The object changed since the plan was made, or exists already: nothing was written.
    Refused {
        /// When.
        at: Timestamp,
        /// What the API server said.
        message: String,
    },
    /// It was sent and failed, or its answer was lost.
    Failed {
        /// When.
        at: Timestamp,
        /// What went wrong.
        message: String,
        /// The answer was lost: whether it took effect is not known.
        unknown: bool,
    },
    /// A step before it did not succeed, or the call was cancelled.
    NotReached,
}

/// What became of a plan, step by step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// In the plan's order.
    pub steps: NonEmpty<StepOutcome>,
    /// Outcomes of the undo steps, when the plan was reverted.
    pub reverted: Option<Vec<StepOutcome>>,
    /// The caller went away before all was sent.
    pub cancelled: bool,
}

impl Execution {
    /// Every step was applied.
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|s| matches!(s, StepOutcome::Applied { .. }))
    }

    /// A step's answer was lost.
    pub fn is_unknown(&self) -> bool {
        self.steps.iter().any(|s| matches!(s, StepOutcome::Failed { unknown: true, .. }))
    }
}
