//! Watches the cluster until the plan's checks have held through the settle window, or the time is over.

use super::caller::Caller;
use super::collect::{collect, request};
use super::conclude::{Concluded, conclude};
use crate::domain::cause::{Cause, CauseKey};
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::ObjectRef;
use crate::domain::plan::RemediationPlan;
use crate::domain::validation::{CheckResult, Validation, Verdict};
use crate::facts::Facts;
use crate::ports::{Clock, ClusterRead, Phase, ReadError};
use crate::{analyze, planner, validate};
use futures::future::select_all;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

/// How long validation may take, and how long all must hold.
#[derive(Debug, Clone, Copy)]
pub struct Timing {
    /// All checks must hold this long without a break: 5 seconds unless configured.
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

/// Without a change seen, look again after this: watches tell most of what happens, and not all.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// The same where a watch cannot be had.
const LOOK_UNWATCHED: Duration = Duration::from_secs(1);
/// How often a person hears that it still goes on.
const TELL: Duration = Duration::from_secs(1);
/// Changes come in bursts; looks are at least this far apart.
const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
/// So many reads may fail in a row before nothing can be told.
const FAILED_LOOKS: u32 = 10;

/// What watching led to.
pub(super) struct Settled {
    pub(super) validation: Validation,
    /// What the rules saw at the last look, and what can be done about it.
    pub(super) seen: Option<Diagnosis>,
}

/// Watches until there is a verdict.
pub(super) async fn settle(
    plan: &RemediationPlan,
    scope: &Scope,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    timing: Timing,
    caller: &Caller<'_>,
) -> Settled {
    let (progress, cancel) = (caller.progress, &caller.cancel);
    let started = clock.now();
    let mut held_since: Option<Timestamp> = None;
    let mut other_since: Option<Timestamp> = None;
    let mut last: Vec<CheckResult> = Vec::new();
    let mut latest = None;
    let mut failed = 0_u32;
    let settle = signed(timing.settle);
    loop {
        let looked = collect(scope, read, clock).await;
        let now = clock.now();
        let waited = now.duration_since(started);
        let verdict = |verdict, checks: Vec<CheckResult>, held: Option<Timestamp>, why: Option<String>| Validation {
            verdict,
            checks,
            settled_for: held.map_or(SignedDuration::ZERO, |h| now.duration_since(h)),
            at: now,
            why,
        };
        let versions = match looked {
            Ok(collected) => {
                failed = 0;
                let checks: Vec<Check> = plan.checks.iter().cloned().collect();
                let own = plan.cause.clone();
                let hold = move |facts: &Facts<'_>, seen: &mut Diagnosis| {
                    let checks = validate::check_all(checks.into_iter(), facts, seen, |code| analyze::unread(code, facts.snapshot()));
                    planner::triage(seen, facts, analyze::severity);
                    let elsewhere = in_the_way(&checks, seen, &own, facts).map(|cause| cause.title.clone());
                    (checks, elsewhere)
                };
                let Some(Concluded { diagnosis: seen, answer, .. }) = conclude(collected.snapshot, cancel, hold).await else {
                    let why = "the call was cancelled before the success checks were done".to_owned();
                    return Settled { validation: verdict(Verdict::Unclear, last, held_since, Some(why)), seen: latest };
                };
                let (checks, elsewhere) = answer;
                last = checks;
                let all = last.iter().all(|c| c.passed == Some(true));
                held_since = if all { held_since.or(Some(now)) } else { None };
                let stuck = !all && last.iter().all(|c| c.passed.is_some()) && elsewhere.is_some() && cause_is_gone(&last);
                other_since = if stuck { other_since.or(Some(now)) } else { None };
                latest = Some(seen);
                if let Some(held) = held_since {
                    let so_far = now.duration_since(held);
                    if so_far >= settle {
                        return Settled { validation: verdict(Verdict::Resolved, last, held_since, None), seen: latest };
                    }
                    progress.tell(Phase::Validating, &holds(so_far, settle));
                } else {
                    progress.tell(Phase::Validating, &waiting_for(&last));
                }
                if let (Some(since), Some(title)) = (other_since, elsewhere)
                    && now.duration_since(since) >= settle
                {
                    let why = format!("the cause is gone, and another cause was found: {title}");
                    return Settled { validation: verdict(Verdict::Unresolved, last, None, Some(why)), seen: latest };
                }
                Some(collected.versions)
            }
            Err(error) => {
                failed = failed.saturating_add(1);
                held_since = None;
                if failed >= FAILED_LOOKS || matches!(error, ReadError::Unauthorized { .. } | ReadError::Config(_)) {
                    return Settled { validation: verdict(Verdict::Unclear, last, None, Some(error.to_string())), seen: latest };
                }
                None
            }
        };
        if cancel.is_cancelled() {
            let why = "the call was cancelled before the success checks were done".to_owned();
            return Settled { validation: verdict(Verdict::Unclear, last, held_since, Some(why)), seen: latest };
        }
        if waited >= signed(timing.validate_within) && held_since.is_none() {
            let unseen = last.iter().any(|c| c.passed.is_none()) || failed > 0;
            let fallen = if unseen { Verdict::Unclear } else { Verdict::Unresolved };
            let why = format!("after {} s, {}", waited.as_secs(), waiting_for(&last));
            return Settled { validation: verdict(fallen, last, None, Some(why)), seen: latest };
        }
        let until_settled = held_since.map(|h| settle.saturating_sub(now.duration_since(h)).unsigned_abs());
        let limit = until_settled.map_or(LOOK_AGAIN, |left| left.min(LOOK_AGAIN)).max(Duration::from_millis(20));
        clock.sleep(BETWEEN_LOOKS.min(limit)).await;
        let Some(versions) = versions else {
            clock.sleep(LOOK_UNWATCHED).await;
            continue;
        };
        let watched: Vec<_> = watched_kinds(plan)
            .into_iter()
            .filter_map(|kind| versions.get(&kind).map(|version| (request(&kind, scope), version.clone())))
            .collect();
        let watches: Vec<_> = watched.iter().map(|(request, version)| Box::pin(read.changed(request, version, limit))).collect();
        let change = first_change(watches, clock, limit.min(LOOK_UNWATCHED));
        futures::pin_mut!(change);
        let mut left = limit;
        while !left.is_zero() {
            let tick = left.min(TELL);
            tokio::select! {
                () = cancel.cancelled() => break,
                () = &mut change => break,
                () = clock.sleep(tick) => left = left.saturating_sub(tick),
            }
            if let Some(held) = held_since
                && !left.is_zero()
            {
                progress.tell(Phase::Validating, &holds(clock.now().duration_since(held), settle));
            }
        }
    }
}

