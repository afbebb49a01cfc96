//! Puts a cluster together: who reads and who writes, each over a connection whose client is bound by its list in `reach`.
//! Nothing is sent by this: a client is made at its first request.

use super::client::{guarded, raw};
use super::discovered::Discovered;
use super::kubeconfig::{Chosen, for_reading, for_writing};
use super::reach::Reach;
use super::wire::{ClientRecipe, ClientSource, Connection, ServerIdentity};
use crate::domain::object::Namespace;
use crate::domain::snapshot::ClusterId;
use crate::ports::{Clock, ReadError};
use bytes::Bytes;
use http::{Request, Response};
use kube::client::Body;
use std::sync::Arc;
use std::time::Duration;
use tower::{BoxError, Service};

pub use super::kubeconfig::ConnectSettings;
pub use super::read::ReadClient;
pub use super::write::{WriteAnswer, WriteClient, WriteError};

const READ_AGENT: &str = concat!("kubemend/", env!("CARGO_PKG_VERSION"), " (read)");
const WRITE_AGENT: &str = concat!("kubemend/", env!("CARGO_PKG_VERSION"), " (write)");
/// How long a write may take: an API server gives up on a request after a minute at most, on most after 34 seconds.
const WRITE_TIME: Duration = Duration::from_secs(35);
/// How long a read may take on a service that somebody brought.
const READ_TIME: Duration = Duration::from_secs(15);

/// A cluster with the identity that reads and the one that writes.
#[derive(Debug)]
pub struct Connected {
    /// Reads.
    pub read: ReadClient,
    /// Writes, where there is an identity for it.
    pub write: Option<WriteClient>,
    /// Why there is none, in words.
    pub no_writer: Option<String>,
    /// The context's namespace, `default` where it has none.
    pub default_namespace: Namespace,
    /// The kubeconfig's context.
    pub context: String,
    /// The API server's host and port.
    pub server: String,
    /// What the connection is pinned to; which cluster it is, the cluster itself says when it is asked.
    pub id: ClusterId,
    /// The context whose identity writes.
    pub write_context: Option<String>,
}

/// Finds the kubeconfig and the identities. Nothing is sent: a server that cannot be reached shows at the first read.
///
/// # Errors
/// There is no usable kubeconfig; the text says where was looked and what to do.
pub async fn connect(settings: &ConnectSettings, clock: Arc<dyn Clock>) -> Result<Connected, ReadError> {
    let chosen = for_reading(settings, &clock).await?;
    let reach = Reach::Write;
    let (writer, no_writer) = if settings.read_only {
        (None, Some("kubemend was started read-only".to_owned()))
    } else {
        match for_writing(settings, &clock).await {
            Ok(None) => (Some((chosen.config.clone(), chosen.server.clone(), chosen.login.clone())), None),
            // Whether it is for the reader's cluster is asked of the cluster, before anything is rehearsed or sent: an address tells too
            // little where many share one, and too much where one has two.
            Ok(Some(other)) => (Some((other.config, other.server, other.login)), None),
            Err(error) => (None, Some(format!("the writer credentials cannot be used: {error}"))),
        }
    };
    let Chosen { config, server, namespace, own, login } = chosen;
    let write = writer.map(|(config, server, login)| {
        let source = ClientSource::Lazy(Box::new(ClientRecipe { config, reach, login }));
        WriteClient::new(Connection::new(server, source, WRITE_AGENT), WRITE_TIME)
    });
    let discovered = Discovered::default();
    let source = ClientSource::Lazy(Box::new(ClientRecipe { config, reach: Reach::Read(discovered.clone()), login }));
    let connection = Connection::new(server.clone(), source, READ_AGENT);
    let read = ReadClient::new(connection, (namespace.clone(), own), settings.patience, discovered);
    Ok(assemble(read, write, no_writer, namespace, server))
}

/// A cluster behind a service that plays the API server: the embedded one, a test's, or one that a program brings.
/// Both identities speak to it, each bound by its list. To be called within a tokio runtime.
pub fn over<S, B>(service: S, context: &str, server: &str, default_namespace: Namespace) -> Connected
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    over_client(raw(service), context, server, default_namespace)
}

/// A cluster behind a client that a program has already. To be called within a tokio runtime.
pub fn over_client(client: kube::Client, context: &str, server: &str, default_namespace: Namespace) -> Connected {
    let server = ServerIdentity::behind_a_service(context, server);
    let write = writer_over(client.clone(), server.clone());
    let discovered = Discovered::default();
    let source = ClientSource::Ready(guarded(client, Reach::Read(discovered.clone())));
    let connection = Connection::new(server.clone(), source, READ_AGENT);
    // A program that has no namespace of its own to give gives `default`, as kubectl does.
    let own = default_namespace.as_str() != "default";
    let read = ReadClient::new(connection, (default_namespace.clone(), own), READ_TIME, discovered);
    assemble(read, Some(write), None, default_namespace, server)
}

impl Connected {
    /// Lets another identity write: a service that authenticates as somebody else.
    #[must_use]
    pub fn with_writer_over<S, B>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let server = ServerIdentity::behind_a_service(&self.context, &self.server);
        self.write = Some(writer_over(raw(service), server));
        self.no_writer = None;
        self
    }

    /// Without an identity that writes: plans only.
    #[must_use]
    pub fn read_only(mut self) -> Self {
        self.write = None;
        self.write_context = None;
        self.no_writer = Some("kubemend was started read-only".to_owned());
        self
    }

    /// With another time-out for one read.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.read.patience = patience;
        self
    }
}

fn assemble(
    read: ReadClient,
    write: Option<WriteClient>,
    no_writer: Option<String>,
    default_namespace: Namespace,
    server: ServerIdentity,
) -> Connected {
    let write_context = write.as_ref().map(|w| w.context().to_owned());
    Connected { read, write, no_writer, default_namespace, context: server.context, server: server.address, id: server.id, write_context }
}

fn writer_over(client: kube::Client, server: ServerIdentity) -> WriteClient {
    let source = ClientSource::Ready(guarded(client, Reach::Write));
    WriteClient::new(Connection::new(server, source, WRITE_AGENT), WRITE_TIME)
}

#[cfg(test)]
mod tests;
