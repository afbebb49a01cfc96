//! The EndpointSlice controller: where a Service's Pods are, and which of them are ready.

use serde_json::{Value, json};

use super::owned::reference;
use crate::sim::{
    cluster::Cluster,
    json as read, network,
    resources::{POD, SERVICE, SLICE},
    selector::Selector,
};

const SERVICE_NAME: &str = "/metadata/labels/kubernetes.io~1service-name";

pub(super) fn sync_endpoint_slices(cluster: &mut Cluster) {
    for service in cluster.store.list(&SERVICE, None) {
        let selector = Selector::of_map(&service, "/spec/selector");
        if !selector.is_empty() && !read::is_deleting(&service) {
            sync_endpoint_slice(cluster, &service, &selector);
        }
    }
}

fn sync_endpoint_slice(cluster: &mut Cluster, service: &Value, selector: &Selector) {
    let namespace = read::namespace(service);
    let mut ports: Vec<Value> = Vec::new();
    let mut endpoints = Vec::new();
    for pod in cluster.store.list(&POD, Some(namespace)) {
        let ended = matches!(read::text(&pod, "/status/phase"), "Succeeded" | "Failed");
        if ended || !selector.matches(&pod) || read::text(&pod, "/status/podIP").is_empty() {
            continue;
        }
        if ports.is_empty() {
            ports = ports_of(service, &pod);
        }
        endpoints.push(endpoint(service, &pod));
    }
    let slice = network::slice_of(cluster, service);
    let mut changed = match &slice {
        Some(slice) => (**slice).clone(),
        None => new_slice(cluster, service),
    };
    // An empty list comes back from etcd as null.
    let or_null = |items: Vec<Value>| {
        if items.is_empty() { Value::Null } else { items.into() }
    };
    read::set(&mut changed, "/endpoints", or_null(endpoints));
    read::set(&mut changed, "/ports", or_null(ports));
    if slice.is_some() {
        if slice.as_deref() != Some(&changed) {
            let generation = read::int(&changed, "/metadata/generation").unwrap_or(1) + 1;
            read::set(&mut changed, "/metadata/generation", generation);
        }
        cluster.store.put(&SLICE, changed);
    } else {
        read::set(&mut changed, "/metadata/generation", 1);
        cluster.create(&SLICE, changed);
    }
}

fn new_slice(cluster: &mut Cluster, service: &Value) -> Value {
    let mut slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {
            "name": format!("{}-{}", read::name(service), cluster.names.suffix()),
            "generateName": format!("{}-", read::name(service)),
            "namespace": read::namespace(service),
            "ownerReferences": [reference(service)],
        },
        "addressType": "IPv4",
    });
    read::set(&mut slice, SERVICE_NAME, read::name(service));
    read::set(&mut slice, "/metadata/labels/endpointslice.kubernetes.io~1managed-by", "endpointslice-controller.k8s.io");
    if read::text(service, "/spec/clusterIP") == "None" {
        read::set(&mut slice, "/metadata/labels/service.kubernetes.io~1headless", "");
    }
    slice
}

/// A Service's ports as this Pod has them; one that names no port of the Pod is left out.
fn ports_of(service: &Value, pod: &Value) -> Vec<Value> {
    read::list(service, "/spec/ports")
        .iter()
        .filter_map(|port| {
            let number = read::port_number(read::at(port, "/targetPort"), read::list(pod, "/spec/containers"))?;
            Some(json!({
                "name": read::text(port, "/name"), "port": number, "protocol": read::text(port, "/protocol"),
            }))
        })
        .collect()
}

fn endpoint(service: &Value, pod: &Value) -> Value {
    let deleting = read::is_deleting(pod);
    let serving = read::is_true(pod, "Ready");
    let publish = read::at(service, "/spec/publishNotReadyAddresses").as_bool() == Some(true);
    let mut endpoint = json!({
        "addresses": [read::text(pod, "/status/podIP")],
        "conditions": {"ready": publish || (serving && !deleting), "serving": serving, "terminating": deleting},
        "nodeName": read::text(pod, "/spec/nodeName"),
        "targetRef": {
            "kind": "Pod", "namespace": read::namespace(pod), "name": read::name(pod), "uid": read::uid(pod),
        },
    });
    let hostname = read::text(pod, "/spec/hostname");
    if !hostname.is_empty() && read::text(pod, "/spec/subdomain") == read::name(service) {
        read::set(&mut endpoint, "/hostname", hostname);
    }
    endpoint
}
