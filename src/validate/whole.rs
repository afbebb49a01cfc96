//! What belongs to an issue whose words name a place and no object in it: everything there. Nobody can tell which of it was meant.

use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::purpose::Purpose;
use crate::domain::resource::Resource;
use crate::facts::Facts;
use k8s_openapi::api::core::v1::Service;

/// The places of which all is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whole<'a> {
    /// None: objects are named, or nobody said anything.
    Nothing,
    /// Each namespace that the words name and that none of the named objects is in.
    Namespaces(Vec<&'a Namespace>),
    /// All that was looked at.
    Everything,
}

impl<'a> Whole<'a> {
    /// Of what was reported, found to mean this, and looked at there. Where they name no object, the place that they are
    /// about is the one that was looked at, whoever chose it. Without words it is only a place to look for something that can be fixed.
    pub(crate) fn of(purpose: &Purpose, before: &'a Diagnosis, scope: &'a Scope) -> Self {
        if purpose.words().is_none_or(|words| words.trim().is_empty()) {
            return Whole::Nothing;
        }
        let named = || before.focus.about.iter().chain(scope.objects());
        match scope.namespaces() {
            [] if named().next().is_none() => Whole::Everything,
            places => {
                let empty = |place: &&Namespace| named().all(|object| object.namespace.as_ref() != Some(place));
                let places: Vec<&Namespace> = places.iter().filter(empty).collect();
                if places.is_empty() { Whole::Nothing } else { Whole::Namespaces(places) }
            }
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Whole::Nothing)
    }

    pub(super) fn holds(&self, object: &ObjectRef) -> bool {
        match self {
            Whole::Nothing => false,
            Whole::Namespaces(places) => object.namespace.as_ref().is_some_and(|own| places.contains(&own)),
            Whole::Everything => true,
        }
    }

    /// What runs there by itself, or has something running behind it. What others own is seen in them.
    pub(super) fn running(&self, facts: &Facts<'_>) -> Vec<ObjectRef> {
        if self.is_nothing() {
            return Vec::new();
        }
        let workloads = facts.workloads().map(|workload| workload.object.clone());
        let services = facts.all::<Service>().map(Resource::reference);
        workloads.chain(services).filter(|object| self.holds(object)).filter(|o| facts.owners().chain(o).next().is_none()).collect()
    }

    /// Kinds that were read whole before, and of which reading did not bring all now.
    pub(super) fn unread<'k>(&self, saw: &'k [Kind], facts: &Facts<'_>) -> impl Iterator<Item = &'k Kind> {
        let none = self.is_nothing();
        saw.iter().filter(move |kind| !none && facts.snapshot().was_tried(kind))
    }
}
