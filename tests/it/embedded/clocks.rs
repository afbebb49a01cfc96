//! A machine whose clock stands hours away from the cluster's reads the same, and proves the same.

use crate::support::case::{Case, names};
use crate::support::embedded::{Embedded, ask, asked, yes};
use crate::support::mask::masked;
use kubemend::workflow::Caller;
use kubemend::workflow::report::Status;

/// Somebody's laptop, and a virtual machine that slept.
const AWAY: [i64; 3] = [0, 3 * 3600, -3 * 3600];

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_told_by_the_clusters_clock() {
    for name in names() {
        let case = Case::load(&name);
        let namespace = case.scenario.namespace.clone();
        let mut told = Vec::new();
        for away in AWAY {
            let cluster = Embedded::of(&case, &namespace).await;
            cluster.clock.set_by(away);
            told.push(masked(&cluster.process().analyze(&ask(&case, &namespace), &Caller::silent()).await.unwrap()));
        }
        assert_eq!(told[0], told[1], "{name}, ahead");
        assert_eq!(told[0], told[2], "{name}, behind");
    }
}

#[tokio::test(start_paused = true)]
async fn whether_it_helped_is_told_by_the_clusters_clock() {
    let case = Case::load("database-pod-pending");
    let namespace = case.scenario.namespace.clone();
    for away in AWAY {
        let cluster = Embedded::of(&case, &namespace).await;
        cluster.clock.set_by(away);
        let process = cluster.process();
        let (_, question) = asked(&process, &ask(&case, &namespace)).await;
        let report = yes(&process, &question).await.unwrap();
        assert_eq!(report.status, Status::Resolved, "{away}: {}", report.summary);
    }
}
