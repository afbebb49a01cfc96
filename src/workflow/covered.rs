//! All that a plan's digest covers, in words, made of the plan itself: what a question does not say otherwise, it says with these.
//! The values are taken apart without a rest, so a value that joins a plan has to find its place here.

use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::cause::CauseKey;
use crate::domain::check::Check;
use crate::domain::field::{FieldPath, Segment, escape};
use crate::domain::fitted::Part;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Judged, Precondition, RemediationPlan, STAMP, Step, Undo};
use crate::domain::purpose::Aim;
use crate::domain::request::{Method, Request};
use crate::domain::visible::escaped;
use crate::planner::action;
use crate::planner::diff::shows_whole;
use serde_json::{Value, json};

/// What a plan's digest covers and the rest of its view does not say to the last byte: one line each. A question says all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Covered {
    /// The place of the cause that the plan is for, with its code; or the session that it takes back.
    pub aim: String,
    /// The identity of the cluster that the plan fits.
    pub cluster: String,
    /// In the order of the steps.
    pub steps: Vec<CoveredStep>,
    /// In the order of the checks.
    pub checks: Vec<String>,
    /// What has to run again besides.
    pub about: Vec<String>,
    /// The kinds that were read whole when the plan was made.
    pub saw: Vec<String>,
}

/// The same of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CoveredStep {
    /// The change as parts of a line that has to fit, whatever the names are.
    pub headline: Vec<Part>,
    /// What is changed.
    pub target: String,
    /// What must be true of the object, or nothing is changed.
    pub conditions: Vec<String>,
    /// What is sent, but for what it tests.
    pub sends: Vec<String>,
    /// What a rollback sends.
    pub undo: Vec<String>,
}

pub(super) fn of(plan: &RemediationPlan) -> Covered {
    // The id is in the stamp; the rest has its place in the report.
    let RemediationPlan { id: _, aim, summary: _, steps, checks, judged, on_failure: _, cluster } = plan;
    // How long is in the plan's view.
    let Judged { about, saw, settle: _, wait: _ } = judged;
    Covered {
        aim: self::aim(aim),
        cluster: cluster.clone(),
        steps: steps.iter().enumerate().map(|(index, one)| step(one, action::headline(plan, index))).collect(),
        checks: checks.iter().map(check).collect(),
        about: about.iter().map(object).collect(),
        saw: saw.iter().map(kind).collect(),
    }
}

fn aim(aim: &Aim) -> String {
    match aim {
        Aim::Cause(CauseKey { source, object: at, field }) => {
            let field = field.as_ref().map(|field| format!(", {}", dotted(field))).unwrap_or_default();
            format!("{}{field} ({})", object(at), source.code())
        }
        Aim::Undo(session) => format!("undo of session {session}"),
    }
}

/// One that is known by its name alone.
fn kind(kind: &Kind) -> String {
    match kind.info() {
        Some(_) => escaped(kind.name()),
        None => format!("{} ({})", escaped(kind.name()), escaped(kind.api_version())),
    }
}

fn step(step: &Step, headline: Vec<Part>) -> CoveredStep {
    let Step { action, why: _, request, diff, risk: _, precondition, undo, command: _ } = step;
    let sent = Sent::of(request);
    let undo = match undo {
        Undo::Restore { request: back, summary: _ } => {
            let place = format!("{} {}", back.method.as_str(), escaped(&back.path));
            let same = (back.method, &back.path) == (request.method, &request.path);
            let back = Sent::of(back);
            (!same).then_some(place).into_iter().chain(back.lines(|_| true)).collect()
        }
        Undo::None { why: _ } => Vec::new(),
    };
    let mut sends = vec![format!("{} {}", request.method.as_str(), escaped(&request.path))];
    if !(request.method == Method::Post && is_in_diff(action, request, diff)) {
        sends.extend(sent.lines(|op| op.name != "test"));
        sends.extend(meant(action, &sent));
    }
    CoveredStep { headline, target: object(action.target()), conditions: conditions(action, precondition, &sent), sends, undo }
}

