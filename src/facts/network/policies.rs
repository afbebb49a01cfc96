//! NetworkPolicies: which Pods they select, and whether one surely lets everybody in.

use crate::facts::labels::{self, Selector};
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyIngressRule};

/// Whether it selects a Pod of these labels. An expression is not evaluated: it could select whatever the labels do.
pub(crate) fn may_select(policy: &NetworkPolicy, labels: Option<&Selector>) -> bool {
    wanted(policy).is_none_or(|all| labels::matches(all, labels))
}

/// Whether it is about connections to the Pods that it selects.
pub(crate) fn is_of_incoming(policy: &NetworkPolicy) -> bool {
    let types = policy.spec.as_ref().and_then(|s| s.policy_types.as_ref());
    types.is_none_or(|types| types.iter().any(|of| of == "Ingress"))
}

/// Whether it surely selects what its labels do, and has a rule without a condition.
pub(crate) fn is_open(policy: &NetworkPolicy) -> bool {
    let Some(spec) = policy.spec.as_ref() else { return false };
    let any =
        |rule: &NetworkPolicyIngressRule| rule.from.as_ref().is_none_or(Vec::is_empty) && rule.ports.as_ref().is_none_or(Vec::is_empty);
    is_plain(policy) && spec.ingress.iter().flatten().any(any)
}

/// Whether it selects by labels alone.
pub(crate) fn is_plain(policy: &NetworkPolicy) -> bool {
    let selector = policy.spec.as_ref().and_then(|s| s.pod_selector.as_ref());
    selector.is_none_or(|s| s.match_expressions.as_ref().is_none_or(Vec::is_empty))
}

/// The labels that a policy selects by; none where it selects every Pod.
pub(crate) fn wanted(policy: &NetworkPolicy) -> Option<&Selector> {
    policy.spec.as_ref()?.pod_selector.as_ref()?.match_labels.as_ref().filter(|all| !all.is_empty())
}
