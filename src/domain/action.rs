//! One change, fully specified. The set is closed on purpose: a new kind of write must be thought about everywhere.

use super::changes::{self, Changeable, Verb};
use super::field::FieldPath;
use super::nonempty::NonEmpty;
use super::object::ObjectRef;
use super::risk::Risk;
use serde_json::Value;

/// What happens to one field.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It gets this value, whether or not it had one.
    Set(Value),
    /// It goes away.
    Remove,
}

/// A change of one field of a named object.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldOp {
    /// Which field.
    pub path: FieldPath,
    /// What was there for whoever proposes it: where something else is there now, nothing is changed. `None` where the proposer
    /// leaves it to the snapshot.
    pub seen: Option<Value>,
    /// What happens to it.
    pub change: Change,
}

impl FieldOp {
    /// The first field of a patch that does not have what the patch wants there.
    pub(crate) fn first_unmet<'a>(ops: &'a NonEmpty<FieldOp>, object: &Value) -> Option<&'a FieldPath> {
        let differs = |op: &&FieldOp| {
            let now = op.path.locate(object).and_then(|located| located.current);
            match &op.change {
                Change::Set(wanted) => now.as_ref() != Some(wanted),
                Change::Remove => now.is_some(),
            }
        };
        ops.iter().find(differs).map(|op| &op.path)
    }

    /// The field gets a value.
    pub fn set(path: FieldPath, value: impl Into<Value>) -> Self {
        Self { path, seen: None, change: Change::Set(value.into()) }
    }

    /// The field goes away.
    pub fn remove(path: FieldPath) -> Self {
        Self { path, seen: None, change: Change::Remove }
    }

    /// This, where the field had that value.
    #[must_use]
    pub fn seen(mut self, value: impl Into<Value>) -> Self {
        self.seen = Some(value.into());
        self
    }
}

/// One change to the cluster.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// A new object; refused by the API server if one of that name exists.
    Create {
        /// What is created.
        object: ObjectRef,
        /// The whole manifest.
        manifest: Value,
    },
    /// Fields of an existing object.
    Patch {
        /// What is changed.
        target: ObjectRef,
        /// The fields.
        ops: NonEmpty<FieldOp>,
    },
    /// A claim that was never bound, so that no data can be lost; its precondition pins uid and resource version.
    DeleteUnboundClaim {
        /// The claim.
        claim: ObjectRef,
    },
}

impl Action {
    /// What is done, to which object, and to which of its fields; no field means the whole object.
    pub fn change(&self) -> (Verb, &ObjectRef, Vec<&FieldPath>) {
        match self {
            Action::Create { object, .. } => (Verb::Create, object, Vec::new()),
            Action::Patch { target, ops } => (Verb::Patch, target, ops.iter().map(|op| &op.path).collect()),
            Action::DeleteUnboundClaim { claim } => (Verb::Delete, claim, Vec::new()),
        }
    }

    /// The object that is changed.
    pub fn target(&self) -> &ObjectRef {
        self.change().1
    }

    /// `create`, `patch`, `delete`: the verb that the API server audits and that a role must allow.
    pub fn verb(&self) -> &'static str {
        self.change().0.as_str()
    }

    /// The least risk that this action can have, whatever anybody claims: what is not in the table of changes is high.
    pub fn floor(&self) -> Risk {
        let (_, target, _) = self.change();
        let outside = target.namespace.as_ref().is_none_or(super::object::Namespace::is_system);
        if outside {
            return Risk::High;
        }
        self.rows().into_iter().map(|(_, row)| row.map_or(Risk::High, |row| row.floor)).max().unwrap_or(Risk::High)
    }

    /// Whether it does all that another one does, and perhaps more. Of what is created the name alone counts: a size or a class is no other
    /// question.
    pub fn has_all_of(&self, other: &Self) -> bool {
        let same = self.target() == other.target() && self.verb() == other.verb();
        match (self, other) {
            (Action::Patch { ops, .. }, Action::Patch { ops: theirs, .. }) => {
                same && theirs.iter().all(|one| ops.iter().any(|op| op.path == one.path && op.change == one.change))
            }
            (Action::Create { .. } | Action::DeleteUnboundClaim { .. } | Action::Patch { .. }, _) => same,
        }
    }

    /// Each part with its row in the table of changes, where it has one: every field, or the whole object.
    pub fn rows(&self) -> Vec<(Option<&FieldPath>, Option<&'static Changeable>)> {
        let (verb, target, fields) = self.change();
        if fields.is_empty() {
            return vec![(None, changes::row(verb, &target.kind, None))];
        }
        fields.into_iter().map(|path| (Some(path), changes::row(verb, &target.kind, Some(path)))).collect()
    }
}
