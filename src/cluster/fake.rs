//! A server for the tests of this adapter: answers from a script, and remembers what it was asked.

use super::connect::{Connected, over};
use crate::domain::object::Namespace;
use bytes::Bytes;
use futures::StreamExt;
use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tower::BoxError;

pub(super) type FakeBody = UnsyncBoxBody<Bytes, BoxError>;

/// What a server does with a request.
#[derive(Clone)]
pub(super) enum Reply {
    Says(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// Sends these pieces, then closes, hangs, or breaks.
    Streams(Vec<String>, Then),
    /// Never answers.
    Hangs,
    /// The connection breaks after the request was taken.
    Breaks,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Then {
    Closes,
    Hangs,
    Breaks,
}

pub(super) fn json(status: u16, body: &serde_json::Value) -> Reply {
    Reply::Says(status, vec![("content-type", "application/json".into())], body.to_string().into_bytes())
}

pub(super) fn status(code: u16, reason: &str, message: &str) -> Reply {
    json(
        code,
        &serde_json::json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message, "code": code}),
    )
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Plays its replies in order; the last one for ever.
#[derive(Clone)]
pub(super) struct Fake {
    script: Arc<Mutex<VecDeque<Reply>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Fake {
    pub(super) fn playing(script: impl IntoIterator<Item = Reply>) -> Self {
        Self { script: Arc::new(Mutex::new(script.into_iter().collect())), seen: Arc::default() }
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|s| s.line).collect()
    }

    pub(super) fn connected(&self) -> Connected {
        let fake = self.clone();
        let service = tower::service_fn(move |request| fake.clone().answer(request));
        over(service, "lab", "lab:6443", Namespace::parse("default").unwrap())
    }

    pub(super) async fn answer(self, request: Request<Body>) -> Result<Response<FakeBody>, BoxError> {
        let (parts, body) = request.into_parts();
        let body = body.collect_bytes().await?;
        let headers = parts.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect();
        let line = format!("{} {}", parts.method, parts.uri);
        self.seen.lock().unwrap().push(Seen { line, headers, body: String::from_utf8(body.to_vec()).unwrap() });
        let reply = {
            let mut script = self.script.lock().unwrap();
            if script.len() > 1 { script.pop_front().unwrap() } else { script.front().unwrap().clone() }
        };
        match reply {
            Reply::Hangs => std::future::pending().await,
            Reply::Breaks => Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()),
            Reply::Says(status, headers, body) => {
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                Ok(response.body(Full::new(Bytes::from(body)).map_err(|e| match e {}).boxed_unsync())?)
            }
            Reply::Streams(pieces, then) => {
                let pieces = futures::stream::iter(pieces.into_iter().map(|p| Ok(http_body::Frame::data(Bytes::from(p)))));
                let end: futures::stream::BoxStream<'static, Result<http_body::Frame<Bytes>, BoxError>> = match then {
                    Then::Closes => futures::stream::empty().boxed(),
                    Then::Hangs => futures::stream::pending().boxed(),
                    Then::Breaks => {
                        futures::stream::iter([Err(BoxError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset)))]).boxed()
                    }
                };
                let body = StreamBody::new(pieces.chain(end)).boxed_unsync();
                Ok(Response::builder().header("content-type", "application/json").body(body)?)
            }
        }
    }
}
