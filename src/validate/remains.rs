//! What belongs to the issue and is still broken: another cause, or a symptom that no cause explains.

use super::stand::{Observed, Stand, absent};
use super::whole::Whole;
use super::{endpoints, kinds, runs};
use crate::domain::cause::Cause;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::field::FieldPath;
use crate::domain::focus::Doubt;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::object::ObjectRef;
use crate::domain::once::once;
use crate::domain::plan::{RemediationPlan, Step};
use crate::domain::purpose::Purpose;
use crate::domain::words;
use crate::facts::{Facts, behind, ingresses, labels, pods, starting};
use k8s_openapi::api::core::v1::{Pod, Service};
use std::collections::BTreeSet;

/// What the issue is about: what the plan's checks are about, what has to run, and what somebody named.
pub(crate) struct Concern<'a> {
    plan: &'a RemediationPlan,
    facts: &'a Facts<'a>,
    /// What was known before the change.
    before: &'a Diagnosis,
    /// The places of which all belongs to the issue. What the plan has nothing to do with neither ends the waiting nor undoes anything.
    whole: Whole<'a>,
}

/// What is still broken, a line each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Remains {
    /// What the plan is about, or somebody named.
    pub(crate) own: Vec<String>,
    /// What is only in a place that somebody named.
    pub(crate) there: Vec<String>,
}

impl Remains {
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.own.iter().chain(&self.there).map(String::as_str).collect()
    }
}

impl<'a> Concern<'a> {
    /// Of what was reported; nothing for an undo, which promises only that what was changed is as it was, and brings back what was broken
    /// before, as its question says.
    pub(crate) fn of(plan: &'a RemediationPlan, facts: &'a Facts<'a>, before: &'a Diagnosis, purpose: &Purpose) -> Option<Self> {
        let of_issue = || Self { plan, facts, before, whole: Whole::of(purpose, before, facts.scope()) };
        match purpose {
            Purpose::Issue(_) => Some(of_issue()),
            Purpose::Undo(_) => None,
        }
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
        seen.causes.iter().filter(|c| !self.plan.aim.is_for(c)).filter(|c| self.is_concerned(c)).collect()
    }

    fn is_concerned(&self, cause: &Cause) -> bool {
        touches(cause, |object| self.concerns(object))
    }

    /// Whether it is in a place of which all is meant.
    fn is_there(&self, cause: &Cause) -> bool {
        touches(cause, |object| self.whole.holds(object))
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
        seen.causes.sort_by_cached_key(|cause| (!self.is_concerned(cause), !self.is_there(cause)));
        seen.unexplained.sort_by_cached_key(|symptom| (!self.concerns(&symptom.object), !self.whole.holds(&symptom.object)));
    }

    /// What is still broken.
    pub(crate) fn remains(&self, seen: &Diagnosis) -> Remains {
        let mut remains = Remains::default();
        for cause in seen.causes.iter().filter(|cause| !self.plan.aim.is_for(cause)) {
            let line = || cause.title.clone();
            if self.is_concerned(cause) {
                remains.own.push(line());
            } else if self.is_there(cause) {
                remains.there.push(line());
            }
        }
        for symptom in seen.unexplained.iter().filter(|symptom| !self.is_coming(&symptom.object)) {
            let line = || format!("{}: {}", symptom.object, symptom.summary);
            if self.concerns(&symptom.object) {
                remains.own.push(line());
            } else if self.whole.holds(&symptom.object) {
                remains.there.push(line());
            }
        }
        remains
    }

    /// What has to run and does not, how that stands, and in words.
    pub(crate) fn idle(&self) -> Vec<Observed> {
        let about = self.plan.judged.about.iter();
        let not = about.map(|o| (o, runs(o, self.facts))).filter(|(_, (stand, _))| *stand != Stand::Holds);
        not.map(|(o, (stand, words))| (stand, format!("{o}: {words}"))).collect()
    }

    fn named(&self) -> impl Iterator<Item = &ObjectRef> {
        self.before.focus.about.iter().chain(self.facts.scope().objects())
    }

