//! What the surface needs of the rest: a remediation for a context, the time, and randomness.

use crate::domain::id::SessionId;
use crate::domain::limits::Limits;
use crate::domain::plan::PlanDigest;
use crate::ports::{Clock, Entropy, Progress};
use crate::workflow::report::Report;
use crate::workflow::{Approver, Ask, Opened, Question, Remediation, Token, Validate, Wishes, WorkflowError};
use async_trait::async_trait;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Gives the tools their use cases. Connecting is lazy, so that the tool list is there before any cluster is.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The use cases on a context, connected and kept; `None` is the operator's context.
    ///
    /// # Errors
    /// The context is not one that the operator listed, or connecting failed.
    async fn remediation(&self, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError>;

    /// For the time that is left to answer.
    fn clock(&self) -> Arc<dyn Clock>;

    /// For the key that seals request states.
    fn entropy(&self) -> Arc<dyn Entropy>;
}

/// The use cases that the tools call: [`crate::workflow::Remediation`], or a double in tests.
#[async_trait]
pub trait UseCases: Send + Sync {
    /// Causes and plan, without a write.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn analyze(&self, ask: &Ask, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError>;

    /// Opens a session: to its end where the gate grants it, else to the question.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn open(&self, ask: &Ask, wishes: &Wishes, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Opened, WorkflowError>;

    /// The yes. Consumes the token, executes and validates.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn approve(&self, yes: Yes<'_>, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError>;

    /// The no.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError>;

    /// Asks again, with a fresh token.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn question(&self, session: &SessionId) -> Result<Question, WorkflowError>;

    /// The session that waits with this plan.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError>;

    /// Does it hold now?
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn validate(&self, what: &Validate, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError>;

    /// A session's report.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn show(&self, session: &SessionId) -> Result<Report, WorkflowError>;

    /// The operator's limits.
    fn limits(&self) -> &Limits;
}

/// A yes, with what proves it.
#[derive(Debug)]
pub struct Yes<'a> {
    /// To which session.
    pub session: &'a SessionId,
    /// From the question.
    pub token: &'a Token,
    /// To which plan.
    pub digest: &'a PlanDigest,
    /// Who said it.
    pub by: Approver,
}

#[async_trait]
impl UseCases for Remediation {
    async fn analyze(&self, ask: &Ask, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError> {
        Remediation::analyze(self, ask, progress, cancel).await
    }

    async fn open(&self, ask: &Ask, wishes: &Wishes, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Opened, WorkflowError> {
        Remediation::open(self, ask, wishes, progress, cancel).await
    }

    async fn approve(&self, yes: Yes<'_>, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError> {
        Remediation::approve(self, yes.session, yes.token, yes.digest, yes.by, progress, cancel).await
    }

    async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        Remediation::decline(self, session, by).await
    }

    async fn question(&self, session: &SessionId) -> Result<Question, WorkflowError> {
        Remediation::question(self, session).await
    }

    async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        Remediation::find_open(self, digest).await
    }

    async fn validate(&self, what: &Validate, progress: &dyn Progress, cancel: &CancellationToken) -> Result<Report, WorkflowError> {
        Remediation::validate(self, what, progress, cancel).await
    }

    async fn show(&self, session: &SessionId) -> Result<Report, WorkflowError> {
        Remediation::show(self, session).await
    }

    fn limits(&self) -> &Limits {
        Remediation::limits(self)
    }
}
