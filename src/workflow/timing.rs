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
            window: unsigned(plan.judged.settle).max(self.settle),
            calm: self.settle,
        }
    }
}

/// How long is waited for one plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// Until everything begins to hold.
    pub(super) wait: Duration,
    /// How long it must hold then.
    pub(super) window: Duration,
    /// How long something may look wrong until it is asked what else is.
    pub(super) calm: Duration,
}

impl Patience {
    /// The same, but no longer than this until everything begins to hold.
    pub(super) fn within(self, limit: Duration) -> Self {
        Self { wait: self.wait.min(limit), ..self }
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
