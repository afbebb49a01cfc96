//! What a selector matches, what it misses by one label, and what leads to Pods.

use super::labels::{self, Selector};
use super::{Facts, pods};
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::domain::workload::Workload;
use k8s_openapi::api::core::v1::{Pod, Service};
use std::collections::{BTreeSet, HashMap};

/// So many workloads are compared one by one with a selector that misses them; where there are more, only those that something
/// speaks for.
const FEW: usize = 32;

/// By namespace and label key, the workloads of which a live Pod has the key otherwise than the template says.
pub(super) type Given = HashMap<String, HashMap<String, BTreeSet<usize>>>;

impl<'a> Facts<'a> {
    /// The Pods in a namespace that a selector matches.
    pub(crate) fn pods_selected(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = &'a Pod> {
        let candidates = self.pods_by_label.candidates(namespace, selector);
        self.walk(candidates.iter().copied()).filter(|p| labels::matches(selector, p.metadata.labels.as_ref()))
    }

    /// How many Pods of a namespace carry all of these labels; all of them where none is named.
    pub(crate) fn count_carrying(&self, namespace: &str, wanted: &Selector) -> usize {
        let mut pairs = wanted.iter();
        match (pairs.next(), pairs.next()) {
            (None, _) => self.in_namespace.get(namespace).and_then(|kinds| kinds.get(&Kind::Pod)).map_or(0, Vec::len),
            (Some((key, value)), None) => self.pods_by_label.carrying(namespace, key, value).len(),
            (Some(_), Some(_)) => self.pods_selected(namespace, wanted).count(),
        }
    }

    /// The workloads in a namespace whose Pods a selector matches.
    pub(crate) fn workloads_selected(&self, namespace: &str, selector: &Selector) -> impl Iterator<Item = &Workload<'a>> {
        let candidates = self.workloads_by_label.candidates(namespace, selector);
        self.walk(candidates.iter().filter_map(|place| self.workloads.get(*place)))
            .filter(|w| labels::matches(selector, Some(w.pod_labels)))
    }

    /// The workloads in a namespace whose Pods a selector misses by just one of its labels, in their order. Where more than a few match
    /// all others, only those that `likely` knows for the key: a Service that leads nowhere is not compared with all there is.
    pub(crate) fn workloads_missed<'f>(
        &'f self,
        namespace: &Namespace,
        selector: &Selector,
        likely: impl Fn(&str) -> Vec<&'f Workload<'a>>,
    ) -> impl Iterator<Item = &'f Workload<'a>> {
        let missed = |w: &&Workload<'a>| selector.iter().filter(|(k, v)| w.pod_labels.get(*k) != Some(v)).count() == 1;
        let mut places: BTreeSet<usize> = BTreeSet::new();
        for key in selector.keys() {
            let mut rest = selector.clone();
            rest.remove(key);
            // Without any other label every workload of the namespace may be the one.
            let all = self.workloads_in_namespace.get(namespace.as_str()).filter(|_| rest.is_empty()).map(Vec::as_slice);
            let candidates = all.unwrap_or_else(|| self.workloads_by_label.candidates(namespace.as_str(), &rest));
            if candidates.len() <= FEW {
                places.extend(self.walk(candidates.iter()));
            } else {
                places.extend(self.walk(likely(key).into_iter()).filter_map(|w| self.workload_places.get(&w.object)));
            }
        }
        self.walk(places.into_iter().filter_map(|place| self.workloads.get(place))).filter(missed)
    }

    /// The workloads in a namespace of which a live Pod has this key otherwise than the template says: it was given while the Pod ran.
    pub(crate) fn workloads_given(&self, namespace: &Namespace, key: &str) -> Vec<&Workload<'a>> {
        let given = self.given.get_or_init(|| self.find_given());
        let places = given.get(namespace.as_str()).and_then(|keys| keys.get(key));
        self.walk(places.into_iter().flatten().filter_map(|place| self.workloads.get(*place))).collect()
    }

    fn find_given(&self) -> Given {
        let mut given = Given::new();
        for (place, workload) in self.workloads.iter().enumerate() {
            for pod in self.pods_of(&workload.object).filter(|p| !pods::has_ended(p)) {
                let Some(namespace) = pod.metadata.namespace.as_deref() else { continue };
                let own = pod.metadata.labels.iter().flatten().filter(|(key, value)| workload.pod_labels.get(*key) != Some(value));
                for (key, _) in own {
                    given.entry(namespace.to_owned()).or_default().entry(key.clone()).or_default().insert(place);
                }
            }
        }
        given
    }

    /// The workloads in a namespace whose Pods carry a value of the selector, under whatever key: of its rarest value.
    pub(crate) fn workloads_valued(&self, namespace: &Namespace, selector: &Selector) -> impl Iterator<Item = &Workload<'a>> {
        let rarest = selector
            .values()
            .map(|value| self.workloads_by_value.get(&(namespace.as_str(), value.as_str())).map(Vec::as_slice).unwrap_or_default())
            .min_by_key(|places| places.len());
        // One workload may carry the value under two keys.
        let places: BTreeSet<usize> = self.walk(rarest.unwrap_or_default().iter().copied()).collect();
        self.walk(places.into_iter().filter_map(|place| self.workloads.get(place)))
    }

    /// A Service of the namespace whose selector has the key with another value.
    pub(crate) fn service_with_another(&self, namespace: &Namespace, key: &str, value: &str) -> Option<&'a Service> {
        let known = self.services_by_key.get(&(namespace.as_str(), key)).into_iter().flatten().copied();
        self.walk(known).find(|s| labels::any_selector(s).and_then(|wanted| wanted.get(key)).is_some_and(|v| v != value))
    }

    /// Whether any Service leads to Pods of these labels.
    pub(crate) fn is_served(&self, namespace: &str, labels: &Selector) -> bool {
        self.services_of(namespace, labels).next().is_some()
    }

    /// The Services in a namespace that lead to Pods of these labels.
    pub(crate) fn services_of(&self, namespace: &str, labels: &Selector) -> impl Iterator<Item = &'a Service> {
        let services = labels.iter().flat_map(|(key, value)| self.services_by_label.carrying(namespace, key, value));
        self.walk(services.copied()).filter(|s| labels::any_selector(s).is_some_and(|wanted| labels::matches(wanted, Some(labels))))
    }
}
