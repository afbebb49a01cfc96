//! The StatefulSet controller: Pods with numbers, one after the other, each with its own claims.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value, json};

use super::owned::{self, is_active};
use crate::sim::{
    admission,
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    names::template_hash,
    resources::{CLAIM, CONTROLLER_REVISION, POD, STATEFUL_SET},
};

const SOURCE: Recorder<'static> = Recorder::controller("statefulset-controller");
const REVISION: &str = "/metadata/labels/controller-revision-hash";

/// Pods of one set; a real cluster's nodes would be full before.
const MOST: i64 = 500;

pub(super) fn sync_stateful_sets(cluster: &mut Cluster) {
    for set in cluster.store.list(&STATEFUL_SET, None) {
        if !read::is_deleting(&set) {
            keep_revision(cluster, &set);
            step_stateful_set(cluster, &set);
            write_stateful_set_status(cluster, &set);
        }
    }
}

/// Each template that it has had, numbered: one that comes again gets the highest number.
fn keep_revision(cluster: &mut Cluster, set: &Value) {
    let (namespace, name) = (read::namespace(set).to_owned(), revision(set));
    let own = cluster.store.list(&CONTROLLER_REVISION, Some(&namespace));
    let own: Vec<Arc<Value>> = own.into_iter().filter(|kept| read::is_controlled_by(kept, set)).collect();
    let number = |kept: &Value| read::int(kept, "/revision").unwrap_or(0);
    let highest = own.iter().map(|kept| number(kept)).max().unwrap_or(0);
    match own.iter().find(|kept| read::name(kept) == name) {
        Some(kept) if number(kept) == highest => {}
        Some(kept) => {
            let mut newest = (**kept).clone();
            read::set(&mut newest, "/revision", highest + 1);
            cluster.store.put(&CONTROLLER_REVISION, newest);
        }
        None => {
            let mut template = read::at(set, "/spec/template").clone();
            read::set(&mut template, "/$patch", "replace");
            let kept = json!({
                "metadata": {"name": name, "labels": read::at(set, "/spec/selector/matchLabels"), "ownerReferences": [owned::reference(set)]},
                "data": {"spec": {"template": template}},
                "revision": highest + 1,
            });
            if let Ok(admitted) = admission::admit_new(cluster, &CONTROLLER_REVISION, &namespace, kept, false, "") {
                cluster.store.put(&CONTROLLER_REVISION, admitted);
            }
        }
    }
}

fn numbered_pods(cluster: &Cluster, set: &Value) -> BTreeMap<i64, Arc<Value>> {
    let prefix = format!("{}-", read::name(set));
    owned::pods_of(cluster, set)
        .into_iter()
        .filter_map(|pod| {
            let number = read::name(&pod).strip_prefix(&prefix)?.parse().ok()?;
            Some((number, pod))
        })
        .collect()
}

/// One step towards what the set says: at most one Pod is made or deleted where order matters.
fn step_stateful_set(cluster: &mut Cluster, set: &Value) {
    let wanted = read::int(set, "/spec/replicas").unwrap_or(1).min(MOST);
    let ordered = read::text(set, "/spec/podManagementPolicy") != "Parallel";
    let update = revision(set);
    let pods = numbered_pods(cluster, set);
    for number in 0..wanted {
        match pods.get(&number) {
            Some(pod) if !is_active(pod) && !read::is_deleting(pod) => {
                admission::begin_delete(cluster, &POD, pod, None);
                return;
            }
            Some(pod) => {
                if ordered && (read::is_deleting(pod) || !read::is_true(pod, "Ready")) {
                    return;
                }
            }
            None => {
                create_numbered_pod(cluster, set, number, &update);
                if ordered {
                    return;
                }
            }
        }
    }
    if let Some((_, pod)) = pods.iter().rev().find(|(number, _)| **number >= wanted) {
        delete_numbered_pod(cluster, set, pod);
        return;
    }
    if read::text(set, "/spec/updateStrategy/type") == "OnDelete" {
        return;
    }
    let partition = read::int(set, "/spec/updateStrategy/rollingUpdate/partition").unwrap_or(0);
    for (_, pod) in pods.iter().rev().filter(|(number, _)| **number >= partition) {
        if read::text(pod, REVISION) != update {
            delete_numbered_pod(cluster, set, pod);
            return;
        }
        if !read::is_true(pod, "Ready") {
            return;
        }
    }
}

fn delete_numbered_pod(cluster: &mut Cluster, set: &Value, pod: &Value) {
    if read::is_deleting(pod) {
        return;
    }
    admission::begin_delete(cluster, &POD, pod, None);
    let message = format!("Delete Pod {} in StatefulSet {} successful", read::name(pod), read::name(set));
    events::normal(cluster, SOURCE, set, "SuccessfulDelete", &message);
}

