//! What lets connections reach Pods, or does not: the ports behind a Service, and the NetworkPolicies before Pods.

pub(crate) mod policies;
pub(crate) mod ports;
