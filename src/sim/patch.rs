//! Patches, applied as the API server applies them.

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::Value;

use super::problem::Problem;

/// Lists whose elements are told apart by a key when a strategic merge meets them.
const MERGE_KEYS: [(&str, &str); 9] = [
    ("conditions", "type"),
    ("containers", "name"),
    ("initContainers", "name"),
    ("volumes", "name"),
    ("volumeMounts", "mountPath"),
    ("env", "name"),
    ("imagePullSecrets", "name"),
    ("ports", ""),
    ("ownerReferences", "uid"),
];

/// The object after the patch of this content type.
pub(super) fn apply(object: &Value, content_type: &str, body: &[u8]) -> Result<Value, Problem> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let mut patched = object.clone();
    match media {
        "application/json-patch+json" => {
            for operation in read::<Vec<Value>>(body)? {
                let operation = serde_json::from_value(operation).map_err(|_| Problem::patch_refused())?;
                apply_one(&mut patched, &operation)?;
            }
        }
        "application/merge-patch+json" => json_patch::merge(&mut patched, &read(body)?),
        "application/strategic-merge-patch+json" => strategic(&mut patched, &read(body)?),
        _ => return Err(Problem::unsupported_media()),
    }
    Ok(patched)
}

fn read<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::bad_request(format!("error decoding patch: {error}")))
}

fn apply_one(object: &mut Value, operation: &PatchOperation) -> Result<(), Problem> {
    let result = json_patch::patch(object, std::slice::from_ref(operation));
    let Err(error) = result else { return Ok(()) };
    // The API server takes a missing member of an object for null in a test, and adds it when it is to be replaced.
    let in_object =
        operation.path().as_str().rsplit_once('/').is_some_and(|(parent, _)| object.pointer(parent).is_some_and(Value::is_object));
    if matches!(error.kind, PatchErrorKind::InvalidPointer) && in_object {
        if let PatchOperation::Test(test) = operation
            && test.value.is_null()
        {
            return Ok(());
        }
        if let PatchOperation::Replace(replace) = operation {
            super::json::set(object, replace.path.as_str(), replace.value.clone());
            return Ok(());
        }
    }
    Err(Problem::patch_refused())
}

/// A merge that keeps the elements of known lists that the patch does not name.
fn strategic(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (key, change) in patch {
        let merge_key = MERGE_KEYS.iter().find(|(list, _)| list == key).map(|(_, by)| *by);
        match (merged.get_mut(key), merge_key) {
            _ if change.is_null() => {
                merged.shift_remove(key);
            }
            (Some(Value::Array(items)), Some(by)) if change.is_array() => {
                for element in change.as_array().into_iter().flatten() {
                    merge_element(items, element, by);
                }
            }
            (Some(existing), _) => strategic(existing, change),
            (None, _) => {
                merged.insert(key.clone(), change.clone());
            }
        }
    }
    *target = Value::Object(merged);
}

fn merge_element(items: &mut Vec<Value>, element: &Value, by: &str) {
    let by = match by {
        "" if element.get("containerPort").is_some() => "containerPort",
        "" => "port",
        key => key,
    };
    let found = items.iter().position(|item| item.get(by).is_some() && item.get(by) == element.get(by));
    let deleted = element.get("$patch").and_then(Value::as_str) == Some("delete");
    match found {
        Some(index) if deleted => {
            items.remove(index);
        }
        Some(index) => {
            if let Some(item) = items.get_mut(index) {
                strategic(item, element);
            }
        }
        None if deleted => {}
        None => items.push(element.clone()),
    }
}
