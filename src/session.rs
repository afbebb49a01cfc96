//! A session: its states and the ways between them. Everything with authority lives here: a [`journal::Permit`] exists only after
//! consent was given for that exact plan *and* the store has recorded that we are about to act.

pub(crate) mod approval;
#[cfg(any(test, fuzzing))]
pub(crate) mod foreign;
pub(crate) mod gate;
pub(crate) mod journal;
pub(crate) mod ledger;
pub(crate) mod process;
pub(crate) mod record;
pub(crate) mod secret;
pub(crate) mod trail;

use crate::domain::conversation::Conversation;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::door::Door;
use crate::domain::ending::Ending;
use crate::domain::execution::Execution;
use crate::domain::finding::Advice;
use crate::domain::id::SessionId;
use crate::domain::issue::{Origin, Scope};
use crate::domain::kind::Kind;
use crate::domain::limits::{Limits, Wishes};
use crate::domain::observation::Observations;
use crate::domain::ours::OurCommand;
use crate::domain::plan::{OnFailure, PlanDigest, RemediationPlan};
use crate::domain::proposal::ProposedBy;
use crate::domain::purpose::Purpose;
use crate::domain::snapshot::Cluster;
use crate::domain::usage::Usage;
use crate::domain::validation::{Validation, Verdict};
use gate::Rehearsal;
use jiff::Timestamp;
use process::ProcessMark;
use trail::Trail;

/// What every state carries: what was asked, what is known, and who did what. Values; the report is made of them, and never they of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) id: SessionId,
    pub(crate) opened_at: Timestamp,
    pub(crate) purpose: Purpose,
    /// Who asked.
    pub(crate) origin: Origin,
    /// From whom it has its cause, where no rule found it.
    pub(crate) proposed_by: Option<ProposedBy>,
    pub(crate) scope: Scope,
    pub(crate) limits: Limits,
    /// What the caller wished: whoever looks again for the session is bound by it too.
    pub(crate) wishes: Wishes,
    /// Which cluster: an approval fits no other.
    pub(crate) cluster: Cluster,
    /// Causes with the evidence that they cite, and what could not be seen.
    pub(crate) diagnosis: Diagnosis,
    /// Which kinds were read for it.
    pub(crate) looked: Vec<Kind>,
    /// What was looked at besides, for an investigation.
    pub(crate) observations: Observations,
    /// What was said with who investigates.
    pub(crate) conversation: Conversation,
    /// What a human should know or do about the session as a whole; a cause has its own.
    pub(crate) advice: Vec<Advice>,
    /// Why nobody is asked about the plan of what somebody states, where nobody is: no line to type is given for it then.
    pub(crate) withheld: Option<Advice>,
    pub(crate) usage: Usage,
    /// Who did what, when.
    pub(crate) trail: Trail,
    /// Which process carries the plan out, beside its pid; absent before that, and where the system does not tell.
    pub(crate) process: Option<ProcessMark>,
}

/// A plan, and what the API server said to its dry run; absent where none was made.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    pub(crate) plan: RemediationPlan,
    pub(crate) rehearsal: Option<Rehearsal>,
}

/// Something was looked at, and what is to be done is not decided yet. It rests: whoever goes on finds the diagnosis with its ids.
#[derive(Debug, PartialEq)]
pub(crate) struct Investigating {
    pub(crate) header: Header,
    /// After this nobody goes on from it.
    pub(crate) until: Timestamp,
}

/// A diagnosis that nobody has decided on.
#[derive(Debug, PartialEq)]
pub(crate) struct Diagnosed {
    pub(crate) header: Header,
    /// What could be done, where something can.
    pub(crate) planned: Option<Planned>,
    /// After this it must be made anew to go on from it.
    pub(crate) until: Timestamp,
}

