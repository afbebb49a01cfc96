//! kubemend: names why a Kubernetes workload is broken, shows the exact fix, asks, applies it, and proves that it helped.

pub mod cluster;
pub mod domain;
pub mod mcp;
pub mod ports;
pub mod sim;
pub mod workflow;
