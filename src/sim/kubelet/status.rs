//! A Pod's status, written from what its kubelet knows.

use serde_json::{Value, json};

use super::pull::{self, canonical};
use crate::sim::{
    clock::seconds,
    cluster::Cluster,
    json as read,
    names::digest,
    resources::{NODE, POD},
    runtime::{ContainerRuntime, PodRuntime, Step},
};

pub(super) fn write_pod_status(cluster: &mut Cluster, pod: &Value, runtime: &PodRuntime) {
    let Some(pod) = cluster.store.get(&POD, read::namespace(pod), read::name(pod)) else {
        return;
    };
    let init = read::list(&pod, "/spec/initContainers");
    let apps = read::list(&pod, "/spec/containers");
    let waiting = if init.is_empty() { "ContainerCreating" } else { "PodInitializing" };
    let describe =
        |specs: &[Value]| -> Vec<Value> { specs.iter().map(|spec| container_status(cluster, &pod, spec, runtime, waiting)).collect() };
    let (init_statuses, mut statuses) = (describe(init), describe(apps));
    let phase = phase(&pod, &init_statuses, &statuses);
    let mut status = read::at(&pod, "/status").clone();
    read::set(&mut status, "/phase", phase);
    read::set(&mut status, "/observedGeneration", read::int(&pod, "/metadata/generation").unwrap_or(1));
    read::default(&mut status, "/startTime", cluster.clock.now_text());
    let host = cluster.store.get(&NODE, "", read::text(&pod, "/spec/nodeName"));
    if let Some(address) = host.as_deref().map(|node| read::text(node, "/status/addresses/0/address")) {
        read::set(&mut status, "/hostIP", address);
        read::set(&mut status, "/hostIPs", json!([{"ip": address}]));
    }
    if let Some(address) = &runtime.address {
        read::set(&mut status, "/podIP", address.as_str());
        read::set(&mut status, "/podIPs", json!([{"ip": address}]));
    }
    let conditions = conditions(cluster, &pod, runtime, phase, &init_statuses, &statuses);
    read::set(&mut status, "/conditions", conditions);
    if !init_statuses.is_empty() {
        read::set(&mut status, "/initContainerStatuses", init_statuses);
    }
    // A kubelet reports them by name, and those that initialize in the order of the spec.
    statuses.sort_by(|a, b| read::text(a, "/name").cmp(read::text(b, "/name")));
    read::set(&mut status, "/containerStatuses", statuses);
    let mut changed = (*pod).clone();
    read::set(&mut changed, "/status", status);
    cluster.store.put(&POD, changed);
}

fn container_status(cluster: &Cluster, pod: &Value, spec: &Value, runtime: &PodRuntime, waiting: &str) -> Value {
    let name = read::text(spec, "/name");
    let image = read::text(spec, "/image");
    let unborn = ContainerRuntime::default();
    let container = runtime.containers.get(name).unwrap_or(&unborn);
    let created = !container.id.is_empty();
    let full = canonical(image);
    let done = matches!(&container.step, Step::Ended { code: 0, .. }) && container.init;
    let mut status = json!({
        "name": name,
        "state": state(cluster, pod, spec, container, waiting),
        "lastState": {},
        "ready": (container.is_running() && container.ready && container.started) || done,
        "restartCount": container.restarts,
        "image": if created { full.as_str() } else { image },
        "imageID": "",
        "started": container.is_running() && container.started,
    });
    if created {
        let repository = full.rsplit_once(':').map_or(full.as_str(), |(repository, _)| repository);
        let digest = digest(&full);
        read::set(&mut status, "/imageID", format!("{repository}@sha256:{digest}"));
        read::set(&mut status, "/containerID", container.id.as_str());
        let resources = read::at(spec, "/resources");
        read::set(&mut status, "/resources", resources.clone());
        if let Some(requests) = resources.get("requests") {
            read::set(&mut status, "/allocatedResources", requests.clone());
        }
    }
    if !container.last.is_null() && !matches!(container.step, Step::Ended { .. }) {
        read::set(&mut status, "/lastState/terminated", container.last.clone());
    }
    let mounts: Vec<Value> = read::list(spec, "/volumeMounts")
        .iter()
        .map(|mount| {
            let mut shown = json!({"name": read::at(mount, "/name"), "mountPath": read::at(mount, "/mountPath")});
            if read::at(mount, "/readOnly").as_bool() == Some(true) {
                read::set(&mut shown, "/readOnly", true);
                read::set(&mut shown, "/recursiveReadOnly", "Disabled");
            }
            shown
        })
        .collect();
    if !mounts.is_empty() {
        read::set(&mut status, "/volumeMounts", mounts);
    }
    status
}

