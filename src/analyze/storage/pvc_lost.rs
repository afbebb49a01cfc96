//! A PersistentVolumeClaim lost the PersistentVolume that it was bound to. Whatever was stored is behind that volume, so nothing is
//! planned: a new claim would be empty, and deleting this one would end what still points to the data.

use super::super::draft::{Draft, advise};
use super::super::quote;
use super::super::rule::{Read, Rule, When};
use super::kept;
use super::waiting::Waiting;
use crate::domain::cause::Code;
use crate::domain::confidence::Confidence;
use crate::domain::field::FieldPath;
use crate::domain::finding::{Finding, Remedy};
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use crate::facts::author::By;
use crate::facts::presence::Presence;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};

/// The cause.
pub(crate) const RULE: Rule = Rule {
    code: Code("pvc-lost"),
    says: "a PersistentVolumeClaim lost the volume that it was bound to",
    reads: &[
        Read::WORKLOADS,
        Read::EVENTS,
        Read::always(&[Kind::PersistentVolumeClaim]),
        Read::when(&[Kind::PersistentVolume], When::AClaimIsUnbound),
    ],
    find,
};
/// The cluster itself says that the claim is Lost. A Pod that still runs with it refutes nothing: what is mounted stays mounted. Nothing is
/// changed for it anyway.
const SURE: Confidence = Confidence::percent(95);
const WHY: &str = "deleting the claim, or creating an empty one, would give up the data that the volume may still hold";

fn find(facts: &Facts<'_>) -> Vec<Finding> {
    facts.all::<PersistentVolumeClaim>().filter_map(|claim| finding(facts, claim)).collect()
}

fn finding(facts: &Facts<'_>, claim: &PersistentVolumeClaim) -> Option<Finding> {
    if claim.status.as_ref().and_then(|s| s.phase.as_deref()) != Some("Lost") || claim.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let object = claim.reference();
    let (name, namespace) = (&object.name, object.namespace.as_ref()?);
    let volume = claim.spec.as_ref().and_then(|s| s.volume_name.as_deref()).filter(|v| quote::is_plain(v))?;
    let pointed = ObjectRef::cluster(Kind::PersistentVolume, volume);
    let found = facts.look_up::<PersistentVolume>(&pointed);
    let event = facts
        .events_of(&object)
        .find(|e| matches!(e.reason.as_deref(), Some("ClaimLost" | "ClaimMisbound")) && By::VolumeController.wrote(e));
    let field = FieldPath::dotted("spec.volumeName");
    let state = match found {
        Presence::There(_) => format!("the PersistentVolume `{volume}` exists and is not bound to it any more"),
        Presence::Absent => format!("the PersistentVolume `{volume}` does not exist any more"),
        Presence::Unread => format!("the cluster says that its PersistentVolume `{volume}` is gone"),
    };
    let waiting = Waiting::of(facts, &object);
    let draft = Draft::about(facts, RULE.code, &object, SURE)
        .text(
            format!("PersistentVolumeClaim `{name}` in namespace `{namespace}` is Lost: {state}"),
            format!("The PersistentVolumeClaim `{name}` was bound to the PersistentVolume `{volume}`, and {state}. No Pod can mount a claim that is Lost, and it does not bind to another volume by itself."),
        )
        .saw(event.map(|e| quote::event(facts, e, &object)))
        .saw([quote::field(facts, &object, FieldPath::dotted("status.phase"), "Lost")])
        .seen_value(Some(&field), volume, None)
        .saw(quote::absent(facts, &pointed, facts.all::<PersistentVolume>().filter_map(|v| v.metadata.name.as_deref())).filter(|_| found == Presence::Absent))
        .affects(&object, "Lost: its volume is gone");
    let own = kept::of(facts, &object).filter(|volume| !kept::is_its_own(volume, claim));
    let draft = draft.saw(own.map(|volume| kept::seen(facts, volume, &object)));
    waiting.suffer(draft, &format!("waits for the PersistentVolumeClaim `{name}`, which is Lost")).fix(remedy(&object, volume, found, own))
}

