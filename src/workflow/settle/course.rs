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
    /// For how long what runs has been running and ready at the last look, by the cluster's own times.
    steady: Duration,
    /// When everything may be looked at again, and how long after that.
    whole: (Duration, Duration),
}

impl Course {
    pub(super) fn begin(patience: Patience, now: Duration) -> Self {
        Self { begun: now, patience, state: State::Open, ill_since: None, steady: Duration::ZERO, whole: (now, WHOLE_AGAIN) }
    }

    /// A look at what the checks are about. What was started again, or is gone, starts the window again; what ended lengthens it.
    pub(super) fn saw(&mut self, look: &Look, now: Duration) {
        let longer = unsigned(proof::beyond(look.life)).min(self.patience.longest);
        self.steady = unsigned(look.steady);
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

    /// For how long everything is known to have held. A call counts what the cluster's times say, once it has watched for a while itself.
    fn proved(&self, now: Duration) -> Duration {
        let held = self.held_for(now);
        match self.patience.call {
            Some(call) if self.since().is_some() && held >= call.watched => held.max(self.steady),
            Some(_) | None => held,
        }
    }

    /// Whether everything has held through the window.
    pub(super) fn is_settled(&self, now: Duration) -> bool {
        self.since().is_some() && self.proved(now) >= self.patience.window
    }

    /// How much of the window lies beyond what is known, where everything holds.
    pub(super) fn missing(&self, now: Duration) -> Option<Missing> {
        self.since()?;
        let (proved, window) = (self.proved(now), self.patience.window);
        Some(Missing { proved, window })
    }

    /// When the call is over, whatever holds.
    pub(super) fn call_ends(&self) -> Option<Duration> {
        self.patience.call.map(|call| self.begun.saturating_add(call.within))
    }

    /// Whether the call is over, or ends before the window can.
    fn is_call_over(&self, now: Duration) -> bool {
        let (Some(call), Some(end)) = (self.patience.call, self.call_ends()) else { return false };
        let missing = self.missing(now).filter(|_| self.held_for(now) >= call.watched).map_or(Duration::ZERO, |missing| missing.left());
        now.saturating_add(missing) >= end
    }

    fn end(&self) -> Duration {
        self.begun.saturating_add(self.patience.wait)
    }

    /// Whether waiting is over. What began to hold in time may hold to the window's end.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        self.is_call_over(now) || (now >= self.end() && self.since().is_none_or(|since| since > self.end()))
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

    /// While everything holds: until the window ends, or until the cluster's own times count.
    fn next_step(&self, now: Duration) -> Duration {
        let unwatched = self.patience.call.map(|call| call.watched.saturating_sub(self.held_for(now))).filter(|left| !left.is_zero());
        unwatched.unwrap_or_else(|| self.patience.window.saturating_sub(self.proved(now)))
    }

    /// How long to wait for news.
    pub(super) fn pause(&self, now: Duration) -> Duration {
        let left = match self.since() {
            Some(_) => self.next_step(now),
            None => self.end().saturating_sub(now),
        };
        let left = self.call_ends().map_or(left, |end| left.min(end.saturating_sub(now)));
        left.clamp(Duration::from_millis(20), LOOK_AGAIN)
    }

    /// That everything holds, in words.
    pub(super) fn in_words(&self, now: Duration) -> Option<String> {
        self.missing(now).map(|missing| missing.in_words())
    }
}

/// What a window lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing {
    proved: Duration,
    window: Duration,
}

impl Missing {
    fn left(self) -> Duration {
        self.window.saturating_sub(self.proved)
    }

    fn in_words(self) -> String {
        format!("all success checks pass, for {} of {} s", self.proved.as_secs(), self.window.as_secs())
    }

    /// What is said where a call cannot wait for it.
    pub(super) fn again(self) -> String {
        let left = self.left().as_millis().div_ceil(1_000).max(1);
        format!("{}, which is more than one call waits for: validate again in {left} s", self.in_words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::plan::RemediationPlan;
    use crate::workflow::timing::{Timing, signed};
    use proptest::prelude::*;

    const CALL: Duration = Duration::from_secs(45);

    fn plan(settle: u64, wait: u64) -> RemediationPlan {
        let mut plan = crate::planner::example::image_plan(1);
        (plan.judged.settle, plan.judged.wait) = (signed(Duration::from_secs(settle)), signed(Duration::from_secs(wait)));
        plan
    }

    /// Follows a course as watching does: what is seen at a time holds since then or not, and was steady for so long.
    fn followed(patience: Patience, holds_from: u64, steady: u64, life: u64) -> (Duration, bool) {
        let mut now = Duration::ZERO;
        let mut course = Course::begin(patience, now);
        loop {
            let holds = now >= Duration::from_secs(holds_from);
            let steady = Duration::from_secs(steady).saturating_add(now);
            let look = Look::standing(holds, signed(if holds { steady } else { Duration::ZERO }), signed(Duration::from_secs(life)));
            course.saw(&look, now);
            if course.is_settled(now) || course.is_over(now) {
                return (now, course.is_settled(now));
            }
            now = now.saturating_add(course.pause(now));
        }
    }

    proptest! {
        /// Any plan that can be, any operator's times, and whatever is seen.
        #[test]
        fn validation_by_itself_ends_within_its_call(
            settle in 0_u64..=15 * 60, wait in 0_u64..=15 * 60, own in 0_u64..600, within in 0_u64..3_600,
            holds_from in 0_u64..120, steady in 0_u64..2_000, life in 0_u64..2_000, runs in any::<bool>(),
        ) {
            let timing = Timing { settle: Duration::from_secs(own), validate_within: Duration::from_secs(within), ..Timing::default() };
            let patience = timing.patience(&plan(settle, wait)).within(CALL, runs);
            let (ended, _) = followed(patience, holds_from, steady, life);
            prop_assert!(ended <= CALL, "{ended:?}");
        }
    }

    #[test]
    fn what_the_clusters_times_prove_counts_for_a_call_and_only_there() {
        let timing = Timing::default();
        let slow = timing.patience(&plan(90, 0));
        assert_eq!(followed(slow, 0, 600, 0), (Duration::from_secs(90), true), "after a change all of it is watched");
        assert_eq!(followed(slow.within(CALL, true), 0, 600, 0), (Duration::from_secs(5), true));
        assert_eq!(followed(slow.within(CALL, true), 0, 60, 0), (Duration::from_secs(30), true), "what is missing is watched");
        let (ended, settled) = followed(slow.within(CALL, true), 0, 10, 0);
        assert_eq!((ended, settled), (Duration::from_secs(5), false), "what cannot be watched in the call is not waited for");
    }

    #[test]
    fn who_has_to_call_again_hears_when() {
        let missing = Missing { proved: Duration::from_secs(12), window: Duration::from_secs(90) };
        assert_eq!(
            missing.again(),
            "all success checks pass, for 12 of 90 s, which is more than one call waits for: validate again in 78 s"
        );
    }
}
