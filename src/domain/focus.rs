//! What the reporter's words are about, why it was looked there, and what stands against calling it healthy.

use super::kind::Kind;
use super::nearest::did_you_mean;
use super::object::ObjectRef;
use super::words::{Lost, is_meant};

/// Why it was looked where it was looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Because {
    /// It was given as an argument.
    #[default]
    Asked,
    /// The words name the namespace.
    Words,
    /// The words name objects, and they are there.
    Objects,
    /// The words name no place, and the context has a namespace of its own.
    Context,
    /// Nothing names a place.
    Everywhere,
}

impl Because {
    /// As the report and the record spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Because::Asked => "asked",
            Because::Words => "words",
            Because::Objects => "objects",
            Because::Context => "context",
            Because::Everywhere => "everywhere",
        }
    }

    /// The inverse of [`Because::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        let all = [Because::Asked, Because::Words, Because::Objects, Because::Context, Because::Everywhere];
        all.into_iter().find(|b| b.as_str() == text)
    }
}

/// What the words are about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Focus {
    /// Why it was looked there.
    pub because: Because,
    /// The objects that the words name. None: the words are about everything there.
    pub about: Vec<ObjectRef>,
    /// Namespaces that the words state and in which it was not looked.
    pub lost: Vec<Lost>,
    /// What the words name and what is not there, each with the names that are like it.
    pub missing: Vec<Missing>,
    /// What the words name and what was not found, where not everything could be read that may be called so.
    pub unsure: Vec<String>,
    /// What the words are about besides and nobody reads, such as what is in the data of a program.
    pub beyond: Vec<String>,
    /// What is wrong is something else, since nothing is known to be wrong with what is named.
    pub beside: bool,
    /// The names are certain: nothing of it was guessed by a part of a name, a typo or a job.
    pub certain: bool,
}

/// How far a plan is from what the words are about: whoever decides on it has to see that first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aside {
    /// It is about something else.
    Else,
    /// It is, unless a guess was wrong.
    PerhapsElse,
    /// The words name more, which was not found.
    Part,
}

impl Aside {
    /// Around a name, before what changes: in full, and where there is little room.
    pub fn around_a_name(self) -> [(&'static str, &'static str); 2] {
        match self {
            Aside::Else => [("not about ", ": "), ("not ", ": ")],
            Aside::PerhapsElse => [("perhaps not about ", ": "), ("not ", "? ")],
            Aside::Part => [("without ", ": "), ("no ", ": ")],
        }
    }

    /// Behind a choice.
    pub fn behind_a_choice(self) -> &'static str {
        match self {
            Aside::Else => ", which is about something else",
            Aside::PerhapsElse => ", perhaps about something else",
            Aside::Part => ", for a part of what was named",
        }
    }
}

impl Focus {
    /// Whether a namespace is certainly meant that does not exist: nothing that is elsewhere is what the words are about.
    pub fn is_lost(&self) -> bool {
        self.lost.iter().any(Lost::is_certain)
    }

    /// Whether a plan for the first cause is for something else than the words are about, or for a part of it only; with what they name
    /// and it is not about. `None`: what is wrong is what they are about, and all that they name was found.
    pub fn aside(&self) -> Option<(Aside, &str)> {
        let lost = self.lost.iter().map(|lost| lost.name.as_str());
        let missing = self.missing.iter().map(|missing| missing.word.as_str());
        let missing = lost.chain(missing).chain(self.unsure.iter().map(String::as_str)).next();
        let about = self.about.first().map(|object| object.name.as_str());
        match (self.beside, missing) {
            (true, _) => Some((if self.certain { Aside::Else } else { Aside::PerhapsElse }, about.or(missing).unwrap_or_default())),
            (false, Some(missing)) => Some((Aside::Part, missing)),
            (false, None) => None,
        }
    }
}

/// Something that the words name and that is not there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// The word.
    pub word: String,
    /// Names that are like it, nearest first.
    pub nearest: Vec<String>,
}

impl Missing {
    /// That it is not there, in words: what was said may be the name of a thing, or a word for a kind.
    pub fn in_words(&self, place: &str) -> String {
        match Kind::AS_A_WHOLE.iter().find(|kind| is_meant(kind, &self.word)) {
            Some(kind) => format!("there is no {kind} in {place}"),
            None => format!("nothing in {place} is called `{}`{}", self.word, did_you_mean(&self.nearest)),
        }
    }
}

/// Something that was seen to be as it should be, or as somebody wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    /// What was seen.
    pub object: ObjectRef,
    /// How it is.
    pub how: String,
}

/// Why it cannot be said that everything is healthy, although nothing is known to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Doubt {
    /// What it is about; absent where it is about the whole.
    pub object: Option<ObjectRef>,
    /// In words.
    pub why: String,
    /// After how many seconds it can be told.
    pub again_in: Option<i64>,
    /// It is about what was before, and is well now: of a change that was made since it says nothing.
    pub past: bool,
}

impl Doubt {
    /// A doubt about an object, which time alone does not end.
    pub fn about(object: ObjectRef, why: String) -> Self {
        Self { object: Some(object), why, again_in: None, past: false }
    }

    /// A doubt about the whole, which time alone does not end.
    pub fn general(why: String) -> Self {
        Self { object: None, why, again_in: None, past: false }
    }

    /// As one line.
    pub fn in_words(&self) -> String {
        let about = self.object.as_ref().map(|o| format!("{o}: ")).unwrap_or_default();
        let again = self.again_in.map(|s| format!("; look again in {}", lasting(s))).unwrap_or_default();
        format!("{about}{}{again}", self.why)
    }
}

/// That the words are about something that nobody reads.
pub(crate) fn beyond(what: &str) -> String {
    format!("the issue may be about {what}, which kubemend does not read")
}

/// So many seconds, in what a person counts them in.
pub(crate) fn lasting(seconds: i64) -> String {
    match seconds {
        ..7_200 => format!("{seconds} s"),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_back_as_it_is_written() {
        for because in [Because::Asked, Because::Words, Because::Objects, Because::Context, Because::Everywhere] {
            assert_eq!(Because::parse(because.as_str()), Some(because));
        }
        assert_eq!(Because::parse("model"), None);
    }

    #[test]
    fn a_doubt_names_its_object_and_when_to_look_again() {
        let node = ObjectRef::cluster(crate::domain::kind::Kind::Node, "a");
        let doubt = Doubt { again_in: Some(30), ..Doubt::about(node, "is young".into()) };
        assert_eq!(doubt.in_words(), "Node a: is young; look again in 30 s");
    }
}
