//! Values of an object without credentials: under and below names that credentials have, in lists of names with values, among the
//! words of a command, in variables, in Secrets that stand in it, and in texts and the documents that these are. All of it is gone
//! through before any part is taken out.

use super::documents;
use crate::domain::masked::Masked;
use crate::domain::secrets::mark::{is_replaced, mark};
use crate::domain::secrets::refers::Around;
use crate::domain::secrets::{hidden, holds_one, is_one, name_of_one, names_one, redacted};
use jiff::Timestamp;
use serde_json::{Map, Value};

/// What the name of a pair is called, in lower case.
const CALLED: &[&str] =
    &["name", "key", "field", "variable", "header", "param", "parameter", "option", "setting", "property", "env", "id", "label", "type"];
/// What its value is called, and what holds the value of something that has a name of its own.
const HOLDS: &[&str] = &[
    "value",
    "values",
    "val",
    "content",
    "contents",
    "data",
    "default",
    "defaultvalue",
    "literal",
    "string",
    "stringvalue",
    "text",
    "raw",
    "inline",
    "plain",
];

/// What a Secret holds its values under.
const HELD: &[&str] = &["data", "stringdata"];
/// Why a revision was made, in somebody's words; or the command that made it, with what that set.
const CAUSE: &str = "kubernetes.io/change-cause";
/// Whose annotations are settings of Kubernetes or of a well-known project: one word of them is masked like any text. A domain stands for
/// those below it as well.
const KNOWN: &[&str] =
    &["kubernetes.io", "k8s.io", "argoproj.io", "cert-manager.io", "fluxcd.io", "helm.sh", "istio.io", "linkerd.io", "prometheus.io"];
/// Documents within documents are opened so deep.
const DEEPEST: usize = 3;

/// The name of a credential that stands above something.
#[derive(Debug, Clone, Copy)]
struct Above<'n> {
    name: &'n str,
    /// Other members stand between the two: what stands below them is no sentence about a credential.
    between: bool,
    /// What these, and the members beside, say of it.
    around: Around,
}

impl<'n> Above<'n> {
    /// Directly above.
    fn new(name: &'n str) -> Self {
        Self { name, between: false, around: Around::default() }
    }

    fn hides(self, text: &str) -> bool {
        let words = text.split_whitespace().count();
        is_one(self.name, text) || (self.between && words > 1 && !is_replaced(text))
    }
}

/// The value with everything in it masked.
pub(super) fn masked(value: Value) -> Value {
    under(None, value, 0)
}

/// A text, and what it is a document of.
pub(super) fn text(raw: &str) -> Masked {
    text_within(raw, 0)
}

/// The same of one that stands in so many documents.
fn text_within(raw: &str, depth: usize) -> Masked {
    if depth < DEEPEST { documents::masked(raw, &|value| under(None, value, depth.saturating_add(1))) } else { Masked::whole(raw) }
}

/// The same of what stands under, or below, this name of a credential.
fn under(above: Option<Above<'_>>, value: Value, depth: usize) -> Value {
    match value {
        Value::Object(members) => Value::Object(object(above, members, depth)),
        Value::Array(items) => list(above, items, &[], depth),
        Value::String(text) => Value::String(match above {
            Some(above) if above.hides(&text) => hidden(),
            Some(_) | None => text_within(&text, depth).as_str().to_owned(),
        }),
        Value::Number(number) => match above {
            Some(above) if is_one(above.name, &number.to_string()) => Value::String(hidden()),
            Some(_) | None => Value::Number(number),
        },
        Value::Null | Value::Bool(_) => value,
    }
}

fn object(above: Option<Above<'_>>, mut members: Map<String, Value>, depth: usize) -> Map<String, Value> {
    let secret = members.get("kind").and_then(Value::as_str) == Some("Secret");
    let called = members.iter().filter(|(key, _)| is_among(key, CALLED)).filter_map(|(_, value)| value.as_str());
    let called: Vec<String> = called.filter_map(name_of_one).collect();
    let program: Vec<String> = words(members.get("command")).unwrap_or_default();
    let above = above.map(|above| Above { around: members.keys().fold(above.around, |around, key| around.beside(key)), ..above });
    let mut out = Map::new();
    for (key, member) in std::mem::take(&mut members) {
        // What a pair is called says more than what it stands in.
        let pair = called.first().filter(|_| is_among(&key, HOLDS)).map(|name| Above::new(name));
        let owner = pair.or_else(|| {
            let around = above.filter(|above| !says_where(*above, &key, &member));
            around.map(|above| Above { between: true, around: above.around.below(&key), ..above })
        });
        let named = if names_one(&key) { Some(Above::new(&key)) } else { owner };
        let shown = match member {
            member if secret && is_among(&key, HELD) => without_values(member),
            Value::Array(items) if key == "env" => Value::Array(items.into_iter().map(|item| variable(item, depth)).collect()),
            Value::Array(items) if key == "args" => list(named, items, &program, depth),
            Value::Object(annotations) if key.to_ascii_lowercase().ends_with("annotations") => {
                Value::Object(annotations.into_iter().map(|(key, value)| annotation(&key, value, depth)).collect())
            }
            unread if key.to_ascii_lowercase().ends_with("annotations") => without_texts(unread),
            Value::Object(binary) if key == "binaryData" => binary.into_iter().map(|(key, value)| (key, only_size(value))).collect(),
            member if key == "caBundle" => only_size(member),
            member => under(named, member, depth),
        };
        out.insert(Masked::whole(&key).as_str().to_owned(), shown);
    }
    out
}

