//! Append-only: who did what, when.

use jiff::Timestamp;

/// Of what changes nothing, so many entries of one session are kept: whoever repeats it must not fill the record.
const WITHOUT_EFFECT: usize = 20;

/// What an entry means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The session went on by it.
    Moved,
    /// Somebody was asked and nothing was decided: the session keeps waiting.
    Undecided,
    /// An approval that could not be used.
    Refused,
}

impl Effect {
    pub(crate) const ALL: [Self; 3] = [Self::Moved, Self::Undecided, Self::Refused];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Effect::Moved => "moved",
            Effect::Undecided => "undecided",
            Effect::Refused => "refused",
        }
    }
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Timestamp,
    pub(crate) who: String,
    pub(crate) what: String,
    pub(crate) effect: Effect,
}

/// What happened, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Trail(Vec<Entry>);

impl Trail {
    pub(crate) fn note(&mut self, at: Timestamp, who: &str, what: &str) {
        self.push(at, who, what, Effect::Moved);
    }

    /// Takes in what changed nothing, up to a bound. Says whether it was taken in.
    pub(crate) fn note_without_effect(&mut self, at: Timestamp, who: &str, what: &str, effect: Effect) -> bool {
        let room = self.count(effect) < WITHOUT_EFFECT;
        if room {
            self.push(at, who, what, effect);
        }
        room
    }

    pub(crate) fn count(&self, effect: Effect) -> usize {
        self.0.iter().filter(|entry| entry.effect == effect).count()
    }

    fn push(&mut self, at: Timestamp, who: &str, what: &str, effect: Effect) {
        self.0.push(Entry { at, who: who.chars().take(200).collect(), what: what.chars().take(500).collect(), effect });
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn from_entries(entries: Vec<Entry>) -> Self {
        Self(entries)
    }
}
