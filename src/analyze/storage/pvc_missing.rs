//! A Pod references a PersistentVolumeClaim that does not exist.
//! The fix is a claim of that name. Its size and access mode are not known from anywhere, so they are assumed, and said to be.

use super::super::meant::{Meant, Sure};
use super::super::others;
use super::super::quote;
use super::super::rule::Rule;
use super::assumed::ASSUMED_SIZE;
use super::missing_claim::{self, MissingClaim};
use super::{claims, creating, kept};
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Resource;
use crate::facts::presence::Presence;
use crate::facts::{Facts, unread};

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
/// Where a namesake or a volume of an earlier claim could be, a new claim may start empty beside the data: below what automatic mode
/// takes unless it is told otherwise.
pub(super) const DOUBTED: Confidence = Confidence::percent(75);

pub(super) fn unread_volumes(facts: &Facts<'_>) -> String {
    let how = unread::how(&Kind::PersistentVolume, facts.snapshot());
    format!(" The PersistentVolumes {how}, so whether one of them holds the data of an earlier claim of this name is not known.")
}

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    missing_claim::find(facts).iter().filter_map(|missing| finding(facts, missing)).collect()
}

fn finding(facts: &Facts<'_>, missing: &MissingClaim<'_>) -> Option<Finding> {
    let running = others::running(facts, &missing.claim);
    let remedy = match &missing.meant {
        _ if running.is_some() && missing.volume().is_none() => creating::in_use(missing),
        _ if let Presence::There(volume) = missing.kept => kept::for_missing(missing, volume),
        Meant::Nothing if missing.unused.is_empty() => creating::create(facts, missing),
        Meant::Nothing => creating::choose(facts, missing),
        Meant::Unread => creating::cannot_tell(facts, missing),
        Meant::One(_) | Meant::OneOf(_) => return None,
    };
    let (name, ns, who) = (&missing.claim.name, &missing.namespace, missing.who());
    let assumed = match remedy.proposals.first() {
        Some(_) => format!(
            " Nothing says how large the claim was meant to be, so {ASSUMED_SIZE} and ReadWriteOnce are assumptions: where the volume needs more, decline and create the claim by hand. The new volume is empty: data of an earlier claim of this name is not in it."
        ),
        None => String::new(),
    };
    let volume = match missing.kept {
        Presence::There(volume) => kept::follows(volume),
        Presence::Unread => unread_volumes(facts),
        Presence::Absent => String::new(),
    };
    // Where a namesake or the data of an earlier claim could be, that a new one is wanted is less certain.
    let unread = missing.elsewhere == Presence::Unread || missing.kept == Presence::Unread;
    let doubted = unread && !matches!(missing.meant, Meant::Unread);
    let sure = if doubted || running.is_some() { SURE.of(&missing.meant).least(DOUBTED) } else { SURE.of(&missing.meant) };
    let told = running.as_ref().map(|holder| holder.says.clone()).unwrap_or_default();
    let namesake = missing.elsewhere.there().map(|claim| quote::object(facts, &claim.reference(), &claims::state(claim)));
    missing
        .draft(facts, RULE.code, &missing.claim, sure)
        .saw(namesake)
        .saw(running.map(|holder| holder.seen))
        .saw(missing.volume().map(|volume| kept::seen(facts, volume, &missing.claim)))
        .text(
            format!("PersistentVolumeClaim `{name}` does not exist in namespace `{ns}`, and {who} cannot start without it"),
            format!(
                "{who} mounts the PersistentVolumeClaim `{name}`, which does not exist in namespace `{ns}`. The scheduler places no Pod whose claim does not exist, so the Pod stays Pending.{told}{volume}{assumed}"
            ),
        )
        .fix(remedy)
}

#[cfg(test)]
mod tests {
    use crate::analyze::testing::{World, bare_cluster, changes, cluster, daemon_set, deployment, job, pod, stateful_set};
    use crate::domain::action::Action;
    use crate::domain::check::Check;
    use crate::domain::confidence::Confidence;
    use crate::domain::kind::Kind;
    use crate::domain::object::ObjectRef;
    use serde_json::json;

