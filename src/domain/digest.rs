//! What a human approves, as one number: the digest of a plan, and how values are laid out for it so that no two read alike.

use super::field::{FieldPath, Segment};
use super::kind::Kind;
use super::object::ObjectRef;
use super::request::Request;
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;

/// SHA-256 over everything in a plan but its id: what a human approves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// Takes text back in: `sha256:` and 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:")?;
        (hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))).then(|| Self(text.to_owned()))
    }

    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes a plan in, value by value. Each goes in with its length, and what may be absent says whether it is there.
pub(super) struct Digester<'a> {
    hash: Sha256,
    /// The plan's id, which the bytes carry: masked, so that the same change has the same digest tomorrow.
    id: &'a str,
    /// Times that do not count either, where two plans are compared.
    times: Vec<String>,
    /// Every value that was taken in, in order: a question has to say each of them.
    #[cfg(test)]
    pub(super) taken: Vec<String>,
}

impl<'a> Digester<'a> {
    pub(super) fn new(id: &'a str) -> Self {
        Self {
            hash: Sha256::new(),
            id,
            times: Vec::new(),
            #[cfg(test)]
            taken: Vec::new(),
        }
    }

    /// The same without these times: to tell whether two plans ask for the same, and never for what somebody approves.
    pub(super) fn without(self, times: Vec<String>) -> Self {
        Self { times, ..self }
    }

    /// The parts between the id's places, counted: no text can stand for a masked one.
    pub(super) fn text(&mut self, text: &str) {
        #[cfg(test)]
        self.taken.push(text.to_owned());
        let text = &self.times.iter().fold(Cow::Borrowed(text), |text, time| Cow::Owned(text.replace(time, "")));
        let parts: Vec<&str> = text.split(self.id).collect();
        self.count(parts.len());
        for part in parts {
            self.count(part.len());
            self.hash.update(part);
        }
    }

    fn count(&mut self, count: usize) {
        self.hash.update((count as u64).to_be_bytes());
    }

    /// Which of several it is: each of them with a number of its own.
    pub(super) fn tag(&mut self, tag: u8) {
        self.hash.update([tag]);
    }

    pub(super) fn optional<T: ?Sized>(&mut self, value: Option<&T>, take: impl FnOnce(&mut Self, &T)) {
        self.tag(u8::from(value.is_some()));
        if let Some(value) = value {
            take(self, value);
        }
    }

    /// How many there are, and each of them.
    pub(super) fn list<T>(&mut self, count: usize, items: impl Iterator<Item = T>, mut take: impl FnMut(&mut Self, T)) {
        self.count(count);
        items.for_each(|item| take(self, item));
    }

    pub(super) fn kind(&mut self, kind: &Kind) {
        self.text(kind.api_version());
        self.text(kind.name());
    }

    pub(super) fn object(&mut self, object: &ObjectRef) {
        self.kind(&object.kind);
        self.optional(object.namespace.as_ref(), |d, namespace| d.text(namespace.as_str()));
        self.text(&object.name);
    }

    pub(super) fn path(&mut self, path: &FieldPath) {
        self.list(path.segments().len(), path.segments().iter(), |d, segment| match segment {
            Segment::Key(name) => {
                d.tag(0);
                d.text(name);
            }
            Segment::Element { key, value } => {
                d.tag(1);
                d.text(key);
                d.text(value);
            }
            Segment::Position(index) => {
                d.tag(2);
                d.text(&index.to_string());
            }
        });
    }

    pub(super) fn request(&mut self, request: &Request) {
        for text in [request.method.as_str(), &request.path, &request.body] {
            self.text(text);
        }
    }

    pub(super) fn finish(self) -> PlanDigest {
        let hex: String = self.hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        PlanDigest(format!("sha256:{hex}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(take: impl FnOnce(&mut Digester<'_>)) -> PlanDigest {
        let mut digester = Digester::new("p-1");
        take(&mut digester);
        digester.finish()
    }

    #[test]
    fn what_is_absent_reads_like_no_value() {
        let uid = |uid: Option<&str>| of(|d| d.optional(uid, Digester::text));
        assert_ne!(uid(None), uid(Some("")));
        assert_ne!(uid(None), uid(Some("unpinned")));
    }

    #[test]
    fn paths_that_are_shown_alike_are_told_apart() {
        let element = FieldPath::root().element("name", "a");
        let member = FieldPath::root().key("[name=a]");
        assert_ne!(of(|d| d.path(&element)), of(|d| d.path(&member)));
    }

    #[test]
    fn the_same_text_under_another_plan_reads_the_same_and_no_text_reads_like_a_masked_id() {
        let under = |id: &str, text: &str| {
            let mut digester = Digester::new(id);
            digester.text(text);
            digester.finish()
        };
        assert_eq!(under("p-1", "plan: p-1"), under("p-2", "plan: p-2"));
        for text in ["plan: ", "plan: PLAN", "plan: p-2"] {
            assert_ne!(under("p-1", "plan: p-1"), under("p-1", text), "{text}");
        }
    }

    #[test]
    fn members_in_one_order_are_no_elements_in_another() {
        let element = FieldPath::root().element("name", "a");
        let members = FieldPath::root().key("[]").key("name").key("a");
        assert_ne!(of(|d| d.path(&element)), of(|d| d.path(&members)));
    }
}
