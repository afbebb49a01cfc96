//! A change of fields of an existing object, as a JSON Patch that pins what a human was shown.

use super::planned::{Built, PlannedAction, QUERY, called, metadata, named, named_elements, present, whole_map};
use super::undo;
use crate::domain::action::{Change, FieldOp};
use crate::domain::changes::Verb;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::{FieldPath, Segment, escape};
use crate::domain::fitted::{Part, Route};
use crate::domain::hosts::addresses;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Pinned, Precondition, STAMP, Undo};
use crate::domain::request::{Method, Request};
use crate::domain::visible::{self, escaped};
use crate::domain::workload::pod_is_ready;
use crate::facts::Facts;
use crate::facts::newest::{self, Kept};
use crate::facts::rollouts;
use crate::planner::admission;
use crate::planner::diff;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::{Differs, Refusal};
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use serde_json::{Value, json};

/// What `check_last` decides on, of the object as the snapshot has it: it must be the same in the object as it is now.
const DECIDED_ON: &[&str] =
    &["spec.paused", "spec.updateStrategy.type", "spec.updateStrategy.rollingUpdate.partition", "spec.podManagementPolicy"];
const TEMPLATE_GENERATION: &str = "deprecated.daemonset.template.generation";
pub(super) const ON_DELETE: &str = "its update strategy is OnDelete, so a Pod keeps its old template until it is deleted";
pub(super) const PARTITIONED: &str = "its rolling update has a partition, so Pods with a lower ordinal keep their old template";
pub(super) const ORDERED: &str = "a StatefulSet with podManagementPolicy OrderedReady does not replace a Pod that never became ready";

pub(super) struct Patch<'a> {
    pub(super) target: &'a ObjectRef,
    pub(super) ops: &'a NonEmpty<FieldOp>,
}

