//! What makes Pods and is no workload: Jobs, ReplicaSets that no Deployment made, and whatever else owns Pods. A Service that leads
//! nowhere may be meant for these. Gathered when the first Service asks.

use super::super::names::Lexicon;
use super::behind::owner;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::workload::Workload;
use crate::facts::labels::Selector;
use crate::facts::{Facts, pods, selected};
use k8s_openapi::api::core::v1::{Pod, Service};
use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

/// So many are compared one by one with a selector that misses them; where there are more, only those that something speaks for.
const FEW: usize = 32;

/// Those of one namespace, each with the labels of the first of its Pods.
#[derive(Debug, Default)]
struct Place<'f> {
    all: Vec<Workload<'f>>,
    known: BTreeSet<ObjectRef>,
    by_label: HashMap<(&'f str, &'f str), Vec<usize>>,
    by_value: HashMap<&'f str, Vec<usize>>,
    names: Lexicon<usize>,
    values: HashMap<&'f str, Lexicon<usize>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Foreign<'f> {
    facts: &'f Facts<'f>,
    places: OnceCell<HashMap<&'f str, Place<'f>>>,
}

impl<'f> Foreign<'f> {
    pub(super) fn of(facts: &'f Facts<'f>) -> Self {
        Self { facts, places: OnceCell::new() }
    }

    fn gather(&self) -> HashMap<&'f str, Place<'f>> {
        let mut all: HashMap<&'f str, Place<'f>> = HashMap::new();
        for set in selected::own_sets(self.facts).filter(|set| set.desired > 0 && set.meta.deletion_timestamp.is_none()) {
            let top = self.facts.owners().chain(&set.object).last().unwrap_or(&set.object);
            all.entry(set.meta.namespace.as_deref().unwrap_or_default()).or_default().add(top.clone(), set.clone());
        }
        for pod in self.facts.all::<Pod>().filter(|pod| pods::is_live(pod)) {
            let (maker, _) = owner(self.facts, pod);
            // A node owns the Pods of its own manifests, and Services are not for these.
            if maker.namespace.is_none() || self.facts.workload(&maker).is_some() {
                continue;
            }
            let (Some(pod_spec), Some(pod_labels)) = (pod.spec.as_ref(), pod.metadata.labels.as_ref()) else { continue };
            let made = Workload {
                object: maker.clone(),
                meta: &pod.metadata,
                pod_spec,
                pod_labels,
                spec_path: "spec",
                replicas: None,
                ready: 1,
                updated: 1,
                available: 1,
                total: 1,
                desired: 1,
                observed: true,
                conditions: Vec::new(),
                paused: false,
            };
            all.entry(pod.metadata.namespace.as_deref().unwrap_or_default()).or_default().add(maker, made);
        }
        all
    }

    /// Those that could have been meant by a Service that selects nothing.
    pub(super) fn of_service(&self, service: &Service, namespace: &Namespace, wanted: &Selector) -> Vec<&Workload<'f>> {
        let Some(place) = self.places.get_or_init(|| self.gather()).get(namespace.as_str()) else { return Vec::new() };
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let mut found: BTreeSet<usize> = BTreeSet::new();
        for (key, wrong) in wanted {
            let rest = wanted.iter().filter(|(other, _)| *other != key);
            let carrying =
                rest.map(|(key, value)| place.by_label.get(&(key.as_str(), value.as_str())).map(Vec::as_slice).unwrap_or_default());
            let rarest = carrying.min_by_key(|places| places.len());
            match rarest {
                Some(places) if places.len() <= FEW => found.extend(places),
                None if place.all.len() <= FEW => found.extend(0..place.all.len()),
                Some(_) | None => {
                    let values = place.values.get(key.as_str()).into_iter();
                    let alike = values.flat_map(|values| values.candidates(wrong).chain(values.near(wrong).take(FEW)));
                    found.extend(self.facts.walk(place.names.candidates(name).chain(alike)));
                }
            }
        }
        let valued = wanted.values().map(|value| place.by_value.get(value.as_str()).map(Vec::as_slice).unwrap_or_default());
        found.extend(valued.min_by_key(|places| places.len()).unwrap_or_default().iter().take(FEW));
        self.facts.walk(found.into_iter().filter_map(|at| place.all.get(at))).collect()
    }
}

impl<'f> Place<'f> {
    fn add(&mut self, maker: ObjectRef, made: Workload<'f>) {
        if !self.known.insert(maker.clone()) {
            return;
        }
        let at = self.all.len();
        self.names.add(&maker.name, at);
        for (key, value) in made.pod_labels {
            self.by_label.entry((key, value)).or_default().push(at);
            self.by_value.entry(value).or_default().push(at);
            self.values.entry(key).or_default().add(value, at);
        }
        self.all.push(Workload { object: maker, ..made });
    }
}
