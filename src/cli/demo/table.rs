//! Objects in kubectl's columns.

use super::super::render::page::{CARE, DIM, clean, styled};
use serde_json::Value;

/// A longer message is cut; kubectl would let it run on.
const MESSAGE_LIMIT: usize = 160;

/// The length of `2026-11-23T03:00:01`.
const SECONDS: usize = 19;

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn owned<const N: usize>(cells: [&str; N]) -> [String; N] {
    cells.map(|cell| clean(cell).replace('\n', " "))
}

/// Pads all columns but the last.
fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let mut widths = [0_usize; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    rows.iter()
        .map(|row| row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect::<String>().trim_end().to_owned())
        .collect()
}

/// `kubectl events`, in the order in which they were seen; warnings stand out.
pub(super) fn events(events: &[Value]) -> String {
    let mut events: Vec<&Value> = events.iter().collect();
    events.sort_by_key(|e| order(e));
    let mut rows = vec![owned(["TYPE", "REASON", "OBJECT", "MESSAGE"])];
    for event in &events {
        let object = format!("{}/{}", text(event, "/involvedObject/kind"), text(event, "/involvedObject/name"));
        let message: String = text(event, "/message").chars().take(MESSAGE_LIMIT).collect();
        rows.push(owned([text(event, "/type"), text(event, "/reason"), &object, &message]));
    }
    let mut out = String::new();
    for line in aligned(&rows) {
        let style = if line.starts_with("Warning") { CARE } else { DIM };
        out.push_str(&format!("{}\n", styled(style, &line)));
    }
    out
}

/// By the second, in which most recorders write, and within it as they were stored.
fn order(event: &Value) -> (String, u64) {
    (seen(event).chars().take(SECONDS).collect(), text(event, "/metadata/resourceVersion").parse().unwrap_or(0))
}

/// When an event was last seen, in whichever field its recorder fills.
fn seen(event: &Value) -> &str {
    ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"]
        .into_iter()
        .map(|pointer| text(event, pointer))
        .find(|time| !time.is_empty())
        .unwrap_or_default()
}

/// `kubectl get pods,persistentvolumeclaims`, in short.
pub(super) fn state(pods: &[Value], claims: &[Value]) -> String {
    let mut rows = vec![owned(["NAME", "READY", "STATUS", "STORAGECLASS", "CAPACITY"])];
    for pod in pods {
        let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let ready = containers.iter().filter(|c| c.get("ready").and_then(Value::as_bool) == Some(true)).count();
        let name = format!("pod/{}", text(pod, "/metadata/name"));
        rows.push(owned([&name, &format!("{ready}/{}", containers.len()), text(pod, "/status/phase"), "", ""]));
    }
    for claim in claims {
        let name = format!("persistentvolumeclaim/{}", text(claim, "/metadata/name"));
        let (class, size) = (text(claim, "/spec/storageClassName"), text(claim, "/status/capacity/storage"));
        rows.push(owned([&name, "", text(claim, "/status/phase"), class, size]));
    }
    aligned(&rows).into_iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_of_both_recorders_are_sorted_by_the_time_they_were_seen() {
        let events = [
            json!({"type": "Warning", "reason": "FailedScheduling", "message": "no\nnode", "eventTime": "2026-01-01T10:00:02.5Z",
                   "involvedObject": {"kind": "Pod", "name": "db-1"}}),
            json!({"type": "Normal", "reason": "ScalingReplicaSet", "message": "Scaled", "lastTimestamp": "2026-01-01T10:00:01Z",
                   "involvedObject": {"kind": "Deployment", "name": "db"}}),
        ];
        let text = anstream::adapter::strip_str(&super::events(&events)).to_string();
        assert_eq!(
            text,
            "TYPE     REASON             OBJECT         MESSAGE\n\
             Normal   ScalingReplicaSet  Deployment/db  Scaled\n\
             Warning  FailedScheduling   Pod/db-1       no node\n"
        );
    }

    #[test]
    fn state_names_what_runs_and_what_is_bound() {
        let pod = json!({"metadata": {"name": "db-1"}, "status": {"phase": "Running", "containerStatuses": [{"ready": true}]}});
        let claim = json!({"metadata": {"name": "data"}, "spec": {"storageClassName": "standard"},
                           "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}});
        assert_eq!(
            state(&[pod], &[claim]),
            "NAME                        READY  STATUS   STORAGECLASS  CAPACITY\n\
             pod/db-1                    1/1    Running\n\
             persistentvolumeclaim/data         Bound    standard      1Gi\n"
        );
    }
}
