//! What a look that failed says: how to ask better, or what would allow it. What is missing is told with what is there.

use super::outcome::{Outcome, listed, quoted};
use super::table;
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::look::Look;
use crate::domain::nearest::{by_likeness, did_you_mean, nearest};
use crate::domain::object::{Namespace, ObjectRef};
use crate::ports::{ClusterRead, ReadError};

/// The answer that an error is; what keeps everything from being read stays an error.
pub(super) async fn taught(look: &Look, error: ReadError, read: &dyn ClusterRead) -> Result<Outcome, ReadError> {
    Ok(Outcome::unseen(&match error {
        ReadError::NotFound(what) => match look.object() {
            Some(object) => missing(object, read).await,
            None => format!("{} does not exist on this cluster", quoted(&what)),
        },
        ReadError::Forbidden { unlock, .. } => format!("{}; to allow it: {unlock}", error_in_words(look, "is not allowed")),
        ReadError::TimedOut(..) => format!("{}; ask for less, or once more", error_in_words(look, "took too long")),
        ReadError::Expired(_) => error_in_words(look, "changed while it was read; ask once more"),
        // Such as a container that has not started: the server's own words say it.
        ReadError::Refused { message, .. } => format!("the API server says: {}", Excerpt::said(&message)),
        error @ ReadError::NotRecorded(_) => error.to_string(),
        ReadError::Config(reason) => reason,
        unreachable @ (ReadError::Unauthorized { .. }
        | ReadError::Unreachable { .. }
        | ReadError::Kubeconfig { .. }
        | ReadError::Options(_)) => return Err(unreachable),
    }))
}

fn error_in_words(look: &Look, what: &str) -> String {
    format!("{} {what}", quoted(&look.to_string()))
}

/// That an object is not there, and what is.
async fn missing(object: &ObjectRef, read: &dyn ClusterRead) -> String {
    let table = read.table(&object.kind, object.namespace.as_ref(), None).await;
    let place = object.namespace.as_ref().map(|namespace| format!(" in `{namespace}`")).unwrap_or_default();
    let gone = format!("there is no {}{place}", object.in_words());
    let Ok(table) = table else { return gone };
    let names: Vec<&str> = table::names(&table).collect();
    if let (Some(namespace), true) = (&object.namespace, names.is_empty())
        && let Some(answer) = no_namespace(namespace, read).await
    {
        return answer;
    }
    let there = there(&object.name, &names);
    format!("{gone}{}; {there}", did_you_mean(&nearest(&object.name, names.iter().copied())))
}

/// That the namespace is not there, if that is so.
async fn no_namespace(namespace: &Namespace, read: &dyn ClusterRead) -> Option<String> {
    let object = ObjectRef::cluster(Kind::Namespace, namespace.as_str());
    let Err(ReadError::NotFound(_)) = read.get(&object).await else { return None };
    let table = read.table(&Kind::Namespace, None, None).await.ok()?;
    let names: Vec<&str> = table::names(&table).collect();
    Some(format!(
        "namespace `{namespace}` does not exist{}; {}",
        did_you_mean(&nearest(namespace.as_str(), names.iter().copied())),
        there(namespace.as_str(), &names)
    ))
}

/// The names that are there, the most alike first.
fn there(given: &str, names: &[&str]) -> String {
    if names.is_empty() {
        return "there are none of that kind there".to_owned();
    }
    format!("there are: {}", listed(by_likeness(given, names.iter().copied())))
}
