//! The cluster's own words, quoted with their place and time; and how names and what is absent are written.

use super::meant::LISTED;
use crate::domain::evidence::{Evidence, EvidenceSource, Ground};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, event_time};
use crate::facts::author::By;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::{Event, Pod};

/// At most this many Pods are quoted for one cause: the others look alike.
pub(crate) const QUOTED_PODS: usize = 3;

/// A field's value.
pub(crate) fn field(facts: &Facts<'_>, object: &ObjectRef, field: FieldPath, text: &str) -> Evidence {
    Evidence { field: Some(field), ..self::object(facts, object, text) }
}

/// Something about an object as a whole.
pub(crate) fn object(facts: &Facts<'_>, object: &ObjectRef, text: &str) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        object: Some(object.clone()),
        field: None,
        text: Excerpt::event(text),
        seen_at: facts.taken_at(),
    }
}

/// An event, quoted as `Reason: message`.
pub(crate) fn event(facts: &Facts<'_>, event: &Event, about: &ObjectRef) -> Evidence {
    let reason = event.reason.as_deref().unwrap_or_default();
    let message = event.message.as_deref().unwrap_or_default();
    Evidence {
        source: EvidenceSource::Event,
        seen_at: event_time(event).unwrap_or(facts.taken_at()),
        ..object(facts, about, &format!("{reason}: {message}"))
    }
}

/// What an object's own status says of something.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StatusWord<'p> {
    /// It says so: its words, and their place.
    Says(FieldPath, &'p str),
    /// It says nothing of it.
    Silent,
    /// It says that something else is the matter.
    Denies,
}

/// The cluster's words, and what they are worth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) evidence: Evidence,
    pub(crate) ground: Ground,
}

/// Where the cluster says why a Pod is held: its status. Only where that is silent the newest event that fits, of the part of Kubernetes
/// that says such things: it is told and not seen. An event that the status denies is of another time, or of somebody else.
pub(crate) fn words<'p>(
    facts: &Facts<'_>,
    pod: &'p Pod,
    by: By,
    fits: impl Fn(&Event) -> bool,
    status: impl Fn(&'p Pod) -> StatusWord<'p>,
) -> Option<Said> {
    let about = pod.reference();
    match status(pod) {
        StatusWord::Says(path, text) => Some(Said { evidence: field(facts, &about, path, text), ground: Ground::Seen }),
        StatusWord::Denies => None,
        StatusWord::Silent => {
            let found = facts.newest_event(pod, |e| by.wrote_of(e, pod) && fits(e))?;
            Some(Said { evidence: event(facts, found, &about), ground: Ground::Told })
        }
    }
}

/// The same of as many Pods as are quoted.
pub(crate) fn words_of<'p>(
    facts: &Facts<'_>,
    pods: &[&'p Pod],
    by: By,
    fits: impl Fn(&Event) -> bool,
    status: impl Fn(&'p Pod) -> StatusWord<'p>,
) -> Vec<Said> {
    quoted(pods.iter().filter_map(|pod| words(facts, pod, by, &fits, &status)).collect())
}

/// As many of them as are quoted: one that was seen first, since it tells what they all rest on.
pub(crate) fn quoted(mut said: Vec<Said>) -> Vec<Said> {
    said.sort_by_key(|one| one.ground);
    said.truncate(QUOTED_PODS);
    said
}

/// Why the scheduler places Pods nowhere, of as many as are quoted.
pub(crate) fn unplaced(facts: &Facts<'_>, pods: &[&Pod]) -> Vec<Evidence> {
    let failed = |e: &Event| e.reason.as_deref() == Some("FailedScheduling");
    let status = |pod| unscheduled(pod).map_or(StatusWord::Silent, |(path, text)| StatusWord::Says(path, text));
    words_of(facts, pods, By::Scheduler, failed, status).into_iter().map(|said| said.evidence).collect()
}

/// Why the scheduler places a Pod nowhere, with the place of its words.
pub(crate) fn unscheduled(pod: &Pod) -> Option<(FieldPath, &str)> {
    let path = FieldPath::dotted("status.conditions").element("type", "PodScheduled").then("message");
    pods::unschedulable(pod).filter(|m| !m.is_empty()).map(|m| (path, m))
}

/// Where a container's status says why it waits.
pub(crate) fn waiting_message(waiting: &pods::Waiting<'_>) -> FieldPath {
    let list = if waiting.list == "initContainers" { "initContainerStatuses" } else { "containerStatuses" };
    FieldPath::dotted("status").then(list).element("name", waiting.container).then("state.waiting.message")
}

/// That an object is absent, with what is there instead. None where its kind was not read whole.
pub(crate) fn absent<'n>(facts: &Facts<'_>, object: &ObjectRef, there: impl Iterator<Item = &'n str>) -> Option<Evidence> {
    let names: Vec<&str> = there.take(LISTED).collect();
    let place = object.namespace.as_ref().map_or_else(|| "the cluster".to_owned(), |ns| format!("namespace `{ns}`"));
    let text = format!("not found: {place} has {}", listed(&names));
    facts.is_whole(&object.kind).then(|| self::object(facts, object, &text))
}

/// Whether a sentence of the cluster says that the object of this kind and name does not exist. The words have to stand together: names
/// are chosen by people, and one may hold any of them.
pub(crate) fn says_absent(text: &str, kind: &str, name: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["", "s", ".storage.k8s.io"].iter().any(|end| text.contains(&format!("{kind}{end} \"{name}\" not found")))
}

/// `a`, `a and b`, `a, b and c`, each in backticks.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    joined(&quoted, "and")
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn joined(texts: &[String], word: &str) -> String {
    match texts {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} {word} {last}", first.join(", ")),
    }
}

/// Whether a name in a reference can be repeated as it is: the API checks the names of objects, not those of references.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 253 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}
