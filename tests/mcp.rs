//! The MCP surface over streams in this process: both lifecycles, consent in both shapes, and what must not lead to a write.
//! Behind it is a double of the use cases, which writes down what would have been written.
#![expect(clippy::disallowed_methods, reason = "a test spawns the server beside itself and lives in real time")]

#[cfg(test)]
mod mcp {
    mod client;
    mod cluster;
    mod commands;
    mod consent;
    mod double;
    mod embedded;
    mod ends;
    mod faults;
    mod handshake;
    mod lines;
    mod one;
    mod program;
    mod progress;
    mod repeat;
    mod schema;
    mod stdio;
    mod wire;
}
