//! Claims that nobody uses, by namespace and by name: what could have been meant by one that does not exist.

use super::super::meant::LISTED;
use super::super::names::Lexicon;
use super::claims;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A claim with its place in the list.
type Placed<'a> = (usize, &'a PersistentVolumeClaim);

/// Those of one namespace.
#[derive(Debug, Default)]
struct Place<'a> {
    free: Vec<Placed<'a>>,
    names: Lexicon<Placed<'a>>,
    /// Those that somebody uses, by name.
    used: Lexicon<Placed<'a>>,
    /// Those that live Pods still mount though no template names them, by the owner of such a Pod, with all of these.
    held: HashMap<ObjectRef, Vec<(Placed<'a>, BTreeSet<ObjectRef>)>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Unused<'f, 'a> {
    facts: &'f Facts<'a>,
    places: HashMap<&'a str, Place<'a>>,
}

impl<'f, 'a> Unused<'f, 'a> {
    pub(super) fn of(facts: &'f Facts<'a>) -> Self {
        let mut places: HashMap<&'a str, Place<'a>> = HashMap::new();
        for (namespace, loose) in claims::loose(facts) {
            let place = places.entry(namespace).or_default();
            for (at, claim) in facts.walk(loose.into_iter()).enumerate() {
                let name = claim.metadata.name.as_deref().unwrap_or_default();
                let users = facts.claims().users(facts.owners(), &claim.reference());
                if users.as_ref().is_some_and(BTreeSet::is_empty) {
                    place.free.push((at, claim));
                    place.names.add(name, (at, claim));
                } else {
                    place.used.add(name, (at, claim));
                }
                let Some(users) = users else { continue };
                for user in &users {
                    place.held.entry(user.clone()).or_default().push(((at, claim), users.clone()));
                }
            }
        }
        Self { facts, places }
    }

    /// Some of those that nobody but these uses, in their order.
    pub(super) fn some(&self, namespace: &Namespace, seekers: &[&ObjectRef]) -> Vec<&'a PersistentVolumeClaim> {
        let Some(place) = self.places.get(namespace.as_str()) else { return Vec::new() };
        let free = self.facts.walk(place.free.iter().copied()).take(LISTED);
        let all: BTreeMap<usize, &PersistentVolumeClaim> = free.chain(self.held_by(place, seekers)).collect();
        all.into_values().take(LISTED).collect()
    }

    /// Those of them whose names could be like this one, in their order.
    pub(super) fn like(&self, namespace: &Namespace, name: &str, seekers: &[&ObjectRef]) -> Vec<&'a PersistentVolumeClaim> {
        let Some(place) = self.places.get(namespace.as_str()) else { return Vec::new() };
        let alike = self.facts.walk(place.names.candidates(name));
        let all: BTreeMap<usize, &PersistentVolumeClaim> = alike.chain(self.held_by(place, seekers)).collect();
        all.into_values().collect()
    }

    /// Those that are free and as close to this name, whatever speaks against them.
    pub(super) fn near(&self, namespace: &Namespace, name: &str) -> impl Iterator<Item = &'a PersistentVolumeClaim> {
        let place = self.places.get(namespace.as_str()).into_iter();
        self.facts.walk(place.flat_map(move |place| place.names.near(name))).map(|(_, claim)| claim)
    }

    /// Those that others than these use and whose names could be like this one.
    pub(super) fn used(&self, namespace: &Namespace, name: &str, seekers: &[&ObjectRef]) -> Vec<&'a PersistentVolumeClaim> {
        let Some(place) = self.places.get(namespace.as_str()) else { return Vec::new() };
        let own: BTreeSet<usize> = self.held_by(place, seekers).into_iter().map(|(at, _)| at).collect();
        self.facts.walk(place.used.candidates(name)).filter(|(at, _)| !own.contains(at)).map(|(_, claim)| claim).collect()
    }

    /// Those that nobody but these uses.
    pub(super) fn held(&self, namespace: &Namespace, seekers: &[&ObjectRef]) -> Vec<&'a PersistentVolumeClaim> {
        let place = self.places.get(namespace.as_str());
        place.into_iter().flat_map(|place| self.held_by(place, seekers)).map(|(_, claim)| claim).collect()
    }

    fn held_by(&self, place: &Place<'a>, seekers: &[&ObjectRef]) -> Vec<Placed<'a>> {
        let held = self.facts.walk(seekers.iter().filter_map(|seeker| place.held.get(*seeker)).flatten());
        held.filter(|(_, users)| users.iter().all(|user| seekers.contains(&user))).map(|(placed, _)| *placed).collect()
    }
}
