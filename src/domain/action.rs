//! One change, fully specified. The set is closed on purpose: a new kind of write must be thought about everywhere.

use super::field::FieldPath;
use super::kind::Kind;
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
    /// What happens to it.
    pub change: Change,
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
    /// The object that is changed.
    pub fn target(&self) -> &ObjectRef {
        match self {
            Action::Create { object, .. } => object,
            Action::Patch { target, .. } => target,
            Action::DeleteUnboundClaim { claim } => claim,
        }
    }

    /// `create`, `patch`, `delete`: the verb that the API server audits and that a role must allow.
    pub fn verb(&self) -> &'static str {
        match self {
            Action::Create { .. } => "create",
            Action::Patch { .. } => "patch",
            Action::DeleteUnboundClaim { .. } => "delete",
        }
    }

    /// The least risk that this action can have, whatever anybody claims.
    pub fn floor(&self) -> Risk {
        let target = self.target();
        let outside = target.namespace.as_ref().is_none_or(super::object::Namespace::is_system);
        if outside {
            return Risk::High;
        }
        match self {
            Action::Create { object, .. } => match object.kind {
                Kind::PersistentVolumeClaim => Risk::Low,
                _ => Risk::High,
            },
            Action::Patch { target, ops } => ops.iter().map(|op| field_floor(&target.kind, &op.path)).max().unwrap_or(Risk::High),
            Action::DeleteUnboundClaim { .. } => Risk::Medium,
        }
    }
}

/// The table of ruling 0.1: a reference is low, what moves Pods or traffic is medium, all else is high.
fn field_floor(kind: &Kind, path: &FieldPath) -> Risk {
    use super::field::Segment;
    let keys: Vec<&str> = path
        .segments()
        .iter()
        .map(|s| match s {
            Segment::Key(k) => k.as_str(),
            Segment::Element { .. } => "[]",
        })
        .collect();
    let template = match kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => keys.strip_prefix(&["spec", "template", "spec"]),
        _ => None,
    };
    match (kind, template, keys.as_slice()) {
        (_, Some(["volumes", "[]", "persistentVolumeClaim", "claimName"]), _) => Risk::Low,
        (_, Some(["containers" | "initContainers", "[]", "env", "[]", "valueFrom", "configMapKeyRef", "name"]), _) => Risk::Low,
        (_, Some(["containers" | "initContainers", "[]", "envFrom", ..]), _) => Risk::Low,
        // Low only when the image ran before in this object: the rule that knows raises it otherwise.
        (_, Some(["containers" | "initContainers", "[]", "image"]), _) => Risk::Low,
        (_, Some(["nodeSelector", _]), _) => Risk::Medium,
        (Kind::Service, _, ["spec", "selector", _]) => Risk::Medium,
        _ => Risk::High,
    }
}
