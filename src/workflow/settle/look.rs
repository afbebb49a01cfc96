//! One look at the cluster: what the checks and the rules say of it, and what that means for the verdict.

use crate::domain::abridged::lines;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::issue::Scope;
use crate::domain::kind::Kind;
use crate::domain::plan::RemediationPlan;
use crate::domain::snapshot::Snapshot;
use crate::domain::validation::{CheckResult, Verdict};
use crate::facts::{Facts, newest};
use crate::validate::remains::Concern;
use crate::validate::stand::{Checked, Observed, Stand};
use crate::workflow::conclude::{Concluded, conclude};
use crate::{analyze, planner, validate};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

/// What is watched.
#[derive(Clone, Copy)]
pub(in crate::workflow) struct Case<'a> {
    pub(in crate::workflow) plan: &'a RemediationPlan,
    pub(in crate::workflow) scope: &'a Scope,
    /// What was known before the change.
    pub(in crate::workflow) before: &'a Diagnosis,
    /// What was reported, in somebody's words.
    pub(in crate::workflow) issue: &'a str,
}

/// See the file's head.
#[derive(Debug, Clone, Default)]
pub(super) struct Look {
    checks: Vec<Checked>,
    /// What has to run and does not.
    idle: Vec<Observed>,
    pub(super) starts: newest::Starts,
    /// How long a container lived that ended since the change.
    pub(super) life: SignedDuration,
    /// For how long all of them have been running and ready, by the cluster's own times.
    pub(super) steady: SignedDuration,
    /// What belongs to the issue and is still broken.
    remains: Vec<String>,
    /// What belongs to the issue, could not be told before, and still cannot be.
    in_doubt: Vec<String>,
    /// What the issue names, or the cause made suffer, and is not ready yet.
    coming: Vec<String>,
    /// Kinds of what belongs to the issue that were read whole before, and are not in this look.
    unread: Vec<Kind>,
    /// The plan changed what has to run, and no other cause is named for what is wrong with it: the change may be to blame.
    suspect: bool,
    /// Another cause that holds the Pods and that was not known before.
    pub(super) holder: Option<String>,
    /// Something is seen to be wrong with what has to run.
    pub(super) ill: bool,
}

/// What the rules and the checks say of a snapshot; gives it back. `None`: cancelled.
pub(super) async fn judge(case: Case<'_>, snapshot: Snapshot, cancel: &CancellationToken) -> Option<Concluded<Look>> {
    let (plan, before) = (case.plan.clone(), case.before.clone());
    let ask = move |facts: &Facts<'_>, seen: &mut Diagnosis| {
        let checks = validate::check_all(&plan, facts, seen, |code| analyze::unread(code, facts.snapshot()));
        planner::triage(seen, facts, analyze::severity);
        let issue = Concern::of(&plan, facts, &before);
        let fresh: Vec<_> = plan.judged.about.iter().flat_map(|o| newest::pods_of_newest(facts, o)).collect();
        issue.first(seen);
        let holder = issue.holding(seen).into_iter().find(|cause| before.cause(&cause.key()).is_none());
        Look {
            idle: issue.idle(),
            starts: newest::starts(&fresh),
            life: newest::longest_life(&fresh).unwrap_or_default(),
            steady: newest::steady_since(&fresh).map(|since| facts.snapshot().taken_at.duration_since(since)).unwrap_or_default(),
            remains: issue.remains(seen),
            in_doubt: issue.in_doubt(seen),
            coming: issue.coming(),
            unread: issue.unread(),
            suspect: issue.changes_what_runs() && issue.causes(seen).is_empty(),
            holder: holder.map(|cause| cause.title.clone()),
            ill: issue.is_ill(seen),
            checks,
        }
    };
    conclude(snapshot, cancel, ask).await
}

