//! How far a rollout may go at each step, and what a Deployment's status says about it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    owned::condition,
    sets::{Sets, count},
};
use crate::sim::{clock::span, cluster::Cluster, json as read, resources::DEPLOYMENT};

pub(super) struct Limits {
    pub(super) surge: i64,
    pub(super) unavailable: i64,
}

/// How many Pods may be too many and too few; both cannot be none.
pub(super) fn limits(deployment: &Value) -> Limits {
    let wanted = count(deployment, "/spec/replicas");
    if read::text(deployment, "/spec/strategy/type") == "Recreate" {
        return Limits { surge: 0, unavailable: wanted };
    }
    let resolve = |pointer: &str, round_up: bool| {
        let value = read::at(deployment, pointer);
        if let Some(number) = value.as_i64() {
            return number;
        }
        let percent: i64 = value.as_str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse().ok()).unwrap_or(25);
        let extra = if round_up { 99 } else { 0 };
        (wanted * percent.clamp(0, 1_000) + extra) / 100
    };
    let surge = resolve("/spec/strategy/rollingUpdate/maxSurge", true);
    let unavailable = resolve("/spec/strategy/rollingUpdate/maxUnavailable", false);
    Limits { surge, unavailable: if surge == 0 && unavailable == 0 { 1 } else { unavailable } }
}

/// How many replicas the new set may have now.
pub(super) fn new_replicas(deployment: &Value, sets: &Sets) -> i64 {
    let wanted = count(deployment, "/spec/replicas");
    let has = sets.new.as_deref().map_or(0, |set| count(set, "/spec/replicas"));
    if has >= wanted {
        return wanted;
    }
    let room = wanted + limits(deployment).surge - sets.sum("/spec/replicas");
    has + room.clamp(0, wanted - has)
}

/// Which old sets may shrink now, and to what: unhealthy Pods first, then as many as stay available without.
pub(super) fn old_replicas(deployment: &Value, sets: &Sets) -> Vec<(Arc<Value>, i64)> {
    let Some(new) = &sets.new else {
        return Vec::new();
    };
    let min_available = count(deployment, "/spec/replicas") - limits(deployment).unavailable;
    let new_unavailable = count(new, "/spec/replicas") - count(new, "/status/availableReplicas");
    let mut spare = sets.sum("/spec/replicas") - min_available - new_unavailable;
    let mut healthy_spare = sets.sum("/status/availableReplicas") - min_available;
    let mut shrunk = Vec::new();
    for set in &sets.old {
        let has = count(set, "/spec/replicas");
        let unhealthy = (has - count(set, "/status/availableReplicas")).clamp(0, spare.max(0));
        let healthy = (has - unhealthy).min(healthy_spare).min(spare - unhealthy).max(0);
        spare -= unhealthy + healthy;
        healthy_spare -= healthy;
        if unhealthy + healthy > 0 {
            shrunk.push((Arc::clone(set), has - unhealthy - healthy));
        }
    }
    shrunk
}

/// Says on the Deployment that its rollout has got somewhere.
pub(super) fn note_progress(cluster: &mut Cluster, deployment: &mut Arc<Value>, reason: &str, message: &str) {
    let mut changed = (**deployment).clone();
    let progressing = progressing(cluster, deployment, "True", reason, message);
    let mut conditions: Vec<Value> = read::list(deployment, "/status/conditions")
        .iter()
        .filter(|condition| read::text(condition, "/type") != "Progressing")
        .cloned()
        .collect();
    conditions.push(progressing);
    read::set(&mut changed, "/status/conditions", conditions);
    *deployment = cluster.store.put(&DEPLOYMENT, changed);
}

fn progressing(cluster: &Cluster, deployment: &Value, status: &str, reason: &str, message: &str) -> Value {
    let now = cluster.clock.now_text();
    let mut made = condition(deployment, &now, "Progressing", status, reason, message);
    read::set(&mut made, "/lastUpdateTime", now);
    made
}

