//! What an investigation concludes, as values: the causes that somebody states, what of the session each of them cites, and the changes
//! that are proposed. Nothing of it is believed, and no number in it lifts anything: what it weighs is decided by what it cites.

use super::action::Action;
use super::changes::Verb;
use super::confidence::Confidence;
use super::evidence::{EvidenceId, EvidenceSource};
use super::excerpt::Excerpt;
use super::field::FieldPath;
use super::id::SessionId;
use super::look::Brings;
use super::nonempty::NonEmpty;
use super::object::ObjectRef;
use super::observation::{Observation, ObservationId};
use std::fmt;

/// Causes of one conclusion: who states more has not concluded.
pub const STATED_CAUSES: usize = 5;
/// Changes of one conclusion: as many as a plan may have without a human, and here a human is asked.
pub const PROPOSED_CHANGES: usize = 3;
/// Fields of all its changes together: each is shown with its old and its new value.
pub const PROPOSED_FIELDS: usize = 8;
/// What one cause may cite.
pub const CITED: usize = 20;

/// Bytes of an observation that is cited, as evidence: a question shows all of them, the rest is in its session.
pub const QUOTED: usize = 700;

/// Words of whoever concludes, with their names for what was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclusion {
    /// At least one: a change without a cause is for nothing.
    pub causes: NonEmpty<StatedCause>,
    /// They are made in the order of what they decide, whatever order they are in here; none where it is only a diagnosis.
    pub changes: Vec<Wanted>,
}

/// In a line: whom it blames, on what, and what it would change.
impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = |cause: &StatedCause| {
            let cites: Vec<String> = cause.cites.iter().map(ToString::to_string).collect();
            format!("{}: {} (cites {})", cause.object, Excerpt::said(&cause.title), cites.join(", "))
        };
        let causes: Vec<String> = self.causes.iter().map(cause).collect();
        let changes: Vec<String> = self.changes.iter().map(|change| format!("{} {}", change.verb(), change.target())).collect();
        let changes = if changes.is_empty() { "no change".to_owned() } else { changes.join(", ") };
        write!(f, "{}; proposes {changes}", causes.join("; "))
    }
}

/// A change as somebody asks for it. What it takes to make an action of it, only the cluster tells.
#[derive(Debug, Clone, PartialEq)]
pub enum Wanted {
    /// Said whole.
    Change(Action),
    /// New Pods of the same template; the time is the cluster's.
    Restart {
        /// The workload.
        target: ObjectRef,
    },
    /// Back to a revision; what it had is in the cluster.
    UndoRollout {
        /// The workload.
        target: ObjectRef,
        /// Which revision.
        revision: u32,
    },
}

impl Wanted {
    /// The object that would be changed.
    pub fn target(&self) -> &ObjectRef {
        match self {
            Wanted::Change(action) => action.target(),
            Wanted::Restart { target } | Wanted::UndoRollout { target, .. } => target,
        }
    }

    /// What would be done.
    pub fn verb(&self) -> Verb {
        match self {
            Wanted::Change(action) => action.change().0,
            Wanted::Restart { .. } => Verb::Restart,
            Wanted::UndoRollout { .. } => Verb::UndoRollout,
        }
    }

    /// How many fields it names.
    pub fn fields(&self) -> usize {
        match self {
            Wanted::Change(action) => action.change().2.len(),
            Wanted::Restart { .. } | Wanted::UndoRollout { .. } => 0,
        }
    }

    /// Whether a no to that one is a no to this, as far as can be told before the cluster is looked at.
    pub fn asks_again_for(&self, other: &Action) -> bool {
        match self {
            Wanted::Change(action) => action.asks_again_for(other),
            Wanted::Restart { .. } | Wanted::UndoRollout { .. } => self.target() == other.target() && self.verb() == other.change().0,
        }
    }
}