    /// What somebody named, or the cause made suffer, and is not ready, a line each. It may be broken, or coming, or nobody can tell: it
    /// is not seen to be well.
    pub(crate) fn unready(&self) -> Vec<String> {
        let there = self.whole.running(self.facts);
        let all: BTreeSet<&ObjectRef> = self.named().chain(suffering(self.plan, self.before)).chain(&there).collect();
        let not_ready = |object: &ObjectRef| match how_it_runs(object, self.facts)? {
            (Stand::Holds | Stand::Idle, _) => None,
            (Stand::NotYet | Stand::Fails | Stand::Unseen, words) => Some(format!("{object}: {words}")),
        };
        all.into_iter().filter_map(not_ready).collect()
    }

    /// The Services that the plan is about, or that somebody named: what is said of them is said of their clients too.
    pub(crate) fn services(&self) -> Vec<&ObjectRef> {
        served(self.plan, self.before, self.facts.scope()).collect()
    }

    /// Whether the plan itself is about the object, or about something that owns it.
    fn is_of_the_plan(&self, object: &ObjectRef) -> bool {
        self.is_of_what_runs(object) || self.plan.checks.iter().map(Check::object).any(|checked| checked == object)
    }

    /// Whether somebody named the object, something that owns it, or the place where it is and nothing in it.
    fn is_named(&self, object: &ObjectRef) -> bool {
        self.whole.holds(object)
            || std::iter::once(object).chain(self.facts.owners().chain(object)).any(|o| self.named().any(|named| named == o))
    }

    /// Kinds of what belongs to the issue beside the plan that were read whole when the plan was made, and were not now.
    pub(crate) fn unread(&self) -> Vec<Kind> {
        // A Service is judged by its addresses.
        let slices = |kind: &Kind| (*kind == Kind::Service).then_some(&Kind::EndpointSlice);
        let all = beside(self.plan, self.before, self.facts.scope()).flat_map(|o| std::iter::once(&o.kind).chain(slices(&o.kind)));
        let beside = all.filter(|kind| self.plan.judged.saw.contains(kind) && !self.facts.is_whole(kind));
        once(beside.chain(self.whole.unread(&self.plan.judged.saw, self.facts)).cloned())
    }

    /// What the issue is about besides and nobody reads: of itself, whatever becomes of the cause, and what may have ended with it.
    pub(crate) fn beyond(&self) -> (Vec<String>, Vec<String>) {
        self.before.focus.beyond.iter().cloned().partition(|what| words::outlives_a_cause(what))
    }

    /// What belongs to the issue and cannot be told, a line each: what was in doubt before the change and still is, and what somebody
    /// named, whenever the doubt came. How long the plan's own objects have been well is what the settle window is for.
    pub(crate) fn in_doubt(&self, seen: &Diagnosis) -> Vec<String> {
        let named = |doubts: &'a [Doubt]| doubts.iter().filter_map(|d| d.object.as_ref());
        // Of doubts that were not kept nobody knows what they were about.
        let known = |object: &ObjectRef| self.before.unlisted.doubts > 0 || named(&self.before.doubts).any(|before| before == object);
        let yardstick = self.plan.steps.iter().filter_map(|step| yardstick(step, self.facts));
        // What the words name and nobody found may be as broken as before.
        let place = self.facts.scope().in_words();
        let unsure =
            self.before.focus.unsure.iter().map(|word| format!("`{word}` was not found in {place}, where not everything could be read"));
        let context = &self.facts.snapshot().cluster.context;
        let unread = self.before.focus.lost.iter().filter(|lost| lost.may_exist()).map(|lost| lost.in_words(&place, context));
        // A restart after the change is young, and not past.
        let still = seen.doubts.iter().filter(|d| !d.past).filter_map(|d| Some((d.object.as_ref()?, &d.why, d.again_in.is_some())));
        still
            .filter(|(object, _, young)| {
                let new = self.is_named(object) && !(*young && self.is_of_the_plan(object));
                (self.concerns(object) || self.whole.holds(object)) && (known(object) || new)
            })
            .map(|(object, why, _)| format!("{object}: {why}"))
            .chain(yardstick)
            .chain(unsure)
            .chain(unread)
            .collect()
    }
}

/// Whether something that a cause is about, or that suffers of it, is such an object.
fn touches(cause: &Cause, is: impl Fn(&ObjectRef) -> bool) -> bool {
    cause.places().any(|(object, _)| is(object)) || cause.symptoms.iter().any(|symptom| is(&symptom.object))
}

