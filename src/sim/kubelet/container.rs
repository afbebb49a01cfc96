//! One container's life: image, references, start, play, end, and again.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{probe::Probes, pull::pause_after};
use crate::sim::{
    cluster::{Cluster, fine_span, seconds},
    events::Source,
    json as read,
    play::Listen,
};

/// The first and the longest pause between two starts.
const PAUSE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(300));
/// How often a container that cannot be made is tried again.
const SYNC: Duration = Duration::from_secs(12);
/// How long an end is seen before the back-off.
const ENDED: Duration = Duration::from_secs(1);
/// How long any program takes until it listens.
const LISTENS: Duration = Duration::from_millis(10);
/// After so long a run the pauses begin anew.
const FORGET: Duration = Duration::from_secs(600);
/// Lines that are kept of a log.
const LOG_LINES: usize = 5_000;

/// Where a container stands.
#[derive(Debug, Default)]
pub(in crate::sim) enum Step {
    #[default]
    New,
    Pulling {
        until: Duration,
        /// Why the pull before this one failed, if there was one.
        failed: Option<String>,
    },
    /// The image could not be had.
    NoImage {
        error: String,
        /// Whether the back-off was told in events.
        told: bool,
        failed_at: Duration,
        again: Duration,
    },
    /// It cannot be made as it is described.
    Refused {
        reason: &'static str,
        message: String,
    },
    Starting {
        until: Duration,
    },
    Running {
        since: Duration,
        /// When and how it will end by itself.
        ends: Option<(Duration, i32, &'static str)>,
    },
    Ended {
        at: Duration,
        code: i32,
    },
    BackOff {
        until: Duration,
        pause: Duration,
    },
}

/// A container, as its kubelet knows it.
#[derive(Debug, Default)]
pub(in crate::sim) struct ContainerRuntime {
    pub(in crate::sim) step: Step,
    pub(in crate::sim) started: bool,
    pub(super) ready: bool,
    pub(super) restarts: u32,
    pub(super) failures: u32,
    pub(super) pull_failures: u32,
    /// `containerd://…` of the one that runs or ran last.
    pub(super) id: String,
    /// How it ended last, as `terminated`.
    pub(super) last: Value,
    pub(super) init: bool,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) listens: Vec<Listen>,
    pub(super) probes: Probes,
    pub(in crate::sim) log: Vec<(Duration, String)>,
    pub(in crate::sim) previous_log: Option<Vec<(Duration, String)>>,
}

impl ContainerRuntime {
    pub(in crate::sim) fn is_running(&self) -> bool {
        matches!(self.step, Step::Running { .. })
    }

    /// What listens on this port now.
    pub(in crate::sim) fn serves(&self, port: i64, now: Duration) -> Option<&Listen> {
        let Step::Running { since, .. } = self.step else {
            return None;
        };
        self.listens.iter().find(|listen| {
            let number =
                self.variables.get(&listen.port_env).and_then(|value| value.parse().ok()).unwrap_or_else(|| i64::from(listen.port));
            number == port && now >= since + LISTENS + fine_span(listen.after)
        })
    }

    pub(super) fn write(&mut self, at: Duration, line: &str) {
        if self.log.len() < LOG_LINES {
            self.log.push((at, line.to_owned()));
        }
    }
}

impl Cluster {
    /// Records an event about a container.
    pub(super) fn tell(&mut self, pod: &Value, spec: &Value, container: &ContainerRuntime, kind: &str, reason: &str, message: &str) {
        let list = if container.init { "initContainers" } else { "containers" };
        let path = format!("spec.{list}{{{}}}", read::text(spec, "/name"));
        let source = Source::kubelet(read::text(pod, "/spec/nodeName"));
        self.record(source, pod, &path, kind, reason, message);
    }

    /// Moves a container on as far as it goes now.
    pub(super) fn step_container(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime, init: bool) {
        container.init = init;
        while self.step_once(pod, spec, container) {}
    }

    /// One step; true when another may follow at once.
    fn step_once(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime) -> bool {
        let now = self.elapsed();
        match &mut container.step {
            Step::New => {
                if self.begin_pull(pod, spec, container) {
                    self.make(pod, spec, container);
                }
                false
            }
            Step::Pulling { until, .. } if now < *until => {
                let until = *until;
                self.wake_at(until);
                false
            }
            Step::Pulling { .. } => {
                if self.end_pull(pod, spec, container) {
                    self.make(pod, spec, container);
                }
                true
            }
            Step::NoImage { .. } => {
                self.wait_for_image(pod, spec, container);
                false
            }
            Step::Refused { .. } => {
                self.retry(pod, spec, container);
                false
            }
            Step::Starting { until } if now < *until => {
                let until = *until;
                self.wake_at(until);
                false
            }
            Step::Starting { .. } => {
                self.start(pod, spec, container);
                true
            }
            Step::Running { ends, .. } => {
                match *ends {
                    Some((at, code, reason)) if now >= at => {
                        self.end(container, at, code, reason);
                        return true;
                    }
                    Some((at, ..)) => self.wake_at(at),
                    None => {}
                }
                self.probe(pod, spec, container)
            }
            Step::Ended { at, code } => {
                let (at, code) = (*at, *code);
                self.after_end(pod, spec, container, at, code)
            }
            Step::BackOff { until, .. } => {
                let until = *until;
                if now >= until {
                    self.restart(container);
                    return true;
                }
                self.wake_at(until);
                let key = format!("back-off {} {}", read::uid(pod), read::text(spec, "/name"));
                if self.is_due(&key, SYNC) {
                    self.tell_back_off(pod, spec, container);
                }
                false
            }
        }
    }

