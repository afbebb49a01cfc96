//! What the reporter's words name, and what that reaches: what is said and planned first, and what `healthy` would be said of.

mod candidates;
mod matching;
mod reach;

use super::Facts;
use crate::domain::focus::Missing;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Snapshot;
pub(crate) use reach::{Reach, target};

/// What the words name, found among what was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Named {
    /// Objects that exist.
    pub about: Vec<ObjectRef>,
    /// What is named and is not there.
    pub missing: Vec<Missing>,
    /// It is certain that a name is meant: nothing else there is what the words are about.
    pub certain: bool,
    reach: Reach,
}

/// How near something is to what the words are about; the nearest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Nearness {
    /// It is that, or a part of it.
    Itself,
    /// That needs it, or leads to it.
    Beside,
    /// Something else.
    Elsewhere,
}

impl Named {
    /// Looks for it in a snapshot, as long as nothing is indexed yet: enough to know where it is.
    pub(crate) fn find(snapshot: &Snapshot) -> Self {
        let (about, missing, certain) = matching::find(&snapshot.words, snapshot);
        Self { about, missing, certain, reach: Reach::default() }
    }

    pub(super) fn of(facts: &Facts<'_>) -> Self {
        if facts.snapshot().words.is_empty() {
            return Self::default();
        }
        let named = Self::find(facts.snapshot());
        Self { reach: Reach::of(facts, &named.about), ..named }
    }

    /// How near objects are to what is named; everything is it where nothing is named.
    pub(crate) fn nearness<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> Nearness {
        if self.about.is_empty() {
            return if self.missing.is_empty() { Nearness::Itself } else { Nearness::Elsewhere };
        }
        objects.map(|o| self.reach.nearness(o)).min().unwrap_or(Nearness::Elsewhere)
    }

    /// Whether the words name anything at all.
    pub(crate) fn is_general(&self) -> bool {
        self.about.is_empty() && self.missing.is_empty()
    }
}
