//! The cluster's own words, quoted with their place and time; and how names and what is absent are written.

use super::meant::LISTED;
use crate::domain::evidence::{Evidence, EvidenceSource};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{Resource, event_time};
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

/// Where the cluster says why a Pod is held: the newest event that fits, else its status. `status` gives the words and their place.
pub(crate) fn words<'p>(
    facts: &Facts<'_>,
    pod: &'p Pod,
    fits: impl Fn(&Event) -> bool,
    status: impl Fn(&'p Pod) -> Option<(FieldPath, &'p str)>,
) -> Option<Evidence> {
    let about = pod.reference();
    if let Some(found) = facts.newest_event(pod, fits) {
        return Some(event(facts, found, &about));
    }
    status(pod).map(|(path, text)| field(facts, &about, path, text))
}

/// The same of as many Pods as are quoted.
pub(crate) fn words_of<'p>(
    facts: &Facts<'_>,
    pods: &[&'p Pod],
    fits: impl Fn(&Event) -> bool,
    status: impl Fn(&'p Pod) -> Option<(FieldPath, &'p str)>,
) -> Vec<Evidence> {
    pods.iter().filter_map(|pod| words(facts, pod, &fits, &status)).take(QUOTED_PODS).collect()
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
