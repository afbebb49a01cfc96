//! How long anything is waited for: what the operator gives it, and what a plan takes by itself.

use crate::domain::plan::RemediationPlan;
use jiff::SignedDuration;
use std::time::Duration;

/// How long validation may take, and how long all must hold.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// All checks must hold this long without a break: 5 seconds unless configured. A plan may need longer.
    pub settle: Duration,
    /// So long any change is given until the checks begin to hold: two minutes, which covers a pull and a start, unless configured. What a
    /// workload's own template takes comes on top.
    pub validate_within: Duration,
    /// How long a plan waits for an answer: 15 minutes.
    pub plan_ttl: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { settle: Duration::from_secs(5), validate_within: Duration::from_secs(120), plan_ttl: Duration::from_secs(15 * 60) }
    }
}

impl Timing {
    /// Adds the operator's times to what a new plan takes by itself. What is told before the yes is what is waited for after it.
    pub(super) fn tell(&self, plan: &mut RemediationPlan) {
        let judged = &mut plan.judged;
        judged.settle = whole(judged.settle.max(signed(self.settle)));
        judged.wait = whole(judged.wait.saturating_add(signed(self.validate_within)));
    }

    /// For a plan that was told: at least that, and what the operator wants now.
    pub(super) fn patience(&self, plan: &RemediationPlan) -> Patience {
        Patience {
            wait: unsigned(plan.judged.wait).max(self.validate_within),
            longest: unsigned(plan.judged.wait).max(self.validate_within),
            window: unsigned(plan.judged.settle).max(self.settle),
            calm: self.settle,
            call: None,
        }
    }
}

/// How long is waited for one plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until everything begins to hold.
    pub(super) wait: Duration,
    /// A container that ended lengthens the window as far as this.
    pub(super) longest: Duration,
    /// How long it must hold then.
    pub(super) window: Duration,
    /// How long something may look wrong until it is asked what else is.
    pub(super) calm: Duration,
    /// Where it has to end within a client's call: how.
    pub(super) call: Option<Call>,
}

/// What a call can wait for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    /// All of it, from its beginning.
    pub(super) within: Duration,
    /// So much of the window has to be watched. For the rest counts what the cluster's own times prove.
    pub(super) watched: Duration,
}

/// Most of a window that a call watches itself: it has to leave time for things to begin to hold.
const MOST_WATCHED: Duration = Duration::from_secs(20);

impl Patience {
    /// The same for a call of which so much time is left. Where nothing runs whose own times could prove that it held for longer, only
    /// what can be watched is asked for.
    pub(super) fn within(self, left: Duration, something_runs: bool) -> Self {
        let watched = self.calm.min(MOST_WATCHED).min(left);
        let window = if something_runs { self.window } else { self.window.min(watched) };
        Self { wait: self.wait.min(left.saturating_sub(watched)), window, call: Some(Call { within: left, watched }), ..self }
    }

    /// All of it: a container that ends lengthens the window, as far as the waiting may take.
    pub(super) fn at_most(&self) -> Duration {
        self.wait.saturating_add(self.window.max(self.wait))
    }
}

/// To the next whole second: what is said is what is waited for.
fn whole(duration: SignedDuration) -> SignedDuration {
    let rest = if duration.subsec_nanos() > 0 { 1 } else { 0 };
    SignedDuration::from_secs(duration.as_secs().saturating_add(rest))
}

pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

pub(super) fn unsigned(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::ZERO)
}