impl PlannedAction for Patch<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.target)
    }

    fn source(&self) -> Option<&ObjectRef> {
        None
    }

    fn summary(&self) -> String {
        let fields: Vec<String> = self.ops.iter().map(|o| o.path.to_string()).collect();
        format!("change {} of {}", fields.join(" and "), self.target)
    }

    fn in_one_line(&self, precondition: &Precondition, _: Option<&Precondition>) -> String {
        let one = |(index, op): (usize, &FieldOp)| {
            let (field, part) = field_in_words(&op.path);
            let of = if index == 0 { format!(" of {}{part}", named(self.target)) } else { part };
            let [old, new] = values(op, precondition);
            format!("{field}{of}: {old} → {new}")
        };
        format!("Set {}", self.ops.iter().enumerate().map(one).collect::<Vec<_>>().join(", and "))
    }

    fn headline(&self, precondition: &Precondition, _: Option<&Precondition>) -> Vec<Part> {
        let op = self.ops.first();
        let [old, new] = addresses_of(self.target, op, precondition).unwrap_or_else(|| values(op, precondition));
        let mut parts = vec![Part::Change { old, new }, Part::words(": "), Part::Path(Route::of(&op.path)), Part::words(" of ")];
        parts.extend(called(self.target));
        match self.ops.len().saturating_sub(1) {
            0 => {}
            1 => parts.push(Part::words(", 1 more field")),
            more => parts.push(Part::words(format!(", {more} more fields"))),
        }
        parts
    }

    fn in_words(&self) -> String {
        let word = |op: &FieldOp| match &op.change {
            Change::Set(Value::String(text)) => format!("set `{}` to `{text}`", op.path),
            Change::Set(value) => format!("set `{}` to `{value}`", op.path),
            Change::Remove => format!("remove `{}`", op.path),
        };
        self.ops.iter().map(word).collect::<Vec<_>>().join(" and ")
    }

    fn kubectl(&self) -> String {
        kubectl::patch(self.target, self.ops)
    }

    /// The API refuses to change the spec of a Pod, and kubemend has no change for the templates of other kinds.
    fn not_in_the_table(&self) -> Refusal {
        let of_pods = self.ops.iter().any(|op| op.path.to_string().starts_with("spec"));
        let kind = self.target.kind.clone();
        if of_pods { Refusal::FixedSpec(kind) } else { Refusal::Kind { verb: Verb::Patch.as_str(), kind } }
    }

    fn check_first(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    /// A change of a paused Deployment's template does nothing that could be validated, and a changed template does not reach
    /// every Pod by itself.
    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        let facts = proposed.facts;
        // What else is changed than the template makes no new Pods.
        if !proposed.action.changes_a_template() {
            return None;
        }
        if facts.find::<Deployment>(self.target).is_some_and(|d| d.spec.paused.unwrap_or(false)) {
            return Some(Refusal::Paused);
        }
        let why = pods_stay(self.target, facts)?;
        let stays = |o: &&&ObjectRef| o.kind == Kind::Pod && facts.owners().chain(o).next() == Some(self.target);
        let pods = proposed.suffering.iter().filter(stays).map(|o| o.name.clone()).collect();
        Some(Refusal::PodsStay { why, pods })
    }

    fn unchanged(&self, live: &Value, seen: &Basis) -> Result<(), Refusal> {
        let of = |object: &Value, path: &FieldPath| path.locate(object).and_then(|at| at.current);
        let written = self.ops.iter().map(|op| {
            let before = op.seen.clone().or_else(|| of(&seen.value, &op.path));
            (op.path.clone(), before)
        });
        let decided_on = DECIDED_ON.iter().map(|path| {
            let path = FieldPath::dotted(path);
            let before = of(&seen.value, &path);
            (path, before)
        });
        for (path, before) in written.chain(decided_on) {
            let now = of(live, &path);
            if now != before {
                let shown = |value: Option<Value>| value.map(|v| Excerpt::event(&diff::beside(&path, &v).to_string()).to_string());
                let (before, now) = (shown(before), shown(now));
                let path = path.to_string();
                let differs = Differs { object: self.target.clone(), path, seen: before, now };
                return Err(Refusal::Differs(Box::new(differs)));
            }
        }
        Ok(())
    }

    fn fits(&self, _: &Value, _: &Value) -> Result<(), Refusal> {
        Ok(())
    }

    fn build(&self, live: Option<&Value>, stamp: &str) -> Result<Built, Refusal> {
        let target = self.target;
        let live = present(live, target)?;
        let impossible = Refusal::NotPossible;
        let mut pins = Pins::of(target, live)?;
        let mut changes = Vec::new();
        // Absence cannot be tested by a JSON Patch on every server, so a field that is not there yet pins the whole object.
        let mut pin_version = false;
        for op in self.ops.iter() {
            let at = op.path.place(live).ok_or_else(|| impossible(format!("{target} has no {}", op.path)))?;
            for (pointer, value) in named_elements(&at, live) {
                pins.add(test(pointer, value));
            }
            if let Some((map, value)) = whole_map(&op.path, &at.pointer, live) {
                pins.add(test(map, value));
            }
            // What only its place names is pinned whole.
            for (pointer, value) in &at.elements {
                pins.add(test(pointer, value));
            }
            match (&at.current, &op.change) {
                (Some(old), Change::Set(new)) if old == new => {
                    return Err(impossible(format!("{} of {target} is already {new}", op.path)));
                }
                (Some(old), Change::Set(new)) => {
                    pins.add(test(&at.pointer, old));
                    changes.push(json!({"op": "replace", "path": at.pointer, "value": new}));
                }
                (Some(old), Change::Remove) => {
                    pins.add(test(&at.pointer, old));
                    changes.push(json!({"op": "remove", "path": at.pointer}));
                }
                (None, Change::Set(new)) => {
                    pin_version = true;
                    changes.push(json!({"op": "add", "path": at.pointer, "value": new}));
                }
                (None, Change::Remove) => return Err(impossible(format!("{target} has no {}", op.path))),
            }
            pins.precondition.fields.push(Pinned { path: op.path.clone(), value: at.current });
        }
        let Signed { request, diff, precondition, command, after } = signed(target, live, pins, changes, pin_version, stamp)?;
        if target.kind == Kind::PersistentVolumeClaim {
            let why = "none, because a volume never shrinks again".to_owned();
            return Ok(Built { diff, request, precondition, undo: Undo::None { why }, command });
        }
        let (undo, summary) = undo::of(self.ops, live, &after, stamp).ok_or_else(|| impossible(format!("{target} has no undo")))?;
        let undo = Request { method: Method::Patch, path: request.path.clone(), body: Value::Array(undo).to_string() };
        Ok(Built { diff, request, precondition, undo: Undo::Restore { request: undo, summary }, command })
    }

    /// The object as it is before the step, with the step's operations applied.
    fn drift(&self, request: &Request, before: Option<&Value>, answer: &Value) -> Option<String> {
        let Some(before) = before else { return Some(format!("{} was not read before the change", self.target)) };
        match patched(before, &request.body) {
            Ok(mut planned) => {
                count_template(self.target, &mut planned, answer);
                admission::in_words(&admission::differences(&planned, answer, &[]))
            }
            Err(why) => Some(format!("the patch does not fit {} as it is now: {why}", self.target)),
        }
    }

    fn frees(&self) -> Option<&ObjectRef> {
        None
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}

