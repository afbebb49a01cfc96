//! What was probably meant by a name that leads nowhere, and how sure a rule is of it.

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

    /// Of what was meant.
    pub(crate) fn of<T>(self, meant: &Meant<'_, T>) -> Confidence {
        match meant {
            Meant::One(_) => self.one,
            Meant::OneOf(_) | Meant::Nothing => self.open,
            Meant::Unread => self.unread,
        }
    }
}
