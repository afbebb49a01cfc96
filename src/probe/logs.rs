//! `logs`: what a container wrote, the end of it or around what failed.

use super::digest::digest;
use super::outcome::{Length, Outcome};
use crate::domain::excerpt::Excerpt;
use crate::domain::object::ObjectRef;
use crate::ports::{ClusterRead, LogRequest, ReadError};
use serde_json::Value;

/// Lines that are read.
const LINES: usize = 2_000;

pub(super) async fn read(
    pod: &ObjectRef,
    container: Option<&str>,
    previous: bool,
    contains: Option<&str>,
    length: Length,
    read: &dyn ClusterRead,
) -> Result<Outcome, ReadError> {
    let object = read.get(pod).await?;
    let names: Vec<&str> = containers(&object).collect();
    let chosen = match container {
        Some(name) if names.contains(&name) => name,
        Some(name) => return Ok(Outcome::Unseen(format!("{pod} has no container `{name}`; it has {}", listed(&names)))),
        None => match failing(&object).or_else(|| names.first().copied()) {
            Some(name) => name,
            None => return Ok(Outcome::Unseen(format!("{pod} has no containers"))),
        },
    };
    let request = LogRequest { pod: pod.clone(), container: chosen.to_owned(), previous, lines: LINES };
    let log = read.logs(&request).await?;
    let text = match contains {
        Some(part) => {
            let part = part.to_lowercase();
            log.text.lines().filter(|line| line.to_lowercase().contains(&part)).collect::<Vec<_>>().join("\n")
        }
        None => log.text,
    };
    let run = if previous { "previous run of " } else { "" };
    let others = if names.len() > 1 && container.is_none() { format!(" (of {})", listed(&names)) } else { String::new() };
    let head = format!("{run}container `{chosen}`{others}");
    if text.trim().is_empty() {
        let which = contains.map_or_else(|| "wrote nothing".to_owned(), |part| format!("has no line with `{part}`"));
        return Ok(Outcome::seen(&format!("{head} {which}"), length, ""));
    }
    let (shorter, missing) = digest(&text);
    let body = Excerpt::ending(&shorter, length.bytes());
    let left_out = missing > 0 || log.cut || body.as_str().len() < shorter.len();
    let more = left_out.then(|| {
        let how = if contains.is_some() { "with a longer `contains`" } else { "with `contains`" };
        format!("the log is longer than what is shown: look again {how} for other lines of the last {LINES}")
    });
    Ok(Outcome::Seen { text: Excerpt::capture(&format!("{head}:\n{body}"), length.bytes().saturating_mul(2)), more })
}

/// The containers of a Pod in the order in which a reader asks for them.
fn containers(pod: &Value) -> impl Iterator<Item = &str> {
    ["/spec/containers", "/spec/initContainers"]
        .into_iter()
        .flat_map(|list| pod.pointer(list).and_then(Value::as_array).into_iter().flatten())
        .filter_map(|container| container.get("name").and_then(Value::as_str))
}

/// The first container that is not ready and not over well.
fn failing(pod: &Value) -> Option<&str> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .flat_map(|list| pod.pointer(list).and_then(Value::as_array).into_iter().flatten())
        .find(|status| {
            let ready = status.get("ready").and_then(Value::as_bool).unwrap_or(false);
            !ready && status.pointer("/state/terminated/exitCode").and_then(Value::as_i64) != Some(0)
        })
        .and_then(|status| status.get("name").and_then(Value::as_str))
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
