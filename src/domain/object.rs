//! How we point at things: namespaces, names, uids.

use super::kind::Kind;
use std::fmt;

/// Text that cannot be the name of such a thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not a DNS label.
    #[error("`{0}` cannot be a namespace: lower-case letters, digits and `-`, at most 63 characters")]
    Namespace(String),
    /// Not a DNS subdomain.
    #[error("`{0}` cannot be the name of an object: lower-case letters, digits, `-` and `.`, at most 253 characters")]
    Object(String),
    /// Not of the form `kind/name`.
    #[error("`{0}` is not of the form `kind/name`, such as `deployment/web`")]
    Reference(String),
    /// A kind that kubemend does not read.
    #[error("`{0}` is not a kind that kubemend knows")]
    Kind(String),
}

fn dns(text: &str, max: usize, dots: bool) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || (dots && b == b'.');
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(inner)
        && text.bytes().next().is_some_and(edge)
        && text.bytes().next_back().is_some_and(edge)
}

/// The name of a namespace: a DNS label, so it can stand in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// Checks the form, not the existence.
    ///
    /// # Errors
    /// The text cannot be a namespace's name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if dns(text, 63, false) { Ok(Self(text.to_owned())) } else { Err(InvalidName::Namespace(text.chars().take(80).collect())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `kube-system` and its like: never changed without the operator's opt-in.
    pub fn is_system(&self) -> bool {
        self.0.starts_with("kube-")
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person types for an object: its kind and its name. Where it is comes from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
}

impl ObjectName {
    /// Parses `deployment/web`.
    ///
    /// # Errors
    /// Not of that form, not a kind we know, or not a possible name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        let shown = || text.chars().take(80).collect::<String>();
        let (kind, name) = text.split_once('/').ok_or_else(|| InvalidName::Reference(shown()))?;
        let kind = Kind::parse(kind).ok_or_else(|| InvalidName::Kind(kind.chars().take(80).collect()))?;
        if !dns(name, 253, true) {
            return Err(InvalidName::Object(name.chars().take(80).collect()));
        }
        Ok(Self { kind, name: name.to_owned() })
    }

    /// The object of that name in a namespace; an object of the cluster where its kind has no namespace.
    pub fn within(self, namespace: Option<&Namespace>) -> ObjectRef {
        let namespaced = self.kind.info().is_some_and(|i| i.namespaced);
        ObjectRef { namespace: if namespaced { namespace.cloned() } else { None }, kind: self.kind, name: self.name }
    }
}

/// An object of the cluster, by kind, namespace and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: Kind,
    /// Absent for cluster-scoped objects.
    pub namespace: Option<Namespace>,
    /// Its name.
    pub name: String,
}

impl ObjectRef {
    /// A namespaced object.
    pub fn namespaced(kind: Kind, namespace: &Namespace, name: &str) -> Self {
        Self { kind, namespace: Some(namespace.clone()), name: name.to_owned() }
    }

    /// A cluster-scoped object.
    pub fn cluster(kind: Kind, name: &str) -> Self {
        Self { kind, namespace: None, name: name.to_owned() }
    }

    /// What a person types: `deployment/web`. The namespace comes from elsewhere.
    ///
    /// # Errors
    /// Not of that form, not a kind we know, or not a possible name.
    pub fn parse(text: &str, namespace: Option<&Namespace>) -> Result<Self, InvalidName> {
        ObjectName::parse(text).map(|name| name.within(namespace))
    }

    /// The object's path in the API, where its resource is known.
    pub fn path(&self) -> Option<String> {
        self.kind.path(self.namespace.as_ref(), Some(&self.name))
    }

    /// `deployment/web`: as kubectl writes it.
    pub fn slashed(&self) -> String {
        format!("{}/{}", self.kind.name().to_ascii_lowercase(), self.name)
    }
}

/// `Deployment a-team/web`, or `Node node-1`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(ns) => write!(f, "{} {ns}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