    const SURE_OF_ONE: Confidence = Confidence::percent(95);
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
        let first = all.get(*found.cites.first()).unwrap();
        assert!(first.text.as_str().starts_with("0/2 nodes") && first.field.is_some(), "{all:?}");
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
    fn claim_that_a_ready_pod_still_mounts_is_not_created_anew() {
        let reader = || deployment("reader").claim("d", "postgres-pvc");
        for world in
            [cluster().app(database()).app(reader()), cluster().app(database()).app(reader()).claim("postgres-data", "Bound", "standard")]
        {
            let found = world.only("pvc-missing");
            assert_eq!((changes(&found), found.confidence), (vec![], super::DOUBTED));
            assert!(
                found.explanation.contains("But Pod `reader-rs1-0` is ready and needs the PersistentVolumeClaim"),
                "{}",
                found.explanation
            );
            assert!(found.remedy.advice[0].text.contains("find out what became of"), "{:?}", found.remedy);
        }
        let going = json!({"metadata": {"deletionTimestamp": "2026-01-01T12:00:10Z"}});
        let world = cluster().app(database()).app(reader()).edit("Pod", "reader-rs1-0", going);
        assert_eq!(changes(&world.only("pvc-missing")).len(), 1, "a Pod that ends holds nothing");
    }

