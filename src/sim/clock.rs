//! The embedded cluster's clock, and times as Kubernetes writes them.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// Shows `start` when the cluster is made, and goes as tokio's time goes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    start: Timestamp,
    origin: Instant,
}

impl Clock {
    pub(super) fn starting_at(start: Timestamp) -> Self {
        Self { start, origin: Instant::now() }
    }

    /// Time since the cluster was made.
    pub(super) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }

    pub(super) fn now(&self) -> Timestamp {
        self.time_at(self.elapsed())
    }

    pub(super) fn time_at(&self, elapsed: Duration) -> Timestamp {
        self.start.checked_add(elapsed).unwrap_or(self.start)
    }

    /// Now, as `metav1.Time` is written.
    pub(super) fn now_text(&self) -> String {
        seconds(self.now())
    }

    /// Now, as `metav1.MicroTime` is written.
    pub(super) fn now_micro(&self) -> String {
        format!("{:.6}", self.now())
    }

    /// A time since the cluster was made, as tokio counts it.
    pub(super) fn at(&self, elapsed: Duration) -> Instant {
        self.origin + elapsed
    }
}

/// The longest time that a manifest or an image can ask for: ten years; what is longer, or no number, counts as that.
const LONGEST: u64 = 10 * 365 * 86_400;

/// A time span in seconds, as manifests say it.
pub(super) fn span(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0).min(LONGEST))
}

/// A time span in seconds and parts of them, as images say it.
pub(super) fn fine_span(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).map_or(Duration::from_secs(LONGEST), |span| span.min(Duration::from_secs(LONGEST)))
}

/// A time as `metav1.Time` is written.
pub(super) fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
