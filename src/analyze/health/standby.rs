//! A replica that is not ready because another one leads: it waits for a Lease that its sibling holds.

use crate::domain::snapshot::Resource;
use crate::facts::{Facts, addresses, selected};
use k8s_openapi::api::core::v1::Pod;

/// So many Services that lead to the leader are named: more say nothing new, and every standby says them again.
const SERVICES: usize = 3;

/// Who leads in place of this Pod, and by which Lease, in words.
pub(crate) fn behind(facts: &Facts<'_>, pod: &Pod) -> Option<String> {
    let own = pod.reference();
    let (lease, leads) = selected::leader_beside(facts, pod)?;
    let owner = facts.owners().chain(&own).last()?;
    let namespace = own.namespace.as_ref()?;
    let served = leads
        .metadata
        .labels
        .as_ref()
        .into_iter()
        .flat_map(|l| selected::services_of(facts, namespace.as_str(), l))
        .map(Resource::reference);
    let served = served.take(SERVICES).map(|s| format!("; Service `{}` has {}", s.name, addresses::in_words(facts.ready_addresses(&s))));
    Some(format!(
        "Pod `{}` of the same {} is ready and holds the Lease `{}`: a standby that waits for it looks like this{}",
        leads.metadata.name.as_deref().unwrap_or_default(),
        owner.kind,
        lease.metadata.name.as_deref().unwrap_or_default(),
        served.collect::<String>()
    ))
}