impl Look {
    /// One in which a workload is as it should be, or still starts.
    #[cfg(test)]
    pub(super) fn standing(holds: bool, steady: SignedDuration, life: SignedDuration) -> Self {
        let idle = if holds { vec![] } else { vec![(Stand::NotYet, "web".to_owned())] };
        Self { idle, steady, life, ..Self::default() }
    }

    pub(super) fn results(&self) -> Vec<CheckResult> {
        self.checks.iter().map(Checked::result).collect()
    }

    pub(super) fn passes(&self) -> bool {
        self.checks.iter().all(|c| c.stand == Stand::Holds)
    }

    pub(super) fn holds(&self) -> bool {
        self.passes() && self.idle.is_empty()
    }

    /// The cause is seen to be gone, at every place.
    pub(super) fn is_gone(&self) -> bool {
        let mut gone = self.checks.iter().filter(|c| c.check.promises_a_cure()).peekable();
        gone.peek().is_some() && gone.all(|c| c.stand == Stand::Holds)
    }

    /// Nothing that ran earlier was started again or is gone.
    pub(super) fn runs_on(&self, earlier: &newest::Starts) -> bool {
        earlier.iter().all(|(container, start)| self.starts.get(container) == Some(start))
    }

    /// Nobody can tell of a check.
    pub(super) fn is_untold(&self) -> bool {
        self.checks.iter().any(|c| c.stand.passed().is_none())
    }

    /// Something belongs to the issue and is still broken.
    pub(super) fn leaves_something(&self) -> bool {
        !self.remains.is_empty()
    }

    fn stands(&self) -> impl Iterator<Item = Stand> {
        self.checks.iter().map(|c| c.stand).chain(self.idle.iter().map(|(stand, _)| *stand))
    }

    /// Why waiting for anything is in vain: the change is there, and nothing is meant to run that could show what it does.
    pub(super) fn shows_nothing(&self) -> Option<String> {
        let nothing_else = self.idle.iter().all(|(stand, _)| *stand == Stand::Idle);
        // A claim may wait for a Pod, which does not come either.
        let made = self.checks.iter().all(|c| matches!(c.stand, Stand::Holds | Stand::NotYet | Stand::Idle));
        let mut idle: Vec<String> = self.idle.iter().map(|(_, words)| words.clone()).collect();
        if idle.is_empty() {
            let checks = self.checks.iter().filter(|c| c.stand == Stand::Idle);
            idle.extend(checks.map(|c| format!("{}: {}", c.check.object(), c.observed)));
        }
        (nothing_else && made && !idle.is_empty()).then(|| lines(&idle))
    }

    /// The verdict on a look at which everything held through the window, and what it lacks.
    pub(super) fn verdict(&self) -> (Verdict, Option<String>) {
        if self.leaves_something() {
            return (Verdict::Partly, self.still_broken());
        }
        if !self.unread.is_empty() {
            let kinds = self.unread.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return (
                Verdict::Unclear,
                Some(format!("all success checks passed, and of what belongs to the issue {kinds} could not be read")),
            );
        }
        if !self.coming.is_empty() {
            let why = format!("all success checks passed, and this is not ready yet: {}; validate again later", lines(&self.coming));
            return (Verdict::Unclear, Some(why));
        }
        match self.in_doubt.as_slice() {
            [] => (Verdict::Resolved, None),
            doubts => (Verdict::Unclear, Some(format!("all success checks passed, and this could not be verified: {}", lines(doubts)))),
        }
    }

    /// The verdict on the last look, when the time has passed. What still starts has not failed: nothing is undone for it.
    pub(super) fn late_verdict(&self, seconds: u64) -> (Verdict, String) {
        let why = format!("after {seconds} s, {}", self.open());
        if self.is_untold() {
            (Verdict::Unclear, why)
        } else if self.holds() {
            (Verdict::Unclear, format!("after {seconds} s the success checks had only begun to pass"))
        } else if self.is_gone() && self.leaves_something() && !self.suspect {
            (Verdict::Partly, self.still_broken().unwrap_or(why))
        } else if self.stands().all(|stand| stand != Stand::Fails) {
            (Verdict::Unclear, format!("after {seconds} s it was still starting, and nothing had failed: {}", self.open()))
        } else {
            (Verdict::Unresolved, why)
        }
    }

