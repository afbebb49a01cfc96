//! What changed from one object to the next, field by field, as both are shown. Of a value that is not shown only that it changed is
//! said, and only where its place is shown.

use super::bounds::{CHANGES, VALUE};
use crate::domain::canonical::sorted;
use crate::domain::field::FieldPath;
use crate::domain::masked::shortened;
use crate::domain::visible;
use serde_json::Value;
use std::collections::BTreeSet;

/// The same object twice: as it is, which is only compared, and as it is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side<'v> {
    pub(super) raw: &'v Value,
    pub(super) shown: &'v Value,
}

/// One field that is another one, or only there on one side.
#[derive(Debug, PartialEq)]
struct Change {
    path: FieldPath,
    before: Option<Value>,
    after: Option<Value>,
}

/// A line or two for each field that changed, as many as there is room for. None where nothing did.
pub(super) fn lines(before: Side<'_>, after: Side<'_>) -> Vec<String> {
    let shown = differences(before.shown, after.shown);
    let hidden = differences(before.raw, after.raw).into_iter().map(|change| change.path).filter(|path| {
        let is_told = shown.iter().any(|change| begins(&change.path, path) || begins(path, &change.path));
        // What is not there as it is shown has a name that is not shown, or says nothing.
        !is_told && path.locate(after.shown).or_else(|| path.locate(before.shown)).is_some_and(|at| at.current.is_some())
    });
    let hidden: Vec<String> = hidden.map(|path| format!("~ {path}: changed, and is not shown")).collect();
    let all: Vec<String> = shown.iter().map(in_words).chain(hidden).collect();
    let more = all.len().saturating_sub(CHANGES);
    let rest = (more > 0).then(|| format!("and {more} more"));
    all.into_iter().take(CHANGES).chain(rest).collect()
}

fn in_words(change: &Change) -> String {
    let line = |sign: char, value: &Value| format!("{sign} {}: {}", change.path, text(value));
    let sides = [change.before.as_ref().map(|value| line('-', value)), change.after.as_ref().map(|value| line('+', value))];
    sides.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) if visible::value(text) == *text => shortened(text, VALUE),
        Value::String(text) => Value::String(shortened(text, VALUE)).to_string(),
        other => shortened(&sorted(other).to_string(), VALUE),
    }
}

fn begins(path: &FieldPath, with: &FieldPath) -> bool {
    path.segments().starts_with(with.segments())
}

fn differences(before: &Value, after: &Value) -> Vec<Change> {
    let mut all = Vec::new();
    compare(&FieldPath::root(), Some(before), Some(after), &mut all);
    all
}

fn compare(path: &FieldPath, before: Option<&Value>, after: Option<&Value>, into: &mut Vec<Change>) {
    match (before, after) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            names.into_iter().for_each(|name| compare(&path.clone().key(name), old.get(name), new.get(name), into));
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => lists(path, old, new, into),
        (before, after) => into.push(Change { path: path.clone(), before: before.cloned(), after: after.cloned() }),
    }
}

/// Lists whose elements have names of their own are compared by them, lists of one length by their places, and of others it is told what
/// only one of them has.
fn lists(path: &FieldPath, old: &[Value], new: &[Value], into: &mut Vec<Change>) {
    if let (Some(old_names), Some(new_names)) = (names(old), names(new)) {
        let by = |items: &'_ [Value], name: &str| items.iter().position(|item| name_of(item) == Some(name));
        let all: BTreeSet<&str> = old_names.union(&new_names).copied().collect();
        for name in all {
            let (before, after) = (by(old, name).and_then(|at| old.get(at)), by(new, name).and_then(|at| new.get(at)));
            compare(&path.clone().element("name", name), before, after, into);
        }
    } else if old.len() == new.len() {
        for (place, (before, after)) in old.iter().zip(new).enumerate() {
            compare(&path.clone().at(place), Some(before), Some(after), into);
        }
    } else {
        let mut left: Vec<&Value> = new.iter().collect();
        for item in old {
            match left.iter().position(|other| *other == item) {
                Some(place) => drop(left.remove(place)),
                None => into.push(Change { path: path.clone(), before: Some(item.clone()), after: None }),
            }
        }
        into.extend(left.into_iter().map(|item| Change { path: path.clone(), before: None, after: Some(item.clone()) }));
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// The names of all elements, where each has one of its own.
fn names(items: &[Value]) -> Option<BTreeSet<&str>> {
    let all: BTreeSet<&str> = items.iter().map(name_of).collect::<Option<_>>()?;
    (all.len() == items.len()).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<String> {
        lines(Side { raw: before, shown: before }, Side { raw: after, shown: after })
    }

    #[test]
    fn fields_are_told_by_their_paths_and_elements_by_their_names() {
        let before =
            json!({"containers": [{"name": "app", "image": "web:1", "args": ["-a", "-b"], "env": [{"name": "A", "value": "1"}]}], "x": 1});
        let after = json!({"containers": [{"name": "side"}, {"name": "app", "image": "web:2", "args": ["-a", "-c"], "env": []}], "y": [1]});
        assert_eq!(
            told(&before, &after),
            [
                "- containers[name=app].args[1]: -b\n+ containers[name=app].args[1]: -c",
                "- containers[name=app].env[name=A]: {\"name\":\"A\",\"value\":\"1\"}",
                "- containers[name=app].image: web:1\n+ containers[name=app].image: web:2",
                "+ containers[name=side]: {\"name\":\"side\"}",
                "- x: 1",
                "+ y: [1]",
            ]
        );
        assert_eq!(told(&before, &before), [""; 0]);
        assert_eq!(told(&json!({"a": [1, 2, 2]}), &json!({"a": [2, 1, 3, 4]})), ["- a: 2", "+ a: 3", "+ a: 4"]);
    }

    #[test]
    fn value_that_is_not_shown_is_told_as_changed_where_its_place_is_shown() {
        let (old, new) =
            (json!({"env": [{"name": "A", "value": "one-canary"}], "gone": 1}), json!({"env": [{"name": "A", "value": "two-canary"}]}));
        let shown = json!({"env": [{"name": "A", "value": "⟦redacted:env⟧"}]});
        let told = lines(Side { raw: &old, shown: &shown }, Side { raw: &new, shown: &shown });
        assert_eq!(told, ["~ env[name=A].value: changed, and is not shown"]);
    }

    #[test]
    fn changes_and_values_are_bounded() {
        let many = |value: &str| Value::Object((0..100).map(|n| (format!("k{n}"), value.repeat(1_000).into())).collect());
        let told = told(&many("a"), &many("b"));
        assert_eq!((told.len(), told.last().map(String::as_str)), (CHANGES + 1, Some("and 76 more")));
        assert!(told.iter().all(|line| line.len() < 3 * VALUE), "{told:?}");
    }
}
