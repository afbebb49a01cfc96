//! Steps over lists: counted, and ended when somebody says stop, or when work that has a time of its own needs more.

use std::cell::Cell;
use std::fmt;

/// Whether to stop is asked once in so many steps: often enough for a millisecond, rarely enough to cost nothing.
const BETWEEN_QUESTIONS: u64 = 256;

/// How far a walk over facts has come.
pub struct Walk<'a> {
    steps: Cell<u64>,
    stopped: Cell<bool>,
    stop: &'a dyn Fn() -> bool,
    late: &'a dyn Fn() -> bool,
    /// Whether what runs has a time of its own.
    timed: Cell<bool>,
    /// It needed more: its lists end.
    cut: Cell<bool>,
    hurried: Cell<bool>,
}

impl<'a> Walk<'a> {
    /// For as long as `stop` says no. It is asked every few hundred steps; once it says yes, every list ends.
    pub fn until(stop: &'a dyn Fn() -> bool) -> Self {
        Self {
            steps: Cell::new(0),
            stopped: Cell::new(stop()),
            stop,
            late: &|| false,
            timed: Cell::new(false),
            cut: Cell::new(false),
            hurried: Cell::new(false),
        }
    }

    /// The same, where there is no time left for what is done `in_time` once `late` says so. It is asked as often.
    #[must_use]
    pub fn hurried(self, late: &'a dyn Fn() -> bool) -> Self {
        Self { late, ..self }
    }

    /// What the work leads to. `None` where there was no time for all of it: then it found only a part.
    pub(crate) fn in_time<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let begun = !(self.late)();
        self.timed.set(true);
        let done = begun.then(work);
        self.timed.set(false);
        let whole = !self.cut.replace(false) && begun;
        self.hurried.set(self.hurried.get() || !whole);
        done.filter(|_| whole)
    }

    /// Whether there was not enough time for something.
    pub(crate) fn was_hurried(&self) -> bool {
        self.hurried.get()
    }

    /// Work whose result is kept for others: it takes the time that it needs, whoever asks first.
    pub(super) fn whole<T>(&self, work: impl FnOnce() -> T) -> T {
        let (timed, cut) = (self.timed.replace(false), self.cut.replace(false));
        let done = work();
        self.timed.set(timed);
        self.cut.set(cut);
        done
    }

    /// One step more; whether it may be taken.
    pub(super) fn step(&self) -> bool {
        let steps = self.steps.get().saturating_add(1);
        self.steps.set(steps);
        if steps.is_multiple_of(BETWEEN_QUESTIONS) {
            self.stopped.set(self.stopped.get() || (self.stop)());
            self.cut.set(self.cut.get() || (self.timed.get() && (self.late)()));
        }
        !self.stopped.get() && !self.cut.get()
    }

    /// How many objects were looked at so far: a measure of work that needs no clock.
    pub fn steps(&self) -> u64 {
        self.steps.get()
    }

    /// Whether to stop was answered with yes: what was found since is not all there is.
    pub fn is_stopped(&self) -> bool {
        self.stopped.get()
    }
}

impl fmt::Debug for Walk<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} steps", self.steps.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_whose_time_is_over_ends_alone() {
        let over = Cell::new(false);
        let late = || over.get();
        let walk = Walk::until(&|| false).hurried(&late);
        let all = || (0..10_000).take_while(|_| walk.step()).count();
        assert_eq!((walk.in_time(all), walk.was_hurried()), (Some(10_000), false));
        let (kept, walked) = (Cell::new(0), Cell::new(0));
        let cut = walk.in_time(|| {
            over.set(true);
            // What is kept for others is whole, before the time is seen to be over and after it.
            kept.set(walk.whole(all));
            walked.set(all());
            kept.set(kept.get().min(walk.whole(all)));
        });
        assert_eq!((cut, kept.get(), walk.was_hurried()), (None, 10_000, true));
        assert!(walked.get() <= BETWEEN_QUESTIONS as usize, "{}", walked.get());
        assert_eq!(walk.in_time(|| walked.set(77)), None, "what comes too late is not begun");
        assert_eq!((walked.get() != 77, all(), walk.is_stopped()), (true, 10_000, false), "what has no time of its own goes on");
    }
}
