//! What attempts at one prompt may have cost: kept beside them, so that it is known of one that is dropped, too.

use crate::domain::dialogue::{Tokens, Wasted};
use std::sync::{Mutex, PoisonError};

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct Bill(Mutex<Items>);

#[derive(Debug, Clone, Copy, Default)]
struct Items {
    /// Of attempts that failed.
    failed: Tokens,
    /// Of the one that is under way.
    open: Tokens,
}

impl Bill {
    fn with<T>(&self, change: impl FnOnce(&mut Items) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An attempt is under way, and has cost so much if it has no answer.
    pub(super) fn open(&self, tokens: Tokens) {
        self.with(|items| items.open = tokens);
    }

    /// It failed; `free` where nobody counts it.
    pub(super) fn failed(&self, free: bool) {
        self.with(|items| {
            let open = std::mem::take(&mut items.open);
            if !free {
                items.failed = items.failed.plus(open);
            }
        });
    }

    /// It has its answer, which says itself what it cost.
    pub(super) fn answered(&self) {
        self.with(|items| items.open = Tokens::default());
    }

    /// All that went without an answer, the attempt under way included.
    pub(super) fn lost(&self, model: &str) -> Vec<Wasted> {
        let tokens = self.with(|items| items.failed.plus(items.open));
        if tokens == Tokens::default() { Vec::new() } else { vec![Wasted { model: model.to_owned(), tokens }] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_failed_counts_unless_it_is_free_and_an_answer_counts_itself() {
        let bill = Bill::default();
        let of = |input| Tokens { input, cached: 0, output: 1 };
        assert_eq!(bill.lost("a/b"), []);
        for (input, free) in [(3, false), (5, true), (7, false)] {
            bill.open(of(input));
            bill.failed(free);
        }
        bill.open(of(100));
        assert_eq!(bill.lost("a/b"), [Wasted { model: "a/b".into(), tokens: Tokens { input: 110, cached: 0, output: 3 } }]);
        bill.answered();
        assert_eq!(bill.lost("a/b")[0].tokens, Tokens { input: 10, cached: 0, output: 2 });
    }
}
