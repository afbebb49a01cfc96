//! An action and the object as it was seen → the bytes that will be sent, with everything that must still be true in them.

use super::diff;
use crate::domain::action::{Action, Change, FieldOp};
use crate::domain::field::escape;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, STAMP, Undo};
use crate::domain::request::{Method, Request};
use crate::domain::snapshot::Snapshot;
use serde_json::{Value, json};

/// A step's bytes and what follows from them.
pub(crate) struct Built {
    pub(crate) request: Request,
    pub(crate) diff: String,
    pub(crate) precondition: Precondition,
    pub(crate) undo: Undo,
}

/// How the API server shall treat our writes: attributed to us, and refused rather than pruned when a field is unknown.
const QUERY: &str = "?fieldManager=kubemend&fieldValidation=Strict";

pub(crate) fn build(action: &Action, snapshot: &Snapshot, stamp: &str) -> Result<Built, String> {
    match action {
        Action::Create { object, manifest } => create(object, manifest, stamp),
        Action::Patch { target, ops } => patch(target, ops, snapshot, stamp),
        Action::DeleteUnboundClaim { claim } => delete(claim, snapshot),
    }
}

fn create(object: &ObjectRef, manifest: &Value, stamp: &str) -> Result<Built, String> {
    let mut body = manifest.clone();
    let metadata = body.get_mut("metadata").and_then(Value::as_object_mut).ok_or("the manifest has no metadata")?;
    let named = metadata.get("name").and_then(Value::as_str) == Some(object.name.as_str())
        && metadata.get("namespace").and_then(Value::as_str) == object.namespace.as_ref().map(|n| n.as_str());
    if !named {
        return Err(format!("the manifest is not of {object}"));
    }
    metadata
        .entry("annotations")
        .or_insert_with(|| json!({}))
        .as_object_mut()
        .ok_or("annotations are not an object")?
        .insert(STAMP.to_owned(), Value::String(stamp.to_owned()));
    let path = object.kind.path(object.namespace.as_ref(), None).ok_or_else(|| format!("no API path is known for {object}"))?;
    Ok(Built {
        diff: diff::unified(&object.slashed(), None, Some(&body))?,
        request: Request { method: Method::Post, path: format!("{path}{QUERY}"), body: body.to_string() },
        precondition: Precondition { fields: vec![("metadata.name".to_owned(), "must not exist".to_owned())], ..Precondition::default() },
        undo: Undo::None {
            why: format!(
                "not undone by kubemend, since a claim may hold data as soon as it is Bound; by hand: kubectl delete {}{}",
                object.slashed(),
                object.namespace.as_ref().map(|n| format!(" -n {n}")).unwrap_or_default()
            ),
        },
    })
}

fn test(path: &str, value: &Value) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

