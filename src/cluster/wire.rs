//! One client behind its list: made at the first request, made again when its credential expires, metered, bounded.

use super::client::client_of;
use super::login::Login;
use super::reach::Denied;
use super::time::ServerTime;
use crate::domain::excerpt::Excerpt;
use crate::domain::snapshot::ClusterId;
use crate::ports::{ReadError, RequestMeter};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// Whom we talk to, for people. Never holds credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerIdentity {
    pub(super) context: String,
    pub(super) address: String,
    /// What the connection is pinned to.
    pub(super) id: ClusterId,
    /// The server proves nothing: its certificate is not verified, or there is none.
    pub(super) unverified: bool,
}

impl ServerIdentity {
    /// A server behind a service that somebody brings, who knows whom it speaks to.
    pub(super) fn behind_a_service(context: &str, address: &str) -> Self {
        let id = ClusterId::of_connection(address, &[], None);
        Self { context: context.to_owned(), address: address.to_owned(), id, unverified: false }
    }
}

/// Where the client comes from.
pub(super) enum ClientSource {
    /// Made already, and guarded.
    Ready(kube::Client),
    /// Made at the first request.
    Lazy(Box<ClientRecipe>),
}

/// What a client is made of.
pub(super) struct ClientRecipe {
    pub(super) config: kube::Config,
    pub(super) reach: super::reach::Reach,
    /// Where its credential comes from, where that is not the configuration itself; shared by the clients of one identity.
    pub(super) login: Option<Arc<Login>>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum SendError {
    /// Our own list refused it.
    Denied(Denied),
    /// There is no usable client.
    Config(ReadError),
    /// There was no connection: the request did not leave.
    NotConnected(String),
    /// It may have left; no answer came.
    Broken(String),
}

/// A client on a wire. Not `Clone`, and its `Debug` shows the server only.
pub(super) struct Connection {
    server: ServerIdentity,
    source: ClientSource,
    live: Mutex<Option<(u64, kube::Client)>>,
    agent: &'static str,
    pub(super) time: ServerTime,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn new(server: ServerIdentity, source: ClientSource, agent: &'static str) -> Self {
        Self { server, source, live: Mutex::new(None), agent, time: ServerTime::default() }
    }

    pub(super) fn server(&self) -> &ServerIdentity {
        &self.server
    }

    /// Whether a refused credential can be had anew.
    pub(super) async fn renew(&self) -> bool {
        match &self.source {
            ClientSource::Lazy(recipe) => match &recipe.login {
                Some(login) => {
                    let used = self.live.lock().await.as_ref().map(|(generation, _)| *generation);
                    login.forget(used).await;
                    true
                }
                None => false,
            },
            ClientSource::Ready(_) => false,
        }
    }

    async fn client(&self) -> Result<kube::Client, ReadError> {
        let recipe = match &self.source {
            ClientSource::Ready(client) => return Ok(client.clone()),
            ClientSource::Lazy(recipe) => recipe,
        };
        let mut live = self.live.lock().await;
        let credential = match &recipe.login {
            Some(login) => Some(login.credential().await?),
            None => None,
        };
        let generation = credential.as_ref().map_or(0, |c| c.generation);
        if let Some((made_for, client)) = live.as_ref()
            && *made_for == generation
        {
            return Ok(client.clone());
        }
        let mut config = recipe.config.clone();
        if let Some(credential) = credential {
            credential.put_into(&mut config.auth_info);
        }
        let client = client_of(config, recipe.reach.clone()).map_err(|error| {
            ReadError::Config(format!("the credentials of context `{}` cannot be used: {}", self.server.context, reason(&error)))
        })?;
        *live = Some((generation, client.clone()));
        Ok(client)
    }

    /// Gets the credential and the client ready, so that the time of a login plugin is not the time of a request.
    pub(super) async fn prepare(&self) -> Result<(), ReadError> {
        self.client().await.map(drop)
    }

