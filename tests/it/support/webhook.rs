//! What stands between the writer and the API: an admission webhook that makes something else of a change, or a network that holds a
//! request before or after it is done.

use http::Request;
use kube::client::Body;
use kubemend::sim::SimService;
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tower::{BoxError, Service, ServiceExt};

type Mutation = dyn Fn(&Seen, Value) -> Value + Send + Sync;

/// A write on its way.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) dry_run: bool,
}

/// A request that was read to its end.
pub(crate) struct Taken {
    pub(crate) parts: http::request::Parts,
    pub(crate) seen: Seen,
    /// It is neither a read nor a review of one's own access.
    pub(crate) writes: bool,
    pub(crate) text: String,
}

impl Taken {
    pub(crate) async fn from(request: Request<Body>) -> Result<Self, BoxError> {
        let (parts, body) = request.into_parts();
        let text = String::from_utf8_lossy(&body.collect_bytes().await?).into_owned();
        let dry_run = parts.uri.query().unwrap_or_default().contains("dryRun") || text.contains("dryRun");
        let writes = parts.method != http::Method::GET && !parts.uri.path().contains("accessreviews");
        Ok(Self { seen: Seen { method: parts.method.to_string(), dry_run }, writes, text, parts })
    }
}

/// The body as admission makes it, where it is one of a write.
pub(crate) fn changed(text: String, writes: bool, admission: impl FnOnce(Value) -> Value) -> Body {
    match serde_json::from_str::<Value>(&text) {
        Ok(value) if writes => Body::from(admission(value).to_string().into_bytes()),
        _ => Body::from(text.into_bytes()),
    }
}

/// When a real write is held for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Before anything is done.
    Before(usize),
    /// When it is done, before its answer.
    After(usize),
}

/// The writer's service with this in between.
#[derive(Clone)]
pub(crate) struct Between {
    inner: SimService,
    mutation: Arc<Mutation>,
    held: Option<Held>,
    writes: Arc<AtomicUsize>,
}

impl Between {
    /// A webhook.
    pub(crate) fn webhook(inner: SimService, mutation: impl Fn(&Seen, Value) -> Value + Send + Sync + 'static) -> Self {
        Self { inner, mutation: Arc::new(mutation), held: None, writes: Arc::default() }
    }

    /// A network that holds one of the real writes, counted from 1.
    pub(crate) fn holding(inner: SimService, held: Option<Held>) -> Self {
        Self { held, ..Self::webhook(inner, |_, body| body) }
    }
}

impl Service<Request<Body>> for Between {
    type Response = <SimService as Service<Request<Body>>>::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let Taken { parts, seen, writes, text } = Taken::from(request).await?;
            let body = changed(text, writes, |value| (this.mutation)(&seen, value));
            let number = if seen.dry_run || !writes { 0 } else { this.writes.fetch_add(1, Ordering::SeqCst) + 1 };
            if number > 0 && this.held == Some(Held::Before(number)) {
                std::future::pending::<()>().await;
            }
            let answer = this.inner.oneshot(Request::from_parts(parts, body)).await;
            if number > 0 && this.held == Some(Held::After(number)) {
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}
