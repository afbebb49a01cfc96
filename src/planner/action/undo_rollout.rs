//! The way back to an earlier revision of a workload: its template gets, field by field, what the ReplicaSet or the ControllerRevision of
//! that revision has.

use super::patch::Patch;
use super::planned::{Built, PlannedAction, called, named};
use crate::domain::action::{FieldOp, RolledOut};
use crate::domain::changes::Verb;
use crate::domain::fitted::Part;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, Undo};
use crate::domain::request::Request;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use crate::planner::revisions::{template, without_nulls};
use crate::planner::templates::after;
use serde_json::Value;

pub(super) struct UndoRollout<'a> {
    pub(super) target: &'a ObjectRef,
    pub(super) to: &'a RolledOut,
    pub(super) from: &'a RolledOut,
    pub(super) ops: &'a NonEmpty<FieldOp>,
}

impl UndoRollout<'_> {
    fn as_patch(&self) -> Patch<'_> {
        Patch { target: self.target, ops: self.ops }
    }
}

impl PlannedAction for UndoRollout<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.target)
    }

    fn source(&self) -> Option<&ObjectRef> {
        Some(&self.to.set)
    }

    fn summary(&self) -> String {
        format!("go back to revision {} of {}", self.to.revision, self.target)
    }

    fn in_one_line(&self, precondition: &Precondition, replaces: Option<&Precondition>) -> String {
        let (to, from) = (self.to.revision, self.from.revision);
        let fields = self.as_patch().in_one_line(precondition, replaces);
        let set = fields.split_once(' ').map_or(fields.as_str(), |(_, rest)| rest);
        format!("Go back from revision {from} of {} to revision {to}: set {set}", named(self.target))
    }

    fn headline(&self, _: &Precondition, _: Option<&Precondition>) -> Vec<Part> {
        // Who proposes it stands before it: there is no room for more than which revision of what.
        let mut parts = vec![Part::words(format!("{} → {}: revision of ", self.from.revision, self.to.revision))];
        parts.extend(called(self.target));
        parts
    }

    fn in_words(&self) -> String {
        format!("go back to revision {}", self.to.revision)
    }

    fn kubectl(&self) -> String {
        kubectl::go_back(self.target, self.to.revision)
    }

    fn not_in_the_table(&self) -> Refusal {
        Refusal::Kind { verb: Verb::UndoRollout.as_str(), kind: self.target.kind.clone() }
    }

    fn check_first(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        self.as_patch().check_last(proposed)
    }

    fn unchanged(&self, live: &Value, seen: &Basis) -> Result<(), Refusal> {
        self.as_patch().unchanged(live, seen)
    }

    /// That the changes lead to the template of the revision, whole: also to what this program does not know of it.
    fn fits(&self, live: &Value, source: &Value) -> Result<(), Refusal> {
        let ops: Vec<FieldOp> = self.ops.iter().cloned().collect();
        let made = after(live, &ops).and_then(|object| object.pointer("/spec/template").cloned()).map(without_nulls);
        if made.as_ref() == Some(&template(source)) {
            return Ok(());
        }
        Err(Refusal::NotPossible(format!(
            "revision {} of {} differs in more than what was seen of it: it is left to a human",
            self.to.revision, self.target,
        )))
    }

    fn build(&self, live: Option<&Value>, stamp: &str) -> Result<Built, Refusal> {
        let built = self.as_patch().build(live, stamp)?;
        let undo = match built.undo {
            Undo::Restore { request, summary: _ } => Undo::Restore {
                request,
                summary: format!("back to the template of revision {}, unless somebody else changes it first", self.from.revision),
            },
            none @ Undo::None { .. } => none,
        };
        Ok(Built { undo, command: self.kubectl(), ..built })
    }

    fn drift(&self, request: &Request, before: Option<&Value>, answer: &Value) -> Option<String> {
        self.as_patch().drift(request, before, answer)
    }

    fn frees(&self) -> Option<&ObjectRef> {
        None
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}
