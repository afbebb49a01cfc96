//! A cause: what is believed to be wrong, who says so, and on which evidence.

use super::confidence::Confidence;
use super::evidence::{EvidenceId, Ground};
use super::field::FieldPath;
use super::finding::{CausalLink, Remedy, Symptom, touched};
use super::nonempty::NonEmpty;
use super::object::ObjectRef;

/// A cause is told by its code, so whoever speaks of one finds the other here.
pub use super::code::{Code, KnownCodes};

/// Who named the cause. A rule's is a constant of this program; the others are claims, and are treated as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseSource {
    /// A rule of this program.
    Rule(Code),
    /// The operator's model.
    Model,
    /// The agent that called us.
    Caller,
}

impl CauseSource {
    /// `rule`, `model` or `caller`.
    pub fn as_str(self) -> &'static str {
        match self {
            CauseSource::Rule(_) => "rule",
            CauseSource::Model => "model",
            CauseSource::Caller => "caller",
        }
    }

    /// The inverse of [`CauseSource::code`].
    pub fn parse(text: &str, known: KnownCodes) -> Option<Self> {
        [CauseSource::Model, CauseSource::Caller].into_iter().find(|s| s.code() == text).or_else(|| known(text).map(CauseSource::Rule))
    }

    /// Who states it, as a line begins; nobody where a rule of this program found it.
    pub fn by(self) -> Option<&'static str> {
        match self {
            CauseSource::Rule(_) => None,
            CauseSource::Model => Some("a model"),
            CauseSource::Caller => Some("an agent"),
        }
    }

    /// What the report calls the cause: the rule's code, or who proposed it where no rule did.
    pub fn code(self) -> &'static str {
        match self {
            CauseSource::Rule(code) => code.0,
            CauseSource::Model => "proposed-by-model",
            CauseSource::Caller => "proposed-by-caller",
        }
    }
}

/// What tells one cause from another: two with the same key are the same, however they are worded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CauseKey {
    /// Who named it.
    pub source: CauseSource,
    /// The object to change.
    pub object: ObjectRef,
    /// The field in it.
    pub field: Option<FieldPath>,
}

/// A place of a wrong value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The object to change.
    pub object: ObjectRef,
    /// The field in it.
    pub field: Option<FieldPath>,
}

/// A cause, as part of a diagnosis.
#[derive(Debug, Clone, PartialEq)]
pub struct Cause {
    /// Who named it.
    pub source: CauseSource,
    /// One line that a human can act on.
    pub title: String,
    /// Two to five sentences: what, why, how it leads to the symptom.
    pub explanation: String,
    /// The object to change, not the one that suffers.
    pub object: ObjectRef,
    /// The field in that object.
    pub field: Option<FieldPath>,
    /// Where the same wrong value stands besides: one cause, whose remedy changes every place.
    pub also: Vec<Place>,
    /// The wrong value.
    pub found: Option<String>,
    /// The right value.
    pub expected: Option<String>,
    /// How firmly it is believed.
    pub confidence: Confidence,
    /// What that rests on.
    pub ground: Ground,
    /// The evidence that it rests on, in the diagnosis' own list.
    pub cites: NonEmpty<EvidenceId>,
    /// From the cause to the symptom.
    pub chain: Vec<CausalLink>,
    /// What suffers from it.
    pub symptoms: Vec<Symptom>,
    /// What is to be done about it: its proposals, its checks, and its own advice.
    pub remedy: Remedy,
}

impl Cause {
    /// Everything that it is known to be about.
    pub fn touched(&self) -> impl Iterator<Item = &ObjectRef> {
        let places = std::iter::once(&self.object).chain(self.also.iter().map(|place| &place.object));
        touched(places, &self.symptoms, &self.chain)
    }

    /// Whether it makes a diagnosis of what was found: a rule's does, and what somebody states where a field carries it that only
    /// controllers write. Else the word of whoever wrote a log would be the result.
    pub fn decides(&self) -> bool {
        self.source.by().is_none() || self.ground == Ground::Seen
    }

    /// What tells it from other causes.
    pub fn key(&self) -> CauseKey {
        CauseKey { source: self.source, object: self.object.clone(), field: self.field.clone() }
    }

    /// The field as it is shown.
    pub fn field_text(&self) -> Option<String> {
        self.field.as_ref().map(ToString::to_string)
    }

    /// Whether it is the cause of that key.
    pub fn is(&self, key: &CauseKey) -> bool {
        self.source == key.source && self.object == key.object && self.field == key.field
    }

    /// Every place of the wrong value, the first one first.
    pub fn places(&self) -> impl Iterator<Item = (&ObjectRef, Option<&FieldPath>)> {
        let also = self.also.iter().map(|place| (&place.object, place.field.as_ref()));
        std::iter::once((&self.object, self.field.as_ref())).chain(also)
    }

    /// Whether this is what a rule names by that code.
    pub fn is_of(&self, code: Code) -> bool {
        self.source == CauseSource::Rule(code)
    }
}
