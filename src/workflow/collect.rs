//! Scope → snapshot: only what is needed, all of it bounded, and what could not be read is a gap.

use crate::analyze;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::room::Room;
use crate::domain::snapshot::{Resource, Snapshot};
use crate::domain::words::Wording;
use crate::ports::{Clock, ClusterRead, ListRequest, Listed, ReadError, gap};
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds that are read where an object of theirs is named, and otherwise only where something needs them.
const JUDGED_BY_NAME: &[Kind] = &[Kind::Node, Kind::PodDisruptionBudget, Kind::ResourceQuota, Kind::NetworkPolicy];
/// Most names of claims that are sought in other namespaces: a Pod has one or two claims, and each name is a request.
const SOUGHT: usize = 5;

/// A snapshot and where watches of its kinds can start.
pub(super) struct Collected {
    pub(super) snapshot: Snapshot,
    pub(super) versions: BTreeMap<Kind, String>,
    /// What further lists may bring.
    left: Room,
}

impl Collected {
    /// Nothing was listed into it yet.
    pub(super) fn into(snapshot: Snapshot) -> Self {
        Self { snapshot, versions: BTreeMap::new(), left: Room::OF_A_LOOK }
    }
}

/// Reads the scope. Fails only where nothing can be said at all: no connection, no credentials.
pub(super) async fn collect(scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    about(Wording::default(), scope, read, clock).await
}

/// The same, and what the reporter's words are about besides.
pub(super) async fn about(words: Wording, scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    let cluster = read.cluster().await?;
    let mut collected = Collected::into(Snapshot::empty(cluster, scope.clone(), clock.now()));
    collected.snapshot.words = words;
    wave(&analyze::first_kinds(), scope, read, &mut collected).await?;
    // What the first wave points at and no namespace holds, such as classes and nodes; or what is rarely needed.
    let mut second = analyze::further_kinds(&collected.snapshot);
    let named = scope.objects().iter().map(|o| &o.kind).filter(|kind| JUDGED_BY_NAME.contains(kind));
    for kind in named {
        if !second.contains(kind) && !collected.snapshot.looked.contains(kind) {
            second.push(kind.clone());
        }
    }
    wave(&second, scope, read, &mut collected).await?;
    elsewhere(read, &mut collected.snapshot).await?;
    collected.snapshot.taken_at = clock.now();
    Ok(collected)
}

/// Claims of the names that Pods wait for, in other namespaces, but for those that Pods there use: another copy of the same
/// application has claims of the same names. More names or namespaces than `SOUGHT` are not asked for, and nothing is proved absent.
async fn elsewhere(read: &dyn ClusterRead, into: &mut Snapshot) -> Result<(), ReadError> {
    let names = analyze::claims_sought_elsewhere(into);
    let request = |name: &String| ListRequest {
        field_selector: Some(format!("metadata.name={name}")),
        ..ListRequest::of(Kind::PersistentVolumeClaim, None)
    };
    let requests: Vec<ListRequest> = names.iter().take(SOUGHT).map(request).collect();
    let mut whole = names.len() == requests.len();
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(listed) => {
                whole &= listed.complete;
                into.take_elsewhere(listed.objects, whole);
            }
            Err(error) => {
                whole = false;
                let what = format!("persistentvolumeclaims called {name} in other namespaces");
                into.gaps.push(gap(&error, &what).ok_or(error)?);
            }
        }
    }
    let places: BTreeSet<Namespace> = into.elsewhere.iter().filter_map(|claim| claim.reference().namespace).collect();
    let places: Vec<Namespace> = places.into_iter().filter(|place| !into.scope.namespaces().contains(place)).collect();
    let requests: Vec<ListRequest> = places.iter().take(SOUGHT).map(|place| ListRequest::of(Kind::Pod, Some(place.clone()))).collect();
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    for (place, answer) in places.iter().zip(answers) {
        match answer {
            Ok(listed) if listed.complete => into.forget_used_elsewhere(&listed.objects),
            Ok(_) => {
                whole = false;
                into.forget_elsewhere(&[place]);
            }
            Err(error) => {
                whole = false;
                into.forget_elsewhere(&[place]);
                let what = format!("pods in {place}, which may use a claim of the missing name");
                into.gaps.push(gap(&error, &what).ok_or(error)?);
            }
        }
    }
    // A namespace that is being deleted loses its Pods first: its claims are going too.
    let left: BTreeSet<Namespace> = into.elsewhere.iter().filter_map(|claim| claim.reference().namespace).collect();
    for place in left.iter().filter(|place| places.iter().take(SOUGHT).any(|asked| asked == *place)) {
        let namespace = read.get(&ObjectRef::cluster(Kind::Namespace, place.as_str())).await;
        if namespace.is_ok_and(|namespace| namespace.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())) {
            into.forget_elsewhere(&[place]);
        }
    }
    if places.len() > SOUGHT {
        whole = false;
        let unasked: Vec<&Namespace> = places.iter().skip(SOUGHT).collect();
        into.forget_elsewhere(&unasked);
    }
    if !whole {
        into.take_elsewhere(Objects::of(&Kind::PersistentVolumeClaim), false);
    }
    Ok(())
}

