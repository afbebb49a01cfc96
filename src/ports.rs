//! Every IO trait on one page. There is deliberately no port that writes to a cluster: that trait is private to `execute`.

#[cfg(test)]
pub(crate) mod scripted;

mod document;
mod meter;
mod table;

pub use document::ApiDocument;
pub use meter::RequestMeter;
pub use table::{Row, Table};

use crate::domain::dialogue::{Prompt, Reply};
use crate::domain::evidence::Gap;
use crate::domain::id::SessionId;
use crate::domain::kind::Kind;
pub use crate::domain::model_fault::{ModelFault, ModelFaultKind};
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
pub use crate::domain::objects::Told;
pub use crate::domain::phase::Phase;
use crate::domain::room::Room;
use crate::domain::snapshot::{Cluster, ClusterId};
use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What to do where a recording has too little.
const RECORD_MORE: &str = "record more of the cluster: `kubemend snapshot -A -o FILE`";

/// Why a read failed. Texts hold no hosts beyond the server's own name, no tokens and no bodies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The API server says that this identity may not.
    #[error("not allowed to {verb} {resource}{}", .namespace.as_ref().map(|n| format!(" in `{n}`")).unwrap_or_default())]
    Forbidden {
        /// `get`, `list` or `watch`.
        verb: String,
        /// The resource, with its group where it has one: `deployments.apps`.
        resource: String,
        /// Where.
        namespace: Option<Namespace>,
        /// The RBAC rule that would allow it, as a command or a rule line.
        unlock: String,
    },
    /// The API server does not know who we are: no, wrong or expired credentials.
    #[error("the API server at `{server}` does not accept the credentials of context `{context}`")]
    Unauthorized {
        /// The server.
        server: String,
        /// The kubeconfig's context.
        context: String,
    },
    /// There is no such object.
    #[error("{0} does not exist")]
    NotFound(String),
    /// No connection, or it broke.
    #[error("cannot reach the API server at `{server}`: {reason}")]
    Unreachable {
        /// The server.
        server: String,
        /// Why, in a line.
        reason: String,
    },
    /// It took too long.
    #[error("reading {0} took longer than {1:?}")]
    TimedOut(String, Duration),
    /// A watch's starting point is too old: list again.
    #[error("the watch of {0} has to be restarted")]
    Expired(String),
    /// Any other answer that we cannot use.
    #[error("the API server answered {status} when reading {what}: {message}")]
    Refused {
        /// What was read.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The server's message, redacted.
        message: String,
    },
    /// What is looked at is a recording, and this was not recorded.
    #[error("the recording has no {0}")]
    NotRecorded(String),
    /// The kubeconfig, or what it names, cannot be used. The text says what to do.
    #[error("{0}")]
    Config(String),
    /// No kubeconfig can be used, or none of its contexts. Whoever is at a terminal can name another one.
    #[error("{text}")]
    Kubeconfig {
        /// What was looked for, and found.
        text: String,
        /// What to do at a terminal.
        at_a_terminal: &'static str,
    },
    /// The options that this process was started with cannot be used: it has to be started again.
    #[error("{0}")]
    Options(String),
}

impl ReadError {
    /// In a line of a report, with what to do where only a human can.
    pub fn in_a_report(&self) -> String {
        match self {
            ReadError::Unauthorized { .. } => format!("{self}; log in to this cluster again"),
            ReadError::Forbidden { .. }
            | ReadError::NotFound(_)
            | ReadError::Unreachable { .. }
            | ReadError::TimedOut(..)
            | ReadError::Expired(_)
            | ReadError::Refused { .. }
            | ReadError::NotRecorded(_)
            | ReadError::Config(_)
            | ReadError::Kubeconfig { .. }
            | ReadError::Options(_) => self.to_string(),
        }
    }

