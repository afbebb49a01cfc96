//! What ready Pods need by its name, and whose templates ask for it: a name that others have is hardly a slip.

use super::pods;
use super::references::{Reference, references};
use super::stuck::Stuck;
use super::walk::Walk;
use crate::domain::field::FieldPath;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::Workload;
use k8s_openapi::api::core::v1::PodSpec;
use std::collections::{HashMap, HashSet};

/// By what is needed: what cannot be done without. A Pod is ready only after it had all of that.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The place of the first ready Pod, for each, and for each key that is taken of it.
    pub(super) ready: HashMap<ObjectRef, usize>,
    pub(super) keys: HashMap<ObjectRef, HashMap<String, usize>>,
    /// The places of the workloads whose templates ask for it and whose Pods do not wait with it: who waits proves nothing for it.
    pub(super) asked: HashMap<ObjectRef, Vec<usize>>,
}

impl Needs {
    pub(super) fn of(snapshot: &Snapshot, workloads: &[Workload<'_>], stuck: &[Stuck<'_>], walk: &Walk<'_>) -> Self {
        let mut all = Self::default();
        let mut waits: HashSet<(&ObjectRef, ObjectRef)> = HashSet::new();
        for stuck in stuck.iter().take_while(|_| walk.step()) {
            let Some(namespace) = stuck.namespace() else { continue };
            let needed = stuck.pods.iter().take_while(|_| walk.step()).flat_map(|pod| pod.spec.iter().flat_map(needed));
            waits.extend(needed.map(|one| (&stuck.object, ObjectRef::namespaced(one.kind, namespace, one.name))));
        }
        for (place, pod) in snapshot.pods.iter().enumerate().take_while(|_| walk.step()) {
            let Some(namespace) = pod.metadata.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()) else { continue };
            for one in pod.spec.iter().filter(|_| pods::is_ready(pod) && pods::is_live(pod)).flat_map(needed) {
                let object = ObjectRef::namespaced(one.kind, &namespace, one.name);
                for key in one.keys {
                    all.keys.entry(object.clone()).or_default().entry(key.to_owned()).or_insert(place);
                }
                all.ready.entry(object).or_insert(place);
            }
        }
        for (place, workload) in workloads.iter().enumerate().take_while(|_| walk.step()) {
            let stays = workload.has_template() && workload.meta.deletion_timestamp.is_none();
            let Some(namespace) = workload.object.namespace.as_ref().filter(|_| stays) else { continue };
            for one in needed(workload.pod_spec) {
                let asked = (&workload.object, ObjectRef::namespaced(one.kind, namespace, one.name));
                if !waits.contains(&asked) {
                    all.asked.entry(asked.1).or_default().push(place);
                }
            }
        }
        all
    }
}

fn needed(spec: &PodSpec) -> impl Iterator<Item = Reference<'_>> {
    references(spec, &FieldPath::root()).into_iter().filter(|r| !r.optional)
}
