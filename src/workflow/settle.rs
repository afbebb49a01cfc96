//! Watches the cluster until the plan's checks have held through the settle window, or the time is over.

use super::caller::Caller;
use super::collect::collect;
use super::conclude::{Concluded, conclude};
use super::watching::Watching;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::plan::RemediationPlan;
use crate::domain::snapshot::Snapshot;
use crate::domain::validation::{CheckResult, Validation, Verdict};
use crate::facts::{Facts, newest, proof};
use crate::ports::{Clock, ClusterRead, Phase, ReadError};
use crate::validate::remains::Concern;
use crate::{analyze, planner, validate};
use jiff::SignedDuration;
use std::time::Duration;

/// How long validation may take, and how long all must hold.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// All checks must hold this long without a break: 5 seconds unless configured. A plan may need longer.
    pub settle: Duration,
    /// After this the verdict falls as things are: two minutes, which covers a pull and a start, unless configured.
    pub validate_within: Duration,
    /// How long a plan waits for an answer: 15 minutes.
    pub plan_ttl: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self { settle: Duration::from_secs(5), validate_within: Duration::from_secs(120), plan_ttl: Duration::from_secs(15 * 60) }
    }
}

impl Timing {
    /// How long all must hold for this plan: the operator's window, or what the plan needs.
    pub(super) fn settle_of(&self, plan: &RemediationPlan) -> SignedDuration {
        plan.judged.settle.max(signed(self.settle))
    }

    /// The same, for a plan that was approved: at least what was told, and what the operator wants now.
    pub(super) fn window(&self, plan: &RemediationPlan) -> Duration {
        unsigned(self.settle_of(plan))
    }
}

/// Without a change seen, look again after this: time alone turns a start into a fault.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How often a person hears that it still goes on.
const TELL: Duration = Duration::from_secs(1);
/// Changes come in bursts; looks are at least this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
/// So many reads may fail in a row before nothing can be told.
const FAILED_LOOKS: u32 = 10;
/// How long after a look at everything the next one is due, at first; each time it is twice as long.
const WHOLE_AGAIN: Duration = Duration::from_secs(15);

/// What is watched.
#[derive(Clone, Copy)]
pub(super) struct Case<'a> {
    pub(super) plan: &'a RemediationPlan,
    pub(super) scope: &'a Scope,
    /// What was known before the change.
    pub(super) before: &'a Diagnosis,
    /// What was reported, in somebody's words.
    pub(super) issue: &'a str,
}

/// What watching led to.
pub(super) struct Settled {
    pub(super) validation: Validation,
    /// What the rules saw at the last look at everything, where one was needed; with what could not be read.
    pub(super) seen: Option<Diagnosis>,
}

/// What one look says.
#[derive(Debug, Clone, Default)]
struct Look {
    checks: Vec<CheckResult>,
    /// What has to run and does not.
    idle: Vec<String>,
    starts: newest::Starts,
    /// How long a container lived that ended since the change.
    life: SignedDuration,
    /// What belongs to the issue and is still broken.
    remains: Vec<String>,
    /// The plan changed what has to run, and no other cause is named for what is wrong with it: the change may be to blame.
    suspect: bool,
    /// Another cause that holds the Pods and that was not known before.
    holder: Option<String>,
    /// Something is seen to be wrong with what has to run.
    ill: bool,
}

impl Look {
    fn passes(&self) -> bool {
        self.checks.iter().all(|c| c.passed == Some(true))
    }

    fn holds(&self) -> bool {
        self.passes() && self.idle.is_empty()
    }

    /// The cause is seen to be gone, at every place.
    fn is_gone(&self) -> bool {
        let mut gone = self.checks.iter().filter(|c| matches!(c.check, Check::FindingGone { .. } | Check::SymptomGone(_)));
        gone.all(|c| c.passed == Some(true))
    }

