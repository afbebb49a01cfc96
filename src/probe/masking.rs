//! Masks what a look brought beside the runtime's threads, and not for ever: an object or a log can be large, and other calls wait.

use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// As long as a look may take to be masked: a log of a megabyte takes a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// It took longer; nothing of it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Late;

/// What this work makes of what was read. Work that nobody waits for any more ends by itself, since it is bounded.
pub(super) async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Late> {
    within(PATIENCE, work).await
}

async fn within<T: Send + 'static>(patience: Duration, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Late> {
    match timeout(patience, spawn_blocking(work)).await {
        Ok(Ok(made)) => Ok(made),
        // A panic here is one there; the runtime cancels nothing that runs.
        Ok(Err(error)) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Late),
        },
        Err(_) => Err(Late),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_takes_too_long_is_not_waited_for() {
        let slow = || std::thread::sleep(Duration::from_millis(300));
        assert_eq!(within(Duration::from_millis(20), slow).await, Err(Late));
        assert_eq!(within(PATIENCE, || 1).await, Ok(1));
    }
}
