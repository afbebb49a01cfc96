//! The token that proves that a question was shown, and the question that it belongs to: handed out once, kept as a hash.

use crate::domain::door::Door;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

/// 256 random bits, shown once. Only the hash is kept.
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(super) fn new(bits: [u8; 32]) -> Self {
        Self(bits)
    }

    /// As hexadecimal text, to be handed to whoever is asked.
    pub(crate) fn reveal(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }

    pub(super) fn hash(&self) -> [u8; 32] {
        hash(&self.reveal())
    }
}

/// A question that somebody may be reading. It can be answered until the time that it states, whatever later questions state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// SHA-256 of its token, which proves that this very plan was shown.
    pub(super) token: [u8; 32],
    pub(super) until: Timestamp,
    /// Where it was asked.
    pub(super) door: Door,
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(super) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The same time for every pair of hashes: nothing is learned by trying.
pub(super) fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
}
