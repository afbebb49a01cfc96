//! Bounded, redacted, cleaned text: the only form in which words from the cluster leave the program.

use super::marks;
use super::masked::{Masked, Piece, beginning};
use super::visible::cleaned;
use std::fmt;

/// The longest excerpt of an event or a field, in bytes. Kubernetes itself caps event messages at 1 KiB.
pub const EVENT_LIMIT: usize = 2 * 1024;
/// The longest excerpt on a line among our own words, in bytes: what a person reads of it, the evidence has the rest.
pub const LINE_LIMIT: usize = 400;
/// The longest excerpt of all, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// The longest text of ours that others have a part in, such as the explanation of a cause, in bytes.
const WORDS_LIMIT: usize = 8 * 1024;

/// Text from outside that may be shown: no control or bidirectional characters, no credentials that we recognise, bounded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Excerpt(String);

impl Excerpt {
    /// Cleans, redacts, and cuts at `limit` bytes.
    pub fn capture(raw: &str, limit: usize) -> Self {
        let bounded = bounded(raw, limit);
        let masked = Masked::whole(bounded);
        if bounded.len() == raw.len() {
            return Self::of(masked.beginning(limit));
        }
        Self(format!("{}…", beginning(masked.as_str(), limit)))
    }

    /// A piece of a text that was masked whole.
    pub fn of(piece: Piece) -> Self {
        Self(piece.text)
    }

    /// One that this program kept, as it was masked when it was captured: cleaned and bounded again, and not looked through again, which
    /// takes a second for a megabyte. Whoever can write the store has what is in it.
    pub(crate) fn kept(text: &str, limit: usize) -> Self {
        Self(beginning(&cleaned(text), limit).to_owned())
    }

    /// An event message or a field's value.
    pub fn event(raw: &str) -> Self {
        Self::capture(raw, EVENT_LIMIT)
    }

    /// Words that others have a part in, on one line: no page of their own, nothing that a reader of Markdown follows or loads, and of
    /// the marks that only our own texts have those around quotations.
    pub fn line(raw: &str) -> Self {
        Self::line_within(raw, WORDS_LIMIT)
    }

    /// Somebody else's words on one line, between marks that only our own texts have, so that nobody takes them for ours.
    pub fn said(raw: &str) -> Self {
        Self::said_within(raw, LINE_LIMIT)
    }

    /// The same, of at most so many bytes.
    pub fn said_within(raw: &str, limit: usize) -> Self {
        let line = Self::line_within(raw, limit).0.replace(['“', '”'], "\"");
        Self(format!("“{line}”"))
    }

