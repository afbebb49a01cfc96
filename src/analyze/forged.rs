//! Events that somebody else wrote: whoever may create Events can write any of them, about any object. For every family of rules that
//! takes an Event for its evidence: what another wrote is none, and what only an Event says is told, and not seen.

use super::testing::{App, World, bare_cluster, changes, cluster, deployment};
use crate::domain::cause::Cause;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::{EvidenceSource, Ground};
use crate::domain::kind::Kind;
use serde_json::json;

const GONE: &str = r#"Failed to pull image "example/catalog:9": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/example/catalog:9": failed to resolve reference "docker.io/example/catalog:9": docker.io/example/catalog:9: not found"#;
const REFUSED: &str = r#"Failed to pull image "example/catalog:9": pull access denied, 401 Unauthorized"#;
const NO_PLATFORM: &str = r#"Failed to pull image "example/catalog:9": no match for platform in manifest: not found"#;
const BACK_OFF: &str = r#"Back-off pulling image "example/catalog:9""#;

fn catalog(status: &str) -> App {
    deployment("catalog").image("example/catalog:9").waiting("ImagePullBackOff", status).before(1, "example/catalog:8", 1)
}

/// A finding that one Event alone leads to: what is there besides, and the Event.
struct Case {
    code: &'static str,
    world: World,
    about: (&'static str, &'static str),
    event: (&'static str, &'static str),
}

