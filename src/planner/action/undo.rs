//! The undo of a patch, as bytes that are made with the plan. It fits the object only as our change left it: with our stamp, with the
//! values that we set, without what we removed, and with no other change of its spec since.

use super::planned::{named_elements, whole_map};
use crate::domain::action::{Change, FieldOp};
use crate::domain::field::{END, escape};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::STAMP;
use serde_json::{Value, json};

/// The operations that take `after` back to `before`, and the same in words. `None` where the fields are not in both.
pub(super) fn of(ops: &NonEmpty<FieldOp>, before: &Value, after: &Value, stamp: &str) -> Option<(Vec<Value>, String)> {
    let (mut pins, mut changes, mut words): (Vec<Value>, Vec<Value>, Vec<String>) = Default::default();
    let mut pin = |path: &str, value: &Value| {
        let test = json!({"op": "test", "path": path, "value": value});
        if !pins.contains(&test) {
            pins.push(test);
        }
    };
    pin("/metadata/uid", before.pointer("/metadata/uid")?);
    if let Some(generation) = before.pointer("/metadata/generation").and_then(Value::as_i64) {
        let counted = before.get("spec") != after.get("spec");
        pin("/metadata/generation", &json!(generation.saturating_add(i64::from(counted))));
    }
    for op in ops.iter() {
        let at = op.path.place(before)?;
        // Elements that went or came have moved others: what is tested stands where the change left it.
        let left = op.path.place(after).unwrap_or_else(|| at.clone());
        for (pointer, value) in named_elements(&left, after) {
            pin(pointer, value);
        }
        // What only its place names is pinned whole, as the change left it.
        for pointer in left.elements.iter().map(|(pointer, _)| pointer) {
            if let Some(left) = after.pointer(pointer) {
                pin(pointer, left);
            }
        }
        let (map, _) = at.pointer.rsplit_once('/')?;
        words.push(match &at.current {
            Some(old) => format!("set {} back to {old}", op.path),
            None => format!("remove {}", op.path),
        });
        if after.pointer(map).is_none() {
            // Nothing is left of the map, so the server keeps none: the whole of it comes back.
            pin(map, &Value::Null);
            let whole = json!({"op": "add", "path": map, "value": before.pointer(map)?});
            if !changes.contains(&whole) {
                changes.push(whole);
            }
            continue;
        }
        if let Some((map, value)) = whole_map(&op.path, &left.pointer, after) {
            pin(map, value);
        }
        // An API server takes a missing member for null in a test.
        let is = match &op.change {
            Change::Set(new) => new,
            Change::Remove => &Value::Null,
        };
        // That an element is not in a list is said by the generation.
        if !left.pointer.ends_with(END) {
            pin(&left.pointer, is);
        }
        changes.push(match (&at.current, &op.change) {
            (Some(old), Change::Set(_)) => json!({"op": "replace", "path": at.pointer, "value": old}),
            (Some(old), Change::Remove) => json!({"op": "add", "path": at.pointer, "value": old}),
            (None, _) => json!({"op": "remove", "path": left.pointer}),
        });
    }
    // The last change first, so that each place is what it was when the change was made.
    changes.reverse();
    let stamp_pointer = format!("/metadata/annotations/{}", escape(STAMP));
    pin(&stamp_pointer, &json!(stamp));
    changes.push(match before.pointer(&stamp_pointer) {
        Some(earlier) => json!({"op": "add", "path": stamp_pointer, "value": earlier}),
        None => json!({"op": "remove", "path": stamp_pointer}),
    });
    let summary = format!("{}, unless somebody else changes it first", words.join(", "));
    Some((pins.into_iter().chain(changes).collect(), summary))
}
