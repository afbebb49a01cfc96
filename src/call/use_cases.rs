//! What a surface needs of the rest: the use cases for a context, the time, and randomness.

use super::error::CallError;
use super::operator::Operator;
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::{Clock, Entropy, Phase};
use crate::probe::arguments::LookArguments;
use crate::workflow::report::Report;
use crate::workflow::{
    Approver, Caller, LateAnswer, Looked, Opened, Problem, Question, Remediation, SessionLine, SessionStage, Token, Undecided, Validate,
    WorkflowError,
};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;

/// Gives a surface its use cases. Connecting is lazy, so that a surface is there before any cluster is.
#[async_trait]
pub trait Backend: Send + Sync {
    /// The use cases on a context, connected and kept; `None` is the operator's context.
    ///
    /// # Errors
    /// The context is not one that the operator listed, or connecting failed.
    async fn remediation(&self, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError>;

    /// The use cases on the cluster of a session. A context that is named beside it must be its own. Where there is one cluster only,
    /// there is nothing to choose.
    ///
    /// # Errors
    /// There is no such session, it is of another context, or connecting failed.
    async fn remediation_of(&self, session: &SessionId, context: Option<&str>) -> Result<Arc<dyn UseCases>, WorkflowError> {
        let _of_the_only_cluster = session;
        self.remediation(context).await
    }

    /// What the operator set that a surface has to know.
    fn operator(&self) -> &Operator;

    /// The sessions that changed last, last change first; needs no cluster.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn recent(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError>;

    /// The report of a session; needs no cluster.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    async fn session(&self, id: &SessionId) -> Result<Report, WorkflowError>;

    /// A server did not accept the credentials: the next call reads them again.
    async fn credentials_refused(&self);

    /// For the time that is left to answer.
    fn clock(&self) -> Arc<dyn Clock>;

    /// For the key that seals what a client carries for us.
    fn entropy(&self) -> Arc<dyn Entropy>;
}

/// The use cases on a context, and a word about it to who waits.
///
/// # Errors
/// See [`Backend::remediation`].
pub async fn connect(backend: &dyn Backend, context: Option<&str>, caller: &Caller<'_>) -> Result<Arc<dyn UseCases>, CallError> {
    caller.progress.tell(Phase::Connecting, "");
    Ok(backend.remediation(context).await?)
}

/// The same for what may be a session of another cluster.
///
/// # Errors
/// See [`Backend::remediation_of`].
pub async fn connect_to(
    backend: &dyn Backend,
    session: Option<&SessionId>,
    context: Option<&str>,
    caller: &Caller<'_>,
) -> Result<Arc<dyn UseCases>, CallError> {
    let Some(session) = session else { return connect(backend, context, caller).await };
    caller.progress.tell(Phase::Connecting, "");
    Ok(backend.remediation_of(session, context).await?)
}

/// The use cases that surfaces call: [`Remediation`], or a double in tests.
#[async_trait]
pub trait UseCases: Send + Sync {
    /// Causes and plan, without a write.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn analyze(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Report, WorkflowError>;

    /// Looks for an investigation, in the name of a session that keeps what was seen.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn look(&self, session: &SessionId, looks: &[LookArguments], caller: &Caller<'_>) -> Result<Looked, WorkflowError>;

    /// Opens a session: to its end where the gate grants it, else to the question.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn open(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Opened, WorkflowError>;

    /// Opens a session whose plan takes back what another one did, and asks.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn undo(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Opened, WorkflowError>;

    /// The yes. Consumes the token, executes and validates.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn approve(&self, yes: ProvenYes<'_>, caller: &Caller<'_>) -> Result<Report, WorkflowError>;

    /// The yes of a second call of this client that repeats the digest, where the operator lets that count for this plan.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn approve_by_digest(
        &self,
        session: &SessionId,
        digest: &PlanDigest,
        client: &str,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError>;

    /// What the agent that called concludes from a session: a diagnosis in its words, and perhaps a question to a human.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn conclude(&self, session: &SessionId, proposal: &Value, client: &str, caller: &Caller<'_>) -> Result<Opened, WorkflowError>;