    /// What to do next, one hint a line.
    pub fn hints(&self) -> Vec<String> {
        match self {
            ReadError::Forbidden { unlock, .. } => vec![format!("to allow it: {unlock}")],
            ReadError::Unauthorized { .. } => vec![
                "log in again, or choose another context with --context".to_owned(),
                "`kubemend doctor` shows what is configured".to_owned(),
            ],
            ReadError::Unreachable { .. } => vec![
                "check the network, the VPN and the server's address".to_owned(),
                "`kubemend doctor` shows what is configured".to_owned(),
            ],
            ReadError::Kubeconfig { at_a_terminal, .. } => vec![(*at_a_terminal).to_owned()],
            ReadError::NotRecorded(_) => vec![RECORD_MORE.to_owned()],
            ReadError::NotFound(_)
            | ReadError::TimedOut(..)
            | ReadError::Expired(_)
            | ReadError::Refused { .. }
            | ReadError::Config(_)
            | ReadError::Options(_) => Vec::new(),
        }
    }
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListRequest {
    /// Which kind.
    pub kind: Kind,
    /// Where; `None` for cluster-scoped kinds and for all namespaces.
    pub namespace: Option<Namespace>,
    /// A field selector, such as `type=Warning`.
    pub field_selector: Option<String>,
    /// How much it may bring.
    pub room: Room,
    /// Where a list was cut that is read on; `None` for one from its start.
    pub after: Option<String>,
}

impl ListRequest {
    /// All objects of a kind there, as far as there is room for one list.
    pub fn of(kind: Kind, namespace: Option<Namespace>) -> Self {
        Self { kind, namespace, field_selector: None, room: Room::OF_A_LIST, after: None }
    }

    /// Those of one name, wherever they are: not cut however many there are of the kind.
    pub fn named(kind: Kind, name: &str) -> Self {
        Self { field_selector: Some(format!("metadata.name={name}")), ..Self::of(kind, None) }
    }

    /// Each with its share of the room.
    #[must_use]
    pub fn sharing(room: Room, mut requests: Vec<Self>) -> Vec<Self> {
        let shares = room.shared_by(requests.iter().map(|request| &request.kind));
        requests.iter_mut().zip(shares).for_each(|(request, share)| request.room = share);
        requests
    }
}

/// What a list brought.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The objects, decoded into what a snapshot keeps of them.
    pub objects: Objects,
    /// Where a watch can start.
    pub resource_version: String,
    /// The list is whole; `false` when the bound on items cut it.
    pub complete: bool,
    /// How many bytes came.
    pub bytes: usize,
    /// Where it can be read on, if it was cut between two objects: the API server's own token.
    pub next: Option<String>,
}

/// Which part of which log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRequest {
    /// Whose.
    pub pod: ObjectRef,
    /// Which container.
    pub container: String,
    /// Of the run before this one.
    pub previous: bool,
    /// The last so many lines, or the first so many of a window.
    pub lines: usize,
    /// Where a window begins, in seconds ago; the end of the log without one.
    pub since: Option<u32>,
}

/// What a log brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The lines, the oldest first.
    pub text: String,
    /// There may be older ones that were not asked for, or for which there was no room.
    pub cut: bool,
    /// There are later ones than these, of a window.
    pub goes_on: bool,
}

/// What discovery says of custom kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CustomKinds {
    /// Those that may be read.
    pub kinds: Vec<Kind>,
    /// Groups whose kinds could not be listed: nobody knows what they have.
    pub unread: Vec<String>,
}

/// Tells what happens to the objects of one kind, in order.
#[async_trait]
pub trait Watch: Send {
    /// What happened next; `None` when the watch's time is over.
    ///
    /// # Errors
    /// See [`ReadError`]; [`ReadError::Expired`] means: list again.
    async fn next(&mut self) -> Result<Option<Told>, ReadError>;
}

/// Reading a cluster. All of it is bounded in bytes, items and time. Nothing here writes: the one verb that is passed, to
/// [`ClusterRead::may`], is only asked about.
#[async_trait]
pub trait ClusterRead: Send + Sync {
    /// Which cluster this is. Asks once and remembers it.
    ///
    /// # Errors
    /// The server cannot be reached or does not know us.
    async fn cluster(&self) -> Result<Cluster, ReadError>;

