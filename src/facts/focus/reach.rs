//! What objects reach: what is a part of them, and what they need or what leads to them.

use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::named::Reach;
use crate::facts::{Facts, ingresses, labels, pods, selected};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Pod, Service};
use k8s_openapi::api::networking::v1::Ingress;

/// What these objects reach.
pub(crate) fn reach(facts: &Facts<'_>, objects: &[ObjectRef]) -> Reach {
    let mut walk = Walk { facts, reach: Reach { itself: objects.iter().cloned().collect(), ..Reach::default() } };
    for object in objects {
        walk.part(object);
    }
    let named: Vec<ObjectRef> = walk.reach.beside.iter().filter(|o| o.kind == Kind::Service).cloned().collect();
    for service in named {
        walk.behind(&service, false);
    }
    let workloads: Vec<ObjectRef> = walk.reach.itself.iter().cloned().collect();
    for object in &workloads {
        walk.neighbors(object);
    }
    walk.reach
}

/// Whether one of these Services leads to the object, or is it.
pub(crate) fn is_led_to(facts: &Facts<'_>, object: &ObjectRef, services: &[&ObjectRef]) -> bool {
    let reach = reach(facts, std::slice::from_ref(object));
    services.iter().any(|service| reach.itself.contains(*service) || reach.beside.contains(*service))
}

/// A way through the facts, and what was met on it.
struct Walk<'f, 'a> {
    facts: &'f Facts<'a>,
    reach: Reach,
}

impl Walk<'_, '_> {
    /// What owns the object, what it owns, and what it leads to.
    fn part(&mut self, object: &ObjectRef) {
        let owners: Vec<ObjectRef> = self.facts.owners().chain(object).cloned().collect();
        self.reach.itself.extend(owners);
        self.reach.itself.extend(self.facts.pods_of(object).map(Resource::reference));
        match object.kind {
            Kind::Service => self.behind(object, true),
            Kind::Ingress => {
                for service in self.facts.find::<Ingress>(object).into_iter().flat_map(ingresses::services) {
                    self.reach.beside.insert(ObjectRef {
                        kind: Kind::Service,
                        namespace: object.namespace.clone(),
                        name: service.to_owned(),
                    });
                }
            }
            Kind::PersistentVolumeClaim => {
                let namespace = object.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
                let users: Vec<ObjectRef> = self.facts.claims().pods(namespace, &object.name).iter().map(|p| p.reference()).collect();
                for pod in users {
                    self.pod(pod, false);
                }
            }
            Kind::HorizontalPodAutoscaler => {
                if let Some(target) = self.facts.find::<HorizontalPodAutoscaler>(object).and_then(target) {
                    self.reach.beside.extend(self.facts.pods_of(&target).map(Resource::reference));
                    self.reach.beside.insert(target);
                }
            }
            // Whatever else makes Jobs: its runs are a part of it, those without a Pod too.
            _ => self.reach.itself.extend(self.facts.runs_of(object).map(Resource::reference)),
        }
    }

    /// The Pods behind a Service, and what owns them.
    fn behind(&mut self, service: &ObjectRef, itself: bool) {
        let Some(found) = self.facts.find::<Service>(service) else { return };
        let (Some(namespace), Some(selector)) = (found.metadata.namespace.as_deref(), labels::any_selector(found)) else { return };
        let selected: Vec<ObjectRef> = selected::pods_selected(self.facts, namespace, selector).map(Resource::reference).collect();
        for pod in selected {
            self.pod(pod, itself);
        }
        for workload in selected::templates_selected(self.facts, namespace, selector) {
            self.reach.put(workload.object.clone(), itself);
        }
    }

    fn pod(&mut self, pod: ObjectRef, itself: bool) {
        let owners: Vec<ObjectRef> = self.facts.owners().chain(&pod).cloned().collect();
        for object in owners.into_iter().chain([pod]) {
            self.reach.put(object, itself);
        }
    }

    /// The claims that a Pod or a workload mounts, and the Services that lead to it.
    fn neighbors(&mut self, object: &ObjectRef) {
        let Some(namespace) = object.namespace.as_ref() else { return };
        let spec = match object.kind {
            Kind::Pod => self.facts.find::<Pod>(object).and_then(|p| p.spec.as_ref()),
            _ => selected::with_template(self.facts, object).map(|w| w.pod_spec),
        };
        for claim in spec.into_iter().flat_map(pods::claims) {
            self.reach.beside.insert(ObjectRef::namespaced(Kind::PersistentVolumeClaim, namespace, claim));
        }
        let pod_labels = match object.kind {
            Kind::Pod => self.facts.find::<Pod>(object).and_then(|p| p.metadata.labels.as_ref()),
            _ => selected::with_template(self.facts, object).map(|w| w.pod_labels),
        };
        let leading =
            pod_labels.into_iter().flat_map(|l| selected::services_of(self.facts, namespace.as_str(), l)).map(Resource::reference);
        let leading: Vec<ObjectRef> = leading.collect();
        self.reach.beside.extend(leading);
    }
}

/// What an autoscaler scales.
pub(crate) fn target(autoscaler: &HorizontalPodAutoscaler) -> Option<ObjectRef> {
    let target = &autoscaler.spec.scale_target_ref;
    let namespace = Namespace::parse(autoscaler.metadata.namespace.as_deref()?).ok()?;
    let kind = Kind::of(target.api_version.as_deref().unwrap_or_default(), &target.kind);
    Some(ObjectRef::namespaced(kind, &namespace, &target.name))
}
