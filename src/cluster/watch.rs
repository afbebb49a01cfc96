//! A watch with bookmarks: told change by change, picked up again where it broke, ended by its own time limit.

use super::fault::{Read, read_error, send_error};
use super::page::{line_of, version_of};
use super::requests::{encode, form_of, list_path, push_selector, refuse_secrets, request};
use super::wire::{Connection, SendError, collect, reason};
use crate::domain::excerpt::Excerpt;
use crate::domain::objects::Objects;
use crate::ports::{ListRequest, ReadError, RequestMeter, Told, Watch};
use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use serde_json::value::RawValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The longest line that is taken in: etcd stores objects of at most 1.5 MiB.
const LINE_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of an error's body.
const PROBLEM_BYTES: usize = 64 * 1024;
/// How often in a row a watch may break before that is an error.
const BREAKS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// One watch, over as many connections as it takes.
pub(super) struct Following {
    connection: Arc<Connection>,
    meter: RequestMeter,
    wanted: ListRequest,
    read: Read,
    /// Up to where changes were told.
    version: String,
    deadline: Instant,
    /// The answer that is being read; absent between two connections.
    body: Option<Body>,
    began: Instant,
    /// What came and was not looked at yet.
    rest: Bytes,
    line: Vec<u8>,
    breaks: u32,
    pause: Duration,
}

/// What a part of a watch came to.
pub(super) enum Step {
    Told(Told),
    /// Nothing that is told on.
    Quiet,
    /// The server closed it, as it may at any time.
    Closed,
    Broke(ReadError),
}

#[async_trait]
impl Watch for Following {
    async fn next(&mut self) -> Result<Option<Told>, ReadError> {
        loop {
            let left = self.deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let Ok(step) = timeout(left, self.step(left)).await else { return Ok(None) };
            match step? {
                Step::Told(told) => {
                    self.breaks = 0;
                    return Ok(Some(told));
                }
                Step::Quiet => {}
                Step::Closed => {
                    self.breaks = 0;
                    self.rest().await;
                }
                Step::Broke(error) => {
                    self.breaks = self.breaks.saturating_add(1);
                    if self.breaks >= BREAKS {
                        return Err(error);
                    }
                    self.rest().await;
                }
            }
        }
    }
}

impl Following {
    pub(super) fn new(connection: Arc<Connection>, meter: RequestMeter, wanted: ListRequest, from: &str, limit: Duration) -> Self {
        let now = Instant::now();
        Self {
            read: Read::watch(&wanted.kind, wanted.namespace.as_ref()),
            connection,
            meter,
            wanted,
            version: from.to_owned(),
            deadline: now + limit,
            body: None,
            began: now,
            rest: Bytes::new(),
            line: Vec::new(),
            breaks: 0,
            pause: FIRST_PAUSE,
        }
    }

    /// Before the next connection: a server that closes at once is not asked in a tight loop.
    async fn rest(&mut self) {
        self.body = None;
        self.rest = Bytes::new();
        self.line.clear();
        if self.began.elapsed() > LONGEST_PAUSE {
            self.pause = FIRST_PAUSE;
        }
        sleep(self.pause.min(self.deadline.saturating_duration_since(Instant::now()))).await;
        self.pause = self.pause.saturating_mul(2).min(LONGEST_PAUSE);
    }

    async fn step(&mut self, left: Duration) -> Result<Step, ReadError> {
        while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
            let part = self.rest.split_to(end.saturating_add(1));
            self.line.extend_from_slice(&part);
            let line = std::mem::take(&mut self.line);
            match said(&self.wanted, &self.read, &line, &mut self.version)? {
                Step::Quiet => {}
                step => return Ok(step),
            }
        }
        self.line.extend_from_slice(&std::mem::take(&mut self.rest));
        if self.line.len() > LINE_BYTES {
            // Too long to take in: what it tells is read with the next list.
            return Err(ReadError::Expired(self.read.text().to_owned()));
        }
        let Some(body) = &mut self.body else { return self.connect(left).await };
        match body.frame().await {
            None => Ok(Step::Closed),
            Some(Ok(frame)) => {
                self.rest = frame.into_data().unwrap_or_default();
                Ok(Step::Quiet)
            }
            Some(Err(error)) => Ok(Step::Broke(send_error(&self.read, SendError::Broken(reason(&error)), self.connection.server()))),
        }
    }

    async fn connect(&mut self, left: Duration) -> Result<Step, ReadError> {
        refuse_secrets(&self.wanted.kind)?;
        let mut query = format!(
            "{}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            list_path(&self.wanted)?,
            encode(&self.version),
            left.as_secs().saturating_add(1)
        );
        push_selector(&mut query, &self.wanted);
        self.began = Instant::now();
        let (read, server) = (&self.read, self.connection.server());
        let response = match self.connection.send(request(Method::GET, &query, &[], form_of(&query))?, &self.meter).await {
            Ok(response) => response,
            Err(error @ (SendError::Config(_) | SendError::Denied(_))) => return Err(send_error(read, error, server)),
            Err(error) => return Ok(Step::Broke(send_error(read, error, server))),
        };
        if !response.status().is_success() {
            let answer = match collect(response, PROBLEM_BYTES).await {
                Ok(answer) => answer,
                Err(error) => return Ok(Step::Broke(send_error(read, error, server))),
            };
            let error = read_error(read, &answer, server);
            return match answer.status.as_u16() {
                401 if self.connection.renew().await => Ok(Step::Broke(error)),
                429 | 500 | 502 | 503 | 504 => Ok(Step::Broke(error)),
                _ => Err(error),
            };
        }
        self.body = Some(response.into_body());
        Ok(Step::Quiet)
    }
}

/// What a line of the watch means.
pub(super) fn said(wanted: &ListRequest, read: &Read, line: &[u8], version: &mut String) -> Result<Step, ReadError> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(Step::Quiet);
    }
    let refused = |status: u16, message: String| ReadError::Refused { what: format!("the watch of {}", read.text()), status, message };
    let of_kind = |json: &RawValue| {
        let mut objects = Objects::of(&wanted.kind);
        objects.push(json.get());
        objects
    };
    let (what_happened, object) = line_of(line).ok_or_else(|| refused(200, "a line that is not JSON".to_owned()))?;
    let told = match what_happened {
        "ADDED" | "MODIFIED" => Some(Told::Is(of_kind(object))),
        "DELETED" => Some(Told::Gone(of_kind(object))),
        "BOOKMARK" => None,
        "ERROR" => {
            let error: Value = serde_json::from_str(object.get()).unwrap_or_default();
            let code = error.get("code").and_then(Value::as_u64).and_then(|c| u16::try_from(c).ok()).unwrap_or(500);
            let message = error.get("message").and_then(Value::as_str).unwrap_or("no message");
            return match code {
                410 => Err(ReadError::Expired(read.text().to_owned())),
                429 | 500..=599 => Ok(Step::Broke(refused(code, Excerpt::event(message).to_string()))),
                _ => Err(refused(code, Excerpt::event(message).to_string())),
            };
        }
        _ => return Err(refused(200, "an event of an unknown type".to_owned())),
    };
    if let Some(at) = version_of(object) {
        *version = at;
    }
    Ok(told.map_or(Step::Quiet, Step::Told))
}