    pub(super) fn still_broken(&self) -> Option<String> {
        self.leaves_something().then(|| format!("still broken: {}", lines(&self.remains)))
    }

    pub(super) fn open(&self) -> String {
        let failing = self.checks.iter().filter(|c| c.stand != Stand::Holds);
        let mut open: Vec<String> = failing.map(|c| format!("{}: {}", c.check.object().slashed(), c.observed)).collect();
        if open.is_empty() {
            open.extend(self.idle.iter().map(|(_, words)| words.clone()));
        }
        if open.is_empty() { "the cluster could not be read".to_owned() } else { format!("not passed yet: {}", lines(&open)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cause::Code;
    use crate::domain::check::Check;
    use crate::domain::object::ObjectRef;
    use crate::planner::example::namespace;

    /// A look in which the finding stands so, and what has to run stands so.
    fn look(finding: Stand, runs: Stand) -> Look {
        let object = ObjectRef::namespaced(Kind::Deployment, &namespace(), "web");
        let gone = Check::FindingGone { code: Code("img-tag-not-found"), object: object.clone(), field: None };
        let check = |check: Check, stand: Stand| Checked { check, stand, observed: String::new() };
        let idle = if runs == Stand::Holds { vec![] } else { vec![(runs, "web".to_owned())] };
        Look { checks: vec![check(gone, finding), check(Check::RolloutComplete(object), runs)], idle, ..Look::default() }
    }

    #[test]
    fn only_what_is_contradicted_when_the_time_has_passed_is_unresolved() {
        let late = |look: Look| look.late_verdict(120).0;
        assert_eq!(late(look(Stand::Holds, Stand::Fails)), Verdict::Unresolved);
        assert_eq!(late(look(Stand::Fails, Stand::NotYet)), Verdict::Unresolved);
        assert_eq!(late(look(Stand::Holds, Stand::NotYet)), Verdict::Unclear, "it is still starting");
        assert_eq!(late(look(Stand::NotYet, Stand::NotYet)), Verdict::Unclear);
        assert_eq!(late(look(Stand::Fails, Stand::Unseen)), Verdict::Unclear, "it could not be read");
        assert_eq!(late(look(Stand::Holds, Stand::Holds)), Verdict::Unclear, "it has only begun to hold");
        let left = |suspect: bool| Look { remains: vec!["db".to_owned()], suspect, ..look(Stand::Holds, Stand::Fails) };
        assert_eq!((late(left(false)), late(left(true))), (Verdict::Partly, Verdict::Unresolved));
    }

    #[test]
    fn what_held_is_resolved_only_with_nothing_left_unread_or_in_doubt() {
        let held = || look(Stand::Holds, Stand::Holds);
        let some = || vec!["db".to_owned()];
        assert_eq!(held().verdict().0, Verdict::Resolved);
        assert_eq!(Look { remains: some(), ..held() }.verdict().0, Verdict::Partly);
        assert_eq!(Look { in_doubt: some(), ..held() }.verdict().0, Verdict::Unclear);
        assert_eq!(Look { unread: vec![Kind::Ingress], ..held() }.verdict().0, Verdict::Unclear);
    }

    #[test]
    fn nothing_is_waited_for_where_nothing_is_meant_to_run() {
        let waits = |look: Look| look.shows_nothing().is_none();
        assert!(!waits(look(Stand::Idle, Stand::Idle)));
        assert!(waits(look(Stand::Fails, Stand::Idle)), "the change is not there yet");
        assert!(waits(look(Stand::Holds, Stand::NotYet)));
        assert!(waits(look(Stand::Holds, Stand::Holds)));
    }
}
