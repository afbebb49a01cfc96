//! The rules at work on a snapshot, beside the runtime's threads: a large namespace keeps one of them busy for a while.

use crate::analyze;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::snapshot::Snapshot;
use crate::facts::{Facts, Walk};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long the rules may take, all together: many times what they take on 20,000 Pods of broken workloads (`make scale`), and a quarter
/// of the minute after which clients give up on a call. The rules that are left are a gap of the diagnosis.
const RULES: Duration = Duration::from_secs(15);

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
    within(RULES, snapshot, cancel, ask).await
}

async fn within<T: Send + 'static>(
    time: Duration,
    snapshot: Snapshot,
    cancel: &CancellationToken,
    ask: impl FnOnce(&Facts<'_>, &mut Diagnosis) -> T + Send + 'static,
) -> Option<Concluded<T>> {
    let stop = cancel.child_token();
    let guard = stop.clone().drop_guard();
    let work = tokio::task::spawn_blocking(move || {
        let stopped = || stop.is_cancelled();
        let began = Instant::now();
        let late = || began.elapsed() >= time;
        let facts = Facts::until(&snapshot, Walk::until(&stopped).hurried(&late));
        let mut diagnosis = analyze::analyze(&facts)?;
        let answer = ask(&facts, &mut diagnosis);
        // What was asked of facts that were stopped is as little an answer as a part of a diagnosis is a diagnosis.
        let stopped = facts.pace().is_stopped();
        drop(facts);
        (!stopped).then_some(Concluded { snapshot, diagnosis, answer })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::issue::Scope;
    use jiff::Timestamp;

    fn empty() -> Snapshot {
        Snapshot::empty(crate::planner::example::cluster("test"), Scope::All, Timestamp::UNIX_EPOCH)
    }

    async fn asked(cancel: &CancellationToken, cancelled_on_the_way: bool) -> Option<usize> {
        let own = cancel.clone();
        let count = move |facts: &Facts<'_>, _: &mut Diagnosis| {
            if cancelled_on_the_way {
                own.cancel();
            }
            facts.walk(0..10_000).count()
        };
        conclude(empty(), cancel, count).await.map(|concluded| concluded.answer)
    }

    #[tokio::test]
    async fn rules_whose_time_is_over_are_a_gap_and_what_is_asked_after_them_is_answered_whole() {
        for (time, gaps) in [(Duration::ZERO, 1), (RULES, 0)] {
            let count = |facts: &Facts<'_>, _: &mut Diagnosis| (facts.pace().was_hurried(), facts.walk(0..10_000).count());
            let Concluded { diagnosis, answer, .. } = within(time, empty(), &CancellationToken::new(), count).await.unwrap();
            assert_eq!((diagnosis.unseen.len(), answer), (gaps, (gaps > 0, 10_000)), "{:?}", diagnosis.unseen);
        }
    }

    #[tokio::test]
    async fn answer_that_was_cancelled_on_the_way_is_none() {
        let cancel = CancellationToken::new();
        assert_eq!(asked(&cancel, false).await, Some(10_000));
        assert_eq!(asked(&cancel, true).await, None);
    }
}
