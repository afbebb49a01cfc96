//! A report's words, taken apart: which of them can be names, and which kinds of things they speak of. Text in, text out: what exists
//! is for others to say.

mod everyday;
mod topics;

use super::kind::Kind;
pub use topics::Topic;

/// One word of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without the punctuation around it.
    pub text: String,
    /// It stands in quotes or backticks: it is meant as a name.
    pub quoted: bool,
    /// A comma, a period or the end comes after it.
    pub ends: bool,
}

impl Word {
    /// An ordinary word of the language, or of talk about computers: no name.
    pub fn is_common(&self) -> bool {
        !self.quoted && everyday::is_common(&self.text)
    }

    /// A word for a kind of thing or a product, which many objects are named after.
    pub fn is_ordinary(&self) -> bool {
        Kind::parse(&self.text).is_some() || topics::is_ordinary(&self.text)
    }

    /// A word for what a thing does: it names something only where no other word does.
    pub fn is_role(&self) -> bool {
        !self.quoted && topics::is_role(singular(&self.text))
    }

    /// A word for a kind of object.
    pub fn is_kind(&self) -> bool {
        Kind::KNOWN.iter().any(|k| is_meant(k, &self.text))
    }

    /// It is written as names are: in quotes, or of parts, none of which is an ordinary word.
    pub fn looks_like_a_name(&self) -> bool {
        let text = self.text.as_str();
        let parts: Vec<&str> = text.split('-').collect();
        let letters = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let counted = text.strip_prefix('v').unwrap_or(text).bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let own = |part: &&str| !everyday::is_common(part);
        letters && !counted && (self.quoted || (parts.len() > 1 && parts.iter().all(|p| p.len() > 1) && parts.iter().any(own)))
    }
}

/// The words of a report, in their order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wording(Vec<Word>);

impl Wording {
    /// Takes a text apart.
    pub fn of(text: &str) -> Self {
        let inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
        let mut words: Vec<Word> = Vec::new();
        let (mut word, mut before) = (String::new(), ' ');
        for c in text.chars().chain(std::iter::once('\n')) {
            if inside(c) {
                word.push(c);
                continue;
            }
            let bare = word.trim_matches(|c| matches!(c, '-' | '.' | '_' | '/')).to_lowercase();
            let ends = word.ends_with('.') || matches!(c, ',' | ';' | ':' | '!' | '?' | '\n' | '(' | ')');
            if !bare.is_empty() {
                let quoted = matches!((before, c), ('`', '`') | ('"', '"') | ('\'', '\'') | ('„' | '“' | '”', '“' | '”'));
                words.push(Word { text: bare, quoted, ends });
            } else if let Some(last) = words.last_mut() {
                last.ends |= ends;
            }
            word.clear();
            before = c;
        }
        Self(words)
    }

    /// In their order.
    pub fn iter(&self) -> std::slice::Iter<'_, Word> {
        self.0.iter()
    }

    /// The word at this place.
    pub fn get(&self, place: usize) -> Option<&Word> {
        self.0.get(place)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them could name something: all others say only that something is wrong.
    pub fn name_anything(&self) -> bool {
        self.iter().any(|w| w.text.len() > 1 && !w.is_common() && Kind::parse(&w.text).is_none_or(|k| self.asks(&k)))
    }

    /// What they speak of, of what is not always read or is never read.
    pub fn topics(&self) -> Vec<&'static Topic> {
        let all = topics::TOPICS.iter();
        all.filter(|topic| self.iter().any(|w| topic.words.contains(&w.text.as_str()) || topic.words.contains(&singular(&w.text))))
            .collect()
    }

    /// Whether they ask about this kind.
    pub fn asks(&self, kind: &Kind) -> bool {
        let spoken_of = |w: &Word| topics::speaks_of(&w.text, kind) || topics::speaks_of(singular(&w.text), kind);
        self.iter().any(spoken_of) || self.topics().iter().any(|t| t.kinds.contains(kind))
    }

    /// The names that things of the kind have that a word speaks of: `database` is a `postgres`.
    pub fn meant_by(word: &str) -> &'static [&'static str] {
        topics::meant_by(singular(word))
    }
}

/// Whether a word of a report is for this kind.
pub fn is_meant(kind: &Kind, word: &str) -> bool {
    topics::calls(word, kind) || topics::calls(singular(word), kind)
}

/// A word this long may be a typo of a name.
const TYPO_FROM: usize = 6;

/// Whether a word is a name but for one slip.
pub fn is_typo(word: &str, name: &str) -> bool {
    word.chars().count() >= TYPO_FROM && strsim::damerau_levenshtein(word, name) == 1
}

/// `lakes` → `lake`; what has no such form stays.
pub fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(one) if one.len() > 2 && !one.ends_with('s') => {
            one.strip_suffix("sse").map_or(one, |_| word.strip_suffix("es").unwrap_or(one))
        }
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lose_their_punctuation_and_keep_where_a_clause_ends() {
        let words = Wording::of("Pods of `catalog-api`, in shop. 60 restarts!");
        let text: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        assert_eq!(text, ["pods", "of", "catalog-api", "in", "shop", "60", "restarts"]);
        let ends: Vec<&str> = words.iter().filter(|w| w.ends).map(|w| w.text.as_str()).collect();
        assert_eq!(ends, ["catalog-api", "shop", "restarts"]);
        assert_eq!(words.iter().filter(|w| w.quoted).count(), 1);
    }

    #[test]
    fn a_word_looks_like_a_name_where_it_is_quoted_or_of_parts_of_its_own() {
        let looks = |text: &str| Wording::of(text).get(0).is_some_and(Word::looks_like_a_name);
        for name in ["threatlab-ingestion", "`inventory`", "postgres-db", "node-exporter"] {
            assert!(looks(name), "{name}");
        }
        for word in ["inventory", "read-only", "503", "v1-2", "/api/v1/balances", "up-to-date", "e-mail"] {
            assert!(!looks(word), "{word}");
        }
    }

    #[test]
    fn words_that_only_say_that_something_is_wrong_name_nothing() {
        for text in ["something is wrong", "my pods keep crashing since yesterday", "nothing works any more!", "is anything broken?"] {
            assert!(!Wording::of(text).name_anything(), "{text}");
        }
        for text in ["my database is down", "checkout fails", "the ingress gives 503"] {
            assert!(Wording::of(text).name_anything(), "{text}");
        }
    }

    #[test]
    fn words_ask_about_the_kinds_that_they_speak_of() {
        let asks = |text: &str, kind: Kind| Wording::of(text).asks(&kind);
        assert!(asks("connections to redis time out", Kind::NetworkPolicy));
        assert!(asks("the ingress gives 503", Kind::Ingress) && asks("web does not scale up", Kind::HorizontalPodAutoscaler));
        assert!(asks("the nodes cannot be drained", Kind::PodDisruptionBudget) && asks("one replica is a standby", Kind::Lease));
        assert!(!asks("my database is down", Kind::NetworkPolicy));
    }
}
