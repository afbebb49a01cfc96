//! What is believed, on which evidence, and what could not be seen.

use super::cause::{Cause, CauseKey};
use super::ending::Ending;
use super::evidence::{EvidenceList, Gap};
use super::finding::{Advice, Symptom};
use super::focus::{Doubt, Focus, Seen};
use super::nonempty::NonEmpty;
use super::object::ObjectRef;

/// What was concluded from a snapshot.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagnosis {
    /// Independent causes, most certain and most severe first.
    pub causes: Vec<Cause>,
    /// What they rest on.
    pub evidence: EvidenceList,
    /// Symptoms that no cause explains: with these and no cause, the result is inconclusive, never healthy.
    pub unexplained: Vec<Symptom>,
    /// Changes that are still going on, such as a rollout: not faults.
    pub in_progress: Vec<Advice>,
    /// What could not be seen.
    pub unseen: Vec<Gap>,
    /// What the words are about.
    pub focus: Focus,
    /// What was seen to be as it should be, of what was asked about: `healthy` is said of this.
    pub seen: Vec<Seen>,
    /// What keeps the rest from being called healthy.
    pub doubts: Vec<Doubt>,
    /// What there was besides, and is not kept.
    pub unlisted: Unlisted,
}

/// What was found, and is not kept with what is: how many of each, and which causes, so that none of them is taken for a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unlisted {
    /// Causes.
    pub causes: Vec<CauseKey>,
    /// Causes of which not even the keys are kept.
    pub more_causes: usize,
    /// Changes that are still going on.
    pub in_progress: usize,
    /// What was seen to be as it should be.
    pub seen: usize,
    /// Doubts.
    pub doubts: usize,
}

impl Unlisted {
    /// How many causes there were besides.
    pub fn count_of_causes(&self) -> usize {
        self.causes.len().saturating_add(self.more_causes)
    }
}

impl Diagnosis {
    /// The cause of that key.
    pub fn cause(&self, key: &CauseKey) -> Option<&Cause> {
        self.causes.iter().find(|cause| cause.is(key))
    }

    /// Whether a cause was found; what somebody merely states is listed, and leaves the result as it is.
    pub fn is_decided(&self) -> bool {
        self.causes.iter().any(Cause::decides)
    }

    /// How a session ends with it where nothing is changed. Healthy is what was seen to be so, with nothing left in doubt: silence is not
    /// health.
    pub fn ending(&self) -> Ending {
        if self.is_decided() {
            Ending::Diagnosed
        } else if self.unexplained.is_empty() && self.doubts.is_empty() {
            Ending::Healthy
        } else {
            Ending::Inconclusive
        }
    }

    /// Whether a cause was found, kept or not. Where there were more than anybody kept in mind, it may have been one of those.
    pub fn knows(&self, key: &CauseKey) -> bool {
        self.cause(key).is_some() || self.unlisted.causes.contains(key) || self.unlisted.more_causes > 0
    }

    /// Takes in a cause of a later diagnosis, with the evidence that it cites there: each piece gets the id that it has, or now
    /// gets, here. A cause that is known already stays as it is. `None` where the later diagnosis does not hold what is cited.
    pub fn adopt(&mut self, cause: &Cause, later: &EvidenceList) -> Option<&mut Cause> {
        let known = self.causes.iter().position(|c| c.is(&cause.key()));
        let index = match known {
            Some(index) => index,
            None => {
                let cited: Option<Vec<_>> = cause.cites.iter().map(|id| later.get(*id).cloned()).collect();
                let cites = NonEmpty::from_vec(cited?.into_iter().map(|piece| self.evidence.add(piece)).collect())?;
                self.causes.push(Cause { cites, ..cause.clone() });
                self.causes.len().saturating_sub(1)
            }
        };
        self.causes.get_mut(index)
    }

    /// How the things are that the words name and no cause is about: what keeps them from being called healthy.
    pub fn doubted(&self) -> impl Iterator<Item = &Doubt> {
        self.doubts.iter().filter(|doubt| doubt.object.as_ref().is_some_and(|object| self.is_apart(object)))
    }

    /// Which of the things that the words name are healthy, whatever the causes are about.
    pub fn proven(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| self.is_apart(&seen.object))
    }

    /// Whether something is told of because the words name it, and not because a cause or a symptom is about it.
    fn is_apart(&self, object: &ObjectRef) -> bool {
        let explained = || self.causes.iter().any(|cause| cause.touched().any(|touched| touched == object));
        !self.focus.about.is_empty() && !explained()
    }

    /// Notes that something could not be seen, once.
    pub fn miss(&mut self, gap: Gap) {
        if !self.unseen.contains(&gap) {
            self.unseen.push(gap);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::{Evidence, EvidenceSource};
    use crate::domain::excerpt::Excerpt;
    use crate::domain::kind::Kind;
    use crate::domain::object::ObjectRef;
    use jiff::Timestamp;

    fn seen(text: &str) -> Evidence {
        let at = Timestamp::UNIX_EPOCH;
        Evidence { source: EvidenceSource::Event, object: None, field: None, text: Excerpt::event(text), seen_at: at }
    }

    /// A cause about `name` that rests on these pieces.
    fn found(name: &str, pieces: &[&str]) -> Diagnosis {
        let mut evidence = EvidenceList::default();
        let cites = NonEmpty::from_vec(pieces.iter().map(|p| evidence.add(seen(p))).collect()).unwrap();
        let object = ObjectRef::cluster(Kind::Node, name);
        let cause = Cause { cites, object, ..crate::planner::example::cause(Vec::new()) };
        Diagnosis { causes: vec![cause], evidence, ..Diagnosis::default() }
    }

    fn cited(diagnosis: &Diagnosis, cause: usize) -> Vec<&str> {
        diagnosis.causes[cause].cites.iter().map(|id| diagnosis.evidence.get(*id).unwrap().text.as_str()).collect()
    }

    #[test]
    fn cause_of_a_later_diagnosis_keeps_its_own_evidence() {
        let mut first = found("a", &["one", "two"]);
        let later = found("b", &["three", "one"]);
        first.adopt(&later.causes[0], &later.evidence).unwrap();
        assert_eq!(cited(&first, 0), ["one", "two"]);
        assert_eq!(cited(&first, 1), ["three", "one"]);
        assert_eq!(first.evidence.iter().count(), 3, "what was seen twice is listed once");
    }

    #[test]
    fn cause_that_is_known_is_taken_in_once() {
        let mut first = found("a", &["one"]);
        let later = found("a", &["two"]);
        first.adopt(&later.causes[0], &later.evidence).unwrap();
        assert_eq!((first.causes.len(), cited(&first, 0)), (1, vec!["one"]));
    }

    #[test]
    fn cause_without_its_evidence_is_not_taken_in() {
        let mut first = found("a", &["one"]);
        let later = found("b", &["two"]);
        assert!(first.adopt(&later.causes[0], &EvidenceList::default()).is_none());
        assert_eq!(first, found("a", &["one"]));
    }
}
