//! Claims of the names that Pods wait for, in other namespaces, that nobody uses there: one of them may be what was meant. Another copy
//! of the same application has claims of the same names, and those are used. And Services that an Ingress seems to mean.

use super::account::Account;
use crate::analyze;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::room::Room;
use crate::domain::snapshot::{Resource, Snapshot};
use crate::ports::{ClusterRead, ListRequest, ReadError, gap};
use futures::future::join_all;
use std::collections::BTreeSet;

/// Most names and most namespaces that are asked about: a Pod has one or two claims, and each name and each namespace is a request.
const SOUGHT: usize = 5;

/// Takes them in, with as much room as the look has left. Where not everything could be asked, none is proved absent.
pub(super) async fn seek(read: &dyn ClusterRead, account: &mut Account, into: &mut Snapshot) -> Result<(), ReadError> {
    services(read, account.left(), into).await?;
    let listed = list(read, account, into).await?;
    let known = leave_used(read, account.left(), into).await?;
    leave_going(read, into).await;
    if !(listed && known) {
        into.take_elsewhere(Objects::of(&Kind::PersistentVolumeClaim), false);
    }
    Ok(())
}

/// Services that Ingresses lead to and that are not there, in other namespaces.
async fn services(read: &dyn ClusterRead, room: Room, into: &mut Snapshot) -> Result<(), ReadError> {
    let names = analyze::services_sought_elsewhere(into);
    let requests: Vec<ListRequest> = names.iter().take(SOUGHT).map(|name| ListRequest::named(Kind::Service, name)).collect();
    let requests = ListRequest::sharing(room, requests);
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(listed) => into.take_services_elsewhere(&listed.objects),
            Err(error) => into.gaps.push(gap(&error, &format!("services called {name} in other namespaces")).ok_or(error)?),
        }
    }
    Ok(())
}

/// Every claim of the names, whatever its namespace. Whether all of them were read.
async fn list(read: &dyn ClusterRead, account: &mut Account, into: &mut Snapshot) -> Result<bool, ReadError> {
    let names = analyze::claims_sought_elsewhere(into);
    let requests: Vec<ListRequest> = names.iter().take(SOUGHT).map(|name| ListRequest::named(Kind::PersistentVolumeClaim, name)).collect();
    let requests = ListRequest::sharing(account.left(), requests);
    let mut whole = names.len() == requests.len();
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    for (name, answer) in names.iter().zip(answers) {
        match answer {
            Ok(listed) => {
                whole &= listed.complete;
                account.came(&listed.objects, listed.bytes);
                into.take_elsewhere(listed.objects, whole);
            }
            Err(error) => {
                whole = false;
                let what = format!("persistentvolumeclaims called {name} in other namespaces");
                into.gaps.push(gap(&error, &what).ok_or(error)?);
            }
        }
    }
    Ok(whole)
}

/// Leaves out what Pods use. Whether that is known of all: a claim of which it is not is left out too.
async fn leave_used(read: &dyn ClusterRead, room: Room, into: &mut Snapshot) -> Result<bool, ReadError> {
    let places = places(into);
    let requests = places.iter().take(SOUGHT).map(|place| ListRequest::of(Kind::Pod, Some(place.clone()))).collect();
    let requests = ListRequest::sharing(room, requests);
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    let mut unknown: Vec<&Namespace> = places.iter().skip(SOUGHT).collect();
    for (place, answer) in places.iter().zip(answers) {
        match answer {
            Ok(listed) if listed.complete => into.forget_used_elsewhere(&listed.objects),
            Ok(_) => unknown.push(place),
            Err(error) => {
                unknown.push(place);
                let what = format!("pods in {place}, which may use a claim of the missing name");
                into.gaps.push(gap(&error, &what).ok_or(error)?);
            }
        }
    }
    into.forget_elsewhere(&unknown);
    Ok(unknown.is_empty())
}

/// Leaves out what is in a namespace that is being deleted: it loses its Pods first, so its claims are going too.
async fn leave_going(read: &dyn ClusterRead, into: &mut Snapshot) {
    for place in places(into) {
        let namespace = read.get(&ObjectRef::cluster(Kind::Namespace, place.as_str())).await;
        if namespace.is_ok_and(|namespace| namespace.pointer("/metadata/deletionTimestamp").is_some_and(|at| !at.is_null())) {
            into.forget_elsewhere(&[&place]);
        }
    }
}

/// The namespaces beside the scope that have such claims.
fn places(seen: &Snapshot) -> BTreeSet<Namespace> {
    let found = seen.elsewhere.iter().filter_map(|claim| claim.reference().namespace);
    found.filter(|place| !seen.scope.namespaces().contains(place)).collect()
}
