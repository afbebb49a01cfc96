//! How far a session is.

/// How far a session is, for whoever waits for its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStage {
    /// It waits for an answer.
    Awaiting,
    /// It was answered, and is being carried out.
    Underway,
    /// Nothing is being done in it.
    AtRest,
}
