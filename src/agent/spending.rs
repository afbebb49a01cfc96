//! What an investigation has taken, held against its budget: whether it may ask once more, and whether that is the last time.

use crate::domain::budget::Budget;
use crate::domain::dialogue::{Reply, Tokens, Wasted};
use crate::domain::prices::{Cost, Prices};
use std::fmt;
use std::time::Duration;

/// The longest answer, in tokens: a conclusion with five causes has some 1,500, and models that think need room before it.
pub(super) const ANSWER: u32 = 4_096;
/// Bytes of all observations that are shown: ten times what a typical case needs.
const SHOWN: usize = 96 * 1024;

/// A bound that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    Turns(u32),
    Tokens(u64),
    Time(Duration),
    Cost(Cost),
    /// A bound of money is set, and nobody knows the price of what was asked.
    Unpriced(Cost),
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
            Bound::Unpriced(cost) => {
                write!(f, "`model-prices` has no price for a model that was asked, so `model-cost` ({cost}) cannot be kept")
            }
            Bound::Shown => f.write_str("as much of the cluster was shown as one investigation may show"),
        }
    }
}

/// What was taken so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spending {
    pub(crate) turns: u32,
    pub(crate) tokens: Tokens,
    /// By the prices that are known.
    priced: Option<Cost>,
    /// Something was asked whose price is not known.
    unpriced: bool,
    shown: usize,
}

impl Spending {
    pub(super) fn ask(&mut self) {
        self.turns = self.turns.saturating_add(1);
    }

    /// An answer, with what its provider says that it took, or by the bytes of it and of what was sent.
    pub(super) fn answered(&mut self, reply: &Reply, sent: usize, came: usize, prices: &Prices) {
        self.take(&reply.model, reply.tokens.unwrap_or_else(|| Tokens::estimated(sent, came)), prices);
        self.failed(&reply.lost, prices);
    }

    /// What had no answer, and may have cost something all the same.
    pub(super) fn failed(&mut self, lost: &[Wasted], prices: &Prices) {
        lost.iter().for_each(|lost| self.take(&lost.model, lost.tokens, prices));
    }

    fn take(&mut self, model: &str, tokens: Tokens, prices: &Prices) {
        self.tokens = self.tokens.plus(tokens);
        match prices.cost(model, tokens) {
            Some(cost) => self.priced = Some(Cost(self.priced.unwrap_or_default().0.saturating_add(cost.0))),
            None => self.unpriced = true,
        }
    }

    /// All of it; `None` where nobody said what some of it costs.
    pub(crate) fn cost(&self) -> Option<Cost> {
        self.priced.filter(|_| !self.unpriced)
    }

    pub(super) fn show(&mut self, bytes: usize) {
        self.shown = self.shown.saturating_add(bytes);
    }

    /// The bound by which nothing may be asked any more.
    pub(super) fn over(&self, budget: &Budget, elapsed: Duration) -> Option<Bound> {
        if self.turns >= budget.turns {
            return Some(Bound::Turns(budget.turns));
        }
        if self.tokens.all() >= budget.tokens {
            return Some(Bound::Tokens(budget.tokens));
        }
        if elapsed >= budget.time {
            return Some(Bound::Time(budget.time));
        }
        let most = budget.cost?;
        if self.unpriced {
            return Some(Bound::Unpriced(most));
        }
        self.priced.filter(|cost| *cost >= most).map(|_| Bound::Cost(most))
    }

    /// The bound for which a question with so many bytes has to be the last but one repair: what is left is not enough for two more.
    pub(super) fn last(&self, budget: &Budget, elapsed: Duration, sent: usize) -> Option<Bound> {
        if self.turns.saturating_add(2) >= budget.turns {
            return Some(Bound::Turns(budget.turns));
        }
        let two = Tokens::estimated(sent, 0).input.saturating_add(u64::from(ANSWER)).saturating_mul(2);
        if self.tokens.all().saturating_add(two) > budget.tokens {
            return Some(Bound::Tokens(budget.tokens));
        }
        if elapsed >= three_quarters(budget.time) {
            return Some(Bound::Time(budget.time));
        }
        if self.shown >= SHOWN {
            return Some(Bound::Shown);
        }
        let near = |most: &Cost| self.priced.is_some_and(|cost| cost.0 >= most.0 / 4 * 3);
        budget.cost.filter(near).map(Bound::Cost)
    }
}

fn three_quarters(time: Duration) -> Duration {
    time.saturating_mul(3).checked_div(4).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::scripted::says;

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
        let prices = Prices::parse("openai/b=0.02/0.04").unwrap();
        let of = |tokens| Reply { model: "openai/b".into(), tokens, ..says("") };
        let mut unsaid = fresh;
        unsaid.answered(&of(None), 60_000, 30_000, &prices);
        assert_eq!(unsaid.cost(), Some(Cost(800)), "what is estimated is priced");
        assert_eq!((unsaid.tokens.input, unsaid.tokens.output), (20_000, 10_000));
        assert_eq!(unsaid.last(&budget, none, 9_000), Some(Bound::Tokens(40_000)));
        assert_eq!(unsaid.last(&Budget { tokens: 900_000, ..budget }, none, 0), Some(Bound::Cost(Cost(1_000))));
        unsaid.answered(&of(Some(Tokens { input: 10_000, cached: 9_000, output: 0 })), 1, 1, &prices);
        assert_eq!(unsaid.over(&budget, none), Some(Bound::Tokens(40_000)));
        assert_eq!(unsaid.over(&Budget { tokens: 900_000, ..budget }, none), Some(Bound::Cost(Cost(1_000))));
        let bounded = Budget { tokens: 900_000, ..budget };
        let mut failed = fresh;
        failed.failed(&[Wasted { model: "openai/b".into(), tokens: Tokens { input: 50_000, cached: 0, output: 0 } }], &prices);
        assert_eq!((failed.over(&bounded, none), failed.tokens.input), (Some(Bound::Cost(Cost(1_000))), 50_000), "attempts count");
        let mut other = fresh;
        other.answered(&Reply { model: "openai/other".into(), ..says("") }, 1, 1, &prices);
        assert_eq!((other.over(&bounded, none), other.cost()), (Some(Bound::Unpriced(Cost(1_000))), None), "no bound is kept by guessing");
        other.answered(&of(None), 1, 1, &prices);
        assert_eq!(other.cost(), None, "a part is not the cost");
        let mut seen = fresh;
        seen.show(SHOWN);
        assert_eq!(seen.last(&budget, none, 0), Some(Bound::Shown));
    }
}
