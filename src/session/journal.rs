//! The right to act, and the journal of what comes of it. Nothing is sent before the store has recorded that it is about to be sent,
//! and no further step before the store has recorded what became of the one before. Where the store cannot, or another process has
//! closed the session, nothing more is sent. Two processes, one permit: each record is a compare-and-swap.

use super::ledger::{Identities, Ledger, LedgerError};
use super::process::ProcessMark;
use super::record::Acting;
use super::{Approved, Closed, Executing, Header, Reverting, Validating};
use crate::domain::action::Action;
use crate::domain::execution::{Execution, StepOutcome, Undone};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{RemediationPlan, Step, Undo};
use crate::domain::request::Request;
use crate::domain::validation::Validation;
use crate::ports::{Revision, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// All steps of a plan, or all of their undo, are sent within this. It ends before anybody takes the session for dead.
pub(crate) const SENDING: SignedDuration = SignedDuration::from_secs(120);
/// An undo that was sent in time is answered and recorded in this.
const ANSWERED: SignedDuration = SignedDuration::from_secs(60);

/// Why a request is not sent any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stop {
    #[error("it is too late: the time for applying this plan has ended")]
    Late,
    #[error("the record of this session cannot be kept, so nothing more is sent: {0}")]
    Record(String),
}

/// A point in time, by both clocks. One stands still while the machine sleeps, the other one can be set back: each tells what the other
/// does not know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    wall: Timestamp,
    monotonic: Duration,
}

impl Moment {
    /// Now.
    pub(crate) fn now(ledger: &Ledger) -> Self {
        Self { wall: ledger.clock.now(), monotonic: ledger.clock.monotonic() }
    }

    /// Whether more than this has passed by one of the clocks.
    fn is_past(self, within: SignedDuration, ledger: &Ledger) -> bool {
        let now = Self::now(ledger);
        let passed = SignedDuration::try_from(now.monotonic.saturating_sub(self.monotonic)).unwrap_or(SignedDuration::MAX);
        passed >= within || now.wall.duration_since(self.wall) >= within
    }
}

/// Where the record stands, and until when anything may be sent.
#[derive(Debug)]
struct Place {
    ledger: Ledger,
    revision: Revision,
    /// When the time for sending began.
    since: Moment,
    /// Why the record could not be kept, once it could not.
    lost: Option<LedgerError>,
}

impl Place {
    fn new(ledger: &Ledger, revision: Revision, since: Moment) -> Self {
        Self { ledger: ledger.clone(), revision, since, lost: None }
    }

    async fn save(&mut self, acting: Acting<'_>) {
        if self.lost.is_some() {
            return;
        }
        match self.ledger.save_acting(acting, self.revision).await {
            Ok(revision) => self.revision = revision,
            Err(error) => self.lost = Some(error),
        }
    }

    /// The store failed, perhaps for a moment: what is to be recorded next is tried again. What somebody else recorded stays as it is.
    fn try_again(&mut self) {
        if matches!(self.lost, Some(LedgerError::Store(StoreError::Unusable { .. }))) {
            self.lost = None;
        }
    }

    fn may_send(&self) -> Result<(), Stop> {
        match &self.lost {
            Some(error) => Err(Stop::Record(error.to_string())),
            None if self.since.is_past(SENDING, &self.ledger) => Err(Stop::Late),
            None => Ok(()),
        }
    }

    fn into_revision(self) -> Result<Revision, LedgerError> {
        self.lost.map_or(Ok(self.revision), Err)
    }
}

/// The store says that we are about to act. It is used up by [`crate::execute::Executor::run`], which alone sends steps.
#[derive(Debug)]
pub(crate) struct Permit {
    executing: Executing,
    place: Place,
}

