//! The record of sessions: list, show, find, decline. Needs a store and a clock, and no cluster.

pub mod bundle;

use super::report::Report;
use super::standing::Standing;
use super::view::{recalled, report_of};
use super::{Approver, Remediation, SessionLine, Undecided, WorkflowError};
use crate::analyze;
use crate::domain::ending::Ending;
use crate::domain::id::{SessionId, SessionStart};
use crate::domain::issue::Scope;
use crate::domain::object::Namespace;
use crate::domain::plan::PlanDigest;
use crate::ports::{Clock, Revision, SessionStore, StoreError};
use crate::session::ledger::{Ledger, LedgerError};
use crate::session::trail::Effect;
use crate::session::{AwaitingApproval, Session};
use std::sync::Arc;

/// Sessions that can be going on at once: each goes on for a quarter of an hour, unless the operator set more.
const ALIVE: usize = 10_000;
/// Sessions that are named where several are meant.
const ALIKE: usize = 10;
/// How often something is recorded anew after another process was faster.
pub(super) const NOTE_ATTEMPTS: usize = 4;

/// The use cases over the sessions of a store. Cheap to clone.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "its parts are ports")]
pub struct Records {
    pub(super) ledger: Ledger,
    pub(super) clock: Arc<dyn Clock>,
}

