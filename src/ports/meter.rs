//! What a call costs the API server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the requests of one call, for the report's `usage`. Clones count together, so that its reader and the writer share one.
#[derive(Debug, Clone, Default)]
pub struct RequestMeter(Arc<AtomicU64>);

impl RequestMeter {
    /// Counts one request more, when it is about to leave.
    pub fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// How many there were so far.
    pub fn total(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
