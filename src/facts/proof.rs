//! How long a start may take by what its template says, and how long it must hold to prove something.

use super::{Facts, pods};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec, Probe};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Without a readiness probe a container is Ready as soon as it was started: a start is watched this long.
const NO_PROBE: SignedDuration = SignedDuration::from_secs(15);
/// What fails later than this is a matter of another look.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// No start is waited for longer than this beyond the operator's own time: what still starts then is told as such.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);
/// Until a Pod of a rollout is gone, and the next one is scheduled and started in its place.
const TURN: SignedDuration = SignedDuration::from_secs(30);
/// What a Deployment has where nobody says more: it says nothing of this one.
const PROGRESS_DEADLINE: i32 = 600;

/// After a restart a container has proven itself within this time.
pub(crate) const PROVEN: SignedDuration = SignedDuration::from_secs(120);
/// The kubelet waits so long before the second start, twice as long before each further one, and never longer than the last.
const BACK_OFF: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_BACK_OFF: SignedDuration = SignedDuration::from_secs(300);

/// How long it may take until what fails again and again in the Pods of this workload, or in this one, has begun once more and proven
/// itself, for as long as its starts lie apart: nothing else begins it.
pub(crate) fn again(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    let own = facts.find::<Pod>(object);
    let failing = facts.pods_of(object).chain(own).filter(|pod| pods::is_stuck(pod)).flat_map(pods::statuses);
    let most = failing.map(|(_, status)| status.restart_count).max().filter(|restarts| *restarts > 0);
    most.map_or(SignedDuration::ZERO, |restarts| {
        let doubled = restarts.saturating_sub(1).clamp(0, 5);
        let back_off = times(BACK_OFF, 1 << doubled).min(LONGEST_BACK_OFF);
        add(back_off, PROVEN.max(back_off))
    })
}

/// How long this workload must hold for its start to prove something.
pub(crate) fn window(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    // Who waits for Pods to count as available has waited for as long already: no more than a start is waited for.
    let least = min_ready(object, facts).min(LONGEST);
    let unprobed = facts.workload(object).is_some_and(|w| is_unprobed(w.pod_spec));
    let own = facts.find::<Pod>(object);
    let failed = facts.pods_of(object).chain(own).filter(|pod| pods::is_stuck(pod)).filter_map(pods::longest_life).max();
    let unprobed = if unprobed { NO_PROBE } else { SignedDuration::ZERO };
    least.max(unprobed).max(failed.map_or(SignedDuration::ZERO, beyond).min(LONGEST_LIFE))
}

/// How much longer than any other start that of this workload may take, by what it says itself: the delays of its probes, how long
/// its Pods must be ready to count as available, and how many of them follow one another.
pub(crate) fn start(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    let Some(workload) = facts.workload(object) else { return SignedDuration::ZERO };
    let one = allowed(workload.pod_spec).saturating_add(min_ready(object, facts));
    let turns = turns(object, workload.desired, facts).max(1);
    let all = times(one, turns).saturating_add(times(TURN, turns.saturating_sub(1)));
    all.max(deadline(object, facts)).min(LONGEST)
}

/// How long the Pods must be ready to count as available.
pub(crate) fn min_ready(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    let least = match object.kind {
        Kind::Deployment => facts.find::<Deployment>(object).and_then(|d| d.spec.min_ready_seconds),
        Kind::StatefulSet => facts.find::<StatefulSet>(object).and_then(|s| s.spec.min_ready_seconds),
        Kind::DaemonSet => facts.find::<DaemonSet>(object).and_then(|d| d.spec.min_ready_seconds),
        _ => None,
    };
    seconds(least.unwrap_or(0))
}

/// How long a start may take by its probes: the containers that come before the others one after another, then the slowest.
pub(crate) fn allowed(spec: &PodSpec) -> SignedDuration {
    let before = spec.init_containers.iter().flatten().map(|c| span(c.startup_probe.as_ref())).fold(SignedDuration::ZERO, add);
    let slowest = spec.containers.iter().map(|c| add(span(c.startup_probe.as_ref()), span(c.readiness_probe.as_ref()))).max();
    add(before, slowest.unwrap_or_default())
}

