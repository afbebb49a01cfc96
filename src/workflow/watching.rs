//! A snapshot that is kept up to date: each kind is listed once and watched from there; what its watch tells is taken in.
//! Where a watch cannot be had, or lost its place, the kind is listed again, at intervals. Some kinds are not watched: they are listed
//! again where somebody asks for it. What is held, and what was told and waits to be taken in, is never more than the room of one look.

use super::account::Account;
use super::collect::{self, Collected, request};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Snapshot;
use crate::ports::{Clock, ClusterRead, ReadError, Told};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

/// Without a watch, a kind is listed again after this.
const AGAIN: Duration = Duration::from_secs(2);
/// What is told and not taken in yet; a watch waits where there is more. An object has at most 1.5 MiB.
const TOLD: usize = 256;
const TOLD_BYTES: u32 = 8 * 1024 * 1024;

/// Of which kind, what, and its place among what is not taken in yet.
type News = (Kind, Result<Told, ReadError>, Option<OwnedSemaphorePermit>);

/// See the file's head.
pub(super) struct Watching<'a> {
    read: &'a dyn ClusterRead,
    scope: &'a Scope,
    clock: &'a dyn Clock,
    /// How long a watch lives.
    limit: Duration,
    kinds: Vec<Kind>,
    snapshot: Option<Snapshot>,
    /// What the snapshot's objects take, also while it is lent.
    account: Account,
    /// Kinds to list, each from this time on.
    due: BTreeMap<Kind, Duration>,
    /// Kinds whose watch cannot be had.
    unwatched: Vec<Kind>,
    /// Kinds that are listed again only where somebody asks for it.
    still: Vec<Kind>,
    /// Ended with this value.
    tasks: JoinSet<()>,
    tell: Sender<News>,
    told: Receiver<News>,
    /// The bytes that may still be told.
    room: Arc<Semaphore>,
    /// Taken from `told` while waiting.
    first: Option<News>,
}

impl<'a> Watching<'a> {
    /// Nothing is read before the first look.
    pub(super) fn of(
        kinds: Vec<Kind>,
        still: Vec<Kind>,
        scope: &'a Scope,
        read: &'a dyn ClusterRead,
        clock: &'a dyn Clock,
        limit: Duration,
    ) -> Self {
        let (tell, told) = channel(TOLD);
        let due = kinds.iter().map(|kind| (kind.clone(), Duration::ZERO)).collect();
        Self {
            read,
            scope,
            clock,
            limit,
            kinds,
            snapshot: None,
            account: Account::default(),
            due,
            unwatched: Vec::new(),
            still,
            tasks: JoinSet::new(),
            tell,
            told,
            room: Arc::new(Semaphore::new(TOLD_BYTES as usize)),
            first: None,
        }
    }

    /// Goes on from what was read already, if anything was. What is changed since then and not watched is read anew.
    pub(super) fn from(mut self, read: Option<Collected>, changed: &[Kind]) -> Self {
        let kept: Vec<Kind> = self.kinds.iter().filter(|kind| !(changed.contains(kind) && self.still.contains(kind))).cloned().collect();
        let Some(Collected { snapshot, versions, account, .. }) = read.map(|read| read.only(&kept)) else { return self };
        (self.snapshot, self.account) = (Some(snapshot), account);
        self.follow(versions.keys().cloned().collect(), &versions);
        self
    }

    /// Lets everything go that is held: another look needs the room. The next one of this begins from the start.
    pub(super) fn anew(&mut self) {
        let (unwatched, still) = (std::mem::take(&mut self.unwatched), std::mem::take(&mut self.still));
        let kinds = std::mem::take(&mut self.kinds);
        *self = Self { unwatched, ..Self::of(kinds, still, self.scope, self.read, self.clock, self.limit) };
    }

    /// The cluster as it is now, as far as is known. It is lent, and to be given [`Watching::back`].
    pub(super) async fn look(&mut self) -> Result<Snapshot, ReadError> {
        let held = self.held().await?;
        let mut collected = self.take_in(held).await?;
        let now = self.clock.monotonic();
        let kinds: Vec<Kind> = self.due.iter().filter(|(_, at)| **at <= now).map(|(kind, _)| kind.clone()).collect();
        if !kinds.is_empty() {
            collected.snapshot.gaps.clear();
            kinds.iter().for_each(|kind| collected.forget(kind));
            let outcome = collect::wave(&kinds, self.scope, self.read, &mut collected).await;
            self.follow(kinds, &collected.versions);
            if let Err(error) = outcome {
                self.account = collected.account;
                self.back(collected.snapshot);
                return Err(error);
            }
        }
        collected.snapshot.taken_at = collect::seen_at(self.read, self.clock);
        self.account = collected.account;
        Ok(collected.snapshot)
    }

