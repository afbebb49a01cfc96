//! The one way to a stored session with a cluster at hand: what is connected now must be what the session is about.
//! Whoever asks, answers, looks again or takes back passes here first, and once more before the first byte.

use super::{Meter, Remediation, WorkflowError};
use crate::domain::id::SessionId;
use crate::execute::Executor;
use crate::ports::{ClusterRead, Revision};
use crate::session::ledger::Identities;
use crate::session::{AwaitingApproval, Header, Session};

impl Remediation {
    /// A session of this cluster, in whatever state.
    pub(super) async fn session_here(&self, id: &SessionId, read: &dyn ClusterRead) -> Result<Session, WorkflowError> {
        let session = self.records().session(id).await?;
        is_here(session.header(), read).await?;
        Ok(session)
    }

    /// A session of this cluster that waits for an answer.
    pub(super) async fn awaiting_here(
        &self,
        id: &SessionId,
        read: &dyn ClusterRead,
    ) -> Result<(Revision, AwaitingApproval), WorkflowError> {
        let (revision, awaiting) = self.records().awaiting(id).await?;
        is_here(&awaiting.header, read).await?;
        Ok((revision, awaiting))
    }

    /// That the writing identity speaks to the cluster that was read.
    pub(super) async fn writes_here(&self, header: &Header, executor: &Executor, meter: &Meter) -> Result<(), WorkflowError> {
        let writer = executor.identity(&meter.requests).await?;
        Ok(Identities { reader: header.cluster.id.clone(), writer }.are_of(&header.cluster)?)
    }
}

/// Which cluster the reader and the writer speak to, asked now: without this nothing begins.
pub(super) async fn identities(executor: &Executor, meter: &Meter) -> Result<Identities, WorkflowError> {
    let reader = meter.read.identity().await?;
    let writer = executor.identity(&meter.requests).await?;
    Ok(Identities { reader, writer })
}

async fn is_here(header: &Header, read: &dyn ClusterRead) -> Result<(), WorkflowError> {
    let (planned, now) = (&header.cluster, read.cluster().await?);
    if planned.id.is_same(&now.id) {
        return Ok(());
    }
    Err(WorkflowError::OtherCluster { planned: planned.in_words(), now: now.in_words() })
}
