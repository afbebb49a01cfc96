//! NetworkPolicies: that they are there is known, what they let through is not evaluated.

use crate::domain::snapshot::Resource;
use crate::facts::{Facts, selected};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use std::collections::BTreeMap;

/// Which Pods a policy binds, in words; `None` where it binds none of those that were read. An expression is not evaluated: it could
/// select whatever the labels do.
pub(crate) fn binds(facts: &Facts<'_>, policy: &NetworkPolicy) -> Option<String> {
    let namespace = policy.reference().namespace?;
    let every = BTreeMap::new();
    let labels = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref()).and_then(|s| s.match_labels.as_ref()).unwrap_or(&every);
    let count = selected::count_carrying(facts, namespace.as_str(), labels);
    (count > 0).then(|| format!("restricts the connections of {count} Pods, and kubemend does not evaluate which connections it allows"))
}
