//! What was probably meant by a name that leads nowhere, and how sure a rule is of it.

use super::names::Alike;
use crate::domain::confidence::Confidence;
use crate::domain::snapshot::Resource;

/// More names than these say nothing more to a reader.
pub(crate) const LISTED: usize = 10;

/// What was meant.
#[derive(Debug)]
pub(crate) enum Meant<'a, T> {
    /// This one.
    One(&'a T),
    /// One of these; nothing in the cluster tells which.
    OneOf(Vec<&'a T>),
    /// None of those that exist.
    Nothing,
    /// What exists could not be read.
    Unread,
}

impl<'a, T> Meant<'a, T> {
    /// The same where nothing tells whether the one was.
    pub(crate) fn doubted(self) -> Self {
        match self {
            Meant::One(one) => Meant::OneOf(vec![one]),
            Meant::OneOf(_) | Meant::Nothing | Meant::Unread => self,
        }
    }

    /// The one whose name is the same but for separators or a hash; else the only one that is alike. A weaker reason is one that
    /// another could have as well: whatever else is alike, and what is beside it (ruled out by its meaning, but as close), makes it
    /// several. A name that has only more words is no proof.
    pub(crate) fn among(alike: impl IntoIterator<Item = (Alike, &'a T)>, beside: impl IntoIterator<Item = &'a T>) -> Self {
        let mut all: Vec<(Alike, &'a T)> = alike.into_iter().collect();
        all.sort_by_key(|(why, _)| *why);
        let Some(best) = all.first().map(|(why, _)| *why) else { return Meant::Nothing };
        let is_the_same = best < Alike::Slip;
        if is_the_same {
            all.retain(|(why, _)| *why == best);
        }
        // Where one has the slip alone, those that have more words besides are farther.
        all.retain(|(why, _)| best > Alike::Slip || *why < Alike::PartOfSlip);
        let mut all: Vec<&'a T> = all.into_iter().map(|(_, one)| one).collect();
        if !is_the_same {
            all.extend(beside);
        }
        match all.as_slice() {
            [one] if best < Alike::Part => Meant::One(*one),
            _ => Meant::OneOf(all),
        }
    }
}

impl<'a, T: Resource> Meant<'a, T> {
    /// The one that was meant.
    pub(crate) fn one(&self) -> Option<&'a T> {
        match self {
            Meant::One(one) => Some(*one),
            Meant::OneOf(_) | Meant::Nothing | Meant::Unread => None,
        }
    }

    /// Its name.
    pub(crate) fn name(&self) -> Option<&'a str> {
        self.one().and_then(|one| one.meta().name.as_deref())
    }

    /// All that could have been meant.
    pub(crate) fn all(&self) -> &[&'a T] {
        match self {
            Meant::One(one) => std::slice::from_ref(one),
            Meant::OneOf(several) => several,
            Meant::Nothing | Meant::Unread => &[],
        }
    }

    /// Their names, as many as are listed.
    pub(crate) fn names(&self) -> Vec<&'a str> {
        self.all().iter().filter_map(|one| one.meta().name.as_deref()).take(LISTED).collect()
    }
}

/// How sure a rule is: constants, with their reason beside them in the rule's file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sure {
    one: Confidence,
    open: Confidence,
    unread: Confidence,
}

impl Sure {
    /// In percent: one thing is meant; what is meant is open; what exists could not be read.
    pub(crate) const fn percent(one: u8, open: u8, unread: u8) -> Self {
        Self { one: Confidence::percent(one), open: Confidence::percent(open), unread: Confidence::percent(unread) }
    }

    /// Where what would tell could not be read.
    pub(crate) const fn unread(self) -> Confidence {
        self.unread
    }

    /// Of what was meant.
    pub(crate) fn of<T>(self, meant: &Meant<'_, T>) -> Confidence {
        match meant {
            Meant::One(_) => self.one,
            Meant::OneOf(_) | Meant::Nothing => self.open,
            Meant::Unread => self.unread,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Alike::{Hash, Part, Release, Separators, Slip};

    fn one<'a>(alike: &[(Alike, &'a i32)], beside: &[&'a i32]) -> (Option<&'a i32>, usize) {
        match Meant::among(alike.iter().copied(), beside.iter().copied()) {
            Meant::One(one) => (Some(one), 1),
            Meant::OneOf(several) => (None, several.len()),
            Meant::Nothing | Meant::Unread => (None, 0),
        }
    }

    #[test]
    fn strongest_reason_tells_which_one_was_meant() {
        for (alike, meant) in [
            (vec![(Release, &1)], Some(&1)),
            (vec![(Part, &1), (Hash, &2)], Some(&2)),
            (vec![(Slip, &1), (Separators, &2), (Slip, &3)], Some(&2)),
            (vec![(Slip, &1), (Slip, &2)], None),
            (vec![(Release, &1), (Part, &2)], None),
            (vec![(Part, &1)], None),
            (vec![], None),
        ] {
            assert_eq!(one(&alike, &[]).0, meant, "{alike:?}");
        }
    }

    #[test]
    fn weaker_neighbor_and_one_that_was_ruled_out_make_it_several() {
        assert_eq!(one(&[(Slip, &1), (Part, &2)], &[]), (None, 2));
        assert_eq!(one(&[(Slip, &1), (Release, &2)], &[]), (None, 2));
        assert_eq!(one(&[(Slip, &1)], &[&2]), (None, 2));
        assert_eq!(one(&[(Release, &1)], &[&2]), (None, 2));
        assert_eq!(one(&[(Slip, &1), (Alike::PartOfSlip, &2)], &[]), (Some(&1), 1));
        assert_eq!(one(&[(Separators, &1)], &[&2]), (Some(&1), 1));
        assert_eq!(one(&[], &[&2]), (None, 0));
    }
}
