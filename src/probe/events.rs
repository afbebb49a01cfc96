//! `events`: what happened to an object or in a namespace, the latest last, with who says so.

use super::outcome::{Length, Outcome};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::ports::{ClusterRead, ListRequest, ReadError};
use jiff::Timestamp;
use serde_json::Value;

/// Events that are shown, the latest of them.
const SHOWN: usize = 25;

pub(super) async fn list(
    namespace: Option<&Namespace>,
    object: Option<&ObjectRef>,
    length: Length,
    read: &dyn ClusterRead,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    let lines = lines(namespace, object, read, now).await?;
    if lines.is_empty() {
        let of = object.map(|object| format!(" about {object}")).unwrap_or_default();
        return Ok(Outcome::seen(
            &format!("there are no Events{of}; the API server forgets them after an hour, unless set otherwise"),
            length,
            "",
        ));
    }
    let skipped = lines.len().saturating_sub(SHOWN);
    let text = lines.get(skipped..).unwrap_or_default().join("\n");
    Ok(match Outcome::seen(&text, length, "name an object") {
        Outcome::Seen { text, more: None } if skipped > 0 => {
            Outcome::Seen { text, more: Some(format!("{skipped} older Events are not shown; name an object")) }
        }
        other => other,
    })
}

/// A line for each Event, the oldest first.
pub(super) async fn lines(
    namespace: Option<&Namespace>,
    object: Option<&ObjectRef>,
    read: &dyn ClusterRead,
    now: Timestamp,
) -> Result<Vec<String>, ReadError> {
    let place = object.and_then(|object| object.namespace.clone()).or_else(|| namespace.cloned());
    let field_selector = object.map(|o| format!("involvedObject.kind={},involvedObject.name={}", o.kind.name(), o.name));
    let listed = read.list(&ListRequest { field_selector, ..ListRequest::of(Kind::Event, place) }).await?;
    let mut events: Vec<(Option<Timestamp>, String)> =
        listed.objects.values().iter().map(|event| (seen_at(event), line(event, object.is_none(), now))).collect();
    events.sort();
    Ok(events.into_iter().map(|(_, line)| line).collect())
}

fn line(event: &Value, with_object: bool, now: Timestamp) -> String {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let about = if with_object {
        format!(" {}/{}/{}", text("/involvedObject/kind"), text("/involvedObject/namespace"), text("/involvedObject/name"))
    } else {
        String::new()
    };
    let author = [text("/reportingComponent"), text("/source/component")].into_iter().find(|name| !name.is_empty()).unwrap_or("nobody");
    let count = event.pointer("/series/count").or_else(|| event.pointer("/count")).and_then(Value::as_i64).filter(|count| *count > 1);
    let times = count.map(|count| format!(" ×{count}")).unwrap_or_default();
    let ago = seen_at(event).map_or_else(|| "?".to_owned(), |at| ago(now, at));
    let message = text("/message").split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{ago} ago {} {}{about} (by {author}){times}: {message}", text("/type"), text("/reason"))
}

/// When it happened the last time.
fn seen_at(event: &Value) -> Option<Timestamp> {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/firstTimestamp", "/metadata/creationTimestamp"]
        .into_iter()
        .filter_map(|pointer| event.pointer(pointer).and_then(Value::as_str))
        .find_map(|time| time.parse().ok())
}

/// `3d4h`, `2h5m`, `3m12s`, `42s`: as kubectl says an age.
pub(super) fn ago(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) => format!("{minutes}m{}s", seconds % 60),
        (0, hours, minutes) => format!("{hours}h{minutes}m"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn event_is_told_with_its_age_its_author_and_how_often() {
        let now: Timestamp = "2026-03-01T10:05:00Z".parse().unwrap();
        let event = json!({"type": "Warning", "reason": "BackOff", "message": "Back-off\nrestarting", "count": 7,
            "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "web"}, "reportingComponent": "kubelet",
            "lastTimestamp": "2026-03-01T10:02:30Z"});
        assert_eq!(line(&event, false, now), "2m30s ago Warning BackOff (by kubelet) ×7: Back-off restarting");
        assert!(line(&event, true, now).contains("BackOff Pod/shop/web (by"));
        assert_eq!(line(&json!({"message": "x"}), false, now), "? ago   (by nobody): x");
    }

    #[test]
    fn age_is_said_as_kubectl_does() {
        let now: Timestamp = "2026-03-03T10:00:00Z".parse().unwrap();
        for (at, said) in [
            ("2026-03-03T09:59:18Z", "42s"),
            ("2026-03-03T09:50:48Z", "9m12s"),
            ("2026-03-03T07:55:00Z", "2h5m"),
            ("2026-02-28T06:00:00Z", "3d4h"),
            ("2026-03-03T10:00:05Z", "0s"),
        ] {
            assert_eq!(ago(now, at.parse().unwrap()), said);
        }
    }
}