    /// Makes the container from its image, if what it refers to is there.
    fn make(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
        match self.makeable(pod, spec) {
            Ok(variables) => {
                container.variables = variables;
                let until = self.elapsed() + self.world.latency.start;
                container.step = Step::Starting { until };
            }
            Err(message) => {
                let said = format!("Error: {message}");
                self.tell(pod, spec, container, "Warning", "Failed", &said);
                let key = format!("refused {} {}", read::uid(pod), read::text(spec, "/name"));
                let now = self.elapsed();
                self.last_done.insert(key, now);
                self.wake_at(now + SYNC);
                container.step = Step::Refused { reason: "CreateContainerConfigError", message };
            }
        }
    }

    fn makeable(&self, pod: &Value, spec: &Value) -> Result<BTreeMap<String, String>, String> {
        let variables = self.environment(pod, spec, read::text(pod, "/status/podIP"))?;
        let flag = |name: &str| {
            let own = read::at(spec, &format!("/securityContext/{name}"));
            if own.is_null() { read::at(pod, &format!("/spec/securityContext/{name}")).clone() } else { own.clone() }
        };
        let user = flag("runAsUser");
        let image_user = self.made_image(read::text(spec, "/image")).and_then(|image| image.user.clone()).unwrap_or_default();
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
    fn retry(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
        let key = format!("refused {} {}", read::uid(pod), read::text(spec, "/name"));
        let possible = self.makeable(pod, spec).is_ok();
        if possible || self.is_due(&key, SYNC) {
            container.step = Step::New;
            if self.begin_pull(pod, spec, container) {
                self.make(pod, spec, container);
            }
        }
    }

    fn start(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime) {
        let now = self.elapsed();
        self.tell(pod, spec, container, "Normal", "Created", "Container created");
        self.tell(pod, spec, container, "Normal", "Started", "Container started");
        container.id = format!("containerd://{}", self.uid().replace('-', "").repeat(2));
        container.probes = Probes::default();
        container.started = read::at(spec, "/startupProbe").is_null();
        let play = self.play_of(spec).cloned().unwrap_or_default();
        for line in &play.log {
            container.write(now, line);
        }
        container.listens.clone_from(&play.listen);
        let ends = self.how_it_ends(pod, spec, container, &play);
        container.step = Step::Running { since: now, ends };
    }

    pub(super) fn end(&mut self, container: &mut ContainerRuntime, at: Duration, code: i32, reason: &str) {
        let since = match container.step {
            Step::Running { since, .. } => since,
            Step::New
            | Step::Pulling { .. }
            | Step::NoImage { .. }
            | Step::Refused { .. }
            | Step::Starting { .. }
            | Step::Ended { .. }
            | Step::BackOff { .. } => at,
        };
        container.last = json!({
            "exitCode": code, "reason": reason, "containerID": container.id,
            "startedAt": seconds(self.time_at(since)), "finishedAt": seconds(self.time_at(at)),
        });
        if at.saturating_sub(since) >= FORGET {
            container.failures = 0;
        }
        container.ready = false;
        container.step = Step::Ended { at, code };
    }

    /// What comes after the end: another start, now or later, or nothing.
    fn after_end(&mut self, pod: &Value, spec: &Value, container: &mut ContainerRuntime, at: Duration, code: i32) -> bool {
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
            self.restart(container);
            return true;
        }
        let seen_until = at + ENDED;
        if self.elapsed() < seen_until {
            self.wake_at(seen_until);
            return false;
        }
        container.failures += 1;
        let pause = pause_after(container.failures - 1, PAUSE);
        container.step = Step::BackOff { until: at + pause, pause };
        self.wake_at(at + pause);
        self.tell_back_off(pod, spec, container);
        false
    }

    fn tell_back_off(&mut self, pod: &Value, spec: &Value, container: &ContainerRuntime) {
        let message = format!(
            "Back-off restarting failed container {} in pod {}_{}({})",
            read::text(spec, "/name"),
            read::name(pod),
            read::namespace(pod),
            read::uid(pod)
        );
        self.tell(pod, spec, container, "Warning", "BackOff", &message);
    }

    fn restart(&self, container: &mut ContainerRuntime) {
        container.restarts += 1;
        container.started = false;
        container.previous_log = Some(std::mem::take(&mut container.log));
        container.step = Step::New;
    }
}
