//! Sessions in SQLite: one file in the user's state directory, written by several processes at once, durable before `save` returns.
//! Opened at the first use; users who cannot read the owner's files cannot read this one.

use crate::domain::id::SessionId;
use crate::ports::{Revision, SessionStore, StoreError, Stored};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};
use std::fs::{DirBuilder, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The version of the tables that this program writes. Never reuse a number.
const SCHEMA: i64 = 2;
/// How long a process waits for another one's transaction; each takes some milliseconds.
const BUSY: Duration = Duration::from_secs(5);
/// How many sessions are kept that are over.
const KEPT: i64 = 1000;
/// The largest record: a report with its evidence is some hundred KiB.
const RECORD_BYTES: usize = 16 * 1024 * 1024;

/// Sessions in a file.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    path: Arc<PathBuf>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl SqliteStore {
    /// The store in this file. Nothing is opened or made before the first use.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: Arc::new(path.into()), connection: Arc::new(Mutex::new(None)) }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the file if need be, and says what is wrong with it: for `doctor`.
    ///
    /// # Errors
    /// The file cannot be used.
    pub async fn check(&self) -> Result<(), StoreError> {
        self.with(|_| Ok(())).await
    }

    /// Runs a piece of work on the connection, off the runtime.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (path, connection) = (self.path.clone(), self.connection.clone());
        let outcome = tokio::task::spawn_blocking(move || {
            let mut held = connection.lock().unwrap_or_else(PoisonError::into_inner);
            let open = match held.take() {
                Some(open) => held.insert(open),
                None => held.insert(open(&path)?),
            };
            work(open)
        })
        .await
        .unwrap_or_else(|_| Err(Fault::Words("the operation was interrupted".to_owned())));
        outcome.map_err(|fault| match fault {
            Fault::Conflict(id) => StoreError::Conflict(id),
            Fault::Words(reason) => StoreError::Unusable { path: self.path.display().to_string(), reason },
            Fault::Sqlite(error) => StoreError::Unusable { path: self.path.display().to_string(), reason: words(&error) },
        })
    }
}

enum Fault {
    Conflict(SessionId),
    Words(String),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Fault::Sqlite(error)
    }
}

fn words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            "it is corrupted, or not a session store; move it away to start with an empty one".to_owned()
        }
        Some(ErrorCode::ReadOnly) => "it cannot be written: the file or its file system is read-only".to_owned(),
        Some(ErrorCode::DiskFull) => "the disk is full".to_owned(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another process has kept it locked for {} s", BUSY.as_secs())
        }
        Some(ErrorCode::CannotOpen) => "it cannot be opened".to_owned(),
        Some(ErrorCode::PermissionDenied) => "permission denied".to_owned(),
        Some(ErrorCode::SystemIoFailure) => "reading or writing the disk failed".to_owned(),
        _ => "an unexpected SQLite error".to_owned(),
    }
}

fn io_words(what: &str, error: &std::io::Error) -> Fault {
    Fault::Words(match error.kind() {
        std::io::ErrorKind::PermissionDenied => format!("{what}: permission denied; set another directory with KUBEMEND_STATE_DIR"),
        std::io::ErrorKind::ReadOnlyFilesystem => {
            format!("{what}: the file system is read-only; set another directory with KUBEMEND_STATE_DIR")
        }
        _ => format!("{what}: {error}"),
    })
}

fn open(path: &Path) -> Result<Connection, Fault> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    make_file(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    // Reading the version first: it fails on a file that is not a database, before anything is written into it.
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version > SCHEMA {
        return Err(Fault::Words(format!(
            "a newer kubemend wrote it (version {version}, this program knows {SCHEMA}); update kubemend, or set another directory with KUBEMEND_STATE_DIR"
        )));
    }
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if !mode.eq_ignore_ascii_case("wal") {
        return Err(Fault::Words("it cannot be shared between processes on this file system (no write-ahead log)".to_owned()));
    }
    connection.pragma_update(None, "synchronous", "FULL")?;
    if version < SCHEMA {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have been faster: then the table is there.
        transaction.execute_batch(
            "CREATE TABLE IF NOT EXISTS sessions (
               id TEXT PRIMARY KEY NOT NULL,
               revision INTEGER NOT NULL,
               saved_at INTEGER NOT NULL,
               record BLOB NOT NULL
             ) WITHOUT ROWID;
             CREATE INDEX IF NOT EXISTS sessions_by_age ON sessions (saved_at);",
        )?;
        let before: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if before < SCHEMA {
            // Of those that are there nobody knows: they count as going on until they are looked at.
            transaction.execute_batch(
                "ALTER TABLE sessions ADD COLUMN until INTEGER NOT NULL DEFAULT 9223372036854775807;
                 CREATE INDEX IF NOT EXISTS sessions_by_end ON sessions (until);",
            )?;
        }
        transaction.pragma_update(None, "user_version", SCHEMA)?;
        transaction.commit()?;
    }
    Ok(connection)
}

