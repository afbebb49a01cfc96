//! A Pod waits for a PersistentVolumeClaim that nobody made.
//! The fix is a claim of that name. Its size and access mode are not known from anywhere, so they are assumed, and said to be.

use super::super::advise::in_namespace;
use super::classes;
use super::missing_claim::{Meaning, MissingClaim, find};
use crate::domain::action::Action;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::finding::{Advice, Finding, Proposal, Remedy};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::facts::stuck::Obstacle;
use crate::facts::{Facts, pods};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::{Value, json};

/// The cause.
pub(crate) const CODE: Code = Code("pvc-missing");
/// The reference and the whole list of claims were both read: it is a fact that the claim is missing. That it should be
/// made, rather than come from a source that was not applied yet, is the remaining doubt.
const SEEN: Confidence = Confidence::percent(95);
/// Only the scheduler or the kubelet says so; the list could not be read.
const TOLD: Confidence = Confidence::percent(80);
/// The size of the claim that is proposed: nothing in the cluster says what was meant.
const ASSUMED_SIZE: &str = "10Gi";

/// Every claim that is missing and that no existing claim could be meant by.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    find(facts).iter().filter_map(|missing| finding(facts, missing)).collect()
}

fn finding(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Option<Finding> {
    let remedy = match &missing.meaning {
        Meaning::New => make(facts, missing),
        Meaning::Unsure(unused) => either(missing, unused),
        Meaning::Unknown => cannot_tell(missing),
        Meaning::Existing(_) | Meaning::OneOf(_) => return None,
    };
    let (name, ns, who) = (&missing.claim.name, &missing.namespace, missing.who());
    let assumed = match remedy.proposals.first() {
        Some(_) => format!(
            " Nothing says how large the claim was meant to be, so {ASSUMED_SIZE} and ReadWriteOnce are assumptions: change the plan if the volume needs more."
        ),
        None => String::new(),
    };
    Some(Finding {
        code: CODE,
        title: format!("PersistentVolumeClaim `{name}` does not exist in `{ns}`, and {who} cannot start without it"),
        explanation: format!(
            "{who} mounts the claim `{name}`, but there is no such claim in `{ns}`. The scheduler places no Pod whose claim does not exist, so the Pod stays Pending.{assumed}"
        ),
        object: missing.claim.clone(),
        field: None,
        found: None,
        expected: None,
        confidence: if missing.listed { SEEN } else { TOLD },
        evidence: NonEmpty::from_vec(missing.evidence(facts))?,
        chain: missing.chain(facts),
        symptoms: missing.symptoms(),
        remedy,
    })
}

/// The claim, where its class is known and nothing speaks against it.
fn make(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    let advise = |text: String, command: Option<String>, why: &str| Remedy {
        advice: vec![Advice { text, command, why: why.to_owned() }],
        ..Remedy::default()
    };
    if ObjectRef::parse(&missing.claim.slashed(), Some(&missing.namespace)).is_err() {
        return advise(
            format!("correct the name `{name}` in {}", missing.who()),
            None,
            "no claim can have this name: only lower-case letters, digits, `-` and `.` are allowed",
        );
    }
    if missing.namespace.is_system() {
        let why = Obstacle::System(missing.namespace.clone()).why();
        return advise(format!("make the claim `{name}`"), Some(command(missing)), &why);
    }
    if missing.users.iter().any(|aim| wants_block_device(aim.spec, name)) {
        return advise(
            format!("make the claim `{name}` with volumeMode Block"),
            None,
            "a container uses it as a block device, and which class offers those is not known",
        );
    }
    if missing.users.iter().any(|aim| aim.object.kind == Kind::DaemonSet && aim.desired > 1) {
        return advise(
            format!("make the claim `{name}` with the access mode ReadWriteMany and a class that offers it"),
            None,
            "a DaemonSet mounts it on several nodes, and which class offers shared volumes is not known",
        );
    }
    let Some(class) = classes::default_class(facts) else {
        return no_class(facts, missing);
    };
    let mut checks = vec![Check::ClaimBound(missing.claim.clone())];
    checks.extend(missing.checks());
    Remedy {
        proposals: vec![Proposal {
            action: Action::Create { object: missing.claim.clone(), manifest: manifest(missing, Some(class)) },
            why: why(missing, class),
            risk: Risk::Low,
        }],
        choices: Vec::new(),
        checks,
        advice: advice_for_source(missing),
    }
}

/// Why this claim: where each of its values comes from.
fn why(missing: &MissingClaim<'_>, class: &StorageClass) -> String {
    let sharing: i32 = missing.users.iter().map(|a| a.desired.max(1)).sum();
    let tied = if sharing > 1 { format!("; ReadWriteOnce ties all {sharing} Pods that share it to one node") } else { String::new() };
    format!(
        "{} waits for this claim; class `{}` is the cluster's default (its volumes' reclaim policy is {}); the size of {ASSUMED_SIZE} and the access mode are assumptions, since nothing in the cluster says what was meant{tied}",
        missing.who(),
        classes::name(class),
        classes::reclaim_policy(class),
    )
}

fn manifest(missing: &MissingClaim<'_>, class: Option<&StorageClass>) -> Value {
    let mut manifest = json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": missing.claim.name, "namespace": missing.namespace.as_str()},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": ASSUMED_SIZE}},
        },
    });
    if let (Some(class), Some(spec)) = (class, manifest.get_mut("spec").and_then(Value::as_object_mut)) {
        spec.insert("storageClassName".to_owned(), classes::name(class).into());
    }
    manifest
}

