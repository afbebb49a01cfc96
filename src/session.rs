//! A session: its states and the ways between them. Everything with authority lives here: a [`Permit`] exists only after
//! consent was given for that exact plan *and* the store has recorded that we are about to act.

pub(crate) mod approval;
pub(crate) mod gate;
pub(crate) mod ledger;
pub(crate) mod record;
pub(crate) mod trail;

use crate::domain::execution::Execution;
use crate::domain::id::SessionId;
use crate::domain::issue::{Origin, Scope};
use crate::domain::limits::Limits;
use crate::domain::plan::{PlanDigest, RemediationPlan};
use crate::domain::validation::Verdict;
use jiff::Timestamp;
use serde_json::Value;
use trail::Trail;

/// What every state carries.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) id: SessionId,
    pub(crate) opened_at: Timestamp,
    pub(crate) issue: String,
    /// Who asked.
    pub(crate) origin: Origin,
    pub(crate) scope: Scope,
    pub(crate) limits: Limits,
    /// Which cluster, by context and server: an approval fits no other.
    pub(crate) context: String,
    pub(crate) server: String,
    /// Who did what, when.
    pub(crate) trail: Trail,
    /// The report as last shown. It grants nothing.
    pub(crate) report: Value,
}

/// A plan waits for a human.
#[derive(Debug)]
pub(crate) struct AwaitingApproval {
    pub(crate) header: Header,
    pub(crate) plan: RemediationPlan,
    pub(crate) digest: PlanDigest,
    pub(crate) expires_at: Timestamp,
    /// SHA-256 of the token that was handed out last; any earlier one is void.
    token_hash: [u8; 32],
}

/// Consent was given. Never stored, never copied: a restart has to ask again.
#[derive(Debug)]
pub(crate) struct Approved {
    header: Header,
    plan: RemediationPlan,
    digest: PlanDigest,
}

/// The store says that we are about to act; only [`crate::execute::Executor::run`] takes it, and takes it away.
#[derive(Debug)]
pub(crate) struct Permit {
    plan: RemediationPlan,
}

impl Permit {
    /// What may be done, once.
    pub(crate) fn into_plan(self) -> RemediationPlan {
        self.plan
    }
}

/// Steps are being sent.
#[derive(Debug)]
pub(crate) struct Executing {
    pub(crate) header: Header,
    pub(crate) plan: RemediationPlan,
    /// The process that does it, to tell a crash from patience.
    pub(crate) pid: u32,
    /// After this it is taken for dead whatever the process table says.
    pub(crate) until: Timestamp,
}

/// Steps were sent; the cluster is being watched.
#[derive(Debug)]
pub(crate) struct Validating {
    pub(crate) header: Header,
    pub(crate) plan: RemediationPlan,
    pub(crate) pid: u32,
    pub(crate) until: Timestamp,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Healthy,
    Diagnosed,
    Inconclusive,
    Declined,
    Expired,
    Resolved,
    Unresolved,
    Unclear,
    Failed,
    Interrupted,
    Reverted,
}

/// Nothing more will happen in this session.
#[derive(Debug)]
pub(crate) struct Closed {
    pub(crate) header: Header,
    pub(crate) outcome: Outcome,
    /// Kept for a later validation.
    pub(crate) plan: Option<RemediationPlan>,
}

/// A session at rest.
#[derive(Debug)]
pub(crate) enum Session {
    Investigating(Header),
    AwaitingApproval(AwaitingApproval),
    Executing(Executing),
    Validating(Validating),
    Closed(Closed),
}

impl Session {
    pub(crate) fn header(&self) -> &Header {
        match self {
            Session::Investigating(h) => h,
            Session::AwaitingApproval(s) => &s.header,
            Session::Executing(s) => &s.header,
            Session::Validating(s) => &s.header,
            Session::Closed(s) => &s.header,
        }
    }
}

impl Header {
    /// Ends the session without a change.
    pub(crate) fn close(self, outcome: Outcome, plan: Option<RemediationPlan>) -> Closed {
        Closed { header: self, outcome, plan }
    }

    /// Waits for a human, with a token of which only the hash is kept.
    pub(crate) fn propose(self, plan: RemediationPlan, secret: [u8; 32], expires_at: Timestamp) -> (AwaitingApproval, approval::Secret) {
        let secret = approval::Secret::new(secret);
        let digest = plan.digest();
        (AwaitingApproval { header: self, plan, digest, expires_at, token_hash: secret.hash() }, secret)
    }
}

impl AwaitingApproval {
    /// Ends with a no.
    pub(crate) fn decline(self) -> Closed {
        self.header.close(Outcome::Declined, Some(self.plan))
    }

    /// Ends because nobody answered in time.
    pub(crate) fn expire(self) -> Closed {
        self.header.close(Outcome::Expired, Some(self.plan))
    }
}

impl Executing {
    /// The steps were sent.
    pub(crate) fn executed(self) -> Validating {
        Validating { header: self.header, plan: self.plan, pid: self.pid, until: self.until }
    }

    /// The process that did it is gone: what took effect must be looked up.
    pub(crate) fn interrupt(self) -> Closed {
        self.header.close(Outcome::Interrupted, Some(self.plan))
    }
}

impl Validating {
    /// The process that watched is gone.
    pub(crate) fn interrupt(self) -> Closed {
        self.header.close(Outcome::Interrupted, Some(self.plan))
    }

    /// The verdict fell.
    pub(crate) fn settle(self, verdict: Verdict, execution: &Execution) -> Closed {
        let outcome = if execution.cancelled || execution.is_unknown() {
            Outcome::Unclear
        } else if !execution.is_complete() {
            Outcome::Failed
        } else {
            match (verdict, &execution.reverted) {
                (Verdict::Resolved, _) => Outcome::Resolved,
                (Verdict::Unresolved | Verdict::Unclear, Some(_)) => Outcome::Reverted,
                (Verdict::Unresolved, None) => Outcome::Unresolved,
                (Verdict::Unclear, None) => Outcome::Unclear,
            }
        };
        self.header.close(outcome, Some(self.plan))
    }
}
