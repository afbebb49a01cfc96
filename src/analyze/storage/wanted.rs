//! All claims that are missing, by their names: where two of them could mean one claim, no rule can tell which.

use super::super::meant::{LISTED, Meant};
use super::super::names::{Lexicon, Naming, Of, Release, release_of};
use super::super::others;
use super::claims;
use super::unused::Unused;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::presence::Presence;
use crate::facts::stuck::Stuck;
use crate::facts::{Facts, selected};
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::api::storage::v1::StorageClass;
use std::collections::{BTreeMap, HashMap};

/// What is wanted, and what says nothing about which claim is meant by it.
pub(super) struct Wanted<'f, 'a> {
    facts: &'f Facts<'a>,
    namings: HashMap<ObjectRef, Naming>,
    /// The release of those who want it.
    releases: HashMap<ObjectRef, Release<'f>>,
    by_name: HashMap<Namespace, Lexicon<&'f ObjectRef>>,
}

impl<'f, 'a> Wanted<'f, 'a> {
    pub(super) fn of(facts: &'f Facts<'a>, missing: &'f BTreeMap<ObjectRef, Vec<Stuck<'a>>>) -> Self {
        // What says nothing about which claim is meant: the name of its class, and of the release that asks for it.
        let classes = Naming::of(Of::Claim).without(facts.all::<StorageClass>().filter_map(|class| class.metadata.name.as_deref()));
        let mut all = Self { facts, namings: HashMap::new(), releases: HashMap::new(), by_name: HashMap::new() };
        for (claim, users) in missing {
            let owners = facts.walk(users.iter()).filter_map(|user| facts.workload(&user.object));
            all.namings.insert(claim.clone(), classes.clone().without(owners.flat_map(|w| release_of(w.meta, Some(w.pod_labels)))));
            let of = |user: &'f Stuck<'a>| {
                let owner = facts.workload(&user.object).map(|w| (w.meta, Some(w.pod_labels)));
                owner.into_iter().chain(user.pods.iter().map(|pod| (&pod.metadata, None)))
            };
            all.releases.insert(claim.clone(), Release::of(facts.walk(users.iter()).flat_map(of)));
            if let Some(namespace) = claim.namespace.clone() {
                all.by_name.entry(namespace).or_default().add(&claim.name, claim);
            }
        }
        all
    }

    pub(super) fn meant(
        &self,
        claim: &ObjectRef,
        namespace: &Namespace,
        unused: &Unused<'_, 'a>,
        seekers: &[&ObjectRef],
    ) -> Meant<'a, PersistentVolumeClaim> {
        let Some(naming) = self.namings.get(claim) else { return Meant::Nothing };
        let why =
            |m: &ObjectRef, c: &'a PersistentVolumeClaim| self.namings.get(m).and_then(|naming| naming.alike(&m.name, claims::name(c)));
        let is_beside = |c: &&'a PersistentVolumeClaim| naming.is_beside(&claim.name, claims::name(c));
        // One that others use holds data too, and could be shared.
        let is_shared = |c: &&'a PersistentVolumeClaim| !claims::is_unbound(c) && naming.is_as_close(&claim.name, claims::name(c));
        let free = unused.near(namespace, &claim.name).filter(is_beside).take(LISTED);
        let held = unused.held(namespace, seekers).into_iter().filter(is_beside);
        let used = unused.used(namespace, &claim.name, seekers).into_iter().filter(is_shared);
        let alike = unused.like(namespace, &claim.name, seekers);
        let found = Meant::among(self.facts.walk(alike.iter()).filter_map(|c| Some((why(claim, c)?, *c))), free.chain(held).chain(used));
        let is_open = |one: &'a PersistentVolumeClaim| {
            let rivals = claim.namespace.as_ref().and_then(|ns| self.by_name.get(ns));
            let rivals = self.facts.walk(rivals.into_iter().flat_map(|names| names.candidates(claims::name(one))));
            rivals.filter(|m| why(m, one).is_some()).take(2).count() > 1
        };
        // What says that it belongs to another release may hold that one's data.
        let is_foreign = |one: &PersistentVolumeClaim| self.releases.get(claim).is_some_and(|own| own.excludes(&one.metadata, &claim.name));
        // A claim of the very name next door, or another workload that asks for this one, says that the name is right.
        let is_right =
            || matches!(selected::elsewhere(self.facts, claim), Presence::There(_)) || others::naming(self.facts, claim, seekers).is_some();
        match found {
            Meant::One(one)
                if !claims::uses_are_known(self.facts)
                    || is_open(one)
                    || is_foreign(one)
                    || !claims::is_usable(self.facts, one)
                    || is_right() =>
            {
                Meant::OneOf(vec![one])
            }
            found => found,
        }
    }
}
