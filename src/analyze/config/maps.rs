//! ConfigMaps that could be meant by the name of one that does not exist.

use super::super::meant::{LISTED, Meant};
use super::super::names::{Lexicon, Naming, Of, Release, contradict, release_of};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::core::v1::ConfigMap;
use std::cell::OnceCell;
use std::collections::HashMap;

/// ConfigMaps that the cluster or its add-ons put into every namespace: nobody means these.
const GENERATED: &[&str] = &["kube-root-ca.crt", "openshift-service-ca.crt", "istio-ca-root-cert"];

/// So many that hold the rarest key are looked at: where more do, that one holds it says little.
const HOLDERS: usize = 32;

/// The ConfigMaps of one namespace.
#[derive(Debug, Default)]
struct Known<'a> {
    all: Vec<&'a ConfigMap>,
    by_name: Lexicon<&'a ConfigMap>,
    by_key: HashMap<&'a str, Vec<&'a ConfigMap>>,
}

/// The ConfigMaps that somebody put there; gathered once, when the first finding asks.
#[derive(Debug)]
pub(super) struct Maps<'f, 'a> {
    facts: &'f Facts<'a>,
    known: OnceCell<Gathered<'a>>,
}

/// By namespace, and by name wherever they are.
#[derive(Debug, Default)]
struct Gathered<'a> {
    places: HashMap<&'a str, Known<'a>>,
    named: HashMap<&'a str, Vec<&'a ConfigMap>>,
}

impl<'f, 'a> Maps<'f, 'a> {
    pub(super) fn of(facts: &'f Facts<'a>) -> Self {
        Self { facts, known: OnceCell::new() }
    }

    fn known(&self, namespace: &Namespace) -> Option<&Known<'a>> {
        self.gathered().places.get(namespace.as_str())
    }

    fn gathered(&self) -> &Gathered<'a> {
        let gather = || {
            let mut all = Gathered::default();
            for map in self.facts.all::<ConfigMap>().filter(|c| c.metadata.deletion_timestamp.is_none()) {
                let meta = &map.metadata;
                let (Some(namespace), Some(name)) = (meta.namespace.as_deref(), meta.name.as_deref()) else { continue };
                if !GENERATED.contains(&name) {
                    all.named.entry(name).or_default().push(map);
                    let known = all.places.entry(namespace).or_default();
                    known.all.push(map);
                    known.by_name.add(name, map);
                    for key in keys(map) {
                        known.by_key.entry(key).or_default().push(map);
                    }
                }
            }
            all
        };
        self.known.get_or_init(gather)
    }

    /// Their names in a namespace.
    pub(super) fn names(&self, namespace: &Namespace) -> impl Iterator<Item = &'a str> {
        let all = self.known(namespace).into_iter().flat_map(|known| &known.all);
        all.filter_map(|map| map.metadata.name.as_deref())
    }

    /// A ConfigMap of this very name that holds every key, in another of the namespaces that were read.
    pub(super) fn elsewhere(&self, namespace: &Namespace, name: &str, keys: &[&str]) -> Option<&'a ConfigMap> {
        let named = self.gathered().named.get(name).into_iter().flatten().copied();
        let is_other = |map: &&'a ConfigMap| map.metadata.namespace.as_deref() != Some(namespace.as_str());
        self.facts.walk(named).filter(is_other).find(|map| keys.iter().all(|key| holds(map, key)))
    }

    /// The ConfigMap of a similar name that holds every key; where there is not just one, those that hold them
    /// and whose names do not say that they are for something else.
    pub(super) fn meant(&self, stuck: &Stuck<'_>, namespace: &Namespace, name: &str, keys: &[&str]) -> Meant<'a, ConfigMap> {
        if !self.facts.is_whole(&Kind::ConfigMap) {
            return Meant::Unread;
        }
        let Some(known) = self.known(namespace) else { return Meant::Nothing };
        let owner = self.facts.workload(&stuck.object).map(|w| (w.meta, Some(w.pod_labels)));
        let own = || owner.into_iter().chain(stuck.pods.iter().map(|pod| (&pod.metadata, None)));
        let naming = Naming::of(Of::ConfigMap).without(owner.into_iter().flat_map(|(meta, labels)| release_of(meta, labels)));
        let holds_all = |map: &&'a ConfigMap| keys.iter().all(|key| holds(map, key));
        let why = |map: &'a ConfigMap| map.metadata.name.as_deref().and_then(|n| naming.alike(name, n));
        let candidates = || self.facts.walk(known.by_name.candidates(name)).filter(holds_all);
        let is_beside = |map: &&'a ConfigMap| map.metadata.name.as_deref().is_some_and(|n| naming.is_beside(name, n));
        let alike = candidates().filter_map(|map| Some((why(map)?, map))).take(LISTED);
        let found = Meant::among(alike, self.facts.walk(known.by_name.near(name)).filter(holds_all).filter(is_beside).take(LISTED));
        // What says that it belongs to another release holds that one's settings.
        let is_foreign = |one: &ConfigMap| Release::of(own()).excludes(&one.metadata, name);
        match found {
            Meant::One(one) if is_foreign(one) => return Meant::OneOf(vec![one]),
            Meant::One(_) => return found,
            Meant::OneOf(_) | Meant::Nothing | Meant::Unread => {}
        }
        let similar: Vec<&ConfigMap> = found.all().to_vec();
        let is_known = |map: &ConfigMap| similar.iter().any(|known| std::ptr::eq(*known, map));
        // It holds the same, and for something else: `app-config-dev` is not what `app-config-prod` means.
        let is_other = |map: &ConfigMap| map.metadata.name.as_deref().is_some_and(|n| contradict(name, n));
        let holders = keys.iter().map(|key| known.by_key.get(key).map(Vec::as_slice).unwrap_or_default()).min_by_key(|maps| maps.len());
        let others =
            self.facts.walk(holders.into_iter().flatten().copied()).take(HOLDERS).filter(|m| holds_all(m) && !is_known(m) && !is_other(m));
        let all: Vec<&ConfigMap> = similar.iter().copied().chain(others).take(LISTED).collect();
        if all.is_empty() { Meant::Nothing } else { Meant::OneOf(all) }
    }
}

/// What it holds.
pub(super) fn keys(map: &ConfigMap) -> impl Iterator<Item = &str> {
    map.data.iter().flat_map(|d| d.keys()).chain(map.binary_data.iter().flat_map(|d| d.keys())).map(String::as_str)
}

/// Whether it holds the key.
pub(super) fn holds(map: &ConfigMap, key: &str) -> bool {
    map.data.as_ref().is_some_and(|d| d.contains_key(key)) || map.binary_data.as_ref().is_some_and(|d| d.contains_key(key))
}
