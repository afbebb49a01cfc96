//! How long a start must hold to prove something.

use super::{Facts, pods};
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use jiff::SignedDuration;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};

/// Without a readiness probe a container is Ready as soon as it was started: a start is watched this long.
const NO_PROBE: SignedDuration = SignedDuration::from_secs(15);
/// No change is watched longer: what fails later than this is a matter of another look.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);

/// How long this workload must hold for its start to prove something.
pub(crate) fn window(object: &ObjectRef, facts: &Facts<'_>) -> SignedDuration {
    let least = match object.kind {
        Kind::Deployment => facts.find::<Deployment>(object).and_then(|d| d.spec.min_ready_seconds),
        Kind::StatefulSet => facts.find::<StatefulSet>(object).and_then(|s| s.spec.min_ready_seconds),
        Kind::DaemonSet => facts.find::<DaemonSet>(object).and_then(|d| d.spec.min_ready_seconds),
        _ => None,
    };
    let least = SignedDuration::from_secs(i64::from(least.unwrap_or(0)));
    let unprobed = facts.workload(object).is_some_and(|w| is_unprobed(w.pod_spec));
    let own = facts.find::<Pod>(object);
    let failed = facts.pods_of(object).chain(own).filter(|pod| pods::is_stuck(pod)).filter_map(pods::longest_life).max();
    let unprobed = if unprobed { NO_PROBE } else { SignedDuration::ZERO };
    least.max(unprobed).max(failed.map_or(SignedDuration::ZERO, beyond)).min(LONGEST)
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