/// Records that we are about to act on the cluster that the session is about, and only then gives the permit. Of two approvals at the same revision one gets it.
/// Besides sending the steps, watching what comes of them may take so long until the session counts as dead. `since` is when the approval
/// was taken: what is sent is sent soon after it.
pub(crate) async fn begin(
    ledger: &Ledger,
    revision: Revision,
    approved: Approved,
    identities: &Identities,
    watching: SignedDuration,
    since: Moment,
) -> Result<Permit, LedgerError> {
    let Approved { header, planned, digest } = approved;
    identities.are_of(&header.cluster)?;
    if planned.plan.digest() != digest {
        return Err(LedgerError::Record { id: header.id, reason: "its plan does not match its digest".to_owned() });
    }
    let header = Header { process: ProcessMark::of(ledger.pid), ..header };
    let execution = Execution::ahead(planned.plan.steps.len());
    let executing = Executing { header, planned, execution, pid: ledger.pid, until: until(ledger, SENDING.saturating_add(watching)) };
    let place = Place::new(ledger, revision, since);
    let mut permit = Permit { executing, place };
    permit.save().await;
    match permit.place.lost.take() {
        Some(error) => Err(error),
        None => Ok(permit),
    }
}

fn until(ledger: &Ledger, may_take: SignedDuration) -> Timestamp {
    let now = ledger.clock.now();
    now.checked_add(may_take).unwrap_or(now)
}

impl Permit {
    /// What may be done, once.
    pub(crate) fn plan(&self) -> &RemediationPlan {
        &self.executing.planned.plan
    }

    /// Of the session whose plan it is.
    pub(crate) fn header(&self) -> &Header {
        &self.executing.header
    }

    /// What became of the steps by now.
    pub(crate) fn execution(&mut self) -> &mut Execution {
        &mut self.executing.execution
    }

    /// That this step may be sent now: the record says that it is about to be, and there is time left.
    pub(crate) async fn intend(&mut self, step: usize) -> Result<(), Stop> {
        self.place.may_send()?;
        let at = self.place.ledger.clock.now();
        self.executing.execution.set(step, StepOutcome::Intended { at });
        self.save().await;
        let may = self.place.may_send();
        if may.is_err() {
            self.executing.execution.set(step, StepOutcome::NotReached);
        }
        may
    }

    /// What became of this step.
    pub(crate) async fn record(&mut self, step: usize, outcome: StepOutcome) {
        self.executing.execution.set(step, outcome);
        self.save().await;
    }

    /// No step is sent any more. The record says so, too, if it can be kept, whether or not all before it could: it says what became of
    /// each step.
    pub(crate) async fn close(self, note: &str) -> (Validating, Result<Revision, LedgerError>) {
        let Self { executing, mut place } = self;
        place.try_again();
        let mut validating = executing.executed();
        validating.header.trail.note(place.ledger.clock.now(), "kubemend", note);
        place.save(Acting::Validating(&validating)).await;
        (validating, place.into_revision())
    }

    async fn save(&mut self) {
        self.place.save(Acting::Executing(&self.executing)).await;
    }
}

/// The store says that what was done is about to be undone. It is used up by [`crate::execute::Executor::revert`], which alone undoes.
#[derive(Debug)]
pub(crate) struct RevertPermit {
    reverting: Reverting,
    place: Place,
}

/// Records that what was done is about to be undone, and only then gives the permit. It belongs to the approval that the steps had.
/// The state is given back where it cannot be recorded: nothing is undone then.
pub(crate) async fn begin_revert(
    ledger: &Ledger,
    revision: Revision,
    validating: Validating,
    validation: Option<Validation>,
) -> Result<RevertPermit, (Box<Closed>, LedgerError)> {
    let Validating { header, planned, mut execution, pid, .. } = validating;
    let undone = |(step, outcome): (&Step, &StepOutcome)| -> Undone {
        match (outcome.took_effect(), &step.undo) {
            (Some(true), Undo::None { why }) => Undone::Stays { why: why.clone() },
            (Some(true), Undo::Restore { .. }) => Undone::Sent(StepOutcome::NotReached),
            (Some(false) | None, _) => Undone::NotNeeded,
        }
    };
    let all: Vec<Undone> = planned.plan.steps.iter().zip(execution.steps.iter()).map(undone).collect();
    execution.reverted = NonEmpty::from_vec(all);
    let reverting = Reverting { header, planned, execution, validation, pid, until: until(ledger, SENDING.saturating_add(ANSWERED)) };
    let mut permit = RevertPermit { reverting, place: Place::new(ledger, revision, Moment::now(ledger)) };
    permit.save().await;
    match permit.place.lost.take() {
        Some(error) => Err((Box::new(permit.reverting.settle()), error)),
        None => Ok(permit),
    }
}