fn patch(target: &ObjectRef, ops: &NonEmpty<FieldOp>, snapshot: &Snapshot, stamp: &str) -> Result<Built, String> {
    let live = snapshot.value_of(target).ok_or_else(|| format!("{target} was not read"))?;
    let meta = snapshot.meta_of(target).ok_or_else(|| format!("{target} was not read"))?;
    let uid = meta.uid.clone().ok_or_else(|| format!("{target} has no uid"))?;
    let path = target.path().ok_or_else(|| format!("no API path is known for {target}"))?;
    let mut pins = vec![test("/metadata/uid", &json!(uid))];
    let mut changes = Vec::new();
    let mut undo_pins = vec![test("/metadata/uid", &json!(uid))];
    let mut undo_changes = Vec::new();
    let mut precondition = Precondition { uid: Some(uid), ..Precondition::default() };
    let mut undo_words = Vec::new();
    // Absence cannot be tested by a JSON Patch on every server, so a field that is not there yet pins the whole object.
    let mut pin_version = false;
    for op in ops.iter() {
        let at = op.path.locate(&live).ok_or_else(|| format!("{target} has no {}", op.path))?;
        for (pointer, value) in &at.identities {
            let pin = test(pointer, value);
            if !pins.contains(&pin) {
                pins.push(pin.clone());
                undo_pins.push(pin);
            }
        }
        match (&at.current, &op.change) {
            (Some(old), Change::Set(new)) => {
                if old == new {
                    return Err(format!("{} of {target} is {new} already", op.path));
                }
                pins.push(test(&at.pointer, old));
                changes.push(json!({"op": "replace", "path": at.pointer, "value": new}));
                undo_pins.push(test(&at.pointer, new));
                undo_changes.push(json!({"op": "replace", "path": at.pointer, "value": old}));
                undo_words.push(format!("set {} back to {old}", op.path));
            }
            (Some(old), Change::Remove) => {
                pins.push(test(&at.pointer, old));
                changes.push(json!({"op": "remove", "path": at.pointer}));
                undo_changes.push(json!({"op": "add", "path": at.pointer, "value": old}));
                undo_words.push(format!("set {} back to {old}", op.path));
            }
            (None, Change::Set(new)) => {
                pin_version = true;
                changes.push(json!({"op": "add", "path": at.pointer, "value": new}));
                undo_pins.push(test(&at.pointer, new));
                undo_changes.push(json!({"op": "remove", "path": at.pointer}));
                undo_words.push(format!("remove {}", op.path));
            }
            (None, Change::Remove) => return Err(format!("{target} has no {}", op.path)),
        }
        precondition.fields.push((op.path.to_string(), at.current.as_ref().map_or_else(|| "absent".to_owned(), Value::to_string)));
    }
    let stamp_pointer = format!("/metadata/annotations/{}", escape(STAMP));
    let annotations = live.pointer("/metadata/annotations").filter(|a| a.is_object());
    match annotations {
        Some(existing) => {
            changes.push(json!({"op": "add", "path": stamp_pointer, "value": stamp}));
            undo_changes.push(match existing.get(STAMP) {
                Some(earlier) => json!({"op": "add", "path": stamp_pointer, "value": earlier}),
                None => json!({"op": "remove", "path": stamp_pointer}),
            });
        }
        None => {
            pin_version = true;
            changes.push(json!({"op": "add", "path": "/metadata/annotations", "value": {STAMP: stamp}}));
            undo_changes.push(json!({"op": "remove", "path": stamp_pointer}));
        }
    }
    undo_pins.push(test(&stamp_pointer, &json!(stamp)));
    if pin_version {
        let version = meta.resource_version.clone().ok_or_else(|| format!("{target} has no resource version"))?;
        pins.push(test("/metadata/resourceVersion", &json!(version)));
        precondition.resource_version = Some(version);
    }
    let all: Vec<Value> = pins.into_iter().chain(changes).collect();
    let undo: Vec<Value> = undo_pins.into_iter().chain(undo_changes).collect();
    let mut after = live.clone();
    let operations: json_patch::Patch = serde_json::from_value(Value::Array(all.clone())).map_err(|e| format!("not a JSON Patch: {e}"))?;
    json_patch::patch(&mut after, &operations).map_err(|e| format!("the patch does not fit {target}: {e}"))?;
    Ok(Built {
        diff: diff::unified(&target.slashed(), Some(&live), Some(&after))?,
        request: Request { method: Method::Patch, path: format!("{path}{QUERY}"), body: Value::Array(all).to_string() },
        precondition,
        undo: Undo::Restore {
            request: Request { method: Method::Patch, path: format!("{path}{QUERY}"), body: Value::Array(undo).to_string() },
            summary: format!("{}, unless somebody changed it since", undo_words.join(", ")),
        },
    })
}

fn delete(claim: &ObjectRef, snapshot: &Snapshot) -> Result<Built, String> {
    let live = snapshot.value_of(claim).ok_or_else(|| format!("{claim} was not read"))?;
    let meta = snapshot.meta_of(claim).ok_or_else(|| format!("{claim} was not read"))?;
    let (Some(uid), Some(version)) = (meta.uid.clone(), meta.resource_version.clone()) else {
        return Err(format!("{claim} has no uid or resource version"));
    };
    let path = claim.path().ok_or_else(|| format!("no API path is known for {claim}"))?;
    let body = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": uid, "resourceVersion": version},
        "propagationPolicy": "Background",
    });
    Ok(Built {
        diff: diff::unified(&claim.slashed(), Some(&live), None)?,
        request: Request { method: Method::Delete, path, body: body.to_string() },
        precondition: Precondition {
            uid: Some(uid),
            resource_version: Some(version),
            fields: vec![("status.phase".to_owned(), "Pending".to_owned())],
        },
        undo: Undo::None { why: "nothing is lost: the claim never had a volume".to_owned() },
    })
}
