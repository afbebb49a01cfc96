//! The record of sessions: list, show, decline, find. Needs a store and a clock, and no cluster.

use super::report::{Report, Status};
use super::{Approver, Records, Remediation, SessionLine, WorkflowError, answer, look, summary};
use crate::domain::id::SessionId;
use crate::domain::plan::PlanDigest;
use crate::ports::Revision;
use crate::session::{AwaitingApproval, Outcome, Session};

impl Records {
    /// The newest sessions, newest first.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        let newest = self.ledger.newest(limit).await?;
        Ok(newest
            .into_iter()
            .map(|(_, session)| {
                let header = session.header();
                SessionLine {
                    id: header.id.clone(),
                    status: look::state_of(&session),
                    opened_at: header.opened_at,
                    context: header.context.clone(),
                    namespace: header.scope.namespace().map_or_else(|| "(all)".to_owned(), ToString::to_string),
                    issue: header.issue.clone(),
                }
            })
            .collect())
    }

    /// One session's report as it stands.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn show(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        look::report_of(&self.session(id).await?)
    }

    /// The context of the cluster that a session is about.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn context_of(&self, id: &SessionId) -> Result<String, WorkflowError> {
        Ok(self.session(id).await?.header().context.clone())
    }

    /// A no. The session is over and nothing was changed.
    ///
    /// # Errors
    /// The session does not wait for an answer.
    pub async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        let (revision, awaiting) = self.awaiting(session).await?;
        let mut report = answer::stored_report(&awaiting)?;
        let mut closed = awaiting.decline();
        report.status = Status::Declined;
        report.summary = summary::of(&report);
        closed.header.trail.note(self.clock.now(), &answer::who(&by), "declined");
        closed.header.report = serde_json::to_value(&report).unwrap_or_default();
        self.ledger.save(&Session::Closed(closed), Some(revision)).await?;
        Ok(report)
    }

    /// The open session whose plan has this digest.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        // As many as `kubemend sessions` shows: an older one has expired.
        let newest = self.ledger.newest(100).await?;
        Ok(newest.into_iter().find_map(|(_, session)| match session {
            Session::AwaitingApproval(a) if a.digest == *digest => Some(a.header.id),
            Session::Investigating(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Closed(_) => None,
        }))
    }

    pub(super) async fn awaiting(&self, id: &SessionId) -> Result<(Revision, AwaitingApproval), WorkflowError> {
        let found = self.ledger.load(id).await?;
        let (revision, session) = found.ok_or_else(|| WorkflowError::NoSession(id.clone()))?;
        let state = match session {
            Session::AwaitingApproval(awaiting) => return Ok((revision, awaiting)),
            Session::Investigating(_) => "is still investigating",
            Session::Executing(_) => "is being executed already",
            Session::Validating(_) => "was executed already and is being validated",
            Session::Closed(c) => match c.outcome {
                Outcome::Expired => "has expired: run remediate again",
                Outcome::Declined => "was declined",
                _ => "is over",
            },
        };
        Err(WorkflowError::Session(format!("session `{id}` {state}")))
    }

    pub(super) async fn session(&self, id: &SessionId) -> Result<Session, WorkflowError> {
        self.ledger.load(id).await?.map(|(_, session)| session).ok_or_else(|| WorkflowError::NoSession(id.clone()))
    }
}

/// The same over the store of a cluster's use cases.
impl Remediation {
    /// The record alone.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// See [`Records::sessions`].
    ///
    /// # Errors
    /// See there.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        self.records.sessions(limit).await
    }

    /// See [`Records::show`].
    ///
    /// # Errors
    /// See there.
    pub async fn show(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        self.records.show(id).await
    }

    /// See [`Records::decline`].
    ///
    /// # Errors
    /// See there.
    pub async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        self.records.decline(session, by).await
    }

    /// See [`Records::find_open`].
    ///
    /// # Errors
    /// See there.
    pub async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        self.records.find_open(digest).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RuntimeClock;
    use crate::domain::issue::{Origin, Scope};
    use crate::domain::limits::Limits;
    use crate::planner::example::{image_plan, namespace};
    use crate::session::Header;
    use crate::session::trail::Trail;
    use crate::store::MemoryStore;
    use jiff::{SignedDuration, Timestamp};
    use std::sync::Arc;

    /// A store with one waiting session in it, and nothing else of the program.
    async fn kept(origin: Origin) -> (Records, SessionId, PlanDigest) {
        let clock = Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH));
        let records = Records::new(Arc::new(MemoryStore::new()), clock);
        let id = SessionId::from_entropy([3; 16]);
        let header = Header {
            id: id.clone(),
            opened_at: Timestamp::UNIX_EPOCH,
            issue: "it is down".to_owned(),
            origin,
            scope: Scope::Namespace { namespace: namespace(), objects: Vec::new() },
            limits: Limits::default(),
            context: "staging".to_owned(),
            server: "test:6443".to_owned(),
            trail: Trail::default(),
            report: serde_json::Value::Null,
        };
        let expires_at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(900);
        let (mut awaiting, _) = header.propose(image_plan(1), [9; 32], expires_at);
        let cluster = crate::domain::snapshot::Cluster { context: "staging".into(), server: "test:6443".into(), version: String::new() };
        let report = super::super::view::blank(id.as_str(), "it is down", Some("shop"), &[], &cluster, origin);
        awaiting.header.report = serde_json::to_value(report).unwrap();
        let digest = awaiting.digest.clone();
        records.ledger.save(&Session::AwaitingApproval(awaiting), None).await.unwrap();
        (records, id, digest)
    }

    #[tokio::test]
    async fn a_session_is_listed_shown_found_and_declined_without_any_cluster() {
        let (records, id, digest) = kept(Origin::Caller).await;
        let listed = records.sessions(10).await.unwrap();
        assert_eq!(
            listed.iter().map(|l| (&l.id, l.status, l.context.as_str())).collect::<Vec<_>>(),
            [(&id, Status::AwaitingApproval, "staging")]
        );
        assert_eq!(records.context_of(&id).await.unwrap(), "staging");
        assert_eq!(records.find_open(&digest).await.unwrap(), Some(id.clone()));
        assert_eq!(records.show(&id).await.unwrap().status, Status::AwaitingApproval);
        assert_eq!(records.decline(&id, Approver::Terminal).await.unwrap().status, Status::Declined);
        assert_eq!(records.find_open(&digest).await.unwrap(), None);
        assert_eq!(records.show(&id).await.unwrap().status, Status::Declined);
    }

    #[tokio::test]
    async fn a_session_that_does_not_exist_is_not_found() {
        let (records, ..) = kept(Origin::Caller).await;
        let unknown = SessionId::from_entropy([4; 16]);
        assert!(matches!(records.show(&unknown).await, Err(WorkflowError::NoSession(id)) if id == unknown));
        assert!(matches!(records.decline(&unknown, Approver::Terminal).await, Err(WorkflowError::NoSession(_))));
    }

    #[tokio::test]
    async fn who_asked_is_kept_with_the_session() {
        let (records, id, _) = kept(Origin::Event).await;
        assert_eq!(records.session(&id).await.unwrap().header().origin, Origin::Event);
        assert_eq!(records.show(&id).await.unwrap().issue.origin, "event");
    }
}