/// Why the Pods of a workload keep their old template, if they do.
fn pods_stay(workload: &ObjectRef, facts: &Facts<'_>) -> Option<&'static str> {
    match newest::kept(workload, facts) {
        Some(Kept::UntilDeleted) => Some(ON_DELETE),
        Some(Kept::BelowPartition) => Some(PARTITIONED),
        // Whether all were ready is told by their number and by each of them: one that was not read may not be.
        None => {
            let set = facts.find::<StatefulSet>(workload).filter(|set| rollouts::is_ordered(set))?;
            let wanted = usize::try_from(set.spec.replicas.unwrap_or(1)).unwrap_or(usize::MAX);
            let ready = facts.pods_of(workload).filter(|pod| pod_is_ready(pod)).count();
            let unready = facts.pods_of(workload).any(|pod| !pod_is_ready(pod));
            (unready || ready < wanted || !facts.is_whole(&Kind::Pod)).then_some(ORDERED)
        }
    }
}

/// A JSON Patch with all that it pins, and with the stamp.
pub(super) struct Signed {
    pub(super) request: Request,
    pub(super) diff: String,
    pub(super) precondition: Precondition,
    /// The same without the stamp, as a kubectl line.
    command: String,
    /// The object that the API server makes of it.
    after: Value,
}

/// Puts it together. `pin_version`: absence cannot be tested, so any change of the object has to refuse it.
pub(super) fn signed(
    target: &ObjectRef,
    live: &Value,
    mut pins: Pins,
    mut changes: Vec<Value>,
    mut pin_version: bool,
    stamp: &str,
) -> Result<Signed, Refusal> {
    let impossible = Refusal::NotPossible;
    let path = target.path().ok_or_else(|| impossible(format!("no API path is known for {target}")))?;
    let version = metadata(live, "resourceVersion").ok_or_else(|| impossible(format!("{target} has no resource version")))?;
    let version_pin = test("/metadata/resourceVersion", &json!(version));
    let command = kubectl::json_patch(target, pins.tests.iter().chain(pin_version.then_some(&version_pin)).chain(&changes));
    let stamp_pointer = escaped_at("/metadata/annotations", STAMP);
    if live.pointer("/metadata/annotations").is_some_and(Value::is_object) {
        changes.push(json!({"op": "add", "path": stamp_pointer, "value": stamp}));
    } else {
        pin_version = true;
        changes.push(json!({"op": "add", "path": "/metadata/annotations", "value": {STAMP: stamp}}));
    }
    if pin_version {
        pins.add(version_pin);
        pins.precondition.resource_version = Some(version);
    }
    let all: Vec<Value> = pins.tests.into_iter().chain(changes).collect();
    let body = Value::Array(all).to_string();
    let after = patched(live, &body).map_err(|why| impossible(format!("the patch does not fit {target}: {why}")))?;
    let diff = diff::unified(&target.slashed(), Some(live), Some(&after)).map_err(Refusal::NotPossible)?;
    let request = Request { method: Method::Patch, path: format!("{path}{QUERY}"), body };
    Ok(Signed { request, diff, precondition: pins.precondition, command, after })
}

/// The pointer of a member of a map.
pub(super) fn escaped_at(map: &str, member: &str) -> String {
    format!("{map}/{}", escape(member))
}

/// What must be true of the object: that it is the same one, with the same spec, and what the fields held.
pub(super) struct Pins {
    tests: Vec<Value>,
    pub(super) precondition: Precondition,
}

impl Pins {
    /// Where the server counts changes of the spec, the count is pinned: any other field may have been what the decision was about.
    pub(super) fn of(target: &ObjectRef, live: &Value) -> Result<Self, Refusal> {
        let uid = metadata(live, "uid").ok_or_else(|| Refusal::NotPossible(format!("{target} has no uid")))?;
        let generation = live.pointer("/metadata/generation").and_then(Value::as_i64);
        let counted = generation.map(|generation| test("/metadata/generation", &json!(generation)));
        let tests = std::iter::once(test("/metadata/uid", &json!(uid))).chain(counted).collect();
        Ok(Self { tests, precondition: Precondition { uid: Some(uid), generation, ..Precondition::default() } })
    }

    pub(super) fn add(&mut self, test: Value) {
        if !self.tests.contains(&test) {
            self.tests.push(test);
        }
    }
}

/// The object after the patch, as the API server would answer it: what the operations test is for the server to judge.
fn patched(before: &Value, body: &str) -> Result<Value, String> {
    let operations: Vec<Value> = serde_json::from_str(body).map_err(|e| format!("not a JSON Patch: {e}"))?;
    let changes: Vec<Value> = operations.into_iter().filter(|op| op.get("op").and_then(Value::as_str) != Some("test")).collect();
    let patch: json_patch::Patch = serde_json::from_value(Value::Array(changes.clone())).map_err(|e| format!("not a JSON Patch: {e}"))?;
    let mut after = before.clone();
    json_patch::patch(&mut after, &patch).map_err(|e| e.to_string())?;
    // A map that the change leaves empty is not answered.
    let removed = changes.iter().filter(|op| op.get("op").and_then(Value::as_str) == Some("remove"));
    for (map, _) in removed.filter_map(|op| op.get("path").and_then(Value::as_str)?.rsplit_once('/')) {
        let empty = after.pointer(map).and_then(Value::as_object).is_some_and(serde_json::Map::is_empty);
        let parent = map.rsplit_once('/').filter(|_| empty);
        if let Some((above, key)) = parent
            && let Some(above) = after.pointer_mut(above).and_then(Value::as_object_mut)
        {
            above.shift_remove(key);
        }
    }
    Ok(after)
}

/// The server counts the changes of a DaemonSet's template in an annotation of its own.
fn count_template(target: &ObjectRef, planned: &mut Value, answer: &Value) {
    let pointer = format!("/metadata/annotations/{}", escape(TEMPLATE_GENERATION));
    let count = |object: &Value| object.pointer(&pointer).and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok());
    let counted = count(planned).is_some_and(|before| count(answer) == before.checked_add(1));
    if target.kind == Kind::DaemonSet
        && counted
        && let Some(slot) = planned.pointer_mut(&pointer)
    {
        *slot = answer.pointer(&pointer).cloned().unwrap_or_default();
    }
}

