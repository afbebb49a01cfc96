//! The ReplicaSets of a Deployment: which is of its template, and which are older.

use std::sync::Arc;

use serde_json::Value;

use crate::sim::{cluster::Cluster, json as read, resources::REPLICA_SET};

/// Where a set and its Deployment say which revision they are.
pub(super) const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
/// The label that tells the Pods of two revisions apart.
pub(super) const HASH: &str = "pod-template-hash";

/// A Deployment's ReplicaSets: the one of its template, if there is one, and the others, oldest first.
pub(super) struct Sets {
    pub(super) new: Option<Arc<Value>>,
    pub(super) old: Vec<Arc<Value>>,
}

impl Sets {
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Value>> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of a number over all sets.
    pub(super) fn sum(&self, pointer: &str) -> i64 {
        self.all().map(|set| count(set, pointer)).sum()
    }
}

pub(super) fn count(set: &Value, pointer: &str) -> i64 {
    read::int(set, pointer).unwrap_or(0)
}

pub(super) fn revision(object: &Value) -> i64 {
    read::text(object, REVISION).parse().unwrap_or(0)
}

pub(super) fn sets_of(cluster: &Cluster, deployment: &Value) -> Sets {
    let mut all: Vec<Arc<Value>> = cluster
        .store
        .list(&REPLICA_SET, Some(read::namespace(deployment)))
        .into_iter()
        .filter(|set| read::is_controlled_by(set, deployment))
        .collect();
    all.sort_by_key(|set| revision(set));
    let position = all.iter().position(|set| {
        let mut template = read::at(set, "/spec/template").clone();
        read::remove(&mut template, &format!("/metadata/labels/{HASH}"));
        template == *read::at(deployment, "/spec/template")
    });
    let new = position.map(|index| all.remove(index));
    Sets { new, old: all }
}
