//! That the work grows with the cluster and not with its square: counted in steps over facts, so that no clock is asked.
//! `make scale` measures the same in seconds.

use super::testing::{App, World, cluster, deployment, pod};
use super::{analyze, severity};
use crate::domain::snapshot::Snapshot;
use crate::facts::{Facts, Walk};
use crate::planner;
use serde_json::{Value, json};
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

/// One world of a size.
type Shape = fn(usize) -> World;

/// Clusters in which many things are alike, each of which a search over all of something made square: what it is, and the world.
const SHAPES: &[(&str, Shape)] = &[
    ("every workload with a fault of its own", world),
    ("a half-ready workload, and Leases of others", |count| {
        let world = half_ready(count).service("sync", json!({"app": "sync"}));
        each(count, world, |world, i| world.object(lease(&format!("lock-{i}"), &format!("other-{i}_5b2b"))))
    }),
    ("a half-ready workload, and a Lease of every ready Pod", |count| {
        each(count, half_ready(count), |world, i| world.object(lease(&format!("lock-{i}"), &format!("sync-rs1-{i}_5b2b"))))
    }),
    ("a Deployment whose image cannot be pulled, with ReplicaSets of its past", |count| {
        let stuck = deployment("web").image("app:2.0").replicas(3).waiting("ErrImagePull", NOT_FOUND);
        let past = (0..count).fold(stuck, |app, i| app.before(u32::try_from(i).unwrap(), &format!("app:1.{i}"), 0));
        cluster().app(past).service("web", json!({"app": "web"}))
    }),
    ("ReplicaSets that own one another in circles, with Pods", |count| {
        let owned =
            |by: &str| json!([{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": by, "uid": format!("uid-{by}"), "controller": true}]);
        let set = |name: &str, by: &str| {
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"replicas": 1, "selector": {}},
                "metadata": {"name": name, "namespace": "a-team", "uid": format!("uid-{name}"), "ownerReferences": owned(by)}})
        };
        each(count, cluster(), |world, i| {
            let (one, other) = (format!("one-{i}"), format!("other-{i}"));
            let pod = pod(&format!("pod-{i}")).meta(json!({"ownerReferences": owned(&one)})).waiting("ErrImagePull", NOT_FOUND);
            world.object(set(&one, &other)).object(set(&other, &one)).app(pod)
        })
    }),
    ("Ingresses whose Services do not exist, beside other Services", |count| {
        each(count, cluster(), |world, i| {
            world.object(ingress(i, &format!("gone-{i}"))).app(deployment(&word(i))).service(&word(i), json!({"app": word(i)}))
        })
    }),
    ("Ingresses of classes that do not exist, beside other classes", |count| {
        each(count, cluster(), |world, i| {
            let class = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": format!("class-{i}")}, "spec": {"controller": "example.com/c"}});
            world.object(ingress(i, "web")).object(class)
        })
    }),
    ("missing claims, beside claims elsewhere", |count| {
        each(count, cluster(), |world, i| {
            world.app(waiting(i, &format!("{}-files", word(i)))).object(claim(
                "b-team",
                &format!("{}-files", word(i + count)),
                "standard",
                "Bound",
            ))
        })
    }),
    ("missing claims, beside unused claims", |count| {
        each(count, cluster(), |world, i| {
            world.app(waiting(i, &format!("{}-files", word(i)))).object(claim(
                "a-team",
                &format!("{}-files", word(i + count)),
                "standard",
                "Bound",
            ))
        })
    }),
    ("missing claims, beside claims of others", |count| {
        each(count, cluster(), |world, i| {
            let used = format!("{}-files", word(i + count));
            let user = deployment(&word(i + count)).claim("data", &used);
            world.app(waiting(i, &format!("{}-files", word(i)))).app(user).object(claim("a-team", &used, "standard", "Bound"))
        })
    }),
    ("claims of classes that do not exist, beside volumes and claims of others", |count| {
        each(count, cluster(), |world, i| {
            let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("volume-{i}")}, "spec": {"storageClassName": "standard"}});
            let name = format!("{}-files", word(i));
            world.app(waiting(i, &name)).object(claim("a-team", &name, &format!("fast-{i}"), "Pending")).object(volume)
        })
    }),
    ("claims of the empty class, beside volumes that are taken", |count| {
        each(count, cluster(), |world, i| {
            let volume = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": format!("volume-{i}")}, "spec": {"claimRef": {"name": "other"}}, "status": {"phase": "Bound"}});
            let name = format!("{}-files", word(i));
            world.app(waiting(i, &name)).object(claim("a-team", &name, "", "Pending")).object(volume)
        })
    }),
    ("words about Jobs", |count| {
        let job = |i: usize| {
            let container = json!({"name": "app", "image": "example/app:1.0"});
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": format!("import-{i}"), "namespace": "a-team", "uid": format!("j{i}")},
                "spec": {"template": {"spec": {"containers": [container]}}}, "status": {"conditions": [{"type": "Failed", "status": "True", "message": "no"}]}})
        };
        each(count, cluster().said("the jobs are failing"), |world, i| world.object(job(i)))
    }),
    ("NetworkPolicies of all Pods, and of some", |count| {
        let policy = |i: usize, labels: Value| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": format!("policy-{i}-{}", labels.as_object().unwrap().len()), "namespace": "a-team"},
                "spec": {"podSelector": {"matchLabels": labels}}})
        };
        each(count, cluster(), |world, i| {
            let world = world.app(deployment(&word(i)).labels(json!({"app": word(i), "tier": "web"})));
            let world = world.object(policy(i, json!({}))).object(policy(i, json!({"tier": "web"})));
            world.object(policy(i, json!({"tier": "web", "app": word(i)})))
        })
    }),
    ("Services that match nothing, beside workloads of other names", |count| {
        each(count, cluster(), |world, i| {
            let name = word(i);
            world.app(served(&name)).service(&name, json!({"app": name})).service(&word(i + count), json!({"app": word(i + count)}))
        })
    }),
    ("Services that match nothing, beside workloads that nothing serves", |count| {
        each(count, cluster(), |world, i| world.app(served(&word(i))).service(&word(i + count), json!({"app": word(i + count)})))
    }),
    ("Services that match nothing but for a label that all have", |count| {
        each(count, cluster(), |world, i| {
            let app = served(&word(i)).labels(json!({"app": word(i), "tier": "web"}));
            world.app(app).service(&word(i + count), json!({"app": word(i + count), "tier": "web"}))
        })
    }),
    ("ConfigMaps of one series, and those that are missing in it", |count| {
        each(count, cluster(), |world, i| {
            world.app(configured(i, &format!("settings-of-tenant-{}", i + count))).config_map(&format!("settings-of-tenant-{i}"), &["URL"])
        })
    }),
];

