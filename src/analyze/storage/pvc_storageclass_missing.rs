//! An unbound PersistentVolumeClaim requests a StorageClass that the cluster does not have.
//! A claim's class cannot be changed, so the fix replaces the claim, which holds no data yet, by one of an existing class.

use super::super::draft::{Draft, advise, propose};
use super::super::meant::{Meant, Sure};
use super::super::quote::{self, listed};
use super::super::rule::{Read, Rule, When};
use super::claims;
use super::classes;
use crate::domain::action::Action;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
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
    if facts.has(&class) || classes::pairs_by_hand(facts, wrong) {
        return None;
    }
    let object = claim.reference();
    let event = facts.events_of(&object).find(|e| {
        let message = e.message.as_deref().unwrap_or_default();
        e.reason.as_deref() == Some("ProvisioningFailed") && message.contains(wrong) && message.contains("not found")
    });
    if !classes::are_known(facts) && event.is_none() {
        return None;
    }
    // A StatefulSet's own claims are named in its Pods only, so the Pods are asked, not the template.
    let namespace = object.namespace.as_ref()?;
    let users = facts.stuck_among(facts.claims().pods(namespace.as_str(), &object.name));
    let (meant, because) = classes::instead_of(facts, wrong);
    let field = FieldPath::dotted("spec.storageClassName");
    let (name, waits) = (&object.name, if users.is_empty() { "" } else { ", as do the Pods that mount it" });
    let mut draft = Draft::about(facts, RULE.code, &object, SURE.of(&meant))
        .text(
            format!("PersistentVolumeClaim `{name}` in namespace `{namespace}` requests the StorageClass `{wrong}`, which does not exist"),
            format!(
                "No StorageClass has the name `{wrong}`, so nothing provisions a volume for the PersistentVolumeClaim `{name}` and it stays Pending{waits}. The class of a claim cannot be changed once it exists. The claim was never bound, so replacing it by one of an existing class loses no data."
            ),
        )
        .saw(event.map(|e| quote::event(facts, e, &object)))
        .seen_value(Some(&field), wrong, meant.name())
        .saw(quote::absent(facts, &class, facts.all::<StorageClass>().map(classes::name)))
        .affects(&object, &format!("Pending: its StorageClass `{wrong}` does not exist"));
    for pod in users.iter().flat_map(|user| &user.pods) {
        let waits = format!("Pending: waits for the PersistentVolumeClaim `{name}`");
        draft = draft.owned(pod).link(&pod.reference(), "mounts", &object).affects(&pod.reference(), &waits);
    }
    draft.fix(remedy(claim, &meant, because, &users))
}

fn remedy(claim: &PersistentVolumeClaim, meant: &Meant<'_, StorageClass>, because: &str, users: &[&Stuck<'_>]) -> Remedy {
    let name = claim.metadata.name.as_deref().unwrap_or_default();
    let (text, why) = match meant {
        Meant::One(class) => match claims::against_replacing(claim) {
            None => return replace(claim, class, because, users),
            Some(why) => {
                let right = classes::name(class);
                (format!("replace the PersistentVolumeClaim `{name}` by one of the class `{right}` ({because})"), why)
            }
        },
        Meant::OneOf(_) => (
            format!("replace the PersistentVolumeClaim `{name}` by one of the class that was meant: {}", listed(&meant.names())),
            "the cluster has several classes and no default, and which one was meant is not known",
        ),
        Meant::Nothing => (
            format!("install a provisioner with the StorageClass `{}`", claims::class(claim)),
            "the cluster has no class that provisions volumes",
        ),
        Meant::Unread => (
            format!(
                "create the StorageClass `{}`, or replace the PersistentVolumeClaim `{name}` by one of an existing class",
                claims::class(claim)
            ),
            "the StorageClasses could not be read",
        ),
    };
    advise(text, None, why)
}

/// The claim is deleted, and created again with another class.
fn replace(claim: &PersistentVolumeClaim, class: &StorageClass, because: &str, users: &[&Stuck<'_>]) -> Remedy {
    let object = claim.reference();
    let waits_for_nobody = users.is_empty() && classes::waits_for_consumer(class);
    let bound = (!waits_for_nobody).then(|| Check::ClaimBound(object.clone()));
    let why = format!("the class of a claim cannot be changed; `{}` was never bound, so no data is lost", object.name);
    let mut remedy = propose([Action::DeleteUnboundClaim { claim: object.clone() }], &why, Risk::Medium, bound);
    let why = format!(
        "the same claim with the StorageClass `{}`: {because}; the reclaim policy of its volumes is {}; size, access modes and labels stay as they were",
        classes::name(class),
        classes::reclaim_policy(class)
    );
    let create = Action::Create { object, manifest: claims::replacement(claim, classes::name(class)) };
    remedy.extend(propose([create], &why, Risk::Medium, users.iter().filter_map(|u| u.check())));
    remedy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, bare_cluster, changes, cluster, deployment, stateful_set};
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
    fn volumes_made_by_hand_need_no_class() {
        let world = uploads(cluster()).yaml(
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: fast-ssd, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]}}",
        );
        assert_eq!(world.found(RULE.code.0), []);
        world.is_inconclusive_about("pod/media-rs1-0");
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
