//! `get` and `describe`: an object as YAML; and with who owns it, what it refers to and whether that is there, the Pods that it selects,
//! and what happened to it, so that one look answers what takes five commands otherwise.

use super::allowed::Allowed;
use super::events;
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, listed, quoted};
use super::shown::Shown;
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::name::is_dns;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::visible::value;
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
/// ConfigMaps whose values are shown beside their names, and bytes of each of them.
const SETTINGS: usize = 2;
const SETTING: usize = 400;
/// The ConfigMap of every namespace, and the ServiceAccount.
const ROOT_CA: &str = "kube-root-ca.crt";
const ACCOUNT: &str = "default";
/// Bytes of a phase.
const PHASE: usize = 60;
/// Above what happened to it.
const HAPPENED: &str = "\n\nevents, the latest last:\n";
/// Bytes of the sign that something is left out, with a line of its own.
const SIGN: usize = 8;
/// The object's own part of the text in tenths, so that the rest has its place.
const OBJECT: usize = 6;

/// The object, or one field of it.
pub(super) async fn part(
    object: &ObjectRef,
    field: Option<&FieldPath>,
    length: Length,
    read: &dyn ClusterRead,
    allowed: Allowed,
) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let (kind, place) = (object.kind.clone(), object.namespace.clone());
    let path = field.cloned();
    // All of it is masked before a part is taken out.
    let taken = beside(move || {
        let Some(path) = &path else { return Ok(Shown::of(value, &kind, place.as_ref(), allowed).yaml()) };
        let whole = Shown::entire(value, &kind, place.as_ref(), allowed);
        match whole.part(path) {
            Some(part) => Ok(part.yaml().reworked(|yaml| format!("{}:\n{yaml}", Masked::whole(&path.to_string()).as_str()))),
            None => Err(nearest_part(path, &whole)),
        }
    });
    Ok(match taken.await {
        Err(Late) => Outcome::late(),
        Ok(Ok(text)) => Outcome::seen(
            &text,
            length,
            None,
            if field.is_some() { "give `page`, or `field` with a place below it" } else { "give `page`, or `field`" },
        ),
        Ok(Err(there)) => {
            let path = field.map(ToString::to_string).unwrap_or_default();
            Outcome::unseen(&format!("{object} has no field {}; {there}", quoted(&path)))
        }
    })
}

/// As far as the path leads, and what is there.
fn nearest_part(path: &FieldPath, object: &Shown) -> String {
    let mut parent = FieldPath::root();
    let mut members = object.members();
    for segment in path.segments() {
        let next = FieldPath::from_segments(parent.segments().iter().chain([segment]).cloned());
        let Some(part) = object.part(&next) else { break };
        members = part.members();
        parent = next;
    }
    let place = if parent.segments().is_empty() { "it".to_owned() } else { quoted(&parent.to_string()) };
    format!("{place} has {members}")
}

