//! The objects that a plan would change, read whole when the plan is made: with the fields that this program does not know, and
//! with who wrote which. A plan is made of these, and of nothing that a snapshot has thinned out.

use super::refusal::Refusal;
use crate::domain::field::FieldPath;
use crate::domain::object::ObjectRef;
use crate::domain::workload::{manager_of, tool_of_field};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::Value;
use std::collections::BTreeMap;

/// Each object as it is now, or why it could not be read.
#[derive(Debug, Default)]
pub(crate) struct Live(BTreeMap<ObjectRef, Result<Value, Refusal>>);

impl Live {
    /// Adds what reading the object brought.
    pub(crate) fn insert(&mut self, object: ObjectRef, read: Result<Value, Refusal>) {
        self.0.insert(object, read);
    }

    pub(crate) fn of(&self, object: &ObjectRef) -> Result<&Value, Refusal> {
        match self.0.get(object) {
            Some(Ok(value)) => Ok(value),
            Some(Err(refusal)) => Err(refusal.clone()),
            None => Err(Refusal::NotRead(format!("{object} was not read"))),
        }
    }
}

/// An object as the snapshot has it, which whoever proposes a change of it has seen.
#[derive(Debug)]
pub(crate) struct Basis {
    pub(crate) object: ObjectRef,
    pub(crate) uid: Option<String>,
    pub(crate) value: Value,
}

impl Basis {
    /// That it is still the same object. What else must not have changed depends on the action.
    pub(super) fn is_same(&self, live: &Value) -> Result<(), Refusal> {
        let uid = live.pointer("/metadata/uid").and_then(Value::as_str);
        if self.uid.as_deref() == uid { Ok(()) } else { Err(Refusal::Recreated(self.object.clone())) }
    }

    /// That nobody else manages it or writes what would be changed: these fields, or the whole of it where there are none.
    pub(super) fn is_free(&self, live: &Value, fields: &[&FieldPath]) -> Result<(), Refusal> {
        let meta = live.get("metadata").and_then(|m| serde_json::from_value::<ObjectMeta>(m.clone()).ok()).unwrap_or_default();
        let whole = FieldPath::root();
        let touched = if fields.is_empty() { &[&whole][..] } else { fields };
        let tool = || touched.iter().find_map(|path| tool_of_field(live, &meta, path));
        manager_of(&meta).or_else(tool).map_or(Ok(()), |manager| Err(Refusal::Managed(manager)))
    }
}
