//! The deletion of a claim that never was bound: there is no data in it. Its uid and its version are pinned.

use super::planned::{Built, PlannedAction, called, metadata, named, present};
use crate::domain::changes::Verb;
use crate::domain::field::FieldPath;
use crate::domain::fitted::Part;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Pinned, Precondition, Undo};
use crate::domain::request::{Method, Request};
use crate::planner::diff;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use serde_json::{Value, json};

/// What a claim that takes its place may be meant to change.
pub(super) const CLASS: &str = "spec.storageClassName";

pub(super) struct DeleteUnboundClaim<'a> {
    pub(super) claim: &'a ObjectRef,
}

impl DeleteUnboundClaim<'_> {
    fn never_bound(&self, phase: Option<&str>, volume: Option<&str>) -> Result<(), Refusal> {
        let never = phase == Some("Pending") && volume.is_none_or(str::is_empty);
        if never { Ok(()) } else { Err(Refusal::ClaimInUse(self.claim.clone())) }
    }
}

impl PlannedAction for DeleteUnboundClaim<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.claim)
    }

    fn source(&self) -> Option<&ObjectRef> {
        None
    }

    fn summary(&self) -> String {
        format!("delete the unbound {}", self.claim)
    }

    fn in_one_line(&self, _: &Precondition, _: Option<&Precondition>) -> String {
        format!("Delete {}, which never had a volume and holds no data", named(self.claim))
    }

    fn headline(&self, _: &Precondition, _: Option<&Precondition>) -> Vec<Part> {
        let mut parts = vec![Part::words("Delete ")];
        parts.extend(called(self.claim));
        parts.push(Part::words(", which holds no data"));
        parts
    }

    fn in_words(&self) -> String {
        format!("delete {}, which has no volume", self.claim)
    }

    fn kubectl(&self) -> String {
        kubectl::on("delete", self.claim)
    }

    fn not_in_the_table(&self) -> Refusal {
        Refusal::Kind { verb: Verb::Delete.as_str(), kind: self.claim.kind.clone() }
    }

    /// A claim that a StatefulSet creates is not replaced: the set's template, which cannot be changed, creates the same again.
    fn check_first(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        let claim = proposed.facts.find::<PersistentVolumeClaim>(self.claim)?;
        proposed.facts.claims().replica_of(claim).map(Refusal::ClaimOfSet)
    }

    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        let claim = proposed.facts.find::<PersistentVolumeClaim>(self.claim)?;
        let phase = claim.status.as_ref().and_then(|s| s.phase.as_deref());
        let volume = claim.spec.as_ref().and_then(|s| s.volume_name.as_deref());
        self.never_bound(phase, volume).err()
    }

    /// It may have been bound since the rule saw it.
    fn unchanged(&self, live: &Value, _: &Basis) -> Result<(), Refusal> {
        let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str);
        self.never_bound(text("/status/phase"), text("/spec/volumeName"))
    }

    fn fits(&self, _: &Value, _: &Value) -> Result<(), Refusal> {
        Ok(())
    }

    fn build(&self, live: Option<&Value>, _: &str) -> Result<Built, Refusal> {
        let claim = self.claim;
        let live = present(live, claim)?;
        let (Some(uid), Some(version)) = (metadata(live, "uid"), metadata(live, "resourceVersion")) else {
            return Err(Refusal::NotPossible(format!("{claim} has no uid or resource version")));
        };
        let path = claim.path().ok_or_else(|| Refusal::NotPossible(format!("no API path is known for {claim}")))?;
        let body = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": uid, "resourceVersion": version},
            "propagationPolicy": "Background",
        });
        Ok(Built {
            diff: diff::unified(&claim.slashed(), Some(live), None).map_err(Refusal::NotPossible)?,
            request: Request { method: Method::Delete, path, body: body.to_string() },
            precondition: Precondition {
                uid: Some(uid),
                resource_version: Some(version),
                generation: None,
                fields: vec![
                    Pinned { path: FieldPath::dotted("status.phase"), value: Some("Pending".into()) },
                    Pinned { path: FieldPath::dotted(CLASS), value: live.pointer("/spec/storageClassName").cloned() },
                ],
            },
            undo: Undo::None { why: "none; no data is lost, because the claim never had a volume".to_owned() },
            command: self.kubectl(),
        })
    }

    /// Nothing is left that could differ.
    fn drift(&self, _: &Request, _: Option<&Value>, _: &Value) -> Option<String> {
        None
    }

    fn frees(&self) -> Option<&ObjectRef> {
        Some(self.claim)
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}