/// What a human would type to make the claim, of the default class if there is one.
fn command(missing: &MissingClaim<'_>) -> String {
    let manifest = manifest(missing, None).to_string().replace('\'', r"'\''");
    format!("kubectl{} create -f - <<< '{manifest}'", in_namespace(&missing.claim))
}

/// A claim that is made beside a chart or a repository should end up in it.
fn advice_for_source(missing: &MissingClaim<'_>) -> Vec<Advice> {
    let managed = missing.users.iter().find_map(|aim| match &aim.obstacle {
        Some(by @ Obstacle::Managed(_)) => Some((aim, by)),
        _ => None,
    });
    managed
        .map(|(aim, by)| Advice {
            text: format!("add the claim `{}` to the source of {} `{}` as well", missing.claim.name, aim.object.kind, aim.object.name),
            command: None,
            why: by.why(),
        })
        .into_iter()
        .collect()
}

fn no_class(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    let (text, why) = if !classes::are_known(facts) {
        (
            format!("make the claim `{name}`; name its class if the cluster has no default"),
            "the StorageClasses could not be read, so whether there is a default one is not known".to_owned(),
        )
    } else {
        let classes: Vec<&str> = classes::provisioning(facts).into_iter().map(classes::name).collect();
        match classes.as_slice() {
            [] => (
                format!("install a storage provisioner with a StorageClass, then make the claim `{name}`"),
                "the cluster has no StorageClass that makes volumes".to_owned(),
            ),
            several => (
                format!("make the claim `{name}` with one of the classes {}", super::super::seen::listed(several)),
                "the cluster has no default StorageClass, and which one was meant is not known".to_owned(),
            ),
        }
    };
    Remedy { advice: vec![Advice { text, command: None, why }], ..Remedy::default() }
}

/// Unused claims exist whose names tell nothing: both ways, for a human to choose.
fn either(missing: &MissingClaim<'_>, unused: &[&PersistentVolumeClaim]) -> Remedy {
    let names: Vec<&str> = unused.iter().filter_map(|c| c.metadata.name.as_deref()).take(10).collect();
    let why = "unused claims exist whose names do not tell whether one of them was meant; an empty new claim would hide data that is already there";
    Remedy {
        advice: vec![
            Advice {
                text: format!(
                    "if one of the unused claims {} was meant, point {} to it",
                    super::super::seen::listed(&names),
                    missing.who()
                ),
                command: None,
                why: why.to_owned(),
            },
            Advice {
                text: format!("if a new, empty volume was meant, make the claim `{}`", missing.claim.name),
                command: Some(command(missing)),
                why: why.to_owned(),
            },
        ],
        ..Remedy::default()
    }
}

