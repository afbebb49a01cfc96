//! What the API server adds to an object that does not say it: defaults of the kinds, and what its admission plugins set.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    cluster::Cluster,
    json::{self, default},
    resources::{self, Resource},
};

/// Completes an object; `created` says that it is new, which is when admission acts.
pub(super) fn complete(cluster: &mut Cluster, resource: &Resource, object: &mut Value, created: bool) {
    match resource.kind {
        "Pod" => {
            pod_spec(object, "/spec");
            if created {
                admit_pod(cluster, object);
            }
        }
        "Deployment" => {
            deployment(object);
            default(object, "/status", json!({}));
        }
        "ReplicaSet" => {
            default(object, "/spec/replicas", 1);
            pod_spec(object, "/spec/template/spec");
        }
        "StatefulSet" => stateful_set(object),
        "DaemonSet" | "Job" => pod_spec(object, "/spec/template/spec"),
        "Service" => service(cluster, object),
        "PersistentVolumeClaim" => claim(cluster, object, created),
        "StorageClass" => {
            default(object, "/reclaimPolicy", "Delete");
            default(object, "/volumeBindingMode", "Immediate");
        }
        "Secret" => secret(object),
        "Namespace" => {
            let name = json::name(object).to_owned();
            default(object, "/metadata/labels/kubernetes.io~1metadata.name", name);
            default(object, "/spec/finalizers", json!(["kubernetes"]));
            default(object, "/status/phase", "Active");
        }
        _ => {}
    }
    for empty in ["annotations", "labels", "finalizers", "ownerReferences"] {
        let pointer = format!("/metadata/{empty}");
        let value = json::at(object, &pointer);
        if value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty) {
            json::remove(object, &pointer);
        }
    }
}

/// What the ServiceAccount, Priority and DefaultTolerationSeconds plugins and the Pod's strategy add.
fn admit_pod(cluster: &mut Cluster, pod: &mut Value) {
    default(pod, "/spec/serviceAccountName", "default");
    let account = json::at(pod, "/spec/serviceAccountName").clone();
    default(pod, "/spec/serviceAccount", account);
    default(pod, "/spec/enableServiceLinks", true);
    default(pod, "/spec/priority", 0);
    default(pod, "/spec/preemptionPolicy", "PreemptLowerPriority");
    let toleration = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let mut tolerations = json::list(pod, "/spec/tolerations").to_vec();
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        if json::named(&tolerations, "key", key).is_none() {
            tolerations.push(toleration(key));
        }
    }
    json::set(pod, "/spec/tolerations", tolerations);
    if json::at(pod, "/spec/automountServiceAccountToken").as_bool() != Some(false) {
        mount_token(cluster, pod);
    }
    json::set(pod, "/status", json!({"phase": "Pending", "qosClass": qos_class(pod)}));
}

fn mount_token(cluster: &mut Cluster, pod: &mut Value) {
    const PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
    let volume = format!("kube-api-access-{}", cluster.names.suffix());
    let mut mounted = false;
    for containers in ["/spec/initContainers", "/spec/containers"] {
        for container in json::each(pod, containers) {
            let mut mounts = json::list(container, "/volumeMounts").to_vec();
            if json::named(&mounts, "mountPath", PATH).is_none() {
                mounts.push(json!({"name": volume, "readOnly": true, "mountPath": PATH}));
                json::set(container, "/volumeMounts", mounts);
                mounted = true;
            }
        }
    }
    if !mounted {
        return;
    }
    let mut volumes = json::list(pod, "/spec/volumes").to_vec();
    volumes.push(json!({
        "name": volume,
        "projected": {
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
                {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
            ],
            "defaultMode": 420,
        },
    }));
    json::set(pod, "/spec/volumes", volumes);
}

fn service(cluster: &Cluster, service: &mut Value) {
    if json::at(service, "/spec/selector").as_object().is_some_and(serde_json::Map::is_empty) {
        json::remove(service, "/spec/selector");
    }
    default(service, "/spec/type", "ClusterIP");
    default(service, "/status", json!({"loadBalancer": {}}));
    default(service, "/spec/sessionAffinity", "None");
    for port in json::each(service, "/spec/ports") {
        default(port, "/protocol", "TCP");
        let same = json::at(port, "/port").clone();
        default(port, "/targetPort", same);
    }
    if json::text(service, "/spec/type") == "ExternalName" {
        return;
    }
    if json::text(service, "/spec/clusterIP").is_empty() {
        json::set(service, "/spec/clusterIP", free_address(cluster));
    }
    let address = json::at(service, "/spec/clusterIP").clone();
    default(service, "/spec/clusterIPs", json!([address]));
    default(service, "/spec/ipFamilies", json!(["IPv4"]));
    default(service, "/spec/ipFamilyPolicy", "SingleStack");
    default(service, "/spec/internalTrafficPolicy", "Cluster");
}

fn free_address(cluster: &Cluster) -> String {
    let services = cluster.store.list(&resources::SERVICE, None);
    let taken: BTreeSet<&str> = services.iter().map(|service| json::text(service, "/spec/clusterIP")).collect();
    (10..65_000_u32)
        .map(|number| format!("10.96.{}.{}", number / 250, number % 250 + 1))
        .find(|address| !taken.contains(address.as_str()))
        .unwrap_or_default()
}