/// The object with everything around it.
pub(super) async fn whole(
    object: &ObjectRef,
    length: Length,
    read: &dyn ClusterRead,
    allowed: Allowed,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    let value = read.get(object).await?;
    let mut around = Parts::default();
    around.add("owned by", &owners(&value, object, read).await);
    if let Some(selector) = selector(&value, &object.kind) {
        let pods = read.table(&Kind::Pod, object.namespace.as_ref(), Some(&selector)).await;
        around.add(&format!("Pods with {}", quoted(&selector)), &rows(pods));
    }
    if object.kind == Kind::Service {
        let of = format!("kubernetes.io/service-name={}", object.name);
        around.add("addresses", &rows(read.table(&Kind::EndpointSlice, object.namespace.as_ref(), Some(&of)).await));
    }
    let Referred { lines, settings } = referred(&value, object, read, allowed).await;
    around.add("refers to", &lines);
    let events: Vec<String> = match events::recent(None, Some(object), EVENTS, read, allowed, now).await {
        Ok(recent) => recent.left_out().map(|words| format!("({words})")).into_iter().chain(recent.lines).collect(),
        Err(error) => vec![unread(&error)],
    };
    let mut values = Parts::default();
    values.add("in these ConfigMaps", &settings);
    let (kind, place) = (object.kind.clone(), object.namespace.clone());
    let room = length.bytes();
    let described = beside(move || {
        let (around, values, events) = (around.masked(), values.masked(), Masked::whole(&events.join("\n")));
        let head = if events.is_blank() { "" } else { HAPPENED };
        let happened = head.len().saturating_add(events.as_str().len());
        let wanted = around.as_str().len().saturating_add(happened).saturating_add(values.as_str().len());
        // What is around it has its place, and the object what is left.
        let left = room.saturating_sub(wanted).max(room / 10 * OBJECT);
        let own = Shown::of(value, &kind, place.as_ref(), allowed).yaml().reworked(|yaml| yaml.trim_end().to_owned());
        let (mut text, mut cut) = (String::new(), Vec::new());
        let mut add = |head: &str, part: &Masked, most: usize, what: &'static str, end: bool| {
            text.push_str(head);
            // The sign that something is left out needs room as well.
            let most = if part.as_str().len() > most { most.saturating_sub(SIGN) } else { most };
            let piece = if end { part.ending(most) } else { part.beginning(most) };
            cut.extend(piece.left_out.then_some(what));
            text.push_str(Excerpt::of(piece).as_str());
            room.saturating_sub(text.len())
        };
        let left = add("", &own, left, "the object is cut", false);
        // Events have half of what is left at least; the latest stand last, and say most. Values are many, and can be asked for.
        let left = add("", &around, left.saturating_sub(happened.min(left / 2)), "what is around it is cut", false);
        let left = add(head, &events, left.saturating_sub(head.len()), "older Events are left out", true);
        add("", &values, left, "values of ConfigMaps are cut", false);
        (own.reworked(|_| text), cut.join("; "))
    });
    Ok(match described.await {
        Err(Late) => Outcome::late(),
        Ok((text, cut)) => {
            let cut = Some(cut).filter(|cut| !cut.is_empty());
            Outcome::seen(&text, length, cut, "use `get` with `field`, or `events`")
        }
    })
}

/// Parts of a description, each under its heading.
#[derive(Debug, Default)]
struct Parts(String);

impl Parts {
    fn add(&mut self, head: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.0.push_str(&format!("\n\n{head}:\n{}", lines.join("\n")));
        }
    }

    fn masked(&self) -> Masked {
        Masked::whole(&self.0)
    }
}

