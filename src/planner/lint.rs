//! What no plan may do, whoever proposes it: one `check_*` per rule.

use crate::domain::action::Action;
use crate::domain::kind::Kind;
use crate::domain::risk::Risk;
use crate::domain::snapshot::Snapshot;
use crate::domain::workload::{Manager, manager_of};

type Rule = fn(&Action, &Snapshot) -> Option<String>;

const RULES: &[Rule] = &[check_namespace, check_kind, check_fields, check_exists, check_manager, check_unbound];

/// Every rule that the action breaks, in words.
pub(crate) fn check(action: &Action, snapshot: &Snapshot) -> Vec<String> {
    RULES.iter().filter_map(|rule| rule(action, snapshot)).collect()
}

/// Cluster-scoped objects and `kube-*` namespaces stay as they are.
fn check_namespace(action: &Action, _: &Snapshot) -> Option<String> {
    let target = action.target();
    match &target.namespace {
        None => Some(format!("{target} is cluster-scoped: kubemend does not change it")),
        Some(ns) if ns.is_system() => Some(format!("`{ns}` is a system namespace: kubemend does not change anything in it")),
        Some(_) => None,
    }
}

/// The kinds that a rule's own fix may touch.
fn check_kind(action: &Action, _: &Snapshot) -> Option<String> {
    let kind = &action.target().kind;
    let allowed = match action {
        Action::Create { .. } | Action::DeleteUnboundClaim { .. } => *kind == Kind::PersistentVolumeClaim,
        Action::Patch { .. } => [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Service].contains(kind),
    };
    (!allowed).then(|| format!("kubemend does not {} objects of kind {kind}", action.verb()))
}

/// The fields that a rule's own fix may change are those whose risk is known: a reference, an image, a selector.
fn check_fields(action: &Action, _: &Snapshot) -> Option<String> {
    let Action::Patch { target, ops } = action else { return None };
    let paths = || ops.iter().map(|op| op.path.to_string()).collect::<Vec<_>>().join(", ");
    (action.floor() == Risk::High).then(|| format!("kubemend does not change {} of {target}", paths()))
}

/// A patch or a deletion needs the object as it was seen; a creation needs that it was not seen.
fn check_exists(action: &Action, snapshot: &Snapshot) -> Option<String> {
    let target = action.target();
    match action {
        Action::Create { .. } => None,
        Action::Patch { .. } | Action::DeleteUnboundClaim { .. } => {
            snapshot.meta_of(target).is_none().then(|| format!("{target} was not read, so it cannot be pinned"))
        }
    }
}

/// An object that Argo CD, Flux, Helm or an operator owns is changed at its source.
fn check_manager(action: &Action, snapshot: &Snapshot) -> Option<String> {
    let target = action.target();
    let manager = snapshot.meta_of(target).and_then(manager_of)?;
    let by = match &manager {
        Manager::ArgoCd(name) => format!("Argo CD (`{name}`)"),
        Manager::Flux(name) => format!("Flux (`{name}`)"),
        Manager::Helm(name) => format!("Helm (release `{name}`)"),
        Manager::Owner(owner) => owner.to_string(),
    };
    Some(format!("{target} is managed by {by}: change it there, or the change is undone"))
}

/// Only a claim without a volume is deleted: there is no data in it.
fn check_unbound(action: &Action, snapshot: &Snapshot) -> Option<String> {
    let Action::DeleteUnboundClaim { claim } = action else { return None };
    let unbound = snapshot.claims.iter().any(|c| {
        use crate::domain::snapshot::Resource;
        c.reference() == *claim
            && c.status.as_ref().and_then(|s| s.phase.as_deref()) == Some("Pending")
            && c.spec.as_ref().is_none_or(|s| s.volume_name.as_deref().unwrap_or_default().is_empty())
    });
    (!unbound).then(|| format!("{claim} is or was bound: deleting it could lose data"))
}
