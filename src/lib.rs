//! kubemend: finds why a Kubernetes workload is broken, shows the exact fix, asks for approval, applies it, and verifies the result.

mod agent;
pub mod analyze;
pub mod app;
pub mod call;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod execute;
pub mod facts;
#[cfg(any(test, fuzzing))]
pub mod foreign;
pub mod mcp;
pub mod model;
mod planner;
pub mod ports;
pub mod probe;
pub mod recording;
mod session;
pub mod sim;
pub mod store;
mod validate;
pub mod workflow;