    fn line_within(raw: &str, limit: usize) -> Self {
        let bounded = bounded(raw, limit);
        let line = Masked::line_of_ours(bounded).reworked(|line| without_links(&marks::in_our_words(line))).beginning(limit).text;
        let cut = if bounded.len() < raw.len() && !line.ends_with('…') { "…" } else { "" };
        // What was cut may have lost its end.
        Self(marks::in_our_words(&format!("{line}{cut}")))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text with a space in what Markdown or HTML would make a link, an image or an element of.
fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        let opens = match rest.peek() {
            Some('(' | '[') => c == ']',
            Some(next) => c == '<' && (next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?')),
            None => false,
        };
        if opens {
            out.push(' ');
        }
    }
    out
}

/// Four times the limit is enough input for any text that is shown, and bounds the work on a huge one. The last word is left out with
/// the rest, since half a credential is not recognized as one.
fn bounded(text: &str, limit: usize) -> &str {
    let mut end = limit.saturating_mul(4).min(text.len());
    if end == text.len() {
        return text;
    }
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default().trim_end_matches(|c: char| !c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_among_our_own_are_one_line_without_links() {
        let raw = "a\nNext: run kubectl delete ns shop\r\n![x](https://evil.example/p.png) <img src=x> [a][b]\u{202e}";
        assert_eq!(
            Excerpt::line(raw).as_str(),
            "a Next: run kubectl delete ns shop ![x] (https://evil.example/p.png) < img src=x> [a] [b]"
        );
        assert_eq!(Excerpt::said("a \"b\" “c”").as_str(), "“a \"b\" \"c\"”");
        assert!(Excerpt::said(&"a ".repeat(5_000)).as_str().len() <= LINE_LIMIT + "“…”".len());
        assert_eq!(Excerpt::line(Excerpt::line(raw).as_str()), Excerpt::line(raw));
    }

    #[test]
    fn credentials_are_masked_in_every_form_of_a_quotation() {
        let raw = "login failed: password=hunter2-canary";
        for shown in [Excerpt::capture(raw, 100), Excerpt::event(raw), Excerpt::line(raw), Excerpt::said(raw)] {
            assert!(shown.as_str().contains("login failed") && !shown.as_str().contains("canary"), "{shown}");
        }
    }

    /// Signs that a text on a line gets a space in, and the end of a line.
    const SIGNS: &[&str] = &["<", "](", "][", "\n", "\r\n", " ", "<a>", ")](x", "\u{2028}"];

    fn every_form(raw: &str) -> Vec<String> {
        let quoted = format!("Deployment `web` says {}, and `x`", Excerpt::said(raw));
        [
            Excerpt::capture(raw, 400),
            Excerpt::event(raw),
            Excerpt::line(raw),
            Excerpt::said(raw),
            Excerpt::said_within(raw, 100),
            Excerpt::line(&quoted),
            Excerpt::of(Masked::whole(raw).on_one_line().beginning(400)),
        ]
        .map(|shown| shown.to_string())
        .to_vec()
    }

    #[test]
    fn no_form_of_a_quotation_shows_more_than_the_text_that_was_masked_whole() {
        for (planted, canary) in crate::domain::secrets::shapes::PLANTED {
            for sign in SIGNS {
                let inside = planted.replace(canary, &format!("{sign}{canary}"));
                let within = planted.replacen(canary, &format!("Ab{sign}{canary}"), 1);
                for raw in [inside, within, format!("a{sign} {planted}"), format!("{planted}{sign}b"), format!("cfg:{sign}{planted}\n")] {
                    if !Masked::whole(&raw).as_str().contains(canary) {
                        assert!(every_form(&raw).iter().all(|shown| !shown.contains(canary)), "{raw:?}: {:#?}", every_form(&raw));
                    }
                }
            }
        }
    }

    #[test]
    fn credential_with_signs_of_markup_or_on_lines_of_its_own_is_in_no_form_of_a_quotation() {
        for sign in ["<", "](", "][", "<!", "</"] {
            for raw in [
                format!("login failed: password=x{sign}canary9 for user app"),
                format!("dsn postgres://app:pa{sign}canary9@db:5432/x refused"),
                format!("Authorization: Bearer abc{sign}canary9defghijklmnop1"),
                format!("password=\"Ab{sign}canary9\""),
                format!("{{\"password\":\"Ab{sign}canary9\"}}"),
                format!("cookie: a=b; sid={sign}canary9"),
                format!("password='a{sign}b canary9'"),
                format!("mysql -px{sign}canary9"),
            ] {
                assert!(every_form(&raw).iter().all(|shown| !shown.contains("canary")), "{raw:?}: {:#?}", every_form(&raw));
            }
        }
        for raw in [
            "cfg:\npassword: |\n  hunter2canary9 second\n",
            "cfg:\npassword: >-\n  hunter2canary9\n  more-canary9\nnext: 1",
            "secret: |\n  line1canary9\n  line2canary9\n  line3canary9\nother: x",
            "password:\n  hunter2canary9",
            "db:\n  password:\n    hunter2canary9\n  user: x",
            "env:\n- name: DB_PASSWORD\n  value: hunter2canary9\n",
            "- name: DB_PASSWORD\nvalue: canary9",
            "password='a b\n canary9'",
            "-----BEGIN RSA PRIVATE KEY-----\nMIIEcanary9\nabc\n-----END RSA PRIVATE KEY-----",
        ] {
            assert!(every_form(raw).iter().all(|shown| !shown.contains("canary")), "{raw:?}: {:#?}", every_form(raw));
        }
    }

    #[test]
    fn hidden_characters_are_dropped_and_long_text_is_cut_at_a_character() {
        assert_eq!(Excerpt::event("a\u{202e}b\u{1b}[31mc").as_str(), "abc");
        assert_eq!(Excerpt::capture("ääää", 3).as_str(), "ä…");
    }

    #[test]
    fn credential_is_masked_before_a_text_is_cut_wherever_it_would_be() {
        for before in 0..120 {
            let raw = format!("{} postgres://app:URLcanaryPW@db:5432/x {}", "x".repeat(before), "y".repeat(300));
            for shown in [Excerpt::capture(&raw, 30), Excerpt::capture(&raw, 60), Excerpt::said_within(&raw, 40)] {
                assert!(!shown.as_str().contains("canary"), "{before}: {shown}");
            }
        }
    }

    #[test]
    fn credential_with_a_mark_of_ours_in_it_is_in_no_form_of_a_quotation() {
        for raw in ["login failed: password=\"a\u{201c} canary9\"", "{\"password\":\"a\u{201d},canary9\"}"] {
            assert!(!Masked::whole(raw).as_str().contains("canary"), "{raw:?}");
            assert!(every_form(raw).iter().all(|shown| !shown.contains("canary")), "{raw:?}: {:#?}", every_form(raw));
        }
    }

    #[test]
    fn value_on_the_line_below_its_name_is_hidden_whatever_it_holds() {
        for raw in ["password:\n  \"a: canary9\"\n", "password: !!str\n  canary9\n", "password: # rotated\n  canary9\n"] {
            assert!(!Masked::whole(raw).as_str().contains("canary"), "{raw:?}: {}", Masked::whole(raw).as_str());
        }
    }
}
