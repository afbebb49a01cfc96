//! What an investigation may look at: read-only probes over [`ClusterRead`], the same for a model of the operator and for the agent that
//! called. What a look brings is masked whole and bounded here, and one that fails says how to ask better:
//! `docs/decisions/0032-looks-of-an-investigation.md`. They are offered where the operator's option `investigate` says so.

mod allowed;
mod api;
pub mod arguments;
mod around;
mod beginning;
mod beyond;
mod bounds;
mod can;
pub mod catalog;
mod changed;
mod described;
mod digest;
mod documents;
mod endpoints;
mod events;
pub(crate) mod first;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
mod found;
mod graph;
mod logs;
mod masking;
pub(crate) mod outcome;
mod rollout;
mod scheduling;
mod shown;
mod table;
mod top;
mod values;

pub use allowed::Allowed;

use crate::domain::look::Look;
use crate::domain::namespace::Namespace;
use crate::ports::{ClusterRead, ReadError};
use jiff::Timestamp;
use outcome::{Length, Outcome};
use serde_json::Value;

/// An object for a recording: whole, but for what may be secret and what the operator keeps back.
pub(crate) fn masked(object: Value, namespace: Option<&Namespace>, allowed: Allowed) -> Value {
    values::masked(allowed.of_object(object, namespace))
}

/// Looks. What keeps everything from being read, such as a server that is not there, is an error; all else is an answer.
pub(crate) async fn run(
    look: &Look,
    length: Length,
    read: &dyn ClusterRead,
    allowed: &Allowed,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    match unasked(look, length, read, allowed, now).await {
        Err(error) => found::taught(look, error, read).await,
        Ok(outcome) => Ok(outcome),
    }
}

/// The same for nobody who could ask better: what failed stays an error, for whoever says what is missing.
pub(crate) async fn unasked(
    look: &Look,
    length: Length,
    read: &dyn ClusterRead,
    allowed: &Allowed,
    now: Timestamp,
) -> Result<Outcome, ReadError> {
    if let Some(refused) = allowed.refuses(look) {
        return Ok(Outcome::unseen(&refused));
    }
    match look {
        Look::Get { object, field } => described::part(object, field.as_ref(), length, read, *allowed).await,
        Look::List { kind, namespace, selector } => {
            table::list(kind, namespace.as_ref(), selector.as_deref(), length, read, *allowed).await
        }
        Look::Describe(object) => described::whole(object, length, read, *allowed, now).await,
        Look::Logs { pod, container, previous, contains, since } => {
            let wanted =
                logs::Wanted { container: container.as_deref(), previous: *previous, contains: contains.as_deref(), since: *since };
            logs::read(pod, &wanted, length, read).await
        }
        Look::Events { namespace, object } => events::list(namespace.as_ref(), object.as_ref(), length, read, *allowed, now).await,
        Look::Endpoints(object) => endpoints::reached(object, length, read, now).await,
        Look::Scheduling(pod) => scheduling::explained(pod, length, read, now).await,
        Look::Graph(object) => graph::ties(object, length, read, *allowed, now).await,
        Look::Top(used) => top::used(used, length, read, now).await,
        Look::Api { kind, field } => api::explained(kind.as_ref(), field.as_ref(), length, read).await,
        Look::CanI { verb, kind, namespace } => can::reviewed(*verb, kind, namespace.as_ref(), read).await,
        Look::Rollout(object) => rollout::revisions(object, length, read, *allowed, now).await,
    }
}