impl RevertPermit {
    /// What is to be undone, last step first: the steps' numbers and actions, with the bytes.
    pub(crate) fn undo(&self) -> Vec<(usize, Action, Request)> {
        let Reverting { planned, execution, .. } = &self.reverting;
        let undone = execution.reverted.iter().flat_map(NonEmpty::iter);
        let steps = planned.plan.steps.iter().zip(undone).enumerate();
        let sent = steps.filter_map(|(index, (step, undone))| match (undone, &step.undo) {
            (Undone::Sent(_), Undo::Restore { request, .. }) => Some((index, step.action.clone(), request.clone())),
            (Undone::Sent(_) | Undone::Stays { .. } | Undone::NotNeeded, _) => None,
        });
        let mut all: Vec<(usize, Action, Request)> = sent.collect();
        all.reverse();
        all
    }

    /// That the undo of this step may be sent now.
    pub(crate) async fn intend(&mut self, step: usize) -> Result<(), Stop> {
        self.place.may_send()?;
        let at = self.place.ledger.clock.now();
        self.reverting.execution.set_undone(step, Undone::Sent(StepOutcome::Intended { at }));
        self.save().await;
        let may = self.place.may_send();
        if may.is_err() {
            self.reverting.execution.set_undone(step, Undone::Sent(StepOutcome::NotReached));
        }
        may
    }

    /// What became of the undo of this step.
    pub(crate) async fn record(&mut self, step: usize, outcome: StepOutcome) {
        self.reverting.execution.set_undone(step, Undone::Sent(outcome));
        self.save().await;
    }

    /// Nothing more is undone.
    pub(crate) fn close(self) -> (Closed, Result<Revision, LedgerError>) {
        (self.reverting.settle(), self.place.into_revision())
    }

    async fn save(&mut self) {
        self.place.save(Acting::Reverting(&self.reverting)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::known_code;
    use crate::clock::ManualClock;
    use crate::domain::id::SessionId;
    use crate::ports::{SessionStore, Stored};
    use crate::session::record::tests::waiting;
    use crate::session::{Planned, Session};
    use crate::store::MemoryStore;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A store of which one of the records, counted from 1, cannot be kept.
    struct Once(MemoryStore, AtomicUsize, usize);

    #[async_trait::async_trait]
    impl SessionStore for Once {
        async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
            self.0.load(id).await
        }

        async fn save_until(
            &self,
            id: &SessionId,
            expected: Option<Revision>,
            at: Timestamp,
            until: Timestamp,
            bytes: &[u8],
        ) -> Result<Revision, StoreError> {
            if self.1.fetch_add(1, Ordering::SeqCst) + 1 == self.2 {
                return Err(StoreError::Unusable { path: "memory".to_owned(), reason: "the disk is full".to_owned() });
            }
            self.0.save_until(id, expected, at, until, bytes).await
        }

        async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), StoreError> {
            self.0.forget(id, expected).await
        }

        async fn newest(&self, limit: usize) -> Result<Vec<Stored>, StoreError> {
            self.0.newest(limit).await
        }
    }

    async fn permit() -> (Arc<ManualClock>, Ledger, Permit) {
        permit_over(Arc::new(MemoryStore::new())).await
    }

