//! Scope → snapshot: only what is needed, all of it bounded, and what could not be read is a gap.

use super::account::Account;
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
    pub(super) account: Account,
    /// Of what is left, what lists are kept for of which nobody knows yet whether they are needed.
    kept: Room,
}

impl Collected {
    /// To list more into a snapshot whose objects have taken this.
    pub(super) fn into(snapshot: Snapshot, account: Account) -> Self {
        Self { snapshot, versions: BTreeMap::new(), account, kept: Room::KEPT }
    }

    /// The same, with only these kinds.
    pub(super) fn only(mut self, kinds: &[Kind]) -> Self {
        let others: Vec<Kind> = self.snapshot.looked.iter().filter(|kind| !kinds.contains(kind)).cloned().collect();
        others.iter().for_each(|kind| self.forget(kind));
        self.versions.retain(|kind, _| kinds.contains(kind));
        self
    }

    /// Forgets a kind, to read it again: its room is free.
    pub(super) fn forget(&mut self, kind: &Kind) {
        self.snapshot.forget(kind);
        self.account.forget(kind);
    }
}

/// Reads the scope. Fails only where nothing can be said at all: no connection, no credentials.
pub(super) async fn collect(scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    about(Wording::default(), scope, read, clock).await
}

/// The same, and what the reporter's words are about besides.
pub(super) async fn about(words: Wording, scope: &Scope, read: &dyn ClusterRead, clock: &dyn Clock) -> Result<Collected, ReadError> {
    // What the first wave points at and no namespace holds, such as classes and nodes; or what is rarely needed.
    let mut collected = some(words, &analyze::first_kinds(), analyze::further_kinds, scope, read, clock).await?;
    namesakes::seek(read, &mut collected.account, &mut collected.snapshot).await?;
    collected.snapshot.taken_at = seen_at(read, clock);
    Ok(collected)
}

/// These kinds alone, and what `then` asks for besides once they are read.
pub(super) async fn some(
    words: Wording,
    kinds: &[Kind],
    then: impl FnOnce(&Snapshot) -> Vec<Kind>,
    scope: &Scope,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
) -> Result<Collected, ReadError> {
    let cluster = read.cluster().await?;
    let mut collected = Collected::into(Snapshot::empty(cluster, scope.clone(), clock.now()), Account::default());
    collected.snapshot.words = words;
    wave(kinds, scope, read, &mut collected).await?;
    let mut second = then(&collected.snapshot);
    second.retain(|kind| !collected.snapshot.looked.contains(kind));
    collected.kept = Room::NONE;
    wave(&second, scope, read, &mut collected).await?;
    collected.snapshot.taken_at = seen_at(read, clock);
    Ok(collected)
}

/// The same look with these kinds, too, as far as they were not read whole. Each has the room of one list, as every list has.
pub(super) async fn besides(snapshot: Snapshot, kinds: &[Kind], read: &dyn ClusterRead) -> Result<Snapshot, ReadError> {
    let scope = snapshot.scope.clone();
    let mut collected = Collected::into(snapshot, Account::default());
    again(kinds, &scope, read, &mut collected).await?;
    Ok(collected.snapshot)
}

/// When what was read was so, by the clock that made the times of the objects: ours may stand hours away from it.
pub(super) fn seen_at(read: &dyn ClusterRead, clock: &dyn Clock) -> Timestamp {
    read.server_time().unwrap_or_else(|| clock.now())
}

