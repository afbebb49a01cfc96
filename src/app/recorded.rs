//! The use cases on a recording: the same parts over a file, with sessions that end with the command, and nothing that writes.

use crate::cli::CliError;
use crate::clock::{SystemClock, SystemEntropy};
use crate::domain::limits::Limits;
use crate::recording::{Replay, read_file};
use crate::store::MemoryStore;
use crate::workflow::{Parts, Remediation, Timing};
use std::path::Path;
use std::sync::Arc;

/// The recording in this file.
pub(super) fn at(file: &Path) -> Result<Remediation, CliError> {
    let recording = read_file(file).map_err(|error| CliError::Usage(format!("cannot use `{}`: {error}", file.display())))?;
    let remediation = Remediation::new(Parts {
        read: Arc::new(Replay::of(recording)),
        executor: None,
        store: Arc::new(MemoryStore::new()),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        limits: Limits::default(),
        timing: Timing::default(),
        allowed: crate::probe::Allowed::default(),
        own_model: None,
    });
    Ok(remediation.read_only_because(format!("this is a recording of the cluster, `{}`", file.display())))
}
