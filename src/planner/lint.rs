//! What no plan may do, whoever proposes it: one `check_*` per rule.

use super::refusal::Refusal;
use super::targets::Targets;
use crate::domain::action::Action;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::risk::Risk;
use crate::domain::workload::manager_of;

/// A change that somebody proposes, and what was seen of the objects that it is about.
pub(crate) struct Proposed<'a> {
    pub(crate) action: &'a Action,
    pub(crate) targets: &'a Targets<'a>,
    /// What suffers from the cause: of these, Pods may have to be deleted by hand.
    pub(crate) suffering: &'a [&'a ObjectRef],
}

type Rule = fn(&Proposed<'_>) -> Option<Refusal>;

/// In the order in which a human wants to hear it: the first that applies is the reason.
const RULES: &[Rule] = &[
    check_namespace,
    check_set,
    check_manager,
    check_spec,
    check_kind,
    check_fields,
    check_exists,
    check_unbound,
    check_paused,
    check_pods,
];

/// The first rule that the change breaks.
pub(crate) fn check(proposed: &Proposed<'_>) -> Option<Refusal> {
    RULES.iter().find_map(|rule| rule(proposed))
}

/// Cluster-scoped objects and `kube-*` namespaces stay as they are.
fn check_namespace(p: &Proposed<'_>) -> Option<Refusal> {
    let target = p.action.target();
    match &target.namespace {
        None => Some(Refusal::ClusterScoped(target.clone())),
        Some(ns) if ns.is_system() => Some(Refusal::SystemNamespace(ns.clone())),
        Some(_) => None,
    }
}

/// A claim that a StatefulSet creates is not replaced: the set's template, which cannot be changed, creates the same again.
fn check_set(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::DeleteUnboundClaim { claim } = p.action else { return None };
    p.targets.get(claim)?.set.clone().map(Refusal::ClaimOfSet)
}

/// An object that Argo CD, Flux, Helm or an operator owns is changed at its source.
fn check_manager(p: &Proposed<'_>) -> Option<Refusal> {
    match p.action {
        // What is created is nobody's yet, and what stands in for a deleted claim is refused with it.
        Action::Create { .. } => None,
        Action::Patch { target, .. } | Action::DeleteUnboundClaim { claim: target } => {
            p.targets.get(target).and_then(|t| manager_of(t.meta)).map(Refusal::Managed)
        }
    }
}

/// The API refuses to change the spec of a Pod, and kubemend has no change for the templates of other kinds.
fn check_spec(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::Patch { target, ops } = p.action else { return None };
    let changeable = [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Service].contains(&target.kind);
    let of_pods = ops.iter().any(|op| op.path.to_string().starts_with("spec"));
    (!changeable && of_pods).then(|| Refusal::FixedSpec(target.kind.clone()))
}

/// The kinds that a fix may touch.
fn check_kind(p: &Proposed<'_>) -> Option<Refusal> {
    let kind = &p.action.target().kind;
    let allowed = match p.action {
        Action::Create { .. } | Action::DeleteUnboundClaim { .. } => *kind == Kind::PersistentVolumeClaim,
        Action::Patch { .. } => [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet, Kind::Service].contains(kind),
    };
    (!allowed).then(|| Refusal::Kind { verb: p.action.verb(), kind: kind.clone() })
}

/// The fields that may be changed are those whose risk is known: a reference, an image, a selector.
fn check_fields(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::Patch { target, ops } = p.action else { return None };
    (p.action.floor() == Risk::High)
        .then(|| Refusal::Fields { target: target.clone(), paths: ops.iter().map(|op| op.path.to_string()).collect() })
}

/// A patch or a deletion needs the object as it was seen; a creation needs that it was not seen.
fn check_exists(p: &Proposed<'_>) -> Option<Refusal> {
    match p.action {
        Action::Create { .. } => None,
        Action::Patch { target, .. } | Action::DeleteUnboundClaim { claim: target } => {
            p.targets.get(target).is_none().then(|| Refusal::NotRead(target.clone()))
        }
    }
}

/// Only a claim without a volume is deleted: there is no data in it.
fn check_unbound(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::DeleteUnboundClaim { claim } = p.action else { return None };
    (!p.targets.get(claim)?.unbound).then(|| Refusal::ClaimInUse(claim.clone()))
}

/// A change of a paused Deployment's template does nothing that could be validated.
fn check_paused(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::Patch { target, .. } = p.action else { return None };
    p.targets.get(target)?.paused.then_some(Refusal::Paused)
}

/// A changed template does not reach every Pod by itself.
fn check_pods(p: &Proposed<'_>) -> Option<Refusal> {
    let Action::Patch { target, .. } = p.action else { return None };
    let why = p.targets.get(target)?.pods_stay?;
    let stays = |o: &&&ObjectRef| o.kind == Kind::Pod && p.targets.controls(target, o);
    let pods = p.suffering.iter().filter(stays).map(|o| o.name.clone()).collect();
    Some(Refusal::PodsStay { why, pods })
}
