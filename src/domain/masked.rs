//! A text of the cluster that was masked whole. Only such a text is filtered, shortened or cut: a part without its name, or half a
//! credential, would not be recognized any more, and a filter would answer guesses at what it must not show.

use super::marks;
use super::secrets::mark::is_part_of_one;
use super::secrets::{hidden, redacted};
use super::visible::uncolored;

/// A text without what nobody sees, without marks that only our own texts have, and without credentials that are recognized.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masked {
    text: String,
    /// How many hidden characters it was without.
    hidden: usize,
}

/// A part of a masked text, and whether that is all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What is shown.
    pub(super) text: String,
    /// Something is not.
    pub left_out: bool,
}

impl Masked {
    /// The only way in: all of a text at once.
    pub fn whole(raw: &str) -> Self {
        let (plain, hidden) = uncolored(raw);
        Self { text: redacted(&marks::in_theirs(&plain)).into_owned(), hidden }
    }

    /// All of a text of our own that others have a part in, on one line: our marks stay. What is a credential by the lines that it
    /// stands in is looked for before they are joined, and what is one by what then stands beside it, after that.
    pub(super) fn line_of_ours(raw: &str) -> Self {
        // A mark inside a credential is a part of it: rewritten first, it would end it.
        let (plain, hidden) = uncolored(raw);
        let text = redacted(&marks::in_our_words(&redacted(&plain))).into_owned();
        Self { text, hidden }.on_one_line().reworked(|line| redacted(line).into_owned())
    }

