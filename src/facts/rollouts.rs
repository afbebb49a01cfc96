//! How a controller replaces the Pods of a workload: when that was begun by a restart, whether it goes on now, in which order, and whether
//! all that is ready ends first.

use super::Facts;
use crate::domain::action::RESTARTED_AT;
use crate::domain::object::ObjectRef;
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
