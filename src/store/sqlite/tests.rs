//! The store, with several handles on one file, and on files that it cannot use.

use super::*;
use crate::store::MemoryStore;
use std::os::unix::fs::PermissionsExt;

fn id(n: u8) -> SessionId {
    SessionId::from_entropy([n; 16])
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

async fn reason(store: &SqliteStore) -> String {
    match store.check().await {
        Err(StoreError::Unusable { reason, .. }) => reason,
        other => panic!("{other:?}"),
    }
}

async fn keeps_its_promises(store: &dyn SessionStore) {
    assert_eq!(store.load(&id(1)).await.unwrap(), None);
    let first = store.save(&id(1), None, at(10), b"one").await.unwrap();
    assert!(matches!(store.save(&id(1), None, at(11), b"again").await, Err(StoreError::Conflict(_))));
    let second = store.save(&id(1), Some(first), at(12), b"two").await.unwrap();
    assert!(second > first);
    assert!(matches!(store.save(&id(1), Some(first), at(13), b"stale").await, Err(StoreError::Conflict(c)) if c == id(1)));
    assert!(matches!(store.save(&id(2), Some(first), at(13), b"none").await, Err(StoreError::Conflict(_))));
    let stored = store.load(&id(1)).await.unwrap().unwrap();
    assert_eq!(stored, Stored { id: id(1), revision: second, saved_at: at(12), bytes: b"two".to_vec() });
    store.save(&id(3), None, at(9), b"older").await.unwrap();
    store.save(&id(4), None, at(20), b"newer").await.unwrap();
    let order: Vec<SessionId> = store.newest(2).await.unwrap().into_iter().map(|s| s.id).collect();
    assert_eq!(order, [id(4), id(1)]);
    store.save_until(&id(5), None, at(21), at(30), b"waits").await.unwrap();
    store.save_until(&id(4), Some(Revision(1)), at(22), Timestamp::MIN, b"over").await.unwrap();
    let alive = async |now| -> Vec<SessionId> { store.alive(at(now), 10).await.unwrap().into_iter().map(|s| s.id).collect() };
    assert_eq!(alive(29).await, [id(5), id(1), id(3)]);
    assert_eq!(alive(30).await, [id(1), id(3)], "its time is over");
    assert!(matches!(store.forget(&id(1), first).await, Err(StoreError::Conflict(c)) if c == id(1)), "it has changed since");
    store.forget(&id(1), second).await.unwrap();
    assert_eq!((store.load(&id(1)).await.unwrap(), alive(30).await), (None, vec![id(3)]));
    assert!(matches!(store.forget(&id(1), second).await, Err(StoreError::Conflict(_))), "it is gone");
}

#[tokio::test]
async fn both_stores_compare_before_they_swap() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&SqliteStore::at(folder.path().join("s.db"))).await;
    keeps_its_promises(&MemoryStore::new()).await;
}

#[tokio::test]
async fn nothing_is_made_before_the_first_use() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubemend/sessions.db");
    let store = SqliteStore::at(&path);
    assert!(!path.parent().unwrap().exists());
    store.check().await.unwrap();
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    store.save(&id(1), None, at(1), b"x").await.unwrap();
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    for log in ["sessions.db-wal", "sessions.db-shm"] {
        assert_eq!(mode(&path.with_file_name(log)), 0o600, "{log}");
    }
}

#[tokio::test]
async fn file_that_others_may_read_is_closed_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    SqliteStore::at(&path).check().await.unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    SqliteStore::at(&path).check().await.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Each adds one to a number by compare-and-swap until it wins; separate handles have separate connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_writers_one_wins_each_revision() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let writers: Vec<_> = (0..4).map(|_| SqliteStore::at(&path)).map(|store| async move { count_up(&store, 25).await }).collect();
    let mut tasks = tokio::task::JoinSet::new();
    for writer in writers {
        tasks.spawn(writer);
    }
    tasks.join_all().await;
    assert_total(&path, 100).await;
}

