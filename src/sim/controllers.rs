//! The stand-ins behind the API: each looks at the objects and brings them a step nearer to what they say.
//! They run in turns until nothing changes, then sleep until something is written or a time they asked for has come.

mod budget;
mod claim;
mod deployment;
mod endpoint_slice;
mod garbage;
mod replica_set;
mod rollout;
mod scheduler;
mod stateful_set;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Shared,
    cluster::{Cluster, span},
    events::Source,
    json as read,
    problem::Problem,
    resources::POD,
};

/// Rounds without rest; more means that two stand-ins undo each other's work.
const ROUNDS: usize = 200;
/// The shortest sleep, so that a time that has just come does not spin.
const NAP: Duration = Duration::from_millis(1);

/// Runs everything behind the API, for ever.
pub(super) async fn drive(shared: Arc<Shared>) {
    let mut changed = shared.changed.subscribe();
    loop {
        changed.borrow_and_update();
        let (version, wake) = {
            let mut cluster = shared.lock();
            cluster.settle();
            (cluster.store.version(), cluster.take_wake())
        };
        shared.announce(version);
        let soonest = Instant::now() + NAP;
        let pause = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at.max(soonest)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            alive = changed.changed() => if alive.is_err() { return },
            () = pause => {}
        }
    }
}

impl Cluster {
    /// Lets every stand-in act until nothing changes any more.
    fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let before = self.store.version();
            self.collect_garbage();
            self.sync_replica_sets();
            self.sync_deployments();
            self.sync_stateful_sets();
            self.schedule();
            self.sync_claims();
            self.run_kubelets();
            self.sync_endpoint_slices();
            self.sync_budgets();
            if self.store.version() == before {
                return;
            }
        }
        tracing::warn!("the stand-ins of the embedded cluster don't come to rest");
    }

    /// Makes a Pod from a template for the object that owns it.
    fn create_pod(&mut self, owner: &Value, mut pod: Value, component: &str) -> Result<String, Problem> {
        read::set(&mut pod, "/apiVersion", "v1");
        read::set(&mut pod, "/kind", "Pod");
        read::set(&mut pod, "/metadata/ownerReferences", json!([reference(owner)]));
        let namespace = read::namespace(owner).to_owned();
        let admitted = self.admit_new(&POD, &namespace, pod, false, "")?;
        let name = read::name(&admitted).to_owned();
        self.store.put(&POD, admitted);
        if component == "replicaset-controller" {
            let message = format!("Created pod: {name}");
            self.normal(Source::controller(component), owner, "SuccessfulCreate", &message);
        }
        Ok(name)
    }

    fn pods_of(&self, owner: &Value) -> Vec<Arc<Value>> {
        self.store.list(&POD, Some(read::namespace(owner))).into_iter().filter(|pod| read::is_controlled_by(pod, owner)).collect()
    }

    /// Whether a Pod has been Ready for long enough; asks to be woken when it will have been.
    fn is_available(&mut self, pod: &Value, min_ready: i64) -> bool {
        if !read::is_true(pod, "Ready") {
            return false;
        }
        if min_ready == 0 {
            return true;
        }
        let since = read::text(read::condition(pod, "Ready"), "/lastTransitionTime");
        let Ok(since) = since.parse::<Timestamp>() else {
            return false;
        };
        let held = self.now().duration_since(since).as_secs();
        if held < min_ready {
            let missing = span(min_ready - held);
            self.wake_at(self.elapsed() + missing);
        }
        held >= min_ready
    }
}

/// The reference to an object that controls another.
fn reference(owner: &Value) -> Value {
    json!({
        "apiVersion": read::at(owner, "/apiVersion"), "kind": read::at(owner, "/kind"),
        "name": read::name(owner), "uid": read::uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// Neither ended nor about to be deleted.
fn is_active(pod: &Value) -> bool {
    !read::is_deleting(pod) && !matches!(read::text(pod, "/status/phase"), "Succeeded" | "Failed")
}

/// A condition of a controller's object, which keeps the time of its last change of status.
fn condition(object: &Value, now: &str, kind: &str, status: &str, reason: &str, message: &str) -> Value {
    let old = read::condition(object, kind);
    let since = if read::text(old, "/status") == status { read::text(old, "/lastTransitionTime") } else { now };
    json!({
        "type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": since,
    })
}