fn remedy(claim: &ObjectRef, volume: &str, found: Presence<&PersistentVolume>, own: Option<&PersistentVolume>) -> Remedy {
    let look = Some(kubectl::on("describe", claim));
    // It names this very claim still, as it was before somebody made it anew.
    let clear = |own| {
        let holds = kept::in_words(own);
        let text =
            format!("if what {holds} holds is needed, clear the uid in its claimRef, which is that of an earlier claim of this name");
        kept::let_go(own, text, WHY)
    };
    if let Some(clear) = own.and_then(clear) {
        return Remedy { choices: vec![clear], ..Remedy::default() };
    }
    if let Presence::There(there) = found {
        let now = kept::holder(there).map_or_else(|| "to no claim".to_owned(), |holder| format!("to {holder}"));
        return advise(format!("find out why the PersistentVolume `{volume}` is bound {now} now"), look, WHY);
    }
    let text = format!(
        "if the storage behind it still exists (the reclaim policy of the volume was Retain), create the PersistentVolume `{volume}` again for the same storage, with a claimRef to {claim}"
    );
    let mut remedy = advise(text, look, WHY);
    remedy.extend(advise("else restore the data from a backup into a new PersistentVolumeClaim".to_owned(), None, WHY));
    remedy
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::testing::{World, cluster, deployment};
    use serde_json::json;

    fn archive() -> World {
        cluster()
            .claim("archive", "Lost", "manual")
            .edit("PersistentVolumeClaim", "archive", json!({"spec": {"volumeName": "archive-pv"}}))
            .app(
                deployment("archive")
                    .claim("c", "archive")
                    .unschedulable("0/2 nodes are available: persistentvolumeclaim \"archive\" bound to non-existent persistentvolume"),
            )
            .event(
                "PersistentVolumeClaim",
                "archive",
                "ClaimLost",
                "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
            )
    }

    #[test]
    fn claim_that_lost_its_volume_is_named_and_left_as_it_is() {
        let found = archive().only(RULE.code.0);
        assert_eq!(
            (found.object.slashed().as_str(), found.field_text().as_deref()),
            ("persistentvolumeclaim/archive", Some("spec.volumeName"))
        );
        assert_eq!((found.found.as_deref(), found.expected.as_deref(), found.remedy.proposals.len()), (Some("archive-pv"), None, 0));
        assert!(
            found.remedy.advice.iter().any(|a| a.text.contains("Retain")) && found.remedy.advice.iter().any(|a| a.text.contains("backup"))
        );
        assert!(found.symptoms.iter().any(|s| s.object.slashed() == "pod/archive-rs1-0"));
    }

    #[test]
    fn volume_that_could_not_be_read_is_not_called_absent() {
        let found = archive().hiding(Kind::PersistentVolume).only(RULE.code.0);
        assert!(!found.title.contains("does not exist") && found.title.contains("the cluster says"), "{}", found.title);
    }

    #[test]
    fn volume_that_is_there_is_said_to_be_there() {
        let there =
            archive().yaml("{apiVersion: v1, kind: PersistentVolume, metadata: {name: archive-pv}, spec: {capacity: {storage: 1Gi}}}");
        assert!(there.only(RULE.code.0).title.contains("exists and is not bound to it"));
    }

    #[test]
    fn volume_that_names_the_lost_claim_is_given_back_to_it() {
        let found = archive().volume_for("archive", "old", "Released", "Retain").only(RULE.code.0);
        let first = &found.remedy.advice[0];
        assert!(first.command.as_deref().unwrap().contains("persistentvolume/pv-of-archive"), "{first:?}");
        let of_another = archive().volume_for("other", "else", "Bound", "Retain").edit(
            "PersistentVolume",
            "pv-of-other",
            json!({"metadata": {"name": "archive-pv"}}),
        );
        assert!(of_another.only(RULE.code.0).remedy.advice[0].text.contains("`other` of namespace `a-team`"));
    }

    #[test]
    fn bound_and_pending_claims_are_silent() {
        for phase in ["Bound", "Pending"] {
            let world = cluster().claim("archive", phase, "standard").edit(
                "PersistentVolumeClaim",
                "archive",
                json!({"spec": {"volumeName": "v"}}),
            );
            assert_eq!(world.found(RULE.code.0), []);
        }
    }
}