    #[test]
    fn every_kind_of_owner_gets_its_claim() {
        for app in [stateful_set("ledger"), pod("ledger"), job("ledger"), daemon_set("ledger")] {
            let found = cluster().app(app.claim("books", "ledger-books").unschedulable("")).only("pvc-missing");
            assert_eq!(changes(&found), ["create persistentvolumeclaim/ledger-books"]);
        }
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
    fn claim_of_this_very_name_in_another_namespace_speaks_against_a_new_one() {
        let there = "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: postgres-pvc, namespace: default}, spec: {storageClassName: standard, resources: {requests: {storage: 20Gi}}}, status: {phase: Bound}}";
        let found = cluster().app(database()).yaml(there).only("pvc-missing");
        assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len()), (0, 2));
        assert!(
            found.remedy.advice[0].why.contains("namespace `default` has a PersistentVolumeClaim `postgres-pvc` (Bound, 20Gi"),
            "{:?}",
            found.remedy
        );
        let copy = "{apiVersion: v1, kind: Pod, metadata: {name: db-0, namespace: default}, spec: {containers: [], volumes: [{name: data, persistentVolumeClaim: {claimName: postgres-pvc}}]}, status: {phase: Running}}";
        let used = cluster().app(database()).yaml(there).yaml(copy).only("pvc-missing");
        assert_eq!(used.remedy.proposals.len(), 1, "the claim of another copy of the application is no claim of this one");
        let going = there.replace("namespace: default}", "namespace: default, deletionTimestamp: '2026-11-23T12:00:00Z'}");
        assert_eq!(cluster().app(database()).yaml(&going).only("pvc-missing").remedy.proposals.len(), 1, "it is being deleted");
        let other = there.replace("postgres-pvc", "another");
        assert_eq!(cluster().app(database()).yaml(&other).only("pvc-missing").remedy.proposals.len(), 1);
    }

    #[test]
    fn other_namespaces_that_could_not_be_read_leave_a_doubt_that_is_said() {
        let found = cluster().app(database()).alone().only("pvc-missing");
        assert_eq!(found.confidence, Confidence::percent(75));
        assert!(found.remedy.proposals[0].why.contains("whether a claim of this name in another namespace was meant is not known"));
    }

    #[test]
    fn default_class_that_makes_no_volumes_gets_advice_with_those_that_are_free() {
        let class = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: local-disks, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: kubernetes.io/no-provisioner, volumeBindingMode: WaitForFirstConsumer}";
        let volume = "{apiVersion: v1, kind: PersistentVolume, metadata: {name: disk-1}, spec: {storageClassName: local-disks, capacity: {storage: 5Gi}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [node-1]}]}]}}}, status: {phase: Available}}";
        let world = bare_cluster().yaml(class).app(database());
        let text = |world: &World| {
            let found = world.only("pvc-missing");
            assert_eq!(found.remedy.proposals, []);
            let said = format!("{:?}", found.remedy);
            assert!(!said.contains("reclaim policy"), "it makes no volumes: {said}");
            found.remedy.advice[0].text.clone()
        };
        assert!(text(&world).contains("none is Available"));
        assert!(text(&world.clone().hiding(Kind::PersistentVolume)).contains("could not be read"));
        assert!(text(&world.yaml(volume)).contains("`disk-1` of 5Gi on `node-1`"));
    }

    #[test]
    fn volume_of_an_earlier_claim_of_this_name_speaks_against_a_new_one() {
        for (phase, policy, retains) in [("Released", "Retain", false), ("Bound", "Delete", true), ("Failed", "Delete", true)] {
            let world = cluster().app(database()).volume_for("postgres-pvc", "old", phase, policy);
            let found = world.only("pvc-missing");
            assert_eq!(found.remedy.proposals, [], "{phase}");
            assert!(found.explanation.contains("`pv-of-postgres-pvc` (500Gi of StorageClass `slow`"), "{}", found.explanation);
            assert!(!found.explanation.contains("Nothing says how large"), "{}", found.explanation);
            let [clear, create, empty] = found.remedy.advice.as_slice() else { panic!("{:#?}", found.remedy) };
            let line = clear.command.as_deref().unwrap();
            assert!(line.starts_with("kubectl patch persistentvolume/pv-of-postgres-pvc "), "{line}");
            assert!(line.contains(r#""claimRef":{"uid":null}"#), "{line}");
            assert_eq!(line.contains("persistentVolumeReclaimPolicy"), retains, "{line}");
            let line = create.command.as_deref().unwrap();
            for part in ["volumeName: pv-of-postgres-pvc", "storage: 500Gi", "ReadWriteMany", "storageClassName: slow"] {
                assert!(line.contains(part), "{line}");
            }
            assert!(empty.text.contains("not needed") && !empty.command.as_deref().unwrap().contains("volumeName"), "{empty:?}");
            let seen = world.diagnosis().evidence;
            assert!(found.cites.iter().any(|id| seen.get(*id).unwrap().text.as_str().contains("its claimRef names")), "{seen:?}");
        }
    }

    #[test]
    fn volume_that_is_reserved_for_the_claim_is_what_it_is_created_for() {
        let found = cluster().app(database()).volume_for("postgres-pvc", "", "Available", "Retain").only("pvc-missing");
        let [create] = found.remedy.advice.as_slice() else { panic!("{:#?}", found.remedy) };
        assert_eq!(found.remedy.proposals, []);
        assert!(create.command.as_deref().unwrap().contains("volumeName: pv-of-postgres-pvc"), "{create:?}");
        let other = cluster().app(database()).volume_for("another", "old", "Released", "Retain").only("pvc-missing");
        assert_eq!((changes(&other).len(), other.confidence), (1, SURE_OF_ONE));
    }

    #[test]
    fn volumes_that_could_not_be_read_are_a_doubt_about_a_new_claim() {
        let found = cluster().app(database()).hiding(Kind::PersistentVolume).only("pvc-missing");
        assert_eq!((changes(&found).len(), found.confidence), (1, super::DOUBTED));
        assert!(found.explanation.contains("PersistentVolumes could not be read"), "{}", found.explanation);
        assert!(found.remedy.proposals[0].why.contains("holds the data of an earlier claim"), "{}", found.remedy.proposals[0].why);
    }

    #[test]
    fn unused_claim_of_the_same_program_for_something_else_is_a_question() {
        let app = deployment("jackdaw").claim("config", "pvc-jackdaw-config").unschedulable("");
        let world = cluster().app(app).claim("pvc-jackdaw-backups", "Bound", "standard");
        assert_eq!(world.found("pvc-claim-name-typo"), []);
        let found = world.only("pvc-missing");
        assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len()), (0, 2));
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

    #[test]
    fn words_about_lost_data_create_no_empty_claim_whatever_else_their_words_name() {
        let made = |world: World| world.found("pvc-missing").iter().flat_map(changes).collect::<Vec<_>>();
        for text in ["postgres-db lost its data", "the database lost everything", "our database lost all orders", "the database is empty"] {
            assert_eq!(made(cluster().app(database()).said(text)), Vec::<String>::new(), "{text}");
        }
        let beside =
            cluster().app(database()).app(deployment("redis").claim("data", "redis-data")).claim("redis-data", "Bound", "standard");
        assert_eq!(made(beside.said("all our data is lost")), Vec::<String>::new(), "a claim is called redis-data");
    }
}
