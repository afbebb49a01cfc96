//! What controllers share: the Pods that an object owns, whether they are available, and conditions.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::sim::{
    admission,
    clock::span,
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    problem::Problem,
    resources::POD,
};

/// Makes a Pod from a template for the object that owns it.
pub(super) fn create_pod(cluster: &mut Cluster, owner: &Value, mut pod: Value, component: &str) -> Result<String, Problem> {
    read::set(&mut pod, "/apiVersion", "v1");
    read::set(&mut pod, "/kind", "Pod");
    read::set(&mut pod, "/metadata/ownerReferences", json!([reference(owner)]));
    let namespace = read::namespace(owner).to_owned();
    let admitted = admission::admit_new(cluster, &POD, &namespace, pod, false, "")?;
    let name = read::name(&admitted).to_owned();
    cluster.store.put(&POD, admitted);
    if component == "replicaset-controller" {
        let message = format!("Created pod: {name}");
        events::normal(cluster, Recorder::controller(component), owner, "SuccessfulCreate", &message);
    }
    Ok(name)
}

pub(super) fn pods_of(cluster: &Cluster, owner: &Value) -> Vec<Arc<Value>> {
    cluster.store.list(&POD, Some(read::namespace(owner))).into_iter().filter(|pod| read::is_controlled_by(pod, owner)).collect()
}

/// Whether a Pod has been Ready for long enough; asks to be woken when it will have been.
pub(super) fn is_available(cluster: &mut Cluster, pod: &Value, min_ready: i64) -> bool {
    if !read::is_true(pod, "Ready") {
        return false;
    }
    if min_ready == 0 {
        return true;
    }
    let since = read::text(read::condition(pod, "Ready"), "/lastTransitionTime");
    let Ok(since) = since.parse::<Timestamp>() else {
        return false;
    };
    let held = cluster.clock.now().duration_since(since).as_secs();
    if held < min_ready {
        let missing = span(min_ready - held);
        cluster.timers.wake_at(cluster.clock.elapsed() + missing);
    }
    held >= min_ready
}

/// The reference to an object that controls another.
pub(super) fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": read::at(owner, "/apiVersion"), "kind": read::at(owner, "/kind"),
        "name": read::name(owner), "uid": read::uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Neither ended nor about to be deleted.
pub(super) fn is_active(pod: &Value) -> bool {
    !read::is_deleting(pod) && !matches!(read::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// A condition of a controller's object, which keeps the time of its last change of status.
pub(super) fn condition(object: &Value, now: &str, kind: &str, status: &str, reason: &str, message: &str) -> Value {
    let old = read::condition(object, kind);
    let since = if read::text(old, "/status") == status { read::text(old, "/lastTransitionTime") } else { now };
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    })
}
