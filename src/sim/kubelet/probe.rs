//! Probes, asked of what the container serves.

use std::time::Duration;

use serde_json::Value;

use super::pull;
use crate::sim::{
    clock::span,
    cluster::Cluster,
    events, json as read,
    runtime::{ContainerRuntime, Standing, Step},
};

/// What a probe found.
enum Found {
    Good,
    Bad(String),
    /// It could not be asked at all; nothing follows from that.
    Unknown(String),
}

/// Asks the probes that are due; true when the container was ended.
pub(super) fn probe(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
    let Step::Running { since, .. } = container.step else {
        return false;
    };
    let startup = read::at(spec, "/startupProbe");
    if startup.is_object() && !container.started {
        let mut standing = std::mem::take(&mut container.probes.startup);
        ask(cluster, pod, spec, container, "Startup", startup, &mut standing, since);
        let (passed, failed) =
            (standing.good >= limit(startup, "/successThreshold", 1), standing.bad >= limit(startup, "/failureThreshold", 3));
        container.probes.startup = standing;
        if failed {
            kill(cluster, pod, spec, container, "startup");
            return true;
        }
        if !passed {
            container.ready = false;
            return false;
        }
        container.started = true;
    }
    let readiness = read::at(spec, "/readinessProbe");
    if readiness.is_object() {
        let mut standing = std::mem::take(&mut container.probes.readiness);
        ask(cluster, pod, spec, container, "Readiness", readiness, &mut standing, since);
        if standing.good >= limit(readiness, "/successThreshold", 1) {
            container.ready = true;
        } else if standing.bad >= limit(readiness, "/failureThreshold", 3) {
            container.ready = false;
        }
        container.probes.readiness = standing;
    } else {
        container.ready = true;
    }
    let liveness = read::at(spec, "/livenessProbe");
    if liveness.is_object() {
        let mut standing = std::mem::take(&mut container.probes.liveness);
        ask(cluster, pod, spec, container, "Liveness", liveness, &mut standing, since);
        let failed = standing.bad >= limit(liveness, "/failureThreshold", 3);
        container.probes.liveness = standing;
        if failed {
            kill(cluster, pod, spec, container, "liveness");
            return true;
        }
    }
    false
}

#[expect(clippy::too_many_arguments, reason = "a probe is about a container of a Pod, and what is known of all three")]
fn ask(
    cluster: &mut Cluster,
    pod: &Value,
    spec: &Value,
    container: &ContainerRuntime,
    name: &str,
    probe: &Value,
    standing: &mut Standing,
    since: Duration,
) {
    let now = cluster.clock.elapsed();
    let wait = |pointer: &str, unless: i64| span(limit(probe, pointer, unless));
    let first = since + wait("/initialDelaySeconds", 0);
    let next = *standing.next.get_or_insert(first);
    if now < next {
        cluster.timers.wake_at(next);
        return;
    }
    let period = wait("/periodSeconds", 10).max(Duration::from_secs(1));
    standing.next = Some(now + period);
    cluster.timers.wake_at(now + period);
    match find(cluster, pod, spec, container, probe) {
        Found::Good => {
            standing.good += 1;
            standing.bad = 0;
        }
        Found::Bad(why) => {
            standing.good = 0;
            standing.bad += 1;
            let message = format!("{name} probe failed: {why}");
            events::record_of_container(cluster, pod, spec, container, "Warning", "Unhealthy", &message);
        }
        Found::Unknown(why) => {
            let message = format!("{name} probe errored and resulted in unknown state: {why}");
            events::record_of_container(cluster, pod, spec, container, "Warning", "Unhealthy", &message);
        }
    }
}

fn find(cluster: &Cluster, pod: &Value, spec: &Value, container: &ContainerRuntime, probe: &Value) -> Found {
    let now = cluster.clock.elapsed();
    let address = read::text(pod, "/status/podIP");
    let port_of = |pointer: &str| {
        let port = read::at(probe, pointer);
        read::port_number(port, std::slice::from_ref(spec)).ok_or_else(|| Found::Unknown(format!("port {port} not found")))
    };
    if probe.get("tcpSocket").is_some() {
        return match port_of("/tcpSocket/port") {
            Err(unknown) => unknown,
            Ok(port) if container.serves(port, now).is_some() => Found::Good,
            Ok(port) => Found::Bad(format!("dial tcp {address}:{port}: connect: connection refused")),
        };
    }
    if probe.get("httpGet").is_some() {
        let port = match port_of("/httpGet/port") {
            Err(unknown) => return unknown,
            Ok(port) => port,
        };
        let path = read::text(probe, "/httpGet/path");
        let url = format!("http://{address}:{port}{path}");
        let Some(listen) = container.serves(port, now) else {
            return Found::Bad(format!("Get \"{url}\": dial tcp {address}:{port}: connect: connection refused"));
        };
        if listen.tcp {
            return Found::Bad(format!("Get \"{url}\": EOF"));
        }
        let bare = path.split('?').next().unwrap_or(path);
        let status = if listen.paths.is_empty() { 200 } else { listen.paths.get(bare).copied().unwrap_or(404) };
        return if (200..400).contains(&status) { Found::Good } else { Found::Bad(format!("HTTP probe failed with statuscode: {status}")) };
    }
    let command = read::text(probe, "/exec/command/0");
    Found::Unknown(format!(
        "rpc error: code = Unknown desc = failed to exec in container: exec: \"{command}\": executable file not found in $PATH"
    ))
}

fn kill(cluster: &mut Cluster, pod: &Value, spec: &Value, container: &mut ContainerRuntime, probe: &str) {
    let message = format!("Container {} failed {probe} probe, will be restarted", read::text(spec, "/name"));
    events::record_of_container(cluster, pod, spec, container, "Normal", "Killing", &message);
    let now = cluster.clock.elapsed();
    let stubborn = pull::play_of(cluster, spec).is_some_and(|play| play.ignore_term);
    let (code, reason) = if stubborn { (137, "Error") } else { (0, "Completed") };
    container.end(&cluster.clock, now, code, reason);
}

fn limit(probe: &Value, pointer: &str, unless: i64) -> i64 {
    read::int(probe, pointer).unwrap_or(unless)
}
