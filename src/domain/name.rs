//! What can be a name in Kubernetes, and what is wrong with one that cannot.

use super::nearest::did_you_mean;
use super::visible::escaped;

/// Text that cannot be the name of such a thing, with what is not printable ASCII in it written out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Not a DNS label.
    #[error("`{0}` is not a valid namespace name: lower-case letters, digits and `-`, at most 63 characters")]
    Namespace(String),
    /// Not a DNS subdomain.
    #[error("`{0}` is not a valid object name: lower-case letters, digits, `-` and `.`, at most 253 characters")]
    Object(String),
    /// Not of the form `kind/name`.
    #[error("`{0}` is not of the form `kind/name`, such as `deployment/web`")]
    Reference(String),
    /// A kind that kubemend does not read.
    #[error("`{given}` is not a kind that kubemend knows{}", did_you_mean(.meant.as_slice()))]
    Kind {
        /// What was given.
        given: String,
        /// The object that was probably meant.
        meant: Option<String>,
    },
}

/// Of a text that is no name so much is repeated.
const QUOTED: usize = 80;

/// Text that is no name, for an error: a name may lack only what nobody sees, or look like one that is.
pub(crate) fn shown(text: &str) -> String {
    escaped(&text.chars().take(QUOTED).collect::<String>())
}

pub(crate) fn is_dns(text: &str, max: usize, dots: bool) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || (dots && b == b'.');
    let edge = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(inner)
        && text.bytes().next().is_some_and(edge)
        && text.bytes().next_back().is_some_and(edge)
}