    async fn permit_over(store: Arc<dyn SessionStore>) -> (Arc<ManualClock>, Ledger, Permit) {
        let clock = Arc::new(ManualClock::at(Timestamp::UNIX_EPOCH));
        let ledger = Ledger::new(store, clock.clone(), known_code);
        let (awaiting, secret) = waiting();
        let digest = awaiting.digest.clone();
        let session = Session::AwaitingApproval(awaiting);
        let revision = ledger.save(&session, None).await.unwrap();
        let Session::AwaitingApproval(awaiting) = session else { panic!("it waits") };
        let approved = awaiting.approve(&secret.reveal(), &digest, Timestamp::UNIX_EPOCH).unwrap();
        let id = approved.header.cluster.id.clone();
        let identities = Identities { reader: id.clone(), writer: id };
        let permit = begin(&ledger, revision, approved, &identities, SignedDuration::from_secs(120), Moment::now(&ledger)).await.unwrap();
        (clock, ledger, permit)
    }

    #[tokio::test]
    async fn step_after_its_time_is_not_announced_whatever_the_wall_clock_says() {
        let (clock, _, mut permit) = permit().await;
        assert_eq!(permit.intend(0).await, Ok(()));
        clock.advance(Duration::from_secs(120));
        clock.set(Timestamp::UNIX_EPOCH);
        assert_eq!(permit.intend(0).await, Err(Stop::Late));
    }

    /// The monotonic clock stands still meanwhile.
    #[tokio::test]
    async fn step_after_the_machine_slept_is_not_announced() {
        let (clock, _, mut permit) = permit().await;
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(3));
        assert_eq!(permit.intend(0).await, Err(Stop::Late));
        assert_eq!(permit.execution().steps.first(), &StepOutcome::NotReached);
    }

    #[tokio::test]
    async fn session_whose_process_acts_is_not_closed_because_the_clock_jumps() {
        let (clock, ledger, permit) = permit().await;
        let id = permit.executing.header.id.clone();
        let acts = ledger.acts(&id);
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(3));
        assert!(matches!(ledger.load(&id).await.unwrap().unwrap().1, Session::Executing(_)));
        drop(acts);
        assert!(matches!(ledger.load(&id).await.unwrap().unwrap().1, Session::Closed(_)), "nobody acts any more, and its time is over");
    }

    /// The question, the permit and the intent are kept, and the outcome is not.
    #[tokio::test]
    async fn outcome_that_could_not_be_recorded_for_a_moment_is_in_the_record_in_the_end() {
        let (_, ledger, mut permit) = permit_over(Arc::new(Once(MemoryStore::new(), AtomicUsize::new(0), 4))).await;
        let id = permit.executing.header.id.clone();
        let applied = StepOutcome::Applied { at: Timestamp::UNIX_EPOCH, uid: Some("u-1".to_owned()) };
        assert_eq!(permit.intend(0).await, Ok(()));
        permit.record(0, applied.clone()).await;
        assert!(matches!(permit.intend(0).await, Err(Stop::Record(_))), "nothing more is sent");
        permit.execution().set(0, applied.clone());
        assert!(permit.close("").await.1.is_ok());
        let Some((_, Session::Validating(kept))) = ledger.load(&id).await.unwrap() else { panic!("it is validated") };
        assert_eq!(kept.execution.steps.first(), &applied);
    }

    #[tokio::test]
    async fn step_is_not_announced_once_somebody_else_has_closed_the_session() {
        let (clock, ledger, mut permit) = permit().await;
        clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1));
        let id = permit.executing.header.id.clone();
        assert!(matches!(ledger.load(&id).await.unwrap().unwrap().1, Session::Closed(_)));
        clock.set(Timestamp::UNIX_EPOCH);
        assert!(matches!(permit.intend(0).await, Err(Stop::Record(_))));
        assert_eq!(permit.execution().steps.first(), &StepOutcome::NotReached);
        let (validating, saved) = permit.close("").await;
        let Planned { plan, .. } = &validating.planned;
        assert!(saved.is_err() && plan.steps.len() == 1);
    }
}
