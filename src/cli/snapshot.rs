//! `snapshot`: what rules read of the cluster, as a file.

use super::args::SnapshotArgs;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::domain::issue::Scope;
use crate::domain::recording::{Recorded, Recording};
use crate::ports::Progress;
use crate::workflow::{Caller, Remediation};
use std::io::Write;
use std::path::Path;
use tokio_util::sync::CancellationToken;

/// Reads, and says on stderr what is in it and what is not.
pub(crate) async fn record(
    remediation: &Remediation,
    args: &SnapshotArgs,
    terminal: &Terminal,
    cancel: &CancellationToken,
) -> Result<Recording, CliError> {
    let scope = match (args.all_namespaces, args.namespace.as_slice()) {
        (true, _) => Scope::All,
        (false, []) => Scope::of(vec![remediation.namespace()], Vec::new()),
        (false, named) => Scope::of(named.to_vec(), Vec::new()),
    };
    let recording = with_progress(terminal, Pace::AfterASecond, async |progress: &dyn Progress| {
        Ok::<_, CliError>(remediation.record(&scope, &Caller::new(progress, cancel)).await?)
    })
    .await?;
    terminal.err(&counted(&recording))?;
    Ok(recording)
}

fn counted(recording: &Recording) -> String {
    let (mut objects, mut missing) = (0_usize, Vec::new());
    for list in &recording.lists {
        match &list.answer {
            Recorded::Objects { items, complete } => {
                objects = objects.saturating_add(items.len());
                if !complete {
                    missing.push(format!("  cut: {}\n", list.kind.plural()));
                }
            }
            Recorded::Nothing(why) => {
                missing.push(format!("  missing: {} ({})\n", list.kind.plural_in(list.namespace.as_ref()), why.as_str()));
            }
        }
    }
    format!("recorded {objects} objects of {}\n{}", recording.cluster.in_words(), missing.concat())
}

/// Writes it where it was wanted, for its owner alone. A file that exists is left as it is.
pub(crate) fn write(text: &str, to: &Path, terminal: &Terminal) -> Result<Exit, CliError> {
    if to == Path::new("-") {
        terminal.out(text)?;
        return Ok(Exit::Done);
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(to).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let why =
            if error.kind() == std::io::ErrorKind::AlreadyExists { "it exists; give another name".to_owned() } else { error.to_string() };
        CliError::Usage(format!("cannot write `{}`: {why}", to.display()))
    })?;
    terminal.err(&format!("wrote `{}`; look at it with `kubemend analyze --cluster {}`\n", to.display(), to.display()))?;
    Ok(Exit::Done)
}
