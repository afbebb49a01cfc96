//! The calling agent looks for itself: read-only probes in the name of a session, which keeps what they brought, so that a
//! conclusion can cite it.

mod custom;

use super::looked::Looked;
use super::observed::ObservationView;
use super::records::NOTE_ATTEMPTS;
use super::spans;
use super::view::{observation, report_of};
use super::{Caller, Meter, Remediation, WorkflowError};
use crate::domain::conversation::{CallBrought, Came, Spoken, kept};
use crate::domain::evidence::{Gap, GapWhy};
use crate::domain::excerpt::Excerpt;
use crate::domain::id::SessionId;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::ports::{ClusterRead, CustomKinds, Phase, ReadError, StoreError, gap};
use crate::probe;
use crate::probe::arguments::{Context, Custom, LookArguments, Unread};
use crate::probe::outcome::{Length, Outcome};
use crate::session::ledger::LedgerError;
use crate::session::{Header, Session};
use crate::workflow::collect::seen_at;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// All looks of one call together may take so long: clients wait for a minute, and for an answer that names what is missing as well.
const TIME: Duration = Duration::from_secs(30);
/// Discovery may take so much of it: the looks beside it need none.
const KINDS_TIME: Duration = Duration::from_secs(10);
/// Custom objects may take so much of the time of the first looks.
const CUSTOM_TIME: Duration = Duration::from_secs(6);
/// Those that nobody asked for.
const FIRST_TIME: Duration = Duration::from_secs(10);

/// The answer to one look, before it has its id.
pub(super) enum Answer {
    Seen(Observation),
    Unseen { asked: String, why: Excerpt },
}

impl Answer {
    fn unseen(look: &Look, why: &str) -> Self {
        Self::Unseen { asked: Excerpt::line(&look.to_string()).to_string(), why: Excerpt::line(why) }
    }
}

