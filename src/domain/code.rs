//! The names of causes: a public vocabulary.

use std::fmt;

/// The stable name of a cause, in kebab case, such as `pvc-claim-name-typo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

/// Takes the text of a code back in. The rules have the codes, and who reads records gets this from them: a code that no rule has is
/// of another version, and nothing could tell whether its cause is gone.
pub type KnownCodes = fn(&str) -> Option<Code>;

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
