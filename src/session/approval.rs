//! Consent as a value: the approval that a token buys, once, for exactly the plan that was shown.

use super::gate::Grant;
use super::secret::{Asked, Secret, hash, same};
use super::{Approved, AwaitingApproval};
use crate::domain::door::Door;
use crate::domain::limits::Counted;
use crate::domain::plan::PlanDigest;
use jiff::Timestamp;

/// Questions about one plan that can be answered at once, through all doors.
pub(crate) const QUESTIONS: usize = 32;
/// Of these through one door, so that none closes another: a client that asks again and again leaves places to other clients.
const OF_ONE_DOOR: usize = 16;
/// Of these at terminals only: a person there is always asked, whatever clients do, and whatever names they give themselves.
const AT_TERMINALS: usize = 8;

/// As many questions as can be answered at once are out: no further one is asked, since it would take one of them from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManyAsked {
    /// How many they are.
    pub(crate) limit: usize,
    /// When the first of them can no longer be answered.
    pub(crate) until: Timestamp,
}

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
        let Some(until) = self.asked_until(token) else {
            return Err((Box::new(self), ApprovalError::WrongToken));
        };
        if now >= until {
            return Err((Box::new(self), ApprovalError::Expired));
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

    /// Whether this token was handed out with a question of this session.
    pub(crate) fn knows(&self, token: &str) -> bool {
        self.asked_until(token).is_some()
    }

    /// Until when the question of this token can be answered. Every one is compared: nothing is learned by trying.
    fn asked_until(&self, token: &str) -> Option<Timestamp> {
        let given = hash(token);
        self.asked.iter().fold(None, |found, one| if same(&given, &one.token) { Some(one.until) } else { found })
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

    /// A further question, with a token of its own, that states when the session ends, which is not before `until`. Those before stay as they
    /// are, since somebody may be reading them: each can be answered within the time that it states, and none after it.
    pub(crate) fn ask_again(&mut self, secret: [u8; 32], until: Timestamp, now: Timestamp, door: &Door) -> Result<Secret, TooManyAsked> {
        self.asked.retain(|one| now < one.until);
        if let Some(too_many) = self.has_no_place(door) {
            return Err(too_many);
        }
        let secret = Secret::new(secret);
        self.expires_at = self.expires_at.max(until);
        self.asked.push(Asked { token: secret.hash(), until: self.expires_at, door: door.clone() });
        Ok(secret)
    }

    /// The first bound that a further question through this door would pass.
    fn has_no_place(&self, door: &Door) -> Option<TooManyAsked> {
        let bound = |limit: usize, counts: &dyn Fn(&Asked) -> bool| {
            let until: Vec<Timestamp> = self.asked.iter().filter(|one| counts(one)).map(|one| one.until).collect();
            (until.len() >= limit).then(|| TooManyAsked { limit, until: until.into_iter().min().unwrap_or(self.expires_at) })
        };
        let elsewhere = |one: &Asked| one.door != Door::Terminal;
        bound(OF_ONE_DOOR, &|one| one.door == *door)
            .or_else(|| bound(QUESTIONS.saturating_sub(AT_TERMINALS), &elsewhere).filter(|_| *door != Door::Terminal))
            .or_else(|| bound(QUESTIONS, &|_| true))
    }

    /// A question that nobody reads any more makes room.
    pub(crate) fn withdraw(&mut self, token: &str) {
        let given = hash(token);
        self.asked.retain(|one| !same(&given, &one.token));
    }

    pub(super) fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// A time that is over by the clock that nobody sets is over for good, whatever the wall clock says afterwards.
    pub(super) fn end_questions(&mut self, is_over: impl Fn(Timestamp) -> bool) {
        self.asked.iter_mut().filter(|one| is_over(one.until)).for_each(|one| one.until = Timestamp::MIN);
    }
}
