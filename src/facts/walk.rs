//! Steps over lists: counted, and ended when somebody says stop.

use std::cell::Cell;
use std::fmt;

/// Whether to stop is asked once in so many steps: often enough for a millisecond, rarely enough to cost nothing.
const BETWEEN_QUESTIONS: u64 = 256;

/// How far a walk over facts has come.
pub(super) struct Walk<'a> {
    steps: Cell<u64>,
    stopped: Cell<bool>,
    stop: &'a dyn Fn() -> bool,
}

impl<'a> Walk<'a> {
    pub(super) fn until(stop: &'a dyn Fn() -> bool) -> Self {
        Self { steps: Cell::new(0), stopped: Cell::new(stop()), stop }
    }

    /// One step more; whether it may be taken.
    pub(super) fn step(&self) -> bool {
        let steps = self.steps.get().saturating_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(BETWEEN_QUESTIONS) && (self.stop)() {
            self.stopped.set(true);
        }
        !self.stopped.get()
    }

    pub(super) fn steps(&self) -> u64 {
        self.steps.get()
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.get()
    }
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps", self.steps.get())
    }
}
