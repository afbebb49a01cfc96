//! An unbound PersistentVolumeClaim names the empty string as its class, which turns provisioning off: it binds only to a
//! PersistentVolume that somebody made by hand, and there is none. Beside a default class that is mostly not what was meant.

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
use crate::domain::snapshot::Resource;
use crate::facts::author::By;
use crate::facts::presence::Presence;
use crate::facts::{Facts, selected};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("pvc-storageclass-empty"),
    says: "a PersistentVolumeClaim names the empty StorageClass, which turns provisioning off, and no volume was created for it",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::always(&[Kind::PersistentVolumeClaim]),
        Read::when(&[Kind::StorageClass, Kind::PersistentVolume], When::AClaimIsUnbound),
    ],
    find,
};
/// Pods that run with claims without a class refute nothing: each of those has its volume, and this one has none.
/// What the empty string does is a fact, and so is that no volume is free. Whether it was set on purpose, for a volume that is yet to
/// be made, is the doubt. Where the volumes could not be read, one may be there.
const SURE: Sure = Sure::percent(85, 85, 60);

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts.all::<PersistentVolumeClaim>().filter_map(|claim| finding(facts, claim)).collect()
}

fn finding(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<Finding> {
    let is_empty = claim.spec.as_ref().and_then(|s| s.storage_class_name.as_deref()) == Some("");
    if !is_empty || !claims::is_unbound(claim) {
        return None;
    }
    let object = claim.reference();
    let namespace = object.namespace.as_ref()?;
    let waiting = Waiting::of(facts, &object);
    let event = facts.events_of(&object).find(|e| e.reason.as_deref() == Some("FailedBinding") && By::VolumeController.wrote(e));
    // A claim that nobody waits for, and of which nothing is said, may wait for its volume as it is meant to.
    if waiting.is_nobody() && event.is_none() {
        return None;
    }
    let volumes = selected::free_volume_of(facts, "");
    let (meant, because) = classes::instead_of(facts, "");
    let (name, field) = (&object.name, FieldPath::dotted("spec.storageClassName"));
    let own = kept::of(facts, &object);
    if own.is_some_and(|volume| kept::is_its_own(volume, claim)) {
        return None;
    }
    let (meant, because) = if own.is_some() { (Meant::Nothing, "") } else { (meant, because) };
    let (sure, remedy) = match volumes {
        _ if let Some(volume) = own => (SURE.unread(), kept::for_waiting(claim, volume)),
        // It is for another claim, or too small: what is wrong is not the class.
        Presence::There(_) => return None,
        Presence::Absent => (SURE.of(&meant), replacing::remedy(facts, claim, &meant, because, &waiting.users)),
        Presence::Unread => (SURE.unread(), replacing::unsure(facts, claim, &meant)),
    };
    let default = meant
        .name()
        .map(|right| format!(" It is not the same as no class, for which the cluster uses its default, `{right}`."))
        .unwrap_or_default();
    let draft = Draft::about(facts, RULE.code, &object, sure)
        .text(
            format!("PersistentVolumeClaim `{name}` in namespace `{namespace}` names the empty StorageClass, so nothing provisions a volume for it"),
            format!(
                "The empty string in `{field}` means: no class, only a PersistentVolume that was created by hand.{default}{}",
                own.map_or_else(|| " The claim was never bound, so replacing it loses no data.".to_owned(), kept::follows)
            ),
        )
        .saw(event.map(|e| quote::event(facts, e, &object)))
        .told_if(waiting.is_nobody())
        .saw(own.map(|volume| kept::seen(facts, volume, &object)))
        .saw([quote::field(facts, &object, field.clone(), "the empty string")])
        .value(Some(&field), "", meant.name())
        .affects(&object, "Pending: its StorageClass is the empty string, and no volume was created for it");
    waiting.suffer(draft, &format!("Pending: waits for the PersistentVolumeClaim `{name}`")).fix(remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, changes, cluster, deployment};
    use serde_json::json;

    fn passwords(world: World) -> World {
        world
            .claim("passwords-data", "Pending", "''")
            .app(deployment("passwords").claim("data", "passwords-data").unschedulable("0/2 nodes: unbound immediate claims"))
            .event(
                "PersistentVolumeClaim",
                "passwords-data",
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
            )
    }

    fn volume(class: &str, phase: &str) -> String {
        format!(
            "{{apiVersion: v1, kind: PersistentVolume, metadata: {{name: v}}, spec: {{storageClassName: '{class}', capacity: {{storage: 1Gi}}}}, status: {{phase: {phase}}}}}"
        )
    }

    #[test]
    fn every_pod_that_waits_for_the_claim_is_explained_by_it() {
        for class in ["''", "fast"] {
            let six = cluster().claim("files", "Pending", class).app(
                deployment("web")
                    .replicas(6)
                    .claim("data", "files")
                    .unschedulable("0/2 nodes: pod has unbound immediate PersistentVolumeClaims"),
            );
            let said = six.event("PersistentVolumeClaim", "files", "FailedBinding", "no persistent volumes available");
            let diagnosis = said.diagnosis();
            assert_eq!(diagnosis.unexplained, [], "class {class}");
            let [cause] = diagnosis.causes.as_slice() else { panic!("{:#?}", diagnosis.causes) };
            assert_eq!(cause.symptoms.iter().filter(|s| s.object.kind == Kind::Pod).count(), 6, "class {class}");
        }
    }

    #[test]
    fn claim_that_turns_provisioning_off_is_replaced_by_one_of_the_default_class() {
        let found = passwords(cluster()).only(RULE.code.0);
        assert_eq!((found.field_text().as_deref(), found.expected.as_deref()), (Some("spec.storageClassName"), Some("standard")));
        assert_eq!(changes(&found), ["delete persistentvolumeclaim/passwords-data", "create persistentvolumeclaim/passwords-data"]);
        assert!(found.explanation.contains("only a PersistentVolume that was created by hand"), "{}", found.explanation);
    }

    #[test]
    fn volumes_that_could_not_be_read_leave_advice() {
        let found = passwords(cluster()).hiding(Kind::PersistentVolume).only(RULE.code.0);
        assert_eq!((found.remedy.proposals.len(), found.confidence.value()), (0, 0.6));
    }

    #[test]
    fn claim_whose_name_a_volume_keeps_is_not_replaced_by_an_empty_one() {
        let found = passwords(cluster()).volume_for("passwords-data", "old", "Released", "Retain").only(RULE.code.0);
        assert_eq!((changes(&found), found.expected.clone()), (vec![], None));
        assert!(found.remedy.advice[0].command.as_deref().unwrap().contains(r#""claimRef":{"uid":null}"#), "{:?}", found.remedy);
    }

    #[test]
    fn volume_that_is_free_is_silent_and_one_that_is_taken_is_not() {
        assert_eq!(passwords(cluster()).yaml(&volume("", "Available")).found(RULE.code.0), []);
        assert_eq!(passwords(cluster()).yaml(&volume("", "Bound")).found(RULE.code.0).len(), 1);
        assert_eq!(passwords(cluster()).yaml(&volume("other", "Available")).found(RULE.code.0).len(), 1);
    }

    #[test]
    fn no_class_and_a_bound_claim_are_silent() {
        let unset = cluster().object(json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
            "metadata": {"name": "a", "namespace": "a-team"}, "spec": {"accessModes": ["ReadWriteOnce"]}, "status": {"phase": "Pending"}}));
        assert_eq!(unset.found(RULE.code.0), []);
        assert_eq!(cluster().claim("a", "Bound", "''").found(RULE.code.0), []);
    }
}