fn state(cluster: &Cluster, pod: &Value, spec: &Value, container: &ContainerRuntime, waiting: &str) -> Value {
    let image = read::text(spec, "/image");
    match &container.step {
        Step::Pulling { failed: Some(error), .. } => pull_back_off(image, error),
        Step::New | Step::Pulling { .. } | Step::Starting { .. } if container.restarts == 0 => {
            json!({"waiting": {"reason": waiting}})
        }
        // Between an end and the next start a reader sees the end.
        Step::New | Step::Pulling { .. } | Step::Starting { .. } => {
            json!({"terminated": container.last})
        }
        Step::NoImage { error, failed_at, .. } if !pull::shows_back_off(cluster, *failed_at) => {
            json!({"waiting": {"reason": "ErrImagePull", "message": error}})
        }
        Step::NoImage { error, .. } => pull_back_off(image, error),
        Step::Refused { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
        Step::Running { since, .. } => {
            json!({"running": {"startedAt": seconds(cluster.clock.time_at(*since))}})
        }
        Step::Ended { .. } => json!({"terminated": container.last}),
        Step::BackOff { pause, .. } => {
            let message = format!(
                "back-off {} restarting failed container={} pod={}_{}({})",
                minutes(pause.as_secs()),
                read::text(spec, "/name"),
                read::name(pod),
                read::namespace(pod),
                read::uid(pod)
            );
            json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}})
        }
    }
}

fn conditions(cluster: &Cluster, pod: &Value, runtime: &PodRuntime, phase: &str, init: &[Value], apps: &[Value]) -> Vec<Value> {
    let now = cluster.clock.now_text();
    let make = |kind: &str, status: bool, reason: &str, message: &str| {
        let old = read::condition(pod, kind);
        let word = if status { "True" } else { "False" };
        let since = if read::text(old, "/status") == word { read::text(old, "/lastTransitionTime") } else { now.as_str() };
        let mut made = json!({
            "type": kind, "status": word, "lastProbeTime": null, "lastTransitionTime": since,
            "observedGeneration": read::int(pod, "/metadata/generation").unwrap_or(1),
        });
        if !reason.is_empty() {
            read::set(&mut made, "/reason", reason);
        }
        if !message.is_empty() {
            read::set(&mut made, "/message", message);
        }
        made
    };
    let ended = match phase {
        "Succeeded" => Some("PodCompleted"),
        "Failed" => Some("PodFailed"),
        _ => None,
    };
    let undone = names(init.iter().filter(|status| {
        let running = read::at(status, "/started").as_bool() == Some(true);
        read::at(status, "/ready").as_bool() != Some(true) && !running
    }));
    let unready = names(apps.iter().filter(|status| read::at(status, "/ready").as_bool() != Some(true)));
    let readiness = |kind: &str| match ended {
        Some(reason) => make(kind, false, reason, ""),
        None if unready.is_empty() && undone.is_empty() => make(kind, true, "", ""),
        None => make(kind, false, "ContainersNotReady", &format!("containers with unready status: [{unready}]")),
    };
    let initialized = if undone.is_empty() || ended.is_some() {
        make("Initialized", true, ended.filter(|_| phase == "Succeeded").unwrap_or_default(), "")
    } else {
        make("Initialized", false, "ContainersNotInitialized", &format!("containers with incomplete status: [{undone}]"))
    };
    vec![
        if runtime.address.is_some() && ended.is_none() {
            make("PodReadyToStartContainers", true, "", "")
        } else {
            make("PodReadyToStartContainers", false, "PodSandboxNotReady", "no pod sandbox exists")
        },
        initialized,
        readiness("Ready"),
        readiness("ContainersReady"),
        read::condition(pod, "PodScheduled").clone(),
    ]
}

fn pull_back_off(image: &str, error: &str) -> Value {
    let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {error}");
    json!({"waiting": {"reason": "ImagePullBackOff", "message": message}})
}

fn names<'a>(statuses: impl Iterator<Item = &'a Value>) -> String {
    statuses.map(|status| read::text(status, "/name")).collect::<Vec<_>>().join(" ")
}

fn phase(pod: &Value, init: &[Value], apps: &[Value]) -> &'static str {
    let policy = read::text(pod, "/spec/restartPolicy");
    let code = |status: &Value| read::int(status, "/state/terminated/exitCode");
    if policy == "Never" && init.iter().any(|status| code(status).is_some_and(|code| code != 0)) {
        return "Failed";
    }
    let ran = |status: &Value| {
        read::at(status, "/state/running").is_object()
            || read::at(status, "/state/terminated").is_object()
            || read::at(status, "/lastState/terminated").is_object()
    };
    let over = |status: &Value| match code(status) {
        None => false,
        Some(0) => policy != "Always",
        Some(_) => policy == "Never",
    };
    if apps.iter().all(over) && !apps.is_empty() {
        return if apps.iter().all(|status| code(status) == Some(0)) { "Succeeded" } else { "Failed" };
    }
    if apps.iter().all(ran) { "Running" } else { "Pending" }
}

/// A pause as Go writes it: `10s`, `2m40s`.
fn minutes(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds}s"),
        (minutes, seconds) => format!("{minutes}m{seconds}s"),
    }
}
