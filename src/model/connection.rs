//! One HTTP client for a provider, over the hyper and rustls that also carry requests to clusters. It follows no redirect, knows no proxy,
//! asks for no compression, and trusts whom the system trusts. It is made at the first request.

use super::failure::Failure;
use super::patience::Patience;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls_platform_verifier::BuilderVerifierExt;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;

/// Over TLS or on this machine.
pub(crate) type HttpsClient = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// The end of a body comes with its last piece, or it is not waited for.
const LAST: Duration = Duration::from_millis(50);

/// A way to a provider.
#[derive(Debug, Default)]
pub(super) struct Connection(OnceLock<HttpsClient>);

/// An answer whose body comes piece by piece.
pub(super) struct Coming<B> {
    pub(super) head: http::response::Parts,
    body: B,
    patience: Patience,
    read: usize,
}

impl Connection {
    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        request: Request<Full<Bytes>>,
        patience: Patience,
    ) -> Result<Coming<impl http_body::Body<Data = Bytes, Error: Error + 'static> + Unpin + use<>>, Failure> {
        let client = match self.0.get() {
            Some(client) => client,
            None => {
                let made = https_client(patience.connect)
                    .map_err(|error| Failure::unsent(&format!("the system's certificates cannot be used: {error}")))?;
                self.0.get_or_init(|| made)
            }
        };
        let sent = timeout(patience.first_byte, client.request(request)).await;
        let answer = sent.map_err(|_| Failure::transport(&format!("no answer within {} s", patience.first_byte.as_secs())))?;
        let answer: Response<_> = answer.map_err(|error| {
            let said = words(&error);
            if error.is_connect() { Failure::unsent(&said) } else { Failure::transport(&said) }
        })?;
        let (head, body) = answer.into_parts();
        let coded = head.headers.get(http::header::CONTENT_ENCODING).filter(|coding| *coding != "identity");
        if coded.is_some() {
            // Nothing that unpacks to more than what came is ever read.
            return Err(Failure::protocol("the answer is compressed, which nobody asked for"));
        }
        Ok(Coming { head, body, patience, read: 0 })
    }
}

impl<B: http_body::Body<Data = Bytes, Error: Error + 'static> + Unpin> Coming<B> {
    /// The next piece of the body, which may be so long in coming; `None` at its end.
    pub(super) async fn piece(&mut self, idle: Duration) -> Result<Option<Bytes>, Failure> {
        loop {
            let frame = timeout(idle, self.body.frame()).await;
            let frame = frame.map_err(|_| Failure::transport(&format!("the answer stopped for {} s", idle.as_secs())))?;
            let Some(frame) = frame else { return Ok(None) };
            let frame = frame.map_err(|error| Failure::transport(&words(&error)))?;
            // What follows a body says nothing about the answer.
            let Ok(piece) = frame.into_data() else { continue };
            self.read = self.read.saturating_add(piece.len());
            if self.read > self.patience.answer_bytes {
                return Err(Failure::protocol("the answer is larger than what is read of one"));
            }
            return Ok(Some(piece));
        }
    }

    /// Reads what follows the last mark, where it is there already: only a connection whose answer has ended is used again.
    pub(super) async fn end(&mut self) {
        let rest = async { while let Ok(Some(_)) = self.piece(LAST).await {} };
        timeout(LAST, rest).await.ok();
    }

    /// The beginning of the body, as far as it comes.
    pub(super) async fn beginning(&mut self, limit: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        while bytes.len() < limit
            && let Ok(Some(piece)) = self.piece(self.patience.idle).await
        {
            bytes.extend_from_slice(&piece);
        }
        bytes.truncate(limit);
        bytes
    }
}

/// A client that waits so long for a connection.
///
/// # Errors
/// The system's certificates cannot be used.
pub(crate) fn https_client(connect: Duration) -> Result<HttpsClient, rustls::Error> {
    let tls = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())?
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(connect));
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(tcp);
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// Why a request failed, from the outside to the inside: the innermost says it best.
fn words(error: &(dyn Error + 'static)) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(error) = next {
        parts.push(error.to_string());
        next = error.source();
    }
    parts.dedup();
    parts.join(": ")
}
