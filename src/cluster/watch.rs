//! Waits for the first change: a watch with bookmarks, picked up again where it broke, ended by its own time limit.

use super::fault::{Read, read_error, send_error};
use super::requests::{encode, list_path, push_selector, request};
use super::wire::{Connection, SendError, collect, reason};
use crate::domain::excerpt::Excerpt;
use crate::ports::{Changed, ListRequest, ReadError, RequestMeter};
use http::Method;
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// The longest line that is parsed; a longer one is a change all the same, as bookmarks and errors are short.
const LINE_BYTES: usize = 64 * 1024;
/// Most bytes of an error's body.
const PROBLEM_BYTES: usize = 64 * 1024;
/// How often in a row a watch may break before that is an error.
const BREAKS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What one connection of a watch came to.
pub(super) enum Ended {
    Changed,
    /// The server closed it, as it may at any time.
    Closed,
    Broke(ReadError),
}

pub(super) async fn first_change(
    connection: &Connection,
    meter: &RequestMeter,
    wanted: &ListRequest,
    from: &str,
    limit: Duration,
) -> Result<Option<Changed>, ReadError> {
    let deadline = Instant::now() + limit;
    let path = list_path(wanted)?;
    let read = Read::watch(&wanted.kind, wanted.namespace.as_ref());
    let mut version = from.to_owned();
    let mut breaks = 0;
    let mut pause = FIRST_PAUSE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(None);
        }
        let mut query = format!(
            "{path}?watch=1&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}",
            encode(&version),
            left.as_secs().saturating_add(1)
        );
        push_selector(&mut query, wanted);
        let began = Instant::now();
        let Ok(ended) = timeout(left, follow(connection, meter, &read, &query, &mut version)).await else {
            return Ok(None);
        };
        match ended? {
            Ended::Changed => return Ok(Some(Changed)),
            Ended::Closed => breaks = 0,
            Ended::Broke(error) => {
                breaks += 1;
                if breaks >= BREAKS {
                    return Err(error);
                }
            }
        }
        // A server that closes at once is not asked in a tight loop.
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        sleep(pause.min(deadline.saturating_duration_since(Instant::now()))).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// One connection: bookmarks move `version` on.
async fn follow(connection: &Connection, meter: &RequestMeter, read: &Read, query: &str, version: &mut String) -> Result<Ended, ReadError> {
    let response = match connection.send(request(Method::GET, query, &[])?, meter).await {
        Ok(response) => response,
        Err(error @ (SendError::Config(_) | SendError::Denied(_))) => return Err(send_error(read, error, connection.server())),
        Err(error) => return Ok(Ended::Broke(send_error(read, error, connection.server()))),
    };
    if !response.status().is_success() {
        let answer = match collect(response, PROBLEM_BYTES).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Ended::Broke(send_error(read, error, connection.server()))),
        };
        let error = read_error(read, &answer, connection.server());
        return match answer.status.as_u16() {
            401 if connection.renew().await => Ok(Ended::Broke(error)),
            429 | 500 | 502 | 503 | 504 => Ok(Ended::Broke(error)),
            _ => Err(error),
        };
    }
    let mut body: Body = response.into_body();
    let mut line: Vec<u8> = Vec::new();
    while let Some(frame) = body.frame().await {
        let data = match frame {
            Ok(frame) => frame.into_data().unwrap_or_default(),
            Err(error) => return Ok(Ended::Broke(send_error(read, SendError::Broken(reason(&error)), connection.server()))),
        };
        for byte in data {
            if byte != b'\n' {
                if line.len() >= LINE_BYTES {
                    return Ok(Ended::Changed);
                }
                line.push(byte);
                continue;
            }
            if let Some(ended) = said(read, &line, version)? {
                return Ok(ended);
            }
            line.clear();
        }
    }
    Ok(Ended::Closed)
}

/// What a line of the watch means; `None`: go on.
pub(super) fn said(read: &Read, line: &[u8], version: &mut String) -> Result<Option<Ended>, ReadError> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Ok(None);
    }
    let refused = |status: u16, message: String| ReadError::Refused { what: format!("the watch of {}", read.text()), status, message };
    let event: Value = serde_json::from_slice(line).map_err(|_| refused(200, "a line that is not JSON".to_owned()))?;
    match event.get("type").and_then(Value::as_str) {
        Some("ADDED" | "MODIFIED" | "DELETED") => Ok(Some(Ended::Changed)),
        Some("BOOKMARK") => {
            if let Some(at) = event.pointer("/object/metadata/resourceVersion").and_then(Value::as_str) {
                at.clone_into(version);
            }
            Ok(None)
        }
        Some("ERROR") => {
            let code = event.pointer("/object/code").and_then(Value::as_u64).and_then(|c| u16::try_from(c).ok()).unwrap_or(500);
            let message = event.pointer("/object/message").and_then(Value::as_str).unwrap_or("no message");
            match code {
                410 => Err(ReadError::Expired(read.text().to_owned())),
                429 | 500..=599 => Ok(Some(Ended::Broke(refused(code, Excerpt::event(message).to_string())))),
                _ => Err(refused(code, Excerpt::event(message).to_string())),
            }
        }
        _ => Err(refused(200, "an event of an unknown type".to_owned())),
    }
}