/// A plan waits for a human.
#[derive(Debug, PartialEq)]
pub(crate) struct AwaitingApproval {
    pub(crate) header: Header,
    pub(crate) planned: Planned,
    pub(crate) digest: PlanDigest,
    /// The latest time that any of its questions states.
    pub(crate) expires_at: Timestamp,
    /// The questions that are out, oldest first.
    asked: Vec<secret::Asked>,
}

/// Consent was given. Never stored, never copied: a restart has to ask again.
#[derive(Debug)]
pub(crate) struct Approved {
    header: Header,
    planned: Planned,
    digest: PlanDigest,
}

impl Approved {
    /// What was approved.
    pub(crate) fn plan(&self) -> &RemediationPlan {
        &self.planned.plan
    }

    /// What it was decided on.
    pub(crate) fn header(&self) -> &Header {
        &self.header
    }

    /// In which session.
    pub(crate) fn id(&self) -> &SessionId {
        &self.header.id
    }
}

/// Steps are being sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Executing {
    pub(crate) header: Header,
    pub(crate) planned: Planned,
    /// What became of each step by now.
    pub(crate) execution: Execution,
    /// The process that does it, to tell a crash from patience.
    pub(crate) pid: u32,
    /// After this it is taken for dead whatever the process table says.
    pub(crate) until: Timestamp,
}

/// Steps were sent; the cluster is being watched.
#[derive(Debug, PartialEq)]
pub(crate) struct Validating {
    pub(crate) header: Header,
    pub(crate) planned: Planned,
    pub(crate) execution: Execution,
    pub(crate) pid: u32,
    pub(crate) until: Timestamp,
}

/// It did not help, and what was done is being undone.
#[derive(Debug, PartialEq)]
pub(crate) struct Reverting {
    pub(crate) header: Header,
    pub(crate) planned: Planned,
    /// With what became of each undo by now.
    pub(crate) execution: Execution,
    /// That it did not help, where that was seen.
    pub(crate) validation: Option<Validation>,
    pub(crate) pid: u32,
    pub(crate) until: Timestamp,
}

/// Nothing more will happen in this session.
#[derive(Debug, PartialEq)]
pub(crate) struct Closed {
    pub(crate) header: Header,
    pub(crate) ending: Ending,
    /// Kept for a later validation.
    pub(crate) planned: Option<Planned>,
    /// What was done, as far as it is known.
    pub(crate) execution: Option<Execution>,
    /// Whether it helped.
    pub(crate) validation: Option<Validation>,
}

impl Closed {
    /// When it ended, as far as that is told.
    pub(crate) fn ended_at(&self) -> Timestamp {
        self.header.trail.moved_last().unwrap_or(self.header.opened_at)
    }
}

/// A session at rest. Every state but the last has a time after which it ends by itself.
#[derive(Debug, PartialEq)]
pub(crate) enum Session {
    Investigating(Investigating),
    Diagnosed(Diagnosed),
    AwaitingApproval(AwaitingApproval),
    Executing(Executing),
    Validating(Validating),
    Reverting(Reverting),
    Closed(Closed),
}

impl Session {
    pub(crate) fn header(&self) -> &Header {
        match self {
            Session::Investigating(s) => &s.header,
            Session::Diagnosed(s) => &s.header,
            Session::AwaitingApproval(s) => &s.header,
            Session::Executing(s) => &s.header,
            Session::Validating(s) => &s.header,
            Session::Reverting(s) => &s.header,
            Session::Closed(s) => &s.header,
        }
    }

    pub(crate) fn header_mut(&mut self) -> &mut Header {
        match self {
            Session::Investigating(s) => &mut s.header,
            Session::Diagnosed(s) => &mut s.header,
            Session::AwaitingApproval(s) => &mut s.header,
            Session::Executing(s) => &mut s.header,
            Session::Validating(s) => &mut s.header,
            Session::Reverting(s) => &mut s.header,
            Session::Closed(s) => &mut s.header,
        }
    }