/// So many times the same.
fn each(count: usize, world: World, more: impl Fn(World, usize) -> World) -> World {
    (0..count).fold(world, more)
}

/// A name that shares nothing with another's: as those of different applications do.
fn word(number: usize) -> String {
    let mut rest = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let letter = |_| {
        let letter = b'a' + u8::try_from(rest % 26).unwrap();
        rest /= 26;
        char::from(letter)
    };
    (0..9).map(letter).collect()
}

/// The first half of its Pods is ready.
fn half_ready(count: usize) -> World {
    let replicas = i32::try_from(count).unwrap();
    let waits = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}],
        "containerStatuses": [{"name": "app", "image": "a", "imageID": "x", "ready": false, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-01-01T11:50:00Z"}}}]}});
    let world = cluster().app(deployment("sync").replicas(replicas));
    (count / 2..count).fold(world, |world, i| world.edit("Pod", &format!("sync-rs1-{i}"), waits.clone()))
}

fn lease(name: &str, holder: &str) -> Value {
    json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": name, "namespace": "a-team"}, "spec": {"holderIdentity": holder}})
}

fn ingress(number: usize, service: &str) -> Value {
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": format!("site-{number}"), "namespace": "a-team"},
        "spec": {"ingressClassName": format!("none-{number}"), "defaultBackend": {"service": {"name": service, "port": {"number": 80}}}}})
}

fn claim(namespace: &str, name: &str, class: &str, phase: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name, "namespace": namespace},
        "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": class, "resources": {"requests": {"storage": "5Gi"}}}, "status": {"phase": phase}})
}

/// A workload whose Pods wait for a claim.
fn waiting(number: usize, claim: &str) -> App {
    deployment(&word(number))
        .claim("data", claim)
        .unschedulable(&format!("0/2 nodes are available: persistentvolumeclaim \"{claim}\" not found"))
}

/// A workload that declares the port of `World::service`.
fn served(name: &str) -> App {
    deployment(name).spec(json!({"containers": [{"name": "app", "image": "a:1", "ports": [{"containerPort": 8080}]}]}))
}

/// A workload that takes a key of a ConfigMap that does not exist.
fn configured(number: usize, map: &str) -> App {
    let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": map, "key": "URL"}}}]);
    deployment(&word(number))
        .spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env}]}))
        .waiting("CreateContainerConfigError", &format!("configmap \"{map}\" not found"))
}

/// All that is done with a snapshot, in steps.
fn steps(snapshot: &Snapshot) -> u64 {
    let facts = Facts::of(snapshot);
    let mut diagnosis = analyze(&facts).unwrap();
    planner::triage(&mut diagnosis, &facts, severity);
    facts.pace().steps()
}

#[test]
fn twice_the_cluster_is_twice_the_work_whatever_it_is_made_of() {
    let ratio = |(what, shape): &(&'static str, Shape)| {
        let (once, twice) = (steps(&shape(40).snapshot()), steps(&shape(80).snapshot()));
        (twice * 10 > once * 23).then_some((*what, once, twice))
    };
    let square: Vec<(&str, u64, u64)> = SHAPES.iter().filter_map(ratio).collect();
    assert_eq!(square, [], "more than twice the steps");
}

#[test]
fn every_thing_is_looked_at_a_bounded_number_of_times() {
    let count = 30;
    let snapshot = world(count).snapshot();
    assert!(!analyze(&Facts::of(&snapshot)).unwrap().causes.is_empty());
    // Nine Pods, five workloads, three Services and two events of each.
    assert!(steps(&snapshot) / 30 < 600, "{} steps", steps(&snapshot));
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
    let facts = Facts::until(&snapshot, Walk::until(&stop));
    assert_eq!(analyze(&facts), None);
    assert!(
        facts.pace().is_stopped() && facts.pace().steps() * 2 < whole.pace().steps(),
        "{} of {}",
        facts.pace().steps(),
        whole.pace().steps()
    );
}

#[test]
fn analysis_that_is_stopped_at_its_last_step_is_no_diagnosis() {
    let snapshot = world(20).snapshot();
    let asked = Cell::new(0);
    let count = || {
        asked.set(asked.get() + 1);
        false
    };
    analyze(&Facts::until(&snapshot, Walk::until(&count))).unwrap();
    let last = asked.get();
    for stop_at in 1..=last {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() >= stop_at
        };
        assert_eq!(analyze(&Facts::until(&snapshot, Walk::until(&stop))), None, "stopped at question {stop_at} of {last}");
    }
}
