//! Events, in the two shapes in which real ones come: the kubelet's and controllers', and the scheduler's.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{cluster::Cluster, json, resources::EVENT, runtime::ContainerRuntime};

/// Who tells: a component, and on which host where that matters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recorder<'a> {
    pub(super) component: &'a str,
    pub(super) host: &'a str,
}

impl<'a> Recorder<'a> {
    pub(super) const fn controller(component: &'a str) -> Self {
        Self { component, host: "" }
    }

    pub(super) const fn kubelet(host: &'a str) -> Self {
        Self { component: "kubelet", host }
    }
}

/// Records a Normal event about an object.
pub(super) fn normal(cluster: &mut Cluster, source: Recorder<'_>, object: &Value, reason: &str, message: &str) {
    record(cluster, source, object, "", "Normal", reason, message);
}

/// Records a Warning event about an object.
pub(super) fn warning(cluster: &mut Cluster, source: Recorder<'_>, object: &Value, reason: &str, message: &str) {
    record(cluster, source, object, "", "Warning", reason, message);
}

/// Records an event; the same one again only raises its count.
pub(super) fn record(
    cluster: &mut Cluster,
    source: Recorder<'_>,
    object: &Value,
    field_path: &str,
    kind: &str,
    reason: &str,
    message: &str,
) {
    let now = cluster.clock.now_text();
    if let Some(earlier) = same(cluster, object, field_path, reason, message) {
        let mut event = (*earlier).clone();
        let count = json::int(&event, "/count").unwrap_or(1) + 1;
        json::set(&mut event, "/count", count);
        json::set(&mut event, "/lastTimestamp", now);
        cluster.store.put(&EVENT, event);
        return;
    }
    let mut event = envelope(cluster, object, kind, reason, message);
    if !field_path.is_empty() {
        json::set(&mut event, "/involvedObject/fieldPath", field_path);
    }
    json::set(&mut event, "/source/component", source.component);
    if !source.host.is_empty() {
        json::set(&mut event, "/source/host", source.host);
    }
    json::set(&mut event, "/firstTimestamp", now.as_str());
    json::set(&mut event, "/lastTimestamp", now);
    json::set(&mut event, "/count", 1);
    json::set(&mut event, "/eventTime", Value::Null);
    json::set(&mut event, "/reportingComponent", source.component);
    json::set(&mut event, "/reportingInstance", source.host);
    cluster.create(&EVENT, event);
}

/// Records an event about a container.
pub(super) fn record_of_container(
    cluster: &mut Cluster,
    pod: &Value,
    spec: &Value,
    container: &ContainerRuntime,
    kind: &str,
    reason: &str,
    message: &str,
) {
    let list = if container.init { "initContainers" } else { "containers" };
    let path = format!("spec.{list}{{{}}}", json::text(spec, "/name"));
    let source = Recorder::kubelet(json::text(pod, "/spec/nodeName"));
    record(cluster, source, pod, &path, kind, reason, message);
}

/// Records an event as the scheduler does, through `events.k8s.io/v1`.
pub(super) fn record_scheduling(cluster: &mut Cluster, pod: &Value, kind: &str, reason: &str, message: &str) {
    let now = cluster.clock.now_micro();
    if let Some(earlier) = same(cluster, pod, "", reason, message) {
        let mut event = (*earlier).clone();
        let count = json::int(&event, "/series/count").unwrap_or(1) + 1;
        json::set(&mut event, "/series", json!({"count": count, "lastObservedTime": now}));
        cluster.store.put(&EVENT, event);
        return;
    }
    let mut event = envelope(cluster, pod, kind, reason, message);
    let action = if reason == "Scheduled" { "Binding" } else { "Scheduling" };
    json::set(&mut event, "/source", json!({}));
    json::set(&mut event, "/firstTimestamp", Value::Null);
    json::set(&mut event, "/lastTimestamp", Value::Null);
    json::set(&mut event, "/eventTime", now);
    json::set(&mut event, "/action", action);
    json::set(&mut event, "/reportingComponent", "default-scheduler");
    json::set(&mut event, "/reportingInstance", "default-scheduler-embedded");
    cluster.create(&EVENT, event);
}

fn same(cluster: &Cluster, object: &Value, field_path: &str, reason: &str, message: &str) -> Option<Arc<Value>> {
    cluster.store.list(&EVENT, Some(event_namespace(object))).into_iter().find(|event| {
        json::text(event, "/involvedObject/uid") == json::uid(object)
            && json::text(event, "/reason") == reason
            && json::text(event, "/message") == message
            && json::text(event, "/involvedObject/fieldPath") == field_path
    })
}

fn envelope(cluster: &mut Cluster, object: &Value, kind: &str, reason: &str, message: &str) -> Value {
    // Nanoseconds, as real names have them; the count keeps those of one moment in order.
    let ticks = cluster.clock.now().as_nanosecond() + i128::from(cluster.names.count());
    json!({
        "apiVersion": "v1", "kind": "Event",
        "metadata": {
            "name": format!("{}.{ticks:x}", json::name(object)),
            "namespace": event_namespace(object),
        },
        "involvedObject": {
            "kind": json::at(object, "/kind"),
            "namespace": event_namespace(object),
            "name": json::name(object),
            "uid": json::uid(object),
            "apiVersion": json::at(object, "/apiVersion"),
            "resourceVersion": json::at(object, "/metadata/resourceVersion"),
        },
        "reason": reason,
        "message": message,
        "type": kind,
    })
}

/// Events about objects without a namespace lie in `default`.
fn event_namespace(object: &Value) -> &str {
    match json::namespace(object) {
        "" => "default",
        namespace => namespace,
    }
}
