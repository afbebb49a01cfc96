//! What belongs to the issue and is still broken: another cause, or a symptom that no cause explains.

use super::runs;
use crate::domain::cause::Cause;
use crate::domain::check::Check;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::object::ObjectRef;
use crate::domain::plan::RemediationPlan;
use crate::facts::Facts;

/// What the issue is about: what the plan's checks are about, what has to run, and what somebody named.
pub(crate) struct Concern<'a> {
    plan: &'a RemediationPlan,
    facts: &'a Facts<'a>,
    /// Words of the issue, in lower case.
    words: Vec<String>,
}

impl<'a> Concern<'a> {
    pub(crate) fn of(plan: &'a RemediationPlan, facts: &'a Facts<'a>, text: &str) -> Self {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'));
        let words = words.map(|word| word.trim_matches(['-', '.']).to_ascii_lowercase()).filter(|word| word.len() > 2).collect();
        Self { plan, facts, words }
    }

    /// Whether the issue is about the object, or about something that owns it.
    fn concerns(&self, object: &ObjectRef) -> bool {
        std::iter::once(object).chain(self.facts.owners().chain(object)).any(|o| {
            self.plan.judged.about.contains(o)
                || self.plan.checks.iter().map(Check::object).any(|checked| checked == o)
                || self.facts.scope().objects().contains(o)
                || self.names(&o.name)
        })
    }

    /// Whether a word of the issue is this name; somebody who writes of `lakes` may write `lake`.
    fn names(&self, name: &str) -> bool {
        let one = |text: &str| text.strip_suffix('s').unwrap_or(text).to_owned();
        self.words.iter().any(|word| word == name || one(word) == one(name))
    }

    /// Causes other than the plan's that are about it.
    pub(crate) fn causes<'d>(&self, seen: &'d Diagnosis) -> Vec<&'d Cause> {
        let concerned =
            |c: &&Cause| c.places().any(|(object, _)| self.concerns(object)) || c.symptoms.iter().any(|s| self.concerns(&s.object));
        seen.causes.iter().filter(|c| !c.is(&self.plan.cause)).filter(concerned).collect()
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
        symptoms.map(|s| &s.object).any(|object| self.is_of_what_runs(object))
    }

    fn is_of_what_runs(&self, object: &ObjectRef) -> bool {
        std::iter::once(object).chain(self.facts.owners().chain(object)).any(|o| self.plan.judged.about.contains(o))
    }

    /// What is still broken, a line each.
    pub(crate) fn remains(&self, seen: &Diagnosis) -> Vec<String> {
        let mut lines: Vec<String> = self.causes(seen).iter().map(|c| c.title.clone()).collect();
        let open = seen.unexplained.iter().filter(|s| self.concerns(&s.object));
        lines.extend(open.map(|s| format!("{}: {}", s.object, s.summary)));
        lines
    }

    /// What has to run and does not, in words.
    pub(crate) fn idle(&self) -> Vec<String> {
        let about = self.plan.judged.about.iter();
        let not = about.map(|o| (o, runs(o, self.facts))).filter(|(_, (passed, _))| *passed != Some(true));
        not.map(|(o, (_, words))| format!("{o}: {words}")).collect()
    }
}
