//! A snapshot that is kept up to date: each kind is listed once and watched from there; what its watch tells is taken in.
//! Where a watch cannot be had, or lost its place, the kind is listed again, at intervals. Some kinds are not watched: they are listed
//! again where somebody asks for it.

use super::collect::{self, Collected, request};
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::snapshot::Snapshot;
use crate::ports::{Clock, ClusterRead, ReadError, Told};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinSet;

/// Without a watch, a kind is listed again after this.
const AGAIN: Duration = Duration::from_secs(2);
/// What is told and not taken in yet; a watch waits where there is more.
const TOLD: usize = 256;

type News = (Kind, Result<Told, ReadError>);

/// See the file's head.
pub(super) struct Watching<'a> {
    read: &'a dyn ClusterRead,
    scope: &'a Scope,
    clock: &'a dyn Clock,
    /// How long a watch lives.
    limit: Duration,
    snapshot: Option<Snapshot>,
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
        let due = kinds.into_iter().map(|kind| (kind, Duration::ZERO)).collect();
        Self {
            read,
            scope,
            clock,
            limit,
            snapshot: None,
            due,
            unwatched: Vec::new(),
            still,
            tasks: JoinSet::new(),
            tell,
            told,
            first: None,
        }
    }

    /// The cluster as it is now, as far as is known. It is lent, and to be given [`Watching::back`].
    pub(super) async fn look(&mut self) -> Result<Snapshot, ReadError> {
        let snapshot = match self.snapshot.take() {
            Some(snapshot) => snapshot,
            None => Snapshot::empty(self.read.cluster().await?, self.scope.clone(), self.clock.now()),
        };
        let mut collected = Collected::into(snapshot);
        self.take_in(&mut collected.snapshot);
        let now = self.clock.monotonic();
        let kinds: Vec<Kind> = self.due.iter().filter(|(_, at)| **at <= now).map(|(kind, _)| kind.clone()).collect();
        if !kinds.is_empty() {
            collected.snapshot.gaps.clear();
            kinds.iter().for_each(|kind| collected.snapshot.forget(kind));
            let outcome = collect::wave(&kinds, self.scope, self.read, &mut collected).await;
            self.follow(kinds, &collected.versions);
            if let Err(error) = outcome {
                self.back(collected.snapshot);
                return Err(error);
            }
        }
        collected.snapshot.taken_at = collect::seen_at(self.read, self.clock);
        Ok(collected.snapshot)
    }

    /// Everything that was told until now.
    fn take_in(&mut self, snapshot: &mut Snapshot) {
        while let Some((kind, news)) = self.first.take().or_else(|| self.told.try_recv().ok()) {
            match news {
                Ok(told) => snapshot.tell(told),
                Err(error) => {
                    if !matches!(error, ReadError::Expired(_)) && !self.unwatched.contains(&kind) {
                        self.unwatched.push(kind.clone());
                    }
                    self.due.entry(kind).or_insert_with(|| self.clock.monotonic());
                }
            }
        }
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
            let tell = self.tell.clone();
            self.tasks.spawn(async move {
                loop {
                    let news = match watch.next().await {
                        Ok(Some(told)) => Ok(told),
                        Ok(None) => Err(ReadError::Expired("its time has passed".to_owned())),
                        Err(error) => Err(error),
                    };
                    let over = news.is_err();
                    if tell.send((kind.clone(), news)).await.is_err() || over {
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
    /// of a kind that is not among these it hides what happened.
    pub(super) async fn confirmed(&mut self, snapshot: &mut Snapshot, waves: [Vec<Kind>; 2]) -> Result<Snapshot, ReadError> {
        self.take_in(snapshot);
        collect::renewed(snapshot.clone(), waves, self.scope, self.read, self.clock).await
    }
}
