//! What the kubelets know about Pods and containers beyond their objects: plain data, which `kubelet` moves on.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use super::{
    clock::{Clock, fine_span, seconds},
    play::Listen,
};

/// How long any program takes until it listens.
const LISTENS: Duration = Duration::from_millis(10);
/// After so long a run the pauses begin anew.
const FORGET: Duration = Duration::from_secs(600);
/// Lines that are kept of a log.
const LOG_LINES: usize = 5_000;

/// What a kubelet knows about one Pod.
#[derive(Debug, Default)]
pub(super) struct PodRuntime {
    /// When its sandbox will be there.
    pub(super) sandbox: Option<Duration>,
    pub(super) address: Option<String>,
    pub(super) containers: BTreeMap<String, ContainerRuntime>,
    pub(super) mount_failures: u32,
    /// When it will be gone, once it was deleted.
    pub(super) end: Option<Duration>,
}

/// Where a container stands.
#[derive(Debug, Default)]
pub(super) enum Step {
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
pub(super) struct ContainerRuntime {
    pub(super) step: Step,
    pub(super) started: bool,
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
    pub(super) log: Vec<(Duration, String)>,
    pub(super) previous_log: Option<Vec<(Duration, String)>>,
}

impl ContainerRuntime {
    pub(super) fn is_running(&self) -> bool {
        matches!(self.step, Step::Running { .. })
    }

    /// What listens on this port now.
    pub(super) fn serves(&self, port: i64, now: Duration) -> Option<&Listen> {
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

    /// It has ended; the clock says when that was, for its status.
    pub(super) fn end(&mut self, clock: &Clock, at: Duration, code: i32, reason: &str) {
        let since = match self.step {
            Step::Running { since, .. } => since,
            Step::New
            | Step::Pulling { .. }
            | Step::NoImage { .. }
            | Step::Refused { .. }
            | Step::Starting { .. }
            | Step::Ended { .. }
            | Step::BackOff { .. } => at,
        };
        self.last = json!({
            "exitCode": code, "reason": reason, "containerID": self.id,
            "startedAt": seconds(clock.time_at(since)), "finishedAt": seconds(clock.time_at(at)),
        });
        if at.saturating_sub(since) >= FORGET {
            self.failures = 0;
        }
        self.ready = false;
        self.step = Step::Ended { at, code };
    }
}

/// How one probe of a container stands.
#[derive(Debug, Default)]
pub(super) struct Standing {
    pub(super) next: Option<Duration>,
    pub(super) good: i64,
    pub(super) bad: i64,
}

/// The three probes of a running container.
#[derive(Debug, Default)]
pub(super) struct Probes {
    pub(super) startup: Standing,
    pub(super) readiness: Standing,
    pub(super) liveness: Standing,
}
