//! The kubectl lines that a human would type: one maker, so that all of them are quoted and ordered alike.

use super::action::{Change, FieldOp};
use super::field::Segment;
use super::kind::Kind;
use super::nonempty::NonEmpty;
use super::object::{Namespace, ObjectRef};
use super::ours::{OurCommand, Role};
use serde_json::{Map, Value, json};

/// `kubectl VERB kind/name -n NAMESPACE`.
pub fn on(verb: &str, object: &ObjectRef) -> String {
    format!("kubectl {verb} {}{}", word(&object.slashed()), namespace(object.namespace.as_ref()))
}

/// `kubectl rollout undo` to a revision.
pub fn go_back(workload: &ObjectRef, revision: u32) -> String {
    format!("{} --to-revision={revision}", on("rollout undo", workload))
}

/// The eviction of a Pod, for which kubectl has no command of its own.
pub fn evict(pod: &ObjectRef, body: &Value) -> String {
    let path = pod.path().unwrap_or_default();
    format!("kubectl create --raw {} -f - <<'EOF'\n{}\nEOF", word(&format!("{path}/eviction")), ascii(body))
}

/// `kubectl get RESOURCES NAME… -n NAMESPACE`.
pub fn get(kind: &Kind, place: Option<&Namespace>, names: &[&str]) -> String {
    let resource = kind.info().map_or_else(|| kind.name().to_ascii_lowercase(), |info| info.plural.to_owned());
    let names: String = names.iter().map(|name| format!(" {}", word(name))).collect();
    format!("kubectl get {resource}{names}{}", namespace(place))
}

/// `kubectl delete pod NAME… -n NAMESPACE`.
pub fn delete_pods(names: &[String], place: Option<&Namespace>) -> String {
    let names: String = names.iter().map(|name| format!(" {}", word(name))).collect();
    format!("kubectl delete pod{names}{}", namespace(place))
}

/// `kubectl create` of a manifest in YAML, so that a value can be changed before it is sent.
pub fn create(manifest: &str) -> String {
    format!("kubectl create -f - <<'EOF'\n{}\nEOF", manifest.trim_end())
}

/// `kubectl patch` with the operations of a JSON Patch, whose tests refuse an object that has changed since it was read.
pub fn json_patch<'a>(target: &ObjectRef, operations: impl Iterator<Item = &'a Value>) -> String {
    // One operation a line: a person checks it before it is sent.
    let lines: Vec<String> = operations.map(|operation| format!("  {}", ascii(operation))).collect();
    format!("{} --type=json -p {}", on("patch", target), quoted(&format!("[\n{}\n]", lines.join(",\n"))))
}

/// The same for these fields of an object that was seen: each place on the way is tested. `None` where it does not have them.
pub fn patch_seen(target: &ObjectRef, ops: &NonEmpty<FieldOp>, object: &Value) -> Option<String> {
    let (mut tests, mut changes) = (Vec::new(), Vec::new());
    for op in ops.iter() {
        let at = op.path.locate(object)?;
        let old = at.current.as_ref().map(|current| (at.pointer.clone(), current.clone()));
        for (path, value) in at.identities.into_iter().chain(at.elements).chain(old.clone()) {
            let test = json!({"op": "test", "path": path, "value": value});
            if !tests.contains(&test) {
                tests.push(test);
            }
        }
        changes.push(match (&op.change, old.is_some()) {
            (Change::Set(value), true) => json!({"op": "replace", "path": at.pointer, "value": value}),
            (Change::Set(value), false) => json!({"op": "add", "path": at.pointer, "value": value}),
            (Change::Remove, _) => json!({"op": "remove", "path": at.pointer}),
        });
    }
    Some(json_patch(target, tests.iter().chain(&changes)))
}

/// `kubectl patch` of fields of an object that nobody has read whole: by merge keys, since no position is known. Where only its
/// position names an element, the object is opened instead.
pub fn patch(target: &ObjectRef, ops: &NonEmpty<FieldOp>) -> String {
    if ops.iter().any(|op| op.path.has_position()) {
        return on("edit", target);
    }
    format!("{} --type=strategic -p {}", on("patch", target), quoted(&ascii(&merged(ops))))
}

