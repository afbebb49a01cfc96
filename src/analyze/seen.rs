//! How rules write down what they saw: quoted text with its place and time.

use crate::domain::evidence::{Evidence, EvidenceSource};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot, event_time};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, Pod};

/// At most this many Pods are quoted for one cause: the others look alike.
pub(crate) const QUOTED_PODS: usize = 3;

/// When the Pod was made.
pub(crate) fn exists_since(pod: &Pod) -> Option<Timestamp> {
    pod.metadata.creation_timestamp.as_ref().map(|t| t.0)
}

/// A field's value.
pub(crate) fn field(snapshot: &Snapshot, object: &ObjectRef, field: FieldPath, text: &str) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        object: Some(object.clone()),
        field: Some(field),
        text: Excerpt::event(text),
        seen_at: snapshot.taken_at,
    }
}

/// Something about an object as a whole, such as that it is not there.
pub(crate) fn object(snapshot: &Snapshot, object: &ObjectRef, text: &str) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        object: Some(object.clone()),
        field: None,
        text: Excerpt::event(text),
        seen_at: snapshot.taken_at,
    }
}

/// An event, quoted as `Reason: message`.
pub(crate) fn event(snapshot: &Snapshot, event: &Event, about: &ObjectRef) -> Evidence {
    let reason = event.reason.as_deref().unwrap_or_default();
    let message = event.message.as_deref().unwrap_or_default();
    Evidence {
        source: EvidenceSource::Event,
        object: Some(about.clone()),
        field: None,
        text: Excerpt::event(&format!("{reason}: {message}")),
        seen_at: event_time(event).unwrap_or(snapshot.taken_at),
    }
}

/// The newest event about this very Pod (not an older one of its name) that fits.
pub(crate) fn newest_event<'a>(snapshot: &'a Snapshot, pod: &Pod, fits: impl Fn(&Event) -> bool) -> Option<&'a Event> {
    let uid = pod.metadata.uid.as_deref();
    let same = |e: &Event| e.involved_object.uid.is_none() || uid.is_none() || e.involved_object.uid.as_deref() == uid;
    snapshot.events_of(&pod.reference()).into_iter().rev().find(|e| same(e) && fits(e))
}

/// The scheduler's own words on why the Pod has no node: (message, since when).
pub(crate) fn unschedulable(pod: &Pod) -> Option<(&str, Option<Timestamp>)> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let scheduled = conditions.iter().find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    Some((scheduled.message.as_deref().unwrap_or_default(), scheduled.last_transition_time.as_ref().map(|t| t.0)))
}

/// Where a container's status says why it waits; `list` is `containerStatuses` or `initContainerStatuses`.
pub(crate) fn waiting_message(list: &str, container: &str) -> FieldPath {
    FieldPath::dotted("status").then(list).element("name", container).then("state.waiting.message")
}

/// Where the scheduler says why a Pod has no node.
pub(crate) fn scheduled_message() -> FieldPath {
    FieldPath::dotted("status.conditions").element("type", "PodScheduled").then("message")
}

/// Whether the Pod has a node.
pub(crate) fn has_node(pod: &Pod) -> bool {
    pod.spec.as_ref().and_then(|s| s.node_name.as_deref()).is_some_and(|n| !n.is_empty())
}

/// Whether an object is in this namespace.
pub(crate) fn is_in(object: &impl Resource, namespace: &Namespace) -> bool {
    object.meta().namespace.as_deref() == Some(namespace.as_str())
}

/// `a`, `a and b`, `a, b and c`, each in backticks.
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|n| format!("`{}`", n.as_ref())).collect();
    match quoted.as_slice() {
        [] => "none".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether a name in a reference can be repeated as it is: the API checks the names of objects, not those of references.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.len() <= 253 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}
