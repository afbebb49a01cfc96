//! An unbound claim asks for a StorageClass that the cluster does not have.
//! A claim's class cannot be changed, so the fix replaces the claim, which holds no data yet, by one of an existing class.

use super::super::advise::in_namespace;
use super::super::names::is_slip;
use super::super::seen::{self, listed};
use super::classes;
use crate::domain::action::Action;
use crate::domain::cause::Code;
use crate::domain::check::Check;
use crate::domain::confidence::Confidence;
use crate::domain::evidence::Evidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Advice, CausalLink, Finding, Proposal, Remedy, Symptom};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::risk::Risk;
use crate::domain::snapshot::Resource;
use crate::domain::workload::manager_of;
use crate::facts::Facts;
use crate::facts::stuck::{Obstacle, Stuck};
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec};
use k8s_openapi::api::storage::v1::StorageClass;
use serde_json::{Value, json};

/// The cause.
pub(crate) const CODE: Code = Code("pvc-storageclass-missing");
/// The class is not in the whole list of classes, and the claim is Pending: nothing can provision it. Whether the other
/// class was meant is for the human to see; that the named one is missing is a fact.
const SEEN: Confidence = Confidence::percent(95);
/// Only the controller's own event says that the class is missing; the classes could not be read.
const TOLD: Confidence = Confidence::percent(80);

/// Every unbound claim whose class does not exist.
pub(crate) fn look(facts: &Facts<'_>) -> Vec<Finding> {
    facts.all::<PersistentVolumeClaim>().filter_map(|claim| finding(facts, claim)).collect()
}

fn finding(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let spec = claim.spec.as_ref()?;
    let wrong = spec.storage_class_name.as_deref().filter(|c| !c.is_empty())?;
    if !is_unbound(claim) || facts.has(&ObjectRef::cluster(Kind::StorageClass, wrong)) || has_volumes(facts, wrong) {
        return None;
    }
    let object = claim.reference();
    let namespace = object.namespace.clone()?;
    let event = facts.events_of(&object).find(|e| {
        let message = e.message.as_deref().unwrap_or_default();
        e.reason.as_deref() == Some("ProvisioningFailed") && message.contains(wrong) && message.contains("not found")
    });
    let known = classes::are_known(facts);
    if !known && event.is_none() {
        return None;
    }
    // A StatefulSet's own claims are named in its Pods only, so the Pods are asked, not the template.
    let users = facts.stuck_among(facts.claims().pods(namespace.as_str(), &object.name));
    let choice = choose(facts, wrong);
    let mut evidence: Vec<Evidence> = event.map(|e| seen::event(facts, e, &object)).into_iter().collect();
    evidence.push(seen::field(facts, &object, FieldPath::dotted("spec.storageClassName"), wrong));
    if known {
        let there: Vec<&str> = facts.all::<StorageClass>().map(classes::name).take(10).collect();
        evidence.push(seen::object(
            facts,
            &ObjectRef::cluster(Kind::StorageClass, wrong),
            &format!("not there: the cluster has the classes {}", listed(&there)),
        ));
    }
    let mut chain = Vec::new();
    let mut symptoms = vec![Symptom { object: object.clone(), summary: format!("Pending: its class `{wrong}` does not exist") }];
    for pod in users.iter().flat_map(|a| &a.pods) {
        let pod = pod.reference();
        chain.extend(facts.owners().links(&pod));
        chain.push(CausalLink { from: pod.clone(), relation: "mounts", to: object.clone() });
        symptoms.push(Symptom { object: pod, summary: format!("Pending: waits for the claim `{}`", object.name) });
    }
    let expected = match &choice {
        Choice::Class(class, _) => Some(classes::name(class).to_owned()),
        Choice::OneOf(_) | Choice::None | Choice::Unknown => None,
    };
    Some(Finding {
        code: CODE,
        title: format!("claim `{}` in `{namespace}` asks for the StorageClass `{wrong}`, which does not exist", object.name),
        explanation: format!(
            "No StorageClass is called `{wrong}`, so nothing makes a volume for the claim `{}` and it stays Pending{}. The class of a claim cannot be changed after it was made. The claim was never bound, so replacing it by one of an existing class loses no data.",
            object.name,
            if users.is_empty() { String::new() } else { ", as do the Pods that mount it".to_owned() },
        ),
        field: Some(FieldPath::dotted("spec.storageClassName")),
        found: Some(wrong.to_owned()),
        expected,
        confidence: if known { SEEN } else { TOLD },
        evidence: NonEmpty::from_vec(evidence)?,
        chain,
        symptoms,
        remedy: remedy(facts, claim, spec, &object, &namespace, wrong, &choice, &users),
        object,
    })
}

