//! What words can name: objects with their names, the labels that say what they are, and their images.

use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::snapshot::{ListedKind, Resource, Snapshot};
use crate::domain::workload::controller_of;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{ConfigMap, Node, PersistentVolumeClaim, PodSpec, Service};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use std::collections::BTreeMap;

/// Labels whose value is the name of a program or of its part.
const NAMING: &[&str] = &[
    "app",
    "name",
    "k8s-app",
    "component",
    "tier",
    "role",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app.kubernetes.io/part-of",
];

/// The kinds of what words can name and that are always read.
pub(super) const KINDS: &[Kind] = &[
    Kind::Pod,
    Kind::Deployment,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::Ingress,
    Kind::PersistentVolumeClaim,
];
/// Those that are read where something speaks for it.
pub(super) const FURTHER_KINDS: &[Kind] = &[Kind::HorizontalPodAutoscaler, Kind::PodDisruptionBudget, Kind::ConfigMap, Kind::Node];

/// An object, and what it can be called.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) object: ObjectRef,
    /// Values of labels that name it.
    pub(super) labels: Vec<String>,
    /// The last part of the path of each image, without its tag.
    pub(super) images: Vec<String>,
    /// The hosts that it serves.
    pub(super) hosts: Vec<String>,
    /// It is meant only where its whole name stands in the words.
    pub(super) by_name_only: bool,
}

impl Candidate {
    /// The parts of its name.
    pub(super) fn parts(&self) -> impl Iterator<Item = &str> {
        parts(&self.object.name)
    }

    /// The parts of its name, of its labels and of its images.
    pub(super) fn all_parts(&self) -> impl Iterator<Item = &str> {
        self.parts().chain(self.labels.iter().chain(&self.images).flat_map(|text| parts(text)))
    }

    /// Whether it is in one of these namespaces.
    pub(super) fn is_in(&self, namespaces: &[String]) -> bool {
        self.object.namespace.as_ref().is_some_and(|own| namespaces.iter().any(|n| n == own.as_str()))
    }
}

/// The parts of a name between separators.
pub(super) fn parts(name: &str) -> impl Iterator<Item = &str> {
    name.split(['-', '.', '_']).filter(|p| p.len() > 1)
}

pub(super) fn all(snapshot: &Snapshot) -> Vec<Candidate> {
    let mut found: Vec<Candidate> = Vec::new();
    let workloads = snapshot.workloads();
    for workload in &workloads {
        found.push(candidate(workload.object.clone(), Some(workload.pod_labels), Some(workload.pod_spec)));
        if let (Some(last), Some(own)) = (found.last_mut(), workload.meta.labels.as_ref()) {
            last.labels.extend(naming(own));
        }
    }
    // The past of a controller that nobody reads is called by its own name only.
    for set in snapshot.own_replica_sets() {
        let past = set.desired == 0 && set.total == 0 && controller_of(set.meta).is_some();
        let candidate = candidate(set.object.clone(), Some(set.pod_labels), Some(set.pod_spec));
        found.push(Candidate { by_name_only: past, ..candidate });
    }
    for pod in snapshot.pods.iter().filter(|p| controller_of(&p.metadata).is_some()) {
        found.push(whole(pod));
    }
    // A run of a CronJob is called by its own name only.
    for job in snapshot.jobs.iter() {
        let spec = job.spec.as_ref().and_then(|s| s.template.spec.as_ref());
        let owned = controller_of(&job.metadata).is_some();
        found.push(Candidate { by_name_only: owned, ..candidate(job.reference(), job.metadata.labels.as_ref(), spec) });
    }
    for cron in snapshot.cron_jobs.iter() {
        let spec = cron.spec.job_template.spec.as_ref().and_then(|s| s.template.spec.as_ref());
        found.push(candidate(cron.reference(), cron.metadata.labels.as_ref(), spec));
    }
    named::<Service>(snapshot, &mut found);
    for ingress in &snapshot.ingresses {
        let rules = ingress.spec.iter().flat_map(|s| s.rules.iter().flatten()).filter_map(|r| r.host.as_ref()).map(|h| h.to_lowercase());
        found.push(Candidate { hosts: rules.collect(), ..candidate(ingress.reference(), ingress.metadata.labels.as_ref(), None) });
    }
    named::<PersistentVolumeClaim>(snapshot, &mut found);
    named::<HorizontalPodAutoscaler>(snapshot, &mut found);
    named::<PodDisruptionBudget>(snapshot, &mut found);
    found.extend(ConfigMap::listing(snapshot).iter().map(whole));
    found.extend(Node::listing(snapshot).iter().map(whole));
    // What Kubernetes puts into every namespace or runs for itself is nobody's program, unless it is called by its name.
    for candidate in &mut found {
        let system = candidate.object.namespace.as_ref().is_some_and(|n| n.as_str().starts_with("kube-"));
        candidate.by_name_only |= system || (candidate.object.kind == Kind::Service && candidate.object.name == "kubernetes");
    }
    found
}

fn named<T: ListedKind>(snapshot: &Snapshot, into: &mut Vec<Candidate>) {
    into.extend(T::listing(snapshot).iter().map(|o| candidate(o.reference(), o.meta().labels.as_ref(), None)));
}

/// Too many things share the parts of the names of owned Pods, ConfigMaps and nodes.
fn whole<T: Resource>(object: &T) -> Candidate {
    Candidate { object: object.reference(), labels: Vec::new(), images: Vec::new(), hosts: Vec::new(), by_name_only: true }
}

fn candidate(object: ObjectRef, labels: Option<&BTreeMap<String, String>>, spec: Option<&PodSpec>) -> Candidate {
    let images = spec.into_iter().flat_map(|s| &s.containers).filter_map(|c| c.image.as_deref()).map(program);
    let labels = labels.into_iter().flat_map(naming).collect();
    Candidate { object, labels, images: images.collect(), hosts: Vec::new(), by_name_only: false }
}

fn naming(labels: &BTreeMap<String, String>) -> impl Iterator<Item = String> {
    NAMING.iter().filter_map(|key| labels.get(*key)).map(|value| value.to_lowercase())
}

/// `registry.example/team/postgres:16` is `postgres`.
fn program(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last).to_lowercase()
}
