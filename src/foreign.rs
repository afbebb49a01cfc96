//! Every parser of bytes that others make, by its name: what is fuzzed in `fuzz/`, and tried with arbitrary bytes in the tests.
//! Compiled for these two only. A parser panics where something is not kept that must hold of any bytes.

#[cfg(test)]
mod seeds;
#[cfg(test)]
mod tests;

use crate::call::{AnalyzeRequest, RemediateRequest, ValidateRequest};
use crate::clock::{CountingEntropy, SystemClock};
use crate::domain::conversation::kept_arguments;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::id::PlanId;
use crate::domain::investigate::Investigate;
use crate::domain::issue::{Issue, Scope};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectName};
use crate::domain::objects::Objects;
use crate::domain::plan::OnFailure;
use crate::domain::snapshot::{Cluster, ClusterId, Snapshot};
use crate::domain::visible::{Fold, escaped, folded, is_hidden};
use crate::domain::words::Wording;
use crate::facts::Facts;
use crate::planner::live::Live;
use crate::planner::outline::outline;
use crate::{agent, analyze, cluster, config, mcp, model, planner, probe, recording, session};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What the key of the desk is made of that takes request states here: seeds are sealed with the same.
const KEY: u64 = 7;

/// A parser of foreign bytes.
pub type Parser = fn(&[u8]);

/// All of them. Each has a target of its name in `fuzz/fuzz_targets`.
pub const PARSERS: &[(&str, Parser)] = &[
    ("admission", planner::foreign::admission),
    ("answer", mcp::foreign::answer),
    ("arguments", arguments),
    ("calls", agent::foreign::calls),
    ("conclusion", agent::foreign::reply),
    ("config", config::foreign::file),
    ("discovery", cluster::foreign::discovery),
    ("field", field),
    ("issue", issue),
    ("kubeconfig", cluster::foreign::kubeconfig),
    ("line", mcp::foreign::line),
    ("log", probe::foreign::log),
    ("look", probe::foreign::look),
    ("name", name),
    ("objects", objects),
    ("page", cluster::foreign::page),
    ("plans", plans),
    ("plugin", cluster::foreign::plugin),
    ("record", record),
    ("recording", recording::foreign::file),
    ("reply", model::foreign::answer),
    ("review", cluster::foreign::review),
    ("shown", probe::foreign::object),
    ("state", state),
    ("table", cluster::foreign::table),
    ("text", text),
    ("watch", cluster::foreign::watch),
    ("write", cluster::foreign::write),
];

/// Gives the bytes to the parser of this name.
///
/// # Panics
/// There is none of this name, or something is not kept that must hold of any bytes.
pub fn parse(name: &str, bytes: &[u8]) {
    let found = PARSERS.iter().find(|(known, _)| *known == name);
    assert!(found.is_some(), "there is no parser called {name}");
    if let Some((_, parser)) = found {
        parser(bytes);
    }
}

fn record(bytes: &[u8]) {
    session::foreign::record(bytes, analyze::known_code);
}

/// A sealed request state, before a desk that has a key of its own and asks nobody.
fn state(bytes: &[u8]) {
    mcp::foreign::state(bytes, Arc::new(SystemClock), Arc::new(CountingEntropy::from_seed(KEY)));
}

/// The arguments of the three calls.
fn arguments(bytes: &[u8]) {
    let Ok(given) = serde_json::from_slice::<Map<String, Value>>(bytes) else { return };
    for investigate in Investigate::ALL {
        if let Err(error) = AnalyzeRequest::parse(given.clone(), investigate) {
            assert!(!error.to_string().is_empty(), "an error that says nothing");
        }
    }
    let remediated = RemediateRequest::parse(given.clone(), crate::domain::investigate::Investigate::Auto).map(drop);
    let validated = ValidateRequest::parse(given).map(drop);
    for error in [remediated, validated].into_iter().filter_map(Result::err) {
        assert!(!error.to_string().is_empty(), "an error that says nothing");
    }
}

/// A reporter's words, and what of them can name a place.
fn issue(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words = Wording::of(&text);
    words.name_anything();
    words.topics();
    for word in words.iter() {
        assert!(!word.text.is_empty(), "a word of no letters");
        let _ = (word.is_common(), word.is_ordinary(), word.is_role(), word.is_kind(), word.looks_like_a_name());
        let _ = (Wording::meant_by(&word.text), Kind::parse(&word.text));
        if let Ok(namespace) = Namespace::parse(&word.text) {
            namespace.is_system();
        }
    }
    if let Ok(issue) = Issue::parse(&text) {
        assert!(!issue.to_string().chars().any(is_hidden), "hidden characters in an issue");
    }
}

/// `kind/name`. What is a name can stand in a path without meaning anything else there.
fn name(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(name) = ObjectName::parse(&text) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        assert!(name.name.chars().all(plain) && !name.name.starts_with('.'), "not a name: {:?}", name.name);
        let namespace = Namespace::parse("shop").ok();
        name.within(namespace.as_ref()).path();
    }
}

