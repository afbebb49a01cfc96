//! The writing client: sends a plan's bytes once, with no retry, and says what became of them.
//! Only `execute` sends with it (`tests/arch.rs` checks that); everybody may ask what its identity may do.

use super::fault::{Read, problem, read_error, resource, send_error, unlock, user};
use super::identity;
use super::requests::{PLAIN, request as read_request};
use super::review::{ACCESS_REVIEW, access_review, allowed, review_of_everything};
use super::wire::{Connection, HttpReply, SendError, collect};
use crate::domain::changes::Verb;
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::domain::request::{Method, Request};
use crate::domain::snapshot::ClusterId;
use crate::ports::{ReadError, RequestMeter};
use http::header;
use serde_json::Value;
use std::time::Duration;
use tokio::time::timeout;

/// Most bytes of an answer: etcd stores at most 1.5 MiB in an object.
const ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Writes to a cluster what `domain::action` can express, and nothing else. Not `Clone`: it is moved into the executor.
#[derive(Debug)]
pub struct WriteClient {
    connection: Connection,
    patience: Duration,
}

/// The API server took it.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteAnswer {
    /// The HTTP status: 200, or 201 for something new.
    pub status: u16,
    /// The object as it is now, or as it would be after a dry run.
    pub body: Value,
}

/// Why a write was not confirmed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The writing identity has no right to it.
    #[error("not allowed to {verb} {resource}{}", .namespace.as_ref().map(|n| format!(" in `{n}`")).unwrap_or_default())]
    Forbidden {
        /// `create`, `patch`, `delete`.
        verb: String,
        /// The resource, with its group where it has one.
        resource: String,
        /// Where.
        namespace: Option<Namespace>,
        /// What the API server said.
        message: String,
        /// The commands that would allow it.
        unlock: String,
    },
    /// The identity has the right, and admission forbids this change: a quota, a policy, a webhook.
    #[error("admission forbids the change: {0}")]
    NotAdmitted(String),
    /// The object is not as the request assumes, or exists already.
    #[error("the API server refused the change: {message}")]
    Conflict {
        /// `Conflict` or `AlreadyExists`.
        reason: String,
        /// What the API server said.
        message: String,
    },
    /// Any other answer that is not a success.
    #[error("the API server answered {status} to the change: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The status' reason, such as `Invalid`.
        reason: String,
        /// What the API server said.
        message: String,
    },
    /// It did not leave this machine.
    #[error("the change was not sent: {0}")]
    NotSent(String),
    /// It may have arrived; nobody knows until the object is read again.
    #[error("the request was sent, and no usable answer came back: {0}")]
    Lost(String),
}

impl WriteError {
    /// Whether the change may have happened all the same: the object has to be read again, and its stamp looked for.
    pub fn may_have_happened(&self) -> bool {
        match self {
            WriteError::Lost(_) => true,
            // A 5xx may come after the commit: a time-out between API server and etcd, for one.
            WriteError::Refused { status, .. } => *status >= 500,
            WriteError::Forbidden { .. } | WriteError::NotAdmitted(_) | WriteError::Conflict { .. } | WriteError::NotSent(_) => false,
        }
    }
}

impl WriteClient {
    pub(super) fn new(connection: Connection, patience: Duration) -> Self {
        Self { connection, patience }
    }

    /// The kubeconfig context whose identity writes.
    pub fn context(&self) -> &str {
        &self.connection.server().context
    }

    /// Sends the plan's bytes as they are, once. `dry_run` adds `dryRun=All`, to a deletion's options as well, so that nothing
    /// is stored. It counts into the meter of the call that writes.
    ///
    /// # Errors
    /// See [`WriteError`]; [`WriteError::may_have_happened`] tells which leave the outcome open.
    pub(crate) async fn send(&self, request: &Request, dry_run: bool, meter: &RequestMeter) -> Result<WriteAnswer, WriteError> {
        if request.path.contains("dryRun") {
            return Err(WriteError::NotSent("the request itself must not set dryRun".to_owned()));
        }
        let path = match (dry_run, request.path.contains('?')) {
            (false, _) => request.path.clone(),
            (true, false) => format!("{}?dryRun=All", request.path),
            (true, true) => format!("{}&dryRun=All", request.path),
        };
        let body = if dry_run { rehearsed(request)? } else { request.body.clone() };
        let message = http::Request::builder()
            .method(request.method.as_str())
            .uri(path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, request.method.content_type())
            .body(body.into_bytes())
            .map_err(|_| WriteError::NotSent("its path is not valid".to_owned()))?;
        // The time of a login plugin is not the time of the write: what fails here has not left.
        self.connection.prepare().await.map_err(|error| WriteError::NotSent(error.to_string()))?;
        let outcome = timeout(self.patience, async { collect(self.connection.send(message, meter).await?, ANSWER_BYTES).await }).await;
        match outcome {
            Err(_) => Err(WriteError::Lost(format!("no answer within {:?}", self.patience))),
            Ok(Err(SendError::Denied(denied))) => Err(WriteError::NotSent(denied.to_string())),
            Ok(Err(SendError::Config(error))) => Err(WriteError::NotSent(error.to_string())),
            Ok(Err(SendError::NotConnected(reason))) => {
                Err(WriteError::NotSent(format!("cannot reach the API server at `{}`: {reason}", self.connection.server().address)))
            }
            Ok(Err(SendError::Broken(reason))) => Err(WriteError::Lost(reason)),
            Ok(Ok(answer)) if answer.status.is_success() => taken(&answer),
            Ok(Ok(answer)) => Err(refused(request, &answer)),
        }
    }

