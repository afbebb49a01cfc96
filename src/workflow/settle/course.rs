//! Where the waiting stands: nothing holds yet, or everything has held since then. All of it is measured with a clock that nobody sets.

use super::look::Look;
use crate::facts::{newest, proof};
use crate::workflow::timing::{Patience, unsigned};
use std::time::Duration;

/// Without a change seen, look again after this: time alone turns a start into a fault.
pub(super) const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long after a look at everything the next one is due, at first; each time it is twice as long.
const WHOLE_AGAIN: Duration = Duration::from_secs(15);

#[derive(Debug)]
enum State {
    /// Something does not hold, or is not known to.
    Open,
    /// Everything has held since, and this ran then.
    Held { since: Duration, starts: newest::Starts },
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Course {
    begun: Duration,
    patience: Patience,
    state: State,
    ill_since: Option<Duration>,
    /// When everything may be looked at again, and how long after that.
    whole: (Duration, Duration),
}

impl Course {
    pub(super) fn begin(patience: Patience, now: Duration) -> Self {
        Self { begun: now, patience, state: State::Open, ill_since: None, whole: (now, WHOLE_AGAIN) }
    }

    /// A look at what the checks are about. What was started again, or is gone, starts the window again; what ended lengthens it.
    pub(super) fn saw(&mut self, look: &Look, now: Duration) {
        let longer = unsigned(proof::beyond(look.life)).min(self.patience.wait);
        self.patience.window = self.patience.window.max(longer);
        self.state = match std::mem::replace(&mut self.state, State::Open) {
            _ if !look.holds() => State::Open,
            State::Held { since, starts } if look.runs_on(&starts) => State::Held { since, starts },
            State::Open | State::Held { .. } => State::Held { since: now, starts: look.starts.clone() },
        };
        self.ill_since = if look.ill { self.ill_since.or(Some(now)) } else { None };
    }

    /// What held is not known to hold any more.
    pub(super) fn lost(&mut self) {
        self.state = State::Open;
    }

    /// Whether another look shows the same.
    pub(super) fn is_confirmed_by(&self, look: &Look) -> bool {
        match &self.state {
            State::Held { starts, .. } => look.holds() && look.runs_on(starts),
            State::Open => false,
        }
    }

    fn since(&self) -> Option<Duration> {
        match self.state {
            State::Held { since, .. } => Some(since),
            State::Open => None,
        }
    }

    /// For how long everything has held.
    pub(super) fn held_for(&self, now: Duration) -> Duration {
        self.since().map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    pub(super) fn waited(&self, now: Duration) -> Duration {
        now.saturating_sub(self.begun)
    }

    /// Whether everything has held through the window.
    pub(super) fn is_settled(&self, now: Duration) -> bool {
        self.since().is_some() && self.held_for(now) >= self.patience.window
    }

    fn end(&self) -> Duration {
        self.begun.saturating_add(self.patience.wait)
    }

    /// Whether waiting is over. What began to hold in time may hold to the window's end.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.end() && self.since().is_none_or(|since| since > self.end())
    }

    /// Whether it is time to look at everything: something has been wrong for a while, which may be another cause's doing.
    pub(super) fn takes_everything(&mut self, now: Duration) -> bool {
        let (due, pause) = self.whole;
        let ill = self.ill_since.is_some_and(|since| now.saturating_sub(since) >= self.patience.calm);
        let takes = now >= due && ill && now < self.end();
        if takes {
            self.whole = (now.saturating_add(pause), pause.saturating_mul(2));
        }
        takes
    }

    /// How long to wait for news.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        let left = match self.since() {
            Some(_) => self.patience.window.saturating_sub(self.held_for(now)),
            None => self.end().saturating_sub(now),
        };
        left.clamp(Duration::from_millis(20), LOOK_AGAIN)
    }

    /// That everything holds, in words.
    pub(super) fn in_words(&self, now: Duration) -> Option<String> {
        self.since()?;
        Some(format!("all success checks pass, for {} of {} s", self.held_for(now).as_secs(), self.patience.window.as_secs()))
    }
}
