//! Looking into JSON that anybody may have made: what is not there, or has another type, is nothing.

use serde_json::{Map, Value};

/// A member that is a text.
pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// A member that is a count; some write it with a point.
pub(super) fn count(value: &Value, key: &str) -> Option<u64> {
    let value = value.get(key)?;
    value.as_u64().or_else(|| value.as_f64().filter(|n| (0.0..9e15).contains(n)).and_then(|n| format!("{n:.0}").parse().ok()))
}

/// A member that is a list.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The members that are not among those that somebody reads, and say something.
pub(super) fn others(value: &Value, known: &[&str]) -> Map<String, Value> {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(key, value)| !known.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// Puts a later piece of a stream to what came before: texts and lists go on, objects are merged, of everything else the last counts.
/// Says by how many bytes the whole grew, so that nobody has to measure it again with each piece.
pub(super) fn merge(into: &mut Value, piece: Value) -> usize {
    match (into, piece) {
        (Value::String(text), Value::String(more)) => {
            text.push_str(&more);
            more.len()
        }
        (Value::Array(items), Value::Array(more)) => {
            let grown = of_list(&more);
            items.extend(more);
            grown
        }
        (Value::Object(members), Value::Object(more)) => merge_members(members, more),
        (_, Value::Null) => 0,
        (into, piece) => {
            let is_small = |value: &Value| matches!(value, Value::Null | Value::Bool(_) | Value::Number(_));
            let grown = if is_small(into) && is_small(&piece) { 0 } else { of(&piece) };
            *into = piece;
            grown
        }
    }
}

/// The same for the members of an object.
pub(super) fn merge_members(into: &mut Map<String, Value>, pieces: Map<String, Value>) -> usize {
    let mut grown = 0_usize;
    for (key, piece) in pieces {
        grown = grown.saturating_add(match into.get_mut(&key) {
            // What says of which kind something is, is said with every piece.
            Some(before) if *before == piece && matches!(key.as_str(), "type" | "id" | "index" | "format") => 0,
            Some(before) => merge(before, piece),
            None => {
                let new = key.len().saturating_add(of(&piece));
                into.insert(key, piece);
                new
            }
        });
    }
    grown
}

/// How many bytes this is, about.
pub(super) fn size(members: &Map<String, Value>) -> usize {
    members.iter().map(|(key, value)| key.len().saturating_add(of(value))).fold(0, usize::saturating_add)
}

fn of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => of_list(items),
        Value::Object(members) => size(members),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

fn of_list(items: &[Value]) -> usize {
    items.iter().map(of).fold(items.len(), usize::saturating_add)
}

/// Arguments as an object, whatever a model wrote: providers do not take back what is none.
pub(super) fn arguments(input: &str) -> Value {
    match serde_json::from_str(input) {
        Ok(Value::Object(members)) => Value::Object(members),
        _ => serde_json::json!({ "unreadable": input }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pieces_go_on_where_those_before_ended() {
        let mut whole = json!({"type": "t", "text": "a", "n": 1, "list": [1], "in": {"x": "p"}});
        let before = of(&whole);
        let grown = merge(&mut whole, json!({"type": "t", "text": "b", "n": 2, "list": [2], "in": {"x": "q", "y": 1}, "none": null}));
        assert_eq!(grown, of(&whole) - before, "the growth of each piece is that of the whole");
        assert_eq!(whole, json!({"type": "t", "text": "ab", "n": 2, "list": [1, 2], "in": {"x": "pq", "y": 1}, "none": null}));
    }

    #[test]
    fn counts_are_taken_in_either_form_and_nothing_else_is() {
        let value = json!({"a": 3, "b": 4.0, "c": -1, "d": "5", "e": 1e300});
        assert_eq!(["a", "b", "c", "d", "e", "f"].map(|key| count(&value, key)), [Some(3), Some(4), None, None, None, None]);
    }
}
