//! The stand-ins behind the API: each looks at the objects and brings them a step nearer to what they say.
//! They run in turns until nothing changes, then sleep until something is written or a time they asked for has come.

mod budget;
mod claim;
mod deployment;
mod endpoint_slice;
mod garbage;
mod owned;
mod replica_set;
mod rollout;
mod scheduler;
mod sets;
mod stateful_set;

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{cluster::Cluster, kubelet, shared::Shared};

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
            settle(&mut cluster);
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

/// Lets every stand-in act until nothing changes any more.
fn settle(cluster: &mut Cluster) {
    for _ in 0..ROUNDS {
        let before = cluster.store.version();
        garbage::collect_garbage(cluster);
        replica_set::sync_replica_sets(cluster);
        deployment::sync_deployments(cluster);
        stateful_set::sync_stateful_sets(cluster);
        scheduler::schedule(cluster);
        claim::sync_claims(cluster);
        kubelet::run_kubelets(cluster);
        endpoint_slice::sync_endpoint_slices(cluster);
        budget::sync_budgets(cluster);
        if cluster.store.version() == before {
            return;
        }
    }
    tracing::warn!("the controllers of the embedded cluster do not settle");
}