/// How long a Deployment's progress may take, where somebody gives it longer than all others have.
pub(crate) fn deadline(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    let given = facts.find::<Deployment>(object).and_then(|d| d.spec.progress_deadline_seconds);
    given.filter(|given| *given > PROGRESS_DEADLINE).map_or(SignedDuration::ZERO, seconds)
}

/// Kubernetes' own defaults are a period of ten seconds and three failures.
fn span(probe: Option<&Probe>) -> SignedDuration {
    let Some(probe) = probe else { return SignedDuration::ZERO };
    let tries = probe.failure_threshold.unwrap_or(3).max(probe.success_threshold.unwrap_or(1));
    let tried = times(seconds(probe.period_seconds.unwrap_or(10)), tries);
    add(seconds(probe.initial_delay_seconds.unwrap_or(0)), tried)
}

/// How many times Pods follow one another until all are of the newest template.
fn turns(object: &ObjectRef, desired: i32, facts: &Facts<'_>) -> i32 {
    let at_once = match object.kind {
        Kind::Deployment => {
            let strategy = facts.find::<Deployment>(object).and_then(|d| d.spec.strategy.as_ref());
            if strategy.and_then(|s| s.type_.as_deref()) == Some("Recreate") {
                return 1;
            }
            let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
            let more = share(rolling.and_then(|r| r.max_surge.as_ref()), 25, desired, true);
            more.saturating_add(share(rolling.and_then(|r| r.max_unavailable.as_ref()), 25, desired, false))
        }
        Kind::DaemonSet => {
            let strategy = facts.find::<DaemonSet>(object).and_then(|d| d.spec.update_strategy.as_ref());
            let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
            let unavailable = rolling.and_then(|r| r.max_unavailable.as_ref());
            let unavailable = unavailable.map_or(1, |given| share(Some(given), 0, desired, true));
            unavailable.max(share(rolling.and_then(|r| r.max_surge.as_ref()), 0, desired, true))
        }
        Kind::StatefulSet => 1,
        _ => desired,
    };
    let at_once = at_once.max(1);
    desired.saturating_add(at_once.saturating_sub(1)).checked_div(at_once).unwrap_or(1)
}

/// A number, or percents of all.
pub(super) fn share(given: Option<&IntOrString>, otherwise: i32, of: i32, up: bool) -> i32 {
    let percent = |percent: i32| {
        let hundredfold = percent.saturating_mul(of);
        (if up { hundredfold.saturating_add(99) } else { hundredfold }).checked_div(100).unwrap_or(0)
    };
    match given {
        Some(IntOrString::Int(number)) => *number,
        Some(IntOrString::String(text)) => text.strip_suffix('%').and_then(|p| p.parse().ok()).map_or(0, percent),
        None => percent(otherwise),
    }
}

fn seconds(count: i32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(count.max(0)))
}

fn add(a: SignedDuration, b: SignedDuration) -> SignedDuration {
    a.saturating_add(b)
}

fn times(one: SignedDuration, count: i32) -> SignedDuration {
    one.saturating_mul(count.max(0))
}

/// A container that goes on running has no readiness probe.
fn is_unprobed(spec: &PodSpec) -> bool {
    let sidecars = spec.init_containers.iter().flatten().filter(|c| c.restart_policy.as_deref() == Some("Always"));
    spec.containers.iter().chain(sidecars).any(|c: &Container| c.readiness_probe.is_none())
}

/// One and a half times as long: who lives so long has lived through what ended the others.
pub(crate) fn beyond(life: SignedDuration) -> SignedDuration {
    life.saturating_add(life / 2).max(SignedDuration::ZERO)
}

#[cfg(test)]
mod tests;
