//! The rules (being written).
use crate::domain::{diagnosis::Diagnosis, snapshot::Snapshot};
/// Causes.
pub fn analyze(snapshot: &Snapshot) -> Diagnosis {
    Diagnosis { causes: vec![], unexplained: vec![], in_progress: vec![], unseen: snapshot.gaps.clone() }
}
