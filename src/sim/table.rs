//! Lists as the API server lays them out for people: the columns of the kinds that people look at most, and the name and age of others.

use serde_json::{Value, json};

use super::{cluster::Cluster, json as read, resources::Resource};

/// Whether a client asks for a table.
pub(super) fn is_wanted(accept: &str) -> bool {
    accept.contains("as=Table")
}

/// The objects as a table.
pub(super) fn of(cluster: &Cluster, resource: &Resource, objects: &[Value], metadata: Value) -> Value {
    let columns = columns(resource.kind);
    let definitions: Vec<Value> =
        columns.iter().map(|name| json!({"name": name, "type": "string", "format": "", "description": "", "priority": 0})).collect();
    let rows: Vec<Value> = objects
        .iter()
        .map(|object| {
            let cells: Vec<Value> = columns.iter().map(|column| cell(cluster, resource.kind, column, object)).collect();
            let object =
                json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": read::at(object, "/metadata")});
            json!({"cells": cells, "object": object})
        })
        .collect();
    json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, "columnDefinitions": definitions, "rows": rows})
}

fn columns(kind: &str) -> &'static [&'static str] {
    match kind {
        "Pod" => &["Name", "Ready", "Status", "Restarts", "Age"],
        "Deployment" => &["Name", "Ready", "Up-to-date", "Available", "Age"],
        "ReplicaSet" => &["Name", "Desired", "Current", "Ready", "Age"],
        "StatefulSet" => &["Name", "Ready", "Age"],
        "ConfigMap" => &["Name", "Data", "Age"],
        "Namespace" | "PersistentVolumeClaim" => &["Name", "Status", "Age"],
        "EndpointSlice" => &["Name", "AddressType", "Ports", "Endpoints", "Age"],
        _ => &["Name", "Age"],
    }
}

fn cell(cluster: &Cluster, kind: &str, column: &str, object: &Value) -> Value {
    let number = |pointer: &str| read::at(object, pointer).as_i64().unwrap_or(0);
    match (kind, column) {
        (_, "Name") => read::name(object).into(),
        (_, "Age") => age(cluster, object).into(),
        ("Pod", "Ready") => {
            let all = read::list(object, "/spec/containers").len();
            let ready = read::list(object, "/status/containerStatuses").iter().filter(|status| read::at(status, "/ready") == true).count();
            format!("{ready}/{all}").into()
        }
        ("Pod", "Status") => status(object).into(),
        ("Pod", "Restarts") => {
            let restarts = read::list(object, "/status/containerStatuses")
                .iter()
                .map(|status| read::at(status, "/restartCount").as_i64().unwrap_or(0));
            restarts.sum::<i64>().to_string().into()
        }
        ("Deployment" | "StatefulSet", "Ready") => format!("{}/{}", number("/status/readyReplicas"), number("/spec/replicas")).into(),
        (_, "Up-to-date") => number("/status/updatedReplicas").into(),
        (_, "Available") => number("/status/availableReplicas").into(),
        (_, "Desired") => number("/spec/replicas").into(),
        (_, "Current") => number("/status/replicas").into(),
        (_, "Ready") => number("/status/readyReplicas").into(),
        (_, "Data") => read::at(object, "/data").as_object().map_or(0, serde_json::Map::len).into(),
        (_, "Status") => read::text(object, "/status/phase").into(),
        (_, "AddressType") => read::text(object, "/addressType").into(),
        (_, "Ports") => {
            let ports: Vec<String> = read::list(object, "/ports").iter().map(|port| read::at(port, "/port").to_string()).collect();
            if ports.is_empty() { "<unset>".into() } else { ports.join(",").into() }
        }
        (_, "Endpoints") => {
            let addresses = read::list(object, "/endpoints").iter().map(|endpoint| read::text(endpoint, "/addresses/0"));
            let addresses: Vec<&str> = addresses.collect();
            if addresses.is_empty() { "<unset>".into() } else { addresses.join(",").into() }
        }
        (_, _) => Value::Null,
    }
}

/// What holds a Pod, in one word: the reason of the first container that waits or ended, else the phase.
fn status(pod: &Value) -> String {
    if !read::text(pod, "/metadata/deletionTimestamp").is_empty() {
        return "Terminating".to_owned();
    }
    for (list, before) in [("/status/initContainerStatuses", "Init:"), ("/status/containerStatuses", "")] {
        for status in read::list(pod, list) {
            let reason = [read::text(status, "/state/waiting/reason"), read::text(status, "/state/terminated/reason")];
            let reason = reason.into_iter().find(|reason| !reason.is_empty()).unwrap_or_default();
            if !reason.is_empty() && (before.is_empty() || reason != "Completed") {
                return format!("{before}{reason}");
            }
        }
    }
    read::text(pod, "/status/phase").to_owned()
}

fn age(cluster: &Cluster, object: &Value) -> String {
    let created: Option<jiff::Timestamp> = read::text(object, "/metadata/creationTimestamp").parse().ok();
    created.map_or_else(|| "<unknown>".to_owned(), |created| format!("{}s", cluster.clock.now().duration_since(created).as_secs().max(0)))
}
