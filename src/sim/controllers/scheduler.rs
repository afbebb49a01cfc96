//! The scheduler: finds a node for each Pod, or says in the real one's words why there is none.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::owned::condition;
use crate::sim::{
    cluster::Cluster,
    events, json as read,
    quantity::quantity,
    resources::{CLAIM, NODE, POD, STORAGE_CLASS},
    selector::Selector,
};

/// How often a Pod that fits nowhere is tried again though nothing changed.
const RETRY: Duration = Duration::from_secs(300);
const SELECTED_NODE: &str = "/metadata/annotations/volume.kubernetes.io~1selected-node";

/// Where a Pod may go.
enum Placement {
    Node(String),
    /// Placed as soon as its claims are bound.
    Waiting,
    Nowhere(String),
}

pub(super) fn schedule(cluster: &mut Cluster) {
    for pod in cluster.store.list(&POD, None) {
        let waits = read::text(&pod, "/spec/nodeName").is_empty()
            && !read::is_deleting(&pod)
            && read::text(&pod, "/spec/schedulerName") == "default-scheduler"
            && read::list(&pod, "/spec/schedulingGates").is_empty();
        if !waits {
            continue;
        }
        match find_node(cluster, &pod) {
            Placement::Node(node) => bind(cluster, &pod, &node),
            Placement::Waiting => {}
            Placement::Nowhere(message) => refuse(cluster, &pod, &message),
        }
    }
}

fn find_node(cluster: &mut Cluster, pod: &Value) -> Placement {
    let nodes = cluster.store.list(&NODE, None);
    let head = format!("0/{} nodes are available", nodes.len());
    let claims = match claims_of(cluster, pod) {
        Ok(claims) => claims,
        Err(why) => return Placement::Nowhere(format!("{head}: {why}. not found")),
    };
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let mut fitting = Vec::new();
    for node in &nodes {
        match unfit(cluster, pod, node) {
            None => fitting.push(read::name(node).to_owned()),
            Some(reason) => *reasons.entry(reason).or_default() += 1,
        }
    }
    let selected =
        claims.iter().map(|claim| read::text(claim, SELECTED_NODE)).find(|node| fitting.iter().any(|name| name == node)).map(str::to_owned);
    let Some(node) = selected.or_else(|| least_used(cluster, &fitting)) else {
        return Placement::Nowhere(format!("{head}: {}", explain(&reasons, nodes.len())));
    };
    let mut waiting = false;
    for claim in &claims {
        if read::text(claim, "/status/phase") != "Bound" {
            waiting = true;
            let mut changed = (**claim).clone();
            read::set(&mut changed, SELECTED_NODE, node.as_str());
            cluster.store.put(&CLAIM, changed);
        }
    }
    if waiting { Placement::Waiting } else { Placement::Node(node) }
}

