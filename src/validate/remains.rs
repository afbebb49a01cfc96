//! What belongs to the issue and is still broken: another cause, or a symptom that no cause explains.

use super::stand::{Observed, Stand};
use super::{kinds, runs};
use crate::domain::cause::Cause;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::focus::Doubt;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::once::once;
use crate::domain::plan::RemediationPlan;
use crate::facts::{Facts, behind, starting};
use std::collections::BTreeSet;

/// What the issue is about: what the plan's checks are about, what has to run, and what somebody named.
pub(crate) struct Concern<'a> {
    plan: &'a RemediationPlan,
    facts: &'a Facts<'a>,
    /// What was known before the change.
    before: &'a Diagnosis,
}

impl<'a> Concern<'a> {
    pub(crate) fn of(plan: &'a RemediationPlan, facts: &'a Facts<'a>, before: &'a Diagnosis) -> Self {
        Self { plan, facts, before }
    }

    /// Whether the issue is about the object, or about something that owns it.
    fn concerns(&self, object: &ObjectRef) -> bool {
        std::iter::once(object).chain(self.facts.owners().chain(object)).any(|o| {
            self.plan.judged.about.contains(o)
                || self.plan.checks.iter().map(Check::object).any(|checked| checked == o)
                || self.facts.scope().objects().contains(o)
                || self.before.focus.about.contains(o)
                || (suffering(self.plan, self.before).any(|service| service == o) && self.facts.ready_addresses(o) == 0)
        })
    }

    /// Causes other than the plan's that are about it.
    pub(crate) fn causes<'d>(&self, seen: &'d Diagnosis) -> Vec<&'d Cause> {
        seen.causes.iter().filter(|c| !c.is(&self.plan.cause)).filter(|c| self.is_concerned(c)).collect()
    }

    fn is_concerned(&self, cause: &Cause) -> bool {
        cause.places().any(|(object, _)| self.concerns(object)) || cause.symptoms.iter().any(|s| self.concerns(&s.object))
    }

    /// Causes other than the plan's that hold the Pods of what has to run, and so cannot be waited for.
    pub(crate) fn holding<'d>(&self, seen: &'d Diagnosis) -> Vec<&'d Cause> {
        self.causes(seen).into_iter().filter(|c| c.symptoms.iter().any(|s| self.is_of_what_runs(&s.object))).collect()
    }

    /// Whether a step changes one of the objects that have to run.
    pub(crate) fn changes_what_runs(&self) -> bool {
        self.plan.steps.iter().any(|step| self.plan.judged.about.contains(step.action.target()))
    }

    /// Whether something is seen to be wrong with what has to run.
    pub(crate) fn is_ill(&self, seen: &Diagnosis) -> bool {
        let symptoms = seen.causes.iter().flat_map(|c| &c.symptoms).chain(&seen.unexplained);
        symptoms.map(|s| &s.object).any(|object| self.is_of_what_runs(object) && !self.is_coming(object))
    }

    /// What still starts is not broken, however long it takes.
    fn is_coming(&self, object: &ObjectRef) -> bool {
        match object.kind {
            Kind::Service => behind::are_coming(object, self.facts),
            _ => starting::is_starting(object, self.facts),
        }
    }

    fn is_of_what_runs(&self, object: &ObjectRef) -> bool {
        std::iter::once(object).chain(self.facts.owners().chain(object)).any(|o| self.plan.judged.about.contains(o))
    }

    /// What belongs to the issue comes first: a reader is shown the beginning.
    pub(crate) fn first(&self, seen: &mut Diagnosis) {
        seen.causes.sort_by_cached_key(|cause| !self.is_concerned(cause));
        seen.unexplained.sort_by_cached_key(|symptom| !self.concerns(&symptom.object));
    }

    /// What is still broken, a line each. A rollback brings back what was broken before, as its question says.
    pub(crate) fn remains(&self, seen: &Diagnosis) -> Vec<String> {
        if self.plan.is_rollback() {
            return Vec::new();
        }
        let mut lines: Vec<String> = self.causes(seen).iter().map(|c| c.title.clone()).collect();
        let open = seen.unexplained.iter().filter(|s| self.concerns(&s.object) && !self.is_coming(&s.object));
        lines.extend(open.map(|s| format!("{}: {}", s.object, s.summary)));
        lines
    }

    /// What has to run and does not, how that stands, and in words.
    pub(crate) fn idle(&self) -> Vec<Observed> {
        let about = self.plan.judged.about.iter();
        let not = about.map(|o| (o, runs(o, self.facts))).filter(|(_, (stand, _))| *stand != Stand::Holds);
        not.map(|(o, (stand, words))| (stand, format!("{o}: {words}"))).collect()
    }

    /// What somebody named, or the cause made suffer, and is not ready yet, a line each: not broken, and not seen to be well.
    pub(crate) fn coming(&self) -> Vec<String> {
        if self.plan.is_rollback() {
            return Vec::new();
        }
        let named = self.before.focus.about.iter().chain(self.facts.scope().objects());
        let all: BTreeSet<&ObjectRef> = named.chain(suffering(self.plan, self.before)).collect();
        let not_ready = |object: &ObjectRef| match object.kind {
            Kind::Service => (self.facts.ready_addresses(object) == 0 && behind::are_coming(object, self.facts))
                .then(|| format!("{object}: the Pods behind it are not ready yet")),
            _ => match runs(object, self.facts) {
                (Stand::NotYet, words) if self.facts.workload(object).is_some() => Some(format!("{object}: {words}")),
                _ => None,
            },
        };
        all.into_iter().filter_map(not_ready).collect()
    }

    /// Kinds of what belongs to the issue beside the plan that were read whole when the plan was made, and were not now.
    pub(crate) fn unread(&self) -> Vec<Kind> {
        // A Service is judged by its addresses.
        let slices = |kind: &Kind| (*kind == Kind::Service).then_some(&Kind::EndpointSlice);
        let all = beside(self.plan, self.before, self.facts.scope()).flat_map(|o| std::iter::once(&o.kind).chain(slices(&o.kind)));
        once(all.filter(|kind| self.plan.judged.saw.contains(kind) && !self.facts.is_whole(kind)).cloned())
    }

    /// What was in doubt before the change, belongs to the issue, and still cannot be told, a line each.
    pub(crate) fn in_doubt(&self, seen: &Diagnosis) -> Vec<String> {
        let named = |doubts: &'a [Doubt]| doubts.iter().filter_map(|d| d.object.as_ref());
        // Of doubts that were not kept nobody knows what they were about.
        let known = |object: &ObjectRef| self.before.more_doubts > 0 || named(&self.before.doubts).any(|before| before == object);
        // What the words name and nobody found may be as broken as before.
        let place = self.facts.scope().in_words();
        let unsure =
            self.before.focus.unsure.iter().map(|word| format!("`{word}` was not found in {place}, where not everything could be read"));
        let still = seen.doubts.iter().filter_map(|d| Some((d.object.as_ref()?, &d.why)));
        still
            .filter(|(object, _)| known(object) && self.concerns(object))
            .map(|(object, why)| format!("{object}: {why}"))
            .chain(unsure)
            .collect()
    }
}