/// The same with these kinds read anew, those of a wave only after those of the one before.
pub(super) async fn renewed(
    mut collected: Collected,
    waves: [Vec<Kind>; 2],
    scope: &Scope,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
) -> Result<Snapshot, ReadError> {
    for kinds in waves {
        kinds.iter().for_each(|kind| collected.forget(kind));
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
    collected.snapshot.narrow(scope.clone());
    collected.snapshot.gaps.clear();
    // What is not kept leaves its room to what could not be read of the part.
    collected.account.narrow(&collected.snapshot);
    collected.kept = Room::KEPT;
    let claims = collected.snapshot.elsewhere.is_complete();
    again(&analyze::first_kinds(), &scope, read, &mut collected).await?;
    let second = analyze::further_kinds(&collected.snapshot);
    collected.kept = Room::NONE;
    again(&second, &scope, read, &mut collected).await?;
    if !claims {
        namesakes::seek(read, &mut collected.account, &mut collected.snapshot).await?;
    }
    Ok(collected)
}

/// Reads those of the kinds that were not read whole.
async fn again(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let missed: Vec<Kind> = kinds.iter().filter(|kind| !into.snapshot.is_complete(kind)).cloned().collect();
    missed.iter().for_each(|kind| into.forget(kind));
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

/// Reads kinds, each list within its share of the room. Those that were cut are read on in what the others left of theirs: what is there
/// already is not read twice, and stays where reading on fails.
pub(super) async fn wave(kinds: &[Kind], scope: &Scope, read: &dyn ClusterRead, into: &mut Collected) -> Result<(), ReadError> {
    let requests: Vec<ListRequest> = kinds.iter().flat_map(|k| requests(k, scope)).collect();
    let room = into.account.left().without(into.kept.items, into.kept.bytes);
    let requests = ListRequest::sharing(room, requests);
    let answers = join_all(requests.iter().map(|r| read.list(r))).await;
    let mut cut: Vec<(ListRequest, Listed)> = Vec::new();
    for (request, answer) in requests.into_iter().zip(answers) {
        match answer {
            Ok(listed) if !listed.complete => {
                into.account.came(&listed.objects, listed.bytes);
                cut.push((request, listed));
            }
            Ok(listed) => {
                into.account.came(&listed.objects, listed.bytes);
                take(&request, listed, scope, into);
            }
            Err(error) => miss(&request, error, into)?,
        }
    }
    let left = into.account.left().without(into.kept.items, into.kept.bytes);
    let shares = ListRequest::sharing(left, cut.iter().map(|(request, _)| request.clone()).collect());
    let rests = join_all(shares.into_iter().zip(&cut).map(|(share, (_, first))| rest(share, first, read))).await;
    for ((request, mut first), rest) in cut.into_iter().zip(rests) {
        if let Some(rest) = rest {
            into.account.came(&rest.objects, rest.bytes);
            // Whether all of it is there is known at its end.
            first.complete = true;
            take(&request, first, scope, into);
            take(&request, rest, scope, into);
        } else {
            take(&request, first, scope, into);
        }
    }
    Ok(())
}

/// The rest of a list that was cut, as far as there is room for it.
async fn rest(share: ListRequest, first: &Listed, read: &dyn ClusterRead) -> Option<Listed> {
    let most = Room::OF_A_LIST.without(first.objects.received(), first.bytes);
    let more = ListRequest { room: share.room.min(most), after: Some(first.next.clone()?), ..share };
    if more.room.is_none() { None } else { read.list(&more).await.ok() }
}

/// What a list is of, for a gap.
fn named(request: &ListRequest) -> String {
    request.kind.plural_in(request.namespace.as_ref())
}

/// Takes in what a list brought.
fn take(request: &ListRequest, listed: Listed, scope: &Scope, into: &mut Collected) {
    if !listed.complete {
        // There is nothing narrower than one namespace, and what is in none is one list.
        let narrower = request.kind.info().is_some_and(|i| i.namespaced) && scope.namespace().is_none();
        let unlock = narrower.then(|| "look at one namespace at a time with -n".to_owned());
        into.snapshot.gaps.push(Gap { what: named(request), why: GapWhy::Truncated, unlock });
    }
    into.snapshot.take(listed.objects, listed.complete);
    into.versions.insert(request.kind.clone(), listed.resource_version);
}

/// Takes in that a list brought nothing.
fn miss(request: &ListRequest, error: ReadError, into: &mut Collected) -> Result<(), ReadError> {
    let gap = gap(&error, &named(request)).ok_or(error)?;
    into.snapshot.miss(&request.kind);
    into.snapshot.gaps.push(gap);
    Ok(())
}

#[cfg(test)]
mod tests;
