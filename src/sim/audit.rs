//! What was asked of the API, in order: the embedded cluster's audit log.

/// One request and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audited {
    /// `get`, `list`, `watch`, `create`, `update`, `patch` or `delete`.
    pub verb: &'static str,
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, as it was sent.
    pub query: String,
    /// Who asked: the name given to [`Sim::service_as`](super::Sim::service_as).
    pub user: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The request body, byte for byte; empty for reads.
    pub body: String,
    /// The status of the reply; 0 when none was given.
    pub status: u16,
    /// Whether `dryRun=All` was asked for.
    pub dry_run: bool,
    /// Whether it changed something: a write that succeeded, was not rehearsed, and is no access review.
    pub wrote: bool,
}
