//! What one look came to: a text with its bound, or how to ask better. Either is an excerpt, whoever wrote it.

use crate::domain::excerpt::Excerpt;
use crate::domain::masked::Masked;

/// How long the text of one observation may be, in bytes, and which part of that length is wanted of a longer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    bytes: usize,
    page: u32,
}

impl Length {
    /// Of a look that somebody asked for: some 2,500 tokens.
    pub(crate) const ASKED: Self = Self { bytes: 9 * 1024, page: 1 };
    /// Of one that nobody asked for, which stands in every report of something that no rule explains.
    pub(crate) const UNASKED: Self = Self { bytes: 3 * 1024, page: 1 };
    /// Of a look that a model of the operator asked for, which pays for it with every further answer.
    pub(crate) const OF_A_MODEL: Self = Self { bytes: 5 * 1024, page: 1 };

    /// The same of this page.
    #[must_use]
    pub(crate) fn at(self, page: u32) -> Self {
        Self { page, ..self }
    }

    /// Which page, where it is not the first one.
    pub(crate) fn page_in_words(self) -> String {
        if self.page > 1 { format!(", page {}", self.page) } else { String::new() }
    }

    /// In bytes.
    pub(super) fn bytes(self) -> usize {
        self.bytes
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
    /// Nothing could be seen; how to ask better, or what would allow it: on one line, with names and messages of the cluster quoted.
    Unseen(Excerpt),
}

impl Outcome {
    /// A text, or the page of it that is wanted where it is too long; `also` says what is not in it anyway.
    pub(super) fn seen(text: &Masked, length: Length, also: Option<String>, how_to_see_more: &str) -> Self {
        let pages = text.pages(length.bytes);
        let (page, all) = (length.page, pages.len());
        let Some(part) = usize::try_from(page).ok().and_then(|page| pages.into_iter().nth(page.saturating_sub(1))) else {
            return Self::unseen(&format!("there is no page {page}: the answer has {all}"));
        };
        let cut = (all > 1).then(|| format!("page {page} of {all}"));
        let said: Vec<String> = cut.into_iter().chain(also).collect();
        let more = (!said.is_empty()).then(|| format!("{}; {how_to_see_more}", said.join("; ")));
        Outcome::Seen { text: Excerpt::of(part), more: with_hidden(more, text) }
    }

    /// That there is nothing of it, in our own words.
    pub(super) fn nothing(words: &str) -> Self {
        Outcome::Seen { text: Excerpt::line(words), more: None }
    }

    /// What was read takes too long to look through for credentials.
    pub(super) fn late() -> Self {
        Self::unseen("what was read is too large to be looked through for credentials, so nothing of it is shown; ask for less of it")
    }

    /// Why nothing could be seen.
    pub(super) fn unseen(words: &str) -> Self {
        Outcome::Unseen(Excerpt::line(words))
    }
}

/// What was left out, and that characters were that nobody sees: somebody may have written for a reader who sees them.
pub(super) fn with_hidden(more: Option<String>, text: &Masked) -> Option<String> {
    let hidden = Some(text.hidden()).filter(|count| *count > 0).map(|count| format!("hidden characters removed: {count}"));
    let said: Vec<String> = more.into_iter().chain(hidden).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// A name of the cluster among our own words: as it is where it is one word, in quotes otherwise.
pub(super) fn quoted(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-/:@+=".contains(&b);
    if (1..=NAME).contains(&name.len()) && name.bytes().all(plain) {
        let masked = Masked::whole(name);
        return format!("`{}`", masked.as_str());
    }
    Excerpt::said_within(name, NAME).to_string()
}

/// Names that are told to somebody who gave another one, no more than fit on a line.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let all: Vec<&str> = names.into_iter().collect();
    let more = all.len().saturating_sub(TOLD);
    let told: Vec<String> = all.into_iter().take(TOLD).map(quoted).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", told.join(", "))
}

/// Bytes of a name: no object's is longer.
const NAME: usize = 253;
/// Names that are told.
const TOLD: usize = 12;
