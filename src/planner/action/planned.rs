//! What every action must answer. No answer has a default: the compiler asks a new action for each of them.

use crate::domain::field::{FieldPath, Located};
use crate::domain::fitted::Part;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, Undo};
use crate::domain::request::Request;
use crate::domain::visible::escaped;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use serde_json::Value;

/// How the API server shall treat our writes: attributed to us, and refused rather than pruned when a field is unknown.
pub(super) const QUERY: &str = "?fieldManager=kubemend&fieldValidation=Strict";

/// Maps whose members select together.
const SELECTORS: &[&str] = &["selector", "nodeSelector"];

/// A step's bytes and what follows from them.
pub(crate) struct Built {
    pub(crate) request: Request,
    pub(crate) diff: String,
    pub(crate) precondition: Precondition,
    pub(crate) undo: Undo,
    /// The kubectl line for the same change of the same object. That of a patch is refused, too, where the object has changed;
    /// `kubectl delete` has no such guard.
    pub(crate) command: String,
}

/// One action, in all that is done with actions.
pub(crate) trait PlannedAction: Send + Sync {
    /// The object that must exist as it was seen; `None` where nothing of that name may exist.
    fn existing(&self) -> Option<&ObjectRef>;

    /// The object that it takes content from, which is read as it is when the plan is made.
    fn source(&self) -> Option<&ObjectRef>;

    /// What it does, for a plan's summary: `create …`, `change … of …`.
    fn summary(&self) -> String;

    /// What it does with the old value and the new one, for the first line that a human reads. `replaces`: what was so
    /// of the object whose name an earlier step of the plan frees for it.
    fn in_one_line(&self, precondition: &Precondition, replaces: Option<&Precondition>) -> String;

    /// The same for a line that has to fit whatever the names are, without the namespace, which is said beside it.
    fn headline(&self, precondition: &Precondition, replaces: Option<&Precondition>) -> Vec<Part>;

    /// What it does, for advice to a human: ``set `…` to `…` ``.
    fn in_words(&self) -> String;

    /// The kubectl line for a change that is not planned, of an object that nobody has read whole.
    /// A human's change is not ours, so it carries no stamp of ours.
    fn kubectl(&self) -> String;

    /// Why it is refused where the table of changes has nothing of the kind.
    fn not_in_the_table(&self) -> Refusal;

    /// What speaks against it that a human wants to hear before who manages the object.
    fn check_first(&self, proposed: &Proposed<'_>) -> Option<Refusal>;

    /// What speaks against it when everything else is in order.
    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal>;

    /// That what the action is about still is as whoever proposes it saw it, where an object must exist. That it is the same object,
    /// managed by nobody else, is known by then.
    fn unchanged(&self, live: &Value, seen: &Basis) -> Result<(), Refusal>;

    /// That the object becomes what `source` holds, where it takes content from one.
    fn fits(&self, live: &Value, source: &Value) -> Result<(), Refusal>;

    /// The bytes, with everything that must still be true in them. `live` is the object as it is now, where one must exist.
    fn build(&self, live: Option<&Value>, stamp: &str) -> Result<Built, Refusal>;

    /// How the API server's answer differs from the object that was planned, in words. `before` is the object as it is before the
    /// step, where one must exist. It is asked of the answer to the dry run, and of the answer to the step itself.
    fn drift(&self, request: &Request, before: Option<&Value>, answer: &Value) -> Option<String>;

    /// The name that is free once it ran, so that a step after it may take it.
    fn frees(&self) -> Option<&ObjectRef>;

    /// The name that must be free before it can run.
    fn takes(&self) -> Option<&ObjectRef>;
}

/// The object as it is now, for an action that cannot do without.
pub(super) fn present<'a>(live: Option<&'a Value>, object: &ObjectRef) -> Result<&'a Value, Refusal> {
    live.ok_or_else(|| Refusal::NotRead(format!("{object} was not read")))
}

/// A text of the object's metadata.
pub(super) fn metadata(live: &Value, key: &str) -> Option<String> {
    live.get("metadata")?.get(key)?.as_str().map(str::to_owned)
}

/// A selector selects by all of its members together, so one of them is changed only where all others are as they were seen.
pub(super) fn whole_map<'a>(path: &FieldPath, pointer: &'a str, live: &'a Value) -> Option<(&'a str, &'a Value)> {
    let parent = path.segments().iter().nth_back(1)?.name();
    let map = pointer.rsplit_once('/')?.0;
    if !SELECTORS.contains(&parent) {
        return None;
    }
    live.pointer(map).map(|value| (map, value))
}

/// What pins the elements of lists on the way that a key names: the key, and where the server counts no changes of the spec, all else of the
/// element, too, which may have been what the decision was about.
pub(super) fn named_elements<'v>(at: &'v Located, object: &'v Value) -> impl Iterator<Item = (&'v str, &'v Value)> {
    let is_counted = object.pointer("/metadata/generation").is_some();
    at.identities.iter().map(move |(pointer, value)| {
        let whole = pointer.rsplit_once('/').map(|(element, _)| element).filter(|_| !is_counted);
        whole.and_then(|element| Some((element, object.pointer(element)?))).unwrap_or((pointer, value))
    })
}

/// The kind as one would say it.
fn kind(object: &ObjectRef) -> String {
    if object.kind == Kind::PersistentVolumeClaim { "claim".to_owned() } else { escaped(object.kind.name()) }
}

/// `StatefulSet` is the longest of what is changed.
const KIND: usize = 12;

/// `claim postgres-pvc`, `Deployment web`, as parts of a line.
pub(super) fn called(object: &ObjectRef) -> [Part; 3] {
    let kind = kind(object);
    // Which kind of thing it is, is said in full but where a kind of somebody's own has a long name.
    let kind = if kind.len() <= KIND { Part::words(kind) } else { Part::name(kind) };
    [kind, Part::words(" "), Part::object(escaped(&object.name))]
}

/// `claim a-team/postgres-pvc`, `Deployment shop/web`.
pub(super) fn named(object: &ObjectRef) -> String {
    let kind = kind(object);
    match &object.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", escaped(&object.name)),
        None => format!("{kind} {}", escaped(&object.name)),
    }
}
