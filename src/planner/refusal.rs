//! Why the planner does not make a change, and what a human can do instead. One set of sentences for whoever proposed it.

use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::workload::Manager;
use std::fmt;

/// Why a change is left to a human.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Objects of the cluster as a whole stay as they are.
    ClusterScoped(ObjectRef),
    /// Its namespace belongs to the cluster itself.
    SystemNamespace(Namespace),
    /// Somebody else writes it.
    Managed(Manager),
    /// The API does not let the spec of such an object be changed, or kubemend has no such change.
    FixedSpec(Kind),
    /// Not a kind that is created, changed or deleted.
    Kind { verb: &'static str, kind: Kind },
    /// Fields whose risk is not known.
    Fields { target: ObjectRef, paths: Vec<String> },
    /// The rollout is paused, so a change of the template does nothing yet.
    Paused,
    /// A changed template alone does not reach these Pods: why, and which.
    PodsStay { why: &'static str, pods: Vec<String> },
    /// A StatefulSet's template creates this claim, and would create the same again.
    ClaimOfSet(ObjectRef),
    /// The claim is or was bound.
    ClaimInUse(ObjectRef),
    /// The object is not in the snapshot, so nothing pins the change to what was seen: how it is not there, in words.
    NotRead(String),
    /// The object does not exist any more.
    Gone(ObjectRef),
    /// The object could not be read whole: why.
    Unreadable { object: ObjectRef, why: String },
    /// Another object of that name is there now.
    Recreated(ObjectRef),
    /// A field has another value now than the one that the fix is for.
    Differs(Box<Differs>),
    /// The bytes cannot be made: why.
    NotPossible(String),
    /// A rule may propose it, and nobody who only states a cause: why.
    Stated(String),
}

/// A field that has another value now: as it was seen and as it is, `None` where it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Differs {
    pub(crate) object: ObjectRef,
    pub(crate) path: String,
    pub(crate) seen: Option<String>,
    pub(crate) now: Option<String>,
}

impl Refusal {
    /// Whether a human who makes the change has to know it, too.
    pub(crate) fn concerns_a_human(&self) -> bool {
        match self {
            Refusal::ClusterScoped(_)
            | Refusal::SystemNamespace(_)
            | Refusal::Kind { .. }
            | Refusal::Fields { .. }
            | Refusal::Stated(_)
            | Refusal::NotRead(_) => false,
            Refusal::Managed(_)
            | Refusal::FixedSpec(_)
            | Refusal::Paused
            | Refusal::PodsStay { .. }
            | Refusal::ClaimOfSet(_)
            | Refusal::ClaimInUse(_)
            | Refusal::Gone(_)
            | Refusal::Unreadable { .. }
            | Refusal::Recreated(_)
            | Refusal::Differs(_)
            | Refusal::NotPossible(_) => true,
        }
    }

    /// Whether a kubectl line helps: none is offered that cannot work, or that would be undone at once.
    pub(crate) fn leaves_a_command(&self) -> bool {
        match self {
            Refusal::SystemNamespace(_)
            | Refusal::ClusterScoped(_)
            | Refusal::Managed(Manager::ArgoCd(_) | Manager::Flux(_) | Manager::Helm(_) | Manager::Tool(_))
            | Refusal::Kind { .. }
            | Refusal::Fields { .. }
            | Refusal::Paused
            | Refusal::PodsStay { .. } => true,
            Refusal::Managed(Manager::Owner(_))
            | Refusal::FixedSpec(_)
            | Refusal::ClaimOfSet(_)
            | Refusal::ClaimInUse(_)
            | Refusal::NotRead(_)
            | Refusal::Gone(_)
            | Refusal::Unreadable { .. }
            | Refusal::Recreated(_)
            | Refusal::Differs(_)
            | Refusal::Stated(_)
            | Refusal::NotPossible(_) => false,
        }
    }
}

/// Why a change that somebody states is not made, as it is told where nobody is asked: what a human weighs, and nothing to type. Who reads it
/// may have a shell, and the line would be the stranger's.
#[derive(Debug)]
pub(crate) struct Untyped<'r>(pub(crate) &'r Refusal);