/// A cause that somebody states.
#[derive(Debug, Clone, PartialEq)]
pub struct StatedCause {
    /// The object that is said to be wrong.
    pub object: ObjectRef,
    /// Which field of it.
    pub field: Option<FieldPath>,
    /// In a line, in their words.
    pub title: String,
    /// Why, in their words.
    pub explanation: String,
    /// What they say is there. It is repeated as their word, and compared with nothing: an answer would tell what is there.
    pub found: Option<String>,
    /// What they say should be there.
    pub expected: Option<String>,
    /// How sure they say they are.
    pub confidence: Confidence,
    /// What they rest it on.
    pub cites: Vec<Citation>,
}

/// The name of something that was seen in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Citation {
    /// Evidence of a rule or of a symptom.
    Evidence(EvidenceId),
    /// What a look brought.
    Observation(ObservationId),
}

impl Citation {
    /// `e1` or `o1`. Whether there is such a thing, only the session can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let evidence = || EvidenceId::parse(text).map(Self::Evidence);
        evidence().or_else(|| ObservationId::parse(text).map(Self::Observation))
    }
}

impl fmt::Display for Citation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Citation::Evidence(id) => id.fmt(f),
            Citation::Observation(id) => id.fmt(f),
        }
    }
}

/// From whom a session has what its plan is for, where no rule found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposedBy {
    /// The session whose evidence is cited.
    pub session: SessionId,
    /// Who proposed it, by the name that it gave itself.
    pub name: String,
}

/// What a cited piece can carry. Ordered: the more of it somebody else than a controller wrote, the less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// What a program printed, or a message: whoever runs in the cluster can write it.
    Told,
    /// An Event: whoever may create Events can write it.
    Event,
    /// An object as it stands: its author wrote it, and it is there.
    Object,
    /// A field of a status other than a message: controllers and the kubelet write it.
    Status,
}

impl Weight {
    /// How much a cause that rests on this can be believed. All are below what a rule's cause has that is planned without a human (80 %),
    /// and each step is more than the 10 % by which rules differ among themselves. Several pieces carry as much as the best of them:
    /// words that agree may have one author.
    pub fn cap(self) -> Confidence {
        Confidence::percent(match self {
            Weight::Told => 35,
            Weight::Event => 45,
            Weight::Object => 60,
            Weight::Status => 70,
        })
    }

    /// Of evidence: a status' field by its path, and there a message is told.
    pub fn of_evidence(source: EvidenceSource, field: Option<&FieldPath>) -> Self {
        let names = || field.into_iter().flat_map(FieldPath::segments).map(super::field::Segment::name);
        match source {
            EvidenceSource::Log => Weight::Told,
            EvidenceSource::Event => Weight::Event,
            EvidenceSource::Object if names().any(|name| name == "message") => Weight::Told,
            EvidenceSource::Object if names().next() == Some("status") => Weight::Status,
            EvidenceSource::Object => Weight::Object,
        }
    }

    /// Of what a look brought: by the field that was read, and not by the probe, since the same message can be read with several. What has a
    /// message in it, or may have, is told, whatever else it has: which part of it is meant, nobody can say.
    pub fn of_observation(seen: &Observation) -> Self {
        match seen.probe.brings() {
            // What is put together of many objects has words in it that others chose.
            Brings::Log | Brings::Description | Brings::Overview => Weight::Told,
            Brings::Events => Weight::Event,
            Brings::Object if seen.more.is_some() || has_message(seen.text.as_str()) => Weight::Told,
            Brings::Object => Self::of_evidence(EvidenceSource::Object, seen.field.as_ref()),
        }
    }
}

