//! Surface: the Model Context Protocol over stdio. Owns stdout, which carries nothing but protocol.
//! Three tools, both lifecycles (`initialize` up to 2025-11-25, and the stateless one of 2026-07-28), and consent through the client.
//! Only what the protocol wants is here; what any surface would need is in `call`.

mod bounds;
mod consent;
mod desk;
mod dialog;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod late;
mod progress;
mod prompt;
mod resources;
mod seen;
mod server;
mod tool_call;
mod tools;
mod transport;
mod wire;

pub use crate::call::{REPORT_SCHEMA_URI, report_schema};
pub use server::{ServeError, serve, serve_over};
pub use tools::{tool_list, tools_for};
