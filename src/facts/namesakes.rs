//! What has the same name in other namespaces: found by name, so that nothing is sought among all.

use super::Facts;
use super::presence::Presence;
use super::walk::Walk;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::{Resource, Snapshot};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use std::collections::HashMap;

/// Claims and Services by their names.
#[derive(Debug, Default)]
pub(super) struct Namesakes<'a> {
    claims: HashMap<&'a str, Vec<&'a PersistentVolumeClaim>>,
    services: HashMap<&'a str, Vec<&'a str>>,
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

impl<'a> Facts<'a> {
    /// A claim of the same name in another namespace than this one's that nobody uses there.
    pub(crate) fn elsewhere(&self, claim: &ObjectRef) -> Presence<&'a PersistentVolumeClaim> {
        let fits = |c: &&PersistentVolumeClaim| {
            let there = c.reference().namespace;
            let free = there.as_ref().is_some_and(|ns| self.claims.pods(ns.as_str(), &claim.name).is_empty());
            there != claim.namespace && free && c.metadata.deletion_timestamp.is_none()
        };
        let named = self.namesakes.claims.get(claim.name.as_str()).into_iter().flatten().copied();
        match self.walk(named).find(fits) {
            Some(one) => Presence::There(one),
            None if self.snapshot.elsewhere.is_complete() => Presence::Absent,
            // Where everything was asked for, the list of claims holds every namespace.
            None if *self.scope() == Scope::All => self.none(&Kind::PersistentVolumeClaim),
            None => Presence::Unread,
        }
    }

    /// Another namespace that has a Service of this name.
    pub(crate) fn service_elsewhere(&self, name: &str, here: &Namespace) -> Option<&'a str> {
        let named = self.namesakes.services.get(name).into_iter().flatten().copied();
        self.walk(named).find(|namespace| *namespace != here.as_str())
    }
}