/// Never bound, and nobody is deleting it.
fn is_unbound(claim: &PersistentVolumeClaim) -> bool {
    let pending = matches!(claim.status.as_ref().and_then(|s| s.phase.as_deref()), None | Some("Pending"));
    let volume = claim.spec.as_ref().and_then(|s| s.volume_name.as_deref()).is_some_and(|v| !v.is_empty());
    pending && !volume && claim.metadata.deletion_timestamp.is_none()
}

/// A class name without a class object is a legitimate way to pair claims with volumes made by hand.
fn has_volumes(facts: &Facts<'_>, class: &str) -> bool {
    facts.all::<PersistentVolume>().any(|v| v.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()) == Some(class))
}

/// Which class to use instead.
enum Choice<'a> {
    /// This one, and why it.
    Class(&'a StorageClass, &'static str),
    /// One of these, and nothing tells which.
    OneOf(Vec<&'a str>),
    /// No class makes volumes.
    None,
    /// The classes could not be read.
    Unknown,
}

fn choose<'a>(facts: &Facts<'a>, wrong: &str) -> Choice<'a> {
    if !classes::are_known(facts) {
        return Choice::Unknown;
    }
    let all = classes::provisioning(facts);
    let slips: Vec<&StorageClass> = all.iter().copied().filter(|c| is_slip(classes::name(c), wrong)).collect();
    match (slips.as_slice(), classes::default_class(facts), all.as_slice()) {
        ([one], _, _) => Choice::Class(one, "its name differs by a slip only"),
        (_, Some(class), _) => Choice::Class(class, "it is the cluster's default"),
        (_, None, [one]) => Choice::Class(one, "it is the only one that makes volumes"),
        (_, None, []) => Choice::None,
        (_, None, several) => Choice::OneOf(several.iter().map(|c| classes::name(c)).collect()),
    }
}

