//! A new object. The API server refuses it where one of that name exists.

use super::delete_unbound_claim::CLASS;
use super::planned::{Built, PlannedAction, QUERY, called, named};
use crate::domain::changes::Verb;
use crate::domain::field::FieldPath;
use crate::domain::fitted::Part;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, STAMP, Undo};
use crate::domain::request::{Method, Request};
use crate::domain::visible::escaped;
use crate::planner::admission;
use crate::planner::diff;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use serde_json::{Value, json};

pub(super) struct Create<'a> {
    pub(super) object: &'a ObjectRef,
    pub(super) manifest: &'a Value,
}

impl Create<'_> {
    /// What it holds.
    fn content(&self, replaces: Option<&Precondition>) -> Vec<Part> {
        let keys = |pointer: &str| {
            let members = self.manifest.pointer(pointer).and_then(Value::as_object);
            members
                .into_iter()
                .flatten()
                .map(|(key, value)| (escaped(key), value.as_str().map(escaped).unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let named = |begin: &'static str, names: Vec<String>| vec![Part::words(begin), Part::name(names.join(", "))];
        match self.object.kind {
            Kind::ConfigMap => named("key ", keys("/data").into_iter().map(|(key, value)| format!("{key}={value}")).collect()),
            Kind::Service => {
                let labels = keys("/spec/selector").into_iter().map(|(key, value)| format!("{key}={value}")).collect();
                let ports = self.manifest.pointer("/spec/ports").and_then(Value::as_array).into_iter().flatten();
                let mut parts = named("selects ", labels);
                parts.extend(named(", port ", ports.map(port_in_words).collect()));
                parts
            }
            Kind::ServiceAccount => {
                let secrets = self.manifest.get("imagePullSecrets").and_then(Value::as_array).into_iter().flatten();
                let secrets: Vec<String> = secrets.filter_map(|one| one.get("name")?.as_str().map(escaped)).collect();
                if secrets.is_empty() {
                    vec![Part::words("with the roles bound to its name")]
                } else {
                    named("pulls images with ", secrets)
                }
            }
            _ => self.of_a_claim(replaces),
        }
    }

    /// Nothing in the cluster says how large a claim was meant to be that takes nobody's place: its size is an assumption.
    fn of_a_claim(&self, replaces: Option<&Precondition>) -> Vec<Part> {
        let text = |pointer: &str| self.manifest.pointer(pointer).and_then(Value::as_str).map(escaped);
        let mut parts = Vec::new();
        if let Some(size) = text("/spec/resources/requests/storage") {
            parts.extend([Part::name(size), Part::words(if replaces.is_some() { ", " } else { " (assumed), " })]);
        }
        let modes = self.manifest.pointer("/spec/accessModes").and_then(Value::as_array);
        let modes: Vec<String> = modes.into_iter().flatten().filter_map(Value::as_str).map(short_mode).collect();
        if !modes.is_empty() {
            parts.extend([Part::name(modes.join(", ")), Part::words(", ")]);
        }
        let old = replaces.and_then(class_of).map(escaped);
        match (old, text("/spec/storageClassName")) {
            (Some(old), Some(new)) if old != new => parts.extend([Part::words("class "), Part::Change { old, new }]),
            (_, Some(class)) => parts.extend([Part::words("class "), Part::name(class)]),
            (_, None) => parts.push(Part::words("the default class")),
        }
        parts
    }

    fn begins(&self, replaces: Option<&Precondition>) -> &'static str {
        match (&self.object.kind, replaces) {
            (Kind::PersistentVolumeClaim, Some(_)) => "Replace empty ",
            (Kind::PersistentVolumeClaim, None) => "New empty ",
            _ => "New ",
        }
    }
}

impl PlannedAction for Create<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        None
    }

    fn source(&self) -> Option<&ObjectRef> {
        None
    }

    fn summary(&self) -> String {
        format!("create {}", self.object)
    }

    fn in_one_line(&self, _: &Precondition, replaces: Option<&Precondition>) -> String {
        let content: String = self.content(replaces).iter().map(Part::whole).collect();
        format!("{}{}: {content}", self.begins(replaces), named(self.object))
    }

    fn headline(&self, _: &Precondition, replaces: Option<&Precondition>) -> Vec<Part> {
        let mut parts = vec![Part::words(self.begins(replaces))];
        parts.extend(called(self.object));
        parts.push(Part::words(": "));
        parts.extend(self.content(replaces));
        parts
    }

    fn in_words(&self) -> String {
        format!("create {}", self.object)
    }

    fn kubectl(&self) -> String {
        // JSON is YAML, too, and writes out what nobody would see.
        let yaml = diff::yaml(self.manifest).ok().filter(|text| text.lines().all(|line| line.chars().all(|c| (' '..='~').contains(&c))));
        kubectl::create(&yaml.unwrap_or_else(|| kubectl::ascii(self.manifest)))
    }

    fn not_in_the_table(&self) -> Refusal {
        Refusal::Kind { verb: Verb::Create.as_str(), kind: self.object.kind.clone() }
    }

    fn check_first(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    fn check_last(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    /// No object of that name exists.
    fn unchanged(&self, _: &Value, _: &Basis) -> Result<(), Refusal> {
        Ok(())
    }

    fn fits(&self, _: &Value, _: &Value) -> Result<(), Refusal> {
        Ok(())
    }

    fn build(&self, _: Option<&Value>, stamp: &str) -> Result<Built, Refusal> {
        let object = self.object;
        let wrong = |why: &str| Refusal::NotPossible(why.to_owned());
        let mut body = self.manifest.clone();
        let metadata = body.get_mut("metadata").and_then(Value::as_object_mut).ok_or_else(|| wrong("the manifest has no metadata"))?;
        let named = metadata.get("name").and_then(Value::as_str) == Some(object.name.as_str())
            && metadata.get("namespace").and_then(Value::as_str) == object.namespace.as_ref().map(|n| n.as_str());
        if !named {
            return Err(Refusal::NotPossible(format!("the manifest is not for {object}")));
        }
        metadata
            .entry("annotations")
            .or_insert_with(|| json!({}))
            .as_object_mut()
            .ok_or_else(|| wrong("annotations are not an object"))?
            .insert(STAMP.to_owned(), Value::String(stamp.to_owned()));
        let path = object.kind.path(object.namespace.as_ref(), None);
        let path = path.ok_or_else(|| Refusal::NotPossible(format!("no API path is known for {object}")))?;
        Ok(Built {
            diff: diff::unified(&object.slashed(), None, Some(&body)).map_err(Refusal::NotPossible)?,
            request: Request { method: Method::Post, path: format!("{path}{QUERY}"), body: body.to_string() },
            precondition: Precondition::default(),
            undo: Undo::None { why: format!("none, because {}; by hand: {}", kept(&object.kind), kubectl::on("delete", object)) },
            command: self.kubectl(),
        })
    }

    fn drift(&self, request: &Request, _: Option<&Value>, answer: &Value) -> Option<String> {
        match serde_json::from_str::<Value>(&request.body) {
            Ok(planned) => {
                let planned = filled_in(&self.object.kind, planned, answer);
                admission::in_words(&admission::differences(&planned, answer, &defaults(&self.object.kind)))
            }
            Err(error) => Some(format!("the manifest of {} cannot be read: {error}", self.object)),
        }
    }

    fn frees(&self) -> Option<&ObjectRef> {
        None
    }

    fn takes(&self) -> Option<&ObjectRef> {
        Some(self.object)
    }
}

/// What the API server fills in where a manifest does not say it. The class of a claim is none of it: a plan names the class.
fn defaults(kind: &Kind) -> Vec<(&'static str, Value)> {
    match kind {
        Kind::PersistentVolumeClaim => {
            vec![("/spec/volumeMode", json!("Filesystem")), ("/metadata/finalizers", json!(["kubernetes.io/pvc-protection"]))]
        }
        Kind::Service => vec![
            ("/spec/type", json!("ClusterIP")),
            ("/spec/sessionAffinity", json!("None")),
            ("/spec/internalTrafficPolicy", json!("Cluster")),
            ("/spec/ipFamilyPolicy", json!("SingleStack")),
            ("/spec/ipFamilies", json!(["IPv4"])),
            ("/spec/ipFamilies", json!(["IPv6"])),
            ("/spec/clusterIPs", json!(["None"])),
        ],
        _ => Vec::new(),
    }
}

/// A Service gets an address of the cluster's own choice, and each of its ports what it does not say.
fn filled_in(kind: &Kind, mut planned: Value, answer: &Value) -> Value {
    let given = answer.pointer("/spec/clusterIP").and_then(Value::as_str).filter(|ip| is_an_address(ip));
    let Some(spec) = planned.get_mut("spec").and_then(Value::as_object_mut).filter(|_| *kind == Kind::Service) else { return planned };
    if let (false, Some(ip)) = (spec.contains_key("clusterIP"), given) {
        spec.insert("clusterIP".to_owned(), json!(ip));
        spec.insert("clusterIPs".to_owned(), json!([ip]));
    }
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let to = port.get("port").cloned().unwrap_or_default();
        port.entry("targetPort").or_insert(to);
        port.entry("protocol").or_insert_with(|| json!("TCP"));
    }
    planned
}