    pub(crate) fn planned(&self) -> Option<&Planned> {
        match self {
            Session::Investigating(_) => None,
            Session::Diagnosed(s) => s.planned.as_ref(),
            Session::AwaitingApproval(s) => Some(&s.planned),
            Session::Executing(s) => Some(&s.planned),
            Session::Validating(s) => Some(&s.planned),
            Session::Reverting(s) => Some(&s.planned),
            Session::Closed(s) => s.planned.as_ref(),
        }
    }
}

impl Header {
    /// Nobody is asked about the plan of what somebody states: what of it, and why.
    pub(crate) fn withhold(&mut self, text: &str, why: &str) {
        let text = format!("nobody is asked about this change: {text}");
        self.withheld = Some(Advice { text, command: None, why: why.to_owned() });
    }

    /// Ends the session without a change.
    pub(crate) fn close(self, ending: Ending, planned: Option<Planned>) -> Closed {
        Closed { header: self, ending, planned, execution: None, validation: None }
    }

    /// Rests as a diagnosis.
    pub(crate) fn diagnosed(self, planned: Option<Planned>, until: Timestamp) -> Diagnosed {
        Diagnosed { header: self, planned, until }
    }

    /// Waits for a human, with a token of which only the hash is kept.
    pub(crate) fn propose(
        self,
        planned: Planned,
        secret: [u8; 32],
        expires_at: Timestamp,
        door: Door,
    ) -> (AwaitingApproval, secret::Secret) {
        let secret = secret::Secret::new(secret);
        let digest = planned.plan.digest();
        let asked = vec![secret::Asked { token: secret.hash(), until: expires_at, door }];
        (AwaitingApproval { header: self, planned, digest, expires_at, asked }, secret)
    }
}

impl Investigating {
    /// Ends because nobody went on: what is known by now is the result.
    pub(crate) fn lapse(self) -> Closed {
        let ending = if self.header.diagnosis.is_decided() { Ending::Diagnosed } else { Ending::Inconclusive };
        self.header.close(ending, None)
    }
}

impl Diagnosed {
    /// Ends because nobody went on: the diagnosis is the result.
    pub(crate) fn lapse(self) -> Closed {
        self.header.close(Ending::Diagnosed, self.planned)
    }
}

impl AwaitingApproval {
    /// Ends with a no.
    pub(crate) fn decline(self) -> Closed {
        self.header.close(Ending::Declined, Some(self.planned))
    }

    /// Ends because another plan is better: what was concluded is the result.
    pub(crate) fn give_way(self) -> Closed {
        let ending = self.header.diagnosis.ending();
        self.header.close(ending, Some(self.planned))
    }

    /// Ends because nobody answered in time.
    pub(crate) fn expire(self) -> Closed {
        self.header.close(Ending::Expired, Some(self.planned))
    }
}

impl Executing {
    /// No step is sent any more.
    pub(crate) fn executed(self) -> Validating {
        let Self { header, planned, execution, pid, until } = self;
        Validating { header, planned, execution, pid, until }
    }

    /// The process that did it is gone: what took effect is recorded up to the step that it was about to send.
    pub(crate) fn interrupt(self) -> Closed {
        interrupted(self.header, self.planned, self.execution, None)
    }
}

impl Validating {
    /// The process that watched is gone.
    pub(crate) fn interrupt(self) -> Closed {
        interrupted(self.header, self.planned, self.execution, None)
    }

    /// The verdict fell, or there was nothing to watch.
    pub(crate) fn settle(self, validation: Option<Validation>) -> Closed {
        settled(self.header, self.planned, self.execution, validation)
    }
}

impl Reverting {
    /// The process that undid it is gone.
    pub(crate) fn interrupt(self) -> Closed {
        interrupted(self.header, self.planned, self.execution, self.validation)
    }

    /// What can be undone was sent, or refused.
    pub(crate) fn settle(self) -> Closed {
        settled(self.header, self.planned, self.execution, self.validation)
    }
}

