//! Probes, asked of what the container serves.

use std::time::Duration;

use serde_json::Value;

use super::container::{ContainerRuntime, Step};
use crate::sim::{
    cluster::{Cluster, span},
    json as read,
};

/// How one probe of a container stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    next: Option<Duration>,
    good: i64,
    bad: i64,
}

/// The three probes of a running container.
#[derive(Debug, Default)]
pub(super) struct Probes {
    startup: Standing,
    readiness: Standing,
    liveness: Standing,
}

/// What a probe found.
enum Found {
    Good,
    Bad(String),
    /// It could not be asked at all; nothing follows from that.
    Unknown(String),
}

impl Cluster {
    /// Asks the probes that are due; true when the container was ended.
    pub(super) fn probe(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
        let Step::Running { since, .. } = container.step else {
            return false;
        };
        let startup = read::at(spec, "/startupProbe");
        if startup.is_object() && !container.started {
            let mut standing = std::mem::take(&mut container.probes.startup);
            self.ask(pod, spec, container, "Startup", startup, &mut standing, since);
            let (passed, failed) =
                (standing.good >= limit(startup, "/successThreshold", 1), standing.bad >= limit(startup, "/failureThreshold", 3));
            container.probes.startup = standing;
            if failed {
                self.kill(pod, spec, container, "startup");
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
            self.ask(pod, spec, container, "Readiness", readiness, &mut standing, since);
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
            self.ask(pod, spec, container, "Liveness", liveness, &mut standing, since);
            let failed = standing.bad >= limit(liveness, "/failureThreshold", 3);
            container.probes.liveness = standing;
            if failed {
                self.kill(pod, spec, container, "liveness");
                return true;
            }
        }
        false
    }

    #[expect(clippy::too_many_arguments, reason = "a probe is about a container of a Pod, and what is known of all three")]
    fn ask(
        &mut self,
        pod: &Value,
        spec: &Value,
        container: &ContainerRuntime,
        name: &str,
        probe: &Value,
        standing: &mut Standing,
        since: Duration,
    ) {
        let now = self.elapsed();
        let wait = |pointer: &str, unless: i64| span(limit(probe, pointer, unless));
        let first = since + wait("/initialDelaySeconds", 0);
        let next = *standing.next.get_or_insert(first);
        if now < next {
            self.wake_at(next);
            return;
        }
        let period = wait("/periodSeconds", 10).max(Duration::from_secs(1));
        standing.next = Some(now + period);
        self.wake_at(now + period);
        match self.find(pod, spec, container, probe) {
            Found::Good => {
                standing.good += 1;
                standing.bad = 0;
            }
            Found::Bad(why) => {
                standing.good = 0;
                standing.bad += 1;
                let message = format!("{name} probe failed: {why}");
                self.tell(pod, spec, container, "Warning", "Unhealthy", &message);
            }
            Found::Unknown(why) => {
                let message = format!("{name} probe errored and resulted in unknown state: {why}");
                self.tell(pod, spec, container, "Warning", "Unhealthy", &message);
            }
        }
    }

    fn find(&self, pod: &Value, spec: &Value, container: &ContainerRuntime, probe: &Value) -> Found {
        let now = self.elapsed();
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
            return if (200..400).contains(&status) {
                Found::Good
            } else {
                Found::Bad(format!("HTTP probe failed with statuscode: {status}"))
            };
        }
        let command = read::text(probe, "/exec/command/0");
        Found::Unknown(format!(
            "rpc error: code = Unknown desc = failed to exec in container: exec: \"{command}\": executable file not found in $PATH"
        ))
    }

    fn kill(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime, probe: &str) {
        let message = format!("Container {} failed {probe} probe, will be restarted", read::text(spec, "/name"));
        self.tell(pod, spec, container, "Normal", "Killing", &message);
        let now = self.elapsed();
        let stubborn = self.play_of(spec).is_some_and(|play| play.ignore_term);
        let (code, reason) = if stubborn { (137, "Error") } else { (0, "Completed") };
        self.end(container, now, code, reason);
    }
}

fn limit(probe: &Value, pointer: &str, unless: i64) -> i64 {
    read::int(probe, pointer).unwrap_or(unless)
}
