//! What a rule saw: a named cause with its evidence, and the fix that the rule proposes.

use super::action::Action;
use super::check::Check;
use super::code::Code;
use super::confidence::Confidence;
use super::evidence::{Evidence, Ground};
use super::field::FieldPath;
use super::nonempty::NonEmpty;
use super::object::ObjectRef;
use super::risk::Risk;
use std::fmt;

/// One link of the chain from the cause to the symptom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CausalLink {
    /// Where it starts.
    pub from: ObjectRef,
    /// How it leads on.
    pub relation: Relation,
    /// Where it leads.
    pub to: ObjectRef,
}

/// All that something is known to touch: the objects that it is about, those that suffer from it, and the ends of its links.
pub fn touched<'c>(
    about: impl Iterator<Item = &'c ObjectRef>,
    symptoms: &'c [Symptom],
    chain: &'c [CausalLink],
) -> impl Iterator<Item = &'c ObjectRef> {
    about.chain(symptoms.iter().map(|s| &s.object)).chain(chain.iter().flat_map(|link| [&link.from, &link.to]))
}

/// How one object leads to another: a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the variants are the verbs")]
pub enum Relation {
    Owns,
    Selects,
    Misses,
    Mounts,
    References,
}

impl Relation {
    /// Every relation: a stored session is read back by them.
    pub const ALL: [Relation; 5] = [Relation::Owns, Relation::Selects, Relation::Misses, Relation::Mounts, Relation::References];

    /// As the report and the record spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Relation::Owns => "owns",
            Relation::Selects => "selects",
            Relation::Misses => "misses",
            Relation::Mounts => "mounts",
            Relation::References => "references",
        }
    }

    /// The inverse of [`Relation::as_str`]; one that this program does not know is of another version.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What somebody would notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symptom {
    /// The suffering object.
    pub object: ObjectRef,
    /// What is wrong with it, in a line.
    pub summary: String,
}

/// What kubemend will not do itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What to do.
    pub text: String,
    /// The command a human would type, where there is one.
    pub command: Option<String>,
    /// Why kubemend leaves it to a human.
    pub why: String,
}

/// One change that a rule proposes. The planner turns it into a step, or refuses.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The change.
    pub action: Action,
    /// Why it helps, in a sentence; assumptions are said here.
    pub why: String,
    /// The rule's own floor; the plan takes the maximum of this and the action's.
    pub risk: Risk,
}

/// What a human may choose to do, and what is never planned. Whether a command can be offered for it, the planner decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    /// What choosing it means.
    pub text: String,
    /// How it is done.
    pub way: Way,
    /// Why kubemend leaves the choice to a human.
    pub why: String,
}

/// How a human does what they chose.
#[derive(Debug, Clone, PartialEq)]
pub enum Way {
    /// By exactly this change.
    Change(Action),
    /// By editing the object: only they know the value, or the field cannot be pointed at.
    Edit(ObjectRef),
    /// By going back to an earlier revision of a workload.
    GoBack {
        /// The workload.
        workload: ObjectRef,
        /// The revision, as the workload's controller counts them.
        revision: u32,
    },
}

impl Way {
    /// The object that it changes.
    pub fn target(&self) -> &ObjectRef {
        match self {
            Way::Change(action) => action.target(),
            Way::Edit(object) | Way::GoBack { workload: object, .. } => object,
        }
    }
}

/// What is to be done about a cause.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Remedy {
    /// Changes, in order; empty when a human must act.
    pub proposals: Vec<Proposal>,
    /// Changes of which a human may choose one.
    pub choices: Vec<Choice>,
    /// What must hold afterwards, besides that this finding is gone.
    pub checks: Vec<Check>,
    /// What a human should know or do.
    pub advice: Vec<Advice>,
}

impl Remedy {
    /// Both: this one's part first.
    pub fn extend(&mut self, more: Remedy) {
        self.proposals.extend(more.proposals);
        self.choices.extend(more.choices);
        self.checks.extend(more.checks);
        self.advice.extend(more.advice);
    }
}

/// A cause that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which cause.
    pub code: Code,
    /// One line that a human can act on.
    pub title: String,
    /// Two to five sentences: what, why, how it leads to the symptom.
    pub explanation: String,
    /// The object to change, not the one that suffers.
    pub object: ObjectRef,
    /// The field in that object.
    pub field: Option<FieldPath>,
    /// The wrong value.
    pub found: Option<String>,
    /// The right value.
    pub expected: Option<String>,
    /// Where the values are right and stand under wrong keys: the keys as they are, and as they are to be.
    pub renamed: Option<(Vec<String>, Vec<String>)>,
    /// A constant of the rule, with the reason beside it in the rule's file.
    pub confidence: Confidence,
    /// What that rests on.
    pub ground: Ground,
    /// What was seen.
    pub evidence: NonEmpty<Evidence>,
    /// From the cause to the symptom.
    pub chain: Vec<CausalLink>,
    /// What suffers from it.
    pub symptoms: Vec<Symptom>,
    /// The fix.
    pub remedy: Remedy,
}

impl Finding {
    /// All that it is known to touch.
    pub fn touched(&self) -> impl Iterator<Item = &ObjectRef> {
        touched(std::iter::once(&self.object), &self.symptoms, &self.chain)
    }
}