    /// Nothing that ran earlier was started again or is gone.
    fn runs_on(&self, earlier: &newest::Starts) -> bool {
        earlier.iter().all(|(container, start)| self.starts.get(container) == Some(start))
    }

    fn open(&self) -> String {
        let failing = self.checks.iter().filter(|r| r.passed != Some(true));
        let mut open: Vec<String> = failing.map(|r| format!("{}: {}", r.check.object().slashed(), r.observed)).collect();
        if open.is_empty() {
            open.extend(self.idle.iter().cloned());
        }
        if open.is_empty() { "the cluster could not be read".to_owned() } else { format!("not passed yet: {}", open.join("; ")) }
    }
}

/// What the rules and the checks say of a snapshot; gives it back. `None`: cancelled.
async fn judge(case: Case<'_>, snapshot: Snapshot, caller: &Caller<'_>) -> Option<Concluded<Look>> {
    let (plan, before, issue) = (case.plan.clone(), case.before.clone(), case.issue.to_owned());
    let ask = move |facts: &Facts<'_>, seen: &mut Diagnosis| {
        let checks = validate::check_all(&plan, facts, seen, |code| analyze::unread(code, facts.snapshot()));
        planner::triage(seen, facts, analyze::severity);
        let issue = Concern::of(&plan, facts, &issue);
        let fresh: Vec<_> = plan.judged.about.iter().flat_map(|o| newest::pods_of_newest(facts, o)).collect();
        let holder = issue.holding(seen).into_iter().find(|cause| before.cause(&cause.key()).is_none());
        Look {
            idle: issue.idle(),
            starts: newest::starts(&fresh),
            life: newest::longest_life(&fresh).unwrap_or_default(),
            remains: issue.remains(seen),
            suspect: issue.changes_what_runs() && issue.causes(seen).is_empty(),
            holder: holder.map(|cause| cause.title.clone()),
            ill: issue.is_ill(seen),
            checks,
        }
    };
    conclude(snapshot, &caller.cancel, ask).await
}

/// Since when all has held, and what ran then.
struct Held {
    since: Duration,
    starts: newest::Starts,
}

