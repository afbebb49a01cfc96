//! When stand-ins want to be run again, and what they last did when. Times are counted since the cluster was made.

use std::{collections::BTreeMap, time::Duration};

#[derive(Debug, Default)]
pub(super) struct Timers {
    /// When a stand-in last did what it repeats, by its own key.
    pub(super) last_done: BTreeMap<String, Duration>,
    next_wake: Option<Duration>,
}

impl Timers {
    /// Asks to be run again at that time at the latest.
    pub(super) fn wake_at(&mut self, at: Duration) {
        self.next_wake = Some(self.next_wake.map_or(at, |earlier| earlier.min(at)));
    }

    /// The next time somebody asked for, and forgets it.
    pub(super) fn take_wake(&mut self) -> Option<Duration> {
        self.next_wake.take()
    }

    /// Whether `every` has passed since this was last done; then it counts as done now. Asks to be woken for the next time.
    pub(super) fn is_due(&mut self, now: Duration, key: &str, every: Duration) -> bool {
        let next = self.last_done.get(key).map(|last| *last + every);
        match next {
            Some(next) if next > now => {
                self.wake_at(next);
                false
            }
            Some(_) | None => {
                self.last_done.insert(key.to_owned(), now);
                self.wake_at(now + every);
                true
            }
        }
    }
}