/// Whether a member says where something is. Only a word does, or a number: what stands below its name is named by that of the
/// credential.
fn says_where(above: Above<'_>, key: &str, member: &Value) -> bool {
    match member {
        Value::String(text) => above.around.shows(above.name, key, text),
        Value::Number(number) => above.around.shows(above.name, key, &number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// What a Secret holds: its keys alone, however its values are written.
fn without_values(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let hidden = members.into_iter().map(|(key, value)| (Masked::whole(&key).as_str().to_owned(), without_values(value)));
            Value::Object(hidden.collect())
        }
        Value::Null => Value::Null,
        Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) => Value::String(mark("secret")),
    }
}

fn is_among(key: &str, words: &[&str]) -> bool {
    words.iter().any(|word| key.eq_ignore_ascii_case(word))
}

/// The items of a list; where all of them are texts, they may be the words of a command, which others before them begin.
fn list(above: Option<Above<'_>>, items: Vec<Value>, before: &[String], depth: usize) -> Value {
    let Some(own) = words(Some(&Value::Array(items.clone()))).filter(|_| above.is_none()) else {
        return Value::Array(items.into_iter().map(|item| under(above, item, depth)).collect());
    };
    let own: Vec<String> = own.iter().map(|word| Masked::whole(word).as_str().to_owned()).collect();
    let all: Vec<&String> = before.iter().chain(&own).collect();
    let line = serde_json::to_string(&all).unwrap_or_default();
    let shown = redacted(&line);
    if shown == line {
        return Value::Array(own.into_iter().map(Value::String).collect());
    }
    match serde_json::from_str::<Vec<String>>(&shown) {
        Ok(words) if words.len() == all.len() => Value::Array(words.into_iter().skip(before.len()).map(Value::String).collect()),
        // Where one word ended in another, none of them is shown.
        Ok(_) | Err(_) => Value::Array(own.iter().map(|_| Value::String(mark("words"))).collect()),
    }
}

/// The words of a list of nothing else.
fn words(value: Option<&Value>) -> Option<Vec<String>> {
    value?.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

fn only_size(value: Value) -> Value {
    match value {
        Value::String(text) if !text.ends_with(SIZE) => Value::String(format!("({} {SIZE}", text.len())),
        other => other,
    }
}

/// Behind a number.
const SIZE: &str = "bytes, not shown)";

/// A variable with its value, unless its form says that it is no secret and its name does not say that it is one.
fn variable(variable: Value, depth: usize) -> Value {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let value = variable.get("value").and_then(Value::as_str).map(str::to_owned);
    let mut shown = under(None, variable, depth);
    if let (Some(text), Some(slot)) = (value, shown.get_mut("value"))
        && !is_replaced(&text)
        && (!is_plain(&text) || holds_one(&format!("{name}={text}")))
    {
        *slot = mark("env").into();
    }
    shown
}

/// Annotations that are no map, as lines of a template or a list: which of them is whose is not known.
fn without_texts(annotations: Value) -> Value {
    match annotations {
        Value::String(text) if !is_plain(&text) && !is_replaced(&text) => Value::String(mark("annotation")),
        Value::Array(items) => items.into_iter().map(without_texts).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(key, value)| (Masked::whole(&key).as_str().to_owned(), without_texts(value))).collect())
        }
        other => other,
    }
}

