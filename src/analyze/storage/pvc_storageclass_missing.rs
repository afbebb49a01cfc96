//! An unbound PersistentVolumeClaim requests a StorageClass that the cluster does not have.
//! A claim's class cannot be changed, so the fix replaces the claim, which holds no data yet, by one of an existing class.

use super::super::draft::Draft;
use super::super::meant::{Meant, Sure};
use super::super::quote;
use super::super::rule::{Read, Rule, When};
use super::waiting::Waiting;
use super::{claims, classes, kept, replacing};
use crate::domain::cause::Code;
use crate::domain::field::FieldPath;
use crate::domain::finding::Finding;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::author::By;
use crate::facts::presence::Presence;
use crate::facts::{Facts, selected};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("pvc-storageclass-missing"),
    says: "a PersistentVolumeClaim requests a StorageClass that does not exist",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::always(&[Kind::PersistentVolumeClaim]),
        // A class without an object may pair claims with volumes made by hand: only the volumes tell.
        Read::when(&[Kind::StorageClass, Kind::PersistentVolume], When::AClaimIsUnbound),
    ],
    find,
};
/// The class is not in the whole list of classes, and the claim is Pending: nothing can provision it. Whether the other
/// class was meant is for the human to see; that the named one is missing is a fact. Where the classes could not be read, only
/// the controller's own event says so.
const SURE: Sure = Sure::percent(95, 95, 80);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts.all::<PersistentVolumeClaim>().filter_map(|claim| finding(facts, claim)).collect()
}