impl Closed {
    /// Whether anything of the plan may have been made: a plan that nobody approved, and one of which no step took effect, was not.
    pub(crate) fn may_have_changed(&self) -> bool {
        self.execution.as_ref().is_some_and(|execution| !execution.changed_nothing())
    }

    /// Whether it was to take that session back, and may have changed something without all being seen to be as before.
    pub(crate) fn may_have_undone(&self, session: &SessionId) -> bool {
        self.header.purpose.undoes() == Some(session) && self.may_have_changed() && !self.has_undone(session)
    }

    /// Whether all that this session was to take back is taken back.
    pub(crate) fn has_undone(&self, session: &SessionId) -> bool {
        self.header.purpose.undoes() == Some(session) && self.ending == Ending::Reverted
    }

    /// All steps took effect as approved, and what came of them was not seen: the call was cut, the process died while it watched, or the
    /// time was over too early.
    pub(crate) fn is_unjudged(&self) -> bool {
        let applied = self.execution.as_ref().is_some_and(|e| e.is_complete() && e.reverted.is_none());
        let unseen = self.validation.as_ref().is_none_or(|v| v.verdict == Verdict::Unclear);
        applied && unseen && matches!(self.ending, Ending::Unclear | Ending::Interrupted)
    }

    /// The verdict that was missing.
    pub(crate) fn judged(self, validation: Validation) -> Self {
        let ending = self.planned.as_ref().map_or(self.ending, |planned| planned.plan.ending(validation.verdict));
        Self { ending, validation: Some(validation), ..self }
    }
}

/// How a session ends whose process is gone.
fn interrupted(mut header: Header, planned: Planned, execution: Execution, validation: Option<Validation>) -> Closed {
    header.advice.extend(unkept(&header.id, &planned.plan, &execution));
    Closed { execution: Some(execution), validation, ..header.close(Ending::Interrupted, Some(planned)) }
}

/// A rollback that was promised with the plan, and that nobody sends any more.
fn unkept(id: &SessionId, plan: &RemediationPlan, execution: &Execution) -> Option<Advice> {
    if plan.on_failure != OnFailure::Revert || execution.changed_nothing() || execution.is_undone() {
        return None;
    }
    let text = match &execution.reverted {
        None => format!("session {id} would have rolled back a change that does not help, and does not do so any more"),
        Some(_) => format!("session {id} began to roll back the change, and it is not known to be rolled back"),
    };
    Some(Advice {
        text: format!("{text}: validate it to learn what is there now, and undo it where the change does not help"),
        command: Some(OurCommand::Undo(id.clone()).to_string()),
        why: "a rollback was promised with the plan, and nobody could tell whether it is needed before the session ended".to_owned(),
    })
}

/// How a session ends in which something was sent.
fn settled(mut header: Header, planned: Planned, execution: Execution, validation: Option<Validation>) -> Closed {
    let verdict = validation.as_ref().map_or(Verdict::Unclear, |v| v.verdict);
    let ending = if execution.changed_nothing() {
        // Whyever it ended there: what was never made leaves nothing to be seen.
        Ending::Failed
    } else if execution.cancelled || execution.is_unknown() || execution.undo_is_unknown() {
        Ending::Unclear
    } else if !execution.is_complete() {
        Ending::Failed
    } else {
        match (verdict, execution.is_undone()) {
            (Verdict::Unresolved | Verdict::Unclear, true) => Ending::Reverted,
            (Verdict::Resolved | Verdict::Partly, _) | (Verdict::Unresolved | Verdict::Unclear, false) => planned.plan.ending(verdict),
        }
    };
    if ending == Ending::Unclear {
        header.advice.extend(unkept(&header.id, &planned.plan, &execution));
    }
    Closed { execution: Some(execution), validation, ..header.close(ending, Some(planned)) }
}
