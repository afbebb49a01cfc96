//! NetworkPolicies: that they are there is known, what they let through is not evaluated.

use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::Resource;
use crate::facts::network::policies::{is_of_incoming, is_open, may_select, wanted};
use crate::facts::{Facts, labels, pods, selected, unread};
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use std::collections::BTreeMap;

/// Which Pods a policy binds, in words; `None` where it binds none of those that were read. An expression is not evaluated: it could
/// select whatever the labels do.
pub(crate) fn binds(facts: &Facts<'_>, policy: &NetworkPolicy) -> Option<String> {
    let namespace = policy.reference().namespace?;
    let every = BTreeMap::new();
    let count = selected::count_carrying(facts, namespace.as_str(), wanted(policy).unwrap_or(&every));
    (count > 0).then(|| format!("restricts the connections of {count} Pods, and kubemend does not evaluate which connections it allows"))
}

/// That nobody checked whether clients reach the Pods behind a Service, and why: a policy selects them. `None` where none does, or
/// where one of those that do lets everybody in.
pub(crate) fn unreached(facts: &Facts<'_>, service: &ObjectRef) -> Option<String> {
    let namespace = service.namespace.as_ref()?;
    let selector = facts.find::<Service>(service).and_then(labels::any_selector)?;
    let unchecked = |why: String| format!("whether clients reach {service} was not checked: {why}");
    if facts.snapshot().was_tried(&Kind::NetworkPolicy) {
        return Some(unchecked(format!("NetworkPolicies {}", unread::how(&Kind::NetworkPolicy, facts.snapshot()))));
    }
    let live = selected::pods_selected(facts, namespace.as_str(), selector).filter(|pod| !pods::has_ended(pod));
    let policy = live.into_iter().find_map(|pod| restricts(facts, facts.all_in(namespace), pod))?;
    Some(unchecked(format!("{} {}", policy.reference(), binds(facts, policy)?)))
}

/// The first of these policies that selects the Pod for incoming connections, where none of them lets everybody in.
fn restricts<'a>(facts: &Facts<'a>, policies: impl Iterator<Item = &'a NetworkPolicy>, pod: &Pod) -> Option<&'a NetworkPolicy> {
    let selects = |policy: &&NetworkPolicy| may_select(policy, pod.metadata.labels.as_ref());
    let all: Vec<&NetworkPolicy> = facts.walk(policies).filter(|policy| is_of_incoming(policy)).filter(selects).collect();
    all.first().copied().filter(|_| !all.iter().any(|policy| is_open(policy)))
}
