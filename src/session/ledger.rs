//! Compare-and-swap over the store: two processes, one permit. The intent is durable before anything is written.

use super::{Approved, Executing, Header, Outcome, Permit, Session, record};
use crate::domain::id::SessionId;
use crate::ports::{Clock, Revision, SessionStore, StoreError, Stored};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;

/// Why a record could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the record of session `{id}` cannot be used: {reason}")]
    Record { id: SessionId, reason: String },
}

/// Loads and saves sessions, and mints permits.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Arc<dyn SessionStore>,
    clock: Arc<dyn Clock>,
    pid: u32,
}

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock, pid: std::process::id() }
    }

    /// Saves a session over the revision it was loaded at.
    pub(crate) async fn save(&self, session: &Session, expected: Option<Revision>) -> Result<Revision, LedgerError> {
        let id = session.header().id.clone();
        let bytes = record::write(session).map_err(|reason| LedgerError::Record { id: id.clone(), reason })?;
        Ok(self.store.save(&id, expected, self.clock.now(), &bytes).await?)
    }

    /// Loads a session. One whose process died while it acted comes back as interrupted, and is saved so.
    pub(crate) async fn load(&self, id: &SessionId) -> Result<Option<(Revision, Session)>, LedgerError> {
        let Some(stored) = self.store.load(id).await? else { return Ok(None) };
        self.open(stored).await.map(Some)
    }

    /// The newest sessions; records that cannot be read are left out.
    pub(crate) async fn newest(&self, limit: usize) -> Result<Vec<(Revision, Session)>, LedgerError> {
        let mut out = Vec::new();
        for stored in self.store.newest(limit).await? {
            match self.open(stored).await {
                Ok(found) => out.push(found),
                Err(error) => tracing::warn!(%error, "a session is left out of the list"),
            }
        }
        Ok(out)
    }

    async fn open(&self, stored: Stored) -> Result<(Revision, Session), LedgerError> {
        let id = stored.id.clone();
        let session = record::read(&stored.bytes).map_err(|reason| LedgerError::Record { id: id.clone(), reason })?;
        if session.header().id != id {
            return Err(LedgerError::Record { id, reason: "it is another session's".to_owned() });
        }
        let now = self.clock.now();
        let died = |pid: u32, until: Timestamp| now > until || (pid != self.pid && !is_running(pid));
        let closed = match session {
            Session::Executing(e) if died(e.pid, e.until) => e.interrupt(),
            Session::Validating(v) if died(v.pid, v.until) => v.interrupt(),
            Session::AwaitingApproval(a) if now >= a.expires_at => a.expire(),
            alive @ (Session::Investigating(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Closed(_)) => {
                return Ok((stored.revision, alive));
            }
        };
        let mut closed = closed;
        let what = match closed.outcome {
            Outcome::Interrupted => "found interrupted: the process that acted is gone",
            _ => "expired without an answer",
        };
        closed.header.trail.note(now, "kubemend", what);
        let session = Session::Closed(closed);
        let revision = self.save(&session, Some(stored.revision)).await?;
        Ok((revision, session))
    }

    /// Records that we are about to act, and only then gives the permit. Of two approvals at the same revision one gets it.
    pub(crate) async fn begin(
        &self,
        revision: Revision,
        approved: Approved,
        may_take: SignedDuration,
    ) -> Result<(Executing, Revision, Permit), LedgerError> {
        let Approved { header, plan, digest } = approved;
        if plan.digest() != digest {
            return Err(LedgerError::Record { id: header.id, reason: "its plan does not fit its digest".to_owned() });
        }
        let now = self.clock.now();
        let until = now.checked_add(may_take).unwrap_or(now);
        let executing = Executing { header, plan: plan.clone(), pid: self.pid, until };
        let session = Session::Executing(executing);
        let revision = self.save(&session, Some(revision)).await?;
        match session {
            Session::Executing(executing) => Ok((executing, revision, Permit { plan })),
            Session::Investigating(_) | Session::AwaitingApproval(_) | Session::Validating(_) | Session::Closed(_) => {
                Err(LedgerError::Record { id: session.header().id.clone(), reason: "it is not executing".to_owned() })
            }
        }
    }

    /// A session that was just opened.
    pub(crate) async fn begin_investigation(&self, header: Header) -> Result<(Revision, Header), LedgerError> {
        let session = Session::Investigating(header);
        let revision = self.save(&session, None).await?;
        match session {
            Session::Investigating(header) => Ok((revision, header)),
            Session::AwaitingApproval(_) | Session::Executing(_) | Session::Validating(_) | Session::Closed(_) => {
                Err(LedgerError::Record { id: session.header().id.clone(), reason: "it is not investigating".to_owned() })
            }
        }
    }
}

/// Whether a process runs. Where that cannot be told the session's own deadline decides.
fn is_running(pid: u32) -> bool {
    if cfg!(target_os = "linux") { std::path::Path::new(&format!("/proc/{pid}")).exists() } else { true }
}
