//! Compare-and-swap over the store: two processes, one permit. The intent is durable before anything is written.

use super::record::Acting;
use super::{Header, Investigating, Session, record};
use crate::domain::cause::KnownCodes;
use crate::domain::ending::Ending;
use crate::domain::id::SessionId;
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::ports::{Clock, Revision, SessionStore, StoreError, Stored};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why a record could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the record of session `{id}` cannot be used: {reason}")]
    Record { id: SessionId, reason: String },
    #[error("the session is about another cluster: it is for {planned}, and this is {now}")]
    OtherCluster { planned: String, now: String },
}

/// Which cluster each identity speaks to, asked just now.
#[derive(Debug)]
pub(crate) struct Identities {
    pub(crate) reader: ClusterId,
    pub(crate) writer: ClusterId,
}

impl Identities {
    /// Both speak to this cluster, and to the same one.
    pub(crate) fn are_of(&self, cluster: &Cluster) -> Result<(), LedgerError> {
        let wrong = |now: String| Err(LedgerError::OtherCluster { planned: cluster.in_words(), now });
        if !self.reader.is_same(&cluster.id) {
            return wrong(format!("another one (id {})", self.reader.short()));
        }
        if !self.writer.is_same(&cluster.id) || !self.writer.is_same(&self.reader) {
            return wrong(format!("the one of the writer credentials (id {})", self.writer.short()));
        }
        Ok(())
    }
}

/// Loads and saves sessions, and mints permits.
#[derive(Clone)]
pub(crate) struct Ledger {
    store: Arc<dyn SessionStore>,
    pub(super) clock: Arc<dyn Clock>,
    /// Which causes a record can be about.
    known: KnownCodes,
    pub(super) pid: u32,
    /// Until when this process takes answers to what states this time, on the monotonic clock: a wall clock that is set back makes
    /// no plan and no question valid again.
    deadlines: Arc<Mutex<BTreeMap<(SessionId, Timestamp), Duration>>>,
}

/// The sessions in which this process acts, by their store, and how many of its calls do: the one that comes second, and is refused, takes
/// nothing from the first.
static ACTING: Mutex<BTreeMap<(usize, SessionId), usize>> = Mutex::new(BTreeMap::new());

fn acting() -> MutexGuard<'static, BTreeMap<(usize, SessionId), usize>> {
    ACTING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See [`Ledger::acts`].
#[derive(Debug)]
pub(crate) struct Acts((usize, SessionId));

impl Drop for Acts {
    fn drop(&mut self) {
        let mut acting = acting();
        if let Some(left) = acting.remove(&self.0).and_then(|calls| calls.checked_sub(1)).filter(|left| *left > 0) {
            acting.insert(self.0.clone(), left);
        }
    }
}

/// Clocks of machines that share a store differ by so much at most.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
/// A process that still runs so long after the time that it stated is stuck: no clock is set by so much by accident.
const STUCK: SignedDuration = SignedDuration::from_hours(24);
/// So many questions wait at once at most, as far as this process remembers; the store knows of all.
const WAITING: usize = 1000;
/// How long this process remembers that a time for an answer is over.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

impl std::fmt::Debug for Ledger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ledger").field("pid", &self.pid).finish_non_exhaustive()
    }
}

impl Ledger {
    pub(crate) fn new(store: Arc<dyn SessionStore>, clock: Arc<dyn Clock>, known: KnownCodes) -> Self {
        Self { store, clock, known, pid: std::process::id(), deadlines: Arc::default() }
    }

    /// Saves a session over the revision it was loaded at.
    pub(crate) async fn save(&self, session: &Session, expected: Option<Revision>) -> Result<Revision, LedgerError> {
        self.save_at(session, expected, self.clock.now()).await
    }

    /// Records where a process that acts stands, over the revision that it recorded last.
    pub(super) async fn save_acting(&self, acting: Acting<'_>, expected: Revision) -> Result<Revision, LedgerError> {
        let id = acting.header().id.clone();
        let bytes = record::write_acting(acting).map_err(|reason| LedgerError::Record { id: id.clone(), reason })?;
        Ok(self.store.save(&id, Some(expected), self.clock.now(), &bytes).await?)
    }

    async fn save_at(&self, session: &Session, expected: Option<Revision>, at: Timestamp) -> Result<Revision, LedgerError> {
        let id = session.header().id.clone();
        if let Session::AwaitingApproval(awaiting) = session {
            self.is_late(&id, awaiting.expires_at);
            awaiting.asked().iter().for_each(|one| {
                self.is_late(&id, one.until);
            });
        }
        let bytes = record::write(session).map_err(|reason| LedgerError::Record { id: id.clone(), reason })?;
        Ok(self.store.save_until(&id, expected, at, goes_on_until(session), &bytes).await?)
    }