/// An annotation with its value: anybody may keep anything in one of their own, so it is shown as that of a variable is.
fn annotation(key: &str, value: Value, depth: usize) -> (String, Value) {
    let domain = key.split_once('/').map_or("", |(domain, _)| domain);
    let below = |known: &str| domain.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    // Where somebody wrote a command, lines for another program or a document, a value in it is one of a variable or a header.
    let is_word = |text: &str| text.chars().all(|c| c.is_alphanumeric() || "._/,@+~-".contains(c)) || text.parse::<Timestamp>().is_ok();
    let is_sentence = |text: &str| key == CAUSE && !text.contains(['=', '\n']);
    let known = |text: &str| KNOWN.iter().any(|known| below(known)) && (is_word(text) || is_sentence(text));
    let told = |text: &str| known(text) || is_plain(text) || is_replaced(text);
    let hide = value.as_str().is_some_and(|text| !told(text));
    let named = names_one(key).then(|| Above::new(key));
    let shown = if hide { Value::String(mark("annotation")) } else { under(named, value, depth) };
    (Masked::whole(key).as_str().to_owned(), shown)
}

/// A number, an answer, a level, a duration; or an address of host and port, of a host with dots, or of a scheme, without anything
/// that names a user or asks for something.
fn is_plain(text: &str) -> bool {
    const WORDS: &[&str] =
        &["true", "false", "yes", "no", "on", "off", "debug", "info", "warn", "warning", "error", "production", "staging", "development"];
    let number = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit() || b"._-smhdkKMGTi".contains(&b));
    text.is_empty() || number || WORDS.contains(&text.to_ascii_lowercase().as_str()) || is_address(text)
}