pub(super) fn request(kind: &Kind, scope: &Scope) -> ListRequest {
    let namespaced = kind.info().is_some_and(|i| i.namespaced);
    ListRequest::of(kind.clone(), if namespaced { scope.namespace().cloned() } else { None })
}

/// One list for each namespace of the scope; a kind without namespaces has one.
pub(super) fn requests<'k>(kind: &'k Kind, scope: &'k Scope) -> impl Iterator<Item = ListRequest> {
    let one = request(kind, scope);
    let several = kind.info().is_some_and(|i| i.namespaced) && scope.namespaces().len() > 1;
    let named = scope.namespaces().iter().filter(move |_| several);
    let each = named.map(|namespace| ListRequest::of(kind.clone(), Some(namespace.clone())));
    let each: Vec<ListRequest> = each.collect();
    if each.is_empty() { vec![one] } else { each }.into_iter()
}

pub(super) async fn wave(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let mut requests: Vec<ListRequest> = kinds.iter().flat_map(|k| requests(k, scope)).collect();
    let shares = into.left.shared_by(requests.iter().map(|request| &request.kind));
    requests.iter_mut().zip(shares).for_each(|(request, share)| request.room = share);
    let answers: Vec<Result<Listed, ReadError>> = join_all(requests.iter().map(|r| read.list(r))).await;
    for (request, answer) in requests.iter().zip(answers) {
        let what = format!(
            "{}{}",
            request.kind.info().map_or("objects", |i| i.plural),
            request.namespace.as_ref().map(|n| format!(" in {n}")).unwrap_or_default()
        );
        match answer {
            Ok(listed) => {
                into.left = into.left.without(listed.objects.received(), listed.bytes);
                if !listed.complete {
                    into.snapshot.gaps.push(crate::domain::evidence::Gap {
                        what,
                        why: crate::domain::evidence::GapWhy::Truncated,
                        unlock: Some("look at one namespace at a time with -n".to_owned()),
                    });
                }
                into.snapshot.take(listed.objects, listed.complete);
                into.versions.insert(request.kind.clone(), listed.resource_version);
            }
            Err(error) => match gap(&error, &what) {
                Some(gap) => {
                    into.snapshot.miss(&request.kind);
                    into.snapshot.gaps.push(gap);
                }
                None => return Err(error),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate;

    #[test]
    fn what_checks_are_held_against_is_always_read() {
        let first = analyze::first_kinds();
        let kinds = validate::kinds(&crate::planner::example::image_plan(1));
        assert_eq!(kinds.iter().filter(|kind| !first.contains(kind)).collect::<Vec<_>>(), Vec::<&Kind>::new());
    }
}
