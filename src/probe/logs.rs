//! `logs`: what a container wrote, the end of it or around what failed.

use super::digest::digest;
use super::outcome::{Length, Outcome};
use crate::domain::excerpt::Excerpt;
use crate::domain::object::ObjectRef;
use crate::ports::{ClusterRead, Log, LogRequest, ReadError};
use serde_json::Value;

/// What the kubelet writes instead of a log that is gone.
const NOT_KEPT: &str = "unable to retrieve container logs for ";
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
    let of = |previous| LogRequest { pod: pod.clone(), container: chosen.to_owned(), previous, lines: LINES };
    let kept = kept(read.logs(&of(previous)).await, previous)?;
    let (previous, note, log) = match kept {
        Some(log) => (previous, "", log),
        None => (false, ", since that of its previous run is not kept any more", read.logs(&of(false)).await?),
    };
    let text = match contains {
        Some(part) => {
            let part = part.to_lowercase();
            log.text.lines().filter(|line| line.to_lowercase().contains(&part)).collect::<Vec<_>>().join("\n")
        }
        None => log.text,
    };
    let run = if previous { "previous run of " } else { "" };
    let others = if names.len() > 1 && container.is_none() { format!(" (of {})", listed(&names)) } else { String::new() };
    let head = format!("{run}container `{chosen}`{others}{note}");
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

/// The log, unless it is that of a run before this one, and the node has thrown it away: the kubelet says so in the place of the log,
/// with a status of success.
fn kept(log: Result<Log, ReadError>, previous: bool) -> Result<Option<Log>, ReadError> {
    match log {
        Ok(log) if previous && log.text.trim_start().starts_with(NOT_KEPT) && log.text.trim().lines().count() == 1 => Ok(None),
        Err(ReadError::Refused { status: 400, .. }) if previous => Ok(None),
        log => log.map(Some),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_of_a_run_before_that_the_node_has_thrown_away_is_told_from_one_that_says_so() {
        let wrote = |text: &str| Ok(Log { text: text.to_owned(), cut: false });
        let gone = "unable to retrieve container logs for containerd://841826b5";
        assert_eq!(kept(wrote(gone), true), Ok(None));
        assert_eq!(kept(wrote(gone), false), wrote(gone).map(Some));
        assert_eq!(kept(wrote(&format!("{gone}\nand more")), true).map(|log| log.is_some()), Ok(true));
        let refused = |status| ReadError::Refused { what: "the log".to_owned(), status, message: String::new() };
        assert_eq!(kept(Err(refused(400)), true), Ok(None), "there was no run before");
        assert!(kept(Err(refused(400)), false).is_err() && kept(Err(refused(500)), true).is_err());
    }
}
