//! One word of a report, by itself: whether it can be a name, and what else it can be.

use super::lost::Site;
use super::{compounds, everyday, topics};
use crate::domain::kind::Kind;

/// What a word is by the way it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A word, which may be a name; `deployment/web` and `shop/web` are one.
    Word,
    /// The host of an address: it leads to something, and is the name of nothing.
    Host,
    /// A path, a number, a version, a file: no name.
    Address,
    /// Part of a longer quotation, such as a message: it can be a name, and is not missed where nothing is called so.
    Cited,
}

/// What a word is by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stance {
    /// As names do, whatever else it means: `2048 is down`.
    Name,
    /// As what describes something, or how it is: `a read-only disk`.
    Description,
    /// Where both do: what it is otherwise decides.
    Open,
}

/// One word of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// In lower case, without the punctuation around it.
    pub text: String,
    /// It stands in quotes or backticks: it is meant as a name.
    pub quoted: bool,
    /// A comma, a period or the end comes after it.
    pub ends: bool,
    /// How it is written.
    pub form: Form,
    /// What it is as the name of a namespace.
    pub place: Site,
    /// How it is used.
    pub used: Stance,
}

impl Word {
    /// An ordinary word of the language, or of talk about computers: no name.
    pub fn is_common(&self) -> bool {
        !self.quoted && everyday::is_common(&self.text)
    }

    /// A word of grammar, which names nothing however it is used.
    pub fn is_grammar(&self) -> bool {
        !self.quoted && everyday::is_grammar(&self.text)
    }

    /// A word for a kind of thing or a product, which many objects are named after.
    pub fn is_ordinary(&self) -> bool {
        Kind::parse(&self.text).is_some() || topics::is_ordinary(&self.text) || topics::is_ordinary(singular(&self.text))
    }

    /// A word for what a thing does: it names something only where no other word does.
    pub fn is_role(&self) -> bool {
        !self.quoted && topics::is_role(singular(&self.text))
    }

    /// Whether it stands in a name, whole or as a part of it.
    pub fn is_in(&self, name: &str) -> bool {
        name == self.text || name.split(['-', '.']).any(|part| part == self.text)
    }

    /// A word for a part of an application: with the name before it, it is a name.
    pub fn is_part(&self) -> bool {
        !self.quoted && topics::is_part(singular(&self.text))
    }

    /// A word for a kind of object.
    pub fn is_kind(&self) -> bool {
        Kind::KNOWN.iter().any(|k| is_meant(k, &self.text))
    }

    /// Of what is only ever one of several: a plural.
    pub fn is_plural(&self) -> bool {
        singular(&self.text) != self.text
    }

    /// It is written as names are: in quotes, or of parts that are no compound of the language.
    pub fn looks_like_a_name(&self) -> bool {
        let text = self.text.as_str();
        let letters = text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let counted = text.strip_prefix('v').unwrap_or(text).bytes().all(|b| b.is_ascii_digit() || b == b'-');
        let quoted = self.quoted && !everyday::is_common(text) && !topics::is_topic(singular(text));
        self.form == Form::Word
            && letters
            && !counted
            && (quoted || (text.contains('-') && self.used != Stance::Description && !compounds::is_known(text)))
    }

    /// It could be what something is called: where nothing is, somebody asks about what is not there.
    pub fn could_be_a_name(&self) -> bool {
        let text = self.text.as_str();
        let letters = text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || c == '-');
        let said = everyday::is_common(text) || everyday::is_environment(text) || topics::is_topic(singular(text));
        let open = letters && text.chars().count() > 1 && !said && !self.is_kind() && !text.ends_with("ly");
        self.form == Form::Word
            && match self.used {
                Stance::Name => true,
                Stance::Description => false,
                Stance::Open => open,
            }
    }

    /// An ordinary word that is no grammar and that namespaces are called too: beside the word `namespace` it is one.
    pub fn is_a_namespace_too(&self) -> bool {
        everyday::is_a_namespace_too(&self.text) || everyday::is_a_name_too(&self.text)
    }

    /// What it runs in, such as `production`: an ordinary word, and often a namespace.
    pub fn is_environment(&self) -> bool {
        everyday::is_environment(&self.text)
    }
}

/// Whether a word of a report is for this kind.
pub fn is_meant(kind: &Kind, word: &str) -> bool {
    topics::calls(word, kind) || topics::calls(singular(word), kind)
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
