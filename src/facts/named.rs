//! What the reporter's words name, and how near everything is to that: data only. `facts/focus.rs` finds it.

use crate::domain::focus::Missing;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::words::Lost;
use std::collections::HashSet;

/// What the words name, found among what was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Named {
    /// Objects that exist.
    pub about: Vec<ObjectRef>,
    /// Namespaces that are stated and in which it was not looked.
    pub lost: Vec<Lost>,
    /// What is named and is not there.
    pub missing: Vec<Missing>,
    /// What is named and was not found, where not everything could be read that may be called so.
    pub unsure: Vec<String>,
    /// Which kinds those are.
    pub unread: Vec<Kind>,
    /// Hosts that no Ingress serves, where nothing else is named.
    pub hosts: Vec<String>,
    /// Namespaces that are meant by words which could mean something else.
    pub places: Vec<String>,
    /// Words that name objects.
    pub hits: Vec<String>,
    /// Of the objects, those that have a name or a label that is in the words.
    pub exact: Vec<ObjectRef>,
    /// It is certain that a name is meant: nothing else there is what the words are about.
    pub certain: bool,
    /// What was found by a name with another kind than the words say.
    pub told: Vec<SaidKind>,
    /// The kinds and names of these of which nothing is there.
    pub absent: Vec<(Kind, String)>,
    /// What is missing is said to be where the trouble is: `in staging`, `prod is slow`.
    pub nowhere: bool,
    pub(super) reach: Reach,
}

/// Objects of a name, and the kind that is said with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SaidKind {
    pub(super) kind: Kind,
    pub(super) word: String,
    pub(super) found: Vec<ObjectRef>,
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
    /// How near objects are to what is named; everything is it where nothing is named.
    pub(crate) fn nearness<'o>(&self, objects: impl Iterator<Item = &'o ObjectRef>) -> Nearness {
        if self.about.is_empty() {
            return if self.is_general() { Nearness::Itself } else { Nearness::Elsewhere };
        }
        objects.map(|o| self.reach.nearness(o)).min().unwrap_or(Nearness::Elsewhere)
    }

    /// Whether a namespace is certainly meant that does not exist.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.iter().any(Lost::is_certain)
    }

    /// Whether what is named was not guessed.
    pub(crate) fn is_certain(&self) -> bool {
        self.certain || (!self.about.is_empty() && self.about.iter().all(|object| self.exact.contains(object)))
    }

    /// Whether the words name nothing at all.
    pub(crate) fn is_general(&self) -> bool {
        self.about.is_empty() && self.lost.is_empty() && self.missing.is_empty() && self.unsure.is_empty()
    }
}

/// Objects, and what is near them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    pub(super) itself: HashSet<ObjectRef>,
    pub(super) beside: HashSet<ObjectRef>,
    /// Namespaces that are named, and in which no object is: everything in them is meant.
    pub(super) places: HashSet<Namespace>,
}

impl Reach {
    pub(crate) fn nearness(&self, object: &ObjectRef) -> Nearness {
        if self.itself.contains(object) {
            Nearness::Itself
        } else if self.beside.contains(object) || object.namespace.as_ref().is_some_and(|n| self.places.contains(n)) {
            Nearness::Beside
        } else {
            Nearness::Elsewhere
        }
    }

    /// Whether it is one of them or near one.
    pub(crate) fn holds(&self, object: &ObjectRef) -> bool {
        self.nearness(object) != Nearness::Elsewhere
    }

    /// All of them.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &ObjectRef> {
        self.itself.iter().chain(&self.beside)
    }

    pub(super) fn put(&mut self, object: ObjectRef, itself: bool) {
        if itself {
            self.itself.insert(object)
        } else {
            self.beside.insert(object)
        };
    }
}
