//! Which cause explains a symptom: the first one that touches it, found by index and not by asking every cause.

use crate::domain::finding::{CausalLink, Finding, Relation, Symptom};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::facts::focus::target;
use crate::facts::{Facts, labels, selected};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use std::collections::{HashMap, HashSet};

/// Causes, with what each of them is known to explain. A cause is pointed at by its place.
pub(super) struct Explained {
    causes: Vec<Finding>,
    /// The first cause of which this is the object to change.
    objects: HashMap<ObjectRef, usize>,
    /// The first cause that makes this object suffer.
    suffering: HashMap<ObjectRef, usize>,
    /// The first cause that makes something below this owner suffer.
    beneath: HashMap<ObjectRef, usize>,
    /// Who mounts this claim, by the chain of which cause, in the causes' order.
    mounts: HashMap<ObjectRef, Vec<(usize, ObjectRef)>>,
    /// What each cause makes suffer, and the links of its chain.
    symptoms: Vec<HashSet<ObjectRef>>,
    links: Vec<HashSet<CausalLink>>,
}

impl Explained {
    pub(super) fn by(facts: &Facts<'_>, causes: Vec<Finding>) -> Self {
        let mut all = Self {
            objects: HashMap::new(),
            suffering: HashMap::new(),
            beneath: HashMap::new(),
            mounts: HashMap::new(),
            symptoms: causes.iter().map(|c| c.symptoms.iter().map(|s| s.object.clone()).collect()).collect(),
            links: causes.iter().map(|c| c.chain.iter().cloned().collect()).collect(),
            causes: Vec::new(),
        };
        for (place, cause) in facts.walk(causes.iter()).enumerate() {
            all.objects.entry(cause.object.clone()).or_insert(place);
            for symptom in facts.walk(cause.symptoms.iter()) {
                all.suffers(facts, &symptom.object, place);
            }
            for link in facts.walk(cause.chain.iter()).filter(|l| l.relation == Relation::Mounts) {
                all.mounts.entry(link.to.clone()).or_default().push((place, link.from.clone()));
            }
        }
        all.causes = causes;
        all
    }

    pub(super) fn into_causes(self) -> Vec<Finding> {
        self.causes
    }

    /// Puts the symptom behind its cause, or gives it back.
    pub(super) fn take(&mut self, facts: &Facts<'_>, symptom: Symptom) -> Option<Symptom> {
        let Some((place, link)) = self.because_of(facts, &symptom.object) else { return Some(symptom) };
        let (Some(cause), Some(symptoms), Some(links)) =
            (self.causes.get_mut(place), self.symptoms.get_mut(place), self.links.get_mut(place))
        else {
            return Some(symptom);
        };
        if let Some(link) = link.filter(|link| links.insert(link.clone())) {
            cause.chain.push(link);
        }
        if symptoms.insert(symptom.object.clone()) {
            let object = symptom.object.clone();
            cause.symptoms.push(symptom);
            self.suffers(facts, &object, place);
        }
        None
    }

    fn suffers(&mut self, facts: &Facts<'_>, object: &ObjectRef, place: usize) {
        earliest(&mut self.suffering, object, place);
        for owner in facts.owners().chain(object) {
            earliest(&mut self.beneath, owner, place);
        }
    }

    /// The first cause that explains what is wrong with the object, and the link that leads to it.
    fn because_of(&self, facts: &Facts<'_>, object: &ObjectRef) -> Option<(usize, Option<CausalLink>)> {
        let itself = [self.objects.get(object), self.suffering.get(object)].into_iter().flatten().min().map(|place| (*place, None));
        let related = match object.kind {
            // A workload is incomplete because its Pods are.
            Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job | Kind::CronJob => {
                self.beneath.get(object).map(|place| (*place, None))
            }
            Kind::Service => self.behind(facts, object),
            // An autoscaler has no metrics because the Pods that would give them do not run.
            Kind::HorizontalPodAutoscaler => {
                let scaled = facts.find::<HorizontalPodAutoscaler>(object).and_then(target);
                scaled.and_then(|scaled| self.beneath.get(&scaled)).map(|place| (*place, None))
            }
            // A claim stays unbound because the Pod that it waits for cannot be placed.
            Kind::PersistentVolumeClaim => {
                let mut mounts = facts.walk(self.mounts.get(object).into_iter().flatten());
                mounts.find(|(place, pod)| self.symptoms.get(*place).is_some_and(|s| s.contains(pod))).map(|(place, _)| (*place, None))
            }
            _ => None,
        };
        // Of one cause, that the object itself suffers needs no link.
        [itself, related].into_iter().flatten().min_by_key(|(place, _)| *place)
    }

    /// A Service has no endpoints because the Pods that it selects do not run.
    fn behind(&self, facts: &Facts<'_>, object: &ObjectRef) -> Option<(usize, Option<CausalLink>)> {
        let selector = labels::any_selector(facts.find::<Service>(object)?)?;
        let namespace = object.namespace.as_ref().map(Namespace::as_str)?;
        let suffering = selected::pods_selected(facts, namespace, selector).filter_map(|p| {
            let pod = p.reference();
            self.suffering.get(&pod).map(|place| (*place, pod))
        });
        let (place, pod) = suffering.min_by_key(|(place, _)| *place)?;
        Some((place, Some(CausalLink { from: object.clone(), relation: Relation::Selects, to: pod })))
    }
}

fn earliest(places: &mut HashMap<ObjectRef, usize>, object: &ObjectRef, place: usize) {
    places.entry(object.clone()).and_modify(|known| *known = (*known).min(place)).or_insert(place);
}
