//! The only maker of kube clients. Each that leaves here for use is bound by its list in `reach`; at the bottom, nothing above it is named.
//! The library installs no TLS provider: the program does, and kube finds ring by itself where there is one provider only.

use super::reach::Reach;
use bytes::Bytes;
use http::{Request, Response};
use kube::client::{Body, ClientBuilder};
use tower::{BoxError, Service};

/// A client over a service that somebody brings, to be guarded before anybody gets it.
#[expect(clippy::disallowed_methods, reason = "the one maker of clients; a guard goes around each before anybody gets it")]
pub(super) fn raw<S, B>(service: S) -> kube::Client
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    kube::Client::new(service, "default")
}

/// Puts the list around a client, outermost: it sees the request as we made it.
pub(super) fn guarded(client: kube::Client, reach: Reach) -> kube::Client {
    let service = tower::service_fn(move |request: Request<Body>| {
        let client = client.clone();
        async move { client.send(request).await }
    });
    ClientBuilder::new(service, "default").with_layer(&reach).build()
}

/// The client of a kubeconfig, bound by its list.
pub(super) fn client_of(config: kube::Config, reach: Reach) -> Result<kube::Client, kube::Error> {
    Ok(ClientBuilder::try_from(config)?.with_layer(&reach).build())
}