    /// The no.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError>;

    /// Somebody was asked, and nothing was decided, for this reason: it is recorded, and the session keeps waiting.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn undecided(&self, session: &SessionId, by: Approver, why: Undecided) -> Result<Report, WorkflowError>;

    /// An answer that came after the session was answered elsewhere, or after its time: it is recorded, and the report says what it came after.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn too_late(&self, session: &SessionId, by: &Approver, said: LateAnswer) -> Result<Report, WorkflowError>;

    /// Asks again, with a fresh token.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn question(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Question, WorkflowError>;

    /// Nobody reads the question of this token any more: it leaves its place to another one, and no answer to it counts.
    async fn withdraw(&self, session: &SessionId, token: &Token);

    /// The session that waits with this plan.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError>;

    /// Does it hold now?
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn validate(&self, what: &Validate, caller: &Caller<'_>) -> Result<Report, WorkflowError>;

    /// A session's report.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn show(&self, session: &SessionId) -> Result<Report, WorkflowError>;

    /// Whether a session still waits for an answer.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn stage(&self, session: &SessionId) -> Result<SessionStage, WorkflowError>;

    /// A session that another door answered, once it has come to its end.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn follow(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Report, WorkflowError>;

    /// What a session was opened for, to look again.
    ///
    /// # Errors
    /// See [`WorkflowError`].
    async fn problem(&self, session: &SessionId) -> Result<Problem, WorkflowError>;
}

/// A yes, with what proves that the question was shown.
#[derive(Debug)]
pub struct ProvenYes<'a> {
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
    async fn analyze(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        Remediation::analyze(self, problem, caller).await
    }

    async fn look(&self, session: &SessionId, looks: &[LookArguments], caller: &Caller<'_>) -> Result<Looked, WorkflowError> {
        Remediation::look(self, session, looks, caller).await
    }

    async fn open(&self, problem: &Problem, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Remediation::open(self, problem, caller).await
    }

    async fn undo(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Remediation::undo(self, session, caller).await
    }

    async fn approve(&self, yes: ProvenYes<'_>, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        Remediation::approve(self, yes.session, yes.token, yes.digest, yes.by, caller).await
    }

    async fn approve_by_digest(
        &self,
        session: &SessionId,
        digest: &PlanDigest,
        client: &str,
        caller: &Caller<'_>,
    ) -> Result<Report, WorkflowError> {
        Remediation::approve_by_digest(self, session, digest, client, caller).await
    }

    async fn conclude(&self, session: &SessionId, proposal: &Value, client: &str, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        Remediation::conclude(self, session, proposal, client, caller).await
    }

    async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        Remediation::decline(self, session, by).await
    }

    async fn undecided(&self, session: &SessionId, by: Approver, why: Undecided) -> Result<Report, WorkflowError> {
        Remediation::undecided(self, session, by, why).await
    }

    async fn too_late(&self, session: &SessionId, by: &Approver, said: LateAnswer) -> Result<Report, WorkflowError> {
        Remediation::too_late(self, session, by, said).await
    }

    async fn question(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Question, WorkflowError> {
        Remediation::question(self, session, caller).await
    }

    async fn withdraw(&self, session: &SessionId, token: &Token) {
        Remediation::withdraw(self, session, token).await;
    }

    async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        Remediation::find_open(self, digest).await
    }

    async fn validate(&self, what: &Validate, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        Remediation::validate(self, what, caller).await
    }

    async fn show(&self, session: &SessionId) -> Result<Report, WorkflowError> {
        Remediation::show(self, session).await
    }

    async fn stage(&self, session: &SessionId) -> Result<SessionStage, WorkflowError> {
        self.records().stage(session).await
    }

    async fn follow(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        Remediation::follow(self, session, caller).await
    }

    async fn problem(&self, session: &SessionId) -> Result<Problem, WorkflowError> {
        self.records().problem(session).await
    }
}
