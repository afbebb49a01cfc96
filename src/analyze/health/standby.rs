//! A replica that is not ready because another one leads: it waits for a Lease that its sibling holds.

use crate::domain::object::Namespace;
use crate::domain::snapshot::Resource;
use crate::facts::{Facts, addresses, behind, pods};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;

/// Who leads in place of this Pod, and by which Lease, in words.
pub(crate) fn behind(facts: &Facts<'_>, pod: &Pod) -> Option<String> {
    let reference = pod.reference();
    let owner = facts.owners().chain(&reference).last()?;
    let namespace = reference.namespace.as_ref()?;
    let siblings: Vec<&Pod> = facts.pods_of(owner).filter(|p| p.reference() != reference && pods::is_ready(p)).collect();
    facts.all_in::<Lease>(namespace).find_map(|lease| {
        let holder = lease.spec.as_ref()?.holder_identity.as_deref()?;
        let leads = siblings.iter().find(|p| p.metadata.name.as_deref().is_some_and(|name| is_of(holder, name)))?;
        let lease = lease.metadata.name.as_deref().unwrap_or_default();
        let leader = leads.metadata.name.as_deref().unwrap_or_default();
        let served = leads.metadata.labels.as_ref().into_iter().flat_map(|l| facts.services_of(Namespace::as_str(namespace), l));
        let served =
            served.map(|s| format!("; Service `{}` has {}", s.reference().name, addresses::in_words(behind::ready(&s.reference(), facts))));
        Some(format!(
            "Pod `{leader}` of the same {} is ready and holds the Lease `{lease}`: a standby that waits for it looks like this{}",
            owner.kind,
            served.collect::<String>()
        ))
    })
}

/// `source-sync-0_5b2b5a63` is held by `source-sync-0`.
fn is_of(holder: &str, pod: &str) -> bool {
    holder == pod || holder.strip_prefix(pod).is_some_and(|rest| rest.starts_with(['_', '/']))
}
