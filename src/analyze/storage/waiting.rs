//! Who waits for a claim: every live Pod that mounts it and is not ready, and what a fix of it would let run. No rule decides by itself
//! which of them suffer: one that is left out has no cause.

use super::super::draft::Draft;
use crate::domain::object::{Namespace, ObjectRef};
use crate::facts::Facts;
use crate::facts::stuck::Stuck;
use k8s_openapi::api::core::v1::Pod;

/// All who wait for a claim that exists.
pub(super) struct Waiting<'f, 'a> {
    claim: ObjectRef,
    /// Those whose change would reach them.
    pub(super) users: Vec<&'f Stuck<'a>>,
    pods: Vec<&'a Pod>,
}

impl<'f, 'a> Waiting<'f, 'a> {
    /// Asked of the Pods, not of templates: a StatefulSet's own claims are named in its Pods only, one in each.
    pub(super) fn of(facts: &'f Facts<'a>, claim: &ObjectRef) -> Self {
        let namespace = claim.namespace.as_ref().map(Namespace::as_str).unwrap_or_default();
        let all = facts.claims().pods(namespace, &claim.name);
        let pods = facts.walk(all.iter().copied()).filter(|pod| facts.is_stuck(pod)).collect();
        Self { claim: claim.clone(), users: facts.stuck_among(all), pods }
    }

    /// Whether there are none.
    pub(super) fn is_nobody(&self) -> bool {
        self.users.is_empty()
    }

    /// Each of them as a symptom, with the links that lead to it.
    pub(super) fn suffer<'d>(&self, draft: Draft<'d, 'a>, summary: &str) -> Draft<'d, 'a> {
        draft.waits(self.pods.iter().copied(), &self.claim, summary)
    }
}
