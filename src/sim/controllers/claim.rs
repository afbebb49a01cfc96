//! The claim binder: makes volumes for claims, says why it cannot, and protects claims that are in use.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::owned::condition;
use crate::sim::{
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    resources::{CLAIM, POD, STORAGE_CLASS, VOLUME},
};

const SOURCE: Recorder<'static> = Recorder::controller("persistentvolume-controller");
/// How often the real binder looks at claims again.
const SYNC: Duration = Duration::from_secs(15);
const PROTECTION: &str = "kubernetes.io/pvc-protection";
const SELECTED_NODE: &str = "/metadata/annotations/volume.kubernetes.io~1selected-node";

pub(super) fn sync_claims(cluster: &mut Cluster) {
    for claim in cluster.store.list(&CLAIM, None) {
        if read::is_deleting(&claim) {
            release_claim(cluster, &claim);
            continue;
        }
        if read::text(&claim, "/spec/volumeName").is_empty() {
            provide(cluster, &claim);
        } else {
            note_use(cluster, &claim);
        }
    }
    reclaim_volumes(cluster);
}

/// The Pods that name this claim.
fn users_of(cluster: &Cluster, claim: &Value) -> Vec<Arc<Value>> {
    cluster
        .store
        .list(&POD, Some(read::namespace(claim)))
        .into_iter()
        .filter(|pod| uses(pod, read::name(claim)))
        .filter(|pod| !matches!(read::text(pod, "/status/phase"), "Succeeded" | "Failed"))
        .collect()
}

/// Lets a deleted claim go once no placed Pod uses it.
fn release_claim(cluster: &mut Cluster, claim: &Value) {
    let in_use = users_of(cluster, claim).iter().any(|pod| !read::text(pod, "/spec/nodeName").is_empty());
    if in_use {
        return;
    }
    let others: Vec<Value> =
        read::list(claim, "/metadata/finalizers").iter().filter(|finalizer| *finalizer != PROTECTION).cloned().collect();
    if others.is_empty() {
        cluster.store.remove(&CLAIM, read::namespace(claim), read::name(claim));
    } else {
        let mut changed = claim.clone();
        read::set(&mut changed, "/metadata/finalizers", others);
        cluster.store.put(&CLAIM, changed);
    }
}

fn provide(cluster: &mut Cluster, claim: &Value) {
    let key = format!("claim {}", read::uid(claim));
    let class_name = read::text(claim, "/spec/storageClassName");
    if class_name.is_empty() {
        if cluster.is_due(&key, SYNC) {
            let message = "no persistent volumes available for this claim and no storage class is set";
            events::normal(cluster, SOURCE, claim, "FailedBinding", message);
        }
        return;
    }
    let Some(class) = cluster.store.get(&STORAGE_CLASS, "", class_name) else {
        if cluster.is_due(&key, SYNC) {
            let message = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
            events::warning(cluster, SOURCE, claim, "ProvisioningFailed", &message);
        }
        return;
    };
    let provisioner = read::text(&class, "/provisioner");
    let waits = read::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer";
    if waits && read::text(claim, SELECTED_NODE).is_empty() {
        wait_for_consumer(cluster, claim, &key);
    } else if provisioner == "kubernetes.io/no-provisioner" {
        if cluster.is_due(&key, SYNC) {
            let message = format!("no volume plugin matched name: {provisioner}");
            events::warning(cluster, SOURCE, claim, "ProvisioningFailed", &message);
        }
    } else if provisioner == "kubernetes.io/host-path" {
        provision(cluster, claim, &class);
    } else if cluster.is_due(&key, SYNC) {
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        events::normal(cluster, SOURCE, claim, "ExternalProvisioning", &message);
    }
}

fn wait_for_consumer(cluster: &mut Cluster, claim: &Value, key: &str) {
    if !cluster.is_due(key, SYNC) {
        return;
    }
    let waiting = users_of(cluster, claim).into_iter().find(|pod| read::text(pod, "/spec/nodeName").is_empty());
    match waiting {
        Some(pod) => {
            let message = format!("waiting for pod {} to be scheduled", read::name(&pod));
            events::normal(cluster, SOURCE, claim, "WaitForPodScheduled", &message);
        }
        None => {
            let message = "waiting for first consumer to be created before binding";
            events::normal(cluster, SOURCE, claim, "WaitForFirstConsumer", message);
        }
    }
}

