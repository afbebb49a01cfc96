//! Pods that no node can take.

pub(super) mod sched_nodeselector_no_match;
