//! A session, seen by somebody who did not open it: how far it is, what it was opened for, and what it comes to.

use super::late::answered_elsewhere;
use super::records::Records;
use super::report::Report;
use super::standing::TakenBack;
use super::{Caller, Problem, Remediation, SessionStage, WorkflowError};
use crate::domain::focus::Because;
use crate::domain::id::SessionId;
use crate::domain::issue::{Issue, Scope};
use crate::domain::object::ObjectName;
use crate::domain::once::once;
use crate::domain::purpose::Purpose;
use crate::ports::Phase;
use crate::session::Session;
use std::time::Duration;

/// How often a session that somebody else carries out is read again.
const LOOK: Duration = Duration::from_secs(1);
/// An undo of an undo is rare, and nobody makes a long row of them.
const UNDOES: usize = 16;
/// Sessions that name another one: those that were opened to undo it, and what was seen of it within the next minutes.
const NAMING: usize = 100;

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

    /// What a session was opened for: the same words, the same scope and the same wishes, to look again. Of an undo it is what the session
    /// was opened for that it undoes.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn problem(&self, id: &SessionId) -> Result<Problem, WorkflowError> {
        let (session, words) = self.reported(id).await?;
        let header = session.header();
        // In each of several namespaces an object has the one name that was given.
        let objects = once(header.scope.objects().iter().map(|o| ObjectName { kind: o.kind.clone(), name: o.name.clone() }));
        // Of several namespaces, and of one that the words state and that was not there, the words decide again, as they did.
        let stated = header.diagnosis.focus.lost.is_empty() || header.diagnosis.focus.because == Because::Asked;
        Ok(Problem {
            issue: Issue::parse(&words).ok(),
            namespace: header.scope.namespace().filter(|_| stated).cloned(),
            all_namespaces: header.scope == Scope::All && objects.is_empty() && stated,
            objects,
            wishes: header.wishes.clone(),
        })
    }

    /// What took back what this session did, where something did and nobody took that back again. A store that cannot be searched says
    /// nothing here.
    pub(super) async fn taken_back(&self, session: &Session) -> Option<TakenBack> {
        let Session::Closed(closed) = session else { return None };
        if !closed.may_have_changed() {
            return None;
        }
        let mut row = vec![closed.header.id.clone()];
        while let Some(undo) = self.undo_of(row.last()?).await.filter(|_| row.len() < UNDOES) {
            match undo {
                TakenBack::By(session) => row.push(session),
                // Whatever came before: what holds now is not known.
                perhaps @ TakenBack::PerhapsBy(_) => return Some(perhaps),
            }
        }
        // An undo of an undo brings the change back.
        row.get(1).filter(|_| row.len().is_multiple_of(2)).cloned().map(TakenBack::By)
    }

    async fn undo_of(&self, session: &SessionId) -> Option<TakenBack> {
        let naming = self.ledger.with_text(session.as_str(), NAMING).await.ok()?;
        let undoes = naming.into_iter().filter_map(|other| match other {
            Session::Closed(closed) if closed.has_undone(session) => Some(TakenBack::By(closed.header.id)),
            Session::Closed(closed) if closed.may_have_undone(session) => Some(TakenBack::PerhapsBy(closed.header.id)),
            Session::Closed(_)
            | Session::Investigating(_)
            | Session::Diagnosed(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Reverting(_) => None,
        });
        undoes.min_by_key(|undo| undo.seen().is_none())
    }

    /// The session in which somebody reported something, with their words: this one, or the one that this one undoes.
    async fn reported(&self, id: &SessionId) -> Result<(Session, String), WorkflowError> {
        let mut id = id.clone();
        for _ in 0..UNDOES {
            let session = self.session(&id).await?;
            match &session.header().purpose {
                Purpose::Issue(words) => {
                    let words = words.clone();
                    return Ok((session, words));
                }
                Purpose::Undo(undone) => id = undone.clone(),
            }
        }
        Err(WorkflowError::State { session: id, state: "is one of too many that undo one another" })
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
