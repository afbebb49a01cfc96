//! The Deployment controller: one ReplicaSet for each revision, and the way from one to the next.

use std::{cmp::Reverse, sync::Arc};

use serde_json::{Value, json};

use super::{is_active, reference, rollout};
use crate::sim::{
    cluster::{Cluster, template_hash},
    events::Source,
    json as read,
    resources::{DEPLOYMENT, REPLICA_SET},
};

const SOURCE: Source<'static> = Source::controller("deployment-controller");
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";
const HASH: &str = "pod-template-hash";
/// Annotations that are the Deployment's own and don't go to its ReplicaSets.
const OWN: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision"];

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

/// Notes the revision that a set had before it is used for another.
fn remember_revision(set: &mut Value) {
    const HISTORY: &str = "/metadata/annotations/deployment.kubernetes.io~1revision-history";
    let before = read::text(set, REVISION);
    let history = match read::text(set, HISTORY) {
        "" => before.to_owned(),
        earlier => format!("{earlier},{before}"),
    };
    read::set(set, HISTORY, history);
}

impl Cluster {
    pub(super) fn sync_deployments(&mut self) {
        for deployment in self.store.list(&DEPLOYMENT, None) {
            if !read::is_deleting(&deployment) {
                self.sync_deployment(&deployment);
            }
        }
    }

    fn sync_deployment(&mut self, deployment: &Arc<Value>) {
        let mut deployment = Arc::clone(deployment);
        let paused = read::at(&deployment, "/spec/paused").as_bool() == Some(true);
        if !paused {
            let sets = self.sets_of(&deployment);
            if read::text(&deployment, "/spec/strategy/type") == "Recreate" {
                self.recreate(&mut deployment, &sets);
            } else {
                self.roll(&mut deployment, &sets);
            }
        }
        let sets = self.sets_of(&deployment);
        self.clean_up(&deployment, &sets);
        self.write_deployment_status(&deployment, &sets);
    }

    pub(super) fn sets_of(&self, deployment: &Value) -> Sets {
        let mut all: Vec<Arc<Value>> = self
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

    /// The ReplicaSet of the Deployment's template, made or brought to the newest revision.
    fn newest(&mut self, deployment: &mut Arc<Value>, sets: &Sets, replicas: i64) -> Arc<Value> {
        let next = sets.old.iter().map(|set| revision(set)).max().unwrap_or(0) + 1;
        let set = if let Some(set) = &sets.new {
            let mut changed = (**set).clone();
            if revision(set) < next {
                remember_revision(&mut changed);
                read::set(&mut changed, REVISION, next.to_string());
                self.note_progress(deployment, "FoundNewReplicaSet", &format!("Found new replica set \"{}\"", read::name(set)));
            }
            self.store.put(&REPLICA_SET, changed)
        } else {
            let set = self.create_replica_set(deployment, next, replicas);
            let name = read::name(&set).to_owned();
            self.note_progress(deployment, "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
            if replicas > 0 {
                let message = format!("Scaled up replica set {name} from 0 to {replicas}");
                self.normal(SOURCE, deployment, "ScalingReplicaSet", &message);
            }
            set
        };
        let current = revision(&set).max(next);
        if revision(deployment) != current {
            let mut changed = (**deployment).clone();
            read::set(&mut changed, REVISION, current.to_string());
            *deployment = self.store.put(&DEPLOYMENT, changed);
        }
        set
    }

    fn create_replica_set(&mut self, deployment: &Value, revision: i64, replicas: i64) -> Arc<Value> {
        let hash = template_hash(read::at(deployment, "/spec/template"));
        let mut template = read::at(deployment, "/spec/template").clone();
        read::set(&mut template, &format!("/metadata/labels/{HASH}"), hash.as_str());
        let mut selector = read::at(deployment, "/spec/selector").clone();
        read::set(&mut selector, &format!("/matchLabels/{HASH}"), hash.as_str());
        let mut set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {
                "name": format!("{}-{hash}", read::name(deployment)),
                "namespace": read::namespace(deployment),
                "labels": read::at(&template, "/metadata/labels"),
                "ownerReferences": [reference(deployment)],
            },
            "spec": {"replicas": replicas, "selector": selector, "template": template},
            "status": {"replicas": 0},
        });
        for (key, value) in read::pairs(deployment, "/metadata/annotations") {
            if !OWN.contains(&key) {
                read::object_mut(&mut set, "/metadata/annotations").insert(key.to_owned(), json!(value));
            }
        }
        let min_ready = read::at(deployment, "/spec/minReadySeconds");
        if !min_ready.is_null() {
            read::set(&mut set, "/spec/minReadySeconds", min_ready.clone());
        }
        read::set(&mut set, REVISION, revision.to_string());
        self.annotate_sizes(deployment, &mut set);
        self.create(&REPLICA_SET, set)
    }

