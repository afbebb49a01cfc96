//! One change, fully specified. The set is closed on purpose: a new kind of write must be thought about everywhere.

use super::changes::{self, Changeable, Verb};
use super::field::{FieldPath, Segment};
use super::kind::Kind;
use super::nonempty::NonEmpty;
use super::object::ObjectRef;
use super::risk::Risk;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::LazyLock;

/// What `kubectl rollout restart` writes into the template of the Pods, with the time.
pub const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

static RESTARTED: LazyLock<FieldPath> = LazyLock::new(|| FieldPath::dotted("spec.template.metadata.annotations").key(RESTARTED_AT));

/// Where that is.
pub(crate) fn restarted() -> &'static FieldPath {
    &RESTARTED
}

/// Fields by which a Pod is found ready or alive.
const PROBES: [&str; 4] = ["readinessProbe", "livenessProbe", "startupProbe", "readinessGates"];

/// Fields that say how many replicas there are to be, of a workload and of what scales one.
const COUNTS: [&str; 3] = ["spec.replicas", "spec.minReplicas", "spec.maxReplicas"];

fn holds_a_probe(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.iter().any(|(name, below)| PROBES.contains(&name.as_str()) || holds_a_probe(below)),
        Value::Array(items) => items.iter().any(holds_a_probe),
        _ => false,
    }
}

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
    /// The first of these fields that does not have what is wanted there.
    pub(crate) fn first_unmet(ops: &[FieldOp], object: &Value) -> Option<FieldPath> {
        let differs = |op: &&FieldOp| {
            let now = op.path.locate(object).and_then(|located| located.current);
            match &op.change {
                Change::Set(wanted) => now.as_ref() != Some(wanted),
                Change::Remove => now.is_some(),
            }
        };
        ops.iter().find(differs).map(|op| op.path.clone())
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
    /// Every Pod of a workload is replaced by one of the same template, by the workload's own strategy.
    RestartRollout {
        /// The workload.
        target: ObjectRef,
        /// The time that is written, in whole seconds.
        at: Timestamp,
    },
    /// The template of a workload goes back to the one of an earlier revision.
    UndoRollout {
        /// The workload.
        target: ObjectRef,
        /// Between which revisions.
        between: Box<Revisions>,
        /// The fields in which their templates differ.
        ops: NonEmpty<FieldOp>,
    },
    /// A Pod goes that is not ready, and that a controller makes again; its uid is pinned.
    DeletePod {
        /// The Pod.
        pod: ObjectRef,
    },
    /// A Pod that a controller makes again goes, as far as PodDisruptionBudgets let it; its uid is pinned.
    EvictPod {
        /// The Pod.
        pod: ObjectRef,
    },
}

impl Action {
    /// Whether the Pods that there are stay: what fails in them begins again by itself, and late.
    pub fn keeps_pods(&self) -> bool {
        match self {
            Action::Patch { target, .. } => {
                !matches!(target.kind, Kind::Pod | Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet)
            }
            Action::Create { .. } => true,
            Action::DeleteUnboundClaim { .. }
            | Action::RestartRollout { .. }
            | Action::UndoRollout { .. }
            | Action::DeletePod { .. }
            | Action::EvictPod { .. } => false,
        }
    }
}

/// Two revisions of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revisions {
    /// The one that it has now.
    pub from: RolledOut,
    /// The one that it gets the template of.
    pub to: RolledOut,
}

/// A revision of a workload's template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolledOut {
    /// As its controller counts it.
    pub revision: u32,
    /// The ReplicaSet or the ControllerRevision that has the template.
    pub set: ObjectRef,
}

impl Action {
    /// A restart at this time.
    pub fn restart(target: ObjectRef, now: Timestamp) -> Self {
        Self::RestartRollout { target, at: Timestamp::from_second(now.as_second()).unwrap_or(now) }
    }

