//! A change that somebody proposes, with the facts of the objects that it is about.

use crate::domain::action::Action;
use crate::domain::object::ObjectRef;
use crate::facts::Facts;

/// A change to be checked.
pub(crate) struct Proposed<'a> {
    pub(crate) action: &'a Action,
    pub(crate) facts: &'a Facts<'a>,
    /// What suffers from the cause: of these, Pods may have to be deleted by hand.
    pub(crate) suffering: &'a [&'a ObjectRef],
}
