//! How a controller replaces the Pods of a workload: when that was begun by a restart, whether it goes on now, in which order, and whether
//! all that is ready ends first.

use super::{Facts, pods, proof};
use crate::domain::action::RESTARTED_AT;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::resource::Resource;
use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};

/// Who has restarted so long ago sees what came of it before the next: a start takes minutes.
const COOLDOWN: SignedDuration = SignedDuration::from_mins(10);

/// That it was restarted a short while ago, in words.
pub(crate) fn cooling(facts: &Facts<'_>, workload: &ObjectRef) -> Option<String> {
    let template = facts.find::<Deployment>(workload).map(|d| &d.spec.template);
    let template = template.or_else(|| facts.find::<StatefulSet>(workload).map(|s| &s.spec.template));
    let template = template.or_else(|| facts.find::<DaemonSet>(workload).map(|d| &d.spec.template))?;
    let last: Timestamp = template.metadata.as_ref()?.annotations.as_ref()?.get(RESTARTED_AT)?.parse().ok()?;
    let since = facts.taken_at().duration_since(last);
    (since < COOLDOWN).then(|| format!("was restarted at {last}, less than {} minutes ago", COOLDOWN.as_mins()))
}

/// Whether its Pods are not all of one template, or its controller has not seen the newest.
pub(crate) fn is_rolling(facts: &Facts<'_>, workload: &ObjectRef) -> bool {
    facts.workload(workload).is_none_or(|w| !w.observed || w.updated < w.desired || w.total > w.updated)
}

/// Whether a set makes its Pods one after the other.
pub(crate) fn is_ordered(set: &StatefulSet) -> bool {
    set.spec.pod_management_policy.as_deref() != Some("Parallel")
}

/// How many Pods are ready and end before others are, where a new template may end all that are ready at once. Not counted are those of the
/// ready ones that suffer: a container that crashes counts as ready for a moment, where nothing probes it.
pub(crate) fn ended_first(facts: &Facts<'_>, workload: &ObjectRef, suffers: impl Fn(&ObjectRef) -> bool) -> Option<i32> {
    let found = facts.workload(workload)?;
    let ready = well(facts, workload, suffers);
    // A set that is not ordered ends Pods from its highest number on, and looks at what is ready only after that: of what may be unavailable,
    // what is so already counts for a Deployment and a DaemonSet, and not for it.
    let all = if workload.kind == Kind::StatefulSet { ready.min(found.desired) } else { found.desired };
    (ready > 0 && unavailable(facts, workload, found.desired)? >= all).then_some(ready)
}

/// How many Pods of a workload are ready and do not suffer.
pub(crate) fn well(facts: &Facts<'_>, workload: &ObjectRef, suffers: impl Fn(&ObjectRef) -> bool) -> i32 {
    let ready = facts.workload(workload).map_or(0, |found| found.ready);
    let sick = facts.pods_of(workload).filter(|pod| pods::is_live(pod) && pods::is_ready(pod) && suffers(&pod.reference())).count();
    ready.saturating_sub(i32::try_from(sick).unwrap_or(i32::MAX)).max(0)
}

/// How many of these its strategy lets be unavailable while it replaces them.
fn unavailable(facts: &Facts<'_>, workload: &ObjectRef, desired: i32) -> Option<i32> {
    if let Some(deployment) = facts.find::<Deployment>(workload) {
        let strategy = deployment.spec.strategy.as_ref();
        if strategy.and_then(|s| s.type_.as_deref()) == Some("Recreate") {
            return Some(desired);
        }
        let rolling = strategy.and_then(|s| s.rolling_update.as_ref());
        let more = proof::share(rolling.and_then(|r| r.max_surge.as_ref()), 25, desired, true);
        let fewer = proof::share(rolling.and_then(|r| r.max_unavailable.as_ref()), 25, desired, false);
        // Of a strategy that lets nothing happen, the controller makes one.
        return Some(if more == 0 { fewer.max(1) } else { fewer });
    }
    if let Some(set) = facts.find::<StatefulSet>(workload) {
        let rolling = set.spec.update_strategy.as_ref().and_then(|s| s.rolling_update.as_ref());
        return Some(rolling.and_then(|r| r.max_unavailable.as_ref()).map_or(1, |given| proof::share(Some(given), 0, desired, true)));
    }
    let rolling = facts.find::<DaemonSet>(workload)?.spec.update_strategy.as_ref().and_then(|s| s.rolling_update.as_ref());
    let more = proof::share(rolling.and_then(|r| r.max_surge.as_ref()), 0, desired, true);
    let fewer = rolling.and_then(|r| r.max_unavailable.as_ref()).map_or(1, |given| proof::share(Some(given), 0, desired, true));
    // Another one is ready on the node first.
    Some(if more > 0 { 0 } else { fewer })
}
