//! Looking again: whether a session's checks hold now. Nothing here can write to a cluster. The verdict is saved where the session
//! has none: its change was made, and nobody saw what came of it.

use super::carry_out::take_in;
use super::effects::Stands;
use super::report::{Report, Status};
use super::standing::{Standing, TakenBack};
use super::{Caller, Remediation, Validate, WorkflowError, effects, settle, view};
use crate::domain::ending::Ending;
use crate::domain::finding::Advice;
use crate::domain::id::SessionId;
use crate::domain::ours::OurCommand;
use crate::domain::usage::Usage;
use crate::domain::validation::{Validation, Verdict};
use crate::ports::{Phase, ReadError};
use crate::session::Session;
use std::time::Duration;

/// A validation by itself waits no longer than this in all, from its beginning: clients give a call a minute, of which the last look and
/// what follows it take their part.
const AT_MOST: Duration = Duration::from_secs(45);
/// What is asked about the plan's objects besides may take so long, before and after.
const BESIDES: Duration = Duration::from_secs(5);

impl Remediation {
    /// Whether it holds now: a session's checks, watched through the settle window, or an issue looked at afresh.
    ///
    /// # Errors
    /// There is no such session, or nothing can be read.
    pub async fn validate(&self, what: &Validate, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        match what {
            Validate::Issue(problem) => self.analyze(problem, caller).await,
            Validate::Session(id) => self.revalidate(id, caller).await,
        }
    }

    async fn revalidate(&self, id: &SessionId, caller: &Caller<'_>) -> Result<Report, WorkflowError> {
        let progress = caller.progress;
        let began = self.parts.clock.monotonic();
        let meter = self.meter(caller);
        let mut session = self.session_here(id, meter.read.as_ref()).await?;
        let Some(plan) = session.planned().map(|planned| planned.plan.clone()) else {
            return Err(WorkflowError::State { session: id.clone(), state: "has no plan to validate; validate the issue instead" });
        };
        progress.tell(Phase::Validating, "running the plan's success checks");
        if let Session::Closed(closed) = &session
            && (closed.ending == Ending::Interrupted
                || closed
                    .execution
                    .as_ref()
                    .is_some_and(|e| e.is_unknown() || e.undo_is_unknown() || (e.cancelled && !e.changed_nothing())))
        {
            let found = self.in_time(effects::seen(&plan, closed.execution.as_ref(), meter.read.as_ref())).await;
            session.header_mut().advice.extend(found.unwrap_or_default());
        }
        let scope = session.header().scope.clone();
        let header = session.header();
        let case = settle::Case {
            plan: &plan,
            scope: &scope,
            before: &header.diagnosis,
            purpose: &header.purpose,
            made: Standing::of(&session).execution,
        };
        let (read, clock) = (meter.read.as_ref(), self.parts.clock.as_ref());
        let left = AT_MOST.saturating_sub(clock.monotonic().saturating_sub(began));
        let patience = self.parts.timing.patience(&plan).within(left, !plan.judged.about.is_empty());
        let mut settled = if was_applied(&session) {
            settle::settle(None, case, read, clock, patience, caller).await
        } else {
            settle::look_once(case, read, clock, patience, caller).await
        };
        if let Some(later) = settled.seen.take() {
            take_in(session.header_mut(), later);
        }
        let verdict = settled.validation.verdict;
        // What somebody changed again since says nothing of what we changed: it is theirs. And what could not be read may be.
        let stands = match Standing::of(&session).execution.filter(|_| took_effect(&session)) {
            Some(execution) => {
                let stands = self.in_time(effects::stands(&plan, execution, meter.read.as_ref())).await;
                stands.unwrap_or_else(|| Stands::Unread(ReadError::TimedOut("what the plan changed".to_owned(), BESIDES)))
            }
            None => Stands::AsSet,
        };
        let unsaid = match &stands {
            Stands::AsSet => None,
            Stands::ChangedSince => Some((
                "what the plan changed was changed again since, so this verdict is about what is there now, and not about the plan".to_owned(),
                "the object does not have what the plan set, or is another one of its name".to_owned(),
            )),
            Stands::Unread(error) => Some((
                "whether what the plan changed is still there could not be read, so this verdict is about what is there now, and not about the plan"
                    .to_owned(),
                error.to_string(),
            )),
        };
        let stands = stands == Stands::AsSet;
        if let Some((text, why)) = unsaid {
            session.header_mut().advice.push(Advice { text, command: Some(OurCommand::Show(id.clone()).to_string()), why });
        } else if self.judge(id, &settled.validation).await {
            session.header_mut().advice.push(Advice {
                text: format!("session {id} ends as {} now", plan.ending(verdict).as_str()),
                command: None,
                why: "all of its steps took effect, and what came of them was not known when it ended".to_owned(),
            });
        }
        let taken_back = self.records().taken_back(&session).await;
        if stands && verdict == Verdict::Unresolved && took_effect(&session) && taken_back.as_ref().and_then(TakenBack::seen).is_none() {
            session.header_mut().advice.push(Advice {
                text: "the change took effect and did not help; it can be rolled back".to_owned(),
                command: Some(OurCommand::Undo(id.clone()).to_string()),
                why: "a rollback is a plan of its own, and a human approves it".to_owned(),
            });
        }
        // What this look costs, not what the session has cost.
        let mut usage = Usage::default();
        self.charge(&mut usage, &meter);
        session.header_mut().usage = usage;
        let status = Status::from(plan.ending(verdict));
        let report = view::report(&Standing {
            status,
            underway: None,
            validation: Some(&settled.validation),
            taken_back: taken_back.as_ref(),
            ..Standing::of(&session)
        });
        progress.tell(Phase::Done, report.status.as_str());
        Ok(report)
    }

    /// What it comes to, unless the cluster takes too long to answer.
    async fn in_time<T>(&self, read: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            read = read => Some(read),
            () = self.parts.clock.sleep(BESIDES) => None,
        }
    }

    /// Gives a session the verdict that it ended without. Says whether it did.
    async fn judge(&self, id: &SessionId, validation: &Validation) -> bool {
        if validation.verdict == Verdict::Unclear {
            return false;
        }
        match self.ledger.load(id).await {
            Ok(Some((revision, Session::Closed(closed)))) if closed.is_unjudged() => {
                let mut closed = closed.judged(validation.clone());
                let note = format!("validated again: {}", closed.ending.as_str());
                closed.header.trail.note(self.parts.clock.now(), "kubemend", &note);
                // Where it cannot be saved, it is told to this caller, and the next look can say it again.
                self.ledger.save(&Session::Closed(closed), Some(revision)).await.is_ok()
            }
            Ok(_) | Err(_) => false,
        }
    }
}

/// Whether a step of it is known to have taken effect, and is not rolled back.
fn took_effect(session: &Session) -> bool {
    let Session::Closed(closed) = session else { return false };
    closed.execution.as_ref().is_some_and(|e| e.reverted.is_none() && e.steps.iter().any(|step| step.took_effect() == Some(true)))
}

/// Whether anything of the plan may have taken effect.
fn was_applied(session: &Session) -> bool {
    match session {
        Session::Investigating(_) | Session::Diagnosed(_) | Session::AwaitingApproval(_) => false,
        Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) => true,
        Session::Closed(closed) => closed.may_have_changed(),
    }
}
