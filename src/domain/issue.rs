//! What was reported, and where to look for it.

use super::excerpt::{Excerpt, ISSUE_LIMIT};
use super::object::{Namespace, ObjectRef};

/// Who reported the issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Origin {
    /// Somebody called a tool or typed a command.
    #[default]
    Caller,
    /// The controller saw an Event.
    Event,
}

impl Origin {
    /// As the report and the record spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Origin::Caller => "caller",
            Origin::Event => "event",
        }
    }

    /// Back from the record.
    pub fn parse(text: &str) -> Option<Self> {
        [Origin::Caller, Origin::Event].into_iter().find(|o| o.as_str() == text)
    }
}

/// An issue text that is empty or too long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssue {
    /// Nothing but white space.
    #[error("the issue is empty: say in a sentence what is wrong")]
    Empty,
    /// More than [`ISSUE_LIMIT`] characters.
    #[error("the issue has {0} characters, at most {ISSUE_LIMIT} are taken: say in a sentence what is wrong")]
    TooLong(usize),
}

/// What was reported, in the reporter's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// The words.
    pub text: Excerpt,
    /// Who said them.
    pub origin: Origin,
}

impl Issue {
    /// An issue of one to 2000 characters.
    ///
    /// # Errors
    /// The text is empty or longer.
    pub fn parse(text: &str, origin: Origin) -> Result<Self, InvalidIssue> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(InvalidIssue::Empty);
        }
        let count = trimmed.chars().count();
        if count > ISSUE_LIMIT {
            return Err(InvalidIssue::TooLong(count));
        }
        Ok(Self { text: Excerpt::capture(trimmed, ISSUE_LIMIT.saturating_mul(4)), origin })
    }
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One namespace, or some objects of it when the list is not empty.
    Namespace {
        /// The namespace.
        namespace: Namespace,
        /// Objects that the reporter named; they narrow what counts as a symptom.
        objects: Vec<ObjectRef>,
    },
    /// Every namespace.
    All,
}

impl Scope {
    /// The one namespace, if there is one.
    pub fn namespace(&self) -> Option<&Namespace> {
        match self {
            Scope::Namespace { namespace, .. } => Some(namespace),
            Scope::All => None,
        }
    }

    /// The named objects.
    pub fn objects(&self) -> &[ObjectRef] {
        match self {
            Scope::Namespace { objects, .. } => objects,
            Scope::All => &[],
        }
    }
}
