//! In which fields two templates differ, as the changes that lead from one to the other: as small as they can be, so that nothing is shown,
//! pinned or sent of what stays.

use crate::domain::action::{Change, FieldOp};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::secrets::{holds_one, names_one};
use serde_json::Value;
use std::collections::BTreeSet;

/// By what the elements of a list are told apart: of a mount its path, since one volume can be mounted twice.
const KEYS: [&str; 2] = ["mountPath", "name"];
/// Lists of words of a command line: what one of them means, the one before it says.
const COMMAND_LINES: [&str; 2] = ["args", "command"];

/// The changes, in an order in which each is right when it is made: what stays in place first, then what goes, and last what comes.
///
/// # Errors
/// They cannot be said one by one, or one would show what looks like a credential: why.
pub(super) fn differences(at: FieldPath, now: &Value, then: &Value) -> Result<Vec<FieldOp>, String> {
    let mut found = Found::default();
    found.compare(at, now, then)?;
    found.goes.reverse();
    Ok(found.stays.into_iter().chain(found.goes).chain(found.comes).collect())
}

/// The value after these changes.
pub(super) fn after(object: &Value, ops: &[FieldOp]) -> Option<Value> {
    let mut after = object.clone();
    for op in ops {
        let place = op.path.place(&after)?;
        let above = after.pointer_mut(place.pointer.rsplit_once('/')?.0)?;
        match (above, op.path.segments().last()?) {
            (Value::Object(members), Segment::Key(name)) => match &op.change {
                Change::Set(value) => drop(members.insert(name.clone(), value.clone())),
                Change::Remove => drop(members.shift_remove(name)?),
            },
            (Value::Array(items), segment) => {
                let found = segment.index(items);
                match (&op.change, found) {
                    (Change::Set(value), Some(index)) => *items.get_mut(index)? = value.clone(),
                    (Change::Set(value), None) => items.push(value.clone()),
                    (Change::Remove, Some(index)) => drop(items.remove(index)),
                    (Change::Remove, None) => return None,
                }
            }
            _ => return None,
        }
    }
    Some(after)
}

#[derive(Default)]
struct Found {
    stays: Vec<FieldOp>,
    goes: Vec<FieldOp>,
    comes: Vec<FieldOp>,
}

impl Found {
    fn compare(&mut self, at: FieldPath, now: &Value, then: &Value) -> Result<(), String> {
        match (now, then) {
            (now, then) if now == then => Ok(()),
            (Value::Object(now), Value::Object(then)) => {
                let names: BTreeSet<&String> = now.keys().chain(then.keys()).collect();
                for name in names {
                    let at = at.clone().key(name);
                    match (set(now.get(name)), set(then.get(name))) {
                        (None, None) => {}
                        (Some(now), Some(then)) => self.compare(at, now, then)?,
                        (Some(now), None) => self.stays.push(whole(FieldOp::remove(at).seen(now.clone()), now)?),
                        (None, Some(then)) => self.stays.push(whole(FieldOp::set(at, then.clone()), then)?),
                    }
                }
                Ok(())
            }
            (Value::Array(now), Value::Array(then)) => self.lists(at, now, then),
            (now, then) => {
                whole(FieldOp::set(at.clone(), then.clone()), now)?;
                self.stays.push(whole(FieldOp::set(at, then.clone()).seen(now.clone()), then)?);
                Ok(())
            }
        }
    }

    fn lists(&mut self, at: FieldPath, now: &[Value], then: &[Value]) -> Result<(), String> {
        let key = KEYS.iter().find_map(|key| Some((*key, names(key, now)?, names(key, then)?)));
        let Some((key, had, has)) = key else { return self.places(at, now, then) };
        let both = |of: &[&str], other: &[&str]| of.iter().filter(|name| other.contains(name)).map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let common = both(&had, &has);
        if common != both(&has, &had) || has.iter().zip(&common).any(|(is, expected)| is != expected) {
            return Err(format!("the elements of {at} are in another order"));
        }
        for (name, item) in had.iter().zip(now) {
            let at = at.clone().element(key, name);
            match has.iter().zip(then).find(|(other, _)| *other == name) {
                Some((_, then)) => self.compare(at, item, then)?,
                None => self.goes.push(whole(FieldOp::remove(at).seen(item.clone()), item)?),
            }
        }
        for (name, item) in has.iter().zip(then).filter(|(name, _)| !had.contains(name)) {
            self.comes.push(whole(FieldOp::set(at.clone().element(key, name), item.clone()), item)?);
        }
        Ok(())
    }

    /// Elements without names: one after the other, and what is more at the end.
    fn places(&mut self, at: FieldPath, now: &[Value], then: &[Value]) -> Result<(), String> {
        let line = at.segments().last().is_some_and(|segment| COMMAND_LINES.contains(&segment.name()));
        for (index, (was, is)) in now.iter().zip(then).enumerate() {
            if was == is {
                continue;
            }
            if line {
                clear(now, index)?;
                clear(then, index)?;
            }
            self.compare(at.clone().at(index), was, is)?;
        }
        for (index, item) in now.iter().enumerate().skip(then.len()) {
            if line {
                clear(now, index)?;
            }
            self.goes.push(whole(FieldOp::remove(at.clone().at(index)).seen(item.clone()), item)?);
        }
        for (index, item) in then.iter().enumerate().skip(now.len()) {
            if line {
                clear(then, index)?;
            }
            self.comes.push(whole(FieldOp::set(at.clone().at(index), item.clone()), item)?);
        }
        Ok(())
    }
}

