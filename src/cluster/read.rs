//! Reads a cluster: raw requests, page by page, everything bounded, retried only where reading again is harmless.

use super::fault::{Read, read_error};
use super::wire::{Answer, Link, SendError, collect};
use crate::domain::excerpt::{Excerpt, LOG_LIMIT};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::snapshot::Cluster;
use crate::ports::{Changed, ClusterRead, ListRequest, Listed, ReadError};
use async_trait::async_trait;
use http::{Method, Request, header};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::time::{sleep, timeout};

/// kubectl's own page size.
const PAGE_ITEMS: usize = 500;
/// Most objects of one list: ten pages, more than any namespace that one person looks after.
const LIST_ITEMS: usize = 5_000;
/// Most bytes of one list, all pages together: a Pod is 5 to 10 KiB.
const LIST_BYTES: usize = 64 * 1024 * 1024;
/// Most bytes of one object: etcd stores at most 1.5 MiB.
const OBJECT_BYTES: usize = 4 * 1024 * 1024;
/// The last lines of a log that are looked at.
const LOG_LINES: usize = 200;
/// How often an overloaded server is asked in all.
const ATTEMPTS: u32 = 3;
/// The longest wait that a server's `Retry-After` gets of us.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Reads a cluster over the reading client, which can say nothing but GET and reviews of its own access.
#[derive(Debug)]
pub struct ReadClient {
    pub(super) link: Link,
    namespace: Namespace,
    pub(super) patience: Duration,
    version: OnceCell<String>,
}

impl ReadClient {
    pub(super) fn new(link: Link, namespace: Namespace, patience: Duration) -> Self {
        Self { link, namespace, patience, version: OnceCell::new() }
    }

    pub(super) fn failure(&self, read: &Read, error: SendError) -> ReadError {
        match error {
            SendError::Config(error) => error,
            SendError::Denied(denied) => ReadError::Config(format!("kubemend does not read {}: {}", read.text(), denied.reason)),
            SendError::NotConnected(reason) | SendError::Broken(reason) => {
                ReadError::Unreachable { server: self.link.peer().server.clone(), reason }
            }
        }
    }

    /// One request, once, within the time-out.
    async fn once(&self, request: Request<Vec<u8>>, limit: usize) -> Option<Result<Answer, SendError>> {
        timeout(self.patience, async { collect(self.link.send(request).await?, limit).await }).await.ok()
    }

    /// Asks until there is an answer: again on 429, on 5xx and when the connection breaks. Not after a time-out,
    /// which has cost the patience already.
    async fn ask(&self, read: &Read, method: Method, path: &str, body: &[u8], limit: usize) -> Result<Answer, ReadError> {
        let mut wait = FIRST_WAIT;
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let request = request(method.clone(), path, body)?;
            let outcome = self.once(request, limit).await;
            let last = attempt >= ATTEMPTS;
            let pause = match outcome {
                None => return Err(ReadError::TimedOut(read.text().to_owned(), self.patience)),
                Some(Ok(answer)) => match answer.status.as_u16() {
                    200..=299 => return Ok(answer),
                    401 if !renewed && self.link.renew().await => {
                        renewed = true;
                        continue;
                    }
                    429 | 500 | 502 | 503 | 504 if !last => answer.retry_after().unwrap_or(wait).min(LONGEST_WAIT),
                    _ => return Err(read_error(read, &answer, self.link.peer())),
                },
                // A server that nothing connects to is asked a second time only: a person waits.
                Some(Err(SendError::NotConnected(_))) if attempt == 1 => wait,
                Some(Err(SendError::Broken(_))) if !last => wait,
                Some(Err(error)) => return Err(self.failure(read, error)),
            };
            sleep(pause).await;
            wait = wait.saturating_mul(3);
            attempt += 1;
        }
    }

    async fn pages(&self, request: &ListRequest, read: &Read) -> Result<Listed, ReadError> {
        let path = list_path(request)?;
        let mut listed = Listed { items: Vec::new(), resource_version: String::new(), complete: true };
        let mut next = String::new();
        let mut room = LIST_BYTES;
        loop {
            let mut query = format!("{path}?limit={PAGE_ITEMS}");
            push_selector(&mut query, request);
            if !next.is_empty() {
                query.push_str("&continue=");
                query.push_str(&encode(&next));
            }
            let answer = self.ask(read, Method::GET, &query, &[], room).await?;
            if !answer.whole {
                listed.complete = false;
                return Ok(listed);
            }
            room = room.saturating_sub(answer.body.len());
            let mut page = parse(&answer, read)?;
            listed.resource_version = text(&page, "/metadata/resourceVersion");
            next = text(&page, "/metadata/continue");
            let items = match page.pointer_mut("/items").map(Value::take) {
                Some(Value::Array(items)) => items,
                Some(Value::Null) => Vec::new(),
                _ => return Err(strange(read, &answer)),
            };
            for item in items {
                if listed.items.len() >= LIST_ITEMS {
                    listed.complete = false;
                    return Ok(listed);
                }
                listed.items.push(tidy(item, &request.kind));
            }
            if next.is_empty() {
                return Ok(listed);
            }
            if listed.items.len() >= LIST_ITEMS {
                listed.complete = false;
                return Ok(listed);
            }
        }
    }
}

