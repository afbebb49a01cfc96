//! A change as a unified diff of YAML: what a human decides on.

use crate::domain::canonical::sorted;
use crate::domain::excerpt::Excerpt;
use serde_json::Value;
use similar::TextDiff;

/// A longer diff is not shown, and so not planned: a diff is never cut. A workload's YAML is some ten KiB.
const DIFF_LIMIT: usize = 48 * 1024;

/// The object without what the server keeps for itself: identity and intent only.
pub(crate) fn intent(object: &Value) -> Value {
    let mut out = object.clone();
    if let Some(map) = out.as_object_mut() {
        map.shift_remove("status");
        if let Some(meta) = map.get_mut("metadata").and_then(Value::as_object_mut) {
            for key in
                ["managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink", "ownerReferences", "finalizers"]
            {
                meta.shift_remove(key);
            }
            if let Some(annotations) = meta.get_mut("annotations").and_then(Value::as_object_mut) {
                annotations.shift_remove("kubectl.kubernetes.io/last-applied-configuration");
                if annotations.is_empty() {
                    meta.shift_remove("annotations");
                }
            }
        }
    }
    redact_env(&mut out);
    out
}

/// Literal values of variables may be credentials: names stay, values go.
fn redact_env(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if key == "env"
                    && let Some(list) = inner.as_array_mut()
                {
                    for item in list.iter_mut().filter_map(Value::as_object_mut) {
                        if item.contains_key("value") {
                            item.insert("value".to_owned(), Value::String("⟦not shown⟧".to_owned()));
                        }
                    }
                }
                redact_env(inner);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact_env),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// YAML as kubectl prints it: members in the order of their names, whatever the order in which a server sends them.
pub(crate) fn yaml(value: &Value) -> Result<String, String> {
    serde_saphyr::to_string(&sorted(value)).map_err(|e| format!("cannot write YAML: {e}"))
}

/// The change from `before` to `after`; an absent side is an object that does not exist.
pub(crate) fn unified(name: &str, before: Option<&Value>, after: Option<&Value>) -> Result<String, String> {
    let text = |side: Option<&Value>| side.map_or_else(|| Ok(String::new()), |v| yaml(&intent(v)));
    let (old, new) = (text(before)?, text(after)?);
    let from = if before.is_some() { format!("live/{name}") } else { "/dev/null".to_owned() };
    let to = if after.is_some() { format!("planned/{name}") } else { "/dev/null".to_owned() };
    let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(&from, &to).to_string();
    if diff.len() > DIFF_LIMIT {
        return Err(format!("the change of {name} is too large to show in full"));
    }
    Ok(Excerpt::capture(&diff, DIFF_LIMIT).to_string())
}
