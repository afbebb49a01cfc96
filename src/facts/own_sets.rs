//! ReplicaSets that no Deployment made which was read: somebody's own, and those of a controller that nobody reads.

use super::labels::Labels;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::Workload;
use std::collections::HashMap;

/// All of them, with their places by name and by the labels of their templates.
#[derive(Debug)]
pub(super) struct OwnSets<'a> {
    pub(super) all: Vec<Workload<'a>>,
    pub(super) places: HashMap<ObjectRef, usize>,
    pub(super) by_label: Labels<'a, usize>,
}

impl<'a> OwnSets<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut sets = Self { all: snapshot.own_replica_sets(), places: HashMap::new(), by_label: Labels::default() };
        for (place, set) in sets.all.iter().enumerate() {
            sets.places.insert(set.object.clone(), place);
            sets.by_label.add(set.meta.namespace.as_deref(), Some(set.pod_labels), place);
        }
        sets
    }
}
