//! The EndpointSlice controller: where a Service's Pods are, and which of them are ready.

use std::sync::Arc;

use serde_json::{Value, json};

use super::reference;
use crate::sim::{
    cluster::Cluster,
    json as read,
    resources::{POD, SERVICE, SLICE},
    selector::Selector,
};

const SERVICE_NAME: &str = "/metadata/labels/kubernetes.io~1service-name";

impl Cluster {
    pub(super) fn sync_endpoint_slices(&mut self) {
        for service in self.store.list(&SERVICE, None) {
            let selector = Selector::of_map(&service, "/spec/selector");
            if !selector.is_empty() && !read::is_deleting(&service) {
                self.sync_endpoint_slice(&service, &selector);
            }
        }
    }

    fn sync_endpoint_slice(&mut self, service: &Value, selector: &Selector) {
        let namespace = read::namespace(service);
        let mut ports: Vec<Value> = Vec::new();
        let mut endpoints = Vec::new();
        for pod in self.store.list(&POD, Some(namespace)) {
            let ended = matches!(read::text(&pod, "/status/phase"), "Succeeded" | "Failed");
            if ended || !selector.matches(&pod) || read::text(&pod, "/status/podIP").is_empty() {
                continue;
            }
            if ports.is_empty() {
                ports = ports_of(service, &pod);
            }
            endpoints.push(endpoint(service, &pod));
        }
        let slice = self.slice_of(service);
        let mut changed = match &slice {
            Some(slice) => (**slice).clone(),
            None => self.new_slice(service),
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
            self.store.put(&SLICE, changed);
        } else {
            read::set(&mut changed, "/metadata/generation", 1);
            self.create(&SLICE, changed);
        }
    }

    /// The slice that was made for this Service.
    fn slice_of(&self, service: &Value) -> Option<Arc<Value>> {
        self.store.list(&SLICE, Some(read::namespace(service))).into_iter().find(|slice| read::is_controlled_by(slice, service))
    }

    fn new_slice(&mut self, service: &Value) -> Value {
        let mut slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {
                "name": format!("{}-{}", read::name(service), self.suffix()),
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

    /// Whether a Service has a ready endpoint behind this port.
    pub(in crate::sim) fn answers(&self, namespace: &str, service: &str, port: i64) -> bool {
        let Some(service) = self.store.get(&SERVICE, namespace, service) else {
            return false;
        };
        let Some(spec) = read::list(&service, "/spec/ports").iter().find(|spec| read::int(spec, "/port") == Some(port)) else {
            return false;
        };
        let name = read::text(spec, "/name");
        self.slice_of(&service).is_some_and(|slice| {
            let Some(target) = read::list(&slice, "/ports")
                .iter()
                .find(|port| read::text(port, "/name") == name)
                .and_then(|port| read::int(port, "/port"))
            else {
                return false;
            };
            read::list(&slice, "/endpoints").iter().any(|endpoint| {
                read::at(endpoint, "/conditions/ready").as_bool() == Some(true)
                    && self.pod_listens(read::text(endpoint, "/targetRef/uid"), target)
            })
        })
    }
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
