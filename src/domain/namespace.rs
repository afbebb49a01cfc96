//! The name of a namespace, checked where it comes in.

use super::name::{InvalidName, is_dns, shown};
use std::fmt;

/// The name of a namespace: a DNS label, so it can stand in a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(String);

impl Namespace {
    /// Checks the form, not the existence.
    ///
    /// # Errors
    /// The text cannot be a namespace's name.
    pub fn parse(text: &str) -> Result<Self, InvalidName> {
        if is_dns(text, 63, false) { Ok(Self(text.to_owned())) } else { Err(InvalidName::Namespace(shown(text))) }
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
