//! `get` and `describe`: an object as YAML; and with who owns it, what it refers to and whether that is there, the Pods that it selects,
//! and what happened to it, so that one look answers what takes five commands otherwise.

use super::events;
use super::outcome::{Length, Outcome};
use super::shown;
use crate::domain::canonical::sorted;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::name::is_dns;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::references::references;
use crate::ports::{ClusterRead, ReadError, Table};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodSpec;
use serde_json::Value;
use std::collections::BTreeSet;

/// Owners above an object: a Pod's ReplicaSet, its Deployment, and what made that.
const OWNERS: usize = 4;
/// Objects that are referred to and looked for.
const REFERENCES: usize = 12;
/// Events that are shown of one object.
const EVENTS: usize = 12;
/// Pods that are shown of those that an object selects.
const PODS: usize = 10;
/// The object's own part of the text in tenths, so that the rest has its place.
const OBJECT: usize = 6;

/// The object, or one field of it.
pub(super) async fn part(
    object: &ObjectRef,
    field: Option<&FieldPath>,
    length: Length,
    read: &dyn ClusterRead,
) -> Result<Outcome, ReadError> {
    let value = shown::object(read.get(object).await?, &object.kind);
    let Some(path) = field else { return Ok(Outcome::seen(&yaml(&value), length, "name a `field`")) };
    match path.locate(&value).and_then(|at| at.current) {
        Some(part) => Ok(Outcome::seen(&format!("{path}:\n{}", yaml(&part)), length, "name a field below it")),
        None => Ok(Outcome::Unseen(format!("{object} has no field `{path}`; {}", nearest_part(path, &value)))),
    }
}

/// As far as the path leads, and what is there.
fn nearest_part(path: &FieldPath, object: &Value) -> String {
    let mut parent = FieldPath::root();
    let mut members = members(object);
    for segment in path.segments() {
        let next = FieldPath::from_segments(parent.segments().iter().chain([segment]).cloned());
        match next.locate(object).and_then(|at| at.current) {
            Some(part) => {
                members = self::members(&part);
                parent = next;
            }
            None => break,
        }
    }
    let place = if parent.segments().is_empty() { "it".to_owned() } else { format!("`{parent}`") };
    format!("{place} has {members}")
}

fn members(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => members.keys().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", "),
        Value::Array(items) => {
            let names: Vec<String> = items.iter().filter_map(|item| Some(format!("`[name={}]`", item.get("name")?.as_str()?))).collect();
            if names.is_empty() { format!("{} elements", items.len()) } else { names.join(", ") }
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => "no members".to_owned(),
    }
}

/// The object with everything around it.
pub(super) async fn whole(object: &ObjectRef, length: Length, read: &dyn ClusterRead, now: Timestamp) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let mut text = String::new();
    let yaml = yaml(&shown::object(value.clone(), &object.kind));
    let own = Excerpt::capture(&yaml, length.bytes() / 10 * OBJECT);
    text.push_str(own.as_str().trim_end());
    let cut = own.as_str().len() < yaml.len();
    let mut part = |head: &str, lines: &[String]| {
        if !lines.is_empty() {
            text.push_str(&format!("\n\n{head}:\n{}", lines.join("\n")));
        }
    };
    part("owned by", &owners(&value, object, read).await);
    part("refers to", &referred(&value, object, read).await);
    if let Some(selector) = selector(&value, &object.kind) {
        let pods = read.table(&Kind::Pod, object.namespace.as_ref(), Some(&selector)).await;
        part(&format!("Pods with {selector}"), &rows(pods));
    }
    if object.kind == Kind::Service {
        let of = format!("kubernetes.io/service-name={}", object.name);
        part("addresses", &rows(read.table(&Kind::EndpointSlice, object.namespace.as_ref(), Some(&of)).await));
    }
    match events::lines(None, Some(object), read, now).await {
        Ok(lines) => part("events, the latest last", lines.get(lines.len().saturating_sub(EVENTS)..).unwrap_or_default()),
        Err(error) => part("events", &[unread(&error)]),
    }
    Ok(match Outcome::seen(&text, length, "use `get` with a `field`, or `events`") {
        Outcome::Seen { text, more: None } if cut => {
            Outcome::Seen { text, more: Some("the object is cut; use `get` with a `field` for the rest".to_owned()) }
        }
        other => other,
    })
}

fn yaml(value: &Value) -> String {
    serde_saphyr::to_string(&sorted(value)).unwrap_or_else(|_| value.to_string())
}

/// Why a part is missing. It is said, so that silence is not taken for absence.
fn unread(error: &ReadError) -> String {
    match error {
        ReadError::Forbidden { .. } => "not allowed to be read".to_owned(),
        other => format!("could not be read: {}", other.in_a_report()),
    }
}

fn rows(table: Result<Table, ReadError>) -> Vec<String> {
    let table = match table {
        Ok(table) => table,
        Err(error) => return vec![unread(&error)],
    };
    if table.rows.is_empty() {
        return vec!["none".to_owned()];
    }
    let more = table.rows.len().saturating_sub(PODS);
    let lines = table.rows.iter().take(PODS).map(|row| row.cells.join("  "));
    let head = table.columns.join("  ");
    std::iter::once(head).chain(lines).chain((more > 0).then(|| format!("and {more} more"))).collect()
}

