//! NetworkPolicies: that they are there is known, what they let through is not evaluated.

use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use std::collections::BTreeMap;

/// Which Pods a policy binds, in words; `None` where it binds none of those that were read.
pub(crate) fn binds(facts: &Facts<'_>, policy: &NetworkPolicy) -> Option<String> {
    let namespace = policy.reference().namespace?;
    let everything = LabelSelector::default();
    let selector = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref()).unwrap_or(&everything);
    let count = facts.all_in::<Pod>(&namespace).filter(|p| may_select(selector, p.metadata.labels.as_ref())).count();
    (count > 0).then(|| format!("restricts the connections of {count} Pods, and kubemend does not evaluate which connections it allows"))
}

/// Whether the policy could bind a Pod of these labels. An expression is not evaluated: it could.
fn may_select(selector: &LabelSelector, labels: Option<&BTreeMap<String, String>>) -> bool {
    selector.match_labels.iter().flatten().all(|(key, value)| labels.and_then(|l| l.get(key)) == Some(value))
}
