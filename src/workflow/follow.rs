//! A session, seen by somebody who did not open it: how far it is, what it was opened for, and what it comes to.

use super::late::answered_elsewhere;
use super::records::Records;
use super::report::Report;
use super::{Caller, Problem, Remediation, SessionStage, WorkflowError};
use crate::domain::focus::Because;
use crate::domain::id::SessionId;
use crate::domain::issue::{Issue, Scope};
use crate::domain::object::ObjectName;
use crate::domain::once::once;
use crate::ports::Phase;
use crate::session::Session;
use std::time::Duration;

/// How often a session that somebody else carries out is read again.
const LOOK: Duration = Duration::from_secs(1);

impl Records {
    /// How far a session is.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn stage(&self, id: &SessionId) -> Result<SessionStage, WorkflowError> {
        Ok(match self.session(id).await? {
            Session::AwaitingApproval(_) => SessionStage::Awaiting,
            Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) => SessionStage::Underway,
            Session::Investigating(_) | Session::Diagnosed(_) | Session::Closed(_) => SessionStage::AtRest,
        })
    }

    /// What a session was opened for: the same words, the same scope and the same wishes, to look again.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn problem(&self, id: &SessionId) -> Result<Problem, WorkflowError> {
        let session = self.session(id).await?;
        let header = session.header();
        // In each of several namespaces an object has the one name that was given.
        let objects = once(header.scope.objects().iter().map(|o| ObjectName { kind: o.kind.clone(), name: o.name.clone() }));
        // Of several namespaces, and of one that the words state and that was not there, the words decide again, as they did.
        let stated = header.diagnosis.focus.lost.is_empty() || header.diagnosis.focus.because == Because::Asked;
        Ok(Problem {
            issue: Issue::parse(&header.issue).ok(),
            namespace: header.scope.namespace().filter(|_| stated).cloned(),
            all_namespaces: header.scope == Scope::All && objects.is_empty() && stated,
            objects,
            wishes: header.wishes.clone(),
        })
    }
}

impl Remediation {
    /// The report of a session that was answered by another door, once it has come to its end.
    ///
    /// # Errors
    /// The session cannot be read, or the caller went away.
    pub async fn follow(&self, id: &SessionId, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        while self.records().stage(id).await? == SessionStage::Underway {
            caller.progress.tell(Phase::Validating, "the plan was approved elsewhere and is being applied");
            tokio::select! {
                () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
                () = self.parts.clock.sleep(LOOK) => {}
            }
        }
        Ok(answered_elsewhere(&self.records().session(id).await?))
    }
}
