//! The use cases on a recording: the same parts over a file, with sessions that end with the command, and nothing that writes.

use crate::cli::CliError;
use crate::clock::{SystemClock, SystemEntropy};
use crate::config::Config;
use crate::domain::investigate::Investigate;
use crate::probe::Allowed;
use crate::recording::{Replay, read_file};
use crate::store::MemoryStore;
use crate::workflow::{Parts, Remediation, Timing};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// The recording in this file, within the operator's limits, and when it was taken.
pub(super) fn at(file: &Path, config: &Config) -> Result<(Remediation, Timestamp), CliError> {
    let recording = read_file(file).map_err(|error| CliError::Usage(format!("cannot use `{}`: {error}", file.display())))?;
    let taken_at = recording.taken_at;
    let remediation = Remediation::new(Parts {
        read: Arc::new(Replay::of(recording)),
        executor: None,
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        limits: config.limits.clone(),
        timing: Timing::default(),
        // A recording has answers to what rules ask, and to no look.
        allowed: Allowed { investigate: Investigate::Never, logs: config.probe_logs, config_maps: config.probe_config_maps },
        own_model: None,
    });
    Ok((remediation.read_only_because(format!("this is a recording of the cluster, `{}`", file.display())), taken_at))
}
