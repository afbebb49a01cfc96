//! What was seen, and what could not be seen.

use super::excerpt::Excerpt;
use super::object::ObjectRef;
use jiff::Timestamp;

/// Where a piece of evidence comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the report's own words")]
pub enum Source {
    Object,
    Event,
    Log,
    Check,
}

/// One thing that was seen, with where and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of source.
    pub source: Source,
    /// The object it was seen on.
    pub object: Option<ObjectRef>,
    /// The field, in [`super::field::FieldPath`]'s notation.
    pub field: Option<String>,
    /// What it says.
    pub text: Excerpt,
    /// When the cluster says it happened, or when we looked.
    pub seen_at: Timestamp,
}

/// Why something could not be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the variants are the report's own words")]
pub enum GapWhy {
    Forbidden,
    Timeout,
    Truncated,
    Unsupported,
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