/// Whether a member of that name stands in an object as it is shown: on a line of its own, or in a list or a value on one line.
fn has_message(shown: &str) -> bool {
    let named = |line: &str| {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-{[,".contains(c));
        let line = line.trim_start_matches(['"', '\'']);
        line.strip_prefix("message").is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
    };
    shown.lines().flat_map(|line| line.split([',', '{'])).any(named)
}

/// A stated cause stays below a rule's for the same symptoms by at least this much, so that the order never depends on rounding.
pub fn below(rule: Confidence) -> Confidence {
    Confidence::new((rule.value() - 0.05).max(0.0)).unwrap_or(Confidence::percent(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::look::ProbeName;

    #[test]
    fn names_are_read_back_and_nothing_else_is_one() {
        for text in ["e1", "o1", "o64"] {
            assert_eq!(Citation::parse(text).map(|c| c.to_string()).as_deref(), Some(text));
        }
        for text in ["", "e", "o0", "e01", "x1", "o-1", "o1 ", "E1", "o99999999999"] {
            assert_eq!(Citation::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_programs_print_carries_least_and_nothing_carries_a_plan_without_a_human() {
        let status = FieldPath::parse("status.containerStatuses[name=app].restartCount").unwrap();
        let message = FieldPath::parse("status.containerStatuses[name=app].lastState.terminated.message").unwrap();
        let spec = FieldPath::dotted("spec.replicas");
        let of = |source, field: Option<&FieldPath>| Weight::of_evidence(source, field);
        assert_eq!(of(EvidenceSource::Object, Some(&status)), Weight::Status);
        assert_eq!(of(EvidenceSource::Object, Some(&message)), Weight::Told);
        assert_eq!(of(EvidenceSource::Object, Some(&spec)), Weight::Object);
        assert_eq!(of(EvidenceSource::Event, None), Weight::Event);
        assert_eq!(of(EvidenceSource::Log, Some(&status)), Weight::Told);
        let caps: Vec<f64> = [Weight::Told, Weight::Event, Weight::Object, Weight::Status].map(|w| w.cap().value()).to_vec();
        assert!(caps.windows(2).all(|pair| pair[0] < pair[1]) && caps[3] < 0.8, "{caps:?}");
        assert!(below(Confidence::percent(90)).value() < 0.9 && below(Confidence::percent(2)).value() < 0.01);
    }

    #[test]
    fn what_a_look_brought_counts_by_its_field_and_what_has_a_message_in_it_is_told() {
        let seen = |probe, field: Option<&str>, text: &str, more: Option<&str>| Observation {
            probe,
            asked: String::new(),
            object: None,
            field: field.and_then(FieldPath::parse),
            text: Excerpt::capture(text, 1_000),
            more: more.map(str::to_owned),
            seen_at: jiff::Timestamp::UNIX_EPOCH,
        };
        let last = "status.containerStatuses[name=app].lastState.terminated";
        for (probe, field, text, more, weight) in [
            (ProbeName::Get, Some("status.replicas"), "status.replicas:\n1", None, Weight::Status),
            (ProbeName::Get, Some(&*format!("{last}.exitCode")), "2", None, Weight::Status),
            (ProbeName::Get, Some(&*format!("{last}.message")), "out of flags", None, Weight::Told),
            (ProbeName::Get, Some(last), "exitCode: 2\nmessage: out of flags", None, Weight::Told),
            (ProbeName::Get, Some(last), "{\"exitCode\": 2, \"message\": \"out\"}", None, Weight::Told),
            (ProbeName::Get, Some("status"), "phase: Running", Some("more"), Weight::Told),
            (ProbeName::Get, None, "status:\n  conditions:\n  - message: out of flags", None, Weight::Told),
            (ProbeName::Get, None, "data:\n  LEVEL: debgu", None, Weight::Object),
            (ProbeName::Get, Some("spec.replicas"), "1", None, Weight::Object),
            (ProbeName::Describe, None, "phase: Running", None, Weight::Told),
            (ProbeName::List, None, "web  1/1", None, Weight::Told),
            (ProbeName::Logs, None, "out of flags", None, Weight::Told),
            (ProbeName::Events, None, "BackOff", None, Weight::Event),
        ] {
            assert_eq!(Weight::of_observation(&seen(probe, field, text, more)), weight, "{probe:?} {field:?} {text}");
        }
    }
}
