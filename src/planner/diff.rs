//! A change as a unified diff of YAML: what a human decides on. The one place where it is made, of the objects themselves.

mod shown;

use crate::domain::canonical::sorted;
use crate::domain::field::FieldPath;
use crate::domain::visible::escaped;
use serde_json::Value;
use similar::TextDiff;

/// A longer diff is not shown, and so not planned: a diff is never cut. A workload's YAML is some ten KiB.
const DIFF_LIMIT: usize = 48 * 1024;

/// Lines of context on each side of a change.
const CONTEXT: usize = 3;

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
    out
}

/// YAML as kubectl prints it: members in the order of their names, whatever the order in which a server sends them.
pub(crate) fn yaml(value: &Value) -> Result<String, String> {
    serde_saphyr::to_string(&sorted(value)).map_err(|e| format!("cannot write YAML: {e}"))
}

/// A value that nobody decides on, as it may stand beside a change: structure, and the values that are known to name something.
pub(crate) fn beside(path: &FieldPath, value: &Value) -> Value {
    shown::beside_at(path, value)
}

/// The change from `before` to `after`; an absent side is an object that does not exist. What changes is never redacted and never
/// cut: where it would have to be, there is no diff and so no plan.
pub(crate) fn unified(name: &str, before: Option<&Value>, after: Option<&Value>) -> Result<String, String> {
    let name = escaped(name);
    let [mut from, to] = [before, after].map(|side| side.map(intent));
    if let (Some(gone), None) = (&mut from, &to) {
        // What others noted on an object that goes away is not what is decided on, and may hold anything.
        without_annotations(gone);
    }
    let (from, to) = shown::sides(from.as_ref(), to.as_ref()).map_err(|credential| {
        format!(
            "{} of {name} holds what looks like a credential: the change cannot be shown as it is, so nobody can approve it",
            credential.path
        )
    })?;
    let text = |side: &Option<Value>| side.as_ref().map_or_else(|| Ok(String::new()), yaml);
    let (old, new) = (text(&from)?, text(&to)?);
    let from = if before.is_some() { format!("live/{name}") } else { "/dev/null".to_owned() };
    let to = if after.is_some() { format!("planned/{name}") } else { "/dev/null".to_owned() };
    let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(CONTEXT).header(&from, &to).to_string();
    let hidden = |line: &str| line.starts_with(['+', '-']) && line.contains(shown::NOT_SHOWN);
    if diff.lines().any(hidden) {
        return Err(format!("the change of {name} is too much like what stands beside it to be shown as it is, so nobody can approve it"));
    }
    if diff.len() > DIFF_LIMIT {
        return Err(format!("the change of {name} is too large to show in full, so nobody can approve it"));
    }
    Ok(diff)
}

/// Whether this is the diff of a creation with this body, with nothing of the body left out.
pub(crate) fn shows_whole(name: &str, body: &Value, diff: &str) -> bool {
    intent(body) == *body && unified(name, None, Some(body)).is_ok_and(|of_body| of_body == diff)
}

fn without_annotations(object: &mut Value) {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("annotations");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Texts that YAML could read as something else, and texts that a reader could.
    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[ -~]{0,200}",
            prop::sample::select(vec![
                "",
                " ",
                "1",
                "1.0",
                "null",
                "~",
                "yes",
                "0x1f",
                "- a",
                "a: b",
                "#c",
                "|",
                ">-",
                "2001-01-01",
                "\n",
                "\u{202e}",
                "!!str",
                "&a",
                "*a",
                "---",
                "..."
            ])
            .prop_map(str::to_owned),
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![3 => text().prop_map(Value::from), 1 => any::<i64>().prop_map(Value::from), 1 => any::<bool>().prop_map(Value::from), 1 => Just(Value::Null)];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((text(), inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn read_back(yaml: &str) -> Value {
        serde_saphyr::from_str(yaml).unwrap()
    }

    proptest! {
        /// What is laid out reads back as what it is, so two objects that differ are laid out differently.
        #[test]
        fn layout_loses_nothing(object in value()) {
            if let Ok((_, Some(shown))) = shown::sides(None, Some(&object)) {
                let yaml = yaml(&shown).unwrap();
                prop_assert!(yaml.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b)), "{yaml}");
                prop_assert_eq!(read_back(&yaml), sorted(&shown));
            }
        }

        #[test]
        fn objects_that_differ_are_created_by_different_diffs(one in value(), other in value()) {
            let diff = |spec: &Value| unified("x", None, Some(&json!({"spec": spec})));
            if let (Ok(a), Ok(b)) = (diff(&one), diff(&other)) {
                prop_assert_eq!(a == b, one == other);
            }
        }
    }

    #[test]
    fn texts_that_look_alike_are_changed_by_different_diffs() {
        let with = |image: &str| json!({"spec": {"image": image}});
        let diff = |to: &str| unified("web", Some(&with("web:0")), Some(&with(to))).unwrap();
        let alike = [
            "web:1",
            "web:1\u{200b}",
            "web:1\u{ad}",
            "web:\u{202e}1",
            "web:1 ",
            "web:1\u{a0}",
            "web:1\n",
            "wеb:1",
            "web:1\u{e0041}",
            "web:1\u{301}",
        ];
        let diffs: std::collections::BTreeSet<String> = alike.iter().map(|to| diff(to)).collect();
        assert_eq!(diffs.len(), alike.len());
        assert!(diff("web:1\u{202e}").contains("+  image: web:1\\u{202e}"), "{}", diff("web:1\u{202e}"));
    }

    #[test]
    fn object_that_does_not_fit_is_not_shown_in_part() {
        let claim = |count: usize| {
            let labels: serde_json::Map<String, Value> =
                (0..count).map(|n| (format!("example.com/label-{n}-of-many"), json!("some-value"))).collect();
            json!({"metadata": {"name": "data", "labels": labels}, "spec": {"storageClassName": "fast"}})
        };
        assert!(unified("data", Some(&claim(100)), None).unwrap().contains("-  storageClassName: fast"));
        assert!(unified("data", Some(&claim(1_500)), None).unwrap_err().contains("too large"));
    }

    #[test]
    fn notes_of_others_on_an_object_that_goes_away_are_not_shown() {
        let claim = json!({"metadata": {"name": "data", "annotations": {"note": "zebra"}}, "spec": {"storageClassName": "fast"}});
        let diff = unified("data", Some(&claim), None).unwrap();
        assert!(!diff.contains("zebra") && diff.contains("-  storageClassName: fast"), "{diff}");
        assert!(unified("data", None, Some(&claim)).unwrap().contains("+    note: zebra"), "what is sent is shown");
    }

    #[test]
    fn change_with_a_credential_is_refused_with_its_place() {
        let with = |pass: &str| json!({"spec": {"url": format!("redis://:{pass}@cache")}});
        let refused = unified("web", Some(&with("a")), Some(&with("zebra"))).unwrap_err();
        assert!(refused.contains("spec.url of web") && !refused.contains("zebra"), "{refused}");
    }
}
