//! What has the same name in other namespaces: found by name, so that nothing is sought among all.

use super::walk::Walk;
use crate::domain::snapshot::Snapshot;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use std::collections::HashMap;

/// Claims and Services by their names.
#[derive(Debug, Default)]
pub(super) struct Namesakes<'a> {
    pub(super) claims: HashMap<&'a str, Vec<&'a PersistentVolumeClaim>>,
    pub(super) services: HashMap<&'a str, Vec<&'a str>>,
}

impl<'a> Namesakes<'a> {
    pub(super) fn of(snapshot: &'a Snapshot, walk: &Walk<'_>) -> Self {
        let mut all = Self::default();
        for claim in snapshot.elsewhere.iter().chain(snapshot.claims.iter()).take_while(|_| walk.step()) {
            if let Some(name) = claim.metadata.name.as_deref() {
                all.claims.entry(name).or_default().push(claim);
            }
        }
        let here = snapshot.services.iter().filter_map(|s| Some((s.metadata.name.as_deref()?, s.metadata.namespace.as_deref()?)));
        let elsewhere = snapshot.services_elsewhere.iter().filter_map(|o| Some((o.name.as_str(), o.namespace.as_ref()?.as_str())));
        for (name, namespace) in here.chain(elsewhere).take_while(|_| walk.step()) {
            all.services.entry(name).or_default().push(namespace);
        }
        all
    }
}