/// Who owns it, from the nearest up.
async fn owners(value: &Value, object: &ObjectRef, read: &dyn ClusterRead) -> Vec<String> {
    let mut lines = Vec::new();
    let mut here = value.clone();
    for _ in 0..OWNERS {
        let Some(owner) = here.pointer("/metadata/ownerReferences/0").cloned() else { break };
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = Kind::of(text("apiVersion"), text("kind"));
        let namespaced = kind.info().is_none_or(|info| info.namespaced);
        let namespace = if namespaced { object.namespace.clone() } else { None };
        let owner = ObjectRef { kind, namespace, name: text("name").to_owned() };
        match read.get(&owner).await {
            Ok(found) => {
                lines.push(format!("{owner}{}", state(&found)));
                here = found;
            }
            Err(ReadError::NotFound(_)) => {
                lines.push(format!("{owner}, which does not exist"));
                break;
            }
            Err(error) => {
                lines.push(format!("{owner}, {}", unread(&error)));
                break;
            }
        }
    }
    lines
}

/// How many replicas an owner has of those that it wants.
fn state(value: &Value) -> String {
    let number = |pointer: &str| value.pointer(pointer).and_then(Value::as_i64);
    let wanted = number("/spec/replicas").or_else(|| number("/status/desiredNumberScheduled"));
    let ready = number("/status/readyReplicas").or_else(|| number("/status/numberReady")).unwrap_or(0);
    wanted.map(|wanted| format!(": {ready} of {wanted} ready")).unwrap_or_default()
}

/// What it names, and whether that is there.
async fn referred(value: &Value, object: &ObjectRef, read: &dyn ClusterRead) -> Vec<String> {
    let Some(namespace) = &object.namespace else { return Vec::new() };
    let named = named(value, &object.kind);
    let mut lines = Vec::new();
    let more = named.len().saturating_sub(REFERENCES);
    for (kind, name) in named.into_iter().take(REFERENCES) {
        lines.push(presence(&kind, &name, namespace, read).await);
    }
    lines.extend((more > 0).then(|| format!("and {more} more")));
    lines
}

/// The objects that it names.
pub(super) fn named(value: &Value, kind: &Kind) -> BTreeSet<(Kind, String)> {
    let mut named: BTreeSet<(Kind, String)> = BTreeSet::new();
    for pointer in ["/spec/template/spec", "/spec/jobTemplate/spec/template/spec", "/spec"] {
        let spec = value.pointer(pointer).filter(|spec| spec.get("containers").is_some());
        if let Some(spec) = spec.and_then(|spec| serde_json::from_value::<PodSpec>(spec.clone()).ok()) {
            named.extend(references(&spec, &FieldPath::root()).into_iter().map(|r| (r.kind, r.name.to_owned())));
        }
    }
    named.extend(of_other_kinds(value, kind));
    named.retain(|(_, name)| is_dns(name, 253, true));
    named
}

async fn presence(kind: &Kind, name: &str, namespace: &Namespace, read: &dyn ClusterRead) -> String {
    let namespaced = kind.info().is_none_or(|info| info.namespaced);
    let object = ObjectRef { kind: kind.clone(), namespace: namespaced.then(|| namespace.clone()), name: name.to_owned() };
    if *kind == Kind::Secret {
        return format!("{object}: Secrets are never read");
    }
    if object.path().is_none() {
        return format!("{object}: not read");
    }
    match read.get(&object).await {
        Ok(found) => {
            let mut keys: Vec<&str> = ["/data", "/binaryData"]
                .into_iter()
                .flat_map(|pointer| found.pointer(pointer).and_then(Value::as_object).into_iter().flatten())
                .map(|(key, _)| key.as_str())
                .collect();
            keys.sort_unstable();
            let phase = found.pointer("/status/phase").and_then(Value::as_str).map(|phase| format!(", {phase}")).unwrap_or_default();
            let with = if keys.is_empty() { String::new() } else { format!(", with the keys {}", keys.join(", ")) };
            format!("{object}: exists{phase}{with}")
        }
        Err(ReadError::NotFound(_)) => format!("{object}: does not exist"),
        Err(error) => format!("{object}: {}", unread(&error)),
    }
}

/// What objects name that run no Pods themselves.
fn of_other_kinds(value: &Value, kind: &Kind) -> Vec<(Kind, String)> {
    let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let list = |pointer: &str| value.pointer(pointer).and_then(Value::as_array).cloned().unwrap_or_default();
    match kind {
        Kind::Ingress => {
            let rules = list("/spec/rules");
            let paths = rules.iter().flat_map(|rule| rule.pointer("/http/paths").and_then(Value::as_array).cloned().unwrap_or_default());
            let services = paths.filter_map(|path| path.pointer("/backend/service/name").and_then(Value::as_str).map(str::to_owned));
            let class = text("/spec/ingressClassName").map(|name| (Kind::IngressClass, name));
            services.chain(text("/spec/defaultBackend/service/name")).map(|name| (Kind::Service, name)).chain(class).collect()
        }
        Kind::PersistentVolumeClaim => {
            let class = text("/spec/storageClassName").map(|name| (Kind::StorageClass, name));
            text("/spec/volumeName").map(|name| (Kind::PersistentVolume, name)).into_iter().chain(class).collect()
        }
        Kind::HorizontalPodAutoscaler => {
            let target = value.pointer("/spec/scaleTargetRef").cloned().unwrap_or_default();
            let of = |key: &str| target.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            vec![(Kind::of(&of("apiVersion"), &of("kind")), of("name"))]
        }
        Kind::StatefulSet => text("/spec/serviceName").map(|name| (Kind::Service, name)).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The labels by which it chooses Pods, as a query writes them.
fn selector(value: &Value, kind: &Kind) -> Option<String> {
    let pointer = match kind {
        Kind::Service => "/spec/selector",
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::PodDisruptionBudget => {
            "/spec/selector/matchLabels"
        }
        _ => return None,
    };
    let labels = value.pointer(pointer)?.as_object()?;
    let pairs: Vec<String> = labels.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}
