//! Image references, and pulling what they name.

use std::time::Duration;

use serde_json::Value;

use crate::sim::{
    cluster::Cluster,
    events, json as read,
    play::{MadeImage, Play},
    runtime::{ContainerRuntime, Step},
};

/// When the back-off is told after a failed pull, when the status shows it, and when it is pulled again at the earliest:
/// as seen on a real kubelet, whose syncs are about 13 s apart.
const TOLD: Duration = Duration::from_millis(100);
const SHOWN: Duration = Duration::from_secs(13);
const AGAIN: Duration = Duration::from_secs(27);
/// The first and the longest pause between two pulls.
const PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));

/// The whole name of an image: registry, repository and tag.
pub(in crate::sim) fn canonical(reference: &str) -> String {
    let (first, rest) = reference.split_once('/').unwrap_or(("", reference));
    let has_registry = first.contains(['.', ':']) || first == "localhost";
    let full = if has_registry {
        reference.to_owned()
    } else if first.is_empty() {
        format!("docker.io/library/{rest}")
    } else {
        format!("docker.io/{reference}")
    };
    if tag_of(&full).is_empty() { format!("{full}:latest") } else { full }
}

/// The tag or digest of a reference; empty when it has none.
pub(in crate::sim) fn tag_of(reference: &str) -> &str {
    let last = reference.rsplit('/').next().unwrap_or(reference);
    last.split_once('@').or_else(|| last.split_once(':')).map_or("", |(_, tag)| tag)
}

/// The pause before the attempt after this many failures.
pub(super) fn pause_after(failures: u32, (first, longest): (Duration, Duration)) -> Duration {
    first.saturating_mul(1_u32 << failures.saturating_sub(1).min(10)).min(longest)
}

pub(super) fn made_image<'a>(cluster: &'a Cluster, reference: &str) -> Option<&'a MadeImage> {
    let wanted = canonical(reference);
    cluster.images.values().find(|image| canonical(&image.reference) == wanted)
}

pub(super) fn play_of<'a>(cluster: &'a Cluster, container: &Value) -> Option<&'a Play> {
    made_image(cluster, read::text(container, "/image")).map(|image| &image.play)
}

/// Begins to get the image, or finds that the node has it: then true.
pub(super) fn begin_pull(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
    let image = read::text(spec, "/image");
    let present = cluster.pulled.contains(&on_node(pod, image));
    match read::text(spec, "/imagePullPolicy") {
        "Never" if !present => {
            let message = format!("Container image \"{image}\" is not present with pull policy of Never");
            events::record_of_container(cluster, pod, spec, container, "Warning", "ErrImageNeverPull", &message);
            events::record_of_container(cluster, pod, spec, container, "Warning", "Failed", "Error: ErrImageNeverPull");
            container.step = Step::Refused { reason: "ErrImageNeverPull", message };
            false
        }
        "Always" => {
            pull(cluster, pod, spec, container);
            false
        }
        _ if present => {
            let message = format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
            events::record_of_container(cluster, pod, spec, container, "Normal", "Pulled", &message);
            true
        }
        _ => {
            pull(cluster, pod, spec, container);
            false
        }
    }
}

pub(super) fn pull(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
    let message = format!("Pulling image \"{}\"", read::text(spec, "/image"));
    events::record_of_container(cluster, pod, spec, container, "Normal", "Pulling", &message);
    let until = cluster.clock.elapsed() + cluster.world.latency.pull;
    let step = std::mem::take(&mut container.step);
    let failed = if let Step::NoImage { error, .. } = step { Some(error) } else { None };
    container.step = Step::Pulling { until, failed };
}

/// The pull is over: true when the image is there.
pub(super) fn end_pull(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
    let image = read::text(spec, "/image");
    if made_image(cluster, image).is_some() {
        container.pull_failures = 0;
        cluster.pulled.insert(on_node(pod, image));
        let took = cluster.world.latency.pull.as_millis();
        let message = format!("Successfully pulled image \"{image}\" in {took}ms ({took}ms including waiting). Image size: 1843200 bytes.");
        events::record_of_container(cluster, pod, spec, container, "Normal", "Pulled", &message);
        return true;
    }
    let full = canonical(image);
    let error = format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{full}\": failed to resolve reference \"{full}\": {full}: not found"
    );
    let message = format!("Failed to pull image \"{image}\": {error}");
    events::record_of_container(cluster, pod, spec, container, "Warning", "Failed", &message);
    events::record_of_container(cluster, pod, spec, container, "Warning", "Failed", "Error: ErrImagePull");
    container.pull_failures += 1;
    let now = cluster.clock.elapsed();
    container.step =
        Step::NoImage { error, told: false, failed_at: now, again: now + pause_after(container.pull_failures, PAUSE).max(AGAIN) };
    false
}

/// Waits after a failed pull, and pulls again when it is time.
pub(super) fn wait_for_image(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
    let Step::NoImage { told, failed_at, again, .. } = &mut container.step else {
        return;
    };
    let (now, failed_at, again) = (cluster.clock.elapsed(), *failed_at, *again);
    let tell = !*told && now >= failed_at + TOLD;
    *told |= tell;
    if tell {
        back_off_pull(cluster, pod, spec, container);
    }
    if now >= again {
        pull(cluster, pod, spec, container);
        return;
    }
    let next = [failed_at + TOLD, failed_at + SHOWN, again];
    if let Some(next) = next.into_iter().find(|at| *at > now) {
        cluster.timers.wake_at(next);
    }
}

/// Whether the status of a failed pull shows the back-off by now, and no longer the error.
pub(super) fn shows_back_off(cluster: &Cluster, failed_at: Duration) -> bool {
    cluster.clock.elapsed() >= failed_at + SHOWN
}

fn back_off_pull(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &ContainerRuntime) {
    let message = format!("Back-off pulling image \"{}\"", read::text(spec, "/image"));
    events::record_of_container(cluster, pod, spec, container, "Normal", "BackOff", &message);
    events::record_of_container(cluster, pod, spec, container, "Warning", "Failed", "Error: ImagePullBackOff");
}

fn on_node(pod: &Value, image: &str) -> String {
    format!("{} {}", read::text(pod, "/spec/nodeName"), canonical(image))
}