/// `kubectl describe kind/name -n NAMESPACE`, of an object as a report has it.
pub fn describe(kind: &str, name: &str, place: Option<&str>) -> String {
    let place = place.map(|place| format!(" -n {}", word(place))).unwrap_or_default();
    format!("kubectl describe {}{place}", word(&format!("{}/{name}", kind.to_ascii_lowercase())))
}

/// A role, and that a user has it: an administrator's two commands.
pub fn grant(name: &str, verbs: &str, resources: &str, place: Option<&Namespace>, user: Option<&str>) -> String {
    let role = if place.is_some() { "role" } else { "clusterrole" };
    let flag = place.map(|ns| format!("-n {ns} ")).unwrap_or_default();
    let (name, verbs, resources) = (word(name), word(verbs), word(resources));
    let subject = match user.map(|user| (user, user.strip_prefix("system:serviceaccount:"))) {
        Some((_, Some(account))) => format!("--serviceaccount={}", word(account)),
        Some((user, None)) => format!("--user={}", word(user)),
        None => "--user=USER".to_owned(),
    };
    format!(
        "kubectl {flag}create {role} {name} --verb={verbs} --resource={resources} && kubectl {flag}create {role}binding {name} --{role}={name} {subject}"
    )
}

/// Names whoever asks as a binding has to name them.
pub const WHOAMI: &str = "kubectl auth whoami";

/// The roles, with this one bound in a namespace: an administrator's one line.
pub fn roles(place: &Namespace, role: Role) -> String {
    format!("{} | kubectl apply -f -", OurCommand::Roles { namespace: place.to_string(), role })
}

/// `kubectl version` in a context: asks the server, and so for whatever lets somebody in.
pub fn version(context: &str) -> String {
    format!("kubectl --context {} version", word(context))
}

fn namespace(place: Option<&Namespace>) -> String {
    place.map(|ns| format!(" -n {ns}")).unwrap_or_default()
}

/// A word as it is where a shell takes it so, quoted otherwise.
fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._/:@,".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) { text.to_owned() } else { quoted(text) }
}

/// In single quotes; where a character would not be seen or could be taken for another, with its number, as bash and zsh read it.
fn quoted(text: &str) -> String {
    if text.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()) {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => out.extend(['\\', c]),
            c if c == ' ' || c.is_ascii_graphic() => out.push(c),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('\'');
    out
}

