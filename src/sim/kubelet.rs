//! The kubelets: play what each image does, and write status, events and logs as real ones do.

mod container;
mod environment;
mod needs;
mod probe;
mod pull;
mod status;
mod volumes;

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

pub(super) use self::{
    container::{ContainerRuntime, Step},
    pull::tag_of,
};
use super::{
    cluster::{Cluster, span},
    events::Source,
    json as read,
    resources::{NODE, POD},
};

/// How long a program takes to end when it is told to.
const STOP: Duration = Duration::from_millis(50);

/// What a kubelet knows about one Pod.
#[derive(Debug, Default)]
pub(super) struct PodRuntime {
    /// When its sandbox will be there.
    sandbox: Option<Duration>,
    address: Option<String>,
    pub(super) containers: BTreeMap<String, ContainerRuntime>,
    mount_failures: u32,
    /// When it will be gone, once it was deleted.
    end: Option<Duration>,
}

impl Cluster {
    pub(super) fn run_kubelets(&mut self) {
        let pods = self.store.list(&POD, None);
        let mut known = std::mem::take(&mut self.pods);
        known.retain(|uid, _| pods.iter().any(|pod| read::uid(pod) == uid));
        self.pods = known;
        for pod in pods {
            let node = read::text(&pod, "/spec/nodeName");
            if node.is_empty() || self.store.get(&NODE, "", node).is_none() {
                continue;
            }
            let mut runtime = self.pods.remove(read::uid(&pod)).unwrap_or_default();
            if read::is_deleting(&pod) {
                self.stop_pod(&pod, &mut runtime);
            } else if !matches!(read::text(&pod, "/status/phase"), "Succeeded" | "Failed") {
                self.run_pod(&pod, &mut runtime);
            }
            self.pods.insert(read::uid(&pod).to_owned(), runtime);
        }
    }

    fn run_pod(&mut self, pod: &Value, runtime: &mut PodRuntime) {
        if self.prepare(pod, runtime) {
            self.run_containers(pod, runtime);
        }
        self.write_pod_status(pod, runtime);
    }

    /// Volumes, then the sandbox; true once containers may start.
    fn prepare(&mut self, pod: &Value, runtime: &mut PodRuntime) -> bool {
        if runtime.address.is_some() {
            return true;
        }
        if let Err(message) = self.mountable(pod) {
            runtime.sandbox = None;
            // Half a second, doubled with each failure, at most about two minutes.
            let pause = Duration::from_millis(500 << runtime.mount_failures.min(8));
            if self.is_due(&format!("mount {}", read::uid(pod)), pause) {
                runtime.mount_failures += 1;
                let source = Source::kubelet(read::text(pod, "/spec/nodeName"));
                self.warning(source, pod, "FailedMount", &message);
            }
            return false;
        }
        let start = self.world.latency.start;
        let now = self.elapsed();
        let ready = *runtime.sandbox.get_or_insert(now + start);
        if now < ready {
            self.wake_at(ready);
            return false;
        }
        runtime.address = self.free_pod_address(read::text(pod, "/spec/nodeName"));
        true
    }

    /// An address of the node's own Pod network that no other Pod has.
    fn free_pod_address(&self, node: &str) -> Option<String> {
        let nodes = self.store.list(&NODE, None);
        let node = nodes.iter().find(|found| read::name(found) == node)?;
        let prefix = read::text(node, "/spec/podCIDR").strip_suffix("0/24")?;
        let taken: Vec<&str> = self.pods.values().filter_map(|pod| pod.address.as_deref()).collect();
        (2..255).map(|last| format!("{prefix}{last}")).find(|address| !taken.contains(&address.as_str()))
    }

    fn run_containers(&mut self, pod: &Value, runtime: &mut PodRuntime) {
        for spec in read::list(pod, "/spec/initContainers") {
            let container = runtime.containers.entry(read::name_of(spec)).or_default();
            let sidecar = read::text(spec, "/restartPolicy") == "Always";
            self.step_container(pod, spec, container, true);
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
            self.step_container(pod, spec, container, false);
        }
    }

    fn stop_pod(&mut self, pod: &Value, runtime: &mut PodRuntime) {
        let now = self.elapsed();
        let end = match runtime.end {
            Some(end) => end,
            None => {
                let source = Source::kubelet(read::text(pod, "/spec/nodeName"));
                let mut longest = STOP;
                for spec in read::list(pod, "/spec/containers") {
                    let name = read::name_of(spec);
                    let running = runtime.containers.get(&name).is_some_and(ContainerRuntime::is_running);
                    if running {
                        let path = format!("spec.containers{{{name}}}");
                        let message = format!("Stopping container {name}");
                        self.record(source, pod, &path, "Normal", "Killing", &message);
                    }
                    if running && self.play_of(spec).is_some_and(|play| play.ignore_term) {
                        let grace = read::int(pod, "/metadata/deletionGracePeriodSeconds").unwrap_or(30);
                        longest = span(grace);
                    }
                }
                *runtime.end.insert(now + longest)
            }
        };
        if now < end {
            self.wake_at(end);
        } else if read::list(pod, "/metadata/finalizers").is_empty() {
            self.store.remove(&POD, read::namespace(pod), read::name(pod));
        }
    }

    /// Whether a program in this Pod listens on this port now.
    pub(super) fn pod_listens(&self, pod_uid: &str, port: i64) -> bool {
        let now = self.elapsed();
        self.pods.get(pod_uid).is_some_and(|pod| pod.containers.values().any(|c| c.serves(port, now).is_some()))
    }
}

/// A quantity as a number: `250m`, `64Mi`, `2`.
pub(super) fn quantity(value: &Value) -> f64 {
    const UNITS: [(&str, f64); 11] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("Ti", 1_099_511_627_776.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
    ];
    let Some(text) = value.as_str() else {
        return value.as_f64().unwrap_or(0.0);
    };
    UNITS
        .iter()
        .find_map(|(unit, factor)| {
            let number: f64 = text.strip_suffix(unit)?.parse().ok()?;
            Some(number * factor)
        })
        .or_else(|| text.parse().ok())
        .unwrap_or(0.0)
}
