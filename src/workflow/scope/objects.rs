//! Objects that were named as arguments: where they are, and that they exist.

use crate::domain::focus::Because;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::nearest::nearest;
use crate::domain::object::{Namespace, ObjectName, ObjectRef};
use crate::domain::room::Room;
use crate::domain::snapshot::Snapshot;
use crate::ports::{ClusterRead, ListRequest, ReadError};
use crate::workflow::WorkflowError;
use futures::future::join_all;
use std::collections::BTreeSet;

/// Names that are offered in place of one that does not exist.
const OFFERED: usize = 5;

/// Where the objects are: in the namespaces that the words name, else wherever they exist.
pub(super) async fn place(
    objects: &[ObjectName],
    named: Vec<Namespace>,
    read: &dyn ClusterRead,
) -> Result<(Scope, Because), WorkflowError> {
    if !named.is_empty() {
        let (mut found, mut used) = (Vec::new(), BTreeSet::new());
        for object in objects {
            let in_each = named.iter().map(|n| object.clone().within(Some(n)));
            found.extend(in_each);
        }
        found.retain(|o| used.insert(o.clone()));
        // In several namespaces an object need not be in each.
        if let [_] = named.as_slice() {
            return Ok((Scope::of(named, found), Because::Words));
        }
        let there = join_all(found.iter().map(|o| is_there(o, read))).await;
        let found: Vec<ObjectRef> = found.into_iter().zip(there).filter(|(_, there)| *there).map(|(o, _)| o).collect();
        if let Some(missing) = objects.iter().find(|o| !found.iter().any(|f| f.kind == o.kind && f.name == o.name)) {
            return Err(missing_everywhere(missing, &Scope::of(named.clone(), Vec::new()).in_words(), &named, read).await);
        }
        return Ok((Scope::of(named, found), Because::Words));
    }
    let mut found: Vec<ObjectRef> = Vec::new();
    for object in objects {
        if !is_namespaced(&object.kind) {
            found.push(object.clone().within(None));
            continue;
        }
        let listed = read.list(&ListRequest::named(object.kind.clone(), &object.name)).await;
        let there: Vec<ObjectRef> = match listed {
            Ok(listed) if listed.complete => of_name(&references(&object.kind, listed.objects), &object.name),
            // Where this identity may not look everywhere, the context's namespace is meant.
            Ok(_) | Err(ReadError::Forbidden { .. }) => vec![object.clone().within(Some(&read.default_namespace()))],
            Err(error) => return Err(error.into()),
        };
        // Of several of one name, that of the context is meant.
        let own = read.own_namespace();
        let preferred: Vec<ObjectRef> = there.iter().filter(|o| o.namespace == own).cloned().collect();
        if there.is_empty() {
            return Err(missing_everywhere(object, "all namespaces", &[], read).await);
        }
        found.extend(if preferred.is_empty() { there } else { preferred });
    }
    let namespaces: Vec<Namespace> = found.iter().filter_map(|o| o.namespace.clone()).collect();
    if namespaces.is_empty() {
        // Objects of the cluster: what uses them may be anywhere, but nothing else is reported than they reach.
        return Ok((Scope::of(vec![read.default_namespace()], found), Because::Objects));
    }
    Ok((Scope::of(namespaces, found), Because::Objects))
}

/// Every named object of the snapshot's scope must exist. Gives the snapshot back.
pub(super) async fn must_exist(snapshot: Snapshot, read: &dyn ClusterRead) -> Result<Snapshot, WorkflowError> {
    for object in snapshot.scope.objects() {
        let known = snapshot.meta_of(object).is_some();
        if known || (!snapshot.is_complete(&object.kind) && is_there(object, read).await) {
            continue;
        }
        let name = ObjectName { kind: object.kind.clone(), name: object.name.clone() };
        let place = object.namespace.as_ref().map_or_else(|| "the cluster".to_owned(), |n| format!("namespace {n}"));
        let asked: Vec<Namespace> = object.namespace.iter().cloned().collect();
        // What is like it is sought in the room that the snapshot had.
        drop(snapshot);
        return Err(missing_everywhere(&name, &place, &asked, read).await);
    }
    Ok(snapshot)
}

/// Whether it exists, as far as this identity may know.
async fn is_there(object: &ObjectRef, read: &dyn ClusterRead) -> bool {
    !object.kind.is_readable() || !matches!(read.get(object).await, Err(ReadError::NotFound(_)))
}

/// The error, with what is like it anywhere: of its kind, or of its name; first what is where it was asked for.
async fn missing_everywhere(object: &ObjectName, place: &str, asked: &[Namespace], read: &dyn ClusterRead) -> WorkflowError {
    let mut kinds = vec![object.kind.clone()];
    let others = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Service];
    kinds.extend(others.into_iter().filter(|k| *k != object.kind && is_namespaced(&object.kind)));
    let requests = ListRequest::sharing(Room::OF_A_LOOK, kinds.iter().map(everywhere).collect());
    let lists = kinds.iter().zip(join_all(requests.iter().map(|request| read.list(request))).await);
    let is_asked = |o: &ObjectRef| o.namespace.as_ref().is_some_and(|n| asked.contains(n));
    let mut offered: Vec<ObjectRef> = Vec::new();
    for (kind, listed) in lists {
        let Ok(listed) = listed else { continue };
        let known = references(kind, listed.objects);
        let alike = |of: &mut dyn Iterator<Item = &ObjectRef>| -> Vec<ObjectRef> {
            let all: Vec<ObjectRef> = of.cloned().collect();
            let names: BTreeSet<&str> = all.iter().map(|o| o.name.as_str()).collect();
            let alike: Vec<&str> = if *kind == object.kind { nearest(&object.name, names) } else { vec![object.name.as_str()] };
            alike.into_iter().flat_map(|name| of_name(&all, name)).collect()
        };
        offered.extend(alike(&mut known.iter().filter(|o| is_asked(o))));
        offered.extend(alike(&mut known.iter().filter(|o| !is_asked(o))));
    }
    offered.sort_by_key(|o| !is_asked(o));
    offered.truncate(OFFERED);
    let shown = ObjectRef { kind: object.kind.clone(), namespace: None, name: object.name.clone() };
    WorkflowError::NoObject { object: format!("`{}`", shown.slashed()), place: place.to_owned(), nearest: offered }
}

fn everywhere(kind: &Kind) -> ListRequest {
    ListRequest::of(kind.clone(), None)
}

fn is_namespaced(kind: &Kind) -> bool {
    kind.info().is_some_and(|i| i.namespaced)
}

fn references(kind: &Kind, objects: crate::domain::objects::Objects) -> Vec<ObjectRef> {
    objects.references().into_iter().filter(|o| o.kind == *kind).collect()
}

fn of_name(objects: &[ObjectRef], name: &str) -> Vec<ObjectRef> {
    objects.iter().filter(|o| o.name == name).cloned().collect()
}