/// What must be true of the object: what the bytes test, and what the plan says besides.
fn conditions(action: &Action, precondition: &Precondition, sent: &Sent) -> Vec<String> {
    let Precondition { uid, resource_version, generation, fields } = precondition;
    let is = |place: &str, value: &Value| format!("{} is {}", escaped(place), escaped(&value.to_string()));
    let mut all = Vec::new();
    let ops = action.ops();
    let pinned = [
        ("/metadata/uid", uid.as_ref().map(|uid| json!(uid))),
        ("/metadata/generation", generation.map(|generation| json!(generation))),
        ("/metadata/resourceVersion", resource_version.as_ref().map(|version| json!(version))),
    ];
    let lists = |path: &FieldPath, held: &Value| fields.iter().any(|pinned| pinned.path == *path && pinned.value.as_ref() == Some(held));
    // What the bytes test is said once where the plan lists it too; where only one of them does, that is said with it.
    for (place, held) in sent.tests() {
        let op = ops.iter().find(|op| sent.leads(&op.path, place));
        let listed = match (pinned.iter().find(|(pinned, _)| *pinned == place), op) {
            (Some((_, value)), _) => value.as_ref() == Some(held),
            (None, Some(op)) => lists(&op.path, held),
            // A name, or a whole map or element: the bytes alone hold these.
            (None, None) => true,
        };
        let alone = if listed { "" } else { ", in the bytes alone" };
        let found = if op.is_some_and(|op| op.seen.as_ref() == Some(held)) { ", as it was found" } else { "" };
        all.push(format!("{}{alone}{found}", is(place, held)));
    }
    let tested = |place: &str, value: &Value| sent.tests().any(|(at, held)| at == place && held == value);
    all.extend(
        pinned.iter().filter_map(|(place, value)| value.as_ref().filter(|value| !tested(place, value)).map(|value| is(place, value))),
    );
    // A creation is refused where the name is taken.
    match action {
        Action::Create { .. } => all.push("metadata.name is not in use".to_owned()),
        Action::Patch { .. }
        | Action::DeleteUnboundClaim { .. }
        | Action::RestartRollout { .. }
        | Action::UndoRollout { .. }
        | Action::DeletePod { .. }
        | Action::EvictPod { .. } => {}
    }
    let tests = |path: &FieldPath, value: &Value| sent.tests().any(|(place, held)| sent.leads(path, place) && value == held);
    for pinned in fields {
        let is_tested = pinned.value.as_ref().is_some_and(|value| tests(&pinned.path, value));
        if !(is_tested && ops.iter().any(|op| op.path == pinned.path)) {
            all.push(format!("{} is {}", dotted(&pinned.path), escaped(&pinned.held())));
        }
    }
    for op in &ops {
        if let Some(seen) = op.seen.as_ref().filter(|seen| !tests(&op.path, seen)) {
            all.push(format!("{} is {}, as it was found", dotted(&op.path), escaped(&seen.to_string())));
        }
    }
    all
}

/// What the action means to change, where the bytes do not say the same.
fn meant(action: &Action, sent: &Sent) -> Vec<String> {
    let ops = action.ops();
    let fields = ops.iter().filter(|op| !sent.makes(op)).map(|op| match &op.change {
        Change::Set(value) => format!("meant to set {} to {}", dotted(&op.path), escaped(&value.to_string())),
        Change::Remove => format!("meant to remove {}", dotted(&op.path)),
    });
    let whole = match action {
        Action::Create { object: _, manifest } => Some(format!("meant to create {}", escaped(&manifest.to_string()))),
        Action::UndoRollout { target: _, between, ops: _ } => Some(format!(
            "meant to go from revision {} ({}) to revision {} ({})",
            between.from.revision,
            object(&between.from.set),
            between.to.revision,
            object(&between.to.set)
        )),
        Action::Patch { .. }
        | Action::DeleteUnboundClaim { .. }
        | Action::RestartRollout { .. }
        | Action::DeletePod { .. }
        | Action::EvictPod { .. } => None,
    };
    fields.chain(whole).collect()
}

/// Whether the diff shows every byte of a creation: then there is nothing to add to it.
fn is_in_diff(action: &Action, request: &Request, diff: &str) -> bool {
    let (object, manifest) = match action {
        Action::Create { object, manifest } => (object, manifest),
        Action::Patch { .. }
        | Action::DeleteUnboundClaim { .. }
        | Action::RestartRollout { .. }
        | Action::UndoRollout { .. }
        | Action::DeletePod { .. }
        | Action::EvictPod { .. } => return false,
    };
    let Ok(body) = serde_json::from_str::<Value>(&request.body) else { return false };
    let mut bare = body.clone();
    let mut meant = manifest.clone();
    [&mut bare, &mut meant].into_iter().for_each(without_stamp);
    bare == meant && is_text_of(&request.body, &body) && shows_whole(&object.slashed(), &body, diff)
}

/// Whether the text is this value as we write it, byte for byte.
fn is_text_of(text: &str, value: &Value) -> bool {
    let written = value.to_string();
    written == text
}

fn without_stamp(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else { return };
    if let Some(notes) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        notes.shift_remove(STAMP);
        if notes.is_empty() {
            metadata.shift_remove("annotations");
        }
    }
}

/// One operation of a JSON Patch.
struct Op {
    name: String,
    place: String,
    value: Option<Value>,
}

/// A body, taken apart where nothing of it is lost by that.
enum Sent {
    Patch(Vec<Op>),
    Raw(String),
}

