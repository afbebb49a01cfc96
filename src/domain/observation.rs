//! What looks brought: each observation has an id for as long as its session lives, so that a claim can cite it.

use super::excerpt::Excerpt;
use super::field::FieldPath;
use super::look::ProbeName;
use super::object::ObjectRef;
use jiff::Timestamp;
use std::fmt;

/// Observations that a session keeps: an investigation that needs more goes round in circles.
pub const OBSERVATIONS: usize = 64;
/// Bytes of all of them.
pub const OBSERVED_BYTES: usize = 512 * 1024;

/// What one look brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// By which probe.
    pub probe: ProbeName,
    /// The look, as somebody would type it.
    pub asked: String,
    /// The object that it was about, where it was about one.
    pub object: Option<ObjectRef>,
    /// The field of it that was asked for, where one was.
    pub field: Option<FieldPath>,
    /// What was seen.
    pub text: Excerpt,
    /// What was left out and how to see it, where something was.
    pub more: Option<String>,
    /// When.
    pub seen_at: Timestamp,
}

/// Names an observation within one session: `o1`, `o2`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObservationId(u32);

impl ObservationId {
    /// Takes text back in; whether there is such an observation, only the session can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix('o').filter(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0'))?;
        number.parse().ok().map(Self)
    }
}

impl fmt::Display for ObservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "o{}", self.0)
    }
}

/// All observations of a session. One that was added keeps its place, and so its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations(Vec<Observation>);

/// Why nothing more is taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this session has all the observations that it can keep; conclude with what is known, or begin a new analysis")]
pub struct Full;

impl Observations {
    /// Adds one, unless there are too many.
    ///
    /// # Errors
    /// [`Full`].
    pub fn add(&mut self, observation: Observation) -> Result<ObservationId, Full> {
        let bytes: usize = self.0.iter().map(|o| o.text.as_str().len()).sum();
        if self.0.len() >= OBSERVATIONS || bytes.saturating_add(observation.text.as_str().len()) > OBSERVED_BYTES {
            return Err(Full);
        }
        self.0.push(observation);
        Ok(Self::id(self.0.len().saturating_sub(1)))
    }

    /// All of them with their ids, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = (ObservationId, &Observation)> {
        self.0.iter().enumerate().map(|(index, observation)| (Self::id(index), observation))
    }

    /// The observation of that id.
    pub fn get(&self, id: ObservationId) -> Option<&Observation> {
        self.0.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    fn id(index: usize) -> ObservationId {
        ObservationId(u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(probe: ProbeName, text: &str) -> Observation {
        let text = Excerpt::capture(text, OBSERVED_BYTES);
        Observation { probe, asked: String::new(), object: None, field: None, text, more: None, seen_at: Timestamp::UNIX_EPOCH }
    }

    #[test]
    fn observation_keeps_the_id_that_it_got() {
        let mut all = Observations::default();
        let ids = [all.add(seen(ProbeName::Get, "a")).unwrap(), all.add(seen(ProbeName::Get, "a")).unwrap()];
        assert_eq!(ids.map(|id| id.to_string()), ["o1", "o2"], "what is the same later is news");
        assert_eq!(all.iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
    }

    #[test]
    fn session_keeps_no_more_than_it_can() {
        let mut many = Observations::default();
        assert!((0..OBSERVATIONS).all(|_| many.add(seen(ProbeName::Get, "a")).is_ok()));
        assert_eq!(many.add(seen(ProbeName::Get, "a")), Err(Full));
        let mut large = Observations::default();
        let half = "x".repeat(OBSERVED_BYTES / 2 + 1);
        assert!(large.add(seen(ProbeName::Logs, &half)).is_ok());
        assert_eq!(large.add(seen(ProbeName::Logs, &half)), Err(Full));
    }
}
