//! Pods that no node can take.

mod affinity;
mod labels;
mod required;
pub(super) mod sched_nodeselector_no_match;
pub(super) mod sched_volume_elsewhere;
mod tolerations;
mod wanting;