/// How something runs that runs by itself, or has something running behind it; `None` for everything else, and for a Pod that others
/// own and that is gone, or going: another one has its place.
fn how_it_runs(object: &ObjectRef, facts: &Facts<'_>) -> Option<Observed> {
    match object.kind {
        Kind::Deployment | Kind::StatefulSet | Kind::DaemonSet => Some(runs(object, facts)),
        Kind::Pod => {
            let pod = facts.find::<Pod>(object)?;
            (pod.metadata.deletion_timestamp.is_none() && !pods::has_ended(pod)).then(|| runs(object, facts))
        }
        Kind::Service => {
            let Some(service) = facts.find::<Service>(object) else { return Some(absent(object, facts)) };
            let named = service.spec.as_ref().is_some_and(|s| s.type_.as_deref() == Some("ExternalName"));
            labels::any_selector(service).filter(|_| !named && facts.ready_addresses(object) == 0)?;
            Some(endpoints(object, facts))
        }
        _ => None,
    }
}

/// The Services that the plan promises something of, or that somebody named.
fn served<'d>(plan: &'d RemediationPlan, before: &'d Diagnosis, scope: &'d Scope) -> impl Iterator<Item = &'d ObjectRef> {
    let own = plan.checks.iter().map(Check::object).chain(plan.steps.iter().map(|step| step.action.target()));
    own.chain(&before.focus.about).chain(scope.objects()).filter(|object| object.kind == Kind::Service)
}

/// What could keep clients from what the plan promises, and is read for that alone.
pub(crate) fn between(plan: &RemediationPlan, purpose: &Purpose) -> Option<Kind> {
    let serves = plan.checks.iter().map(Check::object).any(|object| object.kind == Kind::Service);
    (serves && purpose.undoes().is_none()).then_some(Kind::NetworkPolicy)
}

/// The Services that the plan's cause kept from having addresses.
fn suffering<'d>(plan: &'d RemediationPlan, before: &'d Diagnosis) -> impl Iterator<Item = &'d ObjectRef> {
    let cause = plan.aim.cause().and_then(|key| before.cause(key));
    let symptoms = cause.into_iter().flat_map(|cause| &cause.symptoms);
    symptoms.map(|symptom| &symptom.object).filter(|object| object.kind == Kind::Service)
}

/// What was wrong, in doubt or named before the change, whether or not the plan is about it.
fn beside<'d>(plan: &'d RemediationPlan, before: &'d Diagnosis, scope: &'d Scope) -> impl Iterator<Item = &'d ObjectRef> {
    let broken = before.unexplained.iter().map(|symptom| &symptom.object);
    let others = before.causes.iter().filter(|cause| !plan.aim.is_for(cause));
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
    pub(crate) fn of(plan: &RemediationPlan, before: &Diagnosis, scope: &Scope, purpose: &Purpose) -> Self {
        match purpose {
            Purpose::Undo(_) => return Self::Kinds(Vec::new()),
            Purpose::Issue(_) if !Whole::of(purpose, before, scope).is_nothing() => return Self::Everything,
            Purpose::Issue(_) => {}
        }
        let others = before.unlisted.count_of_causes() > 0 || before.causes.iter().any(|cause| !plan.aim.is_for(cause));
        let doubted = before.unlisted.doubts > 0 || before.doubts.iter().any(|doubt| doubt.object.is_some());
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
/// How a step moves what its own cure is seen by, where it does and no rule proposed it.
fn yardstick(step: &Step, facts: &Facts<'_>) -> Option<String> {
    let target = step.action.target();
    if step.action.changes_a_probe() {
        return Some(format!("{target}: it is ready by a probe that this plan changed"));
    }
    if ingresses::leads_to_a_port(&step.action, facts) {
        return Some(format!("{target}: whether the port answers to which this plan leads it was not tried"));
    }
    let before = |path: &FieldPath| step.precondition.fields.iter().find(|pinned| pinned.path == *path)?.value.as_ref()?.as_u64();
    let is_less = step.action.counts().iter().any(|(path, wanted)| before(path).is_some_and(|before| *wanted < before));
    is_less.then(|| format!("{target}: fewer replicas are asked for since this plan, so fewer have to be ready"))
}