fn is_address(text: &str) -> bool {
    let (scheme, rest) = text.split_once("://").map_or((None, text), |(scheme, rest)| (Some(scheme), rest));
    let (place, path) = rest.split_once('/').map_or((rest, ""), |(place, path)| (place, path));
    let (host, port) = place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)));
    let label = |l: &str| !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    // A word with many digits among its letters is a key rather than a name.
    let is_name = |l: &str| l.len() <= 40 && l.bytes().filter(u8::is_ascii_digit).count() <= 8;
    let scheme_fits = scheme.is_none_or(|s| s.len() <= 16 && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+'));
    let port_fits = port.is_none_or(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
    let path_fits = path.len() <= 60 && path.split('/').all(|part| part.is_empty() || (label(part) && is_name(part) && part.len() <= 24));
    let told = scheme.is_some() || port.is_some() || host.contains('.');
    told && scheme_fits && port_fits && path_fits && host.split('.').all(|part| label(part) && is_name(part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secret_within_an_object_shows_its_keys_alone() {
        let list = json!({"items": [{"kind": "Secret", "type": "Opaque", "data": {"x": "plain"}, "stringData": {"y": ["plain"]}}]});
        let shown = masked(list);
        assert_eq!(shown["items"][0]["data"], json!({"x": "⟦redacted:secret⟧"}));
        assert_eq!(shown["items"][0]["stringData"], json!({"y": "⟦redacted:secret⟧"}));
        assert_eq!(shown["items"][0]["type"], "Opaque");
    }

    /// In an object, and in a log that has it in it.
    #[test]
    fn members_that_say_where_something_is_show_names_alone_and_nothing_below_them() {
        for hidden in [
            json!({"secret": {"key": "canaryword"}}),
            json!({"secrets": {"keys": {"session": "canaryword"}}}),
            json!({"secrets": {"keys": ["canaryword"]}}),
            json!({"credentials": {"group": {"admin": "canaryword"}}}),
            json!({"passwords": {"source": {"a": "canaryword"}}}),
            json!({"passwords": {"name": "the canaryword"}}),
            json!({"passwords": {"username": "canaryword", "key": "canaryword"}}),
            json!({"token": {"valueFrom": {"admin": "canaryword"}}}),
            json!({"apiKeys": [{"name": "ci", "key": "canaryword"}]}),
            json!({"tokens": [{"name": "ci", "key": "canaryword"}]}),
            json!({"tokens": {"ci": {"name": "ci", "keys": "canaryword", "property": "canaryword", "field": "canaryword"}}}),
            json!({"secrets": {"keys": [{"name": "ci", "key": "canaryword"}]}}),
            json!({"passwords": {"source": "canaryword"}}),
            json!({"passwords": {"type": "canaryword"}}),
            json!({"passwords": {"group": "canaryword", "version": "canaryword"}}),
        ] {
            let shown = masked(hidden.clone()).to_string();
            assert!(!shown.contains("canaryword"), "{hidden}: {shown}");
            let log = text(&format!("INFO a: b\nINFO cfg={hidden} done\n"));
            assert!(!log.as_str().contains("canaryword") && log.as_str().ends_with("done\n"), "{hidden}: {}", log.as_str());
        }
        for shown in [
            json!({"secret": {"secretName": "app-secret", "defaultMode": 420, "items": [{"key": "tls.crt", "path": "tls.crt"}]}}),
            json!({"password": {"valueFrom": {"secretKeyRef": {"name": "db-credentials", "key": "password"}}}}),
            json!({"credentials": {"remoteRef": {"key": "prod/db", "property": "password", "version": "v1"}}}),
            json!({"token": {"secretRef": {"name": "a", "key": "DB_PASSWORD"}, "optional": true}}),
            json!({"password": {"valueFrom": {"name": "db", "key": "password"}}}),
            json!({"secrets": [{"name": "db-credentials", "key": "password"}]}),
            json!({"password": {"secretName": "db-credentials", "key": "password"}}),
            json!({"serviceAccountToken": {"audience": "https://kubernetes.default.svc", "expirationSeconds": 3607, "path": "token"}}),
        ] {
            assert_eq!(masked(shown.clone()), shown);
            let log = format!("INFO a: b\nINFO cfg={shown} done\n");
            assert_eq!(text(&log).as_str(), log);
        }
    }

    #[test]
    fn log_that_prints_its_configuration_among_other_lines_shows_no_value_of_it() {
        for raw in [
            "INFO: reading a: b\npasswords:\n  admin: hunter2canary\nINFO: started\n",
            "level=info cfg={\"passwords\":{\"admin\":\"hunter2canary\"}}\nINFO: started\n",
            "INFO: cfg {\n  \"passwords\": {\n    \"admin\": \"hunter2canary\"\n  }\n}\nINFO: started\n",
            "INFO: started\n{{- if .Values.x }}\npasswords:\n  admin: hunter2canary\n{{- end }}\n",
            "INFO: started\napiKeys:\n- name: ci\n  key: hunter2canary\nlevel: info\n",
            "INFO: started\napi-keys.key=hunter2canary\n",
            "INFO: started\n[passwords]\nadmin = \"hunter2canary\"\n",
        ] {
            let shown = text(raw);
            assert!(!shown.as_str().contains("canary") && shown.as_str().contains("INFO: started"), "{raw}: {}", shown.as_str());
        }
        let long = format!("passwords:\n  admin: hunter2canary\n{}", "level: debug\n".repeat(30_000));
        assert!(!text(&long).as_str().contains("canary"), "a text that is too long to be opened");
    }

    #[test]
    fn documents_within_texts_are_masked_by_their_structure_and_others_stay_as_they_are() {
        for raw in [
            "credentials:\n  primary: canaryword\n  others:\n  - canaryword\nlevel: debug\n",
            "{\"credentials\": {\"primary\": {\"inner\": \"canaryword\"}}, \"level\": \"debug\"}",
            "level: debug\n---\nkind: Secret\ndata:\n  x: canaryword\n",
            "kind: List\nlevel: debug\nitems:\n- kind: Secret\n  stringData: {x: canaryword}\n",
            "started\n{\"level\":\"debug\",\"secrets\":{\"a\":\"canaryword\"}}\nended",
            "level: debug\nnested: |\n  passwords:\n    a: canaryword\n",
            "level: debug\nnested: '{\"secret\":{\"a\":[\"canaryword\"]}}'\n",
        ] {
            let shown = text(raw);
            assert!(!shown.as_str().contains("canaryword") && shown.as_str().contains("debug"), "{raw}: {}", shown.as_str());
        }
        for raw in [
            "version: 1.10\n# a comment\nlevel:   debug\n",
            "{ \"a\" : 1.0 }",
            "password:\n  valueFrom:\n    secretKeyRef: {name: db-credentials, key: password}\n",
            "volumes:\n- secret:\n    secretName: app-secret\n    items:\n    - {key: tls.crt, path: tls.crt}\n",
            "not: a: document\n  at: all",
        ] {
            assert_eq!(text(raw).as_str(), raw);
        }
    }

    #[test]
    fn dump_in_records_is_hidden_however_they_are_written_and_where_some_are_written_again() {
        for raw in [
            "{\"level\": \"info\", \"msg\": \"passwords:\"}\n{\"level\": \"info\", \"msg\": \"  admin_password: xcanary\"}\n{\"level\": \"info\", \"msg\": \"  db: hunter2canary\"}\n",
            "{\"msg\": \"passwords: {\"}\n{\"msg\": \"  admin_password: xcanary,\"}\n{\"msg\": \"  db: hunter2canary\"}\n{\"msg\": \"}\"}\n",
            "{\"msg\":\"passwords:\"}\n{\"msg\" : \"  db: hunter2canary\"}\n",
        ] {
            let shown = text(raw);
            assert!(!shown.as_str().contains("canary"), "{raw}: {}", shown.as_str());
        }
        let number = text("started\n{\"password\": 48271093, \"tokens\": {\"ci\": {\"x\": \"the canary word\"}}}\n");
        assert!(!number.as_str().contains("canary") && !number.as_str().contains("48271093"), "{}", number.as_str());
    }
}
