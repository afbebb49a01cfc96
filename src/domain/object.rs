//! How we point at objects.

use super::kind::Kind;
use super::name::{is_dns, shown};
use super::nearest::is_typo;
use std::fmt;

/// Objects are pointed at together with their namespaces, so whoever names one finds the other here.
pub use super::name::InvalidName;
pub use super::namespace::Namespace;

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
        let (kind, name) = text.split_once('/').ok_or_else(|| InvalidName::Reference(shown(text)))?;
        let unknown = || InvalidName::Kind { given: shown(kind), meant: Self::meant(kind, name) };
        let kind = Kind::parse(kind).ok_or_else(unknown)?;
        if !is_dns(name, 253, true) {
            return Err(InvalidName::Object(shown(name)));
        }
        Ok(Self { kind, name: name.to_owned() })
    }

    /// What was probably meant by an object whose kind is misspelt: `depoyment/web` is `deployment/web`.
    pub fn meant(kind: &str, name: &str) -> Option<String> {
        let kinds = Kind::KNOWN.iter().map(|known| known.name().to_ascii_lowercase());
        let near = kinds.into_iter().find(|known| is_typo(&kind.to_ascii_lowercase(), known));
        near.filter(|_| is_dns(name, 253, true)).map(|near| format!("{near}/{name}"))
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

    /// ``Deployment `web` ``: as a sentence names it whose namespace is known.
    pub fn in_words(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
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