impl Remediation {
    /// Takes these looks, and keeps what was seen in the session, whether or not it has ended: looking changes nothing about that.
    ///
    /// # Errors
    /// There is no such session, it is about another cluster, or nothing can be read at all.
    pub async fn look(&self, id: &SessionId, asked: &[LookArguments], caller: &Caller<'_>) -> Result<Looked, WorkflowError> {
        let meter = self.meter(caller);
        let answers = tokio::select! {
            answers = self.answers(id, asked, &meter, caller) => answers?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        caller.progress.tell(Phase::Done, "looked");
        self.keep(id, answers, &meter).await
    }

    async fn answers(
        &self,
        id: &SessionId,
        asked: &[LookArguments],
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Vec<Answer>, WorkflowError> {
        let read = meter.read.as_ref();
        let session = self.session_here(id, read).await?;
        if !self.parts.allowed.investigate.offers_looks() {
            return Err(WorkflowError::NotOffered);
        }
        may_be_added_to(&session)?;
        let until = Instant::now().checked_add(TIME).unwrap_or_else(Instant::now);
        // Only where a word needs it: it is a large answer.
        let needed = asked.iter().any(LookArguments::names_an_unknown_kind);
        let custom = if needed { Some(kinds_within(KINDS_TIME, read).await) } else { None };
        let context = Context { namespace: session.header().scope.namespace(), custom: Custom::of(custom.as_ref()) };
        let mut answers: Vec<Answer> = Vec::new();
        let (mut unreached, mut reached) = (None, false);
        for arguments in asked {
            answers.push(match arguments.understood(&context) {
                Ok(look) => {
                    caller.progress.tell(Phase::Collecting, Excerpt::line(&look.to_string()).as_str());
                    match timeout_at(until, self.answer(&look, Length::ASKED.at(arguments.page()), read)).await {
                        Ok(Ok(answer)) => {
                            reached = true;
                            answer
                        }
                        // One connection may break and the next one not.
                        Ok(Err(error)) => {
                            let answer = Answer::unseen(&look, &error.in_a_report());
                            unreached.get_or_insert(error);
                            answer
                        }
                        Err(_) => over(&look),
                    }
                }
                Err(why) => Answer::Unseen { asked: Excerpt::line(&arguments.in_words()).to_string(), why: Excerpt::line(&why) },
            });
        }
        // Where nothing at all was reached, the call says so.
        match unreached.filter(|_| !reached) {
            Some(error) => Err(error.into()),
            None => Ok(answers),
        }
    }

    pub(super) async fn answer(&self, look: &Look, length: Length, read: &dyn ClusterRead) -> Result<Answer, ReadError> {
        let now = || seen_at(read, self.parts.clock.as_ref());
        let span = spans::execute_tool(look.probe());
        let outcome = spans::within(&span, probe::run(look, length, read, &self.parts.allowed, now())).await;
        match &outcome {
            Ok(Outcome::Seen { .. }) => {}
            Ok(Outcome::Unseen(_)) => spans::failed(&span, "nothing seen"),
            Err(_) => spans::failed(&span, "not read"),
        }
        Ok(answer_of(look, length, outcome?, now()))
    }

    /// What is looked at without being asked for, where no rule explains what is wrong: whoever goes on from there begins with it. Where
    /// rules see nothing wrong, that is what custom objects say of themselves.
    /// What the operator keeps back is left out; what could not be read is a gap, since a report without a log reads as one of a program
    /// that wrote none.
    pub(super) async fn look_first(&self, looks: &[Look], header: &mut Header, read: &dyn ClusterRead, caller: &Caller<'_>) {
        if !caller.looks_on && self.parts.own_model.is_none() {
            return;
        }
        let until = Instant::now().checked_add(FIRST_TIME).unwrap_or_else(Instant::now);
        let beyond = if looks.is_empty() {
            // What they lead to needs time as well.
            let listed = Instant::now().checked_add(CUSTOM_TIME).unwrap_or(until).min(until);
            tokio::select! {
                found = Box::pin(custom::looks(header, read, listed)) => found,
                () = caller.cancel.cancelled() => return,
            }
        } else {
            Vec::new()
        };
        for look in looks.iter().chain(&beyond) {
            let asked = Excerpt::line(&look.to_string()).to_string();
            caller.progress.tell(Phase::Collecting, &asked);
            let now = || seen_at(read, self.parts.clock.as_ref());
            let taken = tokio::select! {
                taken = timeout_at(until, probe::unasked(look, Length::UNASKED, read, &self.parts.allowed, now())) => taken,
                () = caller.cancel.cancelled() => return,
            };
            let why = match taken {
                Ok(Ok(outcome)) => {
                    if let Answer::Seen(observation) = answer_of(look, Length::UNASKED, outcome, now()) {
                        header.observations.add(observation).ok();
                    }
                    continue;
                }
                Ok(Err(error)) => missed(&error, &asked),
                Err(_) => Gap { what: asked, why: GapWhy::Timeout, unlock: None },
            };
            // What kept everything from being read came after the rules' own reading: it is missing all the same.
            header.diagnosis.miss(why);
        }
    }

    /// Records what was seen beside whatever else happened to the session meanwhile.
    async fn keep(&self, id: &SessionId, answers: Vec<Answer>, meter: &Meter) -> Result<Looked, WorkflowError> {
        let mut attempt = 1;
        loop {
            let (revision, mut session) = self.ledger.load(id).await?.ok_or_else(|| WorkflowError::NoSession(id.clone()))?;
            may_be_added_to(&session)?;
            let told = take_in(&mut session, &answers, self.parts.clock.now());
            self.charge(&mut session.header_mut().usage, meter);
            match self.ledger.save(&session, Some(revision)).await {
                Err(LedgerError::Store(StoreError::Conflict(_))) if attempt < NOTE_ATTEMPTS => attempt += 1,
                Ok(_) => return Ok(Looked { report: report_of(&session), answers: told }),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn answer_of(look: &Look, length: Length, outcome: Outcome, seen_at: Timestamp) -> Answer {
    let asked = Excerpt::line(&format!("{look}{}", length.page_in_words())).to_string();
    match outcome {
        Outcome::Seen { text, more } => {
            let (object, field) = (look.object().cloned(), look.field().cloned());
            Answer::Seen(Observation { probe: look.probe(), asked, object, field, text, more, seen_at })
        }
        Outcome::Unseen(why) => Answer::Unseen { asked, why },
    }
}

/// What is missing where a first look failed: the rules read the object a moment ago, so that one that is not there is gone.
fn missed(error: &ReadError, asked: &str) -> Gap {
    let in_its_words = || Excerpt::line(&format!("{asked}: {}", error.in_a_report())).to_string();
    let failed = || Gap { what: in_its_words(), why: GapWhy::Failed, unlock: None };
    match error {
        ReadError::NotFound(_) => Gap { what: asked.to_owned(), why: GapWhy::Gone, unlock: None },
        ReadError::Forbidden { .. } | ReadError::TimedOut(..) | ReadError::NotRecorded(_) => gap(error, asked).unwrap_or_else(failed),
        ReadError::Expired(_)
        | ReadError::Refused { .. }
        | ReadError::Unauthorized { .. }
        | ReadError::Unreachable { .. }
        | ReadError::Config(_)
        | ReadError::Kubeconfig { .. }
        | ReadError::Options(_) => failed(),
    }
}

/// That there was no time left for a look.
fn over(look: &Look) -> Answer {
    let why = format!(
        "there was no time left of the {} seconds for all looks of one call; those before it were answered: ask again for this one",
        TIME.as_secs()
    );
    Answer::unseen(look, &why)
}

/// The custom kinds of the cluster, or why they are not known. Nothing of it is remembered: the next call asks again.
pub(super) async fn kinds_within(time: Duration, read: &dyn ClusterRead) -> Result<CustomKinds, Unread> {
    match timeout(time, read.custom_kinds()).await {
        Ok(Ok(kinds)) => Ok(kinds),
        Ok(Err(error)) => Err(Unread(Excerpt::line(&error.in_a_report()).to_string())),
        Err(_) => Err(Unread(format!("the API server did not list them within {} s", time.as_secs()))),
    }
}

/// Nothing is recorded beside a plan that waits or is carried out: whoever decides on it, or carries it out, owns the record.
fn may_be_added_to(session: &Session) -> Result<(), WorkflowError> {
    let state = match session {
        Session::Investigating(_) | Session::Diagnosed(_) | Session::Closed(_) => return Ok(()),
        Session::AwaitingApproval(_) => "has a plan that waits for approval: look in the session of an analyze call instead",
        Session::Executing(_) | Session::Validating(_) | Session::Reverting(_) => {
            "is being carried out: look in the session of an analyze call instead"
        }
    };
    Err(WorkflowError::State { session: session.header().id.clone(), state })
}

/// Adds what was seen to the session; what has no place there is answered all the same, without an id.
fn take_in(session: &mut Session, answers: &[Answer], now: Timestamp) -> Vec<ObservationView> {
    let unseen = |asked: &str, text: String| ObservationView { id: None, asked: asked.to_owned(), text, more: None, seen_at: None };
    let header = session.header_mut();
    let (mut told, mut brought) = (Vec::new(), Vec::new());
    for answer in answers {
        let (asked, came) = match answer {
            Answer::Seen(seen) => match header.observations.add(seen.clone()) {
                Ok(id) => {
                    told.push(observation(id, seen));
                    brought.push(CallBrought::of(&seen.asked, Came::Seen(id)));
                    continue;
                }
                Err(full) => (&seen.asked, full.to_string()),
            },
            Answer::Unseen { asked, why } => (asked, why.to_string()),
        };
        brought.push(CallBrought::of(asked, Came::Told(kept(&came))));
        told.push(unseen(asked, came));
    }
    header.conversation.add(now, Spoken::Looks(brought));
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_look_at_what_was_replaced_says_that_it_is_gone_and_out_of_reach_in_its_own_words() {
        let asked = "logs Pod shop/web-0";
        let gone = missed(&ReadError::NotFound("Pod shop/web-0".to_owned()), asked);
        assert_eq!(gone, Gap { what: asked.to_owned(), why: GapWhy::Gone, unlock: None });
        let refused = ReadError::Refused { what: "it".to_owned(), status: 400, message: "the container waits to start".to_owned() };
        for (error, said) in [
            (ReadError::Unreachable { server: "https://k8s".to_owned(), reason: "connection refused".to_owned() }, "connection refused"),
            (ReadError::Unauthorized { server: "https://k8s".to_owned(), context: "dev".to_owned() }, "log in to this cluster again"),
            (refused, "the container waits to start"),
        ] {
            let gap = missed(&error, asked);
            assert!(gap.what.starts_with(asked) && gap.what.contains(said), "{}", gap.what);
            assert_eq!(gap.why, GapWhy::Failed);
        }
    }
}