impl Records {
    /// Over this store. Nothing is opened by this.
    pub fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>) -> Self {
        Self { ledger: Ledger::new(store, clock.clone(), analyze::known_code), clock }
    }

    /// The sessions that changed last, last change first; those whose records cannot be used are not among them.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        Ok(self.list(limit).await?.0)
    }

    /// The same, and why each of the others cannot be used.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn list(&self, limit: usize) -> Result<(Vec<SessionLine>, Vec<WorkflowError>), WorkflowError> {
        let line = |session: &Session, changed_at| {
            let header = session.header();
            SessionLine {
                id: header.id.clone(),
                status: Standing::of(session).status,
                is_undo: header.purpose.undoes().is_some(),
                opened_at: header.opened_at,
                changed_at,
                context: header.cluster.context.clone(),
                namespace: namespaces(&header.scope),
                issue: header.purpose.in_words(),
            }
        };
        let (mut lines, mut unusable) = (Vec::new(), Vec::new());
        for found in self.ledger.newest(limit).await? {
            match found {
                Ok((changed_at, session)) => lines.push(line(&session, changed_at)),
                Err(error) => unusable.push(error.into()),
            }
        }
        Ok((lines, unusable))
    }

    /// One session's report as it stands. Of one that has ended it says when, since nothing is looked at for it.
    ///
    /// # Errors
    /// There is no such session.
    pub async fn show(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        let session = self.session(id).await?;
        Ok(recalled(&session, self.taken_back(&session).await.as_ref()))
    }

    /// The sessions whose ids begin so.
    ///
    /// # Errors
    /// The store cannot be used.
    pub async fn beginning(&self, start: &SessionStart) -> Result<Vec<SessionId>, WorkflowError> {
        if let Some(id) = start.whole() {
            return Ok(vec![id]);
        }
        Ok(self.ledger.beginning(start.as_str(), ALIKE).await?)
    }

    /// The context of the cluster that a session is about.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn context_of(&self, id: &SessionId) -> Result<String, WorkflowError> {
        Ok(self.session(id).await?.header().cluster.context.clone())
    }

    /// The open session whose plan has this digest.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        let alive = self.ledger.alive_with(digest.as_str(), ALIVE).await?;
        Ok(alive.into_iter().flatten().find_map(|(_, session)| match session {
            Session::AwaitingApproval(a) if a.digest == *digest => Some(a.header.id),
            Session::Investigating(_)
            | Session::Diagnosed(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Reverting(_)
            | Session::Closed(_) => None,
        }))
    }

    /// A no. The session is over and nothing was changed.
    ///
    /// # Errors
    /// The session does not wait for an answer.
    pub async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        let mut attempt = 1;
        loop {
            let (revision, awaiting) = self.awaiting(session).await?;
            let mut closed = awaiting.decline();
            closed.header.trail.answer(self.clock.now(), &by.in_words(), "declined");
            let closed = Session::Closed(closed);
            match self.ledger.save(&closed, Some(revision)).await {
                Err(LedgerError::Store(StoreError::Conflict(_))) if attempt < NOTE_ATTEMPTS => attempt += 1,
                Ok(_) => return Ok(report_of(&closed)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Somebody was asked, and nothing was decided, for this reason: it is recorded, and the session stands as it did.
    ///
    /// # Errors
    /// There is no such session, or the store cannot be used.
    pub async fn undecided(&self, session: &SessionId, by: Approver, why: Undecided) -> Result<Report, WorkflowError> {
        self.note(session, &by.in_words(), why.in_words(), Effect::Undecided).await
    }

    /// Records what changed nothing in a session that waits; in another one there is nothing to record.
    pub(super) async fn note(&self, id: &SessionId, who: &str, what: &str, effect: Effect) -> Result<Report, WorkflowError> {
        for _ in 0..NOTE_ATTEMPTS {
            let (revision, mut session) = self.ledger.load(id).await?.ok_or_else(|| WorkflowError::NoSession(id.clone()))?;
            let waits = matches!(session, Session::AwaitingApproval(_));
            if !waits || !session.header_mut().trail.note_without_effect(self.clock.now(), who, what, effect) {
                return Ok(report_of(&session));
            }
            match self.ledger.save(&session, Some(revision)).await {
                Err(LedgerError::Store(StoreError::Conflict(_))) => {}
                Ok(_) => return Ok(report_of(&session)),
                Err(error) => return Err(error.into()),
            }
        }
        self.show(id).await
    }

    pub(super) async fn session(&self, id: &SessionId) -> Result<Session, WorkflowError> {
        let found = self.ledger.load(id).await?;
        found.map(|(_, s)| s).ok_or_else(|| WorkflowError::NoSession(id.clone()))
    }

    pub(super) async fn awaiting(&self, id: &SessionId) -> Result<(Revision, AwaitingApproval), WorkflowError> {
        let found = self.ledger.load(id).await?;
        let (revision, session) = found.ok_or_else(|| WorkflowError::NoSession(id.clone()))?;
        let state = match session {
            Session::AwaitingApproval(awaiting) => return Ok((revision, awaiting)),
            Session::Investigating(_) => "has no plan yet: its diagnosis is not finished",
            Session::Diagnosed(_) => "has only a diagnosis: run remediate to get a plan to approve",
            Session::Executing(_) => "is already being executed",
            Session::Validating(_) => "was already executed and is being validated",
            Session::Reverting(_) => "was executed and is being rolled back",
            Session::Closed(c) => match c.ending {
                Ending::Expired => "has expired: run remediate again",
                Ending::Declined => "was declined",
                _ => "has ended",
            },
        };
        Err(WorkflowError::State { session: id.clone(), state })
    }
}

/// The same over the store of a cluster's use cases.
impl Remediation {
    /// The record alone.
    pub fn records(&self) -> Records {
        Records { ledger: self.ledger.clone(), clock: self.parts.clock.clone() }
    }

    /// See [`Records::sessions`].
    ///
    /// # Errors
    /// See there.
    pub async fn sessions(&self, limit: usize) -> Result<Vec<SessionLine>, WorkflowError> {
        self.records().sessions(limit).await
    }

    /// See [`Records::show`].
    ///
    /// # Errors
    /// See there.
    pub async fn show(&self, id: &SessionId) -> Result<Report, WorkflowError> {
        self.records().show(id).await
    }

    /// See [`Records::decline`].
    ///
    /// # Errors
    /// See there.
    pub async fn decline(&self, session: &SessionId, by: Approver) -> Result<Report, WorkflowError> {
        self.records().decline(session, by).await
    }

    /// See [`Records::undecided`].
    ///
    /// # Errors
    /// See there.
    pub async fn undecided(&self, session: &SessionId, by: Approver, why: Undecided) -> Result<Report, WorkflowError> {
        self.records().undecided(session, by, why).await
    }

    /// See [`Records::find_open`].
    ///
    /// # Errors
    /// See there.
    pub async fn find_open(&self, digest: &PlanDigest) -> Result<Option<SessionId>, WorkflowError> {
        self.records().find_open(digest).await
    }
}

/// The namespaces in a list of sessions.
fn namespaces(scope: &Scope) -> String {
    let names: Vec<&str> = scope.namespaces().iter().map(Namespace::as_str).collect();
    if names.is_empty() { "(all)".to_owned() } else { names.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::RuntimeClock;
    use crate::domain::conversation::Conversation;
    use crate::domain::door::Door;
    use crate::domain::issue::Origin;
    use crate::domain::limits::{Limits, Wishes};
    use crate::domain::observation::Observations;
    use crate::domain::purpose::Purpose;
    use crate::domain::usage::Usage;
    use crate::planner::example::{diagnosis, image_plan, namespace};
    use crate::session::trail::Trail;
    use crate::session::{Header, Planned};
    use crate::store::MemoryStore;
    use crate::workflow::report::Status;
    use jiff::{SignedDuration, Timestamp};

    /// A store with one waiting session in it, and nothing else of the program.
    async fn kept(origin: Origin) -> (Records, SessionId, PlanDigest) {
        let clock = Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH));
        let records = Records::new(Arc::new(MemoryStore::new()), clock);
        let id = SessionId::from_entropy([3; 16]);
        let header = Header {
            id: id.clone(),
            opened_at: Timestamp::UNIX_EPOCH,
            purpose: Purpose::Issue("it is down".to_owned()),
            origin,
            proposed_by: None,
            scope: Scope::Namespace { namespace: namespace(), objects: Vec::new() },
            limits: Limits::default(),
            wishes: Wishes::default(),
            cluster: crate::planner::example::cluster("staging"),
            diagnosis: diagnosis(),
            looked: Vec::new(),
            observations: Observations::default(),
            conversation: Conversation::default(),
            advice: Vec::new(),
            withheld: None,
            usage: Usage::default(),
            trail: Trail::default(),
            process: None,
        };
        let planned = Planned { plan: image_plan(1), rehearsal: None };
        let (awaiting, _) = header.propose(planned, [9; 32], Timestamp::UNIX_EPOCH + SignedDuration::from_secs(900), Door::Library);
        let digest = awaiting.digest.clone();
        records.ledger.save(&Session::AwaitingApproval(awaiting), None).await.unwrap();
        (records, id, digest)
    }

    #[tokio::test]
    async fn a_session_is_listed_shown_found_and_declined_without_any_cluster() {
        let (records, id, digest) = kept(Origin::Caller).await;
        let listed = records.sessions(10).await.unwrap();
        let line = (&listed[0].id, listed[0].status, listed[0].context.as_str());
        assert_eq!((listed.len(), line), (1, (&id, Status::AwaitingApproval, "staging")));
        assert_eq!(records.context_of(&id).await.unwrap(), "staging");
        assert_eq!(records.find_open(&digest).await.unwrap(), Some(id.clone()));
        assert_eq!(records.show(&id).await.unwrap().status, Status::AwaitingApproval);
        assert_eq!(records.decline(&id, Approver::Terminal).await.unwrap().status, Status::Declined);
        assert_eq!(records.find_open(&digest).await.unwrap(), None);
        let plan = records.show(&id).await.unwrap().plan.unwrap();
        assert_eq!(plan.expires_at, None, "nothing is waited for any more");
        assert_eq!(records.show(&id).await.unwrap().status, Status::Declined);
    }

    /// What is shown beside a session in the list is what the list is sorted by.
    #[tokio::test(start_paused = true)]
    async fn list_shows_the_time_that_it_is_sorted_by() {
        let (records, older, _) = kept(Origin::Caller).await;
        let minute = std::time::Duration::from_secs(60);
        tokio::time::advance(minute).await;
        let mut session = records.session(&older).await.unwrap();
        session.header_mut().id = SessionId::from_entropy([8; 16]);
        session.header_mut().opened_at = records.clock.now();
        records.ledger.save(&session, None).await.unwrap();
        tokio::time::advance(minute).await;
        records.decline(&older, Approver::Terminal).await.unwrap();
        let second = |at: Timestamp| at.as_second();
        let listed = records.sessions(10).await.unwrap();
        let times: Vec<(i64, i64)> = listed.iter().map(|line| (second(line.opened_at), second(line.changed_at))).collect();
        assert_eq!(times, [(0, 120), (60, 60)], "the one that was answered last comes first");
    }

    #[tokio::test]
    async fn the_beginning_of_an_id_finds_the_session_and_none_that_only_names_it() {
        let (records, id, _) = kept(Origin::Caller).await;
        let mut other = records.session(&id).await.unwrap();
        other.header_mut().id = SessionId::from_entropy([8; 16]);
        other.header_mut().purpose = Purpose::Undo(id.clone());
        records.ledger.save(&other, None).await.unwrap();
        assert_eq!(records.beginning(&SessionStart::of(&id)).await.unwrap(), std::slice::from_ref(&id));
        let unknown = SessionStart::of(&SessionId::from_entropy([4; 16]));
        assert_eq!(records.beginning(&unknown).await.unwrap(), []);
        assert!(SessionStart::parse("s-1234567").is_err() && SessionStart::parse("12345678").is_err());
    }

    #[tokio::test]
    async fn a_session_that_does_not_exist_is_not_found() {
        let (records, ..) = kept(Origin::Caller).await;
        let unknown = SessionId::from_entropy([4; 16]);
        assert!(matches!(records.show(&unknown).await, Err(WorkflowError::NoSession(id)) if id == unknown));
        assert!(matches!(records.decline(&unknown, Approver::Terminal).await, Err(WorkflowError::NoSession(_))));
    }

    #[tokio::test]
    async fn record_that_cannot_be_used_is_counted_and_hides_no_other() {
        let store = Arc::new(MemoryStore::new());
        let clock = Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH));
        let old = SessionId::from_entropy([5; 16]);
        store.save(&old, None, Timestamp::UNIX_EPOCH, br#"{"version":1,"state":{"is":"closed"}}"#).await.unwrap();
        let records = Records::new(store, clock);
        let (lines, unusable) = records.list(10).await.unwrap();
        assert_eq!(lines, []);
        assert!(matches!(&unusable[..], [WorkflowError::Record { session, .. }] if *session == old), "{unusable:?}");
        let error = records.show(&old).await.unwrap_err();
        assert!(error.hints().iter().any(|hint| hint.contains("kubemend.dev/applied")), "{:?}", error.hints());
    }

    #[tokio::test]
    async fn a_client_that_answers_by_itself_has_decided_nothing_and_it_is_recorded_up_to_a_bound() {
        let (records, id, _) = kept(Origin::Caller).await;
        let client = || Approver::Client("a client".to_owned());
        for why in [Undecided::ByItself, Undecided::NoChoice, Undecided::Later, Undecided::Dismissed, Undecided::Unanswered] {
            assert_eq!(records.undecided(&id, client(), why).await.unwrap().status, Status::AwaitingApproval);
        }
        for _ in 0..100 {
            records.undecided(&id, client(), Undecided::ByItself).await.unwrap();
        }
        let session = records.session(&id).await.unwrap();
        assert_eq!(session.header().trail.count(Effect::Undecided), 20);
        assert_eq!(records.decline(&id, Approver::Terminal).await.unwrap().status, Status::Declined);
        let after = records.undecided(&id, client(), Undecided::Dismissed).await.unwrap();
        assert_eq!(after.status, Status::Declined, "what has ended stays as it is");
    }

    #[tokio::test]
    async fn who_asked_is_kept_with_the_session() {
        let (records, id, _) = kept(Origin::Event).await;
        assert_eq!(records.show(&id).await.unwrap().issue.origin, "event");
    }

    #[tokio::test]
    async fn the_beginning_of_an_id_finds_its_session_however_many_others_mention_it() {
        let (records, id, _) = kept(Origin::Caller).await;
        for other in 100..200_u8 {
            let mut session = records.session(&id).await.unwrap();
            session.header_mut().id = SessionId::from_entropy([other; 16]);
            session.header_mut().purpose = Purpose::Issue(format!("look at {id}"));
            records.ledger.save(&session, None).await.unwrap();
        }
        assert_eq!(records.beginning(&SessionStart::of(&id)).await.unwrap(), std::slice::from_ref(&id));
    }
}
