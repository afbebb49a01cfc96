//! Where a session stands, as values: what its report is made of.

use super::report::Status;
use crate::domain::action::Action;
use crate::domain::execution::Execution;
use crate::domain::id::SessionId;
use crate::domain::ours::OurCommand;
use crate::domain::validation::Validation;
use crate::planner::inverse;
use crate::session::{Header, Planned, Session};
use jiff::Timestamp;

/// Something still goes on, which the status' word alone does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Underway {
    /// What is to be done is not decided yet.
    Investigating,
    /// Steps are being sent.
    Executing,
    /// The cluster is being watched.
    Validating,
    /// What was done is being undone.
    Reverting,
}

/// The session that was to take back what this one did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TakenBack {
    /// It did.
    By(SessionId),
    /// It changed something, or may have, and whether all is as it was is not known.
    PerhapsBy(SessionId),
}

impl TakenBack {
    /// Which session, where it did.
    pub(super) fn seen(&self) -> Option<&SessionId> {
        match self {
            Self::By(session) => Some(session),
            Self::PerhapsBy(_) => None,
        }
    }
}

/// What of a session is shown.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) header: &'a Header,
    pub(super) status: Status,
    pub(super) underway: Option<Underway>,
    pub(super) planned: Option<&'a Planned>,
    /// Until when an answer is waited for.
    pub(super) expires_at: Option<Timestamp>,
    pub(super) execution: Option<&'a Execution>,
    pub(super) validation: Option<&'a Validation>,
    /// It is shown from the record, and not after a look: when it ended, where it has.
    pub(super) ended: Option<Timestamp>,
    /// What took back what this one did, where that was looked for.
    pub(super) taken_back: Option<&'a TakenBack>,
}

impl<'a> Standing<'a> {
    /// The same for a reader who is shown the record: an end that is past is no news of the cluster.
    pub(super) fn recalled(session: &'a Session, taken_back: Option<&'a TakenBack>) -> Self {
        let ended = matches!(session, Session::Closed(_)).then(|| session.header().trail.moved_last()).flatten();
        Self { ended, taken_back, ..Self::of(session) }
    }

    /// The session that took back what this one did, where it is known to have done so.
    pub(super) fn undone_by(&self) -> Option<&'a SessionId> {
        self.taken_back.and_then(TakenBack::seen)
    }

    /// What a human types to take back what the session did, where something took effect, or may have, that can be taken back, and is
    /// not known to have been: what that command itself would take back decides.
    pub(super) fn undo(&self) -> Option<OurCommand> {
        let (plan, done) = (&self.planned?.plan, self.execution?);
        let open = self.underway.is_none() && self.undone_by().is_none() && self.header.purpose.undoes().is_none();
        let takes = inverse::of(plan, done, &self.header.id).takes;
        let some = takes.iter().any(|taken| matches!(taken.proposal.action, Action::Patch { .. } | Action::UndoRollout { .. }));
        (open && some).then(|| OurCommand::Undo(self.header.id.clone()))
    }

    /// Where the session stands.
    pub(super) fn of(session: &'a Session) -> Self {
        let header = session.header();
        let plain = |status| Self {
            header,
            status,
            underway: None,
            planned: session.planned(),
            expires_at: None,
            execution: None,
            validation: None,
            ended: None,
            taken_back: None,
        };
        match session {
            Session::Investigating(_) => {
                let status = if header.diagnosis.is_decided() { Status::Diagnosed } else { Status::Inconclusive };
                Self { underway: Some(Underway::Investigating), ..plain(status) }
            }
            Session::Diagnosed(_) => plain(Status::Diagnosed),
            Session::AwaitingApproval(s) => Self { expires_at: Some(s.expires_at), ..plain(Status::AwaitingApproval) },
            Session::Executing(s) => Self { underway: Some(Underway::Executing), execution: Some(&s.execution), ..plain(Status::Unclear) },
            Session::Validating(s) => {
                Self { underway: Some(Underway::Validating), execution: Some(&s.execution), ..plain(Status::Unclear) }
            }
            Session::Reverting(s) => Self {
                underway: Some(Underway::Reverting),
                execution: Some(&s.execution),
                validation: s.validation.as_ref(),
                ..plain(Status::Unclear)
            },
            Session::Closed(s) => Self { execution: s.execution.as_ref(), validation: s.validation.as_ref(), ..plain(s.ending.into()) },
        }
    }
}
