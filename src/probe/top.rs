//! `top`: what Pods or nodes use now, beside what they ask for and may use. The cluster measures it only where it has a metrics API;
//! where it has none, that is the answer, and not that nothing is used.

use super::around::{self, Around};
use super::bounds::USERS;
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, quoted};
use crate::domain::kind::Kind;
use crate::domain::look::Used;
use crate::domain::masked::Masked;
use crate::domain::object::ObjectRef;
use crate::facts::placing::requests;
use crate::facts::{Facts, pods};
use crate::ports::{ApiDocument, ClusterRead, ReadError};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, Node, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use serde_json::Value;
use std::collections::BTreeMap;

const NO_METRICS: &str = "this cluster has no metrics API (`metrics.k8s.io`), or it does not answer: how much is used is not measured";

pub(super) async fn used(used: &Used, length: Length, read: &dyn ClusterRead, now: Timestamp) -> Result<Outcome, ReadError> {
    let (document, kind, only) = match used {
        Used::ByNodes => (ApiDocument::NodeMetrics, Kind::Node, None),
        Used::ByPods(namespace) => (ApiDocument::PodMetrics(namespace.clone()), Kind::Pod, None),
        Used::By(object) => match &object.namespace {
            Some(namespace) => (ApiDocument::PodMetrics(namespace.clone()), Kind::Pod, Some(object)),
            None => (ApiDocument::NodeMetrics, Kind::Node, Some(object)),
        },
    };
    let metrics = match read.document(&document).await {
        Ok(metrics) => metrics,
        // Absent, or its own server is down.
        Err(ReadError::NotFound(_) | ReadError::Refused { status: 404 | 503, .. }) => return Ok(Outcome::unseen(NO_METRICS)),
        Err(error) => return Err(error),
    };
    let (_, namespace) = document.resource();
    let around = around::read(&[kind], namespace, read, now).await?;
    let only = only.cloned();
    let text = beside(move || laid_out(&metrics, &around, only.as_ref(), now).map(|text| Masked::whole(&text))).await;
    Ok(match text {
        Err(Late) => Outcome::late(),
        Ok(Ok(text)) => Outcome::seen(&text, length, None, "name one with `object`"),
        Ok(Err(why)) => Outcome::unseen(&why),
    })
}

/// One container, or a node.
struct Line {
    name: String,
    /// In bytes; the most is told first.
    memory: f64,
    words: String,
}

fn laid_out(metrics: &Value, around: &Around, only: Option<&ObjectRef>, now: Timestamp) -> Result<String, String> {
    let facts = Facts::of(&around.snapshot);
    let measured = metrics.get("items").and_then(Value::as_array).map_or(&[] as &[Value], Vec::as_slice);
    let name = |item: &Value| text(item, "/metadata/name").to_owned();
    let mine: Vec<&Value> = measured.iter().filter(|item| only.is_none_or(|only| only.name.as_str() == name(item))).collect();
    if mine.is_empty() {
        let of = only.map_or_else(|| "anything there".to_owned(), |only| only.in_words());
        return Err(format!("nothing was measured of {of}: it does not run, or began less than a minute ago"));
    }
    let mut lines: Vec<Line> = mine.iter().flat_map(|item| of_item(item, &facts)).collect();
    lines.sort_by(|a, b| b.memory.total_cmp(&a.memory).then_with(|| a.name.cmp(&b.name)));
    let more = lines.len().saturating_sub(USERS);
    let mut parts = vec![measured_at(&mine, now)];
    parts.extend(around.in_words());
    parts.push(lines.iter().take(USERS).map(|line| format!("{}: {}", line.name, line.words)).collect::<Vec<_>>().join("\n"));
    parts.extend((more > 0).then(|| format!("and {more} more, which use less memory")));
    Ok(parts.join("\n"))
}

/// When it was measured: a container that was ended since used more than anybody saw.
fn measured_at(items: &[&Value], now: Timestamp) -> String {
    let oldest = items.iter().filter_map(|item| text(item, "/timestamp").parse::<Timestamp>().ok()).min();
    let age = oldest.map(|at| now.duration_since(at).as_secs().max(0));
    let when = age.map_or_else(|| "at an unknown time".to_owned(), |seconds| format!("{seconds} s ago or later"));
    format!("measured {when}; a peak between two measurements is not in it")
}

fn of_item(item: &Value, facts: &Facts<'_>) -> Vec<Line> {
    let name = text(item, "/metadata/name");
    if let Some(usage) = item.get("usage") {
        let node = facts.all::<Node>().find(|node| node.metadata.name.as_deref() == Some(name));
        let has = node.and_then(|node| node.status.as_ref()).and_then(|status| status.allocatable.as_ref());
        return vec![line(quoted(name), usage, None, has, "it has")];
    }
    let pod = facts.all::<Pod>().find(|pod| pod.metadata.name.as_deref() == Some(name));
    let container = |called: &str| {
        let spec = pod.and_then(|pod| pod.spec.as_ref())?;
        pods::containers(spec).map(|(_, container)| container).find(|container| container.name == called)
    };
    let each = item.get("containers").and_then(Value::as_array).into_iter().flatten();
    each.map(|one| {
        let called = text(one, "/name");
        let resources = container(called).and_then(|container: &Container| container.resources.as_ref());
        let (asked, most) = (resources.and_then(|r| r.requests.as_ref()), resources.and_then(|r| r.limits.as_ref()));
        line(format!("{} container {}", quoted(name), quoted(called)), one.get("usage").unwrap_or(&Value::Null), asked, most, "limit")
    })
    .collect()
}

fn line(
    name: String,
    usage: &Value,
    asked: Option<&BTreeMap<String, Quantity>>,
    most: Option<&BTreeMap<String, Quantity>>,
    called: &str,
) -> Line {
    let mut memory = 0.0;
    let words = ["cpu", "memory"].map(|of| {
        let Some(now) = quantity(text(usage, &format!("/{of}"))) else { return format!("{of} unknown") };
        if of == "memory" {
            memory = now;
        }
        let known = |amounts: Option<&BTreeMap<String, Quantity>>| amounts.and_then(|all| all.get(of)).and_then(requests::read);
        let asked = known(asked).map(|asked| format!("request {}", requests::in_words(of, asked)));
        let bound = known(most).filter(|most| *most > 0.0);
        let bound = bound.map(|most| format!("{called} {}, {:.0} % of it", requests::in_words(of, most), now / most * 100.0));
        let beside: Vec<String> = asked.into_iter().chain(bound).collect();
        let beside = if beside.is_empty() { String::new() } else { format!(" ({})", beside.join("; ")) };
        format!("{of} {}{beside}", requests::in_words(of, now))
    });
    Line { name, memory, words: words.join(", ") }
}

/// Metrics are finer than what people write: `12345n`, `250u`.
fn quantity(text: &str) -> Option<f64> {
    let fine = [('n', 1e-9), ('u', 1e-6)];
    match fine.iter().find_map(|(unit, power)| text.strip_suffix(*unit).map(|number| (number, power))) {
        Some((number, power)) => number.parse::<u64>().ok().map(|number| number as f64 * power),
        None => requests::read(&Quantity(text.to_owned())),
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
