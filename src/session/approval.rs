//! Consent as a value: the approval that a token buys, once, for exactly the plan that was shown.

use super::gate::Grant;
use super::secret::{Secret, hash, same};
use super::{Approved, AwaitingApproval};
use crate::domain::limits::Counted;
use crate::domain::plan::PlanDigest;
use jiff::Timestamp;

/// Questions about one plan that can be answered at once: doors of one client, and further terminals.
pub(super) const QUESTIONS: usize = 32;

/// Why an approval was not taken. The state is given back with it: a wrong token costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApprovalError {
    #[error("it has expired")]
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
        if !self.knows(token) {
            return Err((Box::new(self), ApprovalError::WrongToken));
        }
        self.approve_digest(shown)
    }

    /// A yes that repeats the digest of the plan, where that counts.
    pub(crate) fn approve_repeated(
        self,
        _counted: &Counted,
        repeated: &PlanDigest,
        now: Timestamp,
    ) -> Result<Approved, (Box<Self>, ApprovalError)> {
        if now >= self.expires_at {
            return Err((Box::new(self), ApprovalError::Expired));
        }
        self.approve_digest(repeated)
    }

    /// Whether this token was handed out with a question of this session. Every one is compared: nothing is learned by trying.
    pub(crate) fn knows(&self, token: &str) -> bool {
        let given = hash(token);
        self.tokens.iter().fold(false, |known, one| same(&given, one) | known)
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

    /// A further token. Those before stay good, since somebody may be reading their question: the oldest goes when there are too many.
    pub(crate) fn ask_again(&mut self, secret: [u8; 32]) -> Secret {
        let secret = Secret::new(secret);
        if self.tokens.len() >= QUESTIONS {
            self.tokens.remove(0);
        }
        self.tokens.push(secret.hash());
        secret
    }

    pub(super) fn tokens(&self) -> &[[u8; 32]] {
        &self.tokens
    }
}
