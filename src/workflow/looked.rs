//! What looks led to: the session as it stands, and an answer to each.

use super::observed::ObservationView;
use super::report::Report;

/// The session as it stands, and the answer to each look, in the order in which they were asked.
#[derive(Debug)]
pub struct Looked {
    /// The session's report.
    pub report: Report,
    /// One for each look.
    pub answers: Vec<ObservationView>,
}