/// Why a part is missing. It is said, so that silence is not taken for absence.
pub(super) fn unread(error: &ReadError) -> String {
    match error {
        ReadError::Forbidden { .. } => "not allowed to be read".to_owned(),
        other => format!("could not be read: {}", Excerpt::said(&other.in_a_report())),
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
    let rest = match (table.cut, more) {
        (true, more) => Some(format!("and {more} more, of which not all were read")),
        (false, 0) => None,
        (false, more) => Some(format!("and {more} more")),
    };
    std::iter::once(head).chain(lines).chain(rest).collect()
}

/// Who owns it, from the nearest up.
pub(super) async fn owners(value: &Value, object: &ObjectRef, read: &dyn ClusterRead) -> Vec<String> {
    let mut lines = Vec::new();
    let mut here = value.clone();
    for _ in 0..OWNERS {
        let Some(owner) = here.pointer("/metadata/ownerReferences/0").cloned() else { break };
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        let kind = Kind::of(text("apiVersion"), text("kind"));
        let namespaced = kind.info().is_none_or(|info| info.namespaced);
        let namespace = if namespaced { object.namespace.clone() } else { None };
        let owner = ObjectRef { kind, namespace, name: text("name").to_owned() };
        if !is_dns(&owner.name, 253, true) || owner.path().is_none() {
            lines.push(format!("{}: not read", quoted(&owner.to_string())));
            break;
        }
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

/// What an object names.
#[derive(Debug, Default)]
pub(super) struct Referred {
    /// Whether each is there.
    pub(super) lines: Vec<String>,
    /// What stands in the first ConfigMaps among it.
    settings: Vec<String>,
}

/// What it names, and whether that is there.
pub(super) async fn referred(value: &Value, object: &ObjectRef, read: &dyn ClusterRead, allowed: Allowed) -> Referred {
    let mut named = named(value, &object.kind);
    // Without a namespace it is not known where the others would be.
    named.retain(|(kind, _)| object.namespace.is_some() || kind.info().is_some_and(|info| !info.namespaced));
    let (mut referred, mut shown) = (Referred::default(), 0_usize);
    let more = named.len().saturating_sub(REFERENCES);
    for (kind, name) in named.into_iter().take(REFERENCES) {
        match presence(&kind, &name, object.namespace.as_ref(), read, allowed).await {
            Presence::Expected => {}
            Presence::Told(line) => referred.lines.push(line),
            Presence::Settings(line, map) => {
                referred.lines.push(line);
                if shown < SETTINGS {
                    shown = shown.saturating_add(1);
                    referred.settings.extend(settings(map, &name, object.namespace.clone(), allowed).await);
                }
            }
        }
    }
    referred.lines.extend((more > 0).then(|| format!("and {more} more")));
    referred
}

/// The values of a ConfigMap, as far as they are short.
async fn settings(map: Value, name: &str, place: Option<Namespace>, allowed: Allowed) -> Vec<String> {
    let data = beside(move || Shown::of(map, &Kind::ConfigMap, place.as_ref(), allowed).part(&FieldPath::dotted("data"))).await;
    let text = match data {
        Ok(None) => return Vec::new(),
        Ok(Some(data)) => Excerpt::of(data.yaml().beginning(SETTING)).to_string(),
        Err(Late) => "too large to be looked through for credentials, so not shown".to_owned(),
    };
    std::iter::once(format!("{}:", quoted(name))).chain(text.lines().map(|line| format!("  {line}"))).collect()
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

/// Whether something is there.
enum Presence {
    /// It is everywhere, and here too, or nobody can tell.
    Expected,
    /// In words.
    Told(String),
    /// In words, and the ConfigMap that it is: what is in it may be shown.
    Settings(String, Value),
}

fn is_everywhere(kind: &Kind, name: &str) -> bool {
    matches!((kind, name), (Kind::ConfigMap, ROOT_CA) | (Kind::ServiceAccount, ACCOUNT))
}

async fn presence(kind: &Kind, name: &str, namespace: Option<&Namespace>, read: &dyn ClusterRead, allowed: Allowed) -> Presence {
    let namespaced = kind.info().is_none_or(|info| info.namespaced);
    let object = ObjectRef { kind: kind.clone(), namespace: namespace.filter(|_| namespaced).cloned(), name: name.to_owned() };
    if *kind == Kind::Secret {
        return Presence::Told(format!("{object}: Secrets are never read"));
    }
    if object.path().is_none() {
        return Presence::Told(format!("{}: not read", quoted(&object.to_string())));
    }
    match read.get(&object).await {
        Err(ReadError::NotFound(_)) => Presence::Told(format!("{object}: does not exist")),
        // Whether one that Kubernetes makes in every namespace is there matters only where it is not.
        Ok(_) | Err(_) if is_everywhere(kind, name) => Presence::Expected,
        Ok(found) => {
            let members = |pointer: &str| found.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
            let mut keys: Vec<&str> = members("/data").chain(members("/binaryData")).map(|(key, _)| key.as_str()).collect();
            keys.sort_unstable();
            let phase = found.pointer("/status/phase").and_then(Value::as_str);
            let phase = phase.map(|phase| format!(", {}", value(Excerpt::capture(phase, PHASE).as_str()))).unwrap_or_default();
            let may = allowed.config_maps_in(namespace);
            let with = if keys.is_empty() || !may { String::new() } else { format!(", with the keys {}", listed(keys)) };
            let line = format!("{object}: exists{phase}{with}");
            if *kind == Kind::ConfigMap && may { Presence::Settings(line, found) } else { Presence::Told(line) }
        }
        Err(error) => Presence::Told(format!("{object}: {}", unread(&error))),
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
        Kind::PersistentVolume => text("/spec/storageClassName").map(|name| (Kind::StorageClass, name)).into_iter().collect(),
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
