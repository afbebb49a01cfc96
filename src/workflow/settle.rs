//! Watches the cluster until the plan's checks have held through the settle window, or the time is over.

mod course;
mod look;

use self::course::{Course, LOOK_AGAIN};
pub(super) use self::look::Case;
use self::look::{Look, judge};
use super::caller::Caller;
use super::collect;
use super::conclude::Concluded;
use super::timing::{Patience, signed};
use super::watching::Watching;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::snapshot::Snapshot;
use crate::domain::validation::{Validation, Verdict};
use crate::domain::words::Wording;
use crate::ports::{Clock, ClusterRead, Phase, ReadError};
use crate::validate::remains::Besides;
use crate::{analyze, validate};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often a person hears that it still goes on.
const TELL: Duration = Duration::from_secs(1);
/// Changes come in bursts; looks are at least this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
/// So many reads may fail in a row before nothing can be told.
const FAILED_LOOKS: u32 = 10;

/// What watching led to.
pub(super) struct Settled {
    pub(super) validation: Validation,
    /// What the rules saw at the last look at everything, where one was needed; with what could not be read.
    pub(super) seen: Option<Diagnosis>,
}

/// Watches until there is a verdict.
pub(super) async fn settle(case: Case<'_>, read: &dyn ClusterRead, clock: &dyn Clock, patience: Patience, caller: &Caller<'_>) -> Settled {
    Settling::begin(case, read, clock, patience, caller).run().await
}

/// One look, for a plan that was never applied: there is nothing to wait for, unless somebody else made its change.
pub(super) async fn look_once(
    case: Case<'_>,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    patience: Patience,
    caller: &Caller<'_>,
) -> Settled {
    let mut settling = Settling::begin(case, read, clock, patience, caller);
    let looked = match settling.everything().await {
        Ok(looked) => looked,
        Err(error) => return settling.fallen(Verdict::Unclear, Some(error.in_a_report()), None),
    };
    let (look, seen) = match settling.judge_everything(looked).await {
        ControlFlow::Continue(judged) => judged,
        ControlFlow::Break(cancelled) => return cancelled,
    };
    if look.holds() {
        return settling.run().await;
    }
    let verdict = if look.is_untold() { Verdict::Unclear } else { Verdict::Unresolved };
    let why = format!("this plan was not applied; {}", look.open());
    settling.last = look;
    settling.fallen(verdict, Some(why), Some(seen))
}

/// Watching, and what it has seen.
struct Settling<'a> {
    case: Case<'a>,
    read: &'a dyn ClusterRead,
    clock: &'a dyn Clock,
    caller: &'a Caller<'a>,
    course: Course,
    watching: Watching<'a>,
    last: Look,
    /// Reads that failed in a row.
    failed: u32,
    /// The plan leaves another fault and promises nothing that can be seen to run; then only the rules can say what is left.
    partial: bool,
    /// What is looked at besides, before anything is called resolved.
    besides: Besides,
}

impl<'a> Settling<'a> {
    fn begin(case: Case<'a>, read: &'a dyn ClusterRead, clock: &'a dyn Clock, patience: Patience, caller: &'a Caller<'a>) -> Self {
        let plan = case.plan;
        let promises = plan.checks.iter().any(|check| matches!(check, Check::RolloutComplete(_) | Check::PodReady(_)));
        let partial = !plan.judged.about.is_empty() && !promises;
        let kinds = if partial { analyze::kinds() } else { validate::kinds(plan) };
        let limit = patience.at_most().saturating_add(LOOK_AGAIN);
        Self {
            case,
            read,
            clock,
            caller,
            course: Course::begin(patience, clock.monotonic()),
            watching: Watching::of(kinds, case.scope, read, clock, limit),
            last: Look::default(),
            failed: 0,
            partial,
            besides: Besides::of(plan, case.before, case.scope),
        }
    }

    async fn run(mut self) -> Settled {
        loop {
            if let ControlFlow::Break(end) = self.look().await {
                return end;
            }
            if self.caller.cancel.is_cancelled() {
                return self.cancelled();
            }
            if self.course.is_over(self.clock.monotonic()) {
                return self.end().await;
            }
            self.rest().await;
        }
    }

    /// One look at what the checks are about, and what follows from it.
    async fn look(&mut self) -> ControlFlow<Settled> {
        let snapshot = match self.watching.look().await {
            Ok(snapshot) => snapshot,
            Err(error) => return self.missed(&error),
        };
        self.failed = 0;
        let Concluded { snapshot, answer, .. } = self.judge(snapshot).await?;
        self.last = answer;
        let now = self.clock.monotonic();
        self.course.saw(&self.last, now);
        if let Some(why) = self.last.shows_nothing() {
            return ControlFlow::Break(self.fallen(Verdict::Unclear, Some(why), None));
        }
        if self.course.is_settled(now) {
            self.confirm(&snapshot).await?;
        }
        self.watching.back(snapshot);
        if self.course.takes_everything(now) {
            self.look_for_another_cause().await?;
        }
        let words = self.course.in_words(now).unwrap_or_else(|| self.last.open());
        self.caller.progress.tell(Phase::Validating, &words);
        ControlFlow::Continue(())
    }