/// The same from other processes: this test program, started again as a writer.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the test starts itself again to have several processes")]
async fn of_several_processes_one_wins_each_revision() {
    if let Some(path) = std::env::var_os("STORE_WRITER_TEST") {
        return count_up(&SqliteStore::at(PathBuf::from(path)), 20).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let children: Vec<_> = (0..3)
        .map(|_| {
            std::process::Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "store::sqlite::tests::of_several_processes_one_wins_each_revision", "--nocapture"])
                .env("STORE_WRITER_TEST", &path)
                .stdout(std::process::Stdio::null())
                .stderr(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_total(&path, 60).await;
}

async fn count_up(store: &SqliteStore, times: usize) {
    for _ in 0..times {
        loop {
            let stored = store.load(&id(1)).await.unwrap();
            let count: u64 = stored.as_ref().map_or(0, |s| std::str::from_utf8(&s.bytes).unwrap().parse().unwrap());
            match store.save(&id(1), stored.map(|s| s.revision), at(1), (count + 1).to_string().as_bytes()).await {
                Ok(_) => break,
                Err(StoreError::Conflict(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
}

async fn assert_total(path: &Path, total: u64) {
    let stored = SqliteStore::at(path).load(&id(1)).await.unwrap().unwrap();
    assert_eq!((stored.bytes, stored.revision), (total.to_string().into_bytes(), Revision(total)));
}

#[tokio::test]
async fn file_that_is_not_a_store_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let text = "this is a letter, not a database. ".repeat(100);
    std::fs::write(&path, &text).unwrap();
    let why = reason(&SqliteStore::at(&path)).await;
    assert!(why.contains("corrupted, or not a session store"), "{why}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn corrupted_store_is_reported_as_corrupted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = SqliteStore::at(&path);
    for n in 0..200 {
        store.save(&id(n), None, at(i64::from(n)), &[n; 2000]).await.unwrap();
    }
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(bytes.len() > 100_000, "the log is written back when the last handle goes");
    bytes[8192..].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    match SqliteStore::at(&path).newest(500).await {
        Err(StoreError::Unusable { reason, .. }) => assert!(reason.contains("corrupted"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn store_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    SqliteStore::at(&path).check().await.unwrap();
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let why = reason(&SqliteStore::at(&path)).await;
    assert!(why.contains("newer kubemend") && why.contains("99"), "{why}");
}

#[tokio::test]
async fn what_is_not_a_plain_file_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let link = folder.path().join("s.db");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    assert_eq!(reason(&SqliteStore::at(&link)).await, "it is not a regular file");
    assert!(!target.exists());
    std::fs::create_dir(folder.path().join("d.db")).unwrap();
    assert_eq!(reason(&SqliteStore::at(folder.path().join("d.db"))).await, "it is not a regular file");
}

#[tokio::test]
async fn place_that_cannot_be_created_is_reported_with_what_to_do() {
    // A folder that nobody can create anything in, root neither.
    let why = reason(&SqliteStore::at("/proc/kubemend/sessions.db")).await;
    assert!(why.contains("cannot create the directory `/proc/kubemend`"), "{why}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), b"").unwrap();
    let why = reason(&SqliteStore::at(folder.path().join("file/sessions.db"))).await;
    assert!(why.contains("cannot create the directory"), "{why}");
}

#[tokio::test]
async fn what_is_over_is_bounded_and_what_goes_on_stays_however_many() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = SqliteStore::at(&path);
    store.check().await.unwrap();
    let fill = |from: i64, count: i64, until: i64| {
        let mut connection = Connection::open(&path).unwrap();
        let transaction = connection.transaction().unwrap();
        for n in from..from + count {
            let row = params![format!("s-{n:032x}"), n * 1_000_000, until];
            transaction.execute("INSERT INTO sessions (id, revision, saved_at, record, until) VALUES (?1, 1, ?2, x'00', ?3)", row).unwrap();
        }
        transaction.commit().unwrap();
    };
    let count = || -> i64 { Connection::open(&path).unwrap().query_row("SELECT count(*) FROM sessions", [], |r| r.get(0)).unwrap() };
    fill(0, 1500, 0);
    fill(5000, 1200, i64::MAX);
    store.save(&id(254), None, at(9000), b"new").await.unwrap();
    assert_eq!(count(), KEPT + 1201);
    assert_eq!(store.alive(at(9001), 10_000).await.unwrap().len(), 1201, "a hundred newer ones hide nothing that waits");
}

#[tokio::test]
async fn one_damaged_row_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = SqliteStore::at(&path);
    for n in 1..=4 {
        store.save(&id(n), None, at(i64::from(n)), b"good").await.unwrap();
    }
    let connection = Connection::open(&path).unwrap();
    connection.execute("UPDATE sessions SET record = 7 WHERE id = ?1", params![id(1).as_str()]).unwrap();
    connection.execute("UPDATE sessions SET revision = -1 WHERE id = ?1", params![id(2).as_str()]).unwrap();
    connection.execute("UPDATE sessions SET id = 'no id' WHERE id = ?1", params![id(3).as_str()]).unwrap();
    let newest: Vec<(SessionId, Vec<u8>)> = store.newest(10).await.unwrap().into_iter().map(|s| (s.id, s.bytes)).collect();
    assert_eq!(newest, [(id(4), b"good".to_vec()), (id(2), Vec::new()), (id(1), Vec::new())]);
    assert_eq!(store.load(&id(1)).await.unwrap().unwrap().bytes, b"");
}

#[tokio::test]
async fn directory_that_others_may_write_to_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    for mode in [0o777, 0o1777, 0o770] {
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let why = reason(&SqliteStore::at(folder.path().join("s.db"))).await;
        assert!(why.contains("other users may write to its directory") && why.contains("chmod go-w"), "{why}");
    }
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    SqliteStore::at(folder.path().join("s.db")).check().await.unwrap();
}

#[tokio::test]
async fn store_of_the_first_form_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "CREATE TABLE sessions (id TEXT PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, saved_at INTEGER NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;
         PRAGMA user_version = 1;",
    )
    .unwrap();
    old.execute("INSERT INTO sessions VALUES (?1, 3, 5000000, x'00')", params![id(1).as_str()]).unwrap();
    drop(old);
    let store = SqliteStore::at(&path);
    assert_eq!(store.alive(at(10), 10).await.unwrap().len(), 1);
    store.save_until(&id(1), Some(Revision(3)), at(11), Timestamp::MIN, b"over").await.unwrap();
    assert_eq!(store.alive(at(12), 10).await.unwrap(), []);
}

#[tokio::test]
async fn what_was_saved_is_on_the_disk_before_save_returns() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::at(folder.path().join("s.db"));
    let level: i64 = store.with(|c| Ok(c.query_row("PRAGMA synchronous", [], |row| row.get(0))?)).await.unwrap();
    assert_eq!(level, 2, "2 is FULL: the log is synced at each commit");
}

#[tokio::test]
async fn folders_that_hold_what_was_made_are_synced_too() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path();
    let folder = root.join("state/kubemend");
    assert_eq!(holders_of_missing(&folder), [root.join("state"), root.to_owned()]);
    SqliteStore::at(folder.join("s.db")).check().await.unwrap();
    assert_eq!(holders_of_missing(&folder), Vec::<PathBuf>::new(), "it is there");
    assert_eq!(holders_of_missing(Path::new("not-there")), [PathBuf::from(".")]);
    assert!(sync(&root.join("gone")).is_err(), "what is not there cannot be synced");
}

/// The power goes while a record is written: of its log only the beginning is on the disk, or all of it and the end is something else.
#[tokio::test]
async fn record_that_was_torn_leaves_the_last_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = SqliteStore::at(&path);
    let text = |revision: u64| format!("record {revision} ").repeat(900).into_bytes();
    let mut revision = store.save(&id(1), None, at(10), &text(1)).await.unwrap();
    for n in 2..=4 {
        revision = store.save(&id(1), Some(revision), at(10), &text(n)).await.unwrap();
    }
    // The store stays open: what was saved stands in the log, and is not written back.
    let (base, log) = (std::fs::read(&path).unwrap(), std::fs::read(folder.path().join("s.db-wal")).unwrap());
    let after = async |log: &[u8], what: &str| {
        let torn = tempfile::tempdir().unwrap();
        let path = torn.path().join("s.db");
        std::fs::write(&path, &base).unwrap();
        std::fs::write(torn.path().join("s.db-wal"), log).unwrap();
        let stored = SqliteStore::at(&path).load(&id(1)).await.unwrap_or_else(|e| panic!("{what}: {e}"));
        let Some(stored) = stored else { return 0 };
        assert_eq!(stored.bytes, text(stored.revision.0), "{what}");
        stored.revision.0
    };
    assert_eq!(after(&log, "whole").await, 4);
    assert_eq!(after(&[], "the log is lost").await, 0);
    let mut last = 0;
    for cut in (0..log.len()).step_by(997) {
        let (begins, rest) = log.split_at(cut);
        let kept = after(begins, &format!("cut at {cut}")).await;
        let garbage = [begins, &vec![0xa5; rest.len()]].concat();
        assert_eq!(after(&garbage, &format!("garbage from {cut}")).await, kept);
        assert!(kept >= last, "more of the log is more of the record: {kept} after {last}");
        last = kept;
    }
    assert_eq!(last, 3, "the last record needs all of its log");
}
