//! What stands around an object: several kinds, read at once into a snapshot, so that what rules know of facts holds here as well. What
//! could not be read is known with its reason: it is said, and never taken for absence.

use super::described::unread;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;
use crate::domain::object::ObjectRef;
use crate::domain::room::Room;
use crate::domain::snapshot::Snapshot;
use crate::ports::{ClusterRead, ListRequest, ReadError, gap};
use jiff::Timestamp;
use serde_json::Value;

/// The kinds that were asked for, as far as they could be read.
#[derive(Debug)]
pub(super) struct Around {
    pub(super) snapshot: Snapshot,
    /// A line for each kind that could not be read, or not whole.
    pub(super) missing: Vec<String>,
}

/// Reads these kinds: in a namespace, of the cluster where a kind has none, and everywhere without a namespace.
pub(super) async fn read(
    kinds: &[Kind],
    namespace: Option<&Namespace>,
    read: &dyn ClusterRead,
    now: Timestamp,
) -> Result<Around, ReadError> {
    let place = |kind: &Kind| namespace.filter(|_| kind.info().is_some_and(|info| info.namespaced)).cloned();
    of(kinds.iter().map(|kind| ListRequest::of(kind.clone(), place(kind))).collect(), namespace, read, now).await
}

/// Reads what these requests bring.
pub(super) async fn of(
    requests: Vec<ListRequest>,
    namespace: Option<&Namespace>,
    read: &dyn ClusterRead,
    now: Timestamp,
) -> Result<Around, ReadError> {
    let scope = Scope::of(namespace.cloned().into_iter().collect(), Vec::new());
    let mut around = Around { snapshot: Snapshot::empty(read.cluster().await?, scope, now), missing: Vec::new() };
    for request in ListRequest::sharing(Room::OF_A_LOOK, requests) {
        let plural = request.kind.info().map_or_else(|| request.kind.name().to_owned(), |info| info.plural.to_owned());
        match read.list(&request).await {
            Ok(listed) => {
                if !listed.complete || listed.objects.unreadable() > 0 {
                    around.missing.push(format!("{plural}: not all of them were read"));
                }
                around.snapshot.take(listed.objects, listed.complete);
            }
            Err(error) => {
                if gap(&error, &plural).is_none() {
                    return Err(error);
                }
                around.snapshot.miss(&request.kind);
                let unlock = match &error {
                    ReadError::Forbidden { unlock, .. } => format!("; to allow it: {unlock}"),
                    _ => String::new(),
                };
                around.missing.push(format!("{plural}: {}{unlock}", unread(&error)));
            }
        }
    }
    Ok(around)
}

impl Around {
    /// Takes in the object that the look is about, as it was read by itself, where no list brought it.
    pub(super) fn with(mut self, object: &ObjectRef, value: Value) -> Self {
        if self.snapshot.meta_of(object).is_none() {
            let whole = self.snapshot.is_complete(&object.kind);
            self.snapshot.add(&object.kind, vec![value], whole);
        }
        self
    }

    /// What could not be read, as the end of a text; nothing where all of it was.
    pub(super) fn in_words(&self) -> Option<String> {
        (!self.missing.is_empty())
            .then(|| format!("Not everything could be read, and what was not may be there:\n{}", self.missing.join("\n")))
    }
}
