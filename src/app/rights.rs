//! What the two identities need: one list of what is read and one of what is written, for `doctor` and for `manifests rbac`.

use crate::domain::changes::{self, Verb};
use crate::domain::kind::Kind;

/// What may be asked of every kind that is read.
pub(super) const READ_VERBS: [&str; 3] = ["get", "list", "watch"];

/// What is read, the most needed first.
pub(super) fn read() -> Vec<Kind> {
    vec![
        Kind::Pod,
        Kind::Event,
        Kind::Deployment,
        Kind::ReplicaSet,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::Job,
        Kind::Service,
        Kind::EndpointSlice,
        Kind::PersistentVolumeClaim,
        Kind::ConfigMap,
        Kind::Namespace,
        Kind::Node,
        Kind::StorageClass,
        Kind::PersistentVolume,
    ]
}

/// What is written, as the table of changes has it.
pub(super) fn written() -> Vec<(Verb, Kind)> {
    changes::written()
}

/// Whether its objects live in a namespace.
pub(super) fn is_namespaced(kind: &Kind) -> bool {
    kind.info().is_some_and(|info| info.namespaced)
}