fn claim(cluster: &Cluster, claim: &mut Value, created: bool) {
    default(claim, "/spec/volumeMode", "Filesystem");
    if !created {
        return;
    }
    if json::at(claim, "/spec/storageClassName").is_null()
        && let Some(class) = default_class(cluster)
    {
        json::set(claim, "/spec/storageClassName", class);
    }
    json::set(claim, "/metadata/finalizers", json!(["kubernetes.io/pvc-protection"]));
    json::set(claim, "/status", json!({"phase": "Pending"}));
}

fn default_class(cluster: &Cluster) -> Option<String> {
    cluster
        .store
        .list(&resources::STORAGE_CLASS, None)
        .iter()
        .find(|class| json::text(class, "/metadata/annotations/storageclass.kubernetes.io~1is-default-class") == "true")
        .map(|class| json::name(class).to_owned())
}

fn deployment(object: &mut Value) {
    default(object, "/spec/replicas", 1);
    default(object, "/spec/strategy/type", "RollingUpdate");
    if json::text(object, "/spec/strategy/type") == "RollingUpdate" {
        default(object, "/spec/strategy/rollingUpdate/maxUnavailable", "25%");
        default(object, "/spec/strategy/rollingUpdate/maxSurge", "25%");
    }
    default(object, "/spec/revisionHistoryLimit", 10);
    default(object, "/spec/progressDeadlineSeconds", 600);
    pod_spec(object, "/spec/template/spec");
}

fn stateful_set(object: &mut Value) {
    default(object, "/spec/replicas", 1);
    default(object, "/spec/podManagementPolicy", "OrderedReady");
    default(object, "/spec/updateStrategy/type", "RollingUpdate");
    if json::text(object, "/spec/updateStrategy/type") == "RollingUpdate" {
        default(object, "/spec/updateStrategy/rollingUpdate/partition", 0);
        default(object, "/spec/updateStrategy/rollingUpdate/maxUnavailable", 1);
    }
    default(object, "/spec/revisionHistoryLimit", 10);
    default(object, "/spec/persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Retain", "whenScaled": "Retain"}));
    pod_spec(object, "/spec/template/spec");
}

fn secret(object: &mut Value) {
    use base64::Engine;
    default(object, "/type", "Opaque");
    let plain: Vec<(String, String)> = json::pairs(object, "/stringData")
        .into_iter()
        .map(|(key, value)| {
            let encoded = base64::engine::general_purpose::STANDARD.encode(value);
            (key.to_owned(), encoded)
        })
        .collect();
    json::remove(object, "/stringData");
    for (key, value) in plain {
        json::object_mut(object, "/data").insert(key, value.into());
    }
}

fn pod_spec(object: &mut Value, pointer: &str) {
    let Some(spec) = object.pointer_mut(pointer) else {
        return;
    };
    default(spec, "/restartPolicy", "Always");
    default(spec, "/terminationGracePeriodSeconds", 30);
    default(spec, "/dnsPolicy", "ClusterFirst");
    default(spec, "/securityContext", json!({}));
    default(spec, "/schedulerName", "default-scheduler");
    for containers in ["/initContainers", "/containers"] {
        for container in json::each(spec, containers) {
            self::container(container);
        }
    }
    for volume in json::each(spec, "/volumes") {
        for kind in ["/configMap", "/secret", "/projected"] {
            if json::at(volume, kind).is_object() {
                default(volume, &format!("{kind}/defaultMode"), 420);
            }
        }
    }
}

fn container(container: &mut Value) {
    let policy = match super::kubelet::tag_of(json::text(container, "/image")) {
        "" | "latest" => "Always",
        _ => "IfNotPresent",
    };
    default(container, "/imagePullPolicy", policy);
    default(container, "/terminationMessagePath", "/dev/termination-log");
    default(container, "/terminationMessagePolicy", "File");
    default(container, "/resources", json!({}));
    for port in json::each(container, "/ports") {
        default(port, "/protocol", "TCP");
    }
    for variable in json::each(container, "/env") {
        if json::at(variable, "/valueFrom/fieldRef").is_object() {
            default(variable, "/valueFrom/fieldRef/apiVersion", "v1");
        }
    }
    for probe in ["/livenessProbe", "/readinessProbe", "/startupProbe"] {
        let Some(probe) = container.pointer_mut(probe) else {
            continue;
        };
        if json::at(probe, "/httpGet").is_object() {
            default(probe, "/httpGet/path", "/");
            default(probe, "/httpGet/scheme", "HTTP");
        }
        default(probe, "/timeoutSeconds", 1);
        default(probe, "/periodSeconds", 10);
        default(probe, "/successThreshold", 1);
        default(probe, "/failureThreshold", 3);
    }
}

fn qos_class(pod: &Value) -> &'static str {
    let containers = json::list(pod, "/spec/containers");
    let amount = |container: &Value, what: &str, of: &str| json::text(container, &format!("/resources/{what}/{of}")).to_owned();
    let guaranteed = containers.iter().all(|container| {
        ["cpu", "memory"].iter().all(|of| {
            let limit = amount(container, "limits", of);
            let request = amount(container, "requests", of);
            !limit.is_empty() && (request.is_empty() || request == limit)
        })
    });
    let none = containers.iter().all(|container| {
        ["limits", "requests"].iter().all(|what| ["cpu", "memory"].iter().all(|of| amount(container, what, of).is_empty()))
    });
    if none {
        "BestEffort"
    } else if guaranteed {
        "Guaranteed"
    } else {
        "Burstable"
    }
}