    /// Loads a session. One whose time is over, or whose process died while it acted, comes back ended, and is saved so.
    pub(crate) async fn load(&self, id: &SessionId) -> Result<Option<(Revision, Session)>, LedgerError> {
        let Some(stored) = self.store.load(id).await? else { return Ok(None) };
        self.open(stored).await.map(Some)
    }

    /// The sessions in which something can still happen or on which something rests, such as a no of today, and whose record has this text, each as it can be read: the others are not taken
    /// apart.
    pub(crate) async fn alive_with(&self, text: &str, limit: usize) -> Result<Vec<Result<(Revision, Session), LedgerError>>, LedgerError> {
        let mut out = Vec::new();
        let alive = self.store.alive(self.clock.now(), limit).await?;
        for stored in alive.into_iter().filter(|stored| has(&stored.bytes, text)) {
            out.push(self.open(stored).await);
        }
        Ok(out)
    }

    /// The newest sessions whose record has this text, as far as they can be read.
    pub(crate) async fn with_text(&self, text: &str, limit: usize) -> Result<Vec<Session>, LedgerError> {
        let mut out = Vec::new();
        for stored in self.store.with_text(text, limit).await? {
            out.extend(self.open(stored).await.ok().map(|(_, session)| session));
        }
        Ok(out)
    }

    /// The ids of sessions that begin so, whether or not they can be read.
    pub(crate) async fn beginning(&self, start: &str, limit: usize) -> Result<Vec<SessionId>, LedgerError> {
        Ok(self.store.beginning(start, limit).await?)
    }

    /// The newest sessions, each as it can be read, with when it was saved: what they are sorted by.
    pub(crate) async fn newest(&self, limit: usize) -> Result<Vec<Result<(Timestamp, Session), LedgerError>>, LedgerError> {
        let mut out = Vec::new();
        for stored in self.store.newest(limit).await? {
            let saved_at = stored.saved_at;
            out.push(self.open(stored).await.map(|(_, session)| (saved_at, session)));
        }
        Ok(out)
    }

