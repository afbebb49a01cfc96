//! A change that somebody proposes, with what was seen of the objects that it is about.

use super::targets::Targets;
use crate::domain::action::Action;
use crate::domain::object::ObjectRef;

/// A change to be checked.
pub(crate) struct Proposed<'a> {
    pub(crate) action: &'a Action,
    pub(crate) targets: &'a Targets<'a>,
    /// What suffers from the cause: of these, Pods may have to be deleted by hand.
    pub(crate) suffering: &'a [&'a ObjectRef],
}
