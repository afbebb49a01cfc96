//! What one look came to: a text with its bound, or how to ask better.

use crate::domain::excerpt::Excerpt;

/// How long the text of one observation may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length(usize);

impl Length {
    /// Of a look that somebody asked for: some 2,500 tokens.
    pub(crate) const ASKED: Self = Self(9 * 1024);
    /// In bytes.
    pub(super) fn bytes(self) -> usize {
        self.0
    }
}

/// What one look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something was seen, if only that there is nothing.
    Seen {
        /// It.
        text: Excerpt,
        /// What was left out and how to see it, where something was.
        more: Option<String>,
    },
    /// Nothing could be seen; how to ask better, or what would allow it.
    Unseen(String),
}

impl Outcome {
    /// A text, cut at its end where it is too long.
    pub(super) fn seen(text: &str, length: Length, how_to_see_more: &str) -> Self {
        let excerpt = Excerpt::capture(text, length.0);
        let cut = excerpt.as_str().ends_with('…') && !text.ends_with('…');
        let more = cut.then(|| format!("cut at {} bytes; {how_to_see_more}", length.0));
        Outcome::Seen { text: excerpt, more }
    }
}
