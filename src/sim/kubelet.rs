//! The kubelets: play what each image does, and write status, events and logs as real ones do.

mod container;
mod environment;
mod needs;
mod probe;
mod pull;
mod status;
mod volumes;

use std::time::Duration;

use serde_json::Value;

pub(super) use self::pull::tag_of;
use super::{
    clock::span,
    cluster::Cluster,
    events::{self, Recorder},
    json as read,
    resources::{NODE, POD},
    runtime::{ContainerRuntime, PodRuntime, Step},
};

/// How long a program takes to end when it is told to.
const STOP: Duration = Duration::from_millis(50);

pub(super) fn run_kubelets(cluster: &mut Cluster) {
    let pods = cluster.store.list(&POD, None);
    let mut known = std::mem::take(&mut cluster.pods);
    known.retain(|uid, _| pods.iter().any(|pod| read::uid(pod) == uid));
    cluster.pods = known;
    for pod in pods {
        let node = read::text(&pod, "/spec/nodeName");
        if node.is_empty() || cluster.store.get(&NODE, "", node).is_none() {
            continue;
        }
        let mut runtime = cluster.pods.remove(read::uid(&pod)).unwrap_or_default();
        if read::is_deleting(&pod) {
            stop_pod(cluster, &pod, &mut runtime);
        } else if !matches!(read::text(&pod, "/status/phase"), "Succeeded" | "Failed") {
            run_pod(cluster, &pod, &mut runtime);
        }
        cluster.pods.insert(read::uid(&pod).to_owned(), runtime);
    }
}

fn run_pod(cluster: &mut Cluster, pod: &Value, runtime: &mut PodRuntime) {
    if prepare(cluster, pod, runtime) {
        run_containers(cluster, pod, runtime);
    }
    status::write_pod_status(cluster, pod, runtime);
}

/// Volumes, then the sandbox; true once containers may start.
fn prepare(cluster: &mut Cluster, pod: &Value, runtime: &mut PodRuntime) -> bool {
    if runtime.address.is_some() {
        return true;
    }
    if let Err(message) = volumes::mountable(cluster, pod) {
        runtime.sandbox = None;
        // Half a second, doubled with each failure, at most about two minutes.
        let pause = Duration::from_millis(500 << runtime.mount_failures.min(8));
        if cluster.is_due(&format!("mount {}", read::uid(pod)), pause) {
            runtime.mount_failures += 1;
            let source = Recorder::kubelet(read::text(pod, "/spec/nodeName"));
            events::warning(cluster, source, pod, "FailedMount", &message);
        }
        return false;
    }
    let start = cluster.world.latency.start;
    let now = cluster.clock.elapsed();
    let ready = *runtime.sandbox.get_or_insert(now + start);
    if now < ready {
        cluster.timers.wake_at(ready);
        return false;
    }
    runtime.address = free_pod_address(cluster, read::text(pod, "/spec/nodeName"));
    true
}

/// An address of the node's own Pod network that no other Pod has.
fn free_pod_address(cluster: &Cluster, node: &str) -> Option<String> {
    let nodes = cluster.store.list(&NODE, None);
    let node = nodes.iter().find(|found| read::name(found) == node)?;
    let prefix = read::text(node, "/spec/podCIDR").strip_suffix("0/24")?;
    let taken: Vec<&str> = cluster.pods.values().filter_map(|pod| pod.address.as_deref()).collect();
    (2..255).map(|last| format!("{prefix}{last}")).find(|address| !taken.contains(&address.as_str()))
}

fn run_containers(cluster: &mut Cluster, pod: &Value, runtime: &mut PodRuntime) {
    for spec in read::list(pod, "/spec/initContainers") {
        let container = runtime.containers.entry(read::name_of(spec)).or_default();
        let sidecar = read::text(spec, "/restartPolicy") == "Always";
        container::step_container(cluster, pod, spec, container, true);
        let done = match &container.step {
            Step::Running { .. } => sidecar && container.started,
            Step::Ended { code, .. } => *code == 0 && !sidecar,
            Step::New
            | Step::Pulling { .. }
            | Step::NoImage { .. }
            | Step::Refused { .. }
            | Step::Starting { .. }
            | Step::BackOff { .. } => false,
        };
        if !done {
            return;
        }
    }
    for spec in read::list(pod, "/spec/containers") {
        let container = runtime.containers.entry(read::name_of(spec)).or_default();
        container::step_container(cluster, pod, spec, container, false);
    }
}

fn stop_pod(cluster: &mut Cluster, pod: &Value, runtime: &mut PodRuntime) {
    let now = cluster.clock.elapsed();
    let end = match runtime.end {
        Some(end) => end,
        None => {
            let source = Recorder::kubelet(read::text(pod, "/spec/nodeName"));
            let mut longest = STOP;
            for spec in read::list(pod, "/spec/containers") {
                let name = read::name_of(spec);
                let running = runtime.containers.get(&name).is_some_and(ContainerRuntime::is_running);
                if running {
                    let path = format!("spec.containers{{{name}}}");
                    let message = format!("Stopping container {name}");
                    events::record(cluster, source, pod, &path, "Normal", "Killing", &message);
                }
                if running && pull::play_of(cluster, spec).is_some_and(|play| play.ignore_term) {
                    let grace = read::int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
                    longest = span(grace);
                }
            }
            *runtime.end.insert(now + longest)
        }
    };
    if now < end {
        cluster.timers.wake_at(end);
    } else if read::list(pod, "/metadata/finalizers").is_empty() {
        cluster.store.remove(&POD, read::namespace(pod), read::name(pod));
    }
}