/// The Services that the plan's cause kept from having addresses.
fn suffering<'d>(plan: &'d RemediationPlan, before: &'d Diagnosis) -> impl Iterator<Item = &'d ObjectRef> {
    let symptoms = before.cause(&plan.cause).into_iter().flat_map(|cause| &cause.symptoms);
    symptoms.map(|symptom| &symptom.object).filter(|object| object.kind == Kind::Service)
}

/// What was wrong, in doubt or named before the change, whether or not the plan is about it.
fn beside<'d>(plan: &'d RemediationPlan, before: &'d Diagnosis, scope: &'d Scope) -> impl Iterator<Item = &'d ObjectRef> {
    let broken = before.unexplained.iter().map(|symptom| &symptom.object);
    let others = before.causes.iter().filter(|cause| !cause.is(&plan.cause));
    let causes = others.flat_map(|c| c.places().map(|(object, _)| object).chain(c.symptoms.iter().map(|s| &s.object)));
    let doubted = before.doubts.iter().filter_map(|doubt| doubt.object.as_ref());
    broken.chain(causes).chain(doubted).chain(suffering(plan, before)).chain(&before.focus.about).chain(scope.objects())
}

/// What has to be looked at besides, before anything is called resolved: what was wrong, in doubt, in progress or named before the change
/// and that a look at the plan's own kinds does not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Besides {
    /// These kinds; none where the plan's own show it all.
    Kinds(Vec<Kind>),
    /// All of it.
    Everything,
}

impl Besides {
    pub(crate) fn of(plan: &RemediationPlan, before: &Diagnosis, scope: &Scope) -> Self {
        let others = before.causes.iter().any(|cause| !cause.is(&plan.cause));
        let doubted = before.doubts.iter().any(|doubt| doubt.object.is_some());
        if others || doubted || !before.unexplained.is_empty() || !before.in_progress.is_empty() {
            return Self::Everything;
        }
        let own = kinds(plan);
        let named = before.focus.about.iter().chain(scope.objects()).chain(suffering(plan, before));
        let named: Vec<&ObjectRef> = named.filter(|object| !own.contains(&object.kind)).collect();
        // A Service is judged by its addresses and the Pods behind it; anything else by more than one kind tells.
        match named.as_slice() {
            [] => Self::Kinds(Vec::new()),
            named if named.iter().all(|object| object.kind == Kind::Service) => Self::Kinds(vec![Kind::Service, Kind::EndpointSlice]),
            _ => Self::Everything,
        }
    }
}
