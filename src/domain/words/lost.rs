//! Namespaces that words state and in which it was not looked: why, and in words.

use crate::domain::nearest::did_you_mean;

/// What a word is as the name of a namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Site {
    /// Nothing says that it is one.
    Open,
    /// It is one, and names nothing in it.
    Known,
    /// It is stated as one, and it was not looked there.
    Lost(Lost),
}

/// A namespace that words state, and in which it was not looked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lost {
    /// Its name.
    pub name: String,
    /// Names that are like it and that exist, nearest first.
    pub nearest: Vec<String>,
    /// Why it was not looked there.
    pub why: Why,
    /// By what form it is stated.
    pub by: Stated,
}

/// Why it was not looked in a namespace that words state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It does not exist, and nothing else can be meant.
    Absent,
    /// It does not exist, and the words may be prose, or name something else.
    Prose,
    /// Whether it exists could not be checked, and the words may be prose.
    Unchecked,
    /// Another namespace was given as an argument.
    Passed,
}

/// By what form words state a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stated {
    /// Beside the word `namespace`.
    Word,
    /// Before a slash: `shop/web`.
    Slash,
    /// After `in`.
    In,
}

impl Why {
    /// As the record spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Absent => "absent",
            Why::Prose => "prose",
            Why::Unchecked => "unchecked",
            Why::Passed => "passed",
        }
    }

    /// The inverse of [`Why::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Why::Absent, Why::Prose, Why::Unchecked, Why::Passed].into_iter().find(|why| why.as_str() == text)
    }
}

impl Stated {
    /// As the record spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stated::Word => "word",
            Stated::Slash => "slash",
            Stated::In => "in",
        }
    }

    /// The inverse of [`Stated::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        [Stated::Word, Stated::Slash, Stated::In].into_iter().find(|by| by.as_str() == text)
    }
}

impl Lost {
    /// Whether the place is certainly meant, and is not there: a plan for any other is for something else.
    pub fn is_certain(&self) -> bool {
        self.why == Why::Absent
    }

    /// Whether there may be such a place, so that what is in it may be as broken as before.
    pub fn may_exist(&self) -> bool {
        match self.why {
            Why::Absent | Why::Prose => false,
            Why::Unchecked | Why::Passed => true,
        }
    }

    /// As a clause, where it was looked in this place of this context.
    pub fn in_words(&self, place: &str, context: &str) -> String {
        let name = &self.name;
        match self.why {
            Why::Absent | Why::Prose => format!("namespace `{name}` does not exist in context `{context}`{}", did_you_mean(&self.nearest)),
            Why::Unchecked => format!("whether there is a namespace `{name}` could not be checked"),
            Why::Passed => format!("the issue names namespace `{name}`, and only {place} was read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_and_by_are_read_back_as_they_are_written() {
        for why in [Why::Absent, Why::Prose, Why::Unchecked, Why::Passed] {
            assert_eq!(Why::parse(why.as_str()), Some(why));
        }
        for by in [Stated::Word, Stated::Slash, Stated::In] {
            assert_eq!(Stated::parse(by.as_str()), Some(by));
        }
        assert_eq!((Why::parse("x"), Stated::parse("x")), (None, None));
    }
}
