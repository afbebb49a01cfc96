//! How rules write down what they saw: quoted text with its place and time.

use crate::domain::evidence::{Evidence, EvidenceSource};
use crate::domain::excerpt::Excerpt;
use crate::domain::field::FieldPath;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::event_time;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::Event;

/// At most this many Pods are quoted for one cause: the others look alike.
pub(crate) const QUOTED_PODS: usize = 3;

/// A field's value.
pub(crate) fn field(facts: &Facts<'_>, object: &ObjectRef, field: FieldPath, text: &str) -> Evidence {
    Evidence {
        source: EvidenceSource::Object,
        object: Some(object.clone()),
        field: Some(field),
        text: Excerpt::event(text),
        seen_at: facts.taken_at(),
    }
}

/// Something about an object as a whole, such as that it is not there.
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
        object: Some(about.clone()),
        field: None,
        text: Excerpt::event(&format!("{reason}: {message}")),
        seen_at: event_time(event).unwrap_or(facts.taken_at()),
    }
}

/// Where a container's status says why it waits; `list` is `containerStatuses` or `initContainerStatuses`.
pub(crate) fn waiting_message(list: &str, container: &str) -> FieldPath {
    FieldPath::dotted("status").then(list).element("name", container).then("state.waiting.message")
}

/// Where the scheduler says why a Pod has no node.
pub(crate) fn scheduled_message() -> FieldPath {
    FieldPath::dotted("status.conditions").element("type", "PodScheduled").then("message")
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