/// Watches until there is a verdict.
pub(super) async fn settle(case: Case<'_>, read: &dyn ClusterRead, clock: &dyn Clock, timing: Timing, caller: &Caller<'_>) -> Settled {
    let (progress, cancel, plan) = (caller.progress, &caller.cancel, case.plan);
    let begun = clock.monotonic();
    let mut window = timing.window(plan);
    let over = begun.saturating_add(timing.validate_within);
    let limit = timing.validate_within.saturating_add(window).saturating_add(LOOK_AGAIN);
    // A plan that leaves another fault promises nothing that can be seen to run; then only the rules can say what is left.
    let promises = plan.checks.iter().any(|check| matches!(check, Check::RolloutComplete(_) | Check::PodReady(_)));
    let partial = !plan.judged.about.is_empty() && !promises;
    let kinds = if partial { analyze::kinds() } else { validate::kinds(plan) };
    let mut watching = Watching::of(kinds, case.scope, read, clock, limit);
    let mut held: Option<Held> = None;
    let mut ill_since: Option<Duration> = None;
    let mut whole_again = (begun, WHOLE_AGAIN);
    let mut last = Look::default();
    let mut failed = 0_u32;
    let fallen = |verdict, look: &Look, held: Option<&Held>, why: Option<String>| Validation {
        verdict,
        checks: look.checks.clone(),
        settled_for: held.map_or(SignedDuration::ZERO, |h| signed(clock.monotonic().saturating_sub(h.since))),
        at: clock.now(),
        why,
    };
    let cancelled = |look: &Look, held: Option<&Held>| {
        let why = "the call was cancelled before the success checks were done".to_owned();
        Settled { validation: fallen(Verdict::Unclear, look, held, Some(why)), seen: None }
    };
    loop {
        match watching.look().await {
            Ok(snapshot) => {
                failed = 0;
                let Some(Concluded { snapshot, answer, .. }) = judge(case, snapshot, caller).await else {
                    return cancelled(&last, held.as_ref());
                };
                last = answer;
                let now = clock.monotonic();
                window = window.max(unsigned(proof::beyond(last.life)).min(timing.validate_within));
                held = match held.take() {
                    _ if !last.holds() => None,
                    Some(held) if last.runs_on(&held.starts) => Some(held),
                    _ => Some(Held { since: now, starts: last.starts.clone() }),
                };
                ill_since = if last.ill { ill_since.or(Some(now)) } else { None };
                let settled = held.as_ref().is_some_and(|h| now.saturating_sub(h.since) >= window);
                if settled {
                    // Once more on fresh reads; on everything, where something else was wrong before.
                    let else_wrong = case.before.causes.len() > 1 || !case.before.unexplained.is_empty();
                    let again = if else_wrong {
                        collect(case.scope, read, clock).await.map(|c| c.snapshot)
                    } else {
                        watching.confirmed(&snapshot).await
                    };
                    if let Ok(again) = again {
                        let Some(Concluded { snapshot: again, mut diagnosis, answer: look }) = judge(case, again, caller).await else {
                            return cancelled(&last, held.as_ref());
                        };
                        if look.holds() && held.as_ref().is_some_and(|h| look.runs_on(&h.starts)) {
                            diagnosis.unseen.extend(again.gaps);
                            let verdict = if look.remains.is_empty() { Verdict::Resolved } else { Verdict::Partly };
                            let why = still_broken(&look);
                            return Settled {
                                validation: fallen(verdict, &look, held.as_ref(), why),
                                seen: else_wrong.then_some(diagnosis),
                            };
                        }
                        last = look;
                    }
                    held = None;
                }
                watching.back(snapshot);
                // What goes wrong now may be another cause's doing: then waiting on helps nobody.
                let whole_due = now >= whole_again.0 && ill_since.is_some_and(|since| now.saturating_sub(since) >= timing.settle);
                if whole_due && now < over {
                    whole_again = (now.saturating_add(whole_again.1), whole_again.1.saturating_mul(2));
                    if let Ok(collected) = collect(case.scope, read, clock).await {
                        let Some(Concluded { mut diagnosis, answer: look, snapshot: all }) = judge(case, collected.snapshot, caller).await
                        else {
                            return cancelled(&last, held.as_ref());
                        };
                        let known = partial && !look.remains.is_empty() && look.passes();
                        if look.is_gone() && (look.holder.is_some() || known) {
                            diagnosis.unseen.extend(all.gaps);
                            let why = still_broken(&look);
                            return Settled { validation: fallen(Verdict::Partly, &look, None, why), seen: Some(diagnosis) };
                        }
                    }
                }
                if let Some(held) = &held {
                    progress.tell(Phase::Validating, &holds(now.saturating_sub(held.since), window));
                } else {
                    progress.tell(Phase::Validating, &last.open());
                }
            }
            Err(error) => {
                failed = failed.saturating_add(1);
                held = None;
                if failed >= FAILED_LOOKS || matches!(error, ReadError::Unauthorized { .. } | ReadError::Config(_)) {
                    return Settled { validation: fallen(Verdict::Unclear, &last, None, Some(error.to_string())), seen: None };
                }
            }
        }
        if cancel.is_cancelled() {
            return cancelled(&last, held.as_ref());
        }
        let now = clock.monotonic();
        if now >= over && held.as_ref().is_none_or(|h| h.since > over) {
            return at_the_end(case, read, clock, last, failed, now.saturating_sub(begun), caller, &fallen).await;
        }
        let left = held.as_ref().map_or_else(|| over.saturating_sub(now), |h| window.saturating_sub(now.saturating_sub(h.since)));
        let mut left = left.clamp(Duration::from_millis(20), LOOK_AGAIN);
        clock.sleep(BETWEEN_LOOKS.min(left)).await;
        while !left.is_zero() {
            let tick = left.min(TELL);
            tokio::select! {
                () = cancel.cancelled() => break,
                told = watching.wait(tick) => if told { break },
            }
            left = left.saturating_sub(tick);
            if let Some(held) = held.as_ref().filter(|_| !left.is_zero()) {
                progress.tell(Phase::Validating, &holds(clock.monotonic().saturating_sub(held.since), window));
            }
        }
    }
}

