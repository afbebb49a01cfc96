//! What to do next with a report: decided here for every surface, and worded by each in its own way.

use super::report::{AdviceView, ExecutionView, Report, Status};
use crate::domain::cause::CauseSource;
use crate::domain::execution::Became;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Next<'a> {
    /// A human answers the question that waits.
    Answer,
    /// Nobody was asked about the plan yet: to remediate with the session does that.
    Apply,
    /// kubemend cannot apply the plan, for the reason of this advice: a reader who is sent to remediate comes back with the same.
    ByHand(&'a AdviceView),
    /// Nobody was asked about what somebody states, for the reason of this advice: to remediate looks with rules, which have no such plan.
    NotAsked(&'a AdviceView),
    /// Nothing was changed, and this plan is of no use any more: to remediate with the session looks again.
    LookAgain,
    /// The same of an undo: a human plans it again, and no call does.
    UndoAgain(&'a str),
    /// What was sent is checked again.
    Validate,
    /// What is advised, if anything.
    Advice,
}

/// What to do next.
pub fn next(report: &Report) -> Next<'_> {
    match (of_its_status(report), report.undoes.as_deref()) {
        // The operator's model is asked again wherever its session is looked at again.
        (Next::Apply, None) if is_by(report, CauseSource::Model) && report.execution.is_none() => Next::Apply,
        // Whoever looks again looks with rules, which have no such plan, and what was declined is not asked again.
        (Next::Apply | Next::LookAgain | Next::ByHand(_) | Next::NotAsked(_), _) if is_over_unmade(report) => {
            report.withheld.as_ref().map_or(Next::Advice, Next::NotAsked)
        }
        (Next::Apply | Next::LookAgain, Some(undone)) => Next::UndoAgain(undone),
        // Its change is not there any more: its checks say nothing.
        (Next::Validate, _) if report.undone_by.is_some() => Next::Advice,
        (next, _) => next,
    }
}

fn of_its_status(report: &Report) -> Next<'_> {
    let unapplied = report.plan.is_some() && report.execution.is_none();
    let unmade = report.plan.is_some() && changed_nothing(report);
    match report.status {
        Status::AwaitingApproval => Next::Answer,
        Status::Declined => Next::LookAgain,
        Status::Expired if unapplied => Next::LookAgain,
        Status::Failed if unmade && !sent_nothing(report) => Next::LookAgain,
        Status::Unresolved | Status::Unclear | Status::Failed | Status::Interrupted if unmade => Next::Apply,
        // The plan of one that was validated may wait, or have been declined: to validate it again comes back with the same.
        // What somebody merely states leaves a result inconclusive, and can have a plan all the same.
        Status::Diagnosed | Status::Inconclusive | Status::Unresolved | Status::Unclear if unapplied => {
            report.withheld.as_ref().map(Next::NotAsked).or_else(|| by_hand(report).map(Next::ByHand)).unwrap_or(Next::Apply)
        }
        Status::Unresolved | Status::Unclear | Status::Failed | Status::Interrupted => Next::Validate,
        Status::Diagnosed
        | Status::Healthy
        | Status::Inconclusive
        | Status::Expired
        | Status::Resolved
        | Status::Partly
        | Status::Reverted => Next::Advice,
    }
}

/// Whether it has a plan of what somebody states, of which nobody is asked any more or yet, and of which nothing was done: however that
/// came, its lines are not for a reader to type, and no call leads back to it.
pub(super) fn is_over_unmade(report: &Report) -> bool {
    let unmade = report.execution.is_none() || changed_nothing(report);
    report.plan.as_ref().is_some_and(|plan| plan.by.is_some()) && report.status != Status::AwaitingApproval && unmade
}

fn is_by(report: &Report, source: CauseSource) -> bool {
    report.plan.as_ref().is_some_and(|plan| plan.by == Some(source))
}

/// Whether it takes back what another session did.
pub fn is_undo(report: &Report) -> bool {
    report.undoes.is_some()
}

/// No step was sent, nor refused before it could be.
pub(super) fn sent_nothing(report: &Report) -> bool {
    report.execution.iter().flat_map(|done| &done.steps).all(|step| step.outcome == Became::NotReached)
}

/// The advice to make the plan's change by hand, which there is where kubemend cannot make it.
fn by_hand(report: &Report) -> Option<&AdviceView> {
    let typed = |advice: &&AdviceView| report.plan.iter().flat_map(|p| &p.steps).any(|step| advice.command.as_ref() == Some(&step.command));
    report.advice.iter().find(typed)
}

