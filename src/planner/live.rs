//! The objects that a plan would change, read whole when the plan is made: with the fields that this program does not know, and
//! with who wrote which. A plan is made of these, and of nothing that a snapshot has thinned out.

use super::action;
use super::refusal::{Differs, Refusal};
use crate::domain::action::Action;
use crate::domain::cause::Cause;
use crate::domain::excerpt::Excerpt;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::manager_of;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each object as it is now, or why it could not be read.
#[derive(Debug, Default)]
pub(crate) struct Live(BTreeMap<ObjectRef, Result<Value, Refusal>>);

impl Live {
    /// The objects that a cause's fix would change and that must exist.
    pub(crate) fn needed(cause: &Cause) -> BTreeSet<ObjectRef> {
        cause.remedy.proposals.iter().filter_map(|p| action::of(&p.action).existing().cloned()).collect()
    }

    /// Adds what reading the object brought.
    pub(crate) fn insert(&mut self, object: ObjectRef, read: Result<Value, Refusal>) {
        self.0.insert(object, read);
    }

    pub(super) fn of(&self, object: &ObjectRef) -> Result<&Value, Refusal> {
        match self.0.get(object) {
            Some(Ok(value)) => Ok(value),
            Some(Err(refusal)) => Err(refusal.clone()),
            None => Err(Refusal::NotRead(object.clone())),
        }
    }
}

/// That the object is still what whoever proposes the change saw: the same one, managed by nobody else, with the same values.
pub(super) fn unchanged(action: &Action, live: &Value, snapshot: &Snapshot) -> Result<(), Refusal> {
    let target = action.target();
    let meta = live.get("metadata").and_then(|m| serde_json::from_value::<ObjectMeta>(m.clone()).ok()).unwrap_or_default();
    if snapshot.meta_of(target).and_then(|seen| seen.uid.as_deref()) != meta.uid.as_deref() {
        return Err(Refusal::Recreated(target.clone()));
    }
    if let Some(manager) = manager_of(&meta) {
        return Err(Refusal::Managed(manager));
    }
    let Action::Patch { ops, .. } = action else { return Ok(()) };
    let snapshot = snapshot.value_of(target).unwrap_or_default();
    for op in ops.iter() {
        let now = op.path.locate(live).and_then(|at| at.current);
        let seen = op.seen.clone().or_else(|| op.path.locate(&snapshot).and_then(|at| at.current));
        if now != seen {
            let shown = |value: Option<Value>| value.map(|v| Excerpt::event(&v.to_string()).to_string());
            let differs = Differs { object: target.clone(), path: op.path.to_string(), seen: shown(seen), now: shown(now) };
            return Err(Refusal::Differs(Box::new(differs)));
        }
    }
    Ok(())
}
