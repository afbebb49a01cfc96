//! Adapters: where sessions are kept, as bytes with a revision. In SQLite, shared by all processes of a user; in memory for tests.

pub mod memory;
pub mod sqlite;

pub use memory::MemoryStore;
pub use sqlite::SqliteStore;
