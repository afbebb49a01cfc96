//! What an investigation has taken, held against its budget: whether it may ask once more, and whether that is the last time.

use crate::domain::budget::Budget;
use crate::domain::dialogue::Tokens;
use crate::domain::prices::Cost;
use std::fmt;
use std::time::Duration;

/// The longest answer, in tokens: a conclusion with five causes has some 1,500, and models that think need room before it.
pub(super) const ANSWER: u32 = 4_096;
/// Bytes of all observations that are shown: ten times what a typical case needs.
const SHOWN: usize = 96 * 1024;
/// Bytes of a token, where a provider does not say how many there were: YAML and logs have about three.
const BYTES_OF_A_TOKEN: u64 = 3;

/// A bound that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Turns(u32),
    Tokens(u64),
    Time(Duration),
    Cost(Cost),
    Shown,
}

/// As a sentence goes on after "because".
impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bound::Turns(turns) => write!(f, "its {turns} answers are used up (`model-turns`)"),
            Bound::Tokens(tokens) => write!(f, "its {tokens} tokens are used up (`model-tokens`)"),
            Bound::Time(time) => write!(f, "its {} seconds are used up (`model-seconds`)", time.as_secs()),
            Bound::Cost(cost) => write!(f, "its {cost} are used up (`model-cost`)"),
            Bound::Shown => f.write_str("as much of the cluster was shown as one investigation may show"),
        }
    }
}

/// What was taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spending {
    pub(crate) turns: u32,
    pub(crate) tokens: Tokens,
    /// `None` where nobody said what an answer costs.
    pub(crate) cost: Option<Cost>,
    shown: usize,
}

impl Spending {
    pub(super) fn ask(&mut self) {
        self.turns = self.turns.saturating_add(1);
    }

    /// An answer, with what its provider says that it took, or by the bytes of it and of what was sent.
    pub(super) fn answered(&mut self, tokens: Option<Tokens>, sent: usize, came: usize, cost: Option<Cost>) {
        let Tokens { input, cached, output } =
            tokens.unwrap_or_else(|| Tokens { input: estimated(sent), cached: 0, output: estimated(came) });
        self.tokens = Tokens {
            input: self.tokens.input.saturating_add(input),
            cached: self.tokens.cached.saturating_add(cached),
            output: self.tokens.output.saturating_add(output),
        };
        if let Some(cost) = cost {
            self.cost = Some(Cost(self.cost.unwrap_or_default().0.saturating_add(cost.0)));
        }
    }

    pub(super) fn show(&mut self, bytes: usize) {
        self.shown = self.shown.saturating_add(bytes);
    }

    fn all_tokens(&self) -> u64 {
        self.tokens.input.saturating_add(self.tokens.output)
    }

    /// The bound by which nothing may be asked any more.
    pub(super) fn over(&self, budget: &Budget, elapsed: Duration) -> Option<Bound> {
        let cost = budget.cost.filter(|most| self.cost.is_some_and(|cost| cost >= *most));
        if self.turns >= budget.turns {
            return Some(Bound::Turns(budget.turns));
        }
        if self.all_tokens() >= budget.tokens {
            return Some(Bound::Tokens(budget.tokens));
        }
        if elapsed >= budget.time {
            return Some(Bound::Time(budget.time));
        }
        cost.map(Bound::Cost)
    }

    /// The bound for which a question with so many bytes has to be the last but one repair: what is left is not enough for two more.
    pub(super) fn last(&self, budget: &Budget, elapsed: Duration, sent: usize) -> Option<Bound> {
        if self.turns.saturating_add(2) >= budget.turns {
            return Some(Bound::Turns(budget.turns));
        }
        let two = estimated(sent).saturating_add(u64::from(ANSWER)).saturating_mul(2);
        if self.all_tokens().saturating_add(two) > budget.tokens {
            return Some(Bound::Tokens(budget.tokens));
        }
        if elapsed >= three_quarters(budget.time) {
            return Some(Bound::Time(budget.time));
        }
        if self.shown >= SHOWN {
            return Some(Bound::Shown);
        }
        let near = |most: &Cost| self.cost.is_some_and(|cost| cost.0 >= most.0 / 4 * 3);
        budget.cost.filter(near).map(Bound::Cost)
    }
}

fn estimated(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX).div_ceil(BYTES_OF_A_TOKEN)
}

fn three_quarters(time: Duration) -> Duration {
    time.saturating_mul(3).checked_div(4).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_ends_it_and_is_near_before_that() {
        let budget = Budget { turns: 5, tokens: 40_000, time: Duration::from_secs(100), cost: Some(Cost(1_000)) };
        let (none, soon, end) = (Duration::ZERO, Duration::from_secs(75), Duration::from_secs(100));
        let fresh = Spending::default();
        assert_eq!((fresh.over(&budget, none), fresh.last(&budget, none, 9_000)), (None, None));
        assert_eq!((fresh.last(&budget, soon, 9_000), fresh.over(&budget, end)), (Some(Bound::Time(end)), Some(Bound::Time(end))));
        let turns = Spending { turns: 3, ..fresh };
        assert_eq!((turns.last(&budget, none, 0), turns.over(&budget, none)), (Some(Bound::Turns(5)), None), "one is left for a repair");
        assert_eq!(Spending { turns: 5, ..fresh }.over(&budget, none), Some(Bound::Turns(5)));
        let mut unsaid = fresh;
        unsaid.answered(None, 60_000, 30_000, Some(Cost(800)));
        assert_eq!((unsaid.tokens.input, unsaid.tokens.output), (20_000, 10_000));
        assert_eq!(unsaid.last(&budget, none, 9_000), Some(Bound::Tokens(40_000)));
        assert_eq!(unsaid.last(&Budget { tokens: 900_000, ..budget }, none, 0), Some(Bound::Cost(Cost(1_000))));
        unsaid.answered(Some(Tokens { input: 10_000, cached: 9_000, output: 0 }), 1, 1, Some(Cost(200)));
        assert_eq!(unsaid.over(&budget, none), Some(Bound::Tokens(40_000)));
        assert_eq!(unsaid.over(&Budget { tokens: 900_000, ..budget }, none), Some(Bound::Cost(Cost(1_000))));
        let mut seen = fresh;
        seen.show(SHOWN);
        assert_eq!(seen.last(&budget, none, 0), Some(Bound::Shown));
    }
}