    /// What is done, to which object, and to which of its fields; no field means the whole object.
    pub fn change(&self) -> (Verb, &ObjectRef, Vec<&FieldPath>) {
        match self {
            Action::Create { object, .. } => (Verb::Create, object, Vec::new()),
            Action::Patch { target, ops } => (Verb::Patch, target, ops.iter().map(|op| &op.path).collect()),
            Action::DeleteUnboundClaim { claim } => (Verb::Delete, claim, Vec::new()),
            Action::RestartRollout { target, at: _ } => (Verb::Restart, target, vec![restarted()]),
            Action::UndoRollout { target, ops, .. } => (Verb::UndoRollout, target, ops.iter().map(|op| &op.path).collect()),
            Action::DeletePod { pod } => (Verb::Delete, pod, Vec::new()),
            Action::EvictPod { pod } => (Verb::Evict, pod, Vec::new()),
        }
    }

    /// What is to be in which fields afterwards; nothing of an action that makes or ends a whole object.
    pub fn ops(&self) -> Vec<FieldOp> {
        match self {
            Action::Patch { ops, .. } | Action::UndoRollout { ops, .. } => ops.iter().cloned().collect(),
            Action::RestartRollout { target: _, at } => vec![FieldOp::set(restarted().clone(), at.to_string())],
            Action::Create { .. } | Action::DeleteUnboundClaim { .. } | Action::DeletePod { .. } | Action::EvictPod { .. } => Vec::new(),
        }
    }

    /// Whether the object comes again by itself, so that nobody's writing is lost who owns it.
    pub fn is_made_again(&self) -> bool {
        matches!(self, Action::DeletePod { .. } | Action::EvictPod { .. })
    }

    /// Whether it ends Pods, or all Pods of a workload, for the like of them to come.
    pub fn renews_pods(&self) -> bool {
        self.is_made_again() || matches!(self, Action::RestartRollout { .. })
    }

    /// Whether the template of its Pods is another one afterwards, so that its controller replaces them.
    pub fn changes_a_template(&self) -> bool {
        let template = FieldPath::dotted("spec.template");
        self.change().2.iter().any(|path| path.starts_with(&template))
    }

    /// Whether it changes a probe: what is ready or alive afterwards is so by another yardstick than what was not before.
    pub fn changes_a_probe(&self) -> bool {
        let named = |segment: &Segment| PROBES.contains(&segment.name());
        // A container that comes or goes has its own with it.
        let is_one = |op: &FieldOp| {
            let new = match &op.change {
                Change::Set(value) => Some(value),
                Change::Remove => None,
            };
            op.path.segments().iter().any(named) || new.into_iter().chain(&op.seen).any(holds_a_probe)
        };
        self.ops().iter().any(is_one)
    }

    /// How many replicas it asks for, where it sets that.
    pub fn scales_to(&self) -> Option<u64> {
        let Action::Patch { ops, .. } = self else { return None };
        let number = |op: &FieldOp| match &op.change {
            Change::Set(value) if op.path == FieldPath::dotted("spec.replicas") => value.as_u64(),
            Change::Set(_) | Change::Remove => None,
        };
        ops.iter().find_map(number)
    }

    /// The fields that say how many replicas there are to be, with the number that it sets.
    pub fn counts(&self) -> Vec<(FieldPath, u64)> {
        let number = |op: FieldOp| match op.change {
            Change::Set(value) if COUNTS.iter().any(|path| op.path == FieldPath::dotted(path)) => Some((op.path, value.as_u64()?)),
            Change::Set(_) | Change::Remove => None,
        };
        self.ops().into_iter().filter_map(number).collect()
    }

    /// Whether it leads a Service to another port, or an Ingress elsewhere: addresses are ready whichever port is asked, and by whom.
    pub fn leads_to_a_port(&self) -> bool {
        let ports = |path: &&FieldPath| path.segments().iter().any(|segment| segment.name() == "targetPort");
        let (_, target, fields) = self.change();
        // One without an address of its own only gives Pods their names.
        let is_reached = matches!(self, Action::Create { manifest, .. } if manifest.pointer("/spec/clusterIP").is_none());
        (target.kind == Kind::Service && (is_reached || fields.iter().any(ports))) || (target.kind == Kind::Ingress && !fields.is_empty())
    }

    /// The object that is changed.
    pub fn target(&self) -> &ObjectRef {
        self.change().1
    }