/// The old value and the new one.
fn values(op: &FieldOp, precondition: &Precondition) -> [String; 2] {
    let old = precondition.fields.iter().find(|pinned| pinned.path == op.path).and_then(|pinned| pinned.value.clone());
    let new = if let Change::Set(new) = &op.change { Some(new.clone()) } else { None };
    [(old, "not set"), (new, "removed")].map(|(value, none)| value.map_or_else(|| none.to_owned(), |value| in_a_line(&value)))
}

/// Of a setting that leads elsewhere, from where to where: of a long value its beginning and its end alone would have room.
fn addresses_of(target: &ObjectRef, op: &FieldOp, precondition: &Precondition) -> Option<[String; 2]> {
    let pinned = precondition.fields.iter().find(|pinned| pinned.path == op.path).filter(|_| target.kind == Kind::ConfigMap)?;
    let Change::Set(new) = &op.change else { return None };
    let one = |value: Option<&Value>| {
        let addresses = addresses(value?.as_str()?, false);
        (!addresses.is_empty()).then(|| in_a_line(&Value::String(Vec::from_iter(addresses).join(","))))
    };
    let [old, new] = [one(pinned.value.as_ref())?, one(Some(new))?];
    (old != new).then_some([old, new])
}

/// The field as one would say it, and which part of the object it is in, where that is said behind the object.
fn field_in_words(path: &FieldPath) -> (String, String) {
    let text = escaped(&path.to_string());
    let of_pods = text.strip_prefix("spec.template.spec.").unwrap_or(&text);
    match path.segments() {
        [.., Segment::Key(list), Segment::Element { value: name, .. }, Segment::Key(field)]
            if (list == "containers" || list == "initContainers") && of_pods != text =>
        {
            let kind = if list == "containers" { "container" } else { "init container" };
            (escaped(field), format!(" {kind} {}", visible::value(name)))
        }
        [Segment::Key(spec), Segment::Key(selector), Segment::Key(label)] if spec == "spec" && selector == "selector" => {
            (format!("selector {}", visible::value(label)), String::new())
        }
        _ => (of_pods.to_owned(), String::new()),
    }
}

