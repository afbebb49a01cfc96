//! What must hold after a change. Fixed before the change, and meaning the same after it.

use super::code::Code;
use super::excerpt::Excerpt;
use super::field::FieldPath;
use super::object::ObjectRef;
use serde_json::Value;

/// One thing that must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Check {
    /// The controller has seen the newest generation, and all intended replicas of the newest revision are ready.
    RolloutComplete(ObjectRef),
    /// A Pod without an owner is Running and Ready.
    PodReady(ObjectRef),
    /// A claim has its volume.
    ClaimBound(ObjectRef),
    /// A Service has at least one ready address.
    EndpointsReady(ObjectRef),
    /// A Service has at least as many ready addresses as before the change.
    StillServes {
        /// The Service.
        service: ObjectRef,
        /// How many it had.
        ready: u32,
    },
    /// A rule no longer finds what it found.
    FindingGone {
        /// Which cause.
        code: Code,
        /// On which object.
        object: ObjectRef,
        /// On which of its fields it was found, where the rule names one. The check is about the whole object.
        field: Option<FieldPath>,
    },
    /// A field has this value, or is not set: what an undo leaves behind.
    FieldIs {
        /// Of which object.
        object: ObjectRef,
        /// Which field.
        field: FieldPath,
        /// Its value; `None` where it is not set.
        value: Option<Value>,
    },
    /// The object does not exist any more.
    Gone(ObjectRef),
    /// Nothing is wrong with the object any more: for causes that no rule knows.
    SymptomGone(ObjectRef),
}

impl Check {
    /// Whether it is about a cause or a symptom that is to be gone. A rollback promises none.
    pub(crate) fn promises_a_cure(&self) -> bool {
        matches!(self, Check::FindingGone { .. } | Check::SymptomGone(_))
    }

    /// The object that the check is about.
    pub fn object(&self) -> &ObjectRef {
        match self {
            Check::RolloutComplete(o)
            | Check::PodReady(o)
            | Check::ClaimBound(o)
            | Check::EndpointsReady(o)
            | Check::Gone(o)
            | Check::SymptomGone(o) => o,
            Check::FindingGone { object, .. } | Check::FieldIs { object, .. } | Check::StillServes { service: object, .. } => object,
        }
    }

    /// A stable word for the kind of check.
    pub fn what(&self) -> &'static str {
        match self {
            Check::RolloutComplete(_) => "rolloutComplete",
            Check::PodReady(_) => "podReady",
            Check::ClaimBound(_) => "claimBound",
            Check::EndpointsReady(_) => "endpointsReady",
            Check::StillServes { .. } => "stillServes",
            Check::FindingGone { .. } => "findingGone",
            Check::FieldIs { .. } => "fieldIs",
            Check::Gone(_) => "gone",
            Check::SymptomGone(_) => "symptomGone",
        }
    }

    /// What is expected, in words.
    pub fn expectation(&self) -> String {
        match self {
            Check::RolloutComplete(_) => "all desired replicas of the newest revision are ready".to_owned(),
            Check::PodReady(_) => "it is Running and Ready".to_owned(),
            Check::ClaimBound(_) => "it is Bound".to_owned(),
            Check::EndpointsReady(_) => "it has at least one ready address".to_owned(),
            Check::StillServes { ready, .. } => format!("it has at least as many ready addresses as before: {ready}"),
            Check::FindingGone { code, field: Some(field), .. } => {
                format!("`{code}`, found at `{field}`, is no longer found anywhere in it")
            }
            Check::FindingGone { code, field: None, .. } => format!("`{code}` is no longer found"),
            Check::FieldIs { field, value: Some(value), .. } => format!("`{field}` is {}", Excerpt::event(&value.to_string())),
            Check::FieldIs { field, value: None, .. } => format!("`{field}` is not set"),
            Check::Gone(_) => "it no longer exists".to_owned(),
            Check::SymptomGone(_) => "no problem is found with it".to_owned(),
        }
    }
}
