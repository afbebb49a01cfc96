//! Pods that no node can take.

mod affinity;
mod labels;
mod required;
pub(super) mod sched_nodeselector_no_match;
mod tolerations;
mod wanting;
