//! Scope → snapshot: only what is needed, all of it bounded, and what could not be read is a gap.

use super::namesakes;
use crate::analyze;
use crate::domain::evidence::{Gap, GapWhy};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::room::Room;
use crate::domain::snapshot::Snapshot;
use crate::domain::words::Wording;
use crate::ports::{Clock, ClusterRead, ListRequest, Listed, ReadError, gap};
use futures::future::join_all;
use jiff::Timestamp;
use std::collections::BTreeMap;

/// A snapshot and where watches of its kinds can start.
pub(super) struct Collected {
    pub(super) snapshot: Snapshot,
    pub(super) versions: BTreeMap<Kind, String>,
    /// What further lists may bring.
    left: Room,
    /// Of that, what lists are kept for of which nobody knows yet whether they are needed.
    kept: Room,
}

impl Collected {
    /// Nothing was listed into it yet.
    pub(super) fn into(snapshot: Snapshot) -> Self {
        Self { snapshot, versions: BTreeMap::new(), left: Room::OF_A_LOOK, kept: Room::KEPT }
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
    let second = analyze::further_kinds(&collected.snapshot);
    collected.kept = Room::NONE;
    wave(&second, scope, read, &mut collected).await?;
    namesakes::seek(read, collected.left, &mut collected.snapshot).await?;
    collected.snapshot.taken_at = seen_at(read, clock);
    Ok(collected)
}

/// When what was read was so, by the clock that made the times of the objects: ours may stand hours away from it.
pub(super) fn seen_at(read: &dyn ClusterRead, clock: &dyn Clock) -> Timestamp {
    read.server_time().unwrap_or_else(|| clock.now())
}

/// The same with these kinds read anew, those of a wave only after those of the one before.
pub(super) async fn renewed(
    snapshot: Snapshot,
    waves: [Vec<Kind>; 2],
    scope: &Scope,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
) -> Result<Snapshot, ReadError> {
    let mut collected = Collected::into(snapshot);
    for kinds in waves {
        kinds.iter().for_each(|kind| collected.snapshot.forget(kind));
        wave(&kinds, scope, read, &mut collected).await?;
    }
    collected.snapshot.taken_at = seen_at(read, clock);
    Ok(collected.snapshot)
}

/// Keeps what is in a part of the scope. What could not be read of the whole is read of the part, with what only the part needs; what only
/// the rest needed, or lacks, is of no account.
pub(super) async fn narrowed(mut collected: Collected, scope: Scope, read: &dyn ClusterRead) -> Result<Collected, ReadError> {
    if collected.snapshot.scope == scope {
        return Ok(collected);
    }
    let before = collected.snapshot.held();
    collected.snapshot.narrow(scope.clone());
    collected.snapshot.gaps.clear();
    // What is not kept leaves its room to what could not be read of the part.
    let used = collected.left.used_for(Room::OF_A_LOOK, collected.snapshot.held(), before);
    collected.left = Room::OF_A_LOOK.without(used.items, used.bytes);
    collected.kept = Room::KEPT;
    let claims = collected.snapshot.elsewhere.is_complete();
    again(&analyze::first_kinds(), &scope, read, &mut collected).await?;
    let second = analyze::further_kinds(&collected.snapshot);
    collected.kept = Room::NONE;
    again(&second, &scope, read, &mut collected).await?;
    if !claims {
        namesakes::seek(read, collected.left, &mut collected.snapshot).await?;
    }
    Ok(collected)
}

/// Reads those of the kinds that were not read whole.
async fn again(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let missed: Vec<Kind> = kinds.iter().filter(|kind| !into.snapshot.is_complete(kind)).cloned().collect();
    missed.iter().for_each(|kind| into.snapshot.forget(kind));
    wave(&missed, scope, read, into).await
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

/// Reads kinds, each list within its share of the room; those that were cut once more, with what the others left of theirs.
pub(super) async fn wave(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let requests: Vec<ListRequest> = kinds.iter().flat_map(|k| requests(k, scope)).collect();
    let room = into.left.without(into.kept.items, into.kept.bytes);
    let requests = ListRequest::sharing(room, requests);
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    let mut whole: Vec<(ListRequest, Result<Listed, ReadError>)> = Vec::new();
    let mut cut: Vec<(ListRequest, Listed)> = Vec::new();
    let mut left = room;
    for (request, answer) in requests.into_iter().zip(answers) {
        match answer {
            Ok(listed) if !listed.complete => cut.push((request, listed)),
            answer => {
                let (items, bytes) = answer.as_ref().map_or((0, 0), |listed| (listed.objects.received(), listed.bytes));
                left = left.without(items, bytes);
                whole.push((request, answer));
            }
        }
    }
    let again = ListRequest::sharing(left, cut.iter().map(|(request, _)| request.clone()).collect());
    for (more, (request, first)) in again.into_iter().zip(cut) {
        let larger = more.room.exceeds(request.room);
        // What it brought first is let go before it is read again, and is kept where reading it again fails.
        let answer = if larger { read.list(&more).await.or(Ok(first)) } else { Ok(first) };
        whole.push((request, answer));
    }
    whole.into_iter().try_for_each(|(request, answer)| take(&request, answer, scope, into))
}

/// Takes in what a list brought, or that it brought nothing.
fn take(request: &ListRequest, answer: Result<Listed, ReadError>, scope: &Scope, into: &mut Collected) -> Result<(), ReadError> {
    let place = request.namespace.as_ref().map(|n| format!(" in {n}")).unwrap_or_default();
    let what = format!("{}{place}", request.kind.info().map_or("objects", |i| i.plural));
    match answer {
        Ok(listed) => {
            into.left = into.left.without(listed.objects.received(), listed.bytes);
            if !listed.complete {
                // There is nothing narrower than one namespace, and what is in none is one list.
                let narrower = request.kind.info().is_some_and(|i| i.namespaced) && scope.namespace().is_none();
                let unlock = narrower.then(|| "look at one namespace at a time with -n".to_owned());
                into.snapshot.gaps.push(Gap { what, why: GapWhy::Truncated, unlock });
            }
            into.snapshot.take(listed.objects, listed.complete);
            into.versions.insert(request.kind.clone(), listed.resource_version);
        }
        Err(error) => {
            let gap = gap(&error, &what).ok_or(error)?;
            into.snapshot.miss(&request.kind);
            into.snapshot.gaps.push(gap);
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
