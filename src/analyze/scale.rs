//! That the work grows with the cluster and not with its square: counted in steps over facts, so that no clock is asked.
//! `make scale` measures the same in seconds.

use super::testing::{World, cluster, deployment};
use super::{analyze, severity};
use crate::facts::Facts;
use crate::planner;
use serde_json::json;
use std::cell::Cell;

const NOT_FOUND: &str = "rpc error: code = NotFound desc = failed to resolve reference: not found";

/// So many workloads of every fault, each with a Service, a ReplicaSet and events.
fn world(count: usize) -> World {
    (0..count).fold(cluster(), |world, i| {
        let crash = format!("crash-{i}");
        let missing = format!("missing-{i}");
        let image = format!("image-{i}");
        let configured = format!("configured-{i}");
        let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": format!("settings-{i}"), "key": "URL"}}}]);
        world
            .app(deployment(&crash).replicas(3).waiting("CrashLoopBackOff", "back-off"))
            .service(&crash, json!({"app": crash}))
            .event("Pod", &format!("{crash}-rs1-0"), "BackOff", "back-off")
            .app(deployment(&missing).claim("data", &format!("data-of-{i}")).unschedulable("0/2 nodes are available"))
            .event("Pod", &format!("{missing}-rs1-0"), "FailedScheduling", "0/2 nodes are available")
            .app(deployment(&image).replicas(2).waiting("ErrImagePull", NOT_FOUND))
            .service(&image, json!({"app": image}))
            .app(
                deployment(&configured)
                    .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env}]}))
                    .waiting("CreateContainerConfigError", &format!("configmap \"settings-{i}\" not found")),
            )
            .app(deployment(&format!("good-{i}")).replicas(2))
            .service(&format!("good-{i}"), json!({"app": format!("good-{i}")}))
    })
}

#[test]
fn twice_the_cluster_is_twice_the_work() {
    let steps = |count: usize| {
        let snapshot = world(count).snapshot();
        let facts = Facts::of(&snapshot);
        let mut diagnosis = analyze(&facts).unwrap();
        assert!(!diagnosis.causes.is_empty());
        planner::triage(&mut diagnosis, &facts, severity);
        facts.steps()
    };
    let (once, twice) = (steps(30), steps(60));
    assert!(twice * 10 <= once * 22, "{once} steps, then {twice}");
    // Nine Pods, five workloads, three Services and two events of each: every one is looked at a bounded number of times.
    assert!(once / 30 < 600, "{once} steps");
}

#[test]
fn analysis_ends_soon_after_it_is_stopped() {
    let snapshot = world(60).snapshot();
    let whole = Facts::of(&snapshot);
    analyze(&whole).unwrap();
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 3
    };
    let facts = Facts::until(&snapshot, &stop);
    assert_eq!(analyze(&facts), None);
    assert!(facts.is_stopped() && facts.steps() * 2 < whole.steps(), "{} of {}", facts.steps(), whole.steps());
}

#[test]
fn analysis_that_is_stopped_at_its_last_step_is_no_diagnosis() {
    let snapshot = world(20).snapshot();
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        false
    };
    analyze(&Facts::until(&snapshot, &count)).unwrap();
    let last = asked.get();
    for stop_at in 1..=last {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() >= stop_at
        };
        assert_eq!(analyze(&Facts::until(&snapshot, &stop)), None, "stopped at question {stop_at} of {last}");
    }
}
