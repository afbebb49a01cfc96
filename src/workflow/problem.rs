//! What is wrong and where to look, as a caller gives it.

use crate::domain::issue::Issue;
use crate::domain::limits::Wishes;
use crate::domain::object::{Namespace, ObjectName};

/// What is wrong, and where to look.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Problem {
    /// What is wrong, in somebody's words. May be absent when objects or a namespace are given.
    pub issue: Option<Issue>,
    /// Where; else what the words say, in the steps of `workflow/scope.rs`.
    pub namespace: Option<Namespace>,
    /// Everywhere.
    pub all_namespaces: bool,
    /// The objects that are named: at most [`Problem::OBJECTS`].
    pub objects: Vec<ObjectName>,
    /// What was wished when this was first looked at; a call that looks again can only wish for less.
    pub wishes: Wishes,
}

impl Problem {
    /// Objects that one call may name.
    pub const OBJECTS: usize = 20;

    /// Whether it keeps to its bound.
    ///
    /// # Errors
    /// It names more objects than one call may.
    pub fn bounded(&self) -> Result<(), TooManyObjects> {
        let count = self.objects.len();
        if count > Self::OBJECTS { Err(TooManyObjects(count)) } else { Ok(()) }
    }
}

/// So many objects are named, and one call may not name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} objects are named, the maximum is {max}", max = Problem::OBJECTS)]
pub struct TooManyObjects(pub usize);
