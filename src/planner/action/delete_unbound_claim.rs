//! The deletion of a claim that never was bound: there is no data in it. Its uid and its version are pinned.

use super::planned::{Built, Planned, metadata, present};
use crate::domain::changes::Verb;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Precondition, Undo};
use crate::domain::request::{Method, Request};
use crate::planner::diff;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use serde_json::{Value, json};

pub(super) struct DeleteUnboundClaim<'a> {
    pub(super) claim: &'a ObjectRef,
}

impl Planned for DeleteUnboundClaim<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.claim)
    }

    fn summary(&self) -> String {
        format!("delete the unbound {}", self.claim)
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
        proposed.targets.get(self.claim)?.set.clone().map(Refusal::ClaimOfSet)
    }

    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        (!proposed.targets.get(self.claim)?.unbound).then(|| Refusal::ClaimInUse(self.claim.clone()))
    }

    fn build(&self, live: Option<&Value>, _: &str) -> Result<Built, Refusal> {
        let claim = self.claim;
        let live = present(live, claim)?;
        // It may have been bound since the rule saw it.
        let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/status/phase") != "Pending" || !text("/spec/volumeName").is_empty() {
            return Err(Refusal::ClaimInUse(claim.clone()));
        }
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
                fields: vec![("status.phase".to_owned(), "Pending".to_owned())],
            },
            undo: Undo::None { why: "none; no data is lost, because the claim never had a volume".to_owned() },
            command: self.kubectl(),
        })
    }

    fn drift(&self, _: &Value) -> Option<String> {
        None
    }

    fn frees(&self) -> Option<&ObjectRef> {
        Some(self.claim)
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}
