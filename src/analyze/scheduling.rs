//! Pods that no node can take.