    fn annotate_sizes(&self, deployment: &Value, set: &mut Value) {
        let wanted = count(deployment, "/spec/replicas");
        let limits = rollout::limits(deployment);
        let annotations = read::object_mut(set, "/metadata/annotations");
        annotations.insert("deployment.kubernetes.io/desired-replicas".to_owned(), json!(wanted.to_string()));
        annotations.insert("deployment.kubernetes.io/max-replicas".to_owned(), json!((wanted + limits.surge).to_string()));
    }

    fn roll(&mut self, deployment: &mut Arc<Value>, sets: &Sets) {
        let first = rollout::new_replicas(deployment, sets);
        self.newest(deployment, sets, first);
        let sets = self.sets_of(deployment);
        if let Some(new) = &sets.new {
            let wanted = rollout::new_replicas(deployment, &sets);
            if wanted != count(new, "/spec/replicas") {
                self.scale(deployment, new, wanted);
                return;
            }
        }
        for (set, replicas) in rollout::old_replicas(deployment, &sets) {
            self.scale(deployment, &set, replicas);
        }
    }

    fn recreate(&mut self, deployment: &mut Arc<Value>, sets: &Sets) {
        let mut busy = false;
        for set in &sets.old {
            if count(set, "/spec/replicas") > 0 {
                self.scale(deployment, set, 0);
            }
            busy |= self.pods_of(set).iter().any(|pod| is_active(pod) || read::is_deleting(pod));
        }
        if busy {
            return;
        }
        let wanted = count(deployment, "/spec/replicas");
        let new = self.newest(deployment, sets, wanted);
        if count(&new, "/spec/replicas") != wanted {
            self.scale(deployment, &new, wanted);
        }
    }

    fn scale(&mut self, deployment: &Value, set: &Value, replicas: i64) {
        let before = count(set, "/spec/replicas");
        let mut changed = set.clone();
        read::set(&mut changed, "/spec/replicas", replicas);
        self.annotate_sizes(deployment, &mut changed);
        self.store.put(&REPLICA_SET, changed);
        let direction = if replicas > before { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {} from {before} to {replicas}", read::name(set));
        self.normal(SOURCE, deployment, "ScalingReplicaSet", &message);
    }

    /// Deletes the oldest empty ReplicaSets beyond the history that is kept.
    fn clean_up(&mut self, deployment: &Value, sets: &Sets) {
        let kept = read::int(deployment, "/spec/revisionHistoryLimit").unwrap_or(10);
        let kept = usize::try_from(kept).unwrap_or(0);
        let mut empty: Vec<&Arc<Value>> =
            sets.old.iter().filter(|set| count(set, "/spec/replicas") == 0 && count(set, "/status/replicas") == 0).collect();
        empty.sort_by_key(|set| Reverse(revision(set)));
        for set in empty.into_iter().skip(kept) {
            self.begin_delete(&REPLICA_SET, set, None);
        }
    }
}
