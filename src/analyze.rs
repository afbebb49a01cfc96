//! The rules: from a frozen [`Snapshot`] to what is believed about it. Pure; nothing here reads, waits or writes.
//! One file per cause, in a folder per family; `incident`, `settled` and `symptoms` make one picture of them.

mod advise;
mod aim;
mod config;
mod image;
mod incident;
mod names;
mod network;
mod scheduling;
mod seen;
mod settled;
mod storage;
mod symptoms;
#[cfg(test)]
mod testing;

use crate::domain::diagnosis::Diagnosis;
use crate::domain::finding::{Code, Finding};
use crate::domain::snapshot::Snapshot;

/// A rule: the cause that it knows, and how it looks for it.
#[derive(Debug, Clone, Copy)]
pub struct Analyzer {
    /// The cause's stable name.
    pub code: Code,
    /// Everything that this rule finds in a snapshot.
    pub look: fn(&Snapshot) -> Vec<Finding>,
}

/// Every rule, most severe kind of cause first: causes that are equally certain are reported in this order.
pub const ANALYZERS: &[Analyzer] = &[
    Analyzer { code: storage::pvc_missing::CODE, look: storage::pvc_missing::look },
    Analyzer { code: storage::pvc_claim_name_typo::CODE, look: storage::pvc_claim_name_typo::look },
];

/// What is wrong, what is only under way, and what nobody can explain yet.
pub fn analyze(snapshot: &Snapshot) -> Diagnosis {
    let findings = ANALYZERS.iter().flat_map(|a| (a.look)(snapshot)).collect();
    incident::conclude(snapshot, findings)
}
