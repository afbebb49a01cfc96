//! A restart: the template of the Pods gets the annotation that `kubectl rollout restart` writes, and the controller replaces every Pod
//! by its own strategy. The time in it is fixed with the plan.

use super::patch::{Patch, Pins, escaped_at, signed, test};
use super::planned::{Built, PlannedAction, called, named, present};
use crate::domain::action::{FieldOp, RESTARTED_AT, restarted};
use crate::domain::changes::Verb;
use crate::domain::fitted::Part;
use crate::domain::kubectl;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::{Pinned, Precondition, Undo};
use crate::domain::request::Request;
use crate::domain::workload::pod_is_ready;
use crate::facts::Facts;
use crate::facts::newest::{self, Kept};
use crate::facts::rollouts;
use crate::planner::live::Basis;
use crate::planner::proposed::Proposed;
use crate::planner::refusal::Refusal;
use k8s_openapi::api::apps::v1::StatefulSet;
use serde_json::{Value, json};

const NOTES: &str = "/spec/template/metadata/annotations";

pub(super) struct Restart<'a> {
    pub(super) target: &'a ObjectRef,
    pub(super) at: String,
}

impl Restart<'_> {
    fn op(&self) -> NonEmpty<FieldOp> {
        NonEmpty::one(FieldOp::set(restarted().clone(), self.at.clone()))
    }

    fn at_pointer() -> String {
        escaped_at(NOTES, RESTARTED_AT)
    }

    /// That its controller is not replacing Pods already, and has something to replace.
    fn rolling(&self, facts: &Facts<'_>) -> Option<Refusal> {
        let workload = facts.workload(self.target)?;
        let no = |why: &str| Some(Refusal::NotPossible(format!("{} {why}", self.target)));
        if workload.paused {
            return Some(Refusal::Paused);
        }
        if workload.desired == 0 {
            return no("has no Pods to restart: it is scaled to zero, or no node is for it");
        }
        let rolling = rollouts::is_rolling(facts, self.target);
        rolling.then(|| Refusal::NotPossible(format!("{} is being updated right now: a restart would start that over", self.target)))
    }

    /// What its strategy leaves as it is. An ordered set waits for each Pod to be ready before it replaces the next.
    fn stays(&self, facts: &Facts<'_>) -> Option<Refusal> {
        let why = match newest::kept(self.target, facts) {
            Some(Kept::UntilDeleted) => super::patch::ON_DELETE,
            Some(Kept::BelowPartition) => super::patch::PARTITIONED,
            None if facts.find::<StatefulSet>(self.target).is_some_and(rollouts::is_ordered) => super::patch::ORDERED,
            None => return None,
        };
        let waiting = facts.pods_of(self.target).filter(|pod| !pod_is_ready(pod)).filter_map(|pod| pod.metadata.name.clone());
        let pods: Vec<String> = waiting.collect();
        (why != super::patch::ORDERED || !pods.is_empty()).then_some(Refusal::PodsStay { why, pods })
    }

    fn cools(&self, facts: &Facts<'_>) -> Option<Refusal> {
        let recent = rollouts::cooling(facts, self.target)?;
        Some(Refusal::NotPossible(format!("{} {recent}: what comes of that has to be visible first", self.target)))
    }
}

impl PlannedAction for Restart<'_> {
    fn existing(&self) -> Option<&ObjectRef> {
        Some(self.target)
    }

    fn source(&self) -> Option<&ObjectRef> {
        None
    }

    fn summary(&self) -> String {
        format!("restart {}", self.target)
    }

    fn in_one_line(&self, _: &Precondition, _: Option<&Precondition>) -> String {
        format!("Restart {}: new Pods of the same template, by its own strategy", named(self.target))
    }

    fn headline(&self, _: &Precondition, _: Option<&Precondition>) -> Vec<Part> {
        let mut parts = vec![Part::words("Restart all Pods of ")];
        parts.extend(called(self.target));
        parts
    }

    fn in_words(&self) -> String {
        format!("restart {}", self.target)
    }

    fn kubectl(&self) -> String {
        kubectl::on("rollout restart", self.target)
    }

    fn not_in_the_table(&self) -> Refusal {
        Refusal::Kind { verb: Verb::Restart.as_str(), kind: self.target.kind.clone() }
    }

    fn check_first(&self, _: &Proposed<'_>) -> Option<Refusal> {
        None
    }

    fn check_last(&self, proposed: &Proposed<'_>) -> Option<Refusal> {
        let facts = proposed.facts;
        self.stays(facts).or_else(|| self.rolling(facts)).or_else(|| self.cools(facts))
    }

    fn unchanged(&self, live: &Value, seen: &Basis) -> Result<(), Refusal> {
        Patch { target: self.target, ops: &self.op() }.unchanged(live, seen)
    }

    fn fits(&self, _: &Value, _: &Value) -> Result<(), Refusal> {
        Ok(())
    }

    fn build(&self, live: Option<&Value>, stamp: &str) -> Result<Built, Refusal> {
        let live = present(live, self.target)?;
        let (mut pins, at) = (Pins::of(self.target, live)?, json!(self.at));
        let pointer = Self::at_pointer();
        let old = live.pointer(&pointer).cloned();
        let mut pin_version = true;
        let change = match (&old, live.pointer(NOTES).is_some_and(Value::is_object)) {
            (Some(old), _) => {
                pins.add(test(&pointer, old));
                pin_version = false;
                json!({"op": "replace", "path": pointer, "value": at})
            }
            (None, true) => json!({"op": "add", "path": pointer, "value": at}),
            (None, false) => json!({"op": "add", "path": NOTES, "value": {RESTARTED_AT: at}}),
        };
        pins.precondition.fields.push(Pinned { path: restarted().clone(), value: old });
        let signed = signed(self.target, live, pins, vec![change], pin_version, stamp)?;
        Ok(Built {
            diff: signed.diff,
            request: signed.request,
            precondition: signed.precondition,
            undo: Undo::None { why: "none: a restart cannot be rolled back; the template of the Pods stays as it is".to_owned() },
            command: self.kubectl(),
        })
    }

    fn drift(&self, request: &Request, before: Option<&Value>, answer: &Value) -> Option<String> {
        Patch { target: self.target, ops: &self.op() }.drift(request, before, answer)
    }

    fn frees(&self) -> Option<&ObjectRef> {
        None
    }

    fn takes(&self) -> Option<&ObjectRef> {
        None
    }
}
