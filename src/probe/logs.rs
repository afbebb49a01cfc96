//! `logs`: what a container wrote, the end of it or around what failed.

use super::beginning;
use super::digest::digest;
use super::masking::beside;
use super::outcome::{Length, Outcome, listed, quoted, with_hidden};
use crate::domain::excerpt::Excerpt;
use crate::domain::masked::Masked;
use crate::domain::object::ObjectRef;
use crate::ports::{ClusterRead, Log, LogRequest, ReadError};
use serde_json::Value;

/// What the kubelet writes instead of a log that is gone.
const NOT_KEPT: &str = "unable to retrieve container logs for ";
/// Lines that are read.
const LINES: usize = 2_000;

/// Lines of a window: whoever reads them moves it on.
const WINDOW: usize = 400;

/// Which part of which log.
pub(super) struct Wanted<'w> {
    pub(super) container: Option<&'w str>,
    pub(super) previous: bool,
    pub(super) contains: Option<&'w str>,
    /// From so many seconds ago.
    pub(super) since: Option<u32>,
}

pub(super) async fn read(pod: &ObjectRef, wanted: &Wanted<'_>, length: Length, read: &dyn ClusterRead) -> Result<Outcome, ReadError> {
    let Wanted { container, previous, contains, since } = *wanted;
    let object = read.get(pod).await?;
    let names: Vec<&str> = containers(&object).collect();
    let chosen = match container {
        Some(name) if names.contains(&name) => name,
        Some(name) => return Ok(Outcome::unseen(&format!("{pod} has no container {}; it has {}", quoted(name), listed(names)))),
        None => match failing(&object).or_else(|| names.first().copied()) {
            Some(name) => name,
            None => return Ok(Outcome::unseen(&format!("{pod} has no containers"))),
        },
    };
    // What contains something is looked for in all of a window that comes.
    let most = if since.is_some() && contains.is_none() { WINDOW } else { LINES };
    let of = |previous| LogRequest { pod: pod.clone(), container: chosen.to_owned(), previous, lines: most, since };
    let kept = kept(read.logs(&of(previous)).await, previous)?;
    let (previous, note, log) = match kept {
        Some(log) => (previous, "", log),
        None => (false, ", since that of its previous run is not kept any more", read.logs(&of(false)).await?),
    };
    let run = if previous { "previous run of " } else { "" };
    let others = if names.len() > 1 && container.is_none() { format!(" (of {})", listed(names.iter().copied())) } else { String::new() };
    let from = since.map(|seconds| format!(" from {seconds} seconds ago")).unwrap_or_default();
    let head = format!("{run}container {}{others}{note}{from}", quoted(chosen));
    let goes_on = log.goes_on;
    let words = contains.map(str::to_owned);
    // All of it is masked before anything is chosen or cut.
    let chosen = beside(move || {
        let (all, begins) = beginning::masked(&log.text, log.cut);
        let lines = words.as_deref().map_or_else(|| all.clone(), |words| all.lines_with(words));
        (digest(&lines), lines.is_blank(), log.cut, begins.in_words())
    });
    let Ok((shorter, blank, cut, begins)) = chosen.await else { return Ok(Outcome::late()) };
    let range = match since {
        Some(_) if goes_on => format!(" in the first {most} lines of it, and later ones were not read"),
        None if cut => format!(" in its last {LINES} lines, and older ones were not read"),
        Some(_) | None => String::new(),
    };
    if blank {
        let which = contains.map_or_else(|| "wrote nothing".to_owned(), |part| format!("has no line with {}", quoted(part)));
        let besides = begins.map(|begins| format!("; {begins}")).unwrap_or_default();
        return Ok(Outcome::nothing(&format!("{head} {which}{range}{besides}")));
    }
    let body = shorter.text.ending(length.bytes());
    let how = if contains.is_some() { "a longer `contains`" } else { "`contains`" };
    let left_out = if shorter.missing > 0 || body.left_out {
        let which = if since.is_some() { "the first" } else { "the last" };
        let rest = if goes_on { ", or with a shorter `since` for later ones" } else { "" };
        Some(format!("lines are left out: look again with {how} for others of {which} {most}{rest}"))
    } else if goes_on {
        Some("there are later lines: look again with a shorter `since`".to_owned())
    } else if let Some(begins) = begins {
        Some(begins.to_owned())
    } else if cut && since.is_none() {
        Some(format!("there are older lines than the last {LINES}, which were not read: `since` begins earlier"))
    } else {
        shorter.shortened.then(|| "the ends of long lines are left out".to_owned())
    };
    let left_out = with_hidden(left_out, &shorter.text);
    let text = Masked::whole(&format!("{head}:\n")).reworked(|head| format!("{head}{}", Excerpt::of(body)));
    Ok(Outcome::Seen { text: Excerpt::of(text.beginning(length.bytes().saturating_mul(2))), more: left_out })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_of_a_run_before_that_the_node_has_thrown_away_is_told_from_one_that_says_so() {
        let wrote = |text: &str| Ok(Log { text: text.to_owned(), cut: false, goes_on: false });
        let gone = "unable to retrieve container logs for containerd://841826b5";
        assert_eq!(kept(wrote(gone), true), Ok(None));
        assert_eq!(kept(wrote(gone), false), wrote(gone).map(Some));
        assert_eq!(kept(wrote(&format!("{gone}\nand more")), true).map(|log| log.is_some()), Ok(true));
        let refused = |status| ReadError::Refused { what: "the log".to_owned(), status, message: String::new() };
        assert_eq!(kept(Err(refused(400)), true), Ok(None), "there was no run before");
        assert!(kept(Err(refused(400)), false).is_err() && kept(Err(refused(500)), true).is_err());
    }
}
