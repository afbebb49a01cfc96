//! What stands behind a Service: the Pods that its selector matches, by what they belong to, and whether they serve its ports.

use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Resource;
use crate::domain::workload::{Workload, controller_of};
use crate::facts::labels::Selector;
use crate::facts::{Facts, pods, selected};
use k8s_openapi::api::core::v1::{Pod, PodSpec, Service, ServicePort};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// Pods of one workload, or of whatever else makes Pods: a Job, a CronJob, an operator's resource.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) object: ObjectRef,
    /// The labels that all of them have.
    pub(super) labels: Selector,
    pub(super) part: Part,
    /// Requests reach one of them.
    pub(super) ready: bool,
}

/// What they do for the Service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// They declare every port of it: the numbers, in its order.
    Serves(Vec<i32>),
    /// They declare ports, and none of its.
    Elsewhere,
    /// No request comes to them: its ports go by names that they do not have.
    Aside,
    /// What they declare does not tell.
    Open,
    /// The same, and they are made to end: whether they serve is for the judge of the Service to doubt, and says nothing of others.
    Passing,
}

/// Who has Pods that a selector matches, or would make some.
#[derive(Debug)]
pub(super) struct Maker<'f> {
    pub(super) object: ObjectRef,
    labels: Selector,
    spec: Option<&'f PodSpec>,
    /// Its Pods are made to end.
    ends: bool,
    /// One of its Pods is among those that count.
    has_pod: bool,
}

/// All of them, in their order: what serves, what will, and what was meant are told apart by these alone. Of which nothing is there that
/// `counts`, and nothing is wanted, is left out.
pub(super) fn makers<'f>(facts: &'f Facts<'_>, namespace: &Namespace, wanted: &Selector, counts: impl Fn(&Pod) -> bool) -> Vec<Maker<'f>> {
    let mut all: Vec<Maker<'f>> = Vec::new();
    let stays = |w: &&'f Workload<'_>| !is_going(w) && w.desired > 0;
    for workload in selected::templates_selected(facts, namespace.as_str(), wanted).filter(stays) {
        let object = top(facts, &workload.object).clone();
        if !all.iter().any(|known| known.object == object) {
            let labels = workload.pod_labels.clone();
            all.push(Maker { object, labels, spec: Some(workload.pod_spec), ends: false, has_pod: false });
        }
    }
    for pod in selected::pods_selected(facts, namespace.as_str(), wanted).filter(|pod| counts(pod)) {
        let (owner, ends) = owner(facts, pod);
        let labels = pod.metadata.labels.clone().unwrap_or_default();
        match all.iter_mut().find(|one| one.object == owner) {
            Some(known) => {
                known.has_pod = true;
                if facts.workload(&owner).is_none() {
                    known.labels.retain(|key, value| labels.get(key) == Some(value));
                }
            }
            None => all.push(Maker { object: owner, labels, spec: pod.spec.as_ref(), ends, has_pod: true }),
        }
    }
    all
}

/// Whether something makes Pods by a template that the selector matches, be it a workload or not: that it has none now is no fault of the
/// selector.
pub(super) fn has_template(facts: &Facts<'_>, namespace: &Namespace, wanted: &Selector) -> bool {
    // One of nobody's that is left over at zero makes none.
    let sets = selected::own_sets_selected(facts, namespace.as_str(), wanted)
        .filter(|set| set.desired > 0 || set.total > 0 || controller_of(set.meta).is_some());
    !selected::workloads_selected(facts, namespace.as_str(), wanted).chain(sets).all(is_going)
}

/// What they do for a Service, by those of their Pods that are ready.
pub(super) fn behind(facts: &Facts<'_>, service: &Service, namespace: &Namespace, wanted: &Selector) -> Vec<Behind> {
    let counts = |pod: &Pod| pods::is_ready(pod) && pod.metadata.deletion_timestamp.is_none();
    let of = |Maker { object, labels, spec, ends, has_pod }: Maker<'_>| {
        let part = spec.map_or(Part::Open, |spec| part(service, spec, ends));
        Behind { object, labels, part, ready: has_pod }
    };
    makers(facts, namespace, wanted, counts).into_iter().map(of).collect()
}

/// What makes a ReplicaSet that no Deployment made; any other workload is told as itself.
fn top<'f>(facts: &'f Facts<'_>, object: &'f ObjectRef) -> &'f ObjectRef {
    if facts.workload(object).is_some() { object } else { facts.owners().chain(object).last().unwrap_or(object) }
}

/// What a Pod belongs to, and whether its Pods are made to end.
pub(super) fn owner(facts: &Facts<'_>, pod: &Pod) -> (ObjectRef, bool) {
    let own = pod.reference();
    let chain: Vec<&ObjectRef> = facts.owners().chain(&own).collect();
    let ends = chain.iter().any(|o| matches!(o.kind, Kind::Job | Kind::CronJob));
    let workload = chain.iter().copied().find(|o| facts.workload(o).is_some());
    (workload.or(chain.last().copied()).unwrap_or(&own).clone(), ends)
}

fn part(service: &Service, spec: &PodSpec, ends: bool) -> Part {
    let ports: Vec<&ServicePort> = service.spec.iter().flat_map(|s| s.ports.iter().flatten()).collect();
    let found: Vec<Option<i32>> = ports.iter().map(|port| declared(spec, port)).collect();
    let by_name = |port: &&ServicePort| matches!(port.target_port, Some(IntOrString::String(_)));
    let says = spec.containers.iter().all(|c| c.ports.as_ref().is_some_and(|p| !p.is_empty()));
    match found.iter().copied().collect::<Option<Vec<i32>>>() {
        Some(numbers) => Part::Serves(numbers),
        None if ports.iter().all(by_name) && found.iter().all(Option::is_none) => Part::Aside,
        None if found.iter().all(Option::is_none) && says => Part::Elsewhere,
        None if ends => Part::Passing,
        None => Part::Open,
    }
}

/// Whether a container has every port that the Service leads to.
pub(super) fn serves(service: &Service, spec: &PodSpec) -> bool {
    matches!(part(service, spec, false), Part::Serves(_))
}

/// The ports to which the Service leads by their numbers, that no container declares and no readiness probe asks: whether anything
/// listens there, nothing shows.
pub(super) fn unproved(service: &Service, spec: &PodSpec) -> Vec<i32> {
    let is_asked =
        |number: i32| spec.containers.iter().filter_map(|c| c.readiness_probe.as_ref()).any(|probe| pods::asks_port(probe, number));
    let ports = service.spec.iter().flat_map(|s| s.ports.iter().flatten()).filter(|port| declared(spec, port).is_none());
    let numbers = ports.filter_map(|port| match &port.target_port {
        Some(IntOrString::Int(number)) => Some(*number),
        Some(IntOrString::String(_)) => None,
        None => Some(port.port),
    });
    numbers.filter(|number| !is_asked(*number)).collect()
}

/// The number under which a container declares what a port of the Service leads to.
fn declared(spec: &PodSpec, port: &ServicePort) -> Option<i32> {
    let mut offered = spec.containers.iter().flat_map(|c| c.ports.iter().flatten());
    let found = match &port.target_port {
        Some(IntOrString::String(name)) => offered.find(|o| o.name.as_deref() == Some(name)),
        Some(IntOrString::Int(number)) => offered.find(|o| o.container_port == *number),
        None => offered.find(|o| o.container_port == port.port),
    };
    found.map(|o| o.container_port)
}

/// Whether it is being deleted.
pub(super) fn is_going(workload: &Workload<'_>) -> bool {
    workload.meta.deletion_timestamp.is_some()
}