impl Sent {
    fn of(request: &Request) -> Self {
        let raw = || Sent::Raw(request.body.clone());
        let Ok(Value::Array(ops)) = serde_json::from_str::<Value>(&request.body) else { return raw() };
        let text = |op: &Value, key: &str| op.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let read: Vec<Op> =
            ops.iter().map(|op| Op { name: text(op, "op"), place: text(op, "path"), value: op.get("value").cloned() }).collect();
        let written: Vec<Value> = read
            .iter()
            .map(|op| match &op.value {
                Some(value) => json!({"op": op.name, "path": op.place, "value": value}),
                None => json!({"op": op.name, "path": op.place}),
            })
            .collect();
        let lossless = is_text_of(&request.body, &Value::Array(written)) && request.method == Method::Patch;
        if lossless { Sent::Patch(read) } else { raw() }
    }

    fn ops(&self) -> &[Op] {
        match self {
            Sent::Patch(ops) => ops,
            Sent::Raw(_) => &[],
        }
    }

    /// A line for each operation that is asked for, or the bytes as they are.
    fn lines(&self, asked: impl Fn(&Op) -> bool) -> Vec<String> {
        match self {
            Sent::Raw(body) => vec![escaped(body)],
            Sent::Patch(ops) => {
                let value = |op: &Op| op.value.as_ref().map(|value| format!(" {}", escaped(&value.to_string()))).unwrap_or_default();
                ops.iter().filter(|op| asked(op)).map(|op| format!("{} {}{}", escaped(&op.name), escaped(&op.place), value(op))).collect()
            }
        }
    }

    fn tests(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.ops().iter().filter(|op| op.name == "test").filter_map(|op| Some((op.place.as_str(), op.value.as_ref()?)))
    }

    /// Whether one of the operations is this change.
    fn makes(&self, op: &FieldOp) -> bool {
        self.ops().iter().filter(|sent| self.leads(&op.path, &sent.place)).any(|sent| match &op.change {
            Change::Set(value) => (sent.name == "replace" || sent.name == "add") && sent.value.as_ref() == Some(value),
            Change::Remove => sent.name == "remove",
        })
    }

    /// Whether the path leads to this pointer, by what is tested: an element by its name is the one whose name is tested there.
    fn leads(&self, path: &FieldPath, pointer: &str) -> bool {
        let mut tokens = pointer.split('/').skip(1);
        let mut place = String::new();
        for segment in path.segments() {
            let Some(token) = tokens.next() else { return false };
            place = format!("{place}/{token}");
            let fits = match segment {
                Segment::Key(key) => token == escape(key),
                Segment::Position(index) => token == index.to_string(),
                Segment::Element { key, value } => {
                    let identity = format!("{place}/{}", escape(key));
                    self.tests().any(|(tested, held)| tested == identity && held.as_str() == Some(value))
                }
            };
            if !fits {
                return false;
            }
        }
        tokens.next().is_none()
    }
}

fn check(check: &Check) -> String {
    let expected = match check {
        // Words are cut, and a value that is decided on is not.
        Check::FieldIs { field, value: Some(value), .. } => format!("{} is {}", dotted(field), escaped(&value.to_string())),
        Check::FieldIs { field, value: None, .. } => format!("{} is not set", dotted(field)),
        Check::FindingGone { code, field: Some(field), .. } => {
            format!("`{code}`, found at {}, is no longer found anywhere in it", dotted(field))
        }
        Check::RolloutComplete(_)
        | Check::PodReady(_)
        | Check::ClaimBound(_)
        | Check::EndpointsReady(_)
        | Check::StillServes { .. }
        | Check::FindingGone { field: None, .. }
        | Check::Gone(_)
        | Check::SymptomGone(_) => check.expectation(),
    };
    format!("{}: {expected}", object(check.object()))
}

/// A path that reads like no other: what is not a plain name is in quotes.
fn dotted(path: &FieldPath) -> String {
    let plain = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let name = |text: &str| if plain(text) { text.to_owned() } else { escaped(&json!(text).to_string()) };
    let mut out = String::new();
    for segment in path.segments() {
        let dot = if out.is_empty() { "" } else { "." };
        out.push_str(&match segment {
            Segment::Key(key) => format!("{dot}{}", name(key)),
            Segment::Element { key, value } => format!("[{}={}]", name(key), name(value)),
            Segment::Position(index) => format!("[{index}]"),
        });
    }
    if out.is_empty() { "the whole object".to_owned() } else { out }
}

/// `Deployment shop/web`, with its group where that is not the kind's own.
fn object(object: &ObjectRef) -> String {
    let (kind, version) = (object.kind.name(), object.kind.api_version());
    let group = match object.kind {
        Kind::Custom(_) | Kind::Other { .. } => format!(" ({})", escaped(version)),
        _ => String::new(),
    };
    let place = object.namespace.as_ref().map(|namespace| format!("{}/", escaped(namespace.as_str()))).unwrap_or_default();
    format!("{}{group} {place}{}", escaped(kind), escaped(&object.name))
}
