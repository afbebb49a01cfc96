//! Reads a cluster: raw requests, page by page, everything bounded, retried only where reading again is harmless.

use super::discovered::Discovered;
use super::discovery;
use super::fault::{Read, json_object, read_error, send_error};
use super::identity;
use super::page;
use super::requests::{self, encode, list_path, push_selector, refuse_secrets, request};
use super::review::{ACCESS_REVIEW, access_review, allowed};
use super::table;
use super::watch::Following;
use super::wire::{Connection, HttpReply, SendError, ServerIdentity, collect};
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::objects::Objects;
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::ports::{ApiDocument, ClusterRead, CustomKinds, ListRequest, Listed, Log, LogRequest, ReadError, RequestMeter, Table, Watch};
use async_trait::async_trait;
use http::{Method, Request};
use jiff::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

/// kubectl's own page size.
const PAGE_ITEMS: usize = 500;
/// Most bytes of one object: etcd stores at most 1.5 MiB.
const OBJECT_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of what the server has: some hundred bytes for each resource, of which large clusters have a thousand.
const DISCOVERY_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes of a document: the schemas of one group and version have one or two MiB, and so have the metrics of some thousand Pods.
const DOCUMENT_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes of a log. The API server counts them from the oldest line that is asked for, so where they do not suffice it is the
/// newest that are missing, and fewer lines are asked for.
const LOG_BYTES: usize = 1024 * 1024;
/// By how much fewer.
const FEWER_LINES: usize = 8;
/// How often an overloaded server is asked in all.
const ATTEMPTS: u32 = 3;
/// The longest wait that a server's `Retry-After` gets of us.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// Reads a cluster over the reading client, which can say nothing but GET and reviews of its own access.
#[derive(Debug)]
pub struct ReadClient {
    connection: Arc<Connection>,
    namespace: Namespace,
    /// Somebody chose the namespace.
    chosen: bool,
    pub(super) patience: Duration,
    version: Arc<OnceCell<String>>,
    /// Which cluster answered; each call asks for itself.
    id: OnceCell<ClusterId>,
    pub(super) meter: RequestMeter,
    discovered: Discovered,
}

impl ReadClient {
    /// `discovered` is the list that the connection's guard looks at.
    pub(super) fn new(connection: Connection, (namespace, chosen): (Namespace, bool), patience: Duration, discovered: Discovered) -> Self {
        Self {
            connection: Arc::new(connection),
            namespace,
            chosen,
            patience,
            version: Arc::default(),
            id: OnceCell::new(),
            meter: RequestMeter::default(),
            discovered,
        }
    }

