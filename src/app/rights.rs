//! What the two identities need: one list of what is read and one of what is written, for `doctor` and for `manifests rbac`.

use crate::analyze;
use crate::domain::changes::{self, Verb};
use crate::domain::kind::Kind;

/// What may be asked of every kind that is read.
pub(super) const READ_VERBS: [&str; 3] = ["get", "list", "watch"];

/// What rules, symptoms and checks read, the most needed first, and the namespaces themselves; what is in no namespace comes last.
pub(super) fn read() -> Vec<Kind> {
    let (mut inside, across): (Vec<Kind>, Vec<Kind>) = analyze::kinds().into_iter().partition(is_namespaced);
    inside.push(Kind::Namespace);
    inside.extend(across);
    inside
}

/// What is written, as the table of changes has it.
pub(super) fn written() -> Vec<(Verb, Kind)> {
    changes::written()
}

/// What is written besides where somebody who investigates may propose a change.
pub(super) fn proposed() -> Vec<(Verb, Kind)> {
    changes::written_besides()
}

/// A right on a kind, as a role says it: the verb, and the resource with its part.
pub(super) fn right((verb, kind): &(Verb, Kind)) -> (&'static str, String) {
    let plural = kind.info().map_or("objects", |info| info.plural);
    (verb.right(), verb.subresource().map_or_else(|| plural.to_owned(), |part| format!("{plural}/{part}")))
}

/// Whether its objects live in a namespace.
pub(super) fn is_namespaced(kind: &Kind) -> bool {
    kind.info().is_some_and(|info| info.namespaced)
}
