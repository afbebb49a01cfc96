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
            let (parts, body) = request.into_parts();
            let bytes = body.collect_bytes().await?;
            let review = parts.uri.path().contains("accessreviews");
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let dry_run = parts.uri.query().unwrap_or_default().contains("dryRun") || text.contains("dryRun");
            let seen = Seen { method: parts.method.to_string(), dry_run };
            let body = match serde_json::from_slice::<Value>(&bytes) {
                Ok(value) if !review => (this.mutation)(&seen, value).to_string().into_bytes(),
                _ => bytes.to_vec(),
            };
            let read = parts.method == http::Method::GET;
            let number = if dry_run || review || read { 0 } else { this.writes.fetch_add(1, Ordering::SeqCst) + 1 };
            if number > 0 && this.held == Some(Held::Before(number)) {
                std::future::pending::<()>().await;
            }
            let answer = this.inner.oneshot(Request::from_parts(parts, Body::from(body))).await;
            if number > 0 && this.held == Some(Held::After(number)) {
                std::future::pending::<()>().await;
            }
            answer
        })
    }
}