fn finding(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let wrong = Some(claims::class(claim)).filter(|c| !c.is_empty() && claims::is_unbound(claim))?;
    let class = ObjectRef::cluster(Kind::StorageClass, wrong);
    let object = claim.reference();
    let (volumes, own) = (selected::volume_of(facts, wrong), kept::of(facts, &object));
    let binds = own.is_some_and(|volume| kept::is_its_own(volume, claim));
    if facts.has(&class) || binds || (matches!(volumes, Presence::There(_)) && own.is_none()) {
        return None;
    }
    let event = facts.events_of(&object).find(|e| {
        let message = e.message.as_deref().unwrap_or_default();
        e.reason.as_deref() == Some("ProvisioningFailed")
            && By::VolumeController.wrote(e)
            && quote::says_absent(message, "storageclass", wrong)
    });
    if !classes::are_known(facts) && event.is_none() {
        return None;
    }
    let namespace = object.namespace.as_ref()?;
    let waiting = Waiting::of(facts, &object);
    let (meant, because) = classes::instead_of(facts, wrong);
    let field = FieldPath::dotted("spec.storageClassName");
    // A claim of the same class that is bound, with which Pods run, refutes that nothing can bind: `is_by_hand` asks for one.
    // A class of volumes made by hand needs no object, so where the volumes could not be read it may not even be missing.
    let by_hand = claims::is_by_hand(facts, claim);
    let sure = if volumes == Presence::Unread || by_hand || own.is_some() { SURE.unread() } else { SURE.of(&meant) };
    let meant = if by_hand || own.is_some() { Meant::Nothing } else { meant };
    let (name, waits) = (&object.name, if waiting.is_nobody() { "" } else { ", as do the Pods that mount it" });
    let draft = Draft::about(facts, RULE.code, &object, sure)
        .text(
            format!("PersistentVolumeClaim `{name}` in namespace `{namespace}` requests the StorageClass `{wrong}`, which does not exist"),
            format!(
                "No StorageClass has the name `{wrong}`, so nothing provisions a volume for the PersistentVolumeClaim `{name}` and it stays Pending{waits}. The class of a claim cannot be changed once it exists.{}",
                own.map_or_else(|| " The claim was never bound, so replacing it by one of an existing class loses no data.".to_owned(), kept::follows)
            ),
        )
        .saw(event.map(|e| quote::event(facts, e, &object)))
        .told_if(!classes::are_known(facts))
        .saw(own.map(|volume| kept::seen(facts, volume, &object)))
        .seen_value(Some(&field), wrong, meant.name())
        .saw(quote::absent(facts, &class, facts.all::<StorageClass>().map(classes::name)))
        .affects(&object, &format!("Pending: its StorageClass `{wrong}` does not exist"));
    waiting.suffer(draft, &format!("Pending: waits for the PersistentVolumeClaim `{name}`")).fix(match volumes {
        _ if let Some(volume) = own => kept::for_waiting(claim, volume),
        _ if by_hand => replacing::by_hand(claim),
        Presence::Unread => replacing::unsure(facts, claim, &meant),
        Presence::There(_) | Presence::Absent => replacing::remedy(facts, claim, &meant, because, &waiting.users),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, bare_cluster, changes, cluster, deployment, stateful_set};
    use crate::domain::action::Action;
    use serde_json::json;

    fn uploads(world: World) -> World {
        world
            .app(
                deployment("media")
                    .claim("uploads", "uploads")
                    .unschedulable("0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"),
            )
            .claim("uploads", "Pending", "fast-ssd")
    }

    fn class(name: &str) -> String {
        format!("{{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {{name: {name}}}, provisioner: example.com/disk}}")
    }

    #[test]
    fn claim_that_waits_for_a_volume_made_by_hand_is_not_replaced() {
        let of =
            |class: &str| cluster().app(deployment("media").claim("u", "uploads").unschedulable("")).claim("uploads", "Pending", class);
        for world in [of("manual"), of("nfs-static"), of("local-storage"), of("archive").claim("other", "Bound", "archive")] {
            let found = world.only(RULE.code.0);
            assert_eq!((changes(&found), found.expected.clone(), found.confidence), (vec![], None, SURE.unread()));
            assert!(found.remedy.advice[0].text.contains("create a PersistentVolume of the class"), "{:?}", found.remedy);
        }
        for class in ["local-path", "fast-ssd", "handy"] {
            assert_eq!(of(class).only(RULE.code.0).remedy.proposals.len(), 2, "{class}");
        }
    }

    #[test]
    fn claim_whose_name_a_volume_keeps_is_not_replaced_by_an_empty_one() {
        for (uid, phase, patches) in [("old", "Released", true), ("", "Available", false)] {
            for class in ["fast-ssd", "slow"] {
                let world = cluster().app(deployment("media").claim("uploads", "uploads").unschedulable(""));
                let found = world.claim("uploads", "Pending", class).volume_for("uploads", uid, phase, "Retain").only(RULE.code.0);
                assert_eq!((changes(&found), found.expected.clone()), (vec![], None));
                assert!(found.explanation.contains("`pv-of-uploads`") && !found.explanation.contains("loses no data"), "{found:?}");
                assert_eq!(found.remedy.advice[0].command.is_some(), patches);
            }
        }
        let own = uploads(cluster()).volume_for("uploads", "its-own", "Bound", "Retain");
        let own = own.edit("PersistentVolumeClaim", "uploads", json!({"metadata": {"uid": "its-own"}}));
        assert_eq!(own.found(RULE.code.0), [], "it is being bound");
    }

    #[test]
    fn class_that_is_ruled_out_but_as_close_makes_it_a_question() {
        let by_hand = |name: &str| class(name).replace("example.com/disk", "kubernetes.io/no-provisioner");
        for (wanted, classes) in [
            ("encryptd-ssd", vec![class("encrypted-ssd"), by_hand("encryptde-ssd")]),
            ("premum-v1", vec![class("premium-v1"), class("premum-v2")]),
        ] {
            let world = cluster().app(deployment("media").claim("u", "uploads").unschedulable("")).claim("uploads", "Pending", wanted);
            let found = classes.iter().fold(world, |world, class| world.yaml(class)).only(RULE.code.0);
            assert_eq!((found.remedy.proposals.len(), found.expected.clone()), (0, None), "{wanted}: {:?}", found.remedy);
        }
    }

    #[test]
    fn unbound_claim_is_replaced_by_one_of_the_default_class() {
        let found = uploads(cluster())
            .event("PersistentVolumeClaim", "uploads", "ProvisioningFailed", r#"storageclass.storage.k8s.io "fast-ssd" not found"#)
            .only(RULE.code.0);
        assert_eq!((found.found.as_deref(), found.expected.as_deref()), (Some("fast-ssd"), Some("standard")));
        assert_eq!(changes(&found), ["delete persistentvolumeclaim/uploads", "create persistentvolumeclaim/uploads"]);
        let Action::Create { manifest, .. } = &found.remedy.proposals[1].action else { panic!() };
        assert_eq!(
            *manifest,
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "uploads", "namespace": "a-team", "labels": {"app": "x"}},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, "storageClassName": "standard"}})
        );
        assert!(found.remedy.proposals[1].why.contains("reclaim policy"));
    }

    #[test]
    fn the_only_class_is_taken_and_several_are_a_question() {
        let one = uploads(bare_cluster()).yaml(&class("slow")).only(RULE.code.0);
        assert_eq!(one.expected.as_deref(), Some("slow"));
        let several = uploads(bare_cluster()).yaml(&class("slow")).yaml(&class("big")).only(RULE.code.0);
        assert_eq!((several.expected, several.remedy.proposals.len()), (None, 0));
        assert!(several.remedy.advice[0].text.contains("`slow`") && several.remedy.advice[0].text.contains("`big`"));
    }

    #[test]
    fn class_whose_name_differs_by_a_slip_is_meant_before_the_default() {
        assert_eq!(uploads(cluster()).yaml(&class("fats-ssd")).only(RULE.code.0).expected.as_deref(), Some("fats-ssd"));
    }

    #[test]
    fn claim_of_a_stateful_set_gets_advice() {
        let set = stateful_set("web").with(json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}]})).unschedulable("");
        let found = cluster()
            .app(set)
            .edit("Pod", "web-0", json!({"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]}}))
            .claim("data-web-0", "Pending", "fast-ssd")
            .only(RULE.code.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].why.contains("volumeClaimTemplate"));
        assert!(found.symptoms.iter().any(|s| s.object.slashed() == "pod/web-0"));
    }

    #[test]
    fn claim_of_a_set_whose_template_was_corrected_is_only_to_be_deleted() {
        let set = |class: &str| {
            stateful_set("web")
                .with(json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"storageClassName": class}}]}))
                .unschedulable("")
        };
        let world = |class: &str| {
            cluster()
                .app(set(class))
                .edit(
                    "Pod",
                    "web-0",
                    json!({"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]}}),
                )
                .claim("data-web-0", "Pending", "fast-ssd")
                .only(RULE.code.0)
        };
        let found = world("standard");
        assert_eq!((found.remedy.proposals.len(), found.remedy.advice.len()), (0, 1));
        assert_eq!(
            found.remedy.advice[0].text,
            "delete the PersistentVolumeClaim `data-web-0`: StatefulSet `web` creates it again from its template"
        );
        assert!(world("fast-ssd").remedy.advice[0].why.contains("recreate the StatefulSet"));
    }

    #[test]
    fn volumes_made_by_hand_need_no_class() {
        let world = uploads(cluster()).yaml(
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: fast-ssd, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]}}",
        );
        assert_eq!(world.found(RULE.code.0), []);
        world.is_inconclusive_about("pod/media-rs1-0");
    }

    #[test]
    fn volumes_that_could_not_be_read_may_have_been_made_by_hand_so_no_claim_is_deleted() {
        let found = uploads(cluster()).hiding(Kind::PersistentVolume).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.confidence.value()), (0, 0.8));
        assert!(found.remedy.advice[0].why.contains("PersistentVolumes could not be read"), "{:?}", found.remedy);
    }

    #[test]
    fn default_class_that_makes_no_volumes_is_not_what_was_meant() {
        let by_hand = "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}, provisioner: kubernetes.io/no-provisioner}";
        let found = uploads(bare_cluster()).yaml(by_hand).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.expected), (0, None));
    }

    #[test]
    fn bound_claims_and_existing_classes_are_silent() {
        let world = cluster().claim("a", "Bound", "gone").claim("b", "Pending", "standard").claim("c", "Bound", "standard");
        world.is_silent();
    }

    #[test]
    fn unreadable_classes_leave_the_controllers_word() {
        let world = uploads(cluster()).hiding(Kind::StorageClass);
        assert_eq!(world.found(RULE.code.0), []);
        let told =
            world.event("PersistentVolumeClaim", "uploads", "ProvisioningFailed", r#"storageclass.storage.k8s.io "fast-ssd" not found"#);
        assert_eq!(told.only(RULE.code.0).remedy.proposals, []);
    }

    #[test]
    fn claim_of_a_chart_gets_advice() {
        let found = uploads(cluster()).edit(
            "PersistentVolumeClaim",
            "uploads",
            json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}),
        );
        assert_eq!(found.only(RULE.code.0).remedy.proposals, []);
    }
}