#[async_trait]
impl ClusterRead for ReadClient {
    async fn cluster(&self) -> Result<Cluster, ReadError> {
        let version = self
            .version
            .get_or_try_init(|| async {
                let read = Read::other("get", "version", "the server's version");
                match self.ask(&read, Method::GET, "/version", &[], OBJECT_BYTES).await {
                    Ok(answer) => Ok(Excerpt::capture(&text(&parse(&answer, &read)?, "/gitVersion"), 80).to_string()),
                    // Some hardened clusters hide it; everything else may work.
                    Err(ReadError::Forbidden { .. }) => Ok(String::new()),
                    Err(error) => Err(error),
                }
            })
            .await?;
        let peer = self.link.peer();
        Ok(Cluster { context: peer.context.clone(), server: peer.server.clone(), version: version.clone() })
    }

    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError> {
        let read = Read::get(object);
        refuse_secrets(&object.kind)?;
        let path = object.path().ok_or_else(|| ReadError::Config(format!("kubemend does not know where {object} lives in the API")))?;
        let answer = self.ask(&read, Method::GET, &path, &[], OBJECT_BYTES).await?;
        Ok(tidy(parse(&answer, &read)?, &object.kind))
    }

    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError> {
        refuse_secrets(&request.kind)?;
        let read = Read::list(&request.kind, request.namespace.as_ref());
        match self.pages(request, &read).await {
            // A `continue` token that grew too old: once more from the start.
            Err(ReadError::Expired(_)) => self.pages(request, &read).await,
            other => other,
        }
    }

    async fn changed(&self, request: &ListRequest, resource_version: &str, limit: Duration) -> Result<Option<Changed>, ReadError> {
        refuse_secrets(&request.kind)?;
        super::watch::first_change(self, request, resource_version, limit).await
    }

    async fn logs(&self, pod: &ObjectRef, container: &str, previous: bool) -> Result<String, ReadError> {
        let read = Read::logs(pod, container);
        let path = pod
            .path()
            .filter(|_| pod.kind == Kind::Pod)
            .ok_or_else(|| ReadError::Config(format!("{pod} has no log: logs are read of Pods in a namespace")))?;
        let query = format!(
            "{path}/log?container={}&tailLines={LOG_LINES}&limitBytes={LOG_LIMIT}{}",
            encode(container),
            if previous { "&previous=true" } else { "" }
        );
        let answer = self.ask(&read, Method::GET, &query, &[], LOG_LIMIT).await?;
        Ok(String::from_utf8_lossy(&answer.body).into_owned())
    }

    async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        let read = Read::other("create", "selfsubjectaccessreviews.authorization.k8s.io", "what this identity may do");
        let (path, body) = review(verb, kind, namespace)?;
        let answer = self.ask(&read, Method::POST, path, &body, OBJECT_BYTES).await?;
        allowed(&answer, &read)
    }

    fn default_namespace(&self) -> Namespace {
        self.namespace.clone()
    }

    fn calls(&self) -> u64 {
        self.link.calls()
    }
}

fn refuse_secrets(kind: &Kind) -> Result<(), ReadError> {
    let custom = matches!(kind, Kind::Other { kind, .. } if kind.eq_ignore_ascii_case("secret"));
    if *kind == Kind::Secret || custom { Err(ReadError::Config("kubemend never reads Secrets".to_owned())) } else { Ok(()) }
}

pub(super) fn list_path(request: &ListRequest) -> Result<String, ReadError> {
    request
        .kind
        .path(request.namespace.as_ref(), None)
        .ok_or_else(|| ReadError::Config(format!("kubemend does not know where {} lives in the API", request.kind)))
}

pub(super) fn push_selector(query: &mut String, request: &ListRequest) {
    if let Some(selector) = &request.field_selector {
        query.push_str("&fieldSelector=");
        query.push_str(&encode(selector));
    }
}

pub(super) fn request(method: Method, path: &str, body: &[u8]) -> Result<Request<Vec<u8>>, ReadError> {
    let mut builder = Request::builder().method(method).uri(path).header(header::ACCEPT, "application/json");
    if !body.is_empty() {
        builder = builder.header(header::CONTENT_TYPE, "application/json");
    }
    builder.body(body.to_vec()).map_err(|_| ReadError::Config("the name of an object cannot stand in a path".to_owned()))
}

/// A review of one's own access, as path and body.
pub(super) fn review(verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<(&'static str, Vec<u8>), ReadError> {
    let info = kind.info().ok_or_else(|| ReadError::Config(format!("kubemend does not know the resource of {kind}")))?;
    let mut attributes = json!({ "verb": verb, "group": kind.group(), "resource": info.plural });
    if let (Some(namespace), Some(map)) = (namespace.filter(|_| info.namespaced), attributes.as_object_mut()) {
        map.insert("namespace".to_owned(), namespace.as_str().into());
    }
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": attributes },
    });
    Ok(("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body.to_string().into_bytes()))
}

/// The review's verdict; an answer without one is no yes.
pub(super) fn allowed(answer: &Answer, read: &Read) -> Result<bool, ReadError> {
    Ok(parse(answer, read)?.pointer("/status/allowed").and_then(Value::as_bool).unwrap_or(false))
}

fn parse(answer: &Answer, read: &Read) -> Result<Value, ReadError> {
    serde_json::from_slice::<Value>(&answer.body).ok().filter(Value::is_object).ok_or_else(|| strange(read, answer))
}

fn strange(read: &Read, answer: &Answer) -> ReadError {
    let message = if answer.whole {
        format!("not an answer of Kubernetes ({}): something between here and the API server, or a wrong address", answer.media_type())
    } else {
        "an answer that is larger than kubemend reads".to_owned()
    };
    ReadError::Refused { what: read.text().to_owned(), status: answer.status.as_u16(), message }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Objects in lists come without their kind; `managedFields` are a third of their bytes and tell us nothing.
fn tidy(mut object: Value, kind: &Kind) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), kind.api_version().into());
        map.insert("kind".to_owned(), kind.name().into());
    }
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.shift_remove("managedFields");
    }
    object
}

/// Percent-encodes a query's value.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests;
