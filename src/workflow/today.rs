//! What a model of the operator has taken today in this process: each investigation takes its share before it begins, so that many at once
//! stay within the bounds of the day, too.

use crate::domain::budget::{Budget, Daily};
use crate::domain::prices::Cost;
use jiff::Timestamp;
use std::fmt;
use std::sync::{Mutex, PoisonError};

const DAY: i64 = 24 * 60 * 60;

/// See the file's head.
#[derive(Debug)]
pub(super) struct Today {
    bounds: Daily,
    taken: Mutex<Taken>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Taken {
    /// Days since 1970, by UTC.
    day: i64,
    tokens: u64,
    cost: Cost,
}

/// What one investigation may take, until it says what it took. One that never says so has taken all of it.
#[derive(Debug)]
#[must_use]
pub(super) struct Share(Taken);

/// That there is no share left today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spent {
    Tokens(u64),
    Cost(Cost),
}

impl fmt::Display for Spent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Spent::Tokens(all) => write!(f, "of the {all} tokens of one day (`model-day-tokens`)")?,
            Spent::Cost(all) => write!(f, "of the {all} of one day (`model-day-cost`)")?,
        }
        f.write_str(" less is left than one investigation may use; the next day begins at 00:00 UTC")
    }
}

impl Today {
    pub(super) fn new(bounds: Daily) -> Self {
        Self { bounds, taken: Mutex::default() }
    }

    fn with<T>(&self, now: Timestamp, change: impl FnOnce(&mut Taken) -> T) -> T {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now.as_second().div_euclid(DAY);
        // A clock that is set back gives nothing back.
        if day > taken.day {
            *taken = Taken { day, ..Taken::default() };
        }
        change(&mut taken)
    }

    /// As much as one investigation may take.
    ///
    /// # Errors
    /// So much is not left.
    pub(super) fn share(&self, now: Timestamp, budget: &Budget) -> Result<Share, Spent> {
        self.with(now, |taken| {
            let tokens = taken.tokens.saturating_add(budget.tokens);
            let cost = Cost(taken.cost.0.saturating_add(budget.cost.unwrap_or_default().0));
            if tokens > self.bounds.tokens {
                return Err(Spent::Tokens(self.bounds.tokens));
            }
            if let Some(all) = self.bounds.cost.filter(|all| cost > *all || taken.cost >= *all) {
                return Err(Spent::Cost(all));
            }
            (taken.tokens, taken.cost) = (tokens, cost);
            Ok(Share(Taken { day: taken.day, tokens: budget.tokens, cost: budget.cost.unwrap_or_default() }))
        })
    }

    /// What an investigation took of its share, or more.
    pub(super) fn settle(&self, now: Timestamp, Share(share): Share, tokens: u64, cost: Option<Cost>) {
        self.with(now, |taken| {
            if taken.day == share.day {
                taken.tokens = taken.tokens.saturating_sub(share.tokens);
                taken.cost = Cost(taken.cost.0.saturating_sub(share.cost.0));
            }
            taken.tokens = taken.tokens.saturating_add(tokens);
            // What nobody can price has cost all that it may.
            taken.cost = Cost(taken.cost.0.saturating_add(cost.unwrap_or(share.cost).0));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 3_600).unwrap()
    }

    #[test]
    fn shares_of_a_day_are_bounded_together_and_the_next_day_begins_anew() {
        let today = Today::new(Daily { tokens: 100, cost: None });
        let budget = Budget { tokens: 40, ..Budget::default() };
        let first = today.share(at(30), &budget).unwrap();
        let second = today.share(at(30), &budget).unwrap();
        assert_eq!(today.share(at(30), &budget).unwrap_err(), Spent::Tokens(100), "what is under way counts");
        today.settle(at(31), first, 15, None);
        let third = today.share(at(31), &budget).unwrap();
        today.settle(at(32), second, 44, None);
        today.settle(at(32), third, 1, None);
        assert_eq!(today.share(at(47), &budget).unwrap().0.tokens, 40, "of 100 are 60 taken");
        assert!(today.share(at(47), &budget).unwrap_err().to_string().contains("`model-day-tokens`"));
        let late = today.share(at(48), &budget).unwrap();
        assert!(today.share(at(30), &budget).is_ok(), "a clock that is set back is on the same day");
        assert!(today.share(at(30), &budget).is_err());
        today.settle(at(72), late, 70, None);
        assert!(today.share(at(72), &budget).is_err(), "what ends after midnight counts there");
    }

    #[test]
    fn money_of_a_day_is_bounded_where_it_is_set() {
        let today = Today::new(Daily { tokens: 1_000_000, cost: Some(Cost(100)) });
        let budget = Budget { cost: Some(Cost(60)), ..Budget::default() };
        let first = today.share(at(1), &budget).unwrap();
        assert_eq!(today.share(at(1), &budget).unwrap_err(), Spent::Cost(Cost(100)));
        today.settle(at(1), first, 9, Some(Cost(10)));
        let second = today.share(at(1), &budget).unwrap();
        today.settle(at(1), second, 9, None);
        assert!(today.share(at(1), &budget).is_err(), "what has no price has cost its share");
    }
}