fn cannot_tell(missing: &MissingClaim<'_>) -> Remedy {
    Remedy {
        advice: vec![Advice {
            text: format!("look whether a claim of another name was meant; if not, make the claim `{}`", missing.claim.name),
            command: Some(format!("kubectl{} get persistentvolumeclaims", in_namespace(&missing.claim))),
            why: "the claims of the namespace could not be read, so whether one of another name exists is not known".to_owned(),
        }],
        ..Remedy::default()
    }
}

fn wants_block_device(spec: &k8s_openapi::api::core::v1::PodSpec, claim: &str) -> bool {
    let volumes: Vec<&str> = super::missing_claim::references(spec).filter(|(_, c)| *c == claim).map(|(v, _)| v).collect();
    pods::containers(spec).any(|(_, c)| c.volume_devices.iter().flatten().any(|d| volumes.contains(&d.name.as_str())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{bare_cluster, changes, cluster, daemon_set, deployment, job, pod, stateful_set};

    const SCHEDULER: &str = r#"0/2 nodes are available: persistentvolumeclaim "postgres-pvc" not found. not found"#;

    fn database() -> crate::analyze::testing::App {
        deployment("postgres-db").claim("data", "postgres-pvc").unschedulable(SCHEDULER)
    }

    #[test]
    fn missing_claim_is_named_with_its_consumer() {
        let world = cluster().app(database()).event("Pod", "postgres-db-rs1-0", "FailedScheduling", SCHEDULER);
        let (found, all) = (world.only("pvc-missing"), world.diagnosis().evidence);
        assert_eq!(found.object.to_string(), "PersistentVolumeClaim a-team/postgres-pvc");
        assert!(found.title.contains("Deployment `postgres-db`"), "{}", found.title);
        assert!(all.get(*found.cites.first()).unwrap().text.as_str().starts_with("FailedScheduling: 0/2 nodes"), "{all:?}");
        assert_eq!(found.symptoms.iter().map(|s| s.object.slashed()).collect::<Vec<_>>()[0], "pod/postgres-db-rs1-0");
    }

    #[test]
    fn proposal_is_a_claim_of_the_default_class_that_says_what_it_assumes() {
        let found = cluster().app(database()).only("pvc-missing");
        let [proposal] = found.remedy.proposals.as_slice() else { panic!("{:?}", found.remedy) };
        let Action::Create { manifest, .. } = &proposal.action else { panic!("{proposal:?}") };
        assert_eq!(
            *manifest,
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "postgres-pvc", "namespace": "a-team"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}, "storageClassName": "standard"}})
        );
        assert!(proposal.why.contains("assumption"), "{}", proposal.why);
        assert!(found.explanation.contains("assumption"), "{}", found.explanation);
        assert_eq!(found.remedy.checks.iter().map(Check::what).collect::<Vec<_>>(), ["claimBound", "rolloutComplete"]);
    }

    #[test]
    fn missing_claim_is_found_when_its_events_are_gone() {
        let world = cluster().app(deployment("db").claim("data", "db-pvc").unschedulable(""));
        assert_eq!(world.causes(), ["pvc-missing persistentvolumeclaim/db-pvc"]);
    }

    #[test]
    fn every_kind_of_owner_gets_its_claim() {
        for app in [stateful_set("ledger"), pod("ledger"), job("ledger"), daemon_set("ledger")] {
            let found = cluster().app(app.claim("books", "ledger-books").unschedulable("")).only("pvc-missing");
            assert_eq!(changes(&found), ["create persistentvolumeclaim/ledger-books"]);
        }
    }

    #[test]
    fn claim_in_another_namespace_does_not_count() {
        let elsewhere = cluster().app(database()).yaml(
            "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: postgres-pvc, namespace: b-team}, status: {phase: Bound}}",
        );
        assert_eq!(changes(&elsewhere.only("pvc-missing")), ["create persistentvolumeclaim/postgres-pvc"]);
    }

    #[test]
    fn without_a_default_class_there_is_only_advice() {
        let found = bare_cluster().app(database()).only("pvc-missing");
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].text.contains("install a storage provisioner"), "{:?}", found.remedy.advice);
    }

    #[test]
    fn shared_claim_says_that_its_pods_are_tied_to_one_node() {
        let found = cluster().app(database().replicas(3)).only("pvc-missing");
        assert!(found.remedy.proposals[0].why.contains("ties all 3 Pods"), "{}", found.remedy.proposals[0].why);
    }

    #[test]
    fn two_workloads_that_wait_for_one_claim_are_one_cause() {
        let other = deployment("reader").claim("d", "postgres-pvc").unschedulable(SCHEDULER);
        let found = cluster().app(database()).app(other).only("pvc-missing");
        assert_eq!(found.remedy.checks.len(), 3);
        assert_eq!(found.symptoms.iter().filter(|s| s.object.kind == Kind::Pod).count(), 2);
    }

    #[test]
    fn unused_claim_of_an_unrelated_name_makes_it_a_question() {
        let found = cluster().app(database()).claim("grafana-pvc", "Bound", "standard").only("pvc-missing");
        assert_eq!(found.remedy.proposals, []);
        assert_eq!(found.remedy.advice.len(), 2);
    }

    #[test]
    fn claim_that_others_use_is_no_alternative() {
        let used = deployment("grafana").claim("d", "postgres-grafana").image("grafana:1");
        let kept = stateful_set("postgres").replicas(0).with(json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}));
        let world = cluster().app(database()).app(used).app(kept).claim("postgres-grafana", "Bound", "standard").claim(
            "data-postgres-2",
            "Bound",
            "standard",
        );
        assert_eq!(changes(&world.only("pvc-missing")), ["create persistentvolumeclaim/postgres-pvc"]);
    }

    #[test]
    fn unreadable_claims_leave_the_schedulers_word_and_no_proposal() {
        let found = cluster().app(database()).hiding(Kind::PersistentVolumeClaim).only("pvc-missing");
        assert_eq!((found.confidence, found.remedy.proposals.len()), (TOLD, 0));
        cluster()
            .app(deployment("db").claim("d", "db-pvc").unschedulable("0/2 nodes are available: 2 Insufficient cpu."))
            .hiding(Kind::PersistentVolumeClaim)
            .is_inconclusive_about("pod/db-rs1-0");
    }

    #[test]
    fn namespaces_of_the_cluster_get_advice_only() {
        let found = cluster().app(database().in_namespace("kube-system")).found("pvc-missing");
        assert_eq!(found[0].remedy.proposals, []);
        assert!(found[0].remedy.advice[0].why.contains("kube-system"));
    }

    #[test]
    fn existing_claim_is_silent_whatever_old_events_say() {
        let ready = deployment("postgres-db").claim("data", "postgres-pvc");
        cluster()
            .app(ready)
            .claim("postgres-pvc", "Bound", "standard")
            .event("Pod", "postgres-db-rs1-0", "FailedScheduling", SCHEDULER)
            .event("Pod", "postgres-db-gone", "FailedScheduling", SCHEDULER)
            .is_silent();
    }

    #[test]
    fn pod_that_ends_is_silent() {
        cluster()
            .app(pod("importer").claim("d", "gone").unschedulable("").meta(json!({"deletionTimestamp": "2026-01-01T12:00:10Z"})))
            .is_silent();
    }

    #[test]
    fn claims_that_a_stateful_set_makes_itself_are_not_this_cause() {
        let set = stateful_set("web")
            .with(json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}))
            .unschedulable("0/2 nodes are available");
        let world = cluster().app(set).edit(
            "Pod",
            "web-0",
            json!({"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]}}),
        );
        world.is_inconclusive_about("pod/web-0");
    }

    #[test]
    fn service_without_endpoints_stands_behind_the_claim() {
        let found = cluster().app(database()).service("postgres", json!({"app": "postgres-db"})).only("pvc-missing");
        let service = ObjectRef::parse("service/postgres", found.object.namespace.as_ref()).unwrap();
        assert!(found.symptoms.iter().any(|s| s.object == service), "{:?}", found.symptoms);
    }
}
