//! The ReplicaSet controller: as many Pods as are wanted.

use std::sync::Arc;

use serde_json::{Value, json};

use super::owned::{self, condition, is_active};
use crate::sim::{
    admission,
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    resources::{POD, REPLICA_SET},
};

const SOURCE: Recorder<'static> = Recorder::controller("replicaset-controller");

/// Pods of one set; a real cluster's nodes would be full before.
const MOST: usize = 500;

pub(super) fn sync_replica_sets(cluster: &mut Cluster) {
    for set in cluster.store.list(&REPLICA_SET, None) {
        if !read::is_deleting(&set) {
            sync_replica_set(cluster, &set);
        }
    }
}

fn sync_replica_set(cluster: &mut Cluster, set: &Value) {
    let pods: Vec<Arc<Value>> = owned::pods_of(cluster, set).into_iter().filter(|pod| is_active(pod)).collect();
    let wanted = read::int(set, "/spec/replicas").unwrap_or(1);
    let wanted = usize::try_from(wanted).unwrap_or(0).min(MOST);
    let mut failure = None;
    if pods.len() < wanted {
        for _ in pods.len()..wanted {
            let mut pod = json!({"metadata": read::at(set, "/spec/template/metadata"), "spec": read::at(set, "/spec/template/spec")});
            read::set(&mut pod, "/metadata/generateName", format!("{}-", read::name(set)));
            if let Err(problem) = owned::create_pod(cluster, set, pod, SOURCE.component) {
                // A controller tries again after a while, and here with whatever changes: what it says, it says once.
                if read::text(read::condition(set, "ReplicaFailure"), "/message") != problem.message {
                    let message = format!("Error creating: {}", problem.message);
                    events::warning(cluster, SOURCE, set, "FailedCreate", &message);
                }
                failure = Some(problem.message);
                break;
            }
        }
    } else if pods.len() > wanted {
        for pod in surplus(&pods, pods.len() - wanted) {
            admission::begin_delete(cluster, &POD, &pod, None);
            let message = format!("Deleted pod: {}", read::name(&pod));
            events::normal(cluster, SOURCE, set, "SuccessfulDelete", &message);
        }
    }
    write_replica_set_status(cluster, set, failure.as_deref());
}

/// Those that cost the least to lose: not yet placed, not Ready, youngest.
fn surplus(pods: &[Arc<Value>], count: usize) -> Vec<Arc<Value>> {
    let mut pods = pods.to_vec();
    pods.sort_by_key(|pod| {
        (
            !read::text(pod, "/spec/nodeName").is_empty(),
            read::is_true(pod, "Ready"),
            std::cmp::Reverse(read::text(pod, "/metadata/creationTimestamp").to_owned()),
        )
    });
    pods.truncate(count);
    pods
}

fn write_replica_set_status(cluster: &mut Cluster, set: &Value, failure: Option<&str>) {
    let min_ready = read::int(set, "/spec/minReadySeconds").unwrap_or(0);
    let all = owned::pods_of(cluster, set);
    let active: Vec<&Arc<Value>> = all.iter().filter(|pod| is_active(pod)).collect();
    let ready = active.iter().filter(|pod| read::is_true(pod, "Ready")).count();
    let mut available = 0;
    for pod in &active {
        available += usize::from(owned::is_available(cluster, pod, min_ready));
    }
    let terminating = all.iter().filter(|pod| read::is_deleting(pod)).count();
    let mut status = json!({
        "replicas": active.len(),
        "observedGeneration": read::int(set, "/metadata/generation").unwrap_or(1),
        "terminatingReplicas": terminating,
    });
    for (field, count) in [("/fullyLabeledReplicas", active.len()), ("/readyReplicas", ready), ("/availableReplicas", available)] {
        if count > 0 {
            read::set(&mut status, field, count);
        }
    }
    if let Some(message) = failure {
        let now = cluster.clock.now_text();
        let failed = condition(set, &now, "ReplicaFailure", "True", "FailedCreate", message);
        read::set(&mut status, "/conditions", json!([failed]));
    }
    let mut changed = set.clone();
    read::set(&mut changed, "/status", status);
    cluster.store.put(&REPLICA_SET, changed);
}
