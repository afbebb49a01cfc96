//! Consent as a value: a token that proves that the question was shown, and the approval that it buys, once.

use super::gate::Grant;
use super::{Approved, AwaitingApproval};
use crate::domain::plan::PlanDigest;
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

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The same time for every pair of hashes: nothing is learned by trying.
fn same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0_u8, |acc, (x, y)| acc | (x ^ y)) == 0
}

/// Why an approval was not taken. The state is given back with it: a wrong token costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApprovalError {
    #[error("it has expired; run remediate again")]
    Expired,
    #[error("it belongs to another question or was already used")]
    WrongToken,
    #[error("the plan changed after it was shown; review it again")]
    WrongDigest,
}

impl AwaitingApproval {
    /// A yes to exactly the plan of `shown`.
    pub(crate) fn approve(self, token: &str, shown: &PlanDigest, now: Timestamp) -> Result<Approved, (Box<Self>, ApprovalError)> {
        if now >= self.expires_at {
            return Err((Box::new(self), ApprovalError::Expired));
        }
        if !same(&hash(token), &self.token_hash) {
            return Err((Box::new(self), ApprovalError::WrongToken));
        }
        self.approve_digest(shown)
    }

    /// The gate's yes, which fits one digest.
    pub(crate) fn approve_by_policy(self, grant: Grant) -> Result<Approved, (Box<Self>, ApprovalError)> {
        let digest = grant.into_digest();
        self.approve_digest(&digest)
    }

    fn approve_digest(self, shown: &PlanDigest) -> Result<Approved, (Box<Self>, ApprovalError)> {
        // Computed anew from the bytes that will be sent, not taken from the record.
        if self.planned.plan.digest() != *shown || self.digest != *shown {
            return Err((Box::new(self), ApprovalError::WrongDigest));
        }
        Ok(Approved { header: self.header, planned: self.planned, digest: self.digest })
    }

    /// A fresh token; the one before is void.
    pub(crate) fn ask_again(&mut self, secret: [u8; 32]) -> Secret {
        let secret = Secret::new(secret);
        self.token_hash = secret.hash();
        secret
    }

    pub(super) fn token_hash(&self) -> &[u8; 32] {
        &self.token_hash
    }
}
