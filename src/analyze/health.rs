//! How each thing is, one file per kind: seen to be healthy, idle by somebody's wish, in the middle of a change, too young to tell,
//! not to be told, or wrong. `healthy` is said of what was judged, never of what nobody judged.

pub(super) mod autoscaler;
pub(super) mod budget;
pub(super) mod choice;
pub(super) mod claim;
pub(super) mod cron;
pub(super) mod external;
pub(super) mod ingress;
pub(super) mod job;
pub(super) mod leaving;
pub(super) mod maker;
pub(super) mod node;
pub(super) mod policy;
pub(super) mod probe;
pub(super) mod quota;
pub(super) mod refusal;
pub(super) mod replica_set;
pub(super) mod service;
pub(super) mod shared;
pub(super) mod standby;
pub(super) mod steady;

use crate::domain::finding::Advice;
use crate::domain::kind::Kind;
use crate::domain::kubectl;
use crate::domain::object::ObjectRef;
use jiff::{SignedDuration, Timestamp};

/// How something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// It was seen to be as it should be.
    Well(String),
    /// It does nothing, as somebody wants it: an answer to whoever asks about it, and nothing to others.
    Idle(String),
    /// It is under way; it should be over in that many seconds.
    Underway { what: String, seconds: i64 },
    /// It is too young to tell; it can be told after that many seconds.
    Young { what: String, seconds: i64 },
    /// It is well now and was not a while ago, which may be what somebody asks about for that many seconds more.
    Recovered { what: String, seconds: i64 },
    /// It cannot be told.
    Unknown(String),
    /// It is wrong.
    Wrong(String),
}

impl Judgement {
    /// A change under way, as advice on when to look again.
    pub(crate) fn advice(what: &str, seconds: i64, object: &ObjectRef) -> Advice {
        let command = match object.kind {
            Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Some(kubectl::on("rollout status", object)),
            _ => None,
        };
        Advice {
            text: format!("{what}; look again in {seconds} s"),
            command,
            why: "a change that is still in progress is not a fault".to_owned(),
        }
    }
}

/// Seconds from `then` to `now`; none when the time is not known, and never negative.
pub(super) fn seconds_since(then: Option<Timestamp>, now: Timestamp) -> Option<i64> {
    then.map(|t| now.duration_since(t).max(SignedDuration::ZERO).as_secs())
}

#[cfg(test)]
mod tests;