fn cases() -> Vec<Case> {
    let pulls =
        |code, said| Case { code, world: cluster().app(catalog(BACK_OFF)), about: ("Pod", "catalog-rs2-0"), event: ("Failed", said) };
    let env = json!([{"name": "URL", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "URL"}}}]);
    let volume = json!([{"name": "files", "configMap": {"name": "settings", "items": [{"key": "a.yml", "path": "a.yml"}]}}]);
    let mounting = || deployment("web").spec(json!({"volumes": volume})).starting("2026-01-01T11:58:00Z");
    let taking = deployment("web").spec(json!({"containers": [{"name": "app", "image": "a:1", "env": env}]}));
    let waiting = || deployment("web").claim("data", "web-data").starting("2026-01-01T11:58:00Z").spec(json!({"nodeName": "node-1"}));
    let on_pod = ("Pod", "web-rs1-0");
    vec![
        pulls("img-tag-not-found", GONE),
        pulls("img-pull-refused", REFUSED),
        pulls("img-platform-missing", NO_PLATFORM),
        Case {
            code: "cfg-configmap-missing-env",
            world: cluster().app(taking.waiting("CreateContainerConfigError", "")).hiding(Kind::ConfigMap),
            about: on_pod,
            event: ("Failed", r#"Error: configmap "settings" not found"#),
        },
        Case {
            code: "cfg-configmap-missing-volume",
            world: cluster().app(mounting()).hiding(Kind::ConfigMap),
            about: on_pod,
            event: ("FailedMount", r#"MountVolume.SetUp failed for volume "files" : configmap "settings" not found"#),
        },
        Case {
            code: "cfg-configmap-key-missing",
            world: cluster().app(mounting()).config_map("settings", &["b.yml"]),
            about: on_pod,
            event: ("FailedMount", r#"MountVolume.SetUp failed for volume "files" : references non-existent config key: a.yml"#),
        },
        Case {
            code: "pvc-missing",
            world: cluster().app(waiting()).hiding(Kind::PersistentVolumeClaim),
            about: on_pod,
            event: ("FailedMount", r#"Unable to attach or mount volumes: persistentvolumeclaims "web-data" not found"#),
        },
        Case {
            code: "pvc-storageclass-missing",
            world: bare_cluster().claim("uploads", "Pending", "fast-ssd").hiding(Kind::StorageClass),
            about: ("PersistentVolumeClaim", "uploads"),
            event: ("ProvisioningFailed", r#"storageclass.storage.k8s.io "fast-ssd" not found"#),
        },
        Case {
            code: "pvc-storageclass-empty",
            world: cluster().claim("uploads", "Pending", "''"),
            about: ("PersistentVolumeClaim", "uploads"),
            event: ("FailedBinding", "no persistent volumes available for this claim and no storage class is set"),
        },
    ]
}

fn found(case: &Case, author: &str) -> Vec<Cause> {
    let ((kind, about), (reason, message)) = (case.about, case.event);
    case.world.clone().event_by(author, kind, about, reason, message).found(case.code)
}

#[test]
fn event_of_somebody_else_is_no_evidence() {
    for case in cases() {
        for author in ["somebody", "", "kubelet-2", "replicaset-controller"] {
            assert_eq!(found(&case, author), [], "{} by `{author}`", case.code);
        }
    }
}

#[test]
fn what_only_an_event_says_is_told_and_not_seen() {
    for case in cases() {
        let author = if case.about.0 == "Pod" { "kubelet" } else { "persistentvolume-controller" };
        let all = found(&case, author);
        let [cause] = all.as_slice() else { panic!("{}: {all:#?}", case.code) };
        assert_eq!(cause.ground, Ground::Told, "{}", case.code);
        assert!(cause.confidence <= Confidence::percent(75), "{}: {:?}", case.code, cause.confidence);
    }
}

#[test]
fn status_that_says_something_else_rules_an_event_out() {
    for status in ["ErrImagePull: dial tcp 10.0.0.1:443: i/o timeout", "ErrImagePull: 401 Unauthorized", "ErrImagePull: pull QPS exceeded"]
    {
        let world = cluster().app(catalog(&format!("{BACK_OFF}: {status}")));
        for author in ["somebody", "kubelet"] {
            let told = world.clone().event_by(author, "Pod", "catalog-rs2-0", "Failed", GONE);
            assert_eq!(told.found("img-tag-not-found"), [], "{status} {author}");
        }
    }
}

#[test]
fn what_the_status_says_itself_is_seen() {
    let world = cluster().app(catalog(GONE));
    for world in [world.clone(), world.event_by("somebody", "Pod", "catalog-rs2-0", "Failed", REFUSED)] {
        let found = world.only("img-tag-not-found");
        assert_eq!((found.ground, changes(&found).len()), (Ground::Seen, 1));
        assert!(found.cites.iter().all(|id| world.diagnosis().evidence.get(*id).unwrap().source == EvidenceSource::Object));
    }
}

#[test]
fn image_that_only_an_event_singles_out_is_told() {
    let app = catalog(GONE).before(1, "example/catalog:7", 0).before(2, "example/catalog:8", 0);
    let app = app.image("example/catalog:9");
    let two = cluster().app(deployment("other")).app(app);
    let two = two.edit("ReplicaSet", "catalog-rs1", json!({"status": {"readyReplicas": 0}}));
    let said = GONE.replace("catalog:9", "catalog:8");
    let by = |author: &str| two.clone().event_by(author, "Pod", "catalog-gone", "Failed", &said).only("img-tag-not-found");
    assert_eq!(by("somebody").remedy.proposals, []);
    assert_eq!(by("kubelet").ground, Ground::Told);
}

#[test]
fn words_of_the_scheduler_are_quoted_from_the_scheduler_alone() {
    let app = deployment("web").spec(json!({"nodeSelector": {"disktype": "sdd"}})).unschedulable("");
    let quoted = |author: &str| {
        let world = cluster().app(app.clone()).event_by(author, "Pod", "web-rs1-0", "FailedScheduling", "0/2 nodes are available");
        let (cause, all) = (world.only("sched-nodeselector-no-match"), world.diagnosis().evidence);
        cause.cites.iter().any(|id| all.get(*id).unwrap().source == EvidenceSource::Event)
    };
    assert_eq!((quoted("somebody"), quoted("default-scheduler")), (false, true));
    let lost = |author: &str| {
        let claim = cluster().claim("a", "Lost", "x").edit("PersistentVolumeClaim", "a", json!({"spec": {"volumeName": "v"}}));
        let world = claim.event_by(author, "PersistentVolumeClaim", "a", "ClaimLost", "Bound claim has lost its PersistentVolume");
        let (cause, all) = (world.only("pvc-lost"), world.diagnosis().evidence);
        cause.cites.iter().any(|id| all.get(*id).unwrap().source == EvidenceSource::Event)
    };
    assert_eq!((lost("somebody"), lost("persistentvolume-controller")), (false, true));
}
