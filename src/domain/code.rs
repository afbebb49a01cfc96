//! The names of causes: a public vocabulary.

use std::fmt;

/// The stable name of a cause, in kebab case, such as `pvc-claim-name-typo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// Every cause that this program can name: a public vocabulary, so it stands in one place.
const CODES: &[Code] = &[
    Code("pvc-missing"),
    Code("pvc-claim-name-typo"),
    Code("pvc-storageclass-missing"),
    Code("svc-selector-mismatch"),
    Code("sched-nodeselector-no-match"),
    Code("img-tag-not-found"),
    Code("cfg-configmap-missing-env"),
];

impl Code {
    /// Takes text back in; a cause that this program does not know is of another version.
    pub fn parse(text: &str) -> Option<Self> {
        CODES.iter().copied().find(|c| c.0 == text)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
