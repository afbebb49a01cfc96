//! What speaks for a name that leads nowhere: a Pod that runs with it, or another workload that asks for it. Then it is hardly a slip:
//! what it names was there, or is to be made.
//!
//! Every rule that says that something cannot be asks here, or says in a comment why it cannot be refuted so.

use super::quote;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::selected::{asked_by_another, runs_with};

/// How sure a rule is at most of a name that others have: below what automatic mode takes unless it is told otherwise.
pub(crate) const SHARED: Confidence = Confidence::percent(75);

/// One of those who have it.
#[derive(Debug)]
pub(crate) struct Holder {
    /// What follows from it, as a sentence behind others.
    pub(crate) says: String,
    pub(crate) seen: Evidence,
}

/// A Pod that is ready and needs what does not exist: it did when that Pod started.
pub(crate) fn running(facts: &Facts<'_>, missing: &ObjectRef) -> Option<Holder> {
    let object = runs_with(facts, missing)?.reference();
    let (who, what) = (object.in_words(), missing.in_words());
    let says = format!(
        " But {who} is ready and needs the {what} too: it was there when that Pod started, so its name is right, and it has gone since."
    );
    let seen = quote::object(facts, &object, &format!("Ready, and needs the {what}"));
    Some(Holder { says, seen })
}

/// The same, or else another workload whose template asks for it and that does not wait for it.
pub(crate) fn naming(facts: &Facts<'_>, missing: &ObjectRef, seekers: &[&ObjectRef]) -> Option<Holder> {
    let asking = || {
        let object = asked_by_another(facts, missing, seekers)?.object.clone();
        let (who, what) = (object.in_words(), missing.in_words());
        let says = format!(" But {who} asks for the {what} too: two hardly have one slip, and it may be what is to be made.");
        let seen = quote::object(facts, &object, &format!("asks for the {what}"));
        Some(Holder { says, seen })
    };
    running(facts, missing).or_else(asking)
}