    /// Which cluster the writing identity speaks to, asked now.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn identity(&self, meter: &RequestMeter) -> Result<ClusterId, ReadError> {
        let read = identity::read();
        let request = read_request(http::Method::GET, identity::PATH, &[], PLAIN)?;
        identity::of(&self.connection.server().id, self.ask(&read, &request, meter).await)
    }

    /// A request that changes nothing: once more with another credential, where the server does not take ours.
    async fn ask(&self, read: &Read, request: &http::Request<Vec<u8>>, meter: &RequestMeter) -> Result<HttpReply, ReadError> {
        let mut renewed = false;
        loop {
            self.connection.prepare().await?;
            let sent = async { collect(self.connection.send(request.clone(), meter).await?, ANSWER_BYTES).await };
            let server = self.connection.server();
            return match timeout(self.patience, sent).await {
                Err(_) => Err(ReadError::TimedOut(read.text().to_owned(), self.patience)),
                Ok(Err(error)) => Err(send_error(read, error, server)),
                Ok(Ok(answer)) if answer.status.is_success() => Ok(answer),
                Ok(Ok(answer)) if answer.status.as_u16() == 401 && !renewed && self.connection.renew().await => {
                    renewed = true;
                    continue;
                }
                Ok(Ok(answer)) => Err(read_error(read, &answer, server)),
            };
        }
    }

    /// Whether the writing identity may do `verb` on the kind, by self access review.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.reviewed(access_review(verb, kind, None, namespace)?).await
    }

    /// The same of what is done to an object: by the right that it takes.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn may_do(&self, what: Verb, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.reviewed(access_review(what.right(), kind, what.subresource(), namespace)?).await
    }

    /// Whether the writing identity may do whatever there is to be done, as a `cluster-admin` may.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn may_do_everything(&self) -> Result<bool, ReadError> {
        self.reviewed(review_of_everything()).await
    }

    async fn reviewed(&self, review: Vec<u8>) -> Result<bool, ReadError> {
        let read = Read::other("create", "selfsubjectaccessreviews.authorization.k8s.io", "what the writer is allowed to do");
        let request = read_request(http::Method::POST, ACCESS_REVIEW, &review, PLAIN)?;
        // Nobody reports what it costs to ask for rights.
        allowed(&self.ask(&read, &request, &RequestMeter::default()).await?, &read)
    }
}

/// The body of a dry run. The API server reads a deletion's options from its body alone when there is one, and then ignores
/// the query: a `dryRun` that stood only there would really delete.
fn rehearsed(request: &Request) -> Result<String, WriteError> {
    if request.method != Method::Delete || request.body.is_empty() {
        return Ok(request.body.clone());
    }
    let mut options: Value =
        serde_json::from_str(&request.body).map_err(|_| WriteError::NotSent("its body is not DeleteOptions".to_owned()))?;
    let map = options.as_object_mut().ok_or_else(|| WriteError::NotSent("its body is not DeleteOptions".to_owned()))?;
    map.insert("dryRun".to_owned(), serde_json::json!(["All"]));
    Ok(options.to_string())
}

/// A success that cannot be read is no success: something in between may have made it up.
pub(super) fn taken(answer: &HttpReply) -> Result<WriteAnswer, WriteError> {
    match serde_json::from_slice::<Value>(&answer.body) {
        Ok(body) if answer.whole && body.get("kind").is_some() => Ok(WriteAnswer { status: answer.status.as_u16(), body }),
        _ => Err(WriteError::Lost(format!("the answer cannot be read ({})", answer.media_type()))),
    }
}

pub(super) fn refused(request: &Request, answer: &HttpReply) -> WriteError {
    let problem = problem(answer);
    match answer.status.as_u16() {
        403 => match user(&problem.message) {
            // Authorizers say who cannot do what; admission plugins answer 403 as well.
            None if problem.reason == "Forbidden" => WriteError::NotAdmitted(problem.message),
            user => {
                let (verb, resource, namespace) = words(request);
                let unlock = unlock(&format!("{verb}-"), verb, &resource, namespace.as_ref(), user);
                WriteError::Forbidden { verb: verb.to_owned(), resource, namespace, message: problem.message, unlock }
            }
        },
        409 => WriteError::Conflict { reason: problem.reason, message: problem.message },
        status => WriteError::Refused { status, reason: problem.reason, message: problem.message },
    }
}

/// The request in the words of a role.
fn words(request: &Request) -> (&'static str, String, Option<Namespace>) {
    let verb = match request.method {
        Method::Post => "create",
        Method::Patch => "patch",
        Method::Delete => "delete",
    };
    let path = request.path.split('?').next().unwrap_or_default();
    let mut segments = path.split('/').skip_while(|s| *s != "namespaces").skip(1);
    let namespace = segments.next().and_then(|ns| Namespace::parse(ns).ok());
    let plural = segments.next().unwrap_or_default();
    let kind = Kind::KNOWN.into_iter().find(|k| k.info().is_some_and(|i| i.plural == plural));
    let resource = kind.as_ref().map_or_else(|| plural.to_owned(), resource);
    // Behind the object's name.
    (verb, segments.nth(1).map_or(resource.clone(), |part| format!("{resource}/{part}")), namespace)
}

#[cfg(test)]
mod tests;
