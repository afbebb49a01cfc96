//! What the cluster is known to add to a Pod of a DaemonSet's or StatefulSet's template: taken off, the rest of the Pod is what the
//! template was. Whatever else differs may have been in an older template, so it counts.

use crate::domain::kind::Kind;
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Pod;
use serde_json::{Map, Value};

/// Labels by which controllers count their Pods.
const LABELS: &[&str] =
    &["controller-revision-hash", "pod-template-generation", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index"];
/// Annotations of networks, which tell the addresses of a Pod, and of limits.
const ANNOTATIONS: &[&str] = &["cni.projectcalico.org/", "k8s.v1.cni.cncf.io/", "k8s.ovn.org/", LIMITS];
/// Says which requests and limits a LimitRange filled in.
const LIMITS: &str = "kubernetes.io/limit-ranger";
/// Where every container finds the token of its ServiceAccount, and how the volume of it begins.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const TOKEN_VOLUME: &str = "kube-api-access-";
/// How the keys of those taints begin that Pods are made to tolerate.
const TAINTS: &str = "node.kubernetes.io/";
const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";

/// Whether a controller or the cluster writes this label (else annotation) into Pods.
pub(super) fn is_added(is_label: bool, key: &str) -> bool {
    if is_label { LABELS.contains(&key) } else { ANNOTATIONS.iter().any(|known| key.starts_with(known)) }
}

/// Takes off the Pod's spec what the cluster added, by what the template of now has.
pub(super) fn take_off(facts: &Facts<'_>, stuck: &Stuck<'_>, pod: &Pod, now: &mut Value, ran: &mut Value) {
    let (Some(now), Some(ran)) = (now.as_object_mut(), ran.as_object_mut()) else { return };
    let limited = pod.metadata.annotations.as_ref().is_some_and(|a| a.contains_key(LIMITS));
    for key in ["nodeName", "ephemeralContainers", "serviceAccount"] {
        ran.shift_remove(key);
    }
    now.shift_remove("serviceAccount");
    account(now, ran);
    let set = facts.find::<StatefulSet>(&stuck.object).map(|set| &set.spec);
    let own = [
        ("enableServiceLinks", Some(Value::Bool(true))),
        ("hostname", set.and(pod.metadata.name.clone()).map(Value::String)),
        ("subdomain", set.and_then(|s| s.service_name.clone()).map(Value::String)),
    ];
    for (key, added) in own {
        if !now.contains_key(key) && added.is_some() && ran.get(key) == added.as_ref() {
            ran.shift_remove(key);
        }
    }
    // The number of a class, and what a ServiceAccount or a RuntimeClass brings.
    for key in ["priority", "preemptionPolicy", "imagePullSecrets", "overhead"] {
        if !now.contains_key(key) {
            ran.shift_remove(key);
        }
    }
    let of_set: Vec<&str> =
        set.iter().flat_map(|s| s.volume_claim_templates.iter().flatten()).filter_map(|c| c.metadata.name.as_deref()).collect();
    let is_own = |volume: &Value| text(volume, "name").is_some_and(|n| n.starts_with(TOKEN_VOLUME) || of_set.contains(&n));
    without(now, ran, "volumes", is_own);
    without(now, ran, "tolerations", |t| text(t, "key").is_some_and(|key| key.starts_with(TAINTS)));
    for list in ["containers", "initContainers"] {
        containers(now.get(list), ran.get_mut(list), limited);
    }
    // Its controller sends each Pod of a DaemonSet to its own node, in the place of what the template requires of nodes.
    let is_sent = ran.get("affinity").and_then(|a| a.pointer(&format!("/nodeAffinity/{REQUIRED}"))).is_some_and(is_by_name);
    if stuck.object.kind == Kind::DaemonSet && is_sent {
        for spec in [now, ran] {
            without_required_nodes(spec);
        }
    }
}

/// Who names no ServiceAccount has the default one.
fn account(now: &mut Map<String, Value>, ran: &mut Map<String, Value>) {
    for spec in [now, ran] {
        if spec.get("serviceAccountName").and_then(Value::as_str) == Some("default") {
            spec.shift_remove("serviceAccountName");
        }
    }
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key).and_then(Value::as_str)
}

/// Takes those elements off a list of the Pod's that the template does not have; the list too, where it has none.
fn without(now: &Map<String, Value>, ran: &mut Map<String, Value>, key: &str, is_added: impl Fn(&Value) -> bool) {
    let there = now.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(list) = ran.get_mut(key).and_then(Value::as_array_mut) else { return };
    list.retain(|element| there.contains(element) || !is_added(element));
    if list.is_empty() && there.is_empty() {
        ran.shift_remove(key);
    }
}

/// The same of each container: its token, and requests that follow from limits.
fn containers(now: Option<&Value>, ran: Option<&mut Value>, limited: bool) {
    let none = Map::new();
    for container in ran.and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut) {
        let name = container.get("name").cloned();
        let same = now.and_then(Value::as_array).and_then(|all| all.iter().find(|c| c.get("name") == name.as_ref()));
        let there = same.and_then(Value::as_object).unwrap_or(&none);
        without(there, container, "volumeMounts", |mount| text(mount, "mountPath") == Some(TOKEN));
        let of = |side: &str, key: &str| there.get("resources").and_then(|r| r.get(side)).is_some_and(|map| map.get(key).is_some());
        let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) else { continue };
        let limits = resources.get("limits").cloned().unwrap_or_default();
        for side in ["requests", "limits"] {
            let Some(map) = resources.get_mut(side).and_then(Value::as_object_mut) else { continue };
            map.retain(|key, value| of(side, key) || !(limited || side == "requests" && limits.get(key) == Some(value)));
            if map.is_empty() && there.get("resources").is_none_or(|r| r.get(side).is_none()) {
                resources.shift_remove(side);
            }
        }
        if resources.is_empty() && !there.contains_key("resources") {
            container.shift_remove("resources");
        }
    }
}

/// Whether a node is asked for by its name.
fn is_by_name(required: &Value) -> bool {
    let terms = required.get("nodeSelectorTerms").and_then(Value::as_array).into_iter().flatten();
    terms.filter_map(|term| term.get("matchFields")?.as_array()).flatten().any(|field| text(field, "key") == Some("metadata.name"))
}

fn without_required_nodes(spec: &mut Map<String, Value>) {
    let Some(affinity) = spec.get_mut("affinity").and_then(Value::as_object_mut) else { return };
    if let Some(nodes) = affinity.get_mut("nodeAffinity").and_then(Value::as_object_mut) {
        nodes.shift_remove(REQUIRED);
        if nodes.is_empty() {
            affinity.shift_remove("nodeAffinity");
        }
    }
    if affinity.is_empty() {
        spec.shift_remove("affinity");
    }
}
