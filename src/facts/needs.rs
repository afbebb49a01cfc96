//! What ready Pods need by its name, and whose templates ask for it: a name that others have is hardly a slip.

use super::references::{Reference, references};
use super::{Facts, pods};
use crate::domain::field::FieldPath;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::ListedKind;
use crate::domain::workload::Workload;
use k8s_openapi::api::core::v1::{Pod, PodSpec};
use std::collections::{HashMap, HashSet};

/// By what is needed: what cannot be done without. A Pod is ready only after it had all of that.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// The place of the first ready Pod, for each, and for each key that is taken of it.
    ready: HashMap<ObjectRef, usize>,
    keys: HashMap<ObjectRef, HashMap<String, usize>>,
    /// The places of the workloads whose templates ask for it and whose Pods do not wait with it: who waits proves nothing for it.
    asked: HashMap<ObjectRef, Vec<usize>>,
}

impl Needs {
    pub(super) fn of(facts: &Facts<'_>) -> Self {
        let (mut all, walk) = (Self::default(), &facts.walk);
        let mut waits: HashSet<(&ObjectRef, ObjectRef)> = HashSet::new();
        for stuck in facts.stuck() {
            let Some(namespace) = stuck.namespace() else { continue };
            let needed = stuck.pods.iter().take_while(|_| walk.step()).flat_map(|pod| pod.spec.iter().flat_map(needed));
            waits.extend(needed.map(|one| (&stuck.object, ObjectRef::namespaced(one.kind, namespace, one.name))));
        }
        for (place, pod) in facts.snapshot.pods.iter().enumerate().take_while(|_| walk.step()) {
            let Some(namespace) = pod.metadata.namespace.as_deref().and_then(|ns| Namespace::parse(ns).ok()) else { continue };
            for one in pod.spec.iter().filter(|_| pods::is_ready(pod) && pods::is_live(pod)).flat_map(needed) {
                let object = ObjectRef::namespaced(one.kind, &namespace, one.name);
                for key in one.keys {
                    all.keys.entry(object.clone()).or_default().entry(key.to_owned()).or_insert(place);
                }
                all.ready.entry(object).or_insert(place);
            }
        }
        for (place, workload) in facts.workloads.iter().enumerate().take_while(|_| walk.step()) {
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

/// A ready Pod that needs this object: it was there when that Pod started.
pub(crate) fn runs_with<'a>(facts: &Facts<'a>, object: &ObjectRef) -> Option<&'a Pod> {
    Pod::listing(facts.snapshot).get(*facts.needs().ready.get(object)?)
}

/// A ready Pod that takes this key of it.
pub(crate) fn runs_with_key<'a>(facts: &Facts<'a>, object: &ObjectRef, key: &str) -> Option<&'a Pod> {
    Pod::listing(facts.snapshot).get(*facts.needs().keys.get(object)?.get(key)?)
}

/// A workload besides these whose template asks for the object, and that does not wait itself.
pub(crate) fn asked_by_another<'f, 'a>(facts: &'f Facts<'a>, object: &ObjectRef, besides: &[&ObjectRef]) -> Option<&'f Workload<'a>> {
    let places = facts.needs().asked.get(object).map(Vec::as_slice).unwrap_or_default();
    let mut asking = facts.walk(places.iter()).filter_map(|place| facts.workloads.get(*place));
    asking.find(|workload| !besides.contains(&&workload.object))
}
