//! What objects reach: what is a part of them, and what they need or what leads to them.

use super::Nearness;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::domain::workload::controller_of;
use crate::facts::{Facts, labels, pods};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;
use std::collections::HashSet;

/// Objects, and what is near them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    itself: HashSet<ObjectRef>,
    beside: HashSet<ObjectRef>,
}

impl Reach {
    /// What these reach.
    pub(crate) fn of(facts: &Facts<'_>, objects: &[ObjectRef]) -> Self {
        let mut reach = Self { itself: objects.iter().cloned().collect(), beside: HashSet::new() };
        for object in objects {
            reach.part(facts, object);
        }
        let named: Vec<ObjectRef> = reach.beside.iter().filter(|o| o.kind == Kind::Service).cloned().collect();
        for service in named {
            reach.behind(facts, &service, false);
        }
        let workloads: Vec<ObjectRef> = reach.itself.iter().cloned().collect();
        for object in &workloads {
            reach.neighbors(facts, object);
        }
        reach
    }

    pub(crate) fn nearness(&self, object: &ObjectRef) -> Nearness {
        if self.itself.contains(object) {
            Nearness::Itself
        } else if self.beside.contains(object) {
            Nearness::Beside
        } else {
            Nearness::Elsewhere
        }
    }

    /// Whether it is one of them or near one.
    pub(crate) fn holds(&self, object: &ObjectRef) -> bool {
        self.nearness(object) != Nearness::Elsewhere
    }

    fn put(&mut self, object: ObjectRef, itself: bool) {
        if itself {
            self.itself.insert(object)
        } else {
            self.beside.insert(object)
        };
    }

    /// What owns the object, what it owns, and what it leads to.
    fn part(&mut self, facts: &Facts<'_>, object: &ObjectRef) {
        let owners: Vec<ObjectRef> = facts.owners().chain(object).cloned().collect();
        self.itself.extend(owners);
        self.itself.extend(facts.pods_of(object).map(Resource::reference));
        match object.kind {
            Kind::Service => self.behind(facts, object, true),
            Kind::Ingress => {
                for service in facts.find::<Ingress>(object).into_iter().flat_map(backends) {
                    self.beside.insert(ObjectRef { kind: Kind::Service, namespace: object.namespace.clone(), name: service.to_owned() });
                }
            }
            Kind::PersistentVolumeClaim => {
                let namespace = object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
                let users: Vec<ObjectRef> = facts.claims().pods(namespace, &object.name).iter().map(|p| p.reference()).collect();
                for pod in users {
                    self.pod(facts, pod, false);
                }
            }
            Kind::HorizontalPodAutoscaler => {
                if let Some(target) = facts.find::<HorizontalPodAutoscaler>(object).and_then(target) {
                    self.beside.extend(facts.pods_of(&target).map(Resource::reference));
                    self.beside.insert(target);
                }
            }
            Kind::CronJob => {
                let runs = facts.all::<Job>().filter(|j| controller_of(&j.metadata).as_ref() == Some(object));
                self.itself.extend(runs.map(Resource::reference));
            }
            _ => {}
        }
    }

    /// The Pods behind a Service, and what owns them.
    fn behind(&mut self, facts: &Facts<'_>, service: &ObjectRef, itself: bool) {
        let Some(found) = facts.find::<Service>(service) else { return };
        let (Some(namespace), Some(selector)) = (found.metadata.namespace.as_deref(), labels::any_selector(found)) else { return };
        let selected: Vec<ObjectRef> = facts.pods_selected(namespace, selector).map(Resource::reference).collect();
        for pod in selected {
            self.pod(facts, pod, itself);
        }
        for workload in facts.workloads_selected(namespace, selector) {
            self.put(workload.object.clone(), itself);
        }
    }

    fn pod(&mut self, facts: &Facts<'_>, pod: ObjectRef, itself: bool) {
        let owners: Vec<ObjectRef> = facts.owners().chain(&pod).cloned().collect();
        for object in owners.into_iter().chain([pod]) {
            self.put(object, itself);
        }
    }

    /// The claims that a Pod or a workload mounts, and the Services that lead to it.
    fn neighbors(&mut self, facts: &Facts<'_>, object: &ObjectRef) {
        let Some(namespace) = object.namespace.as_ref() else { return };
        let spec = match object.kind {
            Kind::Pod => facts.find::<Pod>(object).and_then(|p| p.spec.as_ref()),
            _ => facts.workload(object).map(|w| w.pod_spec),
        };
        for claim in spec.into_iter().flat_map(pods::claims) {
            self.beside.insert(ObjectRef::namespaced(Kind::PersistentVolumeClaim, namespace, claim));
        }
        let pod_labels = match object.kind {
            Kind::Pod => facts.find::<Pod>(object).and_then(|p| p.metadata.labels.as_ref()),
            _ => facts.workload(object).map(|w| w.pod_labels),
        };
        let leading = pod_labels.into_iter().flat_map(|l| facts.services_of(namespace.as_str(), l)).map(Resource::reference);
        let leading: Vec<ObjectRef> = leading.collect();
        self.beside.extend(leading);
    }
}

/// The Services that an Ingress names.
pub(crate) fn backends(ingress: &Ingress) -> impl Iterator<Item = &str> {
    let spec = ingress.spec.as_ref();
    let default = spec.and_then(|s| s.default_backend.as_ref());
    let rules = spec.into_iter().flat_map(|s| s.rules.iter().flatten());
    let paths = rules.filter_map(|r| r.http.as_ref()).flat_map(|h| &h.paths).map(|p| &p.backend);
    default.into_iter().chain(paths).filter_map(|b| b.service.as_ref()).map(|s| s.name.as_str())
}

/// What an autoscaler scales.
pub(crate) fn target(autoscaler: &HorizontalPodAutoscaler) -> Option<ObjectRef> {
    let target = &autoscaler.spec.scale_target_ref;
    let namespace = Namespace::parse(autoscaler.metadata.namespace.as_deref()?).ok()?;
    let kind = Kind::of(target.api_version.as_deref().unwrap_or_default(), &target.kind);
    Some(ObjectRef::namespaced(kind, &namespace, &target.name))
}