/// JSON in printable ASCII, so that nothing in a line to copy is hidden or looks like something else.
pub fn ascii(value: &Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        if c == ' ' || c.is_ascii_graphic() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

/// The fields as one strategic merge patch.
fn merged(ops: &NonEmpty<FieldOp>) -> Value {
    let mut body = Value::Object(Map::new());
    for op in ops.iter() {
        let leaf = match &op.change {
            Change::Set(value) => value.clone(),
            Change::Remove => Value::Null,
        };
        put(&mut body, op.path.segments(), leaf);
    }
    body
}

/// Puts `leaf` at the path, with what is missing on the way; list elements are found by their merge key.
fn put(here: &mut Value, path: &[Segment], leaf: Value) {
    let Some((segment, rest)) = path.split_first() else {
        *here = leaf;
        return;
    };
    match segment {
        Segment::Key(name) => {
            if !here.is_object() {
                *here = Value::Object(Map::new());
            }
            if let Some(map) = here.as_object_mut() {
                put(map.entry(name.clone()).or_insert(Value::Null), rest, leaf);
            }
        }
        Segment::Element { key, value } => {
            if !here.is_array() {
                *here = Value::Array(Vec::new());
            }
            let Some(items) = here.as_array_mut() else { return };
            let found = items.iter().position(|i| i.get(key).and_then(Value::as_str) == Some(value.as_str()));
            let index = found.unwrap_or_else(|| {
                items.push(json!({ key.as_str(): value }));
                items.len().saturating_sub(1)
            });
            if let Some(item) = items.get_mut(index) {
                put(item, rest, leaf);
            }
        }
        // A strategic merge knows no places: `patch` lets none come here.
        Segment::Position(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::field::FieldPath;

    fn web() -> ObjectRef {
        ObjectRef::namespaced(Kind::Deployment, &Namespace::parse("shop").unwrap(), "web")
    }

    #[test]
    fn names_of_others_are_quoted_in_every_line() {
        let line = grant("kubemend-read-pods", "get,list", "pods", None, Some("a b; rm -rf /"));
        assert!(line.ends_with("--clusterrole=kubemend-read-pods --user='a b; rm -rf /'"), "{line}");
        assert!(grant("n", "get", "pods", None, Some("system:serviceaccount:tools:reader")).ends_with("--serviceaccount=tools:reader"));
        assert_eq!(describe("Pod", "a b", Some("shop")), "kubectl describe 'pod/a b' -n shop");
        assert_eq!(version("$(id)"), "kubectl --context '$(id)' version");
    }

    #[test]
    fn patch_merges_its_fields_and_names_elements_by_their_keys() {
        let list = || FieldPath::dotted("spec.template.spec.containers").element("name", "app");
        let mut ops = NonEmpty::one(FieldOp::set(list().then("image"), "web:2"));
        ops.push(FieldOp::remove(list().then("env").element("name", "A").then("value")));
        assert_eq!(
            patch(&web(), &ops),
            r#"kubectl patch deployment/web -n shop --type=strategic -p '{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"web:2","env":[{"name":"A","value":null}]}]}}}}'"#
        );
    }

    #[test]
    fn element_that_only_its_place_names_is_tested_whole_before_it_is_changed() {
        let list = || FieldPath::dotted("spec.containers").element("name", "app").then("envFrom");
        let ops = NonEmpty::one(FieldOp::set(list().at(1).then("configMapRef.name"), "right"));
        let object =
            json!({"spec": {"containers": [{"name": "app", "envFrom": [{}, {"prefix": "P_", "configMapRef": {"name": "wrong"}}]}]}});
        let at = "/spec/containers/0/envFrom/1";
        assert_eq!(
            patch_seen(&web(), &ops, &object).unwrap().replace("\n  ", "").replace('\n', ""),
            format!(
                r#"kubectl patch deployment/web -n shop --type=json -p '[{{"op":"test","path":"/spec/containers/0/name","value":"app"}},{{"op":"test","path":"{at}","value":{{"prefix":"P_","configMapRef":{{"name":"wrong"}}}}}},{{"op":"test","path":"{at}/configMapRef/name","value":"wrong"}},{{"op":"replace","path":"{at}/configMapRef/name","value":"right"}}]'"#
            )
        );
        assert_eq!(patch_seen(&web(), &ops, &json!({"spec": {}})), None);
        assert_eq!(patch(&web(), &ops), "kubectl edit deployment/web -n shop");
    }

    #[test]
    fn nothing_in_a_line_to_copy_is_hidden_or_looks_like_something_else() {
        let ops = NonEmpty::one(FieldOp::set(FieldPath::dotted("spec.selector").key("app"), "w\u{202e}е\u{1f600}"));
        assert_eq!(
            patch(&web(), &ops),
            r#"kubectl patch deployment/web -n shop --type=strategic -p '{"spec":{"selector":{"app":"w\u202e\u0435\ud83d\ude00"}}}'"#
        );
        let test = json!({"op": "test", "path": "/a", "value": "it's"});
        let typed = json_patch(&web(), [&test].into_iter());
        assert_eq!(
            typed,
            "kubectl patch deployment/web -n shop --type=json -p '[\n  {\"op\":\"test\",\"path\":\"/a\",\"value\":\"it'\\''s\"}\n]'"
        );
    }

    #[test]
    fn what_a_shell_would_read_otherwise_is_quoted() {
        assert_eq!(on("describe", &web()), "kubectl describe deployment/web -n shop");
        let odd = ObjectRef { name: "web; rm -rf it's".to_owned(), ..web() };
        assert_eq!(on("describe", &odd), r"kubectl describe 'deployment/web; rm -rf it'\''s' -n shop");
        assert_eq!(get(&Kind::Pod, None, &["a\u{202e}'b"]), r"kubectl get pods $'a\U0000202e\'b'");
        assert_eq!(get(&Kind::PersistentVolumeClaim, None, &["a", "$(b)"]), "kubectl get persistentvolumeclaims a '$(b)'");
    }
}
