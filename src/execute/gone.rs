//! A name that was just deleted is only free once the object is really gone. That takes a moment, or for ever, and the reason is said.

use crate::domain::object::ObjectRef;
use crate::ports::{Clock, ClusterRead, ReadError};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a deleted claim may take to be gone: its protection is lifted by a controller.
const GONE_WITHIN: Duration = Duration::from_secs(30);
const GONE_POLL: Duration = Duration::from_millis(250);

/// Why a step cannot be sent. Nothing was sent of it.
pub(super) enum NotReady {
    /// The caller went away.
    Cancelled,
    /// Somebody else changed what it is about.
    Changed(String),
    /// It cannot be told, or did not come about.
    Failed(String),
}

/// Waits until the object that had this uid is gone, and its name free.
pub(super) async fn wait(
    object: &ObjectRef,
    uid: Option<&str>,
    read: &dyn ClusterRead,
    clock: &dyn Clock,
    cancel: &CancellationToken,
) -> Result<(), NotReady> {
    let deadline = clock.monotonic().saturating_add(GONE_WITHIN);
    let mut last = String::from("it could not be read in that time");
    loop {
        let left = deadline.saturating_sub(clock.monotonic());
        if left.is_zero() {
            let seconds = GONE_WITHIN.as_secs();
            return Err(NotReady::Failed(format!("{object} was deleted, and {seconds} s later it could not be confirmed as gone: {last}")));
        }
        let answer = tokio::select! {
            answer = read.get(object) => Some(answer),
            () = clock.sleep(left) => None,
            () = cancel.cancelled() => return Err(NotReady::Cancelled),
        };
        match answer {
            Some(Err(ReadError::NotFound(_))) => return Ok(()),
            Some(Err(
                error @ (ReadError::Forbidden { .. }
                | ReadError::Unauthorized { .. }
                | ReadError::Config(_)
                | ReadError::Kubeconfig { .. }
                | ReadError::Options(_)),
            )) => {
                return Err(NotReady::Failed(format!("{object} was deleted, and whether it is gone cannot be seen: {error}")));
            }
            Some(Ok(found)) if found.pointer("/metadata/uid").and_then(Value::as_str) != uid => {
                return Err(NotReady::Changed(format!("{object} was deleted, and somebody else created another one of that name")));
            }
            Some(Ok(found)) => last = held(&found),
            Some(Err(error)) => last = error.to_string(),
            None => {}
        }
        let pause = GONE_POLL.min(deadline.saturating_sub(clock.monotonic()));
        tokio::select! {
            () = clock.sleep(pause) => {}
            () = cancel.cancelled() => return Err(NotReady::Cancelled),
        }
    }
}

/// What holds an object that is being deleted.
fn held(object: &Value) -> String {
    let finalizers = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    let names: Vec<&str> = finalizers.into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        return "it still exists, without a finalizer".to_owned();
    }
    format!("it is held by its finalizers: {}", names.join(", "))
}
