//! kubemend: names why a Kubernetes workload is broken, shows the exact fix, asks, applies it, and proves that it helped.

pub mod analyze;
pub mod app;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod execute;
pub mod facts;
pub mod mcp;
mod planner;
pub mod ports;
mod session;
pub mod sim;
pub mod store;
mod validate;
pub mod workflow;