    /// One request on the wire, counted, and the head of its answer. No retry, no time-out: the caller knows how long it may take.
    pub(super) async fn send(&self, mut request: Request<Vec<u8>>, meter: &RequestMeter) -> Result<Response<Body>, SendError> {
        request.headers_mut().insert(header::USER_AGENT, header::HeaderValue::from_static(self.agent));
        let client = self.client().await.map_err(SendError::Config)?;
        meter.count();
        let answer = client.send(request.map(Body::from)).await.map_err(|error| {
            if let Some(denied) = denied(&error) {
                return SendError::Denied(denied);
            }
            tracing::debug!(error = %reason(&error), "no answer");
            if chain(&error).any(|e| e.to_string().starts_with("client error (Connect)")) {
                SendError::NotConnected(reason(&error))
            } else {
                SendError::Broken(reason(&error))
            }
        })?;
        self.time.take(answer.headers());
        Ok(answer)
    }
}

fn denied(error: &kube::Error) -> Option<Denied> {
    match error {
        kube::Error::Service(inner) => inner.downcast_ref::<Denied>().cloned(),
        _ => None,
    }
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |e| (*e).source())
}

/// The innermost cause in words that a person can act on.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    // A rustls error sits inside an io error, which does not show it as its source.
    let texts: Vec<String> = chain(error).take(16).map(ToString::to_string).collect();
    let all = texts.join("; ").to_lowercase();
    for (sign, words) in [
        ("unknownissuer", "its certificate is not signed by the certificate authority that the kubeconfig names"),
        ("invalid peer certificate: expired", "its certificate has expired, or this machine's clock is wrong"),
        ("invalid peer certificate: certificate expired", "its certificate has expired, or this machine's clock is wrong"),
        ("notvalidforname", "its certificate is for another host name"),
        ("certificate not valid for name", "its certificate is for another host name"),
        ("notvalidyet", "its certificate is not valid yet, or this machine's clock is wrong"),
        ("certificaterequired", "it requires a client certificate, and the kubeconfig has none for this user"),
        ("invalidcontenttype", "it does not speak TLS: should the address be http instead of https?"),
        ("failed to lookup address", "its host name cannot be resolved"),
        ("dns error", "its host name cannot be resolved"),
        ("connection refused", "connection refused: nothing listens there"),
        ("network is unreachable", "network is unreachable"),
        ("no route to host", "no route to host"),
        ("deadline has elapsed", "no connection within the time-out"),
        ("timed out", "no connection within the time-out"),
        ("connection reset", "the connection was reset"),
        ("connection closed before message completed", "the connection was closed before the answer"),
    ] {
        if all.contains(sign) {
            return words.to_owned();
        }
    }
    let innermost = texts.last().map_or("the connection failed", String::as_str);
    Excerpt::capture(innermost, 200).to_string().replace('\n', " ")
}

/// An answer that was read to its end or to its bound.
#[derive(Debug)]
pub(super) struct HttpReply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// `false` when the bound cut the body.
    pub(super) whole: bool,
}

impl HttpReply {
    /// How long the server asks us to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// The media type, for a text about an answer that is not Kubernetes'.
    pub(super) fn media_type(&self) -> String {
        let text = self.headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("no content type");
        Excerpt::capture(text.split(';').next().unwrap_or_default(), 80).to_string()
    }
}

/// Reads a body up to `limit` bytes.
pub(super) async fn collect(response: Response<Body>, limit: usize) -> Result<HttpReply, SendError> {
    let (parts, mut body) = response.into_parts();
    let mut answer = HttpReply { status: parts.status, headers: parts.headers, body: Vec::new(), whole: true };
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| SendError::Broken(reason(&error)))?;
        let data: Bytes = match frame.into_data() {
            Ok(data) => data,
            Err(_) => continue,
        };
        let room = limit.saturating_sub(answer.body.len());
        answer.body.extend_from_slice(&data.slice(..data.len().min(room)));
        if data.len() > room {
            answer.whole = false;
            break;
        }
    }
    Ok(answer)
}
