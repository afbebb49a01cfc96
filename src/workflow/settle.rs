//! Watches the cluster until the plan's checks have held through the settle window, or the time is over.

mod course;
mod look;

use self::course::{Course, LOOK_AGAIN};
pub(super) use self::look::Case;
use self::look::{Look, judge};
use super::caller::Caller;
use super::collect::{self, Collected};
use super::conclude::Concluded;
use super::timing::{Patience, signed};
use super::watching::Watching;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::kind::Kind;
use crate::domain::once::once;
use crate::domain::snapshot::Snapshot;
use crate::domain::validation::{Validation, Verdict};
use crate::domain::words::Wording;
use crate::ports::{Clock, ClusterRead, Phase, ReadError};
use crate::validate::remains::{Besides, between};
use crate::{analyze, validate};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often a person hears that it still goes on.
const TELL: Duration = Duration::from_secs(1);
/// Changes come in bursts; looks are at least this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
/// What the last look of a call may take beyond the time that it waits.
const LAST_LOOK: Duration = Duration::from_secs(8);
/// So many reads may fail in a row before nothing can be told.
const FAILED_LOOKS: u32 = 10;

/// What watching led to.
pub(super) struct Settled {
    pub(super) validation: Validation,
    /// What the rules saw at the last look at everything, where one was needed; with what could not be read.
    pub(super) seen: Option<Diagnosis>,
}

/// Watches until there is a verdict: from what was read just before the change, where that was read, since what has happened since then
/// is told.
pub(super) async fn settle(
    before: Option<Collected>,
    case: Case<'_>,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    patience: Patience,
    caller: &Caller<'_>,
) -> Settled {
    let changed: Vec<Kind> = case.plan.steps.iter().map(|step| step.action.target().kind.clone()).collect();
    let mut settling = Settling::begin(case, read, clock, patience, caller);
    settling.watching = settling.watching.from(before, &changed);
    settling.in_time(false).await
}

