//! A Pod references a PersistentVolumeClaim that does not exist.
//! The fix is a claim of that name. Its size and access mode are not known from anywhere, so they are assumed, and said to be.

use super::super::draft::{advise, propose};
use super::super::meant::{LISTED, Meant, Sure};
use super::super::quote::listed;
use super::super::rule::Rule;
use super::assumed::{self, ASSUMED_SIZE};
use super::classes;
use super::missing_claim::{self, MissingClaim};
use crate::domain::action::Action;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::finding::{Choice, Finding, Remedy, Way};
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::risk::Risk;
use crate::facts::Facts;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("pvc-missing"),
    says: "a Pod references a PersistentVolumeClaim that does not exist",
    reads: missing_claim::READS,
    find,
};
/// The reference and the whole list of claims were both read: it is a fact that the claim is missing. That it should be
/// created, rather than come from a source that was not applied yet, is the remaining doubt. Where the list could not be read,
/// only the scheduler or the kubelet says so.
const SURE: Sure = Sure::percent(95, 95, 80);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    missing_claim::find(facts).iter().filter_map(|missing| finding(facts, missing)).collect()
}

fn finding(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Option<Finding> {
    let remedy = match &missing.meant {
        Meant::Nothing if missing.unused.is_empty() => create(facts, missing),
        Meant::Nothing => choose(missing),
        Meant::Unread => cannot_tell(missing),
        Meant::One(_) | Meant::OneOf(_) => return None,
    };
    let (name, ns, who) = (&missing.claim.name, &missing.namespace, missing.who());
    let assumed = match remedy.proposals.first() {
        Some(_) => format!(
            " Nothing says how large the claim was meant to be, so {ASSUMED_SIZE} and ReadWriteOnce are assumptions: where the volume needs more, decline and create the claim by hand. The new volume is empty: data of an earlier claim of this name is not in it."
        ),
        None => String::new(),
    };
    missing
        .draft(facts, RULE.code, &missing.claim, SURE.of(&missing.meant))
        .text(
            format!("PersistentVolumeClaim `{name}` does not exist in namespace `{ns}`, and {who} cannot start without it"),
            format!(
                "{who} mounts the PersistentVolumeClaim `{name}`, which does not exist in namespace `{ns}`. The scheduler places no Pod whose claim does not exist, so the Pod stays Pending.{assumed}"
            ),
        )
        .fix(remedy)
}

/// The claim, where its class is known and nothing speaks against it.
fn create(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    if let Some((text, why)) = assumed::against(missing) {
        return advise(text, None, why);
    }
    let Some(class) = classes::default_class(facts) else { return no_class(facts, name) };
    let action = Action::Create { object: missing.claim.clone(), manifest: assumed::manifest(&missing.claim, Some(classes::name(class))) };
    let checks = std::iter::once(Check::ClaimBound(missing.claim.clone())).chain(missing.checks());
    let mut remedy = propose([action], &assumed::why(missing, class), Risk::Low, checks);
    // A claim that is created beside a chart or a repository should end up in it.
    let manager = missing.users.iter().find_map(|user| Some((user, facts.workload(&user.object)?.manager()?)));
    if let Some((user, manager)) = manager.filter(|_| !missing.namespace.is_system()) {
        let text = format!("add the PersistentVolumeClaim `{name}` to the source of {user} as well");
        remedy.extend(advise(text, None, &manager.why_not()));
    }
    remedy
}

fn no_class(facts: &Facts<'_>, name: &str) -> Remedy {
    let classes: Vec<&str> = classes::provisioning(facts).into_iter().map(classes::name).collect();
    let (text, why) = match classes.as_slice() {
        _ if !classes::are_known(facts) => (
            format!("create the PersistentVolumeClaim `{name}`; name its class if the cluster has no default"),
            "the StorageClasses could not be read, so whether there is a default one is not known",
        ),
        [] => (
            format!("install a storage provisioner with a StorageClass, then create the PersistentVolumeClaim `{name}`"),
            "the cluster has no StorageClass that provisions volumes",
        ),
        several => (
            format!("create the PersistentVolumeClaim `{name}` with one of the classes {}", listed(several)),
            "the cluster has no default StorageClass, and which one was meant is not known",
        ),
    };
    advise(text, None, why)
}

/// Unused claims exist whose names tell nothing: both ways, for a human to choose.
fn choose(missing: &MissingClaim<'_>) -> Remedy {
    let why = "unused PersistentVolumeClaims exist whose names do not tell whether one of them was meant; an empty new claim would hide data that already exists";
    let names: Vec<&str> = missing.unused.iter().filter_map(|c| c.metadata.name.as_deref()).take(LISTED).collect();
    let text = format!("if one of the unused PersistentVolumeClaims {} was meant, point {} to it", listed(&names), missing.who());
    let new = Choice {
        text: format!("if a new, empty volume was meant, create the PersistentVolumeClaim `{}`", missing.claim.name),
        way: Way::Change(Action::Create { object: missing.claim.clone(), manifest: assumed::manifest(&missing.claim, None) }),
        why: why.to_owned(),
    };
    Remedy { choices: vec![new], ..advise(text, None, why) }
}

fn cannot_tell(missing: &MissingClaim<'_>) -> Remedy {
    let name = &missing.claim.name;
    advise(
        format!("check if a PersistentVolumeClaim of another name was meant; if not, create the PersistentVolumeClaim `{name}`"),
        Some(kubectl::get(&Kind::PersistentVolumeClaim, Some(&missing.namespace), &[])),
        "the PersistentVolumeClaims of the namespace could not be read, so whether one of another name exists is not known",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{bare_cluster, changes, cluster, daemon_set, deployment, job, pod, stateful_set};
    use crate::domain::confidence::Confidence;
    use crate::domain::object::ObjectRef;
    use serde_json::json;

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
        assert_eq!((found.confidence, found.remedy.proposals.len()), (Confidence::percent(80), 0));
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
