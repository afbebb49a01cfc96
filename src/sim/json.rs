//! Looking into and changing objects held as JSON, by JSON pointer, without panics.

use serde_json::{Map, Value};

pub(super) static NULL: Value = Value::Null;
static NOTHING: [Value; 0] = [];

/// What is at `pointer`, or null.
pub(super) fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&NULL)
}

/// The text at `pointer`, or the empty one.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    at(value, pointer).as_str().unwrap_or_default()
}

pub(super) fn int(value: &Value, pointer: &str) -> Option<i64> {
    at(value, pointer).as_i64()
}

/// The elements at `pointer`; none when there is no array.
pub(super) fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    at(value, pointer).as_array().map_or(&NOTHING, Vec::as_slice)
}

/// Name and text of every entry of the object at `pointer`.
pub(super) fn pairs<'a>(value: &'a Value, pointer: &str) -> Vec<(&'a str, &'a str)> {
    at(value, pointer)
        .as_object()
        .map_or_else(Vec::new, |map| map.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap_or_default())).collect())
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// The name of a part that is no object of its own: a container, a volume.
pub(super) fn name_of(part: &Value) -> String {
    text(part, "/name").to_owned()
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(super) fn is_deleting(object: &Value) -> bool {
    at(object, "/metadata/deletionTimestamp").is_string()
}

/// The object at `pointer`; missing or other values on the way become objects.
pub(super) fn object_mut<'a>(value: &'a mut Value, pointer: &str) -> &'a mut Map<String, Value> {
    let mut here = value;
    for part in pointer.split('/').skip(1) {
        here = as_object(here).entry(unescape(part)).or_insert(Value::Null);
    }
    as_object(here)
}

fn as_object(value: &mut Value) -> &mut Map<String, Value> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    match value {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            unreachable!("made an object above")
        }
    }
}

fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}

/// Sets what is at `pointer`, making the objects on the way.
pub(super) fn set(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    if let Some((parent, last)) = pointer.rsplit_once('/') {
        object_mut(value, parent).insert(unescape(last), new.into());
    }
}

/// Sets what is at `pointer` unless something other than null is there.
pub(super) fn default(value: &mut Value, pointer: &str, new: impl Into<Value>) {
    if at(value, pointer).is_null() {
        set(value, pointer, new);
    }
}

/// Takes away what is at `pointer`, keeping the order of the rest.
pub(super) fn remove(value: &mut Value, pointer: &str) -> Option<Value> {
    let (parent, last) = pointer.rsplit_once('/')?;
    value.pointer_mut(parent)?.as_object_mut()?.shift_remove(&unescape(last))
}

/// Every element of the array at `pointer`, to change.
pub(super) fn each<'a>(value: &'a mut Value, pointer: &str) -> impl Iterator<Item = &'a mut Value> + use<'a> {
    value.pointer_mut(pointer).and_then(Value::as_array_mut).into_iter().flatten()
}

/// The element whose `key` is `wanted`.
pub(super) fn named<'a>(items: &'a [Value], key: &str, wanted: &str) -> Option<&'a Value> {
    items.iter().find(|item| item.get(key).and_then(Value::as_str) == Some(wanted))
}

/// The owner reference that controls this object.
pub(super) fn controller_of(object: &Value) -> Option<&Value> {
    list(object, "/metadata/ownerReferences").iter().find(|owner| at(owner, "/controller").as_bool() == Some(true))
}

pub(super) fn is_controlled_by(object: &Value, owner: &Value) -> bool {
    controller_of(object).is_some_and(|reference| text(reference, "/uid") == uid(owner))
}

/// The condition of this type, or null.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> &'a Value {
    named(list(object, "/status/conditions"), "type", kind).unwrap_or(&NULL)
}

pub(super) fn is_true(object: &Value, condition_type: &str) -> bool {
    text(condition(object, condition_type), "/status") == "True"
}

/// Resolves a port that is written as a number or as the name of a container's port.
pub(super) fn port_number(port: &Value, containers: &[Value]) -> Option<i64> {
    if let Some(number) = port.as_i64() {
        return Some(number);
    }
    let wanted = port.as_str()?;
    containers
        .iter()
        .flat_map(|container| list(container, "/ports"))
        .find(|candidate| text(candidate, "/name") == wanted)
        .and_then(|found| int(found, "/containerPort"))
        .or_else(|| wanted.parse().ok())
}
