//! Sessions in memory, for `demo`, tests, and programs that keep nothing.

use crate::domain::id::SessionId;
use crate::ports::{Revision, SessionStore, StoreError, Stored};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Forgets everything with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<SessionId, (Stored, Timestamp)>>);

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SessionId, (Stored, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl SessionStore for MemoryStore {
    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        Ok(self.lock().get(id).map(|(stored, _)| stored.clone()))
    }

    async fn save_until(
        &self,
        id: &SessionId,
        expected: Option<Revision>,
        at: Timestamp,
        until: Timestamp,
        bytes: &[u8],
    ) -> Result<Revision, StoreError> {
        let mut held = self.lock();
        if held.get(id).map(|(stored, _)| stored.revision) != expected {
            return Err(StoreError::Conflict(id.clone()));
        }
        let revision = Revision(expected.map_or(1, |r| r.0.saturating_add(1)));
        held.insert(id.clone(), (Stored { id: id.clone(), revision, saved_at: at, bytes: bytes.to_vec() }, until));
        Ok(revision)
    }

    async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), StoreError> {
        let mut held = self.lock();
        if held.get(id).map(|(stored, _)| stored.revision) != Some(expected) {
            return Err(StoreError::Conflict(id.clone()));
        }
        held.remove(id);
        Ok(())
    }

    async fn beginning(&self, start: &str, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.lock().keys().filter(|id| id.as_str().starts_with(start)).take(limit).cloned().collect())
    }

    async fn newest(&self, limit: usize) -> Result<Vec<Stored>, StoreError> {
        Ok(newest_of(self.lock().values().map(|(stored, _)| stored.clone()).collect(), limit))
    }

    async fn alive(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let alive = self.lock().values().filter(|(_, until)| *until > now).map(|(stored, _)| stored.clone()).collect();
        Ok(newest_of(alive, limit))
    }
}

fn newest_of(mut all: Vec<Stored>, limit: usize) -> Vec<Stored> {
    all.sort_by(|a, b| b.saved_at.cmp(&a.saved_at).then_with(|| b.id.cmp(&a.id)));
    all.truncate(limit);
    all
}