    /// The custom resources that the API server names and that may be read, from now on by this client too. Secrets, whatever
    /// they are called, and reviews of rights are never among them. Costs one request, on old servers one for each group.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn discover(&self) -> Result<CustomKinds, ReadError> {
        let read = Read::other("get", "apis", "the list of API resources");
        let answer = json_object(&self.ask(&read, Method::GET, "/apis", &[], DISCOVERY_BYTES).await?, &read)?;
        let (named, mut unread) = match discovery::aggregated(&answer) {
            Some(found) => found,
            None => {
                let (mut named, mut unread) = (Vec::new(), Vec::new());
                for (at, (group, version)) in discovery::groups(&answer).into_iter().enumerate() {
                    let path = format!("/apis/{group}/{version}");
                    // A group whose server is down is not known; the others are.
                    let reply =
                        if at < discovery::GROUPS { self.ask(&read, Method::GET, &path, &[], OBJECT_BYTES).await.ok() } else { None };
                    match reply.and_then(|reply| json_object(&reply, &read).ok()) {
                        Some(answer) => named.extend(discovery::of_group(&group, &version, &answer)),
                        None => unread.push(group),
                    }
                }
                (named, unread)
            }
        };
        unread.retain(|group| discovery::can_be_custom(group));
        let admitted = named.iter().filter_map(|n| {
            let kind = n.custom()?;
            self.discovered.admit(&n.group, &n.version, &n.plural, n.namespaced).then_some(kind)
        });
        Ok(CustomKinds { kinds: admitted.collect(), unread })
    }

    /// Whether the reading identity may read what containers write.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn may_read_logs(&self, namespace: &Namespace) -> Result<bool, ReadError> {
        self.reviewed(&access_review("get", &Kind::Pod, Some("log"), Some(namespace))?).await
    }

    async fn reviewed(&self, review: &[u8]) -> Result<bool, ReadError> {
        let read = Read::other("create", "selfsubjectaccessreviews.authorization.k8s.io", "what the reader is allowed to do");
        allowed(&self.ask(&read, Method::POST, ACCESS_REVIEW, review, OBJECT_BYTES).await?, &read)
    }

    /// One request, once, within the time-out. A login plugin has a deadline of its own, and its time is not the request's.
    async fn once(&self, request: Request<Vec<u8>>, limit: usize) -> Option<Result<HttpReply, SendError>> {
        if let Err(error) = self.connection.prepare().await {
            return Some(Err(SendError::Config(error)));
        }
        timeout(self.patience, async { collect(self.connection.send(request, &self.meter).await?, limit).await }).await.ok()
    }

    /// Asks until there is an answer: again on 429, on 5xx and when the connection breaks. Not after a time-out,
    /// which has cost the patience already.
    async fn ask(&self, read: &Read, method: Method, path: &str, body: &[u8], limit: usize) -> Result<HttpReply, ReadError> {
        self.ask_for(read, method, path, body, limit, requests::form_of(path)).await
    }

    /// The same, in another form than the usual one.
    async fn ask_for(
        &self,
        read: &Read,
        method: Method,
        path: &str,
        body: &[u8],
        limit: usize,
        form: &str,
    ) -> Result<HttpReply, ReadError> {
        let mut wait = FIRST_WAIT;
        let mut renewed = false;
        let mut attempt = 1;
        loop {
            let request = request(method.clone(), path, body, form)?;
            let outcome = self.once(request, limit).await;
            let last = attempt >= ATTEMPTS;
            let pause = match outcome {
                None => return Err(ReadError::TimedOut(read.text().to_owned(), self.patience)),
                Some(Ok(answer)) => match answer.status.as_u16() {
                    200..=299 => return Ok(answer),
                    401 if !renewed && self.connection.renew().await => {
                        renewed = true;
                        continue;
                    }
                    429 | 500 | 502 | 503 | 504 if !last => answer.retry_after().unwrap_or(wait).min(LONGEST_WAIT),
                    _ => return Err(read_error(read, &answer, self.connection.server())),
                },
                // A server that nothing connects to is asked a second time only: a person waits.
                Some(Err(SendError::NotConnected(_))) if attempt == 1 => wait,
                Some(Err(SendError::Broken(_))) if !last => wait,
                Some(Err(error)) => return Err(send_error(read, error, self.connection.server())),
            };
            sleep(pause).await;
            wait = wait.saturating_mul(3);
            attempt += 1;
        }
    }

    async fn pages(&self, request: &ListRequest, read: &Read) -> Result<Listed, ReadError> {
        let path = list_path(request)?;
        let mut listed =
            Listed { objects: Objects::of(&request.kind), resource_version: String::new(), complete: true, bytes: 0, next: None };
        let mut next = request.after.clone().unwrap_or_default();
        loop {
            // No more than there is room for: a list that was cut between two pages can be read on.
            let limit = request.room.items.saturating_sub(listed.objects.received()).clamp(1, PAGE_ITEMS);
            let mut query = format!("{path}?limit={limit}");
            push_selector(&mut query, request);
            if !next.is_empty() {
                query.push_str("&continue=");
                query.push_str(&encode(&next));
            }
            let answer = self.ask(read, Method::GET, &query, &[], request.room.bytes.saturating_sub(listed.bytes)).await?;
            listed.bytes = listed.bytes.saturating_add(answer.body.len());
            if !answer.whole {
                // This page did not fit; those before it did.
                listed.complete = false;
                listed.next = (!next.is_empty()).then_some(next);
                return Ok(listed);
            }
            let page = page::take(&answer, read, &mut listed.objects, request.room.items)?;
            listed.resource_version = page.resource_version;
            next = page.next;
            // More than there is room for, here or in the pages to come.
            if page.cut || (!next.is_empty() && listed.objects.received() >= request.room.items) {
                listed.complete = false;
                // Within a page there is no place to read on from.
                listed.next = (!page.cut && !next.is_empty()).then_some(next);
                return Ok(listed);
            }
            if next.is_empty() {
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
                    Ok(answer) => Ok(Excerpt::capture(&text(&json_object(&answer, &read)?, "/gitVersion"), 80).to_string()),
                    // Some hardened clusters hide it; everything else may work.
                    Err(ReadError::Forbidden { .. }) => Ok(String::new()),
                    Err(error) => Err(error),
                }
            })
            .await?;
        let id = self.id.get_or_try_init(|| self.identity()).await?.clone();
        let ServerIdentity { context, address, unverified, .. } = self.connection.server().clone();
        Ok(Cluster { context, server: address, version: version.clone(), id, unverified })
    }

    async fn identity(&self) -> Result<ClusterId, ReadError> {
        let answer = self.ask(&identity::read(), Method::GET, identity::PATH, &[], OBJECT_BYTES).await;
        identity::of(&self.connection.server().id, answer)
    }

    async fn get(&self, object: &ObjectRef) -> Result<Value, ReadError> {
        let read = Read::get(object);
        refuse_secrets(&object.kind)?;
        let path = object.path().ok_or_else(|| ReadError::Config(format!("kubemend does not know the API path of {object}")))?;
        let answer = self.ask(&read, Method::GET, &path, &[], OBJECT_BYTES).await?;
        Ok(of_kind(json_object(&answer, &read)?, &object.kind))
    }

    async fn list(&self, request: &ListRequest) -> Result<Listed, ReadError> {
        refuse_secrets(&request.kind)?;
        let read = Read::list(&request.kind, request.namespace.as_ref());
        match self.pages(request, &read).await {
            // A `continue` token that grew too old: once more from the start, unless that was read by somebody else.
            Err(ReadError::Expired(_)) if request.after.is_none() => self.pages(request, &read).await,
            other => other,
        }
    }

    fn watch(&self, request: &ListRequest, resource_version: &str, limit: Duration) -> Box<dyn Watch> {
        Box::new(Following::new(Arc::clone(&self.connection), self.meter.clone(), request.clone(), resource_version, limit))
    }

    async fn logs(&self, request: &LogRequest) -> Result<Log, ReadError> {
        let LogRequest { pod, container, previous, .. } = request;
        let read = Read::logs(pod, container);
        let path = pod
            .path()
            .filter(|_| pod.kind == Kind::Pod)
            .ok_or_else(|| ReadError::Config(format!("{pod} has no log: only Pods have logs")))?;
        let most = request.lines.max(1);
        let previous = if *previous { "&previous=true" } else { "" };
        if let Some(seconds) = request.since {
            let query = format!("{path}/log?container={}&sinceSeconds={seconds}&limitBytes={LOG_BYTES}{previous}", encode(container));
            let answer = self.ask(&read, Method::GET, &query, &[], LOG_BYTES).await?;
            let all = String::from_utf8_lossy(&answer.body);
            let full = !answer.whole || answer.body.len() >= LOG_BYTES;
            // The bound may have parted the last line.
            let whole = if full { all.rsplit_once('\n').map_or("", |(whole, _)| whole) } else { all.as_ref() };
            let text: String = whole.split_inclusive('\n').take(most).collect();
            return Ok(Log { goes_on: full || text.len() < whole.len(), cut: true, text });
        }
        // One more than is wanted tells whether there are older ones.
        let mut lines = most.saturating_add(1);
        loop {
            let query = format!("{path}/log?container={}&tailLines={lines}&limitBytes={LOG_BYTES}{previous}", encode(container));
            let answer = self.ask(&read, Method::GET, &query, &[], LOG_BYTES).await?;
            let full = !answer.whole || answer.body.len() >= LOG_BYTES;
            if full && lines > 1 {
                lines = (lines / FEWER_LINES).max(1);
                continue;
            }
            let mut text = String::from_utf8_lossy(&answer.body).into_owned();
            let older = text.lines().count().saturating_sub(most);
            if older > 0 {
                text = text.split_inclusive('\n').skip(older).collect();
            }
            return Ok(Log { text, cut: full || lines <= most || older > 0, goes_on: false });
        }
    }

    async fn table(&self, kind: &Kind, namespace: Option<&Namespace>, labels: Option<&str>) -> Result<Table, ReadError> {
        refuse_secrets(kind)?;
        let read = Read::list(kind, namespace);
        let query = table::query(kind, namespace, labels)
            .ok_or_else(|| ReadError::Config(format!("kubemend does not know the API path of {kind}")))?;
        let answer = self.ask_for(&read, Method::GET, &query, &[], OBJECT_BYTES, table::AS_TABLE).await?;
        let asked = read.clone();
        // Its cells are masked there, and other calls wait for this thread.
        match timeout(self.patience, spawn_blocking(move || table::of(&answer, &asked))).await {
            Ok(Ok(table)) => table,
            Ok(Err(_)) | Err(_) => Err(ReadError::TimedOut(read.text().to_owned(), self.patience)),
        }
    }

    async fn custom_kinds(&self) -> Result<CustomKinds, ReadError> {
        self.discover().await
    }

    async fn document(&self, document: &ApiDocument) -> Result<Value, ReadError> {
        let read = Read::document(document);
        let path = document.path().ok_or_else(|| ReadError::Config(format!("kubemend does not know where {} are", document.in_words())))?;
        json_object(&self.ask(&read, Method::GET, &path, &[], DOCUMENT_BYTES).await?, &read)
    }

    async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.reviewed(&access_review(verb, kind, None, namespace)?).await
    }

    fn server_time(&self) -> Option<Timestamp> {
        self.connection.time.now()
    }

    fn default_namespace(&self) -> Namespace {
        self.namespace.clone()
    }

    fn own_namespace(&self) -> Option<Namespace> {
        self.chosen.then(|| self.namespace.clone())
    }

    fn metered(&self, meter: &RequestMeter) -> Arc<dyn ClusterRead> {
        Arc::new(Self {
            connection: self.connection.clone(),
            namespace: self.namespace.clone(),
            chosen: self.chosen,
            patience: self.patience,
            version: self.version.clone(),
            id: OnceCell::new(),
            meter: meter.clone(),
            discovered: self.discovered.clone(),
        })
    }
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// What kubemend reads is of the kind that it asked for: an answer that says otherwise changes nothing about that.
fn of_kind(mut object: Value, kind: &Kind) -> Value {
    if let Some(map) = object.as_object_mut() {
        map.insert("apiVersion".to_owned(), kind.api_version().into());
        map.insert("kind".to_owned(), kind.name().into());
    }
    object
}

#[cfg(test)]
mod tests;