fn is_an_address(text: &str) -> bool {
    text.contains(['.', ':']) && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'.' || b == b':')
}

/// At which number it is asked, and where that leads to in its Pods, where that is another one.
fn port_in_words(port: &Value) -> String {
    let said = |field: &str| port.get(field).map(|value| escaped(&value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    let (asked, to) = (said("port").unwrap_or_default(), said("targetPort"));
    to.filter(|to| *to != asked).map_or_else(|| asked.clone(), |to| format!("{asked} to {to}"))
}

/// Why it is not deleted again.
fn kept(kind: &Kind) -> &'static str {
    match kind {
        Kind::PersistentVolumeClaim => "the claim can hold data as soon as it is Bound",
        _ => "who uses it by then is not known",
    }
}

/// The class that a claim is seen to ask for.
fn class_of(claim: &Precondition) -> Option<&str> {
    let class = FieldPath::dotted(CLASS);
    claim.fields.iter().find(|pinned| pinned.path == class)?.value.as_ref()?.as_str()
}

/// As kubectl prints it.
fn short_mode(mode: &str) -> String {
    match mode {
        "ReadWriteOnce" => "RWO".to_owned(),
        "ReadOnlyMany" => "ROX".to_owned(),
        "ReadWriteMany" => "RWX".to_owned(),
        "ReadWriteOncePod" => "RWOP".to_owned(),
        other => escaped(other),
    }
}
