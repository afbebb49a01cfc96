//! What is going on while a call runs, for a progress line.

/// What is going on, for a progress line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the variants are the phases by name")]
pub enum Phase {
    Connecting,
    Collecting,
    Analyzing,
    Planning,
    Investigating,
    Rehearsing,
    AwaitingApproval,
    Executing,
    Validating,
    Done,
}

impl Phase {
    /// What a progress line begins with.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Connecting => "connecting",
            Phase::Collecting => "collecting",
            Phase::Analyzing => "analyzing",
            Phase::Planning => "planning",
            Phase::Investigating => "investigating",
            Phase::Rehearsing => "dry run",
            Phase::AwaitingApproval => "awaiting approval",
            Phase::Executing => "executing",
            Phase::Validating => "validating",
            Phase::Done => "done",
        }
    }
}