/// A path on the first line, such as `spec.containers.name=web.image` or `spec.envFrom.#0`, and an object behind it.
fn field(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (line, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(object) = serde_json::from_slice::<Value>(rest) else { return };
    let line = String::from_utf8_lossy(line);
    let path = line.split('.').fold(FieldPath::root(), |path, part| match (part.strip_prefix('#'), part.split_once('=')) {
        (Some(place), _) => path.at(place.parse().unwrap_or_default()),
        (None, Some((key, value))) => path.element(key, value),
        (None, None) => path.key(part),
    });
    assert!(!path.to_string().contains('\n'), "a path of several lines");
    let Some(located) = path.locate(&object) else { return };
    assert_eq!(object.pointer(&located.pointer), located.current.as_ref(), "{path} leads elsewhere");
    let canonical = path.canonical(&object);
    assert_eq!(canonical.locate(&object).map(|at| at.pointer), Some(located.pointer), "{canonical} is another place than {path}");
    assert_eq!(canonical.canonical(&object), canonical, "a second spelling");
    let _ = FieldPath::written(&line);
    for (pointer, value) in located.identities.iter().chain(&located.elements) {
        assert_eq!(object.pointer(pointer), Some(value), "{pointer} pins something else");
    }
}

/// Objects of any kinds, as a JSON list, before all rules. What a rule says of them can be read and cites what is there.
fn objects(bytes: &[u8]) {
    let Ok(Value::Array(items)) = serde_json::from_slice::<Value>(bytes) else { return };
    let snapshot = snapshot(&items);
    let Some(diagnosis) = diagnosis(&Facts::of(&snapshot)) else { return };
    for cause in &diagnosis.causes {
        assert!(cause.cites.iter().all(|id| diagnosis.evidence.get(*id).is_some()), "evidence that the diagnosis does not hold");
    }
}

/// The same, up to the plans: made of the objects as they are read whole, with the fields that this program does not know. The bytes of a
/// plan are JSON, and the same again from the same objects.
fn plans(bytes: &[u8]) {
    let Ok(Value::Array(items)) = serde_json::from_slice::<Value>(bytes) else { return };
    let snapshot = snapshot(&items);
    let facts = Facts::of(&snapshot);
    let Some(diagnosis) = diagnosis(&facts) else { return };
    for cause in &diagnosis.causes {
        let made = || {
            let outline = outline(cause, &facts).ok()?;
            let mut live = Live::default();
            for object in outline.needed() {
                let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
                let is_it = |item: &&Value| {
                    text(item, "/kind").as_deref() == Some(object.kind.name())
                        && text(item, "/metadata/name").as_deref() == Some(&object.name)
                        && text(item, "/metadata/namespace").as_deref() == object.namespace.as_ref().map(Namespace::as_str)
                };
                if let Some(item) = items.iter().find(is_it) {
                    live.insert(object.clone(), Ok(item.clone()));
                }
            }
            planner::plan(outline, &live, PlanId::from_entropy([1; 16]), OnFailure::Revert).ok()
        };
        let Some(plan) = made() else { continue };
        assert_eq!(made().map(|again| again.digest()), Some(plan.digest()), "another plan of the same objects");
        for step in plan.steps.iter() {
            assert!(serde_json::from_str::<Value>(&step.request.body).is_ok(), "a request that is not JSON");
            assert!(!step.diff.chars().any(|c| c != '\n' && is_hidden(c)), "hidden characters in a diff");
        }
    }
}

fn diagnosis(facts: &Facts<'_>) -> Option<Diagnosis> {
    let mut diagnosis = analyze::analyze(facts)?;
    planner::triage(&mut diagnosis, facts, analyze::severity);
    Some(diagnosis)
}

/// A snapshot of these objects, as if all of each kind had been read.
fn snapshot(items: &[Value]) -> Snapshot {
    let cluster = Cluster {
        context: "it".to_owned(),
        server: "it:443".to_owned(),
        id: ClusterId::of_connection("https://it", &[], None),
        version: String::new(),
        unverified: false,
    };
    let mut snapshot = Snapshot::empty(cluster, Scope::All, Timestamp::UNIX_EPOCH);
    for kind in Kind::KNOWN {
        let mut of_it = Objects::of(&kind);
        let named = |item: &&Value| item.get("kind").and_then(Value::as_str) == Some(kind.name());
        items.iter().filter(named).for_each(|item| of_it.push(&item.to_string()));
        snapshot.take(of_it, true);
    }
    snapshot
}

/// Somebody else's words, in each form in which they leave.
fn text(bytes: &[u8]) {
    const LIMIT: usize = 100;
    let raw = String::from_utf8_lossy(bytes);
    let captured = Excerpt::capture(&raw, LIMIT);
    assert!(captured.as_str().len() <= LIMIT + '…'.len_utf8(), "longer than its limit");
    for shown in [captured, Excerpt::line(&raw), Excerpt::said(&raw)] {
        assert!(!shown.as_str().chars().any(is_hidden), "hidden characters are left");
    }
    assert!(!Excerpt::said(&raw).as_str().contains('\n'), "somebody else's words on several lines");
    assert!(!kept_arguments(&raw).as_str().chars().any(is_hidden), "hidden characters are left in what is kept of a call");
    let written = escaped(&raw);
    assert!(written.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "not printable ASCII");
    folded(&written, 80, |_| Fold::Plain);
}
