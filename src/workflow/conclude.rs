//! The rules at work on a snapshot, beside the runtime's threads: a large namespace keeps one of them busy for a while.

use crate::analyze;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::snapshot::Snapshot;
use crate::facts::Facts;
use tokio_util::sync::CancellationToken;

/// What a snapshot led to.
pub(super) struct Concluded<T> {
    pub(super) snapshot: Snapshot,
    pub(super) diagnosis: Diagnosis,
    /// What was asked besides, while the facts were at hand.
    pub(super) answer: T,
}

/// Runs the rules, then asks what else is wanted of the facts. `None` when the call was cancelled on the way.
/// Dropping the future ends the work too, after a few hundred objects more.
pub(super) async fn conclude<T: Send + 'static>(
    snapshot: Snapshot,
    cancel: &CancellationToken,
    ask: impl FnOnce(&Facts<'_>, &mut Diagnosis) -> T + Send + 'static,
) -> Option<Concluded<T>> {
    let stop = cancel.child_token();
    let guard = stop.clone().drop_guard();
    let work = tokio::task::spawn_blocking(move || {
        let stopped = || stop.is_cancelled();
        let facts = Facts::until(&snapshot, &stopped);
        let mut diagnosis = analyze::analyze(&facts)?;
        let answer = ask(&facts, &mut diagnosis);
        drop(facts);
        Some(Concluded { snapshot, diagnosis, answer })
    });
    let concluded = match work.await {
        Ok(concluded) => concluded,
        // A panic in a rule is one here, as if it had been called directly; the runtime cancels nothing that runs.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => None,
        },
    };
    drop(guard);
    concluded
}
