//! A conclusion as it comes in, from whichever model: an open form of words, which become values or an answer that says how to say it.
//! What is not known, too long, hidden or not a number is refused, and never repaired: what is guessed of it would be ours.

use crate::domain::action::{Action, FieldOp};
use crate::domain::confidence::Confidence;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::name::is_dns;
use crate::domain::namespace::Namespace;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::proposal::{CITED, Citation, Conclusion, PROPOSED_CHANGES, PROPOSED_FIELDS, STATED_CAUSES, StatedCause, Wanted};
use crate::domain::visible::is_hidden;
use serde::Deserialize;
use serde_json::{Map, Value};

/// Bytes of a whole conclusion: many times what its parts may have together is no conclusion.
const BYTES: usize = 32 * 1024;
/// Characters of a title, on one line.
const TITLE: usize = 200;
/// Characters of an explanation.
const EXPLANATION: usize = 2_000;
/// Characters of a value that is found or expected, as words.
const VALUE: usize = 400;
/// Characters of the path of a field, and steps of it.
const FIELD: usize = 400;
const STEPS: usize = 24;
/// Bytes of a text that is to be written: as much as a person reads of one value in a question.
const WRITTEN: usize = 4 * 1024;
/// Bytes of a manifest.
const MANIFEST: usize = 4 * 1024;

/// Why a conclusion is not understood, and how it is said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotUnderstood(String);

/// What a session knows of its objects.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Home<'a> {
    /// Where it looks: the namespace of an object that is named without one.
    pub(crate) namespace: Option<&'a Namespace>,
    /// The kinds of what it saw; a custom one has a name only there.
    pub(crate) kinds: &'a [Kind],
}

