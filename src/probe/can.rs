//! `can-i`: whether the reader is allowed something, by a review of its own access. Nothing is tried.

use super::outcome::Outcome;
use crate::domain::kind::Kind;
use crate::domain::look::Right;
use crate::domain::namespace::Namespace;
use crate::ports::{ClusterRead, ReadError};

pub(super) async fn reviewed(
    verb: Right,
    kind: &Kind,
    namespace: Option<&Namespace>,
    read: &dyn ClusterRead,
) -> Result<Outcome, ReadError> {
    let allowed = read.may(verb.as_str(), kind, namespace).await?;
    let everywhere = kind.info().is_some_and(|info| info.namespaced) && namespace.is_none();
    let place = namespace.map(|namespace| format!(" in `{namespace}`")).unwrap_or_default();
    let place = if everywhere { " in all namespaces".to_owned() } else { place };
    let (answer, may) = if allowed { ("yes", "is allowed") } else { ("no", "is not allowed") };
    // Whose right it is has to be said: the program in a Pod has those of its ServiceAccount.
    let (verb, plural) = (verb.as_str(), kind.plural());
    Ok(Outcome::nothing(&format!(
        "{answer}: kubemend's reader {may} to {verb} {plural}{place}; this says nothing of a Pod's ServiceAccount"
    )))
}
