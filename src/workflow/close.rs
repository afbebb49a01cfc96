//! How a session ends in which nobody is asked: closed with its report, left by its caller, or given up where it cannot go on.

use super::view::report_of;
use super::{Caller, Meter, Opened, Remediation, WorkflowError};
use crate::domain::ending::Ending;
use crate::domain::id::SessionId;
use crate::ports::{Phase, Progress, Revision};
use crate::session::{Header, Planned, Session};

impl Remediation {
    /// Ends a session whose caller went away before anybody was asked.
    pub(super) async fn abandon(
        &self,
        mut header: Header,
        revision: Revision,
        ending: Ending,
        planned: Option<Planned>,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> WorkflowError {
        header.trail.note(self.parts.clock.now(), caller.origin.as_str(), "left before anybody was asked; nothing was changed");
        // Where this cannot be saved, the session ends by its own time.
        self.end(header, revision, ending, planned, meter).await.ok();
        WorkflowError::Cancelled
    }

    /// Records an analysis whose caller went away, where a model was asked: nobody else knows what that cost, and what the model did.
    pub(super) async fn leave(
        &self,
        mut header: Header,
        ending: Ending,
        planned: Option<Planned>,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> WorkflowError {
        if header.usage.model_calls > 0 {
            header.trail.note(self.parts.clock.now(), caller.origin.as_str(), "left before there was a report; nothing was changed");
            self.charge(&mut header.usage, meter);
            // Where this cannot be saved, it is as if nobody had looked.
            self.ledger.save(&Session::Closed(header.close(ending, planned)), None).await.ok();
        }
        WorkflowError::Cancelled
    }

    /// Ends a session in which nothing can be asked.
    pub(super) async fn close(
        &self,
        mut header: Header,
        revision: Revision,
        ending: Ending,
        planned: Option<Planned>,
        meter: &Meter,
        progress: &dyn Progress,
    ) -> Result<Opened, WorkflowError> {
        header.trail.note(self.parts.clock.now(), "kubemend", ending.as_str());
        let id = header.id.clone();
        let session = match self.end(header, revision, ending, planned, meter).await {
            Ok(session) => session,
            // On the heap: hardly any call comes here, and all would carry its room on their stack.
            Err(error) => return Err(Box::pin(self.given_up(&id, error)).await),
        };
        let report = report_of(&session);
        progress.tell(Phase::Done, report.status.as_str());
        Ok(Opened { report, question: None })
    }

    /// Closes a session before anything was sent, with what it cost.
    pub(super) async fn end(
        &self,
        mut header: Header,
        revision: Revision,
        ending: Ending,
        planned: Option<Planned>,
        meter: &Meter,
    ) -> Result<Session, WorkflowError> {
        self.charge(&mut header.usage, meter);
        let session = Session::Closed(header.close(ending, planned));
        self.ledger.save(&session, Some(revision)).await?;
        Ok(session)
    }

    /// Ends a session that was opened and whose call failed, so that it does not look as if somebody were still at it, or were asked.
    pub(super) async fn given_up(&self, id: &SessionId, error: WorkflowError) -> WorkflowError {
        let Ok(Some((revision, session))) = self.ledger.load(id).await else { return error };
        let mut closed = match session {
            Session::Investigating(investigating) => investigating.lapse(),
            // Its question was kept, and never shown.
            Session::AwaitingApproval(waiting) => waiting.give_way(),
            Session::Diagnosed(_) | Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) | Session::Closed(_) => {
                return error;
            }
        };
        closed.header.trail.note(self.parts.clock.now(), "kubemend", &format!("ended by an error; nothing was changed: {error}"));
        // Where this cannot be saved either, it ends by its own time.
        self.ledger.save(&Session::Closed(closed), Some(revision)).await.ok();
        error
    }
}
