//! A recording of a part of the cluster: everything that rules read, masked, to be looked at elsewhere.

use super::collect::{self, Collected};
use super::tape::Tape;
use super::{Caller, Remediation, WorkflowError, namesakes};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;
use crate::domain::recording::{Recorded, RecordedList, Recording};
use crate::domain::words::Wording;
use crate::ports::Phase;
use crate::probe;

impl Remediation {
    /// The context's own namespace.
    pub fn namespace(&self) -> Namespace {
        self.parts.read.default_namespace()
    }

    /// Everything that rules can read of the scope. What could not be read is in it as that.
    ///
    /// # Errors
    /// Nothing can be read at all.
    pub async fn record(&self, scope: &Scope, caller: &Caller<'_>) -> Result<Recording, WorkflowError> {
        let meter = self.meter(caller);
        let tape = Tape::over(meter.read.clone());
        caller.progress.tell(Phase::Collecting, "reading everything that rules look at");
        let kinds: Vec<Kind> = Kind::KNOWN.into_iter().filter(Kind::is_readable).collect();
        let clock = self.parts.clock.as_ref();
        let read = collect::some(Wording::default(), &kinds, |_| Vec::new(), scope, &tape, clock);
        let Collected { mut snapshot, mut account, .. } = tokio::select! {
            collected = read => collected?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        namesakes::seek(&tape, &mut account, &mut snapshot).await?;
        let mut lists = tape.kept();
        caller.progress.tell(Phase::Collecting, "masking what may be secret");
        let allowed = self.parts.allowed;
        let lists = tokio::task::spawn_blocking(move || {
            lists.iter_mut().for_each(|list| mask(list, allowed));
            lists
        });
        let lists = lists.await.map_err(|_| WorkflowError::Invalid("the recording could not be masked".to_owned()))?;
        let read = &self.parts.read;
        let (namespace, chosen) = (read.default_namespace(), read.own_namespace().is_some());
        Ok(Recording { taken_at: snapshot.taken_at, cluster: snapshot.cluster, namespace, chosen, lists })
    }
}

fn mask(list: &mut RecordedList, allowed: probe::Allowed) {
    if let Recorded::Objects { items, .. } = &mut list.answer {
        for item in items {
            *item = probe::masked(item.take(), list.namespace.as_ref(), allowed);
        }
    }
}