    /// Which cluster answers now: asked anew every time, since another one may have come to stand at the same place.
    ///
    /// # Errors
    /// The server cannot be reached or does not know us.
    async fn identity(&self) -> Result<ClusterId, ReadError>;

    /// One object, whole: with fields that this program does not know, and with who wrote which field.
    ///
    /// # Errors
    /// See [`ReadError`]; a Secret is refused before any request is made.
    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError>;

    /// All objects of a kind in a namespace, page by page, or those after the place where an earlier list was cut.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError>;

    /// Tells every change after `resource_version`, until `limit` is over. Nothing is asked before the first is wanted.
    fn watch(&self, request: &ListRequest, resource_version: &str, limit: Duration) -> Box<dyn Watch>;

    /// The last lines of a container's log, bounded.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn logs(&self, request: &LogRequest) -> Result<Log, ReadError>;

    /// The first objects of a kind, as the API server lays them out for people: with the columns that a custom kind's author chose, too.
    /// `labels` is a label selector.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn table(&self, kind: &Kind, namespace: Option<&Namespace>, labels: Option<&str>) -> Result<Table, ReadError>;

    /// The custom kinds that the API server has and that may be read, from now on by this reader too.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn custom_kinds(&self) -> Result<CustomKinds, ReadError>;

    /// What the API server says beside its objects, whole.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn document(&self, document: &ApiDocument) -> Result<Value, ReadError>;

    /// Whether this identity may do `verb` on the kind, by self access review.
    ///
    /// # Errors
    /// See [`ReadError`].
    async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError>;

    /// What time it is by the API server's clock, to the second: that clock made the times of all objects. `None` before it answered.
    fn server_time(&self) -> Option<Timestamp>;

    /// The context's own namespace, `default` where it has none.
    fn default_namespace(&self) -> Namespace;

    /// The namespace that the context sets, if it sets one: `default` by default is nobody's choice.
    fn own_namespace(&self) -> Option<Namespace>;

    /// The same reader, over the same connection, whose requests count into this meter and nowhere else. Calls share a
    /// connection: each reads through one of its own, so that its report tells what it has cost and not what others did meanwhile.
    fn metered(&self, meter: &RequestMeter) -> Arc<dyn ClusterRead>;
}

/// A language model of the operator. It proposes words and calls, and nothing else: what it says decides nothing by itself.
#[async_trait]
pub trait Model: Send + Sync {
    /// `PROVIDER/NAME`, as the operator wrote it: whose opaque blocks are its own, and whose prices hold.
    fn name(&self) -> &str;

    /// What the model answers. Bounded in bytes and time; asked again only where nothing of an answer was used.
    ///
    /// # Errors
    /// See [`ModelFault`]; [`ModelFaultKind::Cancelled`] as soon as `cancelled` is.
    async fn complete(&self, prompt: &Prompt, cancelled: &CancellationToken) -> Result<Reply, ModelFault>;
}

/// A revision of a stored session; `save` compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else saved in between.
    #[error("session `{0}` was changed by another process")]
    Conflict(SessionId),
    /// The file cannot be used.
    #[error("cannot use the session store {path}: {reason}")]
    Unusable {
        /// Where it lies.
        path: String,
        /// Why.
        reason: String,
    },
}

/// A stored session without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Which.
    pub id: SessionId,
    /// At which revision.
    pub revision: Revision,
    /// Under which time it was last saved: the order of the list.
    pub saved_at: Timestamp,
    /// The record.
    pub bytes: Vec<u8>,
}

/// As many sessions as a store keeps that are over.
const LOOKED_THROUGH: usize = 1000;