fn holds(so_far: SignedDuration, settle: SignedDuration) -> String {
    format!("all success checks pass, for {} of {} s", so_far.as_secs(), settle.as_secs())
}

/// Returns at the first change. A watch that breaks or cannot be had leaves looking at intervals.
async fn first_change<F>(watches: Vec<F>, clock: &dyn Clock, unwatched: Duration)
where
    F: Future<Output = Result<Option<crate::ports::Changed>, ReadError>> + Unpin,
{
    let mut watches = watches;
    while !watches.is_empty() {
        let (outcome, _, rest) = select_all(watches).await;
        match outcome {
            Ok(Some(crate::ports::Changed)) => return,
            Ok(None) => watches = rest,
            Err(_) => {
                clock.sleep(unwatched).await;
                return;
            }
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Another cause than the plan's that keeps one of its checks from passing: it is about what is checked, or about what that owns.
/// Other faults of the namespace say nothing about this change.
fn in_the_way<'d>(checks: &[CheckResult], seen: &'d Diagnosis, own: &CauseKey, facts: &Facts<'_>) -> Option<&'d Cause> {
    let open: Vec<&ObjectRef> = checks.iter().filter(|c| c.passed == Some(false)).map(|c| c.check.object()).collect();
    let concerns = |object: &ObjectRef| open.contains(&object) || facts.owners().chain(object).any(|owner| open.contains(&owner));
    seen.causes.iter().filter(|c| !c.is(own)).find(|c| concerns(&c.object) || c.symptoms.iter().any(|s| concerns(&s.object)))
}

fn cause_is_gone(results: &[CheckResult]) -> bool {
    results.iter().any(|r| r.check.what() == "findingGone" && r.passed == Some(true))
}

/// Pods, and the kinds that the checks are about.
fn watched_kinds(plan: &RemediationPlan) -> Vec<Kind> {
    let mut kinds = vec![Kind::Pod];
    let about: NonEmpty<Kind> = plan.checks.clone().map(|c| c.object().kind.clone());
    for kind in about.into_vec() {
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    kinds
}

fn waiting_for(results: &[CheckResult]) -> String {
    let open: Vec<String> =
        results.iter().filter(|r| r.passed != Some(true)).map(|r| format!("{}: {}", r.check.object().slashed(), r.observed)).collect();
    if open.is_empty() { "the cluster could not be read".to_owned() } else { format!("not passed yet: {}", open.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cause::{CauseSource, Code};
    use crate::domain::finding::Symptom;
    use crate::planner::example::{cause, deployment, namespace, snapshot};
    use serde_json::json;

    fn named(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::namespaced(kind, &namespace(), name)
    }

    #[test]
    fn silence_of_a_rule_is_health_only_where_it_could_see_and_the_object_is_there() {
        let mut ready = deployment();
        ready["metadata"]["name"] = json!("ready");
        ready["status"] = json!({"observedGeneration": 3, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1});
        let mut seen = snapshot(vec![]);
        seen.add(&Kind::Deployment, vec![deployment(), ready], true);
        let facts = Facts::of(&seen);
        let held = |name: &str, unread: &[Kind]| {
            let check = Check::FindingGone { code: Code("img-tag-not-found"), object: named(Kind::Deployment, name), field: None };
            validate::check_all(std::iter::once(check), &facts, &Diagnosis::default(), |_| unread.to_vec())[0].passed
        };
        assert_eq!(held("web", &[]), Some(true));
        assert_eq!(held("web", &[Kind::Event]), None);
        assert_eq!(held("deleted", &[]), None);
        assert_eq!(held("ready", &[Kind::Event]), Some(true));
    }

    #[test]
    fn what_a_rule_needs_and_could_not_read_is_known() {
        let seen = snapshot(vec![(Kind::Deployment, deployment())]);
        let unread = analyze::unread(Code("img-tag-not-found"), &seen);
        assert!(unread.contains(&Kind::Pod) && unread.contains(&Kind::Event) && !unread.contains(&Kind::Deployment), "{unread:?}");
    }

    #[test]
    fn only_a_cause_about_what_is_checked_is_in_the_way() {
        let seen = snapshot(vec![(Kind::Deployment, deployment())]);
        let facts = Facts::of(&seen);
        let own = cause(vec![]).key();
        let checks =
            |passed| vec![CheckResult { check: Check::RolloutComplete(named(Kind::Deployment, "web")), passed, observed: String::new() }];
        let with = |object: ObjectRef, symptom: Option<ObjectRef>| {
            let mut other = cause(vec![]);
            (other.source, other.object) = (CauseSource::Rule(Code("pvc-missing")), object);
            other.symptoms = symptom.into_iter().map(|object| Symptom { object, summary: "Pending".into() }).collect();
            Diagnosis { causes: vec![cause(vec![]), other], ..Diagnosis::default() }
        };
        let found = |passed, diagnosis: &Diagnosis| in_the_way(&checks(passed), diagnosis, &own, &facts).is_some();
        let claim = || named(Kind::PersistentVolumeClaim, "data");
        assert!(!found(Some(false), &with(claim(), Some(named(Kind::Deployment, "another")))));
        let same = with(claim(), Some(named(Kind::Deployment, "web")));
        assert!(found(Some(false), &same));
        assert!(!found(Some(true), &same) && !found(None, &same));
    }
}
