//! `snapshot`: what rules read of the cluster, as a file.

use super::args::SnapshotArgs;
use super::progress::{Pace, with_progress};
use super::terminal::Terminal;
use super::{CliError, Exit, file};
use crate::domain::issue::Scope;
use crate::domain::recording::{Recorded, Recording};
use crate::ports::Progress;
use crate::workflow::{Caller, Remediation};
use std::collections::BTreeSet;
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

/// Writes it where it was wanted.
pub(crate) fn write(text: &str, to: &Path, terminal: &Terminal) -> Result<Exit, CliError> {
    if file::write(text, to, terminal)? {
        terminal.err(&format!("wrote `{}`; look at it with `kubemend analyze --cluster {}`\n", to.display(), to.display()))?;
    }
    Ok(Exit::Done)
}