/// `null` is what is not set.
fn set(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The names of a list's elements, where each has one of its own.
fn names<'v>(key: &str, list: &'v [Value]) -> Option<Vec<&'v str>> {
    let names: Vec<&str> = list.iter().map(|item| item.get(key)?.as_str()).collect::<Option<_>>()?;
    let distinct: BTreeSet<&&str> = names.iter().collect();
    (distinct.len() == names.len() && !names.iter().any(|name| name.is_empty())).then_some(names)
}

/// The change, where the command lines that come or go whole with it hold nothing that looks like a credential. Everything else of it is
/// looked at where the change is laid out for a human.
fn whole(op: FieldOp, value: &Value) -> Result<FieldOp, String> {
    let line = op.path.segments().last().is_some_and(|segment| COMMAND_LINES.contains(&segment.name()));
    match value {
        Value::Array(words) if line => (0..words.len()).try_for_each(|index| clear(words, index))?,
        value => command_lines(value)?,
    }
    Ok(op)
}

fn command_lines(value: &Value) -> Result<(), String> {
    match value {
        Value::Object(members) => members.iter().try_for_each(|(name, value)| match value {
            Value::Array(words) if COMMAND_LINES.contains(&name.as_str()) => (0..words.len()).try_for_each(|index| clear(words, index)),
            value => command_lines(value),
        }),
        Value::Array(items) => items.iter().try_for_each(command_lines),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

/// That a word of a command line does not look like a credential, nor the word before it like the name of one.
fn clear(words: &[Value], index: usize) -> Result<(), String> {
    let word = |index: usize| words.get(index).and_then(Value::as_str).unwrap_or_default();
    let before = index.checked_sub(1).map(word).unwrap_or_default();
    let named = before.starts_with('-') && names_one(before.trim_start_matches('-'));
    let hidden = named || holds_one(word(index)) || holds_one(&format!("{before} {}", word(index)));
    if hidden {
        Err("a word of a command line that differs looks like a credential, so the change cannot be shown".to_owned())
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn root() -> FieldPath {
        FieldPath::dotted("spec.template")
    }

    fn template(spec: &Value) -> Value {
        json!({"spec": {"template": spec}})
    }

    fn changes(now: &Value, then: &Value) -> Result<Vec<String>, String> {
        let ops = differences(root(), now, then)?;
        assert_eq!(after(&template(now), &ops), Some(template(then)), "{ops:?}");
        Ok(ops.iter().map(|op| format!("{} {}", if op.change == Change::Remove { "-" } else { "=" }, op.path)).collect())
    }

    fn app(env: Value, args: Value) -> Value {
        json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "app", "image": "web:2", "env": env, "args": args}]}})
    }

    #[test]
    fn only_what_differs_is_changed_at_its_own_place() {
        let now =
            app(json!([{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C", "value": "3"}]), json!(["serve", "-v"]));
        let then = app(json!([{"name": "B", "value": "9"}, {"name": "D", "value": "4"}]), json!(["serve"]));
        let container = "spec.template.spec.containers[name=app]";
        assert_eq!(
            changes(&now, &then).unwrap(),
            [
                format!("= {container}.env[name=B].value"),
                format!("- {container}.env[name=C]"),
                format!("- {container}.env[name=A]"),
                format!("- {container}.args[1]"),
                format!("= {container}.env[name=D]"),
            ]
        );
        assert_eq!(changes(&now, &now).unwrap(), [] as [String; 0]);
    }

    #[test]
    fn what_cannot_be_said_one_by_one_is_left_to_a_human() {
        let list = |names: [&str; 2]| json!(names.map(|name| json!({"name": name, "value": "1"})));
        let order = changes(&app(list(["A", "B"]), json!([])), &app(list(["B", "A"]), json!([])));
        assert!(order.unwrap_err().contains("another order"));
        let front = changes(&app(json!([{"name": "B"}]), json!([])), &app(json!([{"name": "A"}, {"name": "B"}]), json!([])));
        assert!(front.unwrap_err().contains("another order"), "what comes can only come last");
    }

    #[test]
    fn credentials_of_command_lines_are_never_part_of_a_change() {
        let none = || json!([]);
        for (was, is) in [
            (json!(["--password", "one"]), json!(["--password", "two"])),
            (json!(["-v", "--password", "one"]), json!(["--password", "one"])),
            (json!(["--password=one"]), json!(["--verbose"])),
            (json!(["--password", "one"]), json!(["--password"])),
        ] {
            assert!(changes(&app(none(), was.clone()), &app(none(), is)).is_err(), "{was}");
        }
        let plain = json!({"spec": {"containers": [{"name": "app"}]}});
        assert!(changes(&json!({"spec": {"containers": [{"name": "app", "args": ["--password", "one"]}]}}), &plain).is_err());
        let sidecar = json!({"spec": {"containers": [{"name": "app"}, {"name": "proxy", "command": ["proxy", "--token", "x"]}]}});
        assert!(changes(&sidecar, &json!({"spec": {"containers": [{"name": "app"}]}})).is_err());
        assert!(changes(&json!({"spec": {"containers": [{"name": "app"}]}}), &sidecar).is_err());
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![any::<u8>().prop_map(Value::from), "[a-c]{1,2}".prop_map(Value::from)];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-d]", inner.clone(), 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
                prop::collection::btree_map("[a-d]", inner, 0..4)
                    .prop_map(|map| map.into_iter().map(|(name, of)| json!({"name": name, "of": of})).collect()),
            ]
        })
    }

    proptest! {
        /// Whatever two templates are like: what is found leads from one to the other, or it is refused.
        #[test]
        fn the_changes_lead_from_one_to_the_other(now in tree(), then in tree()) {
            let (now, then) = (json!({"x": now}), json!({"x": then}));
            if let Ok(ops) = differences(root(), &now, &then) {
                prop_assert_eq!(after(&template(&now), &ops), Some(template(&then)), "{:?}", ops);
            }
        }
    }
}
