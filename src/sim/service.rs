//! The API as a tower service: requests in, replies out, faults and the audit log in between.

use std::{
    convert::Infallible,
    fmt,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use jiff::fmt::rfc2822::DateTimePrinter;
use kube::client::Body;
use tower::{BoxError, Service};

use super::{
    api,
    audit::Audited,
    faults::{self, FaultKind},
    problem::Problem,
    reply::Reply,
    request::ApiRequest,
    shared::Shared,
    watch,
};

/// Requests that the audit log keeps.
const AUDITED: usize = 10_000;

/// A reply's body.
pub type SimBody = UnsyncBoxBody<Bytes, Infallible>;

/// The embedded cluster's API, for kube's `ClientBuilder`.
#[derive(Clone)]
pub struct SimService {
    shared: Arc<Shared>,
    user: String,
}

impl fmt::Debug for SimService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimService").field("user", &self.user).finish_non_exhaustive()
    }
}

impl SimService {
    pub(super) fn new(shared: Arc<Shared>, user: &str) -> Self {
        Self { shared, user: user.to_owned() }
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<SimBody>, BoxError> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let request = ApiRequest::new(&Request::from_parts(parts, ()), body, &self.user);
        let fault = {
            let mut cluster = self.shared.lock();
            faults::strike(&mut cluster.faults, request.method.as_str(), &request.path)
        };
        match fault {
            None => Ok(self.perform(&request)),
            Some(FaultKind::Status(code)) => {
                let reply = Reply::from(Problem::injected(code));
                self.audit(&request, code);
                Ok(self.respond(&request, reply))
            }
            Some(FaultKind::LostAnswer) => {
                drop(self.perform(&request));
                Err(broken())
            }
            Some(FaultKind::Close) => {
                self.audit(&request, 0);
                Err(broken())
            }
            Some(FaultKind::Hang) => {
                self.audit(&request, 0);
                std::future::pending().await
            }
        }
    }

    fn perform(&self, request: &ApiRequest) -> Response<SimBody> {
        let (reply, version) = {
            let mut cluster = self.shared.lock();
            let reply = api::handle(&mut cluster, request);
            (reply, cluster.store.version())
        };
        self.audit(request, reply.code());
        self.shared.announce(version);
        self.respond(request, reply)
    }

    fn audit(&self, request: &ApiRequest, status: u16) {
        let target = request.target().ok();
        let verb = request.verb(target.as_ref());
        let dry_run = request.is_dry_run();
        let is_write = !matches!(verb, "get" | "list" | "watch") && target.is_some();
        let mut cluster = self.shared.lock();
        if cluster.audit.len() >= AUDITED {
            cluster.audit.remove(0);
        }
        cluster.audit.push(Audited {
            verb,
            method: request.method.to_string(),
            path: request.path.clone(),
            query: request.raw_query.clone(),
            user: request.user.clone(),
            user_agent: request.user_agent.clone(),
            body: String::from_utf8_lossy(&request.body).into_owned(),
            status,
            dry_run,
            wrote: is_write && !dry_run && (200..300).contains(&status),
        });
    }

    fn respond(&self, request: &ApiRequest, reply: Reply) -> Response<SimBody> {
        let json = "application/json";
        match reply {
            Reply::Object(code, object) => self.build(code, json, None, object.to_string()),
            Reply::Text(code, text) => self.build(code, "text/plain", None, text),
            Reply::Problem(problem) => {
                let text = problem.status().to_string();
                self.build(problem.code, json, problem.retry_after, text)
            }
            Reply::Watch(resource, filter) => {
                let events = watch::stream(Arc::clone(&self.shared), request, resource, filter);
                let frames = futures::StreamExt::map(events, |line| Ok(Frame::data(Bytes::from(line))));
                let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(json));
                response
            }
        }
    }

    fn build(&self, code: u16, media: &'static str, retry_after: Option<u32>, text: String) -> Response<SimBody> {
        let mut response = Response::new(Full::new(Bytes::from(text)).boxed_unsync());
        if let Ok(code) = http::StatusCode::from_u16(code) {
            *response.status_mut() = code;
        }
        let now = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.shared.lock().clock.now());
        let headers = response.headers_mut();
        if let Some(now) = now.ok().and_then(|now| HeaderValue::try_from(now).ok()) {
            headers.insert(header::DATE, now);
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn broken() -> BoxError {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection closed before message completed").into()
}

impl Service<Request<Body>> for SimService {
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().answer(request))
    }
}