    /// What stands under the name of a credential.
    pub fn credential(raw: &str) -> Self {
        let raw = raw.trim();
        Self { text: if raw.is_empty() { String::new() } else { hidden() }, hidden: 0 }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// How many characters that nobody sees were taken out of it.
    pub fn hidden(&self) -> usize {
        self.hidden
    }

    /// Nothing but white space.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The lines that have these words in them, in whatever case.
    #[must_use]
    pub fn lines_with(&self, words: &str) -> Self {
        let words = words.to_lowercase();
        self.reworked(|text| text.lines().filter(|line| line.to_lowercase().contains(&words)).collect::<Vec<_>>().join("\n"))
    }

    /// On one line.
    #[must_use]
    pub fn on_one_line(&self) -> Self {
        self.reworked(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The same text in another order or without some of it, with words of ours.
    #[must_use]
    pub fn reworked(&self, how: impl FnOnce(&str) -> String) -> Self {
        Self { text: how(&self.text), hidden: self.hidden }
    }

    /// Its beginning, of at most so many bytes.
    pub fn beginning(&self, limit: usize) -> Piece {
        let kept = beginning(&self.text, limit);
        let left_out = kept.len() < self.text.len();
        Piece { text: format!("{kept}{}", if left_out { "…" } else { "" }), left_out }
    }

    /// All of it in pieces of at most so many bytes, each from the beginning of a line unless one line has no room in a piece; one piece
    /// at least.
    pub fn pages(&self, limit: usize) -> Vec<Piece> {
        let mut pages = Vec::new();
        let mut rest = self.text.as_str();
        while rest.len() > limit {
            let mut first = beginning(rest, limit);
            if let Some((lines, _)) = first.rsplit_once('\n').filter(|(lines, _)| !lines.is_empty()) {
                first = lines;
            }
            // Not even one character has room, or what stands for a credential is longer than a page.
            if first.is_empty() {
                break;
            }
            rest = rest.get(first.len()..).map(|rest| rest.strip_prefix('\n').unwrap_or(rest)).unwrap_or_default();
            pages.push(Piece { text: format!("{first}\n…"), left_out: true });
        }
        pages.push(Piece { text: beginning(rest, limit).to_owned(), left_out: rest.len() > limit });
        pages
    }

    /// Its end, of at most so many bytes, from the beginning of a line.
    pub fn ending(&self, limit: usize) -> Piece {
        if self.text.len() <= limit {
            return Piece { text: self.text.clone(), left_out: false };
        }
        let mut from = self.text.len().saturating_sub(limit);
        while !self.text.is_char_boundary(from) || is_part_of_one(&self.text, from) {
            from = from.saturating_add(1);
        }
        let last = self.text.get(from..).unwrap_or_default();
        let began = self.text.get(..from).is_some_and(|before| before.ends_with('\n'));
        let whole = if began { last } else { last.split_once('\n').map_or(last, |(_, rest)| rest) };
        Piece { text: format!("…\n{whole}"), left_out: true }
    }
}

/// The first so many bytes of a text that was masked, without half of what stands for something.
pub(super) fn beginning(text: &str, limit: usize) -> &str {
    if text.len() <= limit {
        return text;
    }
    let mut end = limit;
    while !text.is_char_boundary(end) || is_part_of_one(text, end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// The first so many characters of a line that was masked, with a sign where that is not all of it.
pub fn shortened(line: &str, characters: usize) -> String {
    let Some((end, _)) = line.char_indices().nth(characters) else { return line.to_owned() };
    format!("{}…", beginning(line, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn colors_keep_no_name_from_its_value() {
        for (raw, canary) in crate::domain::secrets::shapes::PLANTED {
            let (mut colored, mut was) = (String::new(), false);
            for c in raw.chars() {
                let is = c.is_ascii_alphanumeric() || c == '_';
                if is != was {
                    colored.push_str(if is { "\u{1b}[36m" } else { "\u{1b}[0m" });
                }
                was = is;
                colored.push(c);
            }
            let shown = Masked::whole(&colored);
            assert!(!shown.as_str().contains(canary), "{raw}: {}", shown.as_str());
            assert_eq!(shown, Masked::whole(raw));
        }
        assert_eq!(Masked::whole("a\u{202e}b\u{1b}[0m").hidden(), 1);
    }

    proptest! {
        #[test]
        fn pages_together_are_the_text(text in "([a-z ⟦]{0,30}\n?){0,30}", limit in 8_usize..200) {
            let masked = Masked::whole(&text);
            let pages = masked.pages(limit);
            let whole: Vec<&str> = pages.iter().map(|page| page.text.strip_suffix("\n…").unwrap_or(&page.text)).collect();
            let without = |text: &str| text.replace('\n', "");
            prop_assert_eq!(without(&whole.concat()), without(masked.as_str()));
            prop_assert!(whole.iter().all(|page| page.len() <= limit), "{pages:?}");
        }
    }

    #[test]
    fn filter_sees_nothing_that_is_not_shown() {
        let log = Masked::whole("start\npassword=hunter2\nsecret: |\n  blockcanary\n-----BEGIN RSA PRIVATE KEY-----\nkeyline\n");
        for guess in ["hunter2", "password=hunter2", "blockcanary", "keyline"] {
            assert!(log.lines_with(guess).is_blank(), "{guess}");
        }
        assert_eq!(log.lines_with("START").as_str(), "start");
        assert!(log.lines_with("password=").as_str().starts_with("password=⟦redacted:"));
    }

    #[test]
    fn text_that_fits_to_the_byte_is_whole_and_one_that_loses_a_line_is_not() {
        let text = Masked::whole("one\ntwo\nthree");
        assert_eq!((text.beginning(13).left_out, text.ending(13).left_out), (false, false));
        assert_eq!(text.beginning(12), Piece { text: "one\ntwo\nthre…".to_owned(), left_out: true });
        assert_eq!(text.ending(12), Piece { text: "…\ntwo\nthree".to_owned(), left_out: true });
        assert_eq!(text.ending(9).text, "…\ntwo\nthree", "a line that is whole stays");
        assert!(!Masked::whole("ends with …").beginning(50).left_out);
    }

    #[test]
    fn what_stands_for_a_credential_is_never_halved() {
        let text = Masked::whole("password=hunter2");
        for limit in 0..text.as_str().len() {
            let (first, last) = (text.beginning(limit).text, text.ending(limit).text);
            let halved = |text: &str| text.matches('⟦').count() != text.matches('⟧').count();
            assert!(!halved(&first) && !halved(&last), "{limit}: {first} {last}");
        }
    }
}
