//! The Deployment controller: one ReplicaSet for each revision, and the way from one to the next.

use std::{cmp::Reverse, sync::Arc};

use serde_json::{Value, json};

use super::{
    owned::{self, is_active, reference},
    rollout,
    sets::{self, HASH, REVISION, Sets, count, revision},
};
use crate::sim::{
    admission,
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    names::template_hash,
    resources::{DEPLOYMENT, REPLICA_SET},
};

const SOURCE: Recorder<'static> = Recorder::controller("deployment-controller");
/// Annotations that are the Deployment's own and don't go to its ReplicaSets.
const OWN: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

/// Notes the revision that a set had before it is used for another.
fn remember_revision(set: &mut Value) {
    const HISTORY: &str = "/metadata/annotations/deployment.kubernetes.io~1revision-history";
    let before = read::text(set, REVISION);
    let history = match read::text(set, HISTORY) {
        "" => before.to_owned(),
        earlier => format!("{earlier},{before}"),
    };
    read::set(set, HISTORY, history);
}

pub(super) fn sync_deployments(cluster: &mut Cluster) {
    for deployment in cluster.store.list(&DEPLOYMENT, None) {
        if !read::is_deleting(&deployment) {
            sync_deployment(cluster, &deployment);
        }
    }
}

fn sync_deployment(cluster: &mut Cluster, deployment: &Arc<Value>) {
    let mut deployment = Arc::clone(deployment);
    let paused = read::at(&deployment, "/spec/paused").as_bool() == Some(true);
    if !paused {
        let sets = sets::sets_of(cluster, &deployment);
        if read::text(&deployment, "/spec/strategy/type") == "Recreate" {
            recreate(cluster, &mut deployment, &sets);
        } else {
            roll(cluster, &mut deployment, &sets);
        }
    }
    let sets = sets::sets_of(cluster, &deployment);
    clean_up(cluster, &deployment, &sets);
    rollout::write_deployment_status(cluster, &deployment, &sets);
}

/// The ReplicaSet of the Deployment's template, made or brought to the newest revision.
fn newest(cluster: &mut Cluster, deployment: &mut Arc<Value>, sets: &Sets, replicas: i64) -> Arc<Value> {
    let next = sets.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
    let set = if let Some(set) = &sets.new {
        let mut changed = (**set).clone();
        if revision(set) < next {
            remember_revision(&mut changed);
            read::set(&mut changed, REVISION, next.to_string());
            rollout::note_progress(cluster, deployment, "FoundNewReplicaSet", &format!("Found new replica set \"{}\"", read::name(set)));
        }
        cluster.store.put(&REPLICA_SET, changed)
    } else {
        let set = create_replica_set(cluster, deployment, next, replicas);
        let name = read::name(&set).to_owned();
        rollout::note_progress(cluster, deployment, "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
        if replicas > 0 {
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            events::normal(cluster, SOURCE, deployment, "ScalingReplicaSet", &message);
        }
        set
    };
    let current = revision(&set).max(next);
    if revision(deployment) != current {
        let mut changed = (**deployment).clone();
        read::set(&mut changed, REVISION, current.to_string());
        *deployment = cluster.store.put(&DEPLOYMENT, changed);
    }
    set
}

fn create_replica_set(cluster: &mut Cluster, deployment: &Value, revision: i64, replicas: i64) -> Arc<Value> {
    let hash = template_hash(read::at(deployment, "/spec/template"));
    let mut template = read::at(deployment, "/spec/template").clone();
    read::set(&mut template, &format!("/metadata/labels/{HASH}"), hash.as_str());
    let mut selector = read::at(deployment, "/spec/selector").clone();
    read::set(&mut selector, &format!("/matchLabels/{HASH}"), hash.as_str());
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", read::name(deployment)),
            "namespace": read::namespace(deployment),
            "labels": read::at(&template, "/metadata/labels"),
            "ownerReferences": [reference(deployment)],
        },
        "spec": {"replicas": replicas, "selector": selector, "template": template},
        "status": {"replicas": 0},
    });
    for (key, value) in read::pairs(deployment, "/metadata/annotations") {
        if !OWN.contains(&key) {
            read::object_mut(&mut set, "/metadata/annotations").insert(key.to_owned(), json!(value));
        }
    }
    let min_ready = read::at(deployment, "/spec/minReadySeconds");
    if !min_ready.is_null() {
        read::set(&mut set, "/spec/minReadySeconds", min_ready.clone());
    }
    read::set(&mut set, REVISION, revision.to_string());
    annotate_sizes(deployment, &mut set);
    cluster.create(&REPLICA_SET, set)
}

fn annotate_sizes(deployment: &Value, set: &mut Value) {
    let wanted = count(deployment, "/spec/replicas");
    let limits = rollout::limits(deployment);
    let annotations = read::object_mut(set, "/metadata/annotations");
    annotations.insert("deployment.kubernetes.io/desired-replicas".to_owned(), json!(wanted.to_string()));
    annotations.insert("deployment.kubernetes.io/max-replicas".to_owned(), json!((wanted + limits.surge).to_string()));
}

fn roll(cluster: &mut Cluster, deployment: &mut Arc<Value>, sets: &Sets) {
    let first = rollout::new_replicas(deployment, sets);
    newest(cluster, deployment, sets, first);
    let sets = sets::sets_of(cluster, deployment);
    if let Some(new) = &sets.new {
        let wanted = rollout::new_replicas(deployment, &sets);
        if wanted != count(new, "/spec/replicas") {
            scale(cluster, deployment, new, wanted);
            return;
        }
    }
    for (set, replicas) in rollout::old_replicas(deployment, &sets) {
        scale(cluster, deployment, &set, replicas);
    }
}

fn recreate(cluster: &mut Cluster, deployment: &mut Arc<Value>, sets: &Sets) {
    let mut busy = false;
    for set in &sets.old {
        if count(set, "/spec/replicas") > 0 {
            scale(cluster, deployment, set, 0);
        }
        busy |= owned::pods_of(cluster, set).iter().any(|pod| is_active(pod) || read::is_deleting(pod));
    }
    if busy {
        return;
    }
    let wanted = count(deployment, "/spec/replicas");
    let new = newest(cluster, deployment, sets, wanted);
    if count(&new, "/spec/replicas") != wanted {
        scale(cluster, deployment, &new, wanted);
    }
}

fn scale(cluster: &mut Cluster, deployment: &Value, set: &Value, replicas: i64) {
    let before = count(set, "/spec/replicas");
    let mut changed = set.clone();
    read::set(&mut changed, "/spec/replicas", replicas);
    annotate_sizes(deployment, &mut changed);
    cluster.store.put(&REPLICA_SET, changed);
    let direction = if replicas > before { "up" } else { "down" };
    let message = format!("Scaled {direction} replica set {} from {before} to {replicas}", read::name(set));
    events::normal(cluster, SOURCE, deployment, "ScalingReplicaSet", &message);
}

/// Deletes the oldest empty ReplicaSets beyond the history that is kept.
fn clean_up(cluster: &mut Cluster, deployment: &Value, sets: &Sets) {
    let kept = read::int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10);
    let kept = usize::try_from(kept).unwrap_or(0);
    let mut empty: Vec<&Arc<Value>> =
        sets.old.iter().filter(|set| count(set, "/spec/replicas") == 0 && count(set, "/status/replicas") == 0).collect();
    empty.sort_by_key(|set| Reverse(revision(set)));
    for set in empty.into_iter().skip(kept) {
        admission::begin_delete(cluster, &REPLICA_SET, set, None);
    }
}