#[expect(clippy::too_many_arguments, reason = "all of them are parts of one finding in the making")]
fn remedy(
    facts: &Facts<'_>,
    claim: &PersistentVolumeClaim,
    spec: &PersistentVolumeClaimSpec,
    object: &ObjectRef,
    namespace: &Namespace,
    wrong: &str,
    choice: &Choice<'_>,
    users: &[&Stuck<'_>],
) -> Remedy {
    let by_hand = |text: String, why: String| Remedy { advice: vec![Advice { text, command: None, why }], ..Remedy::default() };
    let (class, because) = match choice {
        Choice::Class(class, because) => (*class, *because),
        Choice::OneOf(names) => {
            return by_hand(
                format!("replace the claim `{}` by one of the class that was meant: {}", object.name, listed(names)),
                "the cluster has several classes and no default, and which one was meant is not known".to_owned(),
            );
        }
        Choice::None => {
            return by_hand(
                format!("install a provisioner with the StorageClass `{wrong}`"),
                "the cluster has no class that makes volumes".to_owned(),
            );
        }
        Choice::Unknown => {
            return by_hand(
                format!("make the class `{wrong}`, or replace the claim `{}` by one of an existing class", object.name),
                "the StorageClasses could not be read".to_owned(),
            );
        }
    };
    let name = classes::name(class);
    let set = facts.claims().replica_of(claim);
    let obstacle = match (&set, manager_of(&claim.metadata)) {
        (Some(set), _) => Some(format!(
            "the volumeClaimTemplate of StatefulSet `{}` makes this claim and cannot be changed: make the StatefulSet anew (`kubectl{} delete {} --cascade=orphan`) with the right class, then replace the claim",
            set.name,
            in_namespace(set),
            set.slashed(),
        )),
        (None, Some(manager)) => Some(Obstacle::Managed(manager).why()),
        (None, None) if namespace.is_system() => Some(Obstacle::System(namespace.clone()).why()),
        (None, None) if spec.data_source.is_some() || spec.data_source_ref.is_some() => {
            Some("the claim is to be filled from another source, which the other class may not be able to do".to_owned())
        }
        (None, None) if spec.selector.is_some() => {
            Some("the claim selects volumes by their labels, which a class that makes volumes does not do".to_owned())
        }
        (None, None) => None,
    };
    if let Some(why) = obstacle {
        return by_hand(format!("replace the claim `{}` by one of the class `{name}` ({because})", object.name), why);
    }
    let mut checks: Vec<Check> = Vec::new();
    if !(users.is_empty() && classes::waits_for_consumer(class)) {
        checks.push(Check::ClaimBound(object.clone()));
    }
    checks.extend(users.iter().filter_map(|a| a.check()));
    Remedy {
        proposals: vec![
            Proposal {
                action: Action::DeleteUnboundClaim { claim: object.clone() },
                why: format!("the class of a claim cannot be changed; `{}` was never bound, so no data is lost", object.name),
                risk: Risk::Medium,
            },
            Proposal {
                action: Action::Create { object: object.clone(), manifest: replacement(claim, spec, object, namespace, name) },
                why: format!(
                    "the same claim with the class `{name}`: {because}; the reclaim policy of its volumes is {}; size, access modes and labels stay as they were",
                    classes::reclaim_policy(class)
                ),
                risk: Risk::Medium,
            },
        ],
        choices: Vec::new(),
        checks,
        advice: Vec::new(),
    }
}

/// The claim as it was asked for, but for its class and for what the server put in.
fn replacement(
    claim: &PersistentVolumeClaim,
    spec: &PersistentVolumeClaimSpec,
    object: &ObjectRef,
    namespace: &Namespace,
    class: &str,
) -> Value {
    let mut metadata = json!({"name": object.name, "namespace": namespace.as_str()});
    let mut body = json!({
        "accessModes": spec.access_modes,
        "resources": spec.resources,
        "storageClassName": class,
    });
    if let (Some(labels), Some(map)) = (claim.metadata.labels.as_ref().filter(|l| !l.is_empty()), metadata.as_object_mut()) {
        map.insert("labels".to_owned(), json!(labels));
    }
    // Filesystem is what a claim gets that says nothing; only another mode has to be kept.
    if let (Some(mode), Some(map)) = (spec.volume_mode.as_deref().filter(|m| *m != "Filesystem"), body.as_object_mut()) {
        map.insert("volumeMode".to_owned(), mode.into());
    }
    json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": body})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, bare_cluster, changes, cluster, deployment, stateful_set};

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
            .only(CODE.0);
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
        let one = uploads(bare_cluster()).yaml(&class("slow")).only(CODE.0);
        assert_eq!(one.expected.as_deref(), Some("slow"));
        let several = uploads(bare_cluster()).yaml(&class("slow")).yaml(&class("big")).only(CODE.0);
        assert_eq!((several.expected, several.remedy.proposals.len()), (None, 0));
        assert!(several.remedy.advice[0].text.contains("`slow`") && several.remedy.advice[0].text.contains("`big`"));
    }

    #[test]
    fn class_whose_name_differs_by_a_slip_is_meant_before_the_default() {
        assert_eq!(uploads(cluster()).yaml(&class("fast-sdd")).only(CODE.0).expected.as_deref(), Some("fast-sdd"));
    }

    #[test]
    fn claim_of_a_stateful_set_gets_advice() {
        let set = stateful_set("web").with(json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}]})).unschedulable("");
        let found = cluster()
            .app(set)
            .edit("Pod", "web-0", json!({"spec": {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data-web-0"}}]}}))
            .claim("data-web-0", "Pending", "fast-ssd")
            .only(CODE.0);
        assert_eq!(found.remedy.proposals, []);
        assert!(found.remedy.advice[0].why.contains("volumeClaimTemplate"));
        assert!(found.symptoms.iter().any(|s| s.object.slashed() == "pod/web-0"));
    }

    #[test]
    fn volumes_made_by_hand_need_no_class() {
        let world = uploads(cluster()).yaml(
            "{apiVersion: v1, kind: PersistentVolume, metadata: {name: v}, spec: {storageClassName: fast-ssd, capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]}}",
        );
        assert_eq!(world.found(CODE.0), []);
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
        assert_eq!(world.found(CODE.0), []);
        let told =
            world.event("PersistentVolumeClaim", "uploads", "ProvisioningFailed", r#"storageclass.storage.k8s.io "fast-ssd" not found"#);
        assert_eq!(told.only(CODE.0).remedy.proposals, []);
    }

    #[test]
    fn claim_of_a_chart_gets_advice() {
        let found = uploads(cluster()).edit(
            "PersistentVolumeClaim",
            "uploads",
            json!({"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}}),
        );
        assert_eq!(found.only(CODE.0).remedy.proposals, []);
    }
}
