//! What is believed, on which evidence, and what could not be seen.

use super::cause::Cause;
use super::evidence::{EvidenceList, Gap};
use super::finding::{Advice, Symptom};

/// What was concluded from a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagnosis {
    /// Independent causes, most certain and most severe first.
    pub causes: Vec<Cause>,
    /// What they rest on.
    pub evidence: EvidenceList,
    /// Symptoms that no cause explains: with these and no cause, the result is inconclusive, never healthy.
    pub unexplained: Vec<Symptom>,
    /// Changes that are still going on, such as a rollout: not faults.
    pub in_progress: Vec<Advice>,
    /// What could not be seen.
    pub unseen: Vec<Gap>,
}