    /// What is held, or nothing yet.
    async fn held(&mut self) -> Result<Collected, ReadError> {
        let snapshot = match self.snapshot.take() {
            Some(snapshot) => snapshot,
            None => Snapshot::empty(self.read.cluster().await?, self.scope.clone(), self.clock.now()),
        };
        Ok(Collected::into(snapshot, std::mem::take(&mut self.account)))
    }

    /// With everything that was told until now.
    async fn take_in(&mut self, mut collected: Collected) -> Result<Collected, ReadError> {
        while let Some((kind, news, _told)) = self.first.take().or_else(|| self.told.try_recv().ok()) {
            match news {
                Ok(told) => {
                    let objects = told.objects();
                    collected.account.came(objects, objects.largest());
                    collected.snapshot.tell(told);
                    // What is told adds up; listed anew, it takes only what it is.
                    if collected.account.left().without(TOLD, TOLD_BYTES as usize).is_none() {
                        drop(collected);
                        self.anew();
                        collected = self.held().await?;
                    }
                }
                Err(error) => {
                    if !matches!(error, ReadError::Expired(_)) && !self.unwatched.contains(&kind) {
                        self.unwatched.push(kind.clone());
                    }
                    self.due.entry(kind).or_insert_with(|| self.clock.monotonic());
                }
            }
        }
        Ok(collected)
    }

    /// Watches what was listed; what was not is due again.
    fn follow(&mut self, kinds: Vec<Kind>, versions: &BTreeMap<Kind, String>) {
        let again = self.clock.monotonic().saturating_add(AGAIN);
        for kind in kinds {
            // A watch is of one namespace, or of all.
            let one = collect::requests(&kind, self.scope).count() == 1;
            let version = versions.get(&kind).filter(|_| one && !self.unwatched.contains(&kind));
            if version.is_some() && self.still.contains(&kind) {
                self.due.remove(&kind);
                continue;
            }
            let Some(version) = version else {
                self.due.insert(kind, again);
                continue;
            };
            self.due.remove(&kind);
            let mut watch = self.read.watch(&request(&kind, self.scope), version, self.limit);
            let (tell, room) = (self.tell.clone(), Arc::clone(&self.room));
            self.tasks.spawn(async move {
                loop {
                    let news = match watch.next().await {
                        Ok(Some(told)) => Ok(told),
                        Ok(None) => Err(ReadError::Expired("its time has passed".to_owned())),
                        Err(error) => Err(error),
                    };
                    let over = news.is_err();
                    let bytes = news.as_ref().map_or(0, |told| told.objects().largest());
                    let place = room.clone().acquire_many_owned(u32::try_from(bytes).unwrap_or(TOLD_BYTES).min(TOLD_BYTES)).await.ok();
                    if tell.send((kind.clone(), news, place)).await.is_err() || over {
                        return;
                    }
                }
            });
        }
    }

    /// What is not watched of these kinds is listed again, soon.
    pub(super) fn again(&mut self, kinds: &[Kind]) {
        let soon = self.clock.monotonic().saturating_add(AGAIN);
        for kind in kinds.iter().filter(|kind| self.still.contains(kind)) {
            self.due.entry(kind.clone()).or_insert(soon);
        }
    }

    /// Takes the snapshot back, to keep it up to date.
    pub(super) fn back(&mut self, snapshot: Snapshot) {
        self.snapshot = Some(snapshot);
    }

    /// Waits for something to be told, at most this long.
    pub(super) async fn wait(&mut self, limit: Duration) -> bool {
        let limit = if self.due.is_empty() { limit } else { limit.min(AGAIN) };
        if self.first.is_none() {
            tokio::select! {
                news = self.told.recv() => self.first = news,
                () = self.clock.sleep(limit) => {}
            }
        }
        self.first.is_some()
    }

    /// The same with what was told since, and with these kinds read anew, wave after wave: a watch may be late, or have fallen silent, and
    /// of a kind that is not among these it hides what happened. What is watched begins from the start after it.
    pub(super) async fn confirmed(&mut self, snapshot: Snapshot, waves: [Vec<Kind>; 2]) -> Result<Snapshot, ReadError> {
        let held = Collected::into(snapshot, std::mem::take(&mut self.account));
        let collected = self.take_in(held).await?;
        self.anew();
        collect::renewed(collected, waves, self.scope, self.read, self.clock).await
    }
}