/// Whether it is known of each step of a plan that was to be applied that it did not take effect.
pub(crate) fn changed_nothing(report: &Report) -> bool {
    let all = |done: &ExecutionView| done.steps.iter().all(|step| step.outcome.changed_nothing());
    report.execution.as_ref().is_some_and(all)
}

#[cfg(test)]
mod tests {
    use super::super::blocks::tests::waiting;
    use super::super::report::{ExecutionView, StepOutcomeView};
    use super::*;

    /// A report with this status, whose plan was sent with this outcome or not at all.
    fn report(status: Status, outcome: Option<Became>) -> Report {
        let step = |outcome| StepOutcomeView { outcome, at: None, message: None };
        let execution = outcome.map(|outcome| ExecutionView { steps: vec![step(outcome)], reverted: None });
        Report { status, execution, ..waiting(1, "+x") }
    }

    #[test]
    fn a_plan_that_was_not_applied_is_never_validated_again_and_one_that_was_is_never_applied_again() {
        for status in [Status::Diagnosed, Status::Unresolved, Status::Unclear] {
            assert_eq!(next(&report(status, None)), Next::Apply, "{status:?}");
        }
        for status in [Status::Unresolved, Status::Unclear, Status::Failed, Status::Interrupted] {
            assert_eq!(next(&report(status, Some(Became::Unknown))), Next::Validate, "{status:?}");
        }
        for (status, outcome) in [(Status::Declined, None), (Status::Expired, None), (Status::Failed, Some(Became::Refused))] {
            assert_eq!(next(&report(status, outcome)), Next::LookAgain, "{status:?}");
        }
    }

    #[test]
    fn a_plan_that_kubemend_cannot_apply_leads_to_its_commands_and_nowhere_else() {
        for status in [Status::Diagnosed, Status::Unresolved, Status::Unclear] {
            let mut report = report(status, None);
            let command = report.plan.iter().flat_map(|plan| &plan.steps).map(|step| step.command.clone()).next();
            let advice = AdviceView { text: "patch it by hand".to_owned(), command, why: "its risk is high".to_owned(), cause: None };
            report.advice = vec![advice.clone()];
            assert_eq!(next(&report), Next::ByHand(&advice), "{status:?}");
        }
    }

    #[test]
    fn a_plan_that_nobody_is_asked_about_leads_to_the_reason() {
        for status in [Status::Diagnosed, Status::Inconclusive] {
            let mut report = report(status, None);
            report.plan.as_mut().unwrap().by = Some(CauseSource::Caller);
            let text = "a human is asked about the same object in session `s-2`".to_owned();
            let advice = AdviceView { text, command: None, why: "two questions".to_owned(), cause: None };
            report.withheld = Some(advice.clone());
            assert_eq!(next(&report), Next::NotAsked(&advice), "{status:?}");
            // It is a value of the session: no words of anybody are taken for it.
            report.withheld = None;
            report.advice = vec![AdviceView { text: "nobody is asked about this change: for no reason".to_owned(), ..advice }];
            assert_eq!(next(&report), Next::Advice, "{status:?}");
        }
    }

    #[test]
    fn plan_of_what_somebody_states_leads_back_to_nothing_however_its_question_ended() {
        use Status::{Declined, Diagnosed, Expired, Failed, Inconclusive, Interrupted, Unclear, Unresolved};
        for status in [Diagnosed, Inconclusive, Declined, Expired, Failed, Interrupted, Unclear, Unresolved] {
            for outcome in [None, Some(Became::Refused), Some(Became::NotReached)] {
                let mut report = report(status, outcome);
                report.plan.as_mut().unwrap().by = Some(CauseSource::Caller);
                let found = next(&report);
                assert!(is_over_unmade(&report) && matches!(found, Next::Advice | Next::Validate), "{status:?} {outcome:?}: {found:?}");
            }
        }
        // A model of the operator is asked again where its analysis is remediated, and what it said there was put to nobody.
        let mut analyzed = report(Inconclusive, None);
        analyzed.plan.as_mut().unwrap().by = Some(CauseSource::Model);
        assert!(next(&analyzed) == Next::Apply && is_over_unmade(&analyzed));
        let mut asked = report(Status::AwaitingApproval, None);
        asked.plan.as_mut().unwrap().by = Some(CauseSource::Caller);
        assert!(next(&asked) == Next::Answer && !is_over_unmade(&asked));
        asked.status = Status::Unresolved;
        asked.execution = report(Status::Unresolved, Some(Became::Applied)).execution;
        assert!(next(&asked) == Next::Validate && !is_over_unmade(&asked));
    }
}
