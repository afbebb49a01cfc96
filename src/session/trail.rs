//! Append-only: who did what, when.

use jiff::Timestamp;

/// Of what changes nothing, so many entries of one session are kept: whoever repeats it must not fill the record.
const WITHOUT_EFFECT: usize = 20;

/// What an entry means for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The session went on by it.
    Moved,
    /// The answer that decided.
    Answered,
    /// Somebody was asked and nothing was decided: the session keeps waiting.
    Undecided,
    /// An approval that could not be used.
    Refused,
    /// An answer that came after the session was answered, or after its time.
    Late,
}

impl Effect {
    pub(crate) const ALL: [Self; 5] = [Self::Moved, Self::Answered, Self::Undecided, Self::Refused, Self::Late];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Effect::Moved => "moved",
            Effect::Answered => "answered",
            Effect::Undecided => "undecided",
            Effect::Refused => "refused",
            Effect::Late => "late",
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

    /// The answer that decides.
    pub(crate) fn answer(&mut self, at: Timestamp, who: &str, what: &str) {
        self.push(at, who, what, Effect::Answered);
    }

    /// Who gave the answer that decided.
    pub(crate) fn answered_by(&self) -> Option<&str> {
        self.0.iter().find(|entry| entry.effect == Effect::Answered).map(|entry| entry.who.as_str())
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

    /// When the session came to where it stands.
    pub(crate) fn moved_last(&self) -> Option<Timestamp> {
        self.0.iter().rev().find(|entry| matches!(entry.effect, Effect::Moved | Effect::Answered)).map(|entry| entry.at)
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
