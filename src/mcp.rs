//! Surface: the Model Context Protocol over stdio. Owns stdout, which carries nothing but protocol.
//! Three tools, both lifecycles (`initialize` up to 2025-11-25, and the stateless one of 2026-07-28), and consent through the client.

pub mod backend;
mod consent;
mod error;
mod progress;
mod server;
mod tools;
mod wire;

pub use backend::{Backend, UseCases};
pub use server::{ServeError, serve, serve_over};
pub use tools::tool_list;
pub use wire::{REPORT_SCHEMA_URI, report_schema};
