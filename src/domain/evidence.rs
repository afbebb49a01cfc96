//! What was seen, and what could not be seen.

use super::excerpt::Excerpt;
use super::field::FieldPath;
use super::object::ObjectRef;
use jiff::Timestamp;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the report's own words")]
pub enum EvidenceSource {
    Object,
    Event,
    Log,
}

impl EvidenceSource {
    /// `object`, `event` or `log`.
    pub fn as_str(self) -> &'static str {
        match self {
            EvidenceSource::Object => "object",
            EvidenceSource::Event => "event",
            EvidenceSource::Log => "log",
        }
    }

    /// The inverse of [`EvidenceSource::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [EvidenceSource::Object, EvidenceSource::Event, EvidenceSource::Log].into_iter().find(|s| s.as_str() == text)
    }
}

/// What a cause rests on that it cannot do without. Ordered by how little it proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Ground {
    /// What objects say of themselves, and what is in lists that were read.
    #[default]
    Seen,
    /// What somebody may have written to lead a reader: Events alone, which anybody can write who is allowed to create them; and of what
    /// somebody states, all but fields that only controllers write.
    Told,
}

/// One thing that was seen, with where and when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Evidence {
    /// What kind of source.
    pub source: EvidenceSource,
    /// The object it was seen on.
    pub object: Option<ObjectRef>,
    /// The field of that object.
    pub field: Option<FieldPath>,
    /// What it says.
    pub text: Excerpt,
    /// When the cluster says it happened, or when we looked.
    pub seen_at: Timestamp,
}

/// Names a piece of evidence within one diagnosis: `e1`, `e2`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EvidenceId(u32);

impl EvidenceId {
    /// Takes text back in; whether such evidence exists, only the list can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let number = text.strip_prefix('e').filter(|n| n.bytes().all(|b| b.is_ascii_digit()) && !n.starts_with('0'))?;
        number.parse().ok().map(Self)
    }
}

impl fmt::Display for EvidenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "e{}", self.0)
    }
}

/// All evidence of a diagnosis. A piece gets its id when it is added, keeps it, and is kept once however often it is added.
#[derive(Debug, Clone, Default)]
pub struct EvidenceList {
    pieces: Vec<Evidence>,
    /// The places of the pieces by their hash, so that a known one is found without comparing it with all.
    places: HashMap<u64, Vec<usize>, Unkeyed>,
}

type Unkeyed = BuildHasherDefault<DefaultHasher>;

impl PartialEq for EvidenceList {
    fn eq(&self, other: &Self) -> bool {
        self.pieces == other.pieces
    }
}

impl Eq for EvidenceList {}

impl EvidenceList {
    /// A list as it was: every piece keeps its place, and so its id.
    pub fn from_pieces(pieces: Vec<Evidence>) -> Self {
        let mut list = Self::default();
        for (place, piece) in pieces.iter().enumerate() {
            list.places.entry(Unkeyed::default().hash_one(piece)).or_default().push(place);
        }
        list.pieces = pieces;
        list
    }

    /// Adds a piece; equal ones share an id.
    pub fn add(&mut self, evidence: Evidence) -> EvidenceId {
        let places = self.places.entry(Unkeyed::default().hash_one(&evidence)).or_default();
        let known = places.iter().copied().find(|place| self.pieces.get(*place) == Some(&evidence));
        Self::id(known.unwrap_or_else(|| {
            let place = self.pieces.len();
            places.push(place);
            self.pieces.push(evidence);
            place
        }))
    }

    /// The piece of that id.
    pub fn get(&self, id: EvidenceId) -> Option<&Evidence> {
        self.pieces.get(usize::try_from(id.0).ok()?.checked_sub(1)?)
    }

    /// All pieces with their ids, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (EvidenceId, &Evidence)> {
        self.pieces.iter().enumerate().map(|(index, evidence)| (Self::id(index), evidence))
    }

    fn id(index: usize) -> EvidenceId {
        EvidenceId(u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1))
    }
}

/// Why something could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the report's own words")]
pub enum GapWhy {
    Forbidden,
    Timeout,
    Truncated,
    Unsupported,
    Gone,
    Failed,
}

impl GapWhy {
    /// Every reason.
    pub const ALL: [GapWhy; 6] = [GapWhy::Forbidden, GapWhy::Timeout, GapWhy::Truncated, GapWhy::Unsupported, GapWhy::Gone, GapWhy::Failed];

    /// `forbidden`, `timeout`, `truncated`, `unsupported`, `gone`, or `failed`, where the words say how.
    pub fn as_str(self) -> &'static str {
        match self {
            GapWhy::Forbidden => "forbidden",
            GapWhy::Timeout => "timeout",
            GapWhy::Truncated => "truncated",
            GapWhy::Unsupported => "unsupported",
            GapWhy::Gone => "gone",
            GapWhy::Failed => "failed",
        }
    }

    /// The inverse of [`GapWhy::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|w| w.as_str() == text)
    }
}

/// Something we could not see: it is carried into the report, so that silence is never read as health.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What was wanted, such as `events in a-team`.
    pub what: String,
    /// Why it is missing.
    pub why: GapWhy,
    /// What would make it visible, such as the RBAC rule to add.
    pub unlock: Option<String>,
}