fn create_numbered_pod(cluster: &mut Cluster, set: &Value, number: i64, revision: &str) {
    let name = format!("{}-{number}", read::name(set));
    let mut pod = json!({"metadata": read::at(set, "/spec/template/metadata"), "spec": read::at(set, "/spec/template/spec")});
    read::set(&mut pod, "/metadata/generateName", format!("{}-", read::name(set)));
    read::set(&mut pod, "/metadata/name", name.as_str());
    read::set(&mut pod, "/metadata/labels/statefulset.kubernetes.io~1pod-name", name.as_str());
    read::set(&mut pod, "/metadata/labels/apps.kubernetes.io~1pod-index", number.to_string());
    read::set(&mut pod, REVISION, revision);
    read::set(&mut pod, "/spec/hostname", name.as_str());
    let service = read::text(set, "/spec/serviceName");
    if !service.is_empty() {
        read::set(&mut pod, "/spec/subdomain", service);
    }
    let mut volumes = read::list(&pod, "/spec/volumes").to_vec();
    for template in read::list(set, "/spec/volumeClaimTemplates") {
        let claim = numbered_claim(cluster, set, template, &name);
        volumes.push(json!({"name": read::name(template), "persistentVolumeClaim": {"claimName": claim}}));
    }
    if !volumes.is_empty() {
        read::set(&mut pod, "/spec/volumes", volumes);
    }
    match owned::create_pod(cluster, set, pod, SOURCE.component) {
        Ok(_) => {
            let message = format!("Create Pod {name} in StatefulSet {} successful", read::name(set));
            events::normal(cluster, SOURCE, set, "SuccessfulCreate", &message);
        }
        Err(problem) => {
            let message = format!("Create Pod {name} in StatefulSet {} failed error: {}", read::name(set), problem.message);
            events::warning(cluster, SOURCE, set, "FailedCreate", &message);
        }
    }
}

/// The claim of a template for one Pod, made if it is not there.
fn numbered_claim(cluster: &mut Cluster, set: &Value, template: &Value, pod: &str) -> String {
    let namespace = read::namespace(set).to_owned();
    let name = format!("{}-{pod}", read::name(template));
    if cluster.store.get(&CLAIM, &namespace, &name).is_none() {
        let claim = json!({
            "metadata": {"name": name, "labels": read::at(set, "/spec/selector/matchLabels")},
            "spec": read::at(template, "/spec"),
        });
        if let Ok(admitted) = admission::admit_new(cluster, &CLAIM, &namespace, claim, false, "") {
            cluster.store.put(&CLAIM, admitted);
            let message = format!("Create Claim {name} Pod {pod} in StatefulSet {} success", read::name(set));
            events::normal(cluster, SOURCE, set, "SuccessfulCreate", &message);
        }
    }
    name
}

fn write_stateful_set_status(cluster: &mut Cluster, set: &Value) {
    let update = revision(set);
    let min_ready = read::int(set, "/spec/minReadySeconds").unwrap_or(0);
    let pods: Vec<Arc<Value>> = numbered_pods(cluster, set).into_values().filter(|pod| is_active(pod)).collect();
    let current = match read::text(set, "/status/currentRevision") {
        "" => update.clone(),
        current => current.to_owned(),
    };
    let of = |revision: &str| pods.iter().filter(|pod| read::text(pod, REVISION) == revision).count();
    let wanted = read::int(set, "/spec/replicas").unwrap_or(1);
    let done = of(&update) == pods.len() && i64::try_from(pods.len()) == Ok(wanted);
    let current = if done { update.clone() } else { current };
    let mut available = 0;
    for pod in &pods {
        available += usize::from(owned::is_available(cluster, pod, min_ready));
    }
    let mut status = json!({
        "observedGeneration": read::int(set, "/metadata/generation").unwrap_or(1),
        "replicas": pods.len(),
        "currentRevision": current,
        "updateRevision": update,
        "collisionCount": 0,
        "availableReplicas": available,
    });
    for (field, number) in [
        ("/readyReplicas", pods.iter().filter(|pod| read::is_true(pod, "Ready")).count()),
        ("/currentReplicas", of(&current)),
        ("/updatedReplicas", of(&update)),
    ] {
        if number > 0 {
            read::set(&mut status, field, number);
        }
    }
    let mut changed = set.clone();
    read::set(&mut changed, "/status", status);
    cluster.store.put(&STATEFUL_SET, changed);
}

fn revision(set: &Value) -> String {
    format!("{}-{}", read::name(set), template_hash(read::at(set, "/spec/template")))
}