    /// Removes a session in which nothing happened and that nobody was told of, as it was at this revision.
    pub(crate) async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), LedgerError> {
        Ok(self.store.forget(id, expected).await?)
    }

    /// For as long as this is kept, this process acts in the session.
    pub(crate) fn acts(&self, id: &SessionId) -> Acts {
        let acts = Acts(self.place(id));
        acting().entry(acts.0.clone()).and_modify(|calls| *calls = calls.saturating_add(1)).or_insert(1);
        acts
    }

    fn is_at_it(&self, id: &SessionId) -> bool {
        acting().contains_key(&self.place(id))
    }

    /// Several ledgers of a process may share a store.
    fn place(&self, id: &SessionId) -> (usize, SessionId) {
        (Arc::as_ptr(&self.store).cast::<()>().addr(), id.clone())
    }

    /// Whether this time for an answer is over by the clock that nobody sets, counted from when this process first saw it.
    fn is_late(&self, id: &SessionId, expires_at: Timestamp) -> bool {
        let now = self.clock.monotonic();
        let mut deadlines = self.deadlines.lock().unwrap_or_else(PoisonError::into_inner);
        if deadlines.len() >= WAITING {
            // What is over stays known as over, for longer than anybody sets a clock back.
            deadlines.retain(|_, deadline| deadline.saturating_add(FORGOTTEN) > now);
        }
        let left = Duration::try_from(expires_at.duration_since(self.clock.now())).unwrap_or_default();
        // Another time of the same session is counted by itself: it was stated by another question.
        let deadline = deadlines.entry((id.clone(), expires_at)).or_insert_with(|| now.saturating_add(left));
        now >= *deadline
    }

    async fn open(&self, stored: Stored) -> Result<(Revision, Session), LedgerError> {
        let id = stored.id.clone();
        let session = record::read(&stored.bytes, self.known).map_err(|reason| LedgerError::Record { id: id.clone(), reason })?;
        if session.header().id != id {
            return Err(LedgerError::Record { id, reason: "it belongs to another session".to_owned() });
        }
        let now = self.clock.now();
        // A pid is this process's own only where the mark is, too.
        let mark = session.header().process.clone();
        let died = |pid: u32, until: Timestamp| match mark.as_ref().and_then(|mark| mark.runs(pid)) {
            Some(false) => true,
            // What it does it knows itself, whatever the clock was set to.
            Some(true) if pid == self.pid => now > until && !self.is_at_it(&id),
            // Another process that runs ends it when it looks, or ends. One that is stuck does neither.
            Some(true) => until.saturating_add(STUCK).is_ok_and(|last| now > last),
            None => now > until,
        };
        let (mut closed, why) = match session {
            Session::Executing(e) if died(e.pid, e.until) => {
                (e.interrupt(), "interrupted: the process that made the change has ended or took too long")
            }
            Session::Validating(v) if died(v.pid, v.until) => {
                (v.interrupt(), "interrupted: the process that made the change has ended or took too long")
            }
            Session::Reverting(r) if died(r.pid, r.until) => {
                (r.interrupt(), "interrupted: the process that undid the change has ended or took too long")
            }
            Session::AwaitingApproval(a)
                if now >= a.expires_at
                    || now.saturating_add(SKEW).is_ok_and(|now| now < a.header.opened_at)
                    || self.is_late(&id, a.expires_at) =>
            {
                (a.expire(), "expired: no answer came in time")
            }
            Session::AwaitingApproval(mut a) => {
                a.end_questions(|until| self.is_late(&id, until));
                return Ok((stored.revision, Session::AwaitingApproval(a)));
            }
            Session::Investigating(i) if now >= i.until => (i.lapse(), "the investigation was not continued; nothing was changed"),
            Session::Diagnosed(d) if now >= d.until => (d.lapse(), "nothing was decided; nothing was changed"),
            alive @ (Session::Investigating(_)
            | Session::Diagnosed(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Reverting(_)
            | Session::Closed(_)) => {
                return Ok((stored.revision, alive));
            }
        };
        closed.header.trail.note(now, "kubemend", why);
        let session = Session::Closed(closed);
        // At its own time: that somebody looked is no news of the session, and must not put it first in the list.
        // It has ended by the clock, whether or not that can be recorded now: a store that is full, or another process that looks at
        // the same time, must not hide what is known. Nothing can be approved in it either way.
        let revision = match self.save_at(&session, Some(stored.revision), stored.saved_at).await {
            Ok(revision) => revision,
            Err(LedgerError::Store(error)) => {
                tracing::debug!(%error, "that a session has ended could not be recorded");
                stored.revision
            }
            Err(error @ (LedgerError::Record { .. } | LedgerError::OtherCluster { .. })) => return Err(error),
        };
        Ok((revision, session))
    }

    /// A session that was just opened, with what is known by now.
    pub(crate) async fn begin_investigation(&self, header: Header, until: Timestamp) -> Result<(Revision, Header), LedgerError> {
        let session = Session::Investigating(Investigating { header, until });
        let revision = self.save(&session, None).await?;
        match session {
            Session::Investigating(investigating) => Ok((revision, investigating.header)),
            Session::Diagnosed(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Reverting(_)
            | Session::Closed(_) => {
                Err(LedgerError::Record { id: session.header().id.clone(), reason: "it is not investigating".to_owned() })
            }
        }
    }
}

/// A human's no counts for so long, whoever asks again and with whatever value.
pub(crate) const DECLINED: SignedDuration = SignedDuration::from_hours(24);
/// What was done can be taken back for so long, however many look meanwhile; after that, as long as its record is among the newest.
const DONE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// After this nothing happens in it by itself, and nothing rests on it. One that acts is looked after until somebody has ended it.
fn goes_on_until(session: &Session) -> Timestamp {
    match session {
        Session::Investigating(s) => s.until,
        Session::Diagnosed(s) => s.until,
        Session::AwaitingApproval(s) => s.expires_at,
        Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) => Timestamp::MAX,
        Session::Closed(closed) => {
            let counts = match closed.ending {
                Ending::Declined => DECLINED,
                _ if closed.execution.is_some() => DONE,
                _ => return Timestamp::MIN,
            };
            closed.ended_at().checked_add(counts).unwrap_or(Timestamp::MAX)
        }
    }
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::known_code;
    use crate::clock::ManualClock;
    use crate::session::record::tests::waiting;
    use crate::store::MemoryStore;

    #[tokio::test]
    async fn no_is_kept_for_its_day_beside_what_waits_and_what_was_not_answered_is_not() {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ledger = Ledger::new(Arc::new(MemoryStore::new()), clock.clone(), known_code);
        let (awaiting, _) = waiting();
        let mut declined = awaiting.decline();
        declined.header.trail.answer(Timestamp::UNIX_EPOCH, "a human", "declined");
        let name = declined.header.id.to_string();
        let session = Session::Closed(declined);
        assert_eq!(goes_on_until(&session), Timestamp::UNIX_EPOCH + DECLINED);
        ledger.save(&session, None).await.unwrap();
        let found = async || ledger.alive_with(&name, 10).await.unwrap().len();
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(23));
        assert_eq!(found().await, 1, "the store keeps it, however many are over");
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(25));
        assert_eq!(found().await, 0);
        let (awaiting, _) = waiting();
        assert_eq!(goes_on_until(&Session::Closed(awaiting.expire())), Timestamp::MIN);
    }
}
