//! Pods that no node can take.

mod labels;
pub(super) mod sched_nodeselector_no_match;
