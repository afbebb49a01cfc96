//! What changed from one object to the next, field by field, as both are shown. Of a value that is not shown only that it changed is
//! said, and only where its place is shown.

use super::bounds::{CHANGES, VALUE};
use crate::domain::canonical::sorted;
use crate::domain::field::{FieldPath, Segment};
use crate::domain::masked::shortened;
use crate::domain::visible;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

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
    /// Its place is there as it is shown, on one side at least.
    is_shown: bool,
}

/// A place on both sides, and what is shown there.
#[derive(Debug, Clone, Copy)]
struct Place<'v> {
    before: Option<&'v Value>,
    after: Option<&'v Value>,
    shown: [Option<&'v Value>; 2],
}

/// A line or two for each field that changed, as many as there is room for. None where nothing did.
pub(super) fn lines(before: Side<'_>, after: Side<'_>) -> Vec<String> {
    let shown = differences(before.shown, after.shown, [before.shown, after.shown]);
    let told: BTreeSet<&[Segment]> = shown.iter().map(|change| change.path.segments()).collect();
    // What is not there as it is shown has a name that is not shown, or says nothing.
    let raw = differences(before.raw, after.raw, [before.shown, after.shown]);
    let hidden: Vec<FieldPath> =
        raw.into_iter().filter(|change| change.is_shown && !is_told(change.path.segments(), &told)).map(|change| change.path).collect();
    let more = shown.len().saturating_add(hidden.len()).saturating_sub(CHANGES);
    let rest = (more > 0).then(|| format!("and {more} more"));
    let hidden = hidden.iter().map(|path| format!("~ {path}: changed, and is not shown"));
    shown.iter().map(in_words).chain(hidden).take(CHANGES).chain(rest).collect()
}

/// Whether a change is told at this place, above it or below it.
fn is_told(path: &[Segment], told: &BTreeSet<&[Segment]>) -> bool {
    let above = (0..=path.len()).filter_map(|length| path.get(..length)).any(|above| told.contains(above));
    above || told.range(path..).next().is_some_and(|next| next.starts_with(path))
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

fn differences(before: &Value, after: &Value, shown: [&Value; 2]) -> Vec<Change> {
    let mut all = Vec::new();
    let place = Place { before: Some(before), after: Some(after), shown: shown.map(Some) };
    compare(&FieldPath::root(), place, &mut all);
    all
}

impl<'v> Place<'v> {
    /// A place below it, which on each side is found by this.
    fn below(self, before: Option<&'v Value>, after: Option<&'v Value>, find: impl Fn(&'v Value) -> Option<&'v Value>) -> Self {
        Self { before, after, shown: self.shown.map(|shown| shown.and_then(&find)) }
    }

    fn change(self, path: FieldPath, before: Option<&Value>, after: Option<&Value>) -> Change {
        Change { path, before: before.cloned(), after: after.cloned(), is_shown: self.shown.iter().any(Option::is_some) }
    }
}

fn compare(path: &FieldPath, place: Place<'_>, into: &mut Vec<Change>) {
    match (place.before, place.after) {
        (Some(old), Some(new)) if old == new => {}
        (Some(Value::Object(old)), Some(Value::Object(new))) => {
            let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            for name in names {
                let below = place.below(old.get(name), new.get(name), |shown| shown.get(name));
                compare(&path.clone().key(name), below, into);
            }
        }
        (Some(Value::Array(old)), Some(Value::Array(new))) => lists(path, place, (old, new), into),
        (before, after) => into.push(place.change(path.clone(), before, after)),
    }
}

/// Lists whose elements have names of their own are compared by them, lists of one length by their places, and of others it is told what
/// only one of them has. Each list is gone through once, however long it is.
fn lists(path: &FieldPath, place: Place<'_>, (old, new): (&[Value], &[Value]), into: &mut Vec<Change>) {
    if let (Some(old), Some(new)) = (by_name(old), by_name(new)) {
        let shown = place.shown.map(|shown| shown.and_then(Value::as_array).and_then(|items| by_name(items)).unwrap_or_default());
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        for name in names {
            let shown = shown.each_ref().map(|items| items.get(name).copied());
            let below = Place { before: old.get(name).copied(), after: new.get(name).copied(), shown };
            compare(&path.clone().element("name", name), below, into);
        }
    } else if old.len() == new.len() {
        for (at, (before, after)) in old.iter().zip(new).enumerate() {
            let below = place.below(Some(before), Some(after), |shown| shown.get(at));
            compare(&path.clone().at(at), below, into);
        }
    } else {
        let text = |item: &Value| sorted(item).to_string();
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        new.iter().for_each(|item| {
            let count = left.entry(text(item)).or_default();
            *count = count.saturating_add(1);
        });
        let mut both: BTreeMap<String, usize> = BTreeMap::new();
        for item in old {
            let item_text = text(item);
            match left.get_mut(&item_text).filter(|count| **count > 0) {
                Some(count) => {
                    *count = count.saturating_sub(1);
                    let found = both.entry(item_text).or_default();
                    *found = found.saturating_add(1);
                }
                None => into.push(place.change(path.clone(), Some(item), None)),
            }
        }
        for item in new {
            match both.get_mut(&text(item)).filter(|count| **count > 0) {
                Some(count) => *count = count.saturating_sub(1),
                None => into.push(place.change(path.clone(), None, Some(item))),
            }
        }
    }
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

/// The elements by their names, where each has one of its own.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let all: BTreeMap<&str, &Value> = items.iter().map(|item| Some((name_of(item)?, item))).collect::<Option<_>>()?;
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

    /// As many as fit into an object: each list is gone through once, and not once for each element.
    #[test]
    fn lists_of_many_elements_are_compared() {
        let list = |from: usize, value: &str| -> Value {
            (from..15_000).map(|n| json!({"name": format!("V{n}"), "value": format!("{value}{n}")})).collect()
        };
        let (old, new, shown) = (json!({"env": list(0, "a")}), json!({"env": list(0, "b")}), json!({"env": list(0, "")}));
        let hidden = lines(Side { raw: &old, shown: &shown }, Side { raw: &new, shown: &shown });
        assert_eq!(hidden.last().map(String::as_str), Some(format!("and {} more", 15_000 - CHANGES).as_str()));
        assert!(hidden.first().is_some_and(|line| line.starts_with("~ env[name=V0].value: changed")), "{hidden:?}");
        let words = |from: u64| -> Value { (from..15_000).rev().map(Value::from).collect() };
        assert_eq!(told(&json!({"args": words(0)}), &json!({"args": words(2)})), ["- args: 1", "- args: 0"]);
    }

    #[test]
    fn changes_and_values_are_bounded() {
        let many = |value: &str| Value::Object((0..100).map(|n| (format!("k{n}"), value.repeat(1_000).into())).collect());
        let told = told(&many("a"), &many("b"));
        assert_eq!((told.len(), told.last().map(String::as_str)), (CHANGES + 1, Some("and 76 more")));
        assert!(told.iter().all(|line| line.len() < 3 * VALUE), "{told:?}");
    }
}