/// Keeps sessions as bytes with a revision: it cannot see a session, so it cannot get one wrong.
/// Durable before `save` returns.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// The newest record of a session.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn load(&self, id: &SessionId) -> Result<Option<Stored>, StoreError>;

    /// Saves if the stored revision is `expected` (`None`: there is none yet), and returns the new one. In the session nothing happens
    /// by itself after `until`, nor does anything rest on it: what is over is found neither among those that are [`SessionStore::alive`], nor kept beyond the store's
    /// bound.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not; nothing is changed then.
    async fn save_until(
        &self,
        id: &SessionId,
        expected: Option<Revision>,
        at: Timestamp,
        until: Timestamp,
        bytes: &[u8],
    ) -> Result<Revision, StoreError>;

    /// The same, for a session that is not over by itself.
    ///
    /// # Errors
    /// See [`SessionStore::save_until`].
    async fn save(&self, id: &SessionId, expected: Option<Revision>, at: Timestamp, bytes: &[u8]) -> Result<Revision, StoreError> {
        self.save_until(id, expected, at, Timestamp::MAX, bytes).await
    }

    /// Removes a session in which nothing happened, if its stored revision is `expected`.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it is not; nothing is changed then.
    async fn forget(&self, id: &SessionId, expected: Revision) -> Result<(), StoreError>;

    /// The sessions that are not over, newest first; a store without an index gives the newest.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn alive(&self, now: Timestamp, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let _for_a_store_that_keeps_no_index = now;
        self.newest(limit).await
    }

    /// The newest sessions whose record has this text, newest first; a store without a search looks through its newest.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn with_text(&self, text: &str, limit: usize) -> Result<Vec<Stored>, StoreError> {
        let has = |stored: &Stored| stored.bytes.windows(text.len().max(1)).any(|part| part == text.as_bytes());
        Ok(self.newest(LOOKED_THROUGH).await?.into_iter().filter(has).take(limit).collect())
    }

    /// The ids that begin so, in any order; a store without a search looks through its newest.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn beginning(&self, start: &str, limit: usize) -> Result<Vec<SessionId>, StoreError> {
        let all = self.newest(LOOKED_THROUGH).await?.into_iter().map(|stored| stored.id);
        Ok(all.filter(|id| id.as_str().starts_with(start)).take(limit).collect())
    }

    /// The newest sessions, newest first. One whose row is damaged has no bytes.
    ///
    /// # Errors
    /// The store cannot be used.
    async fn newest(&self, limit: usize) -> Result<Vec<Stored>, StoreError>;
}

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now, as people read it. It can be set, also backwards: for what is shown and recorded, never for how long something took.
    fn now(&self) -> Timestamp;
    /// Since the process began, on a clock that nobody sets: every duration is a difference of two of these.
    fn monotonic(&self) -> Duration;
    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// Randomness from the operating system.
pub trait Entropy: Send + Sync {
    /// 128 bits for an id.
    fn id_bits(&self) -> [u8; 16];
    /// 256 bits for a token or a key.
    fn secret_bits(&self) -> [u8; 32];
}

/// Told what is going on. Must not block: a surface queues it and sends it from a task of its own.
pub trait Progress: Send + Sync {
    /// A phase began, or has something to say.
    fn tell(&self, phase: Phase, message: &str);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: Phase, _: &str) {}
}

/// The gap that a failed read leaves, where the investigation can go on without it.
pub fn gap(error: &ReadError, what: &str) -> Option<Gap> {
    use crate::domain::evidence::GapWhy;
    let (why, unlock) = match error {
        ReadError::Forbidden { unlock, .. } => (GapWhy::Forbidden, Some(unlock.clone())),
        ReadError::TimedOut(..) => (GapWhy::Timeout, None),
        ReadError::NotFound(_) | ReadError::Expired(_) | ReadError::Refused { .. } => (GapWhy::Unsupported, None),
        ReadError::NotRecorded(_) => (GapWhy::Unsupported, Some(RECORD_MORE.to_owned())),
        ReadError::Unauthorized { .. }
        | ReadError::Unreachable { .. }
        | ReadError::Config(_)
        | ReadError::Kubeconfig { .. }
        | ReadError::Options(_) => return None,
    };
    Some(Gap { what: what.to_owned(), why, unlock })
}
