//! `snapshot`: what rules read of the cluster, as a file.

use super::args::SnapshotArgs;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit};
use crate::domain::issue::Scope;
use crate::domain::recording::{Recorded, Recording};
use crate::ports::Progress;
use crate::workflow::{Caller, Remediation};
use std::collections::BTreeSet;
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
    terminal.err(&counted(&recording, &scope))?;
    Ok(recording)
}

fn counted(recording: &Recording, scope: &Scope) -> String {
    let (mut objects, mut missing) = (0_usize, Vec::new());
    let mut beside: BTreeSet<&str> = BTreeSet::new();
    for list in &recording.lists {
        match &list.answer {
            Recorded::Objects { items, complete, unreadable } => {
                objects = objects.saturating_add(items.len());
                let places = items.iter().filter_map(|item| item.pointer("/metadata/namespace")?.as_str());
                beside.extend(places.filter(|place| !scope.holds(Some(place))));
                if !complete {
                    missing.push(format!("  cut: {}\n", list.kind.plural()));
                }
                if *unreadable > 0 {
                    missing.push(format!("  missing: {unreadable} of {} (not of the form of their kind)\n", list.kind.plural()));
                }
            }
            Recorded::Nothing(why) => {
                missing.push(format!("  missing: {} ({})\n", list.kind.plural_in(list.namespace.as_ref()), why.as_str()));
            }
        }
    }
    let beside: Vec<&str> = beside.into_iter().collect();
    let others = if beside.is_empty() {
        String::new()
    } else {
        format!("  in it besides: names of claims and Services, and which claims are used, of {}\n", beside.join(", "))
    };
    format!("recorded {objects} objects of {}\n{others}{}", recording.cluster.in_words(), missing.concat())
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
    let written = options.open(to).and_then(|mut file| {
        // Half a recording is none, and would keep the next one from being written.
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).inspect_err(|_| {
            let _the_first_error_counts = std::fs::remove_file(to);
        })
    });
    written.map_err(|error| {
        let why =
            if error.kind() == std::io::ErrorKind::AlreadyExists { "it exists; give another name".to_owned() } else { error.to_string() };
        CliError::Usage(format!("cannot write `{}`: {why}", to.display()))
    })?;
    terminal.err(&format!("wrote `{}`; look at it with `kubemend analyze --cluster {}`\n", to.display(), to.display()))?;
    Ok(Exit::Done)
}
