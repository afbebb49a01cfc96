//! What an answer said that came too late.

/// What a late answer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LateAnswer {
    /// To apply the plan.
    Yes,
    /// To change nothing.
    No,
}

impl LateAnswer {
    /// As the trail says it.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            LateAnswer::Yes => "approved",
            LateAnswer::No => "declined",
        }
    }
}
