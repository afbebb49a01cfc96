//! A question in the client's own dialog, by `elicitation/create`: it stays open until an answer comes, here or by another door, or
//! until the time that it states. Asking again closes no dialog. While it is open the client hears every ten seconds that somebody is asked.

use super::consent::{ApplyCode, human_answer};
use super::desk::QuestionDesk;
use crate::call::{CallError, HumanAnswer, PendingAnswer, UseCases};
use crate::ports::{Phase, Progress};
use crate::workflow::{Question, SessionStage, Undecided};
use rmcp::RoleServer;
use rmcp::model::{ClientResult, ElicitRequest, ServerRequest};
use rmcp::service::{PeerRequestOptions, RequestContext, RequestHandle, ServiceError};
use std::time::Duration;
use tokio::sync::oneshot::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the record is asked whether another door answered.
const LOOK: Duration = Duration::from_secs(1);
/// How often a client hears that its user is being asked: well below the minute after which many give up on a call.
const TELL: Duration = Duration::from_secs(10);

/// An open dialog.
pub(crate) struct Dialog {
    handle: RequestHandle<RoleServer>,
    pending: PendingAnswer,
    code: ApplyCode,
    asked: Instant,
    /// The end of the time that it states, by a clock that only goes forward.
    ends: Instant,
    /// When its call returned without it.
    left: Option<Instant>,
}

/// A client that closes its dialog because the call returned does so at once, by whatever word; nobody has decided anything by that.
const CLOSED_WITH_THE_CALL: Duration = Duration::from_secs(2);

/// What came of waiting.
pub(crate) enum Heard {
    /// An answer, or nobody is there any more.
    Answer(PendingAnswer, HumanAnswer),
    /// Another door answered, or the plan's time is over: the dialog was closed.
    Elsewhere(PendingAnswer),
    /// The question's own time is over, while a later one still waits: the dialog was closed.
    Over(PendingAnswer),
    /// Nothing came yet; the dialog stays open.
    Silence(Box<Dialog>),
}

/// Who ends the waiting.
pub(crate) struct Ends<'a> {
    /// The call was taken back.
    pub(crate) cancelled: &'a CancellationToken,
    /// The client closed its side.
    pub(crate) gone: &'a CancellationToken,
    /// After so long without an answer the call goes on without one; `None`: never.
    pub(crate) patience: Option<Duration>,
}

impl Dialog {
    /// Opens it, or says that the client could not.
    pub(crate) async fn open(
        desk: &QuestionDesk,
        request: &RequestContext<RoleServer>,
        question: Question,
    ) -> Result<Self, (PendingAnswer, Undecided)> {
        let left = desk.left(question.expires_at);
        let form = desk.form(&question, request);
        let code = ApplyCode::of(&question.digest);
        let pending = PendingAnswer::from(question);
        let ask = ServerRequest::ElicitRequest(ElicitRequest::new(form));
        let asked = Instant::now();
        match request.peer.send_cancellable_request(ask, PeerRequestOptions::no_options()).await {
            Ok(handle) => Ok(Self { handle, pending, code, asked, ends: asked.checked_add(left).unwrap_or(asked), left: None }),
            Err(error) => {
                tracing::debug!(%error, "the client could not be asked to ask");
                Err((pending, Undecided::Unanswered))
            }
        }
    }

    /// Waits for the first of what can come.
    ///
    /// # Errors
    /// The call was taken back.
    pub(crate) async fn hear(mut self, cases: &dyn UseCases, progress: &dyn Progress, ends: &Ends<'_>) -> Result<Heard, CallError> {
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = Instant::now();
        loop {
            tokio::select! {
                biased;
                () = ends.cancelled.cancelled() => {
                    let pending = self.withdraw("the call was cancelled", ends.gone).await;
                    cases.withdraw(&pending.session, &pending.token).await;
                    return Err(CallError::cancelled());
                }
                () = ends.gone.cancelled() => return Ok(Heard::Answer(self.pending, HumanAnswer::Nobody)),
                answer = &mut self.handle.rx => {
                    let answer = self.read(answer);
                    return Ok(Heard::Answer(self.pending, answer));
                }
                _ = look.tick() => {}
            }
            // A store that cannot be read just now closes no dialog: the answer will be checked against it.
            if !matches!(cases.stage(&self.pending.session).await, Ok(SessionStage::Awaiting) | Err(_)) {
                return Ok(Heard::Elsewhere(self.withdraw("it was answered elsewhere, or its plan has expired", ends.gone).await));
            }
            if Instant::now() >= self.ends {
                return Ok(Heard::Over(self.withdraw("its time has ended", ends.gone).await));
            }
            if ends.patience.is_some_and(|patience| self.asked.elapsed() >= patience) {
                self.left = Some(Instant::now());
                return Ok(Heard::Silence(Box::new(self)));
            }
            if told.elapsed() >= TELL {
                told = Instant::now();
                let waited = self.asked.elapsed().as_secs();
                progress.tell(Phase::AwaitingApproval, &format!("the user has been asked for {waited} s"));
            }
        }
    }

    fn read(&self, answer: Result<Result<ClientResult, ServiceError>, RecvError>) -> HumanAnswer {
        let closed_with_the_call = self.left.is_some_and(|left| left.elapsed() < CLOSED_WITH_THE_CALL);
        match self.answer(answer) {
            // What is left is the plan's own code, which no client makes by closing its dialog.
            HumanAnswer::No | HumanAnswer::Undecided(_) if closed_with_the_call => HumanAnswer::Nobody,
            answer => answer,
        }
    }

    fn answer(&self, answer: Result<Result<ClientResult, ServiceError>, RecvError>) -> HumanAnswer {
        match answer {
            Ok(Ok(ClientResult::ElicitResult(result))) => human_answer(&result, &self.code, self.asked.elapsed()),
            Ok(Ok(_)) => HumanAnswer::Undecided(Undecided::ByItself),
            Ok(Err(error)) => {
                tracing::debug!(%error, "the client could not ask its user");
                HumanAnswer::Undecided(Undecided::Unanswered)
            }
            Err(_closed) => HumanAnswer::Nobody,
        }
    }

    /// Lets the client close its dialog.
    pub(crate) async fn withdraw(self, reason: &str, gone: &CancellationToken) -> PendingAnswer {
        if !gone.is_cancelled() {
            let _gone = self.handle.cancel(Some(reason.to_owned())).await;
        }
        self.pending
    }
}
