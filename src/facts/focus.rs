//! What the reporter's words name, and what that reaches: what is said and planned first, and what `healthy` would be said of.

mod candidates;
mod matching;
mod reach;

use super::Facts;
use super::named::{Named, Reach};
use crate::domain::snapshot::Snapshot;
pub(crate) use reach::{reach, target};

/// Looks for it in a snapshot, as long as nothing is indexed yet: enough to know where it is.
pub(crate) fn find(snapshot: &Snapshot) -> Named {
    let (about, missing, certain) = matching::find(&snapshot.words, snapshot);
    Named { about, missing, certain, reach: Reach::default() }
}

/// What the words of a snapshot name, with what that reaches. It is looked for once.
pub(crate) fn focus<'f>(facts: &'f Facts<'_>) -> &'f Named {
    facts.named_once(|| {
        if facts.snapshot().words.is_empty() {
            return Named::default();
        }
        let named = find(facts.snapshot());
        Named { reach: reach(facts, &named.about), ..named }
    })
}
