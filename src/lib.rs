//! kubemend: names why a Kubernetes workload is broken, shows the exact fix, asks, applies it, and proves that it helped.

pub mod analyze;
pub mod cli;
pub mod cluster;
pub mod domain;
pub mod execute;
pub mod mcp;
mod planner;
pub mod ports;
mod session;
pub mod sim;
mod validate;
pub mod workflow;
