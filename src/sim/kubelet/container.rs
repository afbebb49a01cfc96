//! One container's life: image, references, start, play, end, and again.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{
    environment, needs, probe,
    pull::{self, pause_after},
};
use crate::sim::{
    cluster::Cluster,
    events, json as read,
    runtime::{ContainerRuntime, Probes, Step},
};

/// The first and the longest pause between two starts.
const PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
/// How often a container that cannot be made is tried again.
const SYNC: Duration = Duration::from_secs(12);
/// How long an end is seen before the back-off.
const ENDED: Duration = Duration::from_secs(1);

/// Moves a container on as far as it goes now.
pub(super) fn step_container(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime, init: bool) {
    container.init = init;
    while step_once(cluster, pod, spec, container) {}
}

/// One step; true when another may follow at once.
fn step_once(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
    let now = cluster.clock.elapsed();
    match &mut container.step {
        Step::New => {
            if pull::begin_pull(cluster, pod, spec, container) {
                make(cluster, pod, spec, container);
            }
            false
        }
        Step::Pulling { until, .. } if now < *until => {
            let until = *until;
            cluster.timers.wake_at(until);
            false
        }
        Step::Pulling { .. } => {
            if pull::end_pull(cluster, pod, spec, container) {
                make(cluster, pod, spec, container);
            }
            true
        }
        Step::NoImage { .. } => {
            pull::wait_for_image(cluster, pod, spec, container);
            false
        }
        Step::Refused { .. } => {
            retry(cluster, pod, spec, container);
            false
        }
        Step::Starting { until } if now < *until => {
            let until = *until;
            cluster.timers.wake_at(until);
            false
        }
        Step::Starting { .. } => {
            start(cluster, pod, spec, container);
            true
        }
        Step::Running { ends, .. } => {
            match *ends {
                Some((at, code, reason)) if now >= at => {
                    container.end(&cluster.clock, at, code, reason);
                    return true;
                }
                Some((at, ..)) => cluster.timers.wake_at(at),
                None => {}
            }
            probe::probe(cluster, pod, spec, container)
        }
        Step::Ended { at, code } => {
            let (at, code) = (*at, *code);
            after_end(cluster, pod, spec, container, at, code)
        }
        Step::BackOff { until, .. } => {
            let until = *until;
            if now >= until {
                restart(container);
                return true;
            }
            cluster.timers.wake_at(until);
            let key = format!("back-off {} {}", read::uid(pod), read::text(spec, "/name"));
            if cluster.is_due(&key, SYNC) {
                tell_back_off(cluster, pod, spec, container);
            }
            false
        }
    }
}

/// Makes the container from its image, if what it refers to is there.
fn make(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
    match makeable(cluster, pod, spec) {
        Ok(variables) => {
            container.variables = variables;
            let until = cluster.clock.elapsed() + cluster.world.latency.start;
            container.step = Step::Starting { until };
        }
        Err(message) => {
            let said = format!("Error: {message}");
            events::record_of_container(cluster, pod, spec, container, "Warning", "Failed", &said);
            let key = format!("refused {} {}", read::uid(pod), read::text(spec, "/name"));
            let now = cluster.clock.elapsed();
            cluster.timers.last_done.insert(key, now);
            cluster.timers.wake_at(now + SYNC);
            container.step = Step::Refused { reason: "CreateContainerConfigError", message };
        }
    }
}

fn makeable(cluster: &Cluster, pod: &Value, spec: &Value) -> Result<BTreeMap<String, String>, String> {
    let variables = environment::environment(cluster, pod, spec, read::text(pod, "/status/podIP"))?;
    let flag = |name: &str| {
        let own = read::at(spec, &format!("/securityContext/{name}"));
        if own.is_null() { read::at(pod, &format!("/spec/securityContext/{name}")).clone() } else { own.clone() }
    };
    let user = flag("runAsUser");
    let image_user = pull::made_image(cluster, read::text(spec, "/image")).and_then(|image| image.user.clone()).unwrap_or_default();
    let is_root = user.as_i64() == Some(0) || (user.is_null() && matches!(image_user.as_str(), "" | "0" | "root"));
    if flag("runAsNonRoot").as_bool() == Some(true) && is_root {
        return Err(format!(
            "container has runAsNonRoot and image will run as root (pod: \"{}_{}({})\", container: {})",
            read::name(pod),
            read::namespace(pod),
            read::uid(pod),
            read::text(spec, "/name")
        ));
    }
    Ok(variables)
}

/// Tries again to make a container: at once when it has become possible, and says so from time to time while it is not.
fn retry(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
    let key = format!("refused {} {}", read::uid(pod), read::text(spec, "/name"));
    let possible = makeable(cluster, pod, spec).is_ok();
    if possible || cluster.is_due(&key, SYNC) {
        container.step = Step::New;
        if pull::begin_pull(cluster, pod, spec, container) {
            make(cluster, pod, spec, container);
        }
    }
}

fn start(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
    let now = cluster.clock.elapsed();
    events::record_of_container(cluster, pod, spec, container, "Normal", "Created", "Container created");
    events::record_of_container(cluster, pod, spec, container, "Normal", "Started", "Container started");
    container.id = format!("containerd://{}", cluster.names.uid().replace('-', "").repeat(2));
    container.probes = Probes::default();
    container.started = read::at(spec, "/startupProbe").is_null();
    let play = pull::play_of(cluster, spec).cloned().unwrap_or_default();
    for line in &play.log {
        container.write(now, line);
    }
    container.listens.clone_from(&play.listen);
    let ends = needs::how_it_ends(cluster, pod, spec, container, &play);
    container.step = Step::Running { since: now, ends };
}

/// What comes after the end: another start, now or later, or nothing.
fn after_end(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime, at: Duration, code: i32) -> bool {
    let policy = match read::text(spec, "/restartPolicy") {
        "" => read::text(pod, "/spec/restartPolicy"),
        own => own,
    };
    let own_sidecar = read::text(spec, "/restartPolicy") == "Always";
    let again = match policy {
        "Never" => false,
        "OnFailure" => code != 0,
        _ => code != 0 || !container.init || own_sidecar,
    };
    if !again {
        return false;
    }
    if container.failures == 0 {
        container.failures = 1;
        restart(container);
        return true;
    }
    let seen_until = at + ENDED;
    if cluster.clock.elapsed() < seen_until {
        cluster.timers.wake_at(seen_until);
        return false;
    }
    container.failures += 1;
    let pause = pause_after(container.failures - 1, PAUSE);
    container.step = Step::BackOff { until: at + pause, pause };
    cluster.timers.wake_at(at + pause);
    tell_back_off(cluster, pod, spec, container);
    false
}

fn tell_back_off(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &ContainerRuntime) {
    let message = format!(
        "Back-off restarting failed container {} in pod {}_{}({})",
        read::text(spec, "/name"),
        read::name(pod),
        read::namespace(pod),
        read::uid(pod)
    );
    events::record_of_container(cluster, pod, spec, container, "Warning", "BackOff", &message);
}

fn restart(container: &mut ContainerRuntime) {
    container.restarts += 1;
    container.started = false;
    container.previous_log = Some(std::mem::take(&mut container.log));
    container.step = Step::New;
}