impl fmt::Display for Untyped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Refusal::ClaimOfSet(set) => write!(
                f,
                "the volumeClaimTemplate of StatefulSet `{}` creates this claim and cannot be changed: a human has to replace both",
                set.name
            ),
            Refusal::PodsStay { why, pods } => {
                let pods = if pods.is_empty() { "its Pods".to_owned() } else { pods.join(", ") };
                write!(f, "{why}: the change would not reach {pods}")
            }
            other => other.fmt(f),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::ClusterScoped(object) => write!(f, "{object} is cluster-scoped, and kubemend does not change cluster-scoped objects"),
            Refusal::SystemNamespace(ns) => write!(f, "`{ns}` is a system namespace, and kubemend does not change anything in it"),
            Refusal::Managed(manager) => f.write_str(&manager.why_not()),
            Refusal::FixedSpec(Kind::Pod) => f.write_str("a Pod's spec cannot be changed: the Pod has to be deleted and created again"),
            Refusal::FixedSpec(kind) => write!(f, "kubemend does not change the spec of a {kind}"),
            Refusal::Kind { verb, kind } => write!(f, "kubemend does not {verb} objects of kind {kind}"),
            Refusal::Fields { target, paths } => write!(f, "kubemend does not change {} of {target}", paths.join(", ")),
            Refusal::Paused => f.write_str("its rollout is paused, so the change has no effect until the rollout is resumed"),
            Refusal::PodsStay { why, pods } => {
                let pods = if pods.is_empty() { "its Pods".to_owned() } else { pods.join(", ") };
                write!(f, "{why}: after the change {pods} must be deleted, which kubemend does not do")
            }
            Refusal::ClaimOfSet(set) => write!(
                f,
                "the volumeClaimTemplate of StatefulSet `{}` creates this claim and cannot be changed: recreate the StatefulSet ({}) with the right StorageClass, then replace the claim",
                set.name,
                crate::domain::kubectl::on("delete --cascade=orphan", set)
            ),
            Refusal::ClaimInUse(claim) => write!(f, "{claim} is or was bound, so deleting it could lose data"),
            Refusal::NotRead(how) => write!(f, "{how}, so kubemend cannot confirm that it is unchanged"),
            Refusal::Gone(object) => write!(f, "{object} no longer exists"),
            Refusal::Unreadable { object, why } => write!(f, "{object} could not be read before the change: {why}"),
            Refusal::Recreated(object) => write!(f, "{object} was deleted and created again since it was read: run again"),
            Refusal::Differs(differs) => {
                let Differs { object, path, seen, now } = differs.as_ref();
                let [seen, now] = [seen, now].map(|value| value.as_deref().unwrap_or("not set"));
                write!(f, "{path} of {object} changed since it was read, from {seen} to {now}: run again")
            }
            Refusal::NotPossible(why) | Refusal::Stated(why) => f.write_str(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_a_stated_change_has_nothing_to_type() {
        use crate::domain::object::ObjectRef;
        let set = ObjectRef::namespaced(Kind::StatefulSet, &Namespace::parse("shop").unwrap(), "db");
        let all = [
            Refusal::ClaimOfSet(set.clone()),
            Refusal::PodsStay { why: "OnDelete", pods: vec!["db-0".to_owned()] },
            Refusal::ClaimInUse(set.clone()),
            Refusal::FixedSpec(Kind::Pod),
            Refusal::Paused,
            Refusal::Gone(set.clone()),
            Refusal::Recreated(set),
            Refusal::Kind { verb: "delete", kind: Kind::Secret },
        ];
        for refusal in &all {
            let said = Untyped(refusal).to_string();
            assert!(!said.contains("kubectl") && !said.contains("must be deleted"), "{said}");
        }
        assert!(all[0].to_string().contains("kubectl delete"), "of a rule's change it is what a human does");
    }

    #[test]
    fn pods_that_keep_their_template_are_named_where_they_are_known() {
        let said = |pods: &[&str]| Refusal::PodsStay { why: "OnDelete", pods: pods.iter().map(|p| (*p).to_owned()).collect() }.to_string();
        assert_eq!(said(&["web-0", "web-1"]), "OnDelete: after the change web-0, web-1 must be deleted, which kubemend does not do");
        assert_eq!(said(&[]), "OnDelete: after the change its Pods must be deleted, which kubemend does not do");
    }
}
