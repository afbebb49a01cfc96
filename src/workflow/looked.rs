//! What looks led to: the session as it stands, and an answer to each.

use super::brief::{Brief, news, observation};
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

/// What to do with observations.
pub const NEXT: &str =
    "Nothing was changed. Look again with analyze, or, once you can name the cause, tell the user with the ids of what shows it.";

impl Looked {
    /// The session, what is still not explained, and what the looks brought.
    pub fn in_brief(self) -> Brief {
        let what = |answer: &ObservationView| answer.id.clone().unwrap_or_else(|| format!("nothing for `{}`", answer.asked));
        let got: Vec<String> = self.answers.iter().map(what).collect();
        let summary = format!("Observed: {}.\n{NEXT}", got.join(", "));
        let observations = self.answers.into_iter().map(observation).collect();
        Brief { summary, advice: Vec::new(), coverage: None, observations, ..news(&self.report) }
    }
}
