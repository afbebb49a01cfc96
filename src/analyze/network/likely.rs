//! Workloads that something may speak for, by names, values and ports: a Service that leads nowhere is compared with these where there
//! are too many to compare it with all. Gathered when the first Service asks.

use super::super::names::{Lexicon, Naming, Of, release_of, spelled};
use crate::domain::object::Namespace;
use crate::domain::workload::Workload;
use crate::facts::{Facts, selected};
use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::{Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::cell::OnceCell;
use std::collections::HashMap;

/// So many of those that only a port or a part of a name speaks for are looked at: more than one of them settles nothing.
const VAGUE: usize = 16;

type Workloads<'f> = Vec<&'f Workload<'f>>;

/// A port as a container declares it.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Port<'f> {
    Number(i32),
    Name(&'f str),
}

/// The workloads of one namespace.
#[derive(Debug, Default)]
struct Known<'f> {
    alike: Lexicon<&'f Workload<'f>>,
    names: HashMap<&'f str, Workloads<'f>>,
    /// StatefulSets by the Service that they name as their own.
    governed: HashMap<&'f str, Workloads<'f>>,
    values: HashMap<&'f str, Values<'f>>,
    /// Those that no Service leads to.
    unserved: HashMap<Port<'f>, Workloads<'f>>,
}

/// The values of one label.
#[derive(Debug, Default)]
struct Values<'f> {
    all: HashMap<&'f str, Workloads<'f>>,
    alike: Lexicon<&'f str>,
    /// By one spelling of words that have several.
    spelled: HashMap<String, Workloads<'f>>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Likely<'f> {
    facts: &'f Facts<'f>,
    known: OnceCell<HashMap<&'f str, Known<'f>>>,
}

impl<'f> Likely<'f> {
    pub(super) fn of(facts: &'f Facts<'f>) -> Self {
        Self { facts, known: OnceCell::new() }
    }

    fn gather(&self) -> HashMap<&'f str, Known<'f>> {
        let mut all: HashMap<&'f str, Known<'f>> = HashMap::new();
        for workload in self.facts.workloads() {
            let Some(namespace) = workload.object.namespace.as_ref().map(Namespace::as_str) else { continue };
            let known = all.entry(namespace).or_default();
            let name = workload.object.name.as_str();
            known.alike.add(name, workload);
            known.names.entry(name).or_default().push(workload);
            if let Some(service) = governing(self.facts, workload) {
                known.governed.entry(service).or_default().push(workload);
            }
            for (key, value) in self.facts.walk(workload.pod_labels.iter()) {
                let values = known.values.entry(key).or_default();
                if !values.all.contains_key(value.as_str()) {
                    values.alike.add(value, value);
                }
                values.all.entry(value).or_default().push(workload);
                values.spelled.entry(spelled(value)).or_default().push(workload);
            }
            if selected::is_served(self.facts, namespace, workload.pod_labels) {
                continue;
            }
            for port in workload.pod_spec.containers.iter().flat_map(|c| c.ports.iter().flatten()) {
                known.unserved.entry(Port::Number(port.container_port)).or_default().push(workload);
                if let Some(name) = port.name.as_deref() {
                    known.unserved.entry(Port::Name(name)).or_default().push(workload);
                }
            }
        }
        all
    }

    /// Those that could have been meant by a Service that wants another value of this label.
    pub(super) fn of_key(&self, service: &Service, namespace: &Namespace, key: &str, wrong: &str) -> Workloads<'f> {
        let Some(known) = self.known.get_or_init(|| self.gather()).get(namespace.as_str()) else { return Vec::new() };
        let name = service.metadata.name.as_deref().unwrap_or_default();
        let named = [known.names.get(wrong), known.governed.get(name)].into_iter().flatten().flatten().copied();
        let mut found: Workloads<'f> = named.chain(self.facts.walk(known.alike.candidates(name))).collect();
        if let Some(values) = known.values.get(key) {
            let naming = naming(service);
            // One that is ruled out and as close speaks against the others.
            let beside = self.facts.walk(values.alike.near(wrong)).filter(|value| naming.is_beside(wrong, value)).take(VAGUE);
            let alike = self.facts.walk(values.alike.candidates(wrong)).chain(beside).filter_map(|value| values.all.get(value));
            found.extend(alike.chain(values.all.get(name)).chain(values.spelled.get(&spelled(wrong))).flatten().copied());
        }
        let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten());
        let rarest = ports.map(|port| known.unserved.get(&target(port)).map(Vec::as_slice).unwrap_or_default()).min_by_key(|all| all.len());
        found.extend(self.facts.walk(rarest.unwrap_or_default().iter().take(VAGUE).copied()));
        found
    }
}

/// What a port of a Service leads to.
fn target(port: &ServicePort) -> Port<'_> {
    match &port.target_port {
        Some(IntOrString::String(name)) => Port::Name(name),
        Some(IntOrString::Int(number)) => Port::Number(*number),
        None => Port::Number(port.port),
    }
}

/// The Service that a StatefulSet names as its own.
pub(super) fn governing<'a>(facts: &Facts<'a>, workload: &Workload<'_>) -> Option<&'a str> {
    facts.find::<StatefulSet>(&workload.object).and_then(|s| s.spec.service_name.as_deref())
}

/// What the names of the Service's release may have or not.
pub(super) fn naming(service: &Service) -> Naming {
    let name = service.metadata.name.as_deref();
    Naming::of(Of::Service).without(release_of(&service.metadata, None).filter(|other| Some(*other) != name))
}
