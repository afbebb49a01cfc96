//! Bounded, redacted, cleaned text: the only form in which words from the cluster leave the program.

use regex::Regex;
use std::fmt;
use std::sync::LazyLock;

/// The longest excerpt of an event or a field, in bytes. Kubernetes itself caps event messages at 1 KiB.
pub const EVENT_LIMIT: usize = 2 * 1024;
/// The longest excerpt of a log, in bytes.
pub const LOG_LIMIT: usize = 64 * 1024;

/// Text from outside that may be shown: no control or bidirectional characters, no credentials that we recognise, bounded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Excerpt(String);

impl Excerpt {
    /// The only constructor: cleans, redacts, and cuts at `limit` bytes.
    pub fn capture(raw: &str, limit: usize) -> Self {
        // Four times the limit is enough input for any text that is shown, and bounds the work on a huge one.
        let bounded = cut(raw, limit.saturating_mul(4));
        let clean: String = bounded.chars().filter(|c| !is_hidden(*c)).collect();
        let redacted = redact(&clean);
        let mut text = cut(&redacted, limit).to_owned();
        if text.len() < redacted.len() || bounded.len() < raw.len() {
            text.push('…');
        }
        Self(text)
    }

    /// An event message or a field's value.
    pub fn event(raw: &str) -> Self {
        Self::capture(raw, EVENT_LIMIT)
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

fn cut(text: &str, limit: usize) -> &str {
    let mut end = limit.min(text.len());
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// Characters that change what a reader sees without being seen: controls, bidirectional marks, zero-width, tags.
fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

static SECRETS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)", "⟦redacted:private-key⟧"),
        (r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*", "⟦redacted:jwt⟧"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{12,}", "$1 ⟦redacted:credential⟧"),
        (r"\b(AKIA|ASIA)[A-Z0-9]{16}\b", "⟦redacted:aws-key⟧"),
        (r"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|xox[abprs]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{16,}|glpat-[A-Za-z0-9_-]{16,})", "⟦redacted:token⟧"),
        (r"([A-Za-z][A-Za-z0-9+.-]*://[^\s:/@]+):[^\s@/]+@", "$1:⟦redacted:password⟧@"),
        (r#"(?i)\b([a-z0-9_.-]*(?:password|passwd|secret|token|api[_-]?key|access[_-]?key))(["']?\s*[:=]\s*["']?)([^\s"',;⟦]{4,})"#, "$1$2⟦redacted:value⟧"),
    ]
    .into_iter()
    .filter_map(|(pattern, with)| Regex::new(pattern).ok().map(|r| (r, with)))
    .collect()
});

/// Best effort, as any deny list: the guarantee is that Secrets are never read.
fn redact(text: &str) -> String {
    let mut out = text.to_owned();
    for (pattern, with) in SECRETS.iter() {
        if pattern.is_match(&out) {
            out = pattern.replace_all(&out, *with).into_owned();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_redaction_pattern_compiles() {
        assert_eq!(SECRETS.len(), 7);
    }

    #[test]
    fn credentials_are_redacted() {
        for (raw, canary) in [
            ("dsn postgres://app:hunter2@db:5432/x", "hunter2"),
            ("Authorization: Bearer abcdefghijklmnop", "abcdefghijklmnop"),
            ("DB_PASSWORD=correct-horse", "correct-horse"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----", "MIIabc"),
        ] {
            assert!(!Excerpt::event(raw).as_str().contains(canary), "{raw}");
        }
    }

    #[test]
    fn ordinary_event_texts_stay_as_they_are() {
        for text in [
            r#"0/2 nodes are available: persistentvolumeclaim "postgres-pvc" not found. not found"#,
            r#"Error: secret "db-password" not found"#,
            "couldn't find key password in Secret shop/app-secret",
        ] {
            assert_eq!(Excerpt::event(text).as_str(), text);
        }
    }

    #[test]
    fn hidden_characters_are_dropped_and_long_text_is_cut_at_a_character() {
        assert_eq!(Excerpt::event("a\u{202e}b\u{1b}[31mc").as_str(), "ab[31mc");
        assert_eq!(Excerpt::capture("ääää", 3).as_str(), "ä…");
    }
}