/// One look, for a plan that was never applied: there is nothing to wait for, unless somebody else made its change.
pub(super) async fn look_once(
    case: Case<'_>,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    patience: Patience,
    caller: &Caller<'_>,
) -> Settled {
    Settling::begin(case, read, clock, patience, caller).in_time(true).await
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
        let (kinds, still) = if partial { (analyze::kinds(), Vec::new()) } else { (validate::kinds(plan), validate::unwatched(plan)) };
        let limit = patience.at_most().saturating_add(LOOK_AGAIN);
        Self {
            case,
            read,
            clock,
            caller,
            course: Course::begin(patience, clock.monotonic()),
            watching: Watching::of(kinds, still, case.scope, read, clock, limit),
            last: Look::default(),
            failed: 0,
            partial,
            besides: Besides::of(plan, case.before, case.scope, case.purpose),
        }
    }

    /// A call ends in time even where the cluster takes longer to answer.
    async fn in_time(mut self, once: bool) -> Settled {
        let (clock, begun) = (self.clock, self.clock.monotonic());
        let work = async |settling: &mut Self| if once { settling.look_once().await } else { settling.run().await };
        let Some(end) = self.course.call_ends() else { return work(&mut self).await };
        let left = end.saturating_sub(begun).saturating_add(LAST_LOOK);
        tokio::select! {
            settled = work(&mut self) => return settled,
            () = clock.sleep(left) => {}
        }
        let waited = self.course.waited(self.clock.monotonic()).as_secs();
        self.course.lost();
        let why = format!("the cluster did not answer in time: after {waited} s, {}; validate again", self.last.open());
        self.fallen(Verdict::Unclear, Some(why), None)
    }

    async fn look_once(&mut self) -> Settled {
        let looked = match self.everything().await {
            Ok(looked) => looked,
            Err(error) => return self.fallen(Verdict::Unclear, Some(error.in_a_report()), None),
        };
        let (look, seen) = match self.judge_everything(looked).await {
            ControlFlow::Continue(judged) => judged,
            ControlFlow::Break(cancelled) => return cancelled,
        };
        if look.holds() {
            return self.run().await;
        }
        let verdict = if look.is_untold() { Verdict::Unclear } else { Verdict::Unresolved };
        let why = format!("this plan was not applied; {}", look.open());
        self.last = look;
        self.fallen(verdict, Some(why), Some(seen))
    }

    async fn run(&mut self) -> Settled {
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
        if self.last.shows_nothing().is_some() {
            // A look at everything needs its room.
            drop(snapshot);
            return self.nothing_to_show().await;
        }
        if self.course.is_settled(now) {
            self.confirm(snapshot).await?;
        } else {
            self.watching.back(snapshot);
        }
        self.watching.again(&self.last.behind());
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
    /// A look at some kinds can show that all is well; what it leaves open, a look at everything tells.
    async fn confirm(&mut self, snapshot: Snapshot) -> ControlFlow<Settled> {
        if let Besides::Kinds(besides) = &self.besides {
            let (mut first, last) = validate::once_more(self.case.plan);
            first.extend(besides.iter().chain(&self.between()).filter(|kind| !last.contains(kind)).cloned());
            let waves = [once(first), last];
            let Ok(again) = self.watching.confirmed(snapshot, waves).await else { return self.unconfirmed() };
            (self.last, _) = self.judge_everything(again).await?;
            if !self.course.is_confirmed_by(&self.last) {
                return self.unconfirmed();
            }
            if let (verdict @ Verdict::Resolved, why) = self.last.verdict() {
                // A look at some kinds says nothing of the rest.
                return ControlFlow::Break(self.fallen(verdict, why, None));
            }
        } else {
            // A look at everything needs its room.
            drop(snapshot);
        }
        let Ok(again) = self.everything().await else { return self.unconfirmed() };
        let (look, seen) = self.judge_everything(again).await?;
        self.last = look;
        if !self.course.is_confirmed_by(&self.last) {
            return self.unconfirmed();
        }
        let (verdict, why) = self.last.verdict();
        ControlFlow::Break(self.fallen(verdict, why, Some(seen)))
    }

    /// Nothing is meant to run that could show what the change does, as far as a look at some kinds tells: what is recorded is what a look at
    /// everything tells, where there can be one.
    async fn nothing_to_show(&mut self) -> ControlFlow<Settled> {
        let mut seen = None;
        if let Ok(everything) = self.everything().await {
            let (look, diagnosis) = self.judge_everything(everything).await?;
            (self.last, seen) = (look, Some(diagnosis));
        }
        match self.last.shows_nothing() {
            Some(why) => ControlFlow::Break(self.fallen(Verdict::Unclear, Some(why), seen)),
            None => self.unconfirmed(),
        }
    }

    fn unconfirmed(&mut self) -> ControlFlow<Settled> {
        self.course.lost();
        ControlFlow::Continue(())
    }

    fn between(&self) -> Option<Kind> {
        between(self.case.plan, self.case.purpose)
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
    async fn end(&mut self) -> Settled {
        let missing = self.course.call_ends().and_then(|_| self.course.missing(self.clock.monotonic()));
        let waited = self.course.waited(self.clock.monotonic()).as_secs();
        let mut seen = None;
        let mut unread = self.failed > 0;
        match self.everything().await {
            Ok(everything) => match self.judge_everything(everything).await {
                ControlFlow::Continue((look, diagnosis)) => {
                    (self.last, seen) = (look, Some(diagnosis));
                }
                ControlFlow::Break(cancelled) => return cancelled,
            },
            Err(_) => unread = true,
        }
        let (verdict, why) = match missing.filter(|_| self.last.holds()) {
            Some(missing) => (Verdict::Unclear, missing.again()),
            None => self.last.late_verdict(waited),
        };
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

    /// Everything, in the room of what was watched, and after it once more what the plan changes and is about: nobody came in between.
    async fn everything(&mut self) -> Result<Snapshot, ReadError> {
        self.watching.anew();
        let Case { plan, scope, purpose, .. } = self.case;
        let words = purpose.words().map(Wording::of).unwrap_or_default();
        let collected = collect::about(words.within(scope.namespaces()), scope, self.read, self.clock).await?;
        let (_, mut last) = validate::once_more(plan);
        // What could not be read is told once.
        last.retain(|kind| collected.snapshot.is_complete(kind));
        // What the plan was made of, and no rule needs.
        let made_of = validate::kinds(plan).into_iter().filter(|kind| plan.judged.saw.contains(kind));
        let besides = once(made_of.chain(self.between()).filter(|kind| !collected.snapshot.looked.contains(kind)));
        collect::renewed(collected, [besides, last], scope, self.read, self.clock).await
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
