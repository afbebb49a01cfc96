//! What no plan may do, whoever proposes it: one `check_*` per rule.

use super::action;
use super::proposed::Proposed;
use super::refusal::Refusal;
use crate::domain::changes::{self, Verb};
use crate::domain::kind::Kind;
use crate::domain::workload::manager_of;
use crate::facts::unread;

type Rule = fn(&Proposed<'_>) -> Option<Refusal>;

/// In the order in which a human wants to hear it: the first that applies is the reason.
const RULES: &[Rule] = &[check_namespace, check_own_first, check_manager, check_kind, check_fields, check_exists, check_own_last];

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

/// What speaks against this kind of action before anything else.
fn check_own_first(p: &Proposed<'_>) -> Option<Refusal> {
    action::of(p.action).check_first(p)
}

/// An object that Argo CD, Flux, Helm or an operator owns is changed at its source. What is created is nobody's yet.
/// Of a kind that nobody may change like this, that is the better reason; a Pod's owner is the one to change.
fn check_manager(p: &Proposed<'_>) -> Option<Refusal> {
    let action = action::of(p.action);
    let object = action.existing()?;
    if p.action.is_made_again() {
        return None;
    }
    let known = object.kind == Kind::Pod || Verb::ALL.iter().any(|verb| changes::has(*verb, &object.kind));
    p.facts.meta_of(object).filter(|_| known).and_then(manager_of).map(Refusal::Managed)
}

/// The kinds that the table of changes has for this verb.
fn check_kind(p: &Proposed<'_>) -> Option<Refusal> {
    let (verb, target, _) = p.action.change();
    (!changes::has(verb, &target.kind)).then(|| action::of(p.action).not_in_the_table())
}

/// The fields that may be changed are those of the table, whose risk is known: a reference, an image, a selector.
fn check_fields(p: &Proposed<'_>) -> Option<Refusal> {
    let unknown = p.action.rows().into_iter().any(|(_, row)| row.is_none());
    let (_, target, all) = p.action.change();
    unknown.then(|| Refusal::Fields { target: target.clone(), paths: all.iter().map(ToString::to_string).collect() })
}

/// A patch or a deletion needs the object as it was seen. Of a creation the API server is asked: it refuses a name that is taken.
fn check_exists(p: &Proposed<'_>) -> Option<Refusal> {
    let action = action::of(p.action);
    let object = action.existing()?;
    p.facts.meta_of(object).is_none().then(|| Refusal::NotRead(unread::missing(object, p.facts)))
}

/// What speaks against this kind of action when everything else is in order.
fn check_own_last(p: &Proposed<'_>) -> Option<Refusal> {
    action::of(p.action).check_last(p)
}
