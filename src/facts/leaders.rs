//! Who leads: of the Pods of one owner, the ready one that holds a Lease.

use super::owners::Owners;
use super::pods;
use super::walk::Walk;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
use std::collections::HashMap;

/// By the topmost owner, the first Lease that one of its ready Pods holds, and that Pod.
#[derive(Debug, Default)]
pub(super) struct Leaders<'a>(pub(super) HashMap<ObjectRef, (&'a Lease, &'a Pod)>);

impl<'a> Leaders<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, owners: &Owners, pod: impl Fn(&ObjectRef) -> Option<&'a Pod>, walk: &Walk<'_>) -> Self {
        let mut all = Self::default();
        for lease in snapshot.leases.iter().take_while(|_| walk.step()) {
            let holder = lease.spec.as_ref().and_then(|s| s.holder_identity.as_deref()).map(holder);
            let namespace = lease.metadata.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok());
            let (Some(name), Some(namespace)) = (holder, namespace) else { continue };
            let leader = ObjectRef::namespaced(Kind::Pod, &namespace, name);
            if let (Some(pod), Some(owner)) = (pod(&leader).filter(|p| pods::is_ready(p)), owners.chain(&leader).last()) {
                all.0.entry(owner.clone()).or_insert((lease, pod));
            }
        }
        all
    }
}

/// The name of the Pod: `source-sync-0_5b2b5a63` is held by `source-sync-0`. No Pod's name has the signs that stand behind it.
fn holder(identity: &str) -> &str {
    identity.split(['_', '/']).next().unwrap_or(identity)
}
