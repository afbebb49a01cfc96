//! What time it is where the cluster is: the API server says so with every answer, and its clock made the times of all objects.

use http::{HeaderMap, header};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use std::sync::{Mutex, PoisonError};
use tokio::time::Instant;

/// The newest time that the server said, and when it came, by a clock that only goes forward.
#[derive(Debug, Default)]
pub(super) struct ServerTime(Mutex<Option<(Timestamp, Instant)>>);

impl ServerTime {
    /// Takes what the head of an answer says; a server that says nothing, or no time, leaves what was known.
    pub(super) fn take(&self, head: &HeaderMap) {
        let said = head.get(header::DATE).and_then(|date| date.to_str().ok());
        if let Some(at) = said.and_then(|date| DateTimeParser::new().parse_timestamp(date).ok()) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Instant::now()));
        }
    }

    /// Now, to the second; `None` before the server said anything.
    pub(super) fn now(&self) -> Option<Timestamp> {
        let (at, came) = (*self.0.lock().unwrap_or_else(PoisonError::into_inner))?;
        at.checked_add(SignedDuration::try_from(came.elapsed()).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn head(date: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::DATE, date.parse().unwrap())])
    }

    #[tokio::test(start_paused = true)]
    async fn the_servers_clock_goes_on_between_its_answers() {
        let time = ServerTime::default();
        assert_eq!(time.now(), None);
        time.take(&head("Mon, 23 Nov 2026 12:00:00 GMT"));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(time.now(), Some("2026-11-23T12:01:30Z".parse().unwrap()));
        for nothing in [head("yesterday"), head(""), HeaderMap::new()] {
            time.take(&nothing);
            assert_eq!(time.now(), Some("2026-11-23T12:01:30Z".parse().unwrap()));
        }
        time.take(&head("Mon, 23 Nov 2026 11:00:00 GMT"));
        assert_eq!(time.now(), Some("2026-11-23T11:00:00Z".parse().unwrap()), "the newest answer counts");
    }
}
