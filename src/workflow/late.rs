//! Answers that come too late: after another door answered, or after the time for one. They change nothing, and they leave a trace: the
//! record has them, and whoever gave one hears which answer counted.

use super::records::{NOTE_ATTEMPTS, Records};
use super::report::{AdviceView, Report};
use super::view::report_of;
use super::{Approver, LateAnswer, Remediation, WorkflowError};
use crate::domain::ending::Ending;
use crate::domain::id::SessionId;
use crate::ports::StoreError;
use crate::session::Session;
use crate::session::ledger::LedgerError;
use crate::session::trail::Effect;

impl Records {
    /// Records an answer that came too late, and says in the report what it came after. A session that is being carried out belongs to
    /// the process that does it: its end is waited for first, with [`super::Remediation::follow`].
    ///
    /// # Errors
    /// There is no such session, or the store cannot be read.
    pub async fn too_late(&self, id: &SessionId, by: &Approver, said: LateAnswer) -> Result<Report, WorkflowError> {
        let mut attempt = 1;
        loop {
            let (revision, mut session) = self.ledger.load(id).await?.ok_or_else(|| WorkflowError::NoSession(id.clone()))?;
            let (after, told) = came_after(&session);
            let what = format!("{} {after}: it changed nothing", said.in_words());
            let rests = matches!(session, Session::AwaitingApproval(_) | Session::Closed(_));
            if rests && session.header_mut().trail.note_without_effect(self.clock.now(), &by.in_words(), &what, Effect::Late) {
                match self.ledger.save(&session, Some(revision)).await {
                    Err(LedgerError::Store(StoreError::Conflict(_))) if attempt < NOTE_ATTEMPTS => {
                        attempt = attempt.saturating_add(1);
                        continue;
                    }
                    // Where it cannot be recorded, it is told all the same.
                    Ok(_) | Err(_) => {}
                }
            }
            return Ok(with_first(report_of(&session), told));
        }
    }
}

impl Remediation {
    /// See [`Records::too_late`].
    ///
    /// # Errors
    /// See there.
    pub async fn too_late(&self, session: &SessionId, by: &Approver, said: LateAnswer) -> Result<Report, WorkflowError> {
        self.records().too_late(session, by, said).await
    }
}

/// What was before it: as the record has it, and as whoever gave it hears it.
fn came_after(session: &Session) -> (String, String) {
    let expired = matches!(session, Session::Closed(closed) if closed.ending == Ending::Expired);
    match session.header().trail.answered_by() {
        Some(who) => (format!("after {who}"), format!("answered before by {who}; your answer changed nothing")),
        None if expired => {
            ("after the plan had expired".to_owned(), "the plan had expired before your answer, which changed nothing".to_owned())
        }
        None => (
            "after the time for this answer".to_owned(),
            "the time for this answer had ended before it came, and it changed nothing".to_owned(),
        ),
    }
}

/// The report of a session that another door answered, with which one it was.
pub(super) fn answered_elsewhere(session: &Session) -> Report {
    let report = report_of(session);
    match session.header().trail.answered_by() {
        Some(who) => with_first(report, format!("answered by {who}, and not in this call")),
        None => report,
    }
}

fn with_first(mut report: Report, text: String) -> Report {
    let why = "a plan waits at several doors, and the first answer in time counts".to_owned();
    report.advice.insert(0, AdviceView { text, command: None, why, cause: None });
    report
}