/// The folder, for the user alone where we make it.
fn make_folder(folder: &Path) -> Result<(), Fault> {
    if let Ok(meta) = std::fs::metadata(folder)
        && meta.is_dir()
    {
        return kept_to_its_owner(folder, &meta);
    }
    let holders = holders_of_missing(folder);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder).and_then(|()| holders.iter().try_for_each(|holder| sync(holder)));
    made.map_err(|error| io_words(&format!("cannot create the directory `{}`", folder.display()), &error))
}

/// The folders that will hold one that has to be made. After a power loss a new one is only there if the one that holds it was synced; for
/// what lies in ours, SQLite sees to that.
fn holders_of_missing(folder: &Path) -> Vec<PathBuf> {
    let missing = folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists());
    let holder = |path: &Path| path.parent().map(|p| if p.as_os_str().is_empty() { PathBuf::from(".") } else { p.to_owned() });
    missing.filter_map(holder).collect()
}

#[cfg(unix)]
fn sync(folder: &Path) -> std::io::Result<()> {
    match std::fs::File::open(folder) {
        Ok(open) => open.sync_all(),
        // Where something may be made and nothing may be read, nothing can be synced either.
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn sync(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// In a folder that others may write to, they can put another file in the place of ours.
#[cfg(unix)]
fn kept_to_its_owner(folder: &Path, meta: &std::fs::Metadata) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o7777;
    if mode & 0o022 == 0 {
        return Ok(());
    }
    Err(Fault::Words(format!(
        "other users may write to its directory `{0}` (mode {mode:04o}): `chmod go-w {0}`, or set another directory with KUBEMEND_STATE_DIR",
        folder.display()
    )))
}

#[cfg(not(unix))]
fn kept_to_its_owner(_: &Path, _: &std::fs::Metadata) -> Result<(), Fault> {
    Ok(())
}

/// Makes the file before SQLite does, which would let others read it; its log files inherit the mode.
fn make_file(path: &Path) -> Result<(), Fault> {
    match std::fs::symlink_metadata(path) {
        Ok(meta) if !meta.is_file() => return Err(Fault::Words("it is not a regular file".to_owned())),
        Ok(meta) => return others_out(path, &meta),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(io_words("cannot read its metadata", &error)),
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        // Another process was faster, just now.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io_words("cannot create it", &error)),
    }
}

/// A file that others may read is closed to them.
#[cfg(unix)]
fn others_out(path: &Path, meta: &std::fs::Metadata) -> Result<(), Fault> {
    use std::os::unix::fs::PermissionsExt;
    if meta.permissions().mode() & 0o077 == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|error| io_words("it is readable by other users, and its mode cannot be changed", &error))
}

#[cfg(not(unix))]
fn others_out(_: &Path, _: &std::fs::Metadata) -> Result<(), Fault> {
    Ok(())
}

/// One row. Where it is damaged it has no bytes, which is no record, and hides no other one; `None` where even the id is none.
fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Stored>> {
    let Some(id) = row.get::<_, String>(0).ok().and_then(|id| SessionId::parse(&id).ok()) else {
        return Ok(None);
    };
    let revision = row.get::<_, i64>(1).ok().and_then(|revision| u64::try_from(revision).ok()).map(Revision);
    let saved_at = row.get::<_, i64>(2).ok().and_then(|at| Timestamp::from_microsecond(at).ok());
    let bytes = row.get::<_, Vec<u8>>(3).ok();
    Ok(Some(match (revision, saved_at, bytes) {
        (Some(revision), Some(saved_at), Some(bytes)) => Stored { id, revision, saved_at, bytes },
        (revision, saved_at, _) => {
            let (revision, saved_at) = (revision.unwrap_or(Revision(0)), saved_at.unwrap_or(Timestamp::UNIX_EPOCH));
            Stored { id, revision, saved_at, bytes: Vec::new() }
        }
    }))
}

#[async_trait]
impl SessionStore for SqliteStore {
    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError> {
        let id = id.clone();
        self.with(move |connection| {
            let found =
                connection.query_row("SELECT id, revision, saved_at, record FROM sessions WHERE id = ?1", params![id.as_str()], stored);
            Ok(found.optional()?.flatten())
        })
        .await
    }

    async fn save_until(
        &self,
        id: &SessionId,
        expected: Option<Revision>,
        at: Timestamp,
        until: Timestamp,
        bytes: &[u8],
    ) -> Result<Revision, StoreError> {
        let until = until.as_microsecond();
        let (id, bytes) = (id.clone(), bytes.to_vec());
        self.with(move |connection| {
            if bytes.len() > RECORD_BYTES {
                return Err(Fault::Words(format!(
                    "a session record of {} bytes is larger than the maximum of {RECORD_BYTES}",
                    bytes.len()
                )));
            }
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let next = expected.map_or(1, |r| r.0.saturating_add(1));
            let (next, at_micros) = (i64::try_from(next).unwrap_or(i64::MAX), at.as_microsecond());
            let changed = match expected {
                None => transaction.execute(
                    "INSERT INTO sessions (id, revision, saved_at, record, until) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING",
                    params![id.as_str(), next, at_micros, bytes, until],
                )?,
                Some(expected) => transaction.execute(
                    "UPDATE sessions SET revision = ?2, saved_at = ?3, record = ?4, until = ?6 WHERE id = ?1 AND revision = ?5",
                    params![id.as_str(), next, at_micros, bytes, i64::try_from(expected.0).unwrap_or(i64::MAX), until],
                )?,
            };
            if changed != 1 {
                return Err(Fault::Conflict(id));
            }
            if expected.is_none() {
                // Only what is over goes: what waits or acts is kept, however many there are.
                transaction.execute(
                    "DELETE FROM sessions WHERE until <= ?1 AND id NOT IN
                       (SELECT id FROM sessions WHERE until <= ?1 ORDER BY saved_at DESC, id DESC LIMIT ?2)",
                    params![at_micros, KEPT],
                )?;
            }
            transaction.commit()?;
            Ok(Revision(u64::try_from(next).unwrap_or(u64::MAX)))
        })
        .await
    }

    async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), StoreError> {
        let id = id.clone();
        self.with(move |connection| {
            let expected = i64::try_from(expected.0).unwrap_or(i64::MAX);
            let gone = connection.execute("DELETE FROM sessions WHERE id = ?1 AND revision = ?2", params![id.as_str(), expected])?;
            if gone == 1 { Ok(()) } else { Err(Fault::Conflict(id)) }
        })
        .await
    }

    async fn with_text(&self, text: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let (text, limit) = (text.as_bytes().to_vec(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.with(move |connection| {
            let mut statement = connection.prepare(
                "SELECT id, revision, saved_at, record FROM sessions WHERE instr(record, ?1) > 0 ORDER BY saved_at DESC, id DESC LIMIT ?2",
            )?;
            let rows = statement.query_map(params![text, limit], stored)?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
        .await
    }

    async fn beginning(&self, start: &str, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        let (start, limit) = (start.to_owned(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.with(move |connection| {
            let mut statement = connection.prepare("SELECT id FROM sessions WHERE substr(id, 1, length(?1)) = ?1 ORDER BY id LIMIT ?2")?;
            let rows = statement.query_map(params![start, limit], |row| row.get::<_, String>(0))?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.iter().filter_map(|id| SessionId::parse(id).ok()).collect())
        })
        .await
    }

    async fn newest(&self, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(move |connection| {
            let mut statement =
                connection.prepare("SELECT id, revision, saved_at, record FROM sessions ORDER BY saved_at DESC, id DESC LIMIT ?1")?;
            let rows = statement.query_map(params![limit], stored)?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
        .await
    }

    async fn alive(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let (now, limit) = (now.as_microsecond(), i64::try_from(limit).unwrap_or(i64::MAX));
        self.with(move |connection| {
            let mut statement = connection
                .prepare("SELECT id, revision, saved_at, record FROM sessions WHERE until > ?1 ORDER BY saved_at DESC, id DESC LIMIT ?2")?;
            let rows = statement.query_map(params![now, limit], stored)?;
            Ok(rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        })
        .await
    }
}

#[cfg(test)]
mod tests;