fn in_a_line(value: &Value) -> String {
    value.as_str().map_or_else(|| escaped(&value.to_string()), visible::value)
}

pub(super) fn test(path: &str, value: &Value) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, cluster, deployment, stateful_set};
    use crate::domain::action::Action;
    use crate::domain::object::Namespace;
    use crate::planner::lint;

    /// Why this field is not set; nothing where it may be.
    fn refused(world: &World, kind: Kind, name: &str, field: FieldPath, value: Value) -> Option<String> {
        let snapshot = world.snapshot();
        let target = ObjectRef::namespaced(kind, &Namespace::parse("a-team").unwrap(), name);
        let action = Action::Patch { target, ops: NonEmpty::one(FieldOp::set(field, value)) };
        lint::check(&Proposed { action: &action, facts: &Facts::of(&snapshot), suffering: &[] }).map(|refusal| refusal.to_string())
    }

    #[test]
    fn what_keeps_a_template_from_pods_keeps_no_scale_from_a_workload() {
        let replicas = || FieldPath::dotted("spec.replicas");
        let memory = || FieldPath::dotted("spec.template.spec.containers").element("name", "app").then("resources.limits.memory");
        let set = || cluster().app(stateful_set("db").replicas(2));
        let unready = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
        let (waits, runs) = (set().edit("Pod", "db-0", unready), set());
        let scaled = |world: &World| refused(world, Kind::StatefulSet, "db", replicas(), json!(3));
        let changed = |world: &World| refused(world, Kind::StatefulSet, "db", memory(), json!("2Gi"));
        assert_eq!((scaled(&waits), scaled(&runs), changed(&runs)), (None, None, None), "all its Pods are ready, so they are replaced");
        assert!(changed(&waits).is_some_and(|why| why.contains("OrderedReady")));
        assert!(changed(&set().without("Pod", "db-1")).is_some_and(|why| why.contains("OrderedReady")));
        let on_delete = set().edit("StatefulSet", "db", json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}));
        assert_eq!(scaled(&on_delete), None);
        assert!(changed(&on_delete).is_some_and(|why| why.contains("OnDelete")));
        let paused = cluster().app(deployment("web").with(json!({"paused": true})));
        assert_eq!(refused(&paused, Kind::Deployment, "web", replicas(), json!(3)), None);
        assert!(refused(&paused, Kind::Deployment, "web", memory(), json!("2Gi")).is_some_and(|why| why.contains("paused")));
    }
}