pub(super) fn write_deployment_status(cluster: &mut Cluster, deployment: &Value, sets: &Sets) {
    let wanted = count(deployment, "/spec/replicas");
    let of_new = |pointer: &str| sets.new.as_deref().map_or(0, |set| count(set, pointer));
    let (replicas, updated) = (sets.sum("/status/replicas"), of_new("/status/replicas"));
    let (ready, available) = (sets.sum("/status/readyReplicas"), sets.sum("/status/availableReplicas"));
    let mut status = json!({
        "observedGeneration": read::int(deployment, "/metadata/generation").unwrap_or(1),
        "terminatingReplicas": sets.sum("/status/terminatingReplicas"),
    });
    for (field, number) in [
        ("/replicas", replicas),
        ("/updatedReplicas", updated),
        ("/readyReplicas", ready),
        ("/availableReplicas", available),
        ("/unavailableReplicas", (sets.sum("/spec/replicas") - available).max(0)),
    ] {
        if number > 0 {
            read::set(&mut status, field, number);
        }
    }
    let enough = available >= wanted - limits(deployment).unavailable;
    let (is, reason, message) = if enough {
        ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    } else {
        ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    };
    let now = cluster.clock.now_text();
    let mut conditions = vec![available_condition(deployment, &now, is, reason, message)];
    let complete = updated == wanted && replicas == wanted && available == wanted;
    if let Some(progress) = progress(cluster, deployment, sets, &status, complete) {
        conditions.push(progress);
    }
    if let Some(failed) = sets.new.as_deref().map(|set| read::condition(set, "ReplicaFailure")).filter(|failed| failed.is_object()) {
        conditions.push(failed.clone());
    }
    read::set(&mut status, "/conditions", conditions);
    let mut changed = deployment.clone();
    read::set(&mut changed, "/status", status);
    cluster.store.put(&DEPLOYMENT, changed);
}

fn progress(cluster: &mut Cluster, deployment: &Value, sets: &Sets, status: &Value, complete: bool) -> Option<Value> {
    let old = read::condition(deployment, "Progressing").clone();
    let name = sets
        .new
        .as_deref()
        .map_or_else(|| format!("Deployment \"{}\"", read::name(deployment)), |set| format!("ReplicaSet \"{}\"", read::name(set)));
    if complete {
        if read::text(&old, "/reason") == "NewReplicaSetAvailable" && read::text(&old, "/message").contains(&name) {
            return Some(old);
        }
        let message = format!("{name} has successfully progressed.");
        return Some(progressing(cluster, deployment, "True", "NewReplicaSetAvailable", &message));
    }
    let was = |field: &str| count(deployment, &format!("/status/{field}"));
    let is = |field: &str| count(status, &format!("/{field}"));
    let moved = is("updatedReplicas") > was("updatedReplicas")
        || is("replicas") - is("updatedReplicas") < was("replicas") - was("updatedReplicas")
        || is("readyReplicas") > was("readyReplicas")
        || is("availableReplicas") > was("availableReplicas");
    if moved {
        let message = format!("{name} is progressing.");
        return Some(progressing(cluster, deployment, "True", "ReplicaSetUpdated", &message));
    }
    let rolled_out = read::text(&old, "/reason") == "NewReplicaSetAvailable" && is("replicas") == is("updatedReplicas");
    if old.is_null() || rolled_out || read::text(&old, "/reason") == "ProgressDeadlineExceeded" {
        return (!old.is_null()).then_some(old);
    }
    let deadline = read::int(deployment, "/spec/progressDeadlineSeconds").unwrap_or(600);
    let Ok(since) = read::text(&old, "/lastUpdateTime").parse::<Timestamp>() else {
        return Some(old);
    };
    let held = cluster.clock.now().duration_since(since).as_secs();
    if held <= deadline {
        let left = span((deadline - held).saturating_add(1));
        cluster.timers.wake_at(cluster.clock.elapsed() + left);
        return Some(old);
    }
    let message = format!("{name} has timed out progressing.");
    Some(progressing(cluster, deployment, "False", "ProgressDeadlineExceeded", &message))
}

fn available_condition(deployment: &Value, now: &str, is: &str, reason: &str, message: &str) -> Value {
    let old = read::condition(deployment, "Available");
    if read::text(old, "/status") == is {
        return old.clone();
    }
    let mut made = condition(deployment, now, "Available", is, reason, message);
    read::set(&mut made, "/lastUpdateTime", now);
    made
}