    /// A look that failed.
    fn missed(&mut self, error: &ReadError) -> ControlFlow<Settled> {
        self.failed = self.failed.saturating_add(1);
        self.course.lost();
        let stays =
            matches!(error, ReadError::Unauthorized { .. } | ReadError::Config(_) | ReadError::Kubeconfig { .. } | ReadError::Options(_));
        if self.failed >= FAILED_LOOKS || stays {
            return ControlFlow::Break(self.fallen(Verdict::Unclear, Some(error.in_a_report()), None));
        }
        ControlFlow::Continue(())
    }

    /// Everything has held through the window: once more on fresh reads, and on everything where more than this was wrong or named.
    async fn confirm(&mut self, snapshot: &Snapshot) -> ControlFlow<Settled> {
        let again = match &self.besides {
            Besides::Everything => self.everything().await,
            Besides::Kinds(besides) => {
                let own = validate::rests_on(self.case.plan);
                let besides = besides.iter().filter(|kind| !own.contains(kind)).cloned();
                self.watching.confirmed(snapshot, &own.iter().cloned().chain(besides).collect::<Vec<_>>()).await
            }
        };
        let Ok(again) = again else {
            self.course.lost();
            return ControlFlow::Continue(());
        };
        let (look, seen) = self.judge_everything(again).await?;
        // A look at some kinds says nothing of the rest.
        let seen = (self.besides == Besides::Everything).then_some(seen);
        self.last = look;
        if self.course.is_confirmed_by(&self.last) {
            let (verdict, why) = self.last.verdict();
            return ControlFlow::Break(self.fallen(verdict, why, seen));
        }
        self.course.lost();
        ControlFlow::Continue(())
    }

    /// What goes wrong now may be another cause's doing: then waiting on helps nobody.
    async fn look_for_another_cause(&mut self) -> ControlFlow<Settled> {
        let Ok(everything) = self.everything().await else { return ControlFlow::Continue(()) };
        let (look, seen) = self.judge_everything(everything).await?;
        let known = self.partial && look.leaves_something() && look.passes();
        if look.is_gone() && (look.holder.is_some() || known) {
            let why = look.still_broken();
            self.last = look;
            self.course.lost();
            return ControlFlow::Break(self.fallen(Verdict::Partly, why, Some(seen)));
        }
        ControlFlow::Continue(())
    }

    /// The time is over: the verdict falls on a look at everything.
    async fn end(mut self) -> Settled {
        let waited = self.course.waited(self.clock.monotonic()).as_secs();
        let mut seen = None;
        let mut unread = self.failed > 0;
        match self.everything().await {
            Ok(everything) => match self.judge_everything(everything).await {
                ControlFlow::Continue((look, diagnosis)) => (self.last, seen) = (look, Some(diagnosis)),
                ControlFlow::Break(cancelled) => return cancelled,
            },
            Err(_) => unread = true,
        }
        let (verdict, why) = self.last.late_verdict(waited);
        self.course.lost();
        self.fallen(if unread { Verdict::Unclear } else { verdict }, Some(why), seen)
    }

    /// Waits for news, or for the time to look again.
    async fn rest(&mut self) {
        let mut left = self.course.pause(self.clock.monotonic());
        self.clock.sleep(BETWEEN_LOOKS.min(left)).await;
        while !left.is_zero() {
            let tick = left.min(TELL);
            tokio::select! {
                () = self.caller.cancel.cancelled() => break,
                told = self.watching.wait(tick) => if told { break },
            }
            left = left.saturating_sub(tick);
            if let Some(words) = self.course.in_words(self.clock.monotonic()).filter(|_| !left.is_zero()) {
                self.caller.progress.tell(Phase::Validating, &words);
            }
        }
    }

    async fn everything(&self) -> Result<Snapshot, ReadError> {
        collect::about(Wording::of(self.case.issue), self.case.scope, self.read, self.clock).await.map(|collected| collected.snapshot)
    }

    async fn judge(&self, snapshot: Snapshot) -> ControlFlow<Settled, Concluded<Look>> {
        match judge(self.case, snapshot, &self.caller.cancel).await {
            Some(concluded) => ControlFlow::Continue(concluded),
            None => ControlFlow::Break(self.cancelled()),
        }
    }

    /// The same of a look at everything: with what the rules saw, and what could not be read.
    async fn judge_everything(&self, snapshot: Snapshot) -> ControlFlow<Settled, (Look, Diagnosis)> {
        let Concluded { snapshot, mut diagnosis, answer } = self.judge(snapshot).await?;
        diagnosis.unseen.extend(snapshot.gaps);
        ControlFlow::Continue((answer, diagnosis))
    }

    fn cancelled(&self) -> Settled {
        self.fallen(Verdict::Unclear, Some("the call was cancelled before the success checks were done".to_owned()), None)
    }

    fn fallen(&self, verdict: Verdict, why: Option<String>, seen: Option<Diagnosis>) -> Settled {
        let validation = Validation {
            verdict,
            checks: self.last.results(),
            settled_for: signed(self.course.held_for(self.clock.monotonic())),
            at: self.clock.now(),
            why,
        };
        Settled { validation, seen }
    }
}