/// One look, for a plan that was never applied: there is nothing to wait for, unless somebody else made its change.
pub(super) async fn look_once(case: Case<'_>, read: &dyn ClusterRead, clock: &dyn Clock, timing: Timing, caller: &Caller<'_>) -> Settled {
    let fallen = |verdict, look: Look, why: String| Validation {
        verdict,
        checks: look.checks,
        settled_for: SignedDuration::ZERO,
        at: clock.now(),
        why: Some(why),
    };
    let looked = match collect(case.scope, read, clock).await {
        Ok(collected) => collected.snapshot,
        Err(error) => return Settled { validation: fallen(Verdict::Unclear, Look::default(), error.to_string()), seen: None },
    };
    let Some(Concluded { snapshot, mut diagnosis, answer: look }) = judge(case, looked, caller).await else {
        return Settled { validation: fallen(Verdict::Unclear, Look::default(), "the call was cancelled".to_owned()), seen: None };
    };
    if look.holds() {
        return settle(case, read, clock, timing, caller).await;
    }
    diagnosis.unseen.extend(snapshot.gaps);
    let unseen = look.checks.iter().any(|c| c.passed.is_none());
    let verdict = if unseen { Verdict::Unclear } else { Verdict::Unresolved };
    let why = format!("this plan was not applied; {}", look.open());
    Settled { validation: fallen(verdict, look, why), seen: Some(diagnosis) }
}

/// The time is over: the verdict falls on a look at everything.
#[expect(clippy::too_many_arguments, reason = "the end of one long function, which its parts are named in")]
async fn at_the_end(
    case: Case<'_>,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    last: Look,
    failed: u32,
    waited: Duration,
    caller: &Caller<'_>,
    fallen: &impl Fn(Verdict, &Look, Option<&Held>, Option<String>) -> Validation,
) -> Settled {
    let mut seen = None;
    let mut look = last;
    let mut unread = failed > 0;
    match collect(case.scope, read, clock).await {
        Ok(collected) => {
            if let Some(Concluded { mut diagnosis, answer, snapshot }) = judge(case, collected.snapshot, caller).await {
                diagnosis.unseen.extend(snapshot.gaps);
                (look, seen) = (answer, Some(diagnosis));
            }
        }
        Err(_) => unread = true,
    }
    let why = format!("after {} s, {}", waited.as_secs(), look.open());
    let (verdict, why) = if unread || look.checks.iter().any(|c| c.passed.is_none()) {
        (Verdict::Unclear, why)
    } else if look.holds() {
        (Verdict::Unclear, format!("after {} s the success checks had only begun to pass", waited.as_secs()))
    } else if look.is_gone() && !look.remains.is_empty() && !look.suspect {
        (Verdict::Partly, still_broken(&look).unwrap_or(why))
    } else {
        (Verdict::Unresolved, why)
    };
    Settled { validation: fallen(verdict, &look, None, Some(why)), seen }
}

fn still_broken(look: &Look) -> Option<String> {
    (!look.remains.is_empty()).then(|| format!("the cause is gone, and this is still broken: {}", look.remains.join("; ")))
}

fn holds(so_far: Duration, window: Duration) -> String {
    format!("all success checks pass, for {} of {} s", so_far.as_secs(), window.as_secs())
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn unsigned(duration: SignedDuration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::ZERO)
}