/// The claims that a Pod names, or why none of the nodes can do for want of one.
fn claims_of(cluster: &Cluster, pod: &Value) -> Result<Vec<Arc<Value>>, String> {
    let mut claims = Vec::new();
    for volume in read::list(pod, "/spec/volumes") {
        let name = read::text(volume, "/persistentVolumeClaim/claimName");
        if name.is_empty() {
            continue;
        }
        let claim =
            cluster.store.get(&CLAIM, read::namespace(pod), name).ok_or_else(|| format!("persistentvolumeclaim \"{name}\" not found"))?;
        if read::is_deleting(&claim) {
            return Err(format!("persistentvolumeclaim \"{name}\" is being deleted"));
        }
        claims.push(claim);
    }
    let waits_for_consumer = |claim: &Value| {
        let name = read::text(claim, "/spec/storageClassName");
        let class = cluster.store.get(&STORAGE_CLASS, "", name);
        class.is_some_and(|class| read::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer")
    };
    let immediate = |claim: &Value| read::text(claim, "/status/phase") != "Bound" && !waits_for_consumer(claim);
    if claims.iter().any(|claim| immediate(claim)) {
        return Err("pod has unbound immediate PersistentVolumeClaims".to_owned());
    }
    Ok(claims)
}

/// Why this node won't do, if it won't.
fn unfit(cluster: &Cluster, pod: &Value, node: &Value) -> Option<String> {
    let tolerates = |taint: &Value| {
        read::list(pod, "/spec/tolerations").iter().any(|toleration| {
            let effect = read::text(toleration, "/effect");
            let key = read::text(toleration, "/key");
            (effect.is_empty() || effect == read::text(taint, "/effect"))
                && (key.is_empty() || key == read::text(taint, "/key"))
                && (read::text(toleration, "/operator") == "Exists" || read::text(toleration, "/value") == read::text(taint, "/value"))
        })
    };
    if read::at(node, "/spec/unschedulable").as_bool() == Some(true) {
        return Some("node(s) were unschedulable".to_owned());
    }
    let repels =
        read::list(node, "/spec/taints").iter().any(|taint| read::text(taint, "/effect") != "PreferNoSchedule" && !tolerates(taint));
    if repels {
        return Some("node(s) had untolerated taint(s)".to_owned());
    }
    if !wants(pod, node) {
        return Some("node(s) didn't match Pod's node affinity/selector".to_owned());
    }
    let here: Vec<Arc<Value>> = cluster
        .store
        .list(&POD, None)
        .into_iter()
        .filter(|other| read::text(other, "/spec/nodeName") == read::name(node))
        .filter(|other| !matches!(read::text(other, "/status/phase"), "Succeeded" | "Failed"))
        .collect();
    ["cpu", "memory"].into_iter().find_map(|resource| {
        let used: f64 = here.iter().map(|other| requested(other, resource)).sum();
        let room = quantity(read::at(node, &format!("/status/allocatable/{resource}")));
        let wanted = requested(pod, resource);
        (wanted > 0.0 && used + wanted > room).then(|| format!("Insufficient {resource}"))
    })
}

fn least_used(cluster: &Cluster, nodes: &[String]) -> Option<String> {
    let pods = cluster.store.list(&POD, None);
    nodes.iter().min_by_key(|node| pods.iter().filter(|pod| read::text(pod, "/spec/nodeName") == node.as_str()).count()).cloned()
}

fn bind(cluster: &mut Cluster, pod: &Value, node: &str) {
    let mut bound = pod.clone();
    read::set(&mut bound, "/spec/nodeName", node);
    let now = cluster.clock.now_text();
    let scheduled = pod_condition(pod, &now, "True", "", "");
    read::set(&mut bound, "/status/conditions", json!([scheduled]));
    let generation = read::at(pod, "/metadata/generation").clone();
    let stored = cluster.store.put(&POD, bound);
    // Placing a Pod is no change of what was wished.
    let mut same = (*stored).clone();
    read::set(&mut same, "/metadata/generation", generation);
    let stored = cluster.store.put(&POD, same);
    let message = format!("Successfully assigned {}/{} to {node}", read::namespace(pod), read::name(pod));
    events::record_scheduling(cluster, &stored, "Normal", "Scheduled", &message);
}

fn refuse(cluster: &mut Cluster, pod: &Value, message: &str) {
    let known = read::text(read::condition(pod, "PodScheduled"), "/message");
    // That a claim has gone is no reason to try a refused Pod again; the real scheduler says nothing either.
    if !known.is_empty() && known != message && message.ends_with("not found. not found") {
        return;
    }
    let key = format!("schedule {}", read::uid(pod));
    if known != message {
        cluster.timers.last_done.remove(&key);
    }
    if !cluster.is_due(&key, RETRY) {
        return;
    }
    let mut changed = pod.clone();
    let now = cluster.clock.now_text();
    let unschedulable = pod_condition(pod, &now, "False", "Unschedulable", message);
    read::set(&mut changed, "/status/conditions", json!([unschedulable]));
    let stored = cluster.store.put(&POD, changed);
    events::record_scheduling(cluster, &stored, "Warning", "FailedScheduling", message);
}

fn pod_condition(pod: &Value, now: &str, status: &str, reason: &str, message: &str) -> Value {
    let mut made = condition(pod, now, "PodScheduled", status, reason, message);
    for empty in ["/reason", "/message"] {
        if read::text(&made, empty).is_empty() {
            read::remove(&mut made, empty);
        }
    }
    read::set(&mut made, "/lastProbeTime", Value::Null);
    read::set(&mut made, "/observedGeneration", read::int(pod, "/metadata/generation").unwrap_or(1));
    made
}

/// What the scheduler says of nodes that won't do, and of making room on them.
fn explain(reasons: &BTreeMap<String, usize>, nodes: usize) -> String {
    let mut said: Vec<String> = reasons.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
    said.sort();
    let full: usize = reasons.iter().filter(|(reason, _)| reason.starts_with("Insufficient")).map(|(_, count)| count).sum();
    let mut tails = Vec::new();
    if full > 0 {
        tails.push(format!("{full} No preemption victims found for incoming pod"));
    }
    if nodes > full {
        tails.push(format!("{} Preemption is not helpful for scheduling", nodes - full));
    }
    format!("{}. preemption: 0/{nodes} nodes are available: {}.", said.join(", "), tails.join(", "))
}

/// Whether the node carries what the Pod's selector and required affinity ask for.
fn wants(pod: &Value, node: &Value) -> bool {
    if !Selector::of_map(pod, "/spec/nodeSelector").matches(node) {
        return false;
    }
    let terms = read::list(pod, "/spec/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms");
    terms.is_empty() || terms.iter().any(|term| Selector::of_expressions(read::list(term, "/matchExpressions")).matches(node))
}

fn requested(pod: &Value, resource: &str) -> f64 {
    read::list(pod, "/spec/containers")
        .iter()
        .map(|container| {
            let request = read::at(container, &format!("/resources/requests/{resource}"));
            let limit = read::at(container, &format!("/resources/limits/{resource}"));
            quantity(if request.is_null() { limit } else { request })
        })
        .sum()
}