/// Makes the volume, which takes its time, and binds the claim to it.
fn provision(cluster: &mut Cluster, claim: &Value, class: &Value) {
    let key = format!("provision {}", read::uid(claim));
    let now = cluster.clock.elapsed();
    let started = *cluster.timers.last_done.entry(key).or_insert(now);
    let done = started + cluster.world.latency.provision;
    if now < done {
        cluster.timers.wake_at(done);
        return;
    }
    let provisioner = read::text(class, "/provisioner");
    let volume = format!("pvc-{}", read::uid(claim));
    let size = read::at(claim, "/spec/resources/requests/storage").clone();
    let modes = read::at(claim, "/spec/accessModes").clone();
    cluster.create(
        &VOLUME,
        json!({
            "apiVersion": "v1", "kind": "PersistentVolume",
            "metadata": {
                "name": volume,
                "annotations": {
                    "kubernetes.io/createdby": "hostpath-dynamic-provisioner",
                    "pv.kubernetes.io/bound-by-controller": "yes",
                    "pv.kubernetes.io/provisioned-by": provisioner,
                },
                "finalizers": ["kubernetes.io/pv-controller", "kubernetes.io/pv-protection"],
            },
            "spec": {
                "capacity": {"storage": size}, "accessModes": modes, "volumeMode": "Filesystem",
                "hostPath": {"path": format!("/tmp/hostpath_pv/{volume}"), "type": ""},
                "claimRef": {
                    "kind": "PersistentVolumeClaim", "apiVersion": "v1", "namespace": read::namespace(claim),
                    "name": read::name(claim), "uid": read::uid(claim),
                    "resourceVersion": read::at(claim, "/metadata/resourceVersion"),
                },
                "persistentVolumeReclaimPolicy": read::at(class, "/reclaimPolicy"),
                "storageClassName": read::name(class),
            },
            "status": {"phase": "Bound", "lastPhaseTransitionTime": cluster.clock.now_text()},
        }),
    );
    let mut bound = claim.clone();
    let annotations = read::object_mut(&mut bound, "/metadata/annotations");
    for (key, value) in [
        ("pv.kubernetes.io/bind-completed", "yes"),
        ("pv.kubernetes.io/bound-by-controller", "yes"),
        ("volume.beta.kubernetes.io/storage-provisioner", provisioner),
        ("volume.kubernetes.io/storage-provisioner", provisioner),
    ] {
        annotations.insert(key.to_owned(), json!(value));
    }
    read::set(&mut bound, "/spec/volumeName", volume.as_str());
    read::set(&mut bound, "/status/phase", "Bound");
    read::set(&mut bound, "/status/accessModes", modes);
    read::set(&mut bound, "/status/capacity", json!({"storage": size}));
    let bound = cluster.store.put(&CLAIM, bound);
    let message = format!("Successfully provisioned volume {volume} using {provisioner}");
    events::normal(cluster, SOURCE, &bound, "ProvisioningSucceeded", &message);
}

/// The condition of a bound claim that says whether any Pod names it.
fn note_use(cluster: &mut Cluster, claim: &Value) {
    if read::text(claim, "/status/phase") != "Bound" {
        return;
    }
    let (status, reason, message) = if users_of(cluster, claim).is_empty() {
        ("True", "NoPodsUsingPVC", "No pods are currently referencing this PVC")
    } else {
        ("False", "PodUsingPVC", "A pod is currently referencing this PVC")
    };
    let mut unused = condition(claim, &cluster.clock.now_text(), "Unused", status, reason, message);
    read::set(&mut unused, "/lastProbeTime", Value::Null);
    let mut changed = claim.clone();
    read::set(&mut changed, "/status/conditions", json!([unused]));
    cluster.store.put(&CLAIM, changed);
}

/// Removes volumes whose claim is gone, where their class says so; others are Released.
fn reclaim_volumes(cluster: &mut Cluster) {
    for volume in cluster.store.list(&VOLUME, None) {
        let claim = read::at(&volume, "/spec/claimRef");
        let wanted = read::text(claim, "/uid");
        let alive = cluster
            .store
            .get(&CLAIM, read::text(claim, "/namespace"), read::text(claim, "/name"))
            .is_some_and(|found| read::uid(&found) == wanted);
        if wanted.is_empty() || alive {
            continue;
        }
        if read::text(&volume, "/spec/persistentVolumeReclaimPolicy") == "Delete" {
            cluster.store.remove(&VOLUME, "", read::name(&volume));
        } else {
            let mut changed = (*volume).clone();
            read::set(&mut changed, "/status/phase", "Released");
            cluster.store.put(&VOLUME, changed);
        }
    }
}

/// Whether a Pod names this claim as a volume.
fn uses(pod: &Value, claim: &str) -> bool {
    read::list(pod, "/spec/volumes").iter().any(|volume| read::text(volume, "/persistentVolumeClaim/claimName") == claim)
}
