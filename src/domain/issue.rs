//! What was reported, and where to look for it.

use super::excerpt::Excerpt;
use super::object::{Namespace, ObjectRef};
use std::fmt;

/// The longest issue text, in characters: room for a paragraph, and none for a log.
pub const ISSUE_LIMIT: usize = 2000;

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
    #[error("the issue has {0} characters, the maximum is {ISSUE_LIMIT}: say in a sentence what is wrong")]
    TooLong(usize),
}

/// What was reported, in the reporter's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue(Excerpt);

impl Issue {
    /// An issue of one to [`ISSUE_LIMIT`] characters.
    ///
    /// # Errors
    /// The text is empty or longer.
    pub fn parse(text: &str) -> Result<Self, InvalidIssue> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(InvalidIssue::Empty);
        }
        let count = trimmed.chars().count();
        if count > ISSUE_LIMIT {
            return Err(InvalidIssue::TooLong(count));
        }
        Ok(Self(Excerpt::capture(trimmed, ISSUE_LIMIT.saturating_mul(4))))
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
    /// Several namespaces, or some objects in them.
    Namespaces {
        /// Which, in their order; more than one.
        namespaces: Vec<Namespace>,
        /// As above.
        objects: Vec<ObjectRef>,
    },
    /// Every namespace.
    All,
}

impl Scope {
    /// These namespaces, each once; all where there is none.
    pub fn of(mut namespaces: Vec<Namespace>, objects: Vec<ObjectRef>) -> Self {
        namespaces.sort();
        namespaces.dedup();
        if namespaces.len() > 1 {
            return Scope::Namespaces { namespaces, objects };
        }
        match namespaces.pop() {
            Some(namespace) => Scope::Namespace { namespace, objects },
            None => Scope::All,
        }
    }

    /// The one namespace, if there is one.
    pub fn namespace(&self) -> Option<&Namespace> {
        match self {
            Scope::Namespace { namespace, .. } => Some(namespace),
            Scope::Namespaces { .. } | Scope::All => None,
        }
    }

    /// The namespaces; none for all.
    pub fn namespaces(&self) -> &[Namespace] {
        match self {
            Scope::Namespace { namespace, .. } => std::slice::from_ref(namespace),
            Scope::Namespaces { namespaces, .. } => namespaces,
            Scope::All => &[],
        }
    }

    /// Whether what is in this namespace, or in none, belongs to it.
    pub fn holds(&self, namespace: Option<&str>) -> bool {
        let named = self.namespaces();
        named.is_empty() || namespace.is_none_or(|of| named.iter().any(|n| n.as_str() == of))
    }

    /// The named objects.
    pub fn objects(&self) -> &[ObjectRef] {
        match self {
            Scope::Namespace { objects, .. } | Scope::Namespaces { objects, .. } => objects,
            Scope::All => &[],
        }
    }

    /// `namespace shop`, `namespaces shop and web`, `all namespaces`.
    pub fn in_words(&self) -> String {
        place(&self.namespaces().iter().map(Namespace::as_str).collect::<Vec<_>>())
    }
}

/// Namespaces by name, in words; none are all.
pub fn place<S: AsRef<str>>(namespaces: &[S]) -> String {
    match namespaces {
        [] => "all namespaces".to_owned(),
        [one] => format!("namespace {}", one.as_ref()),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("namespaces {} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_is_bounded_and_its_words_are_trimmed() {
        assert_eq!(Issue::parse("  it is down \n").unwrap().as_str(), "it is down");
        assert_eq!(Issue::parse(" \t"), Err(InvalidIssue::Empty));
        assert_eq!(Issue::parse(&"ä".repeat(ISSUE_LIMIT + 1)), Err(InvalidIssue::TooLong(ISSUE_LIMIT + 1)));
        assert!(Issue::parse(&"ä".repeat(ISSUE_LIMIT)).is_ok());
    }

    #[test]
    fn scope_holds_each_of_its_namespaces_once_and_says_so() {
        let named = |names: &[&str]| Scope::of(names.iter().map(|n| Namespace::parse(n).unwrap()).collect(), Vec::new());
        assert_eq!(named(&[]), Scope::All);
        assert!(matches!(named(&["web", "web"]), Scope::Namespace { .. }));
        let several = named(&["web", "production", "shop"]);
        assert_eq!(several.in_words(), "namespaces production, shop and web");
        assert!(several.holds(Some("web")) && several.holds(None) && !several.holds(Some("other")));
        assert_eq!((several.namespace(), several.namespaces().len()), (None, 3));
    }

    #[test]
    fn an_origin_is_read_back_as_it_is_written() {
        for origin in [Origin::Caller, Origin::Event] {
            assert_eq!(Origin::parse(origin.as_str()), Some(origin));
        }
        assert_eq!(Origin::parse("model"), None);
    }
}
