//! What a session has cost.

use super::prices::Cost;

/// What a session has cost so far; waiting for a human is not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Milliseconds of work.
    pub elapsed_ms: u64,
    /// Requests to the API server.
    pub api_calls: u64,
    /// Calls of a model.
    pub model_calls: u64,
    /// Tokens sent to it.
    pub input_tokens: u64,
    /// Those of them that its provider had in its cache.
    pub cached_tokens: u64,
    /// Tokens that it sent.
    pub output_tokens: u64,
    /// What that costs, where prices are set.
    pub cost: Option<Cost>,
}