impl Home<'_> {
    /// A kind by its name or its plural, alone or with its group.
    fn kind(self, word: &str) -> Option<Kind> {
        Kind::parse(word).or_else(|| self.kinds.iter().find(|kind| kind.is_called(word)).cloned())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Reply {
    causes: Vec<CauseWords>,
    #[serde(default)]
    actions: Vec<ActionWords>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CauseWords {
    object: String,
    field: Option<String>,
    found: Option<String>,
    expected: Option<String>,
    title: String,
    explanation: String,
    confidence: f64,
    cites: Vec<String>,
}

#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "camelCase", deny_unknown_fields)]
enum ActionWords {
    Patch {
        object: String,
        #[serde(default)]
        set: Vec<SetWords>,
        #[serde(default)]
        remove: Vec<String>,
    },
    Scale {
        object: String,
        replicas: u32,
    },
    Create {
        manifest: Map<String, Value>,
    },
    #[serde(alias = "restartRollout")]
    Restart {
        object: String,
    },
    UndoRollout {
        object: String,
        revision: u32,
    },
    DeletePod {
        object: String,
    },
    Evict {
        object: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetWords {
    field: String,
    value: Value,
}

/// Actions that are left to a human, and why.
const LEFT: [(&str, &str); 3] = [
    ("cordon", "whether a node takes Pods is somebody's decision, and its reason stands in no object"),
    ("uncordon", "whether a node takes Pods is somebody's decision, and its reason stands in no object"),
    ("replaceJob", "a Job that runs again does again what it has done so far"),
];

/// The form in a line, for an answer to what is none.
const FORM: &str = r#"{"causes": [{"object": "Deployment/shop/web", "title": "…", "explanation": "…", "confidence": 0.6, "cites": ["e1", "o2"]}], "actions": [{"action": "patch", "object": "Deployment/shop/web", "set": [{"field": "spec.template.spec.containers[name=app].image", "value": "web:1.2"}]}]}"#;

/// The conclusion that is meant.
///
/// # Errors
/// It cannot be meant: which part of it, and how it is said.
pub(crate) fn understood(given: &Value, place: Home<'_>) -> Result<Conclusion, NotUnderstood> {
    let length = given.to_string().len();
    if length > BYTES {
        return wrong("proposal", &format!("has {length} bytes, the maximum is {BYTES}: say less"));
    }
    let actions = given.get("actions").and_then(Value::as_array).into_iter().flatten().enumerate();
    for (at, action) in actions.filter_map(|(at, action)| Some((at, action.get("action")?.as_str()?))) {
        if let Some((name, why)) = LEFT.iter().find(|(left, _)| *left == action) {
            let instead = "leave the action out, and say in `explanation` what a human should do";
            return wrong(&format!("proposal.actions[{at}]"), &format!("is `{name}`, which is left to a human: {why}; {instead}"));
        }
    }
    let reply: Reply = serde_json::from_value(given.clone())
        .map_err(|e| NotUnderstood(format!("`proposal` is not of its form: {}; it looks like {FORM}", Excerpt::line(&e.to_string()))))?;
    counted("proposal.causes", reply.causes.len(), 1, STATED_CAUSES)?;
    counted("proposal.actions", reply.actions.len(), 0, PROPOSED_CHANGES)?;
    let causes = reply.causes.into_iter().enumerate().map(|(at, one)| cause(&format!("proposal.causes[{at}]"), one, place));
    let causes: Vec<StatedCause> = causes.collect::<Result<_, _>>()?;
    let changes = reply.actions.into_iter().enumerate().map(|(at, one)| action(&format!("proposal.actions[{at}]"), one, place));
    let changes: Vec<Wanted> = changes.collect::<Result<_, _>>()?;
    let fields: usize = changes.iter().map(Wanted::fields).sum();
    counted("proposal.actions: the fields of all of them", fields, 0, PROPOSED_FIELDS)?;
    for (at, change) in changes.iter().enumerate() {
        if changes.iter().take(at).any(|earlier| earlier.target() == change.target()) {
            return wrong(&format!("proposal.actions[{at}]"), "is about the same object as an earlier one: make one action of both");
        }
    }
    let causes = NonEmpty::from_vec(causes).ok_or_else(|| NotUnderstood("`proposal.causes` is empty".to_owned()))?;
    Ok(Conclusion { causes, changes })
}

fn wrong<T>(at: &str, why: &str) -> Result<T, NotUnderstood> {
    Err(NotUnderstood(format!("`{at}` {why}")))
}

fn counted(at: &str, count: usize, least: usize, most: usize) -> Result<(), NotUnderstood> {
    if count < least {
        return wrong(at, &format!("has {count} items, the minimum is {least}"));
    }
    if count > most { wrong(at, &format!("has {count} items, the maximum is {most}")) } else { Ok(()) }
}

fn cause(at: &str, words: CauseWords, place: Home<'_>) -> Result<StatedCause, NotUnderstood> {
    let CauseWords { object, field, found, expected, title, explanation, confidence, cites } = words;
    counted(&format!("{at}.cites"), cites.len(), 0, CITED)?;
    let cited = cites.iter().map(|text| {
        let meant = "is not the id of evidence (`e1`) or of an observation (`o1`) of this session's report";
        Citation::parse(text).ok_or_else(|| NotUnderstood(format!("`{at}.cites`: {} {meant}", Excerpt::said(text))))
    });
    let mut cites = cited.collect::<Result<Vec<_>, _>>()?;
    cites.sort_unstable();
    cites.dedup();
    let said = |name: &str, text: Option<String>| text.map(|text| line(&format!("{at}.{name}"), text, VALUE)).transpose();
    let confidence = Confidence::new(confidence);
    Ok(StatedCause {
        object: self::object(&format!("{at}.object"), &object, place)?,
        field: field.map(|text| self::field(&format!("{at}.field"), &text)).transpose()?,
        title: line(&format!("{at}.title"), title, TITLE)?,
        explanation: readable(&format!("{at}.explanation"), explanation, EXPLANATION)?,
        found: said("found", found)?,
        expected: said("expected", expected)?,
        confidence: confidence.ok_or_else(|| NotUnderstood(format!("`{at}.confidence` is not a number from 0 to 1, such as 0.6")))?,
        cites,
    })
}

fn action(at: &str, words: ActionWords, place: Home<'_>) -> Result<Wanted, NotUnderstood> {
    let named = |text: &str| object(&format!("{at}.object"), text, place);
    match words {
        ActionWords::Patch { object, set, remove } => {
            let set = set.into_iter().enumerate().map(|(index, SetWords { field, value })| {
                let at = format!("{at}.set[{index}]");
                Ok(FieldOp::set(self::field(&format!("{at}.field"), &field)?, written(&format!("{at}.value"), value)?))
            });
            let remove =
                remove.iter().enumerate().map(|(index, text)| Ok(FieldOp::remove(self::field(&format!("{at}.remove[{index}]"), text)?)));
            let ops: Vec<FieldOp> = set.chain(remove).collect::<Result<_, NotUnderstood>>()?;
            counted(&format!("{at}.set"), ops.len(), 1, PROPOSED_FIELDS)?;
            if let Some(twice) = ops.iter().enumerate().find(|(i, op)| ops.iter().take(*i).any(|earlier| earlier.path == op.path)) {
                return wrong(at, &format!("changes {} twice", Excerpt::said(&twice.1.path.to_string())));
            }
            let target = named(&object)?;
            let ops = NonEmpty::from_vec(ops).ok_or_else(|| NotUnderstood(format!("`{at}.set` is empty")))?;
            Ok(Wanted::Change(Action::Patch { target, ops }))
        }
        ActionWords::Scale { object, replicas } => {
            let ops = NonEmpty::one(FieldOp::set(FieldPath::dotted("spec.replicas"), replicas));
            Ok(Wanted::Change(Action::Patch { target: named(&object)?, ops }))
        }
        ActionWords::Create { manifest } => created(&format!("{at}.manifest"), manifest, place).map(Wanted::Change),
        ActionWords::Restart { object } => Ok(Wanted::Restart { target: named(&object)? }),
        ActionWords::UndoRollout { revision: 0, .. } => wrong(&format!("{at}.revision"), "is a whole number from 1"),
        ActionWords::UndoRollout { object, revision } => Ok(Wanted::UndoRollout { target: named(&object)?, revision }),
        ActionWords::DeletePod { object } => Ok(Wanted::Change(Action::DeletePod { pod: named(&object)? })),
        ActionWords::Evict { object } => Ok(Wanted::Change(Action::EvictPod { pod: named(&object)? })),
    }
}

/// A new object, by what its manifest says of itself.
fn created(at: &str, manifest: Map<String, Value>, place: Home<'_>) -> Result<Action, NotUnderstood> {
    let manifest = Value::Object(manifest);
    let bytes = manifest.to_string();
    if bytes.len() > MANIFEST {
        return wrong(at, &format!("has {} bytes, the maximum is {MANIFEST}", bytes.len()));
    }
    // Escapes are written out in JSON text: what is hidden is sought in the values.
    if any_text(&manifest, &|text| text.chars().any(|c| is_hidden(c) || c == '\n')) {
        return wrong(at, "has hidden characters or line feeds in it");
    }
    let text = |pointer: &str| manifest.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let (version, kind, name) = (text("/apiVersion"), text("/kind"), text("/metadata/name"));
    let namespace = manifest.pointer("/metadata/namespace").and_then(Value::as_str);
    let kind = Kind::of(version, kind);
    if kind.info().is_none() {
        return wrong(
            at,
            "needs `apiVersion` and `kind` of something that kubemend creates: v1 PersistentVolumeClaim, Service, ConfigMap or ServiceAccount",
        );
    }
    // A slash in it would read as a namespace.
    if !is_dns(name, 253, true) {
        return wrong(at, "has no `metadata.name` that can be a name");
    }
    let reference = match namespace {
        Some(namespace) => format!("{}/{namespace}/{name}", kind.name()),
        None => format!("{}/{name}", kind.name()),
    };
    let object = self::object(&format!("{at}.metadata"), &reference, place)?;
    let mut manifest = manifest;
    if let (Some(metadata), Some(namespace)) = (manifest.get_mut("metadata").and_then(Value::as_object_mut), &object.namespace) {
        metadata.insert("namespace".to_owned(), Value::String(namespace.to_string()));
    }
    Ok(Action::Create { object, manifest })
}

fn any_text(value: &Value, is: &impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => is(text),
        Value::Array(items) => items.iter().any(|item| any_text(item, is)),
        Value::Object(members) => members.iter().any(|(name, member)| is(name) || any_text(member, is)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `Deployment/shop/web`, or `deployment/web` in the session's own namespace.
fn object(at: &str, text: &str, place: Home<'_>) -> Result<ObjectRef, NotUnderstood> {
    let form = || {
        NotUnderstood(format!(
            "`{at}` is not an object: {}; it looks like \"Deployment/shop/web\" or \"deployment/web\", and an object of a custom kind is understood after a look at it",
            Excerpt::said(text)
        ))
    };
    let parts: Vec<&str> = text.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] => (*kind, None, *name),
        [kind, namespace, name] => (*kind, Some(*namespace), *name),
        _ => return Err(form()),
    };
    let kind = place.kind(kind).ok_or_else(form)?;
    if !is_dns(name, 253, true) {
        return Err(form());
    }
    if kind.info().is_some_and(|info| !info.namespaced) {
        return if namespace.is_none() { Ok(ObjectRef::cluster(kind, name)) } else { Err(form()) };
    }
    let namespace = namespace.map(|text| Namespace::parse(text).map_err(|_| form())).transpose()?;
    match namespace.as_ref().or(place.namespace) {
        Some(namespace) => Ok(ObjectRef::namespaced(kind, namespace, name)),
        None => wrong(at, "needs its namespace, as in \"Deployment/shop/web\": this session looks at more than one"),
    }
}

fn field(at: &str, text: &str) -> Result<FieldPath, NotUnderstood> {
    let text = line(at, text.to_owned(), FIELD)?;
    let path = FieldPath::written(&text).filter(|path| path.segments().len() <= STEPS);
    path.ok_or_else(|| {
        NotUnderstood(format!("`{at}` is not a field: {}; it looks like `spec.template.spec.containers[name=app].image`, with elements of lists by their name", Excerpt::said(&text)))
    })
}

/// A value that is to be written: a text, a whole number, or yes and no. Nothing with a structure, which would bring fields of its own.
fn written(at: &str, value: Value) -> Result<Value, NotUnderstood> {
    match &value {
        Value::String(text) if text.len() > WRITTEN => wrong(at, &format!("has {} bytes, the maximum is {WRITTEN}", text.len())),
        Value::String(text) if text.chars().any(is_hidden) => wrong(at, "has hidden characters in it"),
        Value::String(_) | Value::Bool(_) => Ok(value),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(value),
        Value::Number(_) | Value::Null | Value::Array(_) | Value::Object(_) => {
            wrong(at, "is neither a text, nor a whole number, nor true or false: name each field by its own path")
        }
    }
}

/// One line of words.
fn line(at: &str, text: String, most: usize) -> Result<String, NotUnderstood> {
    if text.contains(['\n', '\t']) {
        return wrong(at, "has more than one line");
    }
    readable(at, text, most)
}

/// Words that can be seen.
fn readable(at: &str, text: String, most: usize) -> Result<String, NotUnderstood> {
    let count = text.chars().count();
    if text.trim().is_empty() {
        return wrong(at, "is empty");
    }
    if count > most {
        return wrong(at, &format!("has {count} characters, the maximum is {most}"));
    }
    if text.chars().any(is_hidden) { wrong(at, "has hidden characters in it") } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::kind::CustomKind;
    use serde_json::json;

    fn shop() -> Namespace {
        Namespace::parse("shop").unwrap()
    }

    fn read(given: &Value) -> Result<Conclusion, String> {
        understood(given, Home { namespace: Some(&shop()), kinds: &[] }).map_err(|e| e.to_string())
    }

    fn whole() -> Value {
        json!({"causes": [{"object": "deployment/web", "field": "spec.template.spec.containers[name=app].image", "found": "web:1.2.O",
                           "expected": "web:1.2.0", "title": "a letter for a digit", "explanation": "two\nlines", "confidence": 0.9,
                           "cites": ["o2", "e1", "o2"]}],
               "actions": [{"action": "patch", "object": "Deployment/shop/web",
                            "set": [{"field": "spec.template.spec.containers[name=app].image", "value": "web:1.2.0"}]},
                           {"action": "scale", "object": "deployment/other", "replicas": 2}]})
    }

    /// Of a custom kind only what was seen has a name.
    #[test]
    fn object_of_a_custom_kind_is_understood_where_the_session_saw_one() {
        let given =
            json!({"causes": [{"object": "Cache/shop/sessions", "title": "t", "explanation": "e", "confidence": 0.5, "cites": ["o1"]}]});
        let cache = CustomKind::new("fast.example", "v1", "Cache", "caches", true).unwrap();
        let cache = Kind::Custom(std::sync::Arc::new(cache));
        let shop = shop();
        let of = |kinds: &[Kind]| understood(&given, Home { namespace: Some(&shop), kinds }).map(|c| c.causes.first().object.to_string());
        assert_eq!(of(std::slice::from_ref(&cache)).unwrap(), "Cache shop/sessions");
        assert!(of(&[Kind::Pod]).unwrap_err().to_string().contains("is understood after a look at it"));
    }

    #[test]
    fn words_become_values() {
        let read = read(&whole()).unwrap();
        let cause = read.causes.first();
        assert_eq!(cause.object, ObjectRef::namespaced(Kind::Deployment, &shop(), "web"));
        assert_eq!(cause.cites.iter().map(ToString::to_string).collect::<Vec<_>>(), ["e1", "o2"], "each once");
        let [Wanted::Change(Action::Patch { target, ops }), Wanted::Change(Action::Patch { ops: scaled, .. })] = read.changes.as_slice()
        else {
            panic!("{read:?}")
        };
        assert_eq!((target, ops.first().path.to_string().as_str()), (&cause.object, "spec.template.spec.containers[name=app].image"));
        assert_eq!(*scaled, NonEmpty::one(FieldOp::set(FieldPath::dotted("spec.replicas"), 2_u32)));
    }

    /// Each with what the answer teaches.
    #[test]
    fn what_cannot_be_meant_is_refused_and_said() {
        for (pointer, value, part) in [
            ("/causes", json!([]), "the minimum is 1"),
            ("/causes/0/object", json!("web"), "Deployment/shop/web"),
            ("/causes/0/object", json!("deployment/../secrets"), "is not an object"),
            ("/causes/0/object", json!("deployment/Shop/web"), "is not an object"),
            ("/causes/0/object", json!("deployment/shop/w\u{202e}eb"), "is not an object"),
            ("/causes/0/title", json!("a\nb"), "more than one line"),
            ("/causes/0/title", json!("x".repeat(201)), "the maximum is 200"),
            ("/causes/0/title", json!(" "), "is empty"),
            ("/causes/0/explanation", json!("a\u{200b}b"), "hidden characters"),
            ("/causes/0/explanation", json!("\u{1b}[2J"), "hidden characters"),
            ("/causes/0/confidence", json!(1.7), "from 0 to 1"),
            ("/causes/0/confidence", json!(-1), "from 0 to 1"),
            ("/causes/0/confidence", json!("0.9"), "is not of its form"),
            ("/causes/0/cites", json!(["o0"]), "is not the id of evidence"),
            ("/causes/0/cites", json!(["e1\u{7}"]), "is not the id of evidence"),
            ("/causes/0/risk", json!("none"), "unknown field"),
            ("/actions/0/action", json!("exec"), "unknown variant"),
            ("/actions/0/action", json!("uncordon"), "whether a node takes Pods is somebody's decision"),
            ("/actions/0/action", json!("replaceJob"), "does again what it has done"),
            ("/actions/0/namespace", json!("kube-system"), "unknown field"),
            ("/actions/0/set", json!([]), "the minimum is 1"),
            ("/actions/0/set/0/field", json!("spec..x"), "is not a field"),
            ("/actions/0/set/0/value", json!({"image": "x"}), "name each field by its own path"),
            ("/actions/0/set/0/value", json!(null), "name each field by its own path"),
            ("/actions/0/set/0/value", json!(0.5), "name each field by its own path"),
            ("/actions/0/set/0/value", json!("a\u{2066}"), "hidden characters"),
            ("/actions/0/set/0/value", json!("x".repeat(5_000)), "the maximum is 4096"),
            ("/actions/1/object", json!("deployment/web"), "make one action of both"),
            ("/actions/1/replicas", json!(-1), "is not of its form"),
            ("/confidence", json!(1), "unknown field"),
        ] {
            let mut given = whole();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            match given.pointer_mut(parent).unwrap() {
                Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
                other => panic!("{other}"),
            }
            let error = read(&given).unwrap_err();
            assert!(error.contains(part), "{pointer} {value}: {error}");
            assert!(!error.chars().any(|c| is_hidden(c) || c == '\n'), "{pointer}: {error:?}");
        }
    }

    #[test]
    fn what_is_created_says_what_it_is() {
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": {}});
        let of = |manifest: &Value| {
            let mut given = whole();
            given["actions"] = json!([{"action": "create", "manifest": manifest}]);
            read(&given)
        };
        let Wanted::Change(Action::Create { object, manifest }) = of(&claim).unwrap().changes.remove(0) else { panic!() };
        assert_eq!(object, ObjectRef::namespaced(Kind::PersistentVolumeClaim, &shop(), "data"));
        assert_eq!(manifest["metadata"]["namespace"], "shop");
        for (pointer, value) in [("/kind", json!("Widget")), ("/metadata/name", json!("a/b")), ("/metadata/name", json!("x\u{202e}"))] {
            let mut other = claim.clone();
            *other.pointer_mut(pointer).unwrap() = value;
            assert!(of(&other).is_err(), "{pointer}");
        }
    }

    #[test]
    fn several_namespaces_need_the_object_s_own() {
        let error = understood(&whole(), Home { namespace: None, kinds: &[] }).unwrap_err().to_string();
        assert!(error.contains("needs its namespace"), "{error}");
    }
}