    /// What is done, in a word: `create`, `patch`, `restart`.
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

    /// Whether a no to the other one is a no to this one: it changes a field of the same, to whatever value, or does the same as a whole.
    /// Another value, a part of it or more besides is no other question; nor is how a Pod ends, or the size of what is created.
    pub fn asks_again_for(&self, other: &Self) -> bool {
        let ((verb, target, fields), (theirs, object, their_fields)) = (self.change(), other.change());
        let meets = |path: &FieldPath| their_fields.iter().any(|other| path.starts_with(other) || other.starts_with(path));
        let same = verb == theirs || (verb.ends() && theirs.ends());
        target == object && ((same && verb != Verb::Patch) || fields.into_iter().any(meets))
    }

    /// Each part with its row in the table of changes, where it has one: every field of a patch, or what is done as a whole.
    pub fn rows(&self) -> Vec<(Option<&FieldPath>, Option<&'static Changeable>)> {
        let (verb, target, fields) = self.change();
        if verb != Verb::Patch {
            return vec![(None, changes::row(verb, &target.kind, None))];
        }
        fields.into_iter().map(|path| (Some(path), changes::row(verb, &target.kind, Some(path)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::namespace::Namespace;

    fn of(kind: Kind) -> ObjectRef {
        ObjectRef::namespaced(kind, &Namespace::parse("shop").unwrap(), "web")
    }

    fn patch(fields: &[(&str, &str)]) -> Action {
        let ops = fields.iter().map(|(path, value)| FieldOp::set(FieldPath::parse(path).unwrap(), *value)).collect();
        Action::Patch { target: of(Kind::Deployment), ops: NonEmpty::from_vec(ops).unwrap() }
    }

    #[test]
    fn no_to_a_field_is_a_no_to_every_value_of_it_alone_or_beside_others() {
        let (image, memory) =
            ("spec.template.spec.containers[name=app].image", "spec.template.spec.containers[name=app].resources.limits.memory");
        let declined = patch(&[(image, "web:1"), (memory, "512Mi")]);
        for (change, again) in [
            (patch(&[(image, "web:1"), (memory, "512Mi")]), true),
            (patch(&[(memory, "513Mi")]), true),
            (patch(&[("spec.replicas", "2"), (image, "web:2")]), true),
            (patch(&[("spec.template.spec.containers[name=app].resources", "x")]), true),
            (patch(&[("spec.replicas", "2")]), false),
            (patch(&[("spec.template.spec.containers[name=log].image", "web:1")]), false),
            (Action::restart(of(Kind::Deployment), Timestamp::UNIX_EPOCH), false),
        ] {
            assert_eq!(change.asks_again_for(&declined), again, "{change:?}");
        }
    }

    #[test]
    fn container_that_comes_or_goes_takes_its_probe_with_it() {
        let path = || FieldPath::parse("spec.template.spec.containers[name=app]").unwrap();
        let of = |op: FieldOp| Action::Patch { target: of(Kind::Deployment), ops: NonEmpty::one(op) }.changes_a_probe();
        let whole = serde_json::json!({"name": "app", "readinessProbe": {"tcpSocket": {"port": 80}}});
        assert!(of(FieldOp::set(path(), whole.clone())) && of(FieldOp::remove(path()).seen(whole)));
        assert!(!of(FieldOp::set(path(), serde_json::json!({"name": "app"}))));
    }

    #[test]
    fn of_what_is_done_as_a_whole_the_object_and_the_action_count() {
        let restart = |at| Action::restart(of(Kind::Deployment), Timestamp::from_second(at).unwrap());
        let (delete, evict) = (Action::DeletePod { pod: of(Kind::Pod) }, Action::EvictPod { pod: of(Kind::Pod) });
        assert!(restart(1).asks_again_for(&restart(2)) && delete.asks_again_for(&evict) && evict.asks_again_for(&delete));
        assert!(
            !delete.asks_again_for(&restart(1)) && !restart(1).asks_again_for(&Action::restart(of(Kind::DaemonSet), Timestamp::UNIX_EPOCH))
        );
    }
}
