//! Putting a plan to a human, and when nobody is asked: nobody shops for an approval. One object that a proposal is about is asked about in
//! one question at a time, what was declined is not asked again for a day, and every conclusion counts, whatever became of it.

use super::again::Fresh;
use super::records::NOTE_ATTEMPTS;
use super::report::Status;
use super::view::report_of;
use super::{Caller, Meter, Opened, Remediation, WorkflowError, question};
use crate::domain::cluster::ClusterId;
use crate::domain::ending::Ending;
use crate::domain::finding::Advice;
use crate::domain::id::SessionId;
use crate::domain::object::ObjectRef;
use crate::domain::plan::RemediationPlan;
use crate::domain::proposal::{ProposedBy, Wanted};
use crate::ports::{Phase, Revision, StoreError};
use crate::session::ledger::{DECLINED, LedgerError};
use crate::session::trail::Effect;
use crate::session::{Closed, Header, Planned, Session};

/// So many conclusions are looked at for one analysis: who needs more is guessing, and each asks the cluster.
const CONCLUSIONS: usize = 8;
/// Sessions that are looked through for what waits or was declined.
const SESSIONS: usize = 1_000;
/// Questions that make way for one plan: one for each object of a plan, and some that are asked meanwhile.
const GIVEN_WAY: usize = 16;

/// Which question about an object does not stand in the way of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Besides {
    /// The one with the very same plan: it is asked again.
    TheSame,
    Nothing,
}

impl Remediation {
    /// Puts the plan to a human: the session waits.
    pub(super) async fn ask(
        &self,
        header: Header,
        revision: Revision,
        planned: Planned,
        text: String,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Opened, WorkflowError> {
        let fresh = Fresh { header, planned, revision };
        let Fresh { mut header, planned, .. } = match self.ask_waiting(fresh, meter, caller).await {
            Ok(opened) => return Ok(opened),
            Err(fresh) => *fresh,
        };
        // A rule's plan makes way once its own question is kept: else there could be none. On the heap, as all of it that is rare: every call
        // would carry its room on its stack.
        if planned.plan.by().is_some()
            && let Some(other) = Box::pin(self.asked_elsewhere(&planned.plan, &header, Besides::Nothing)).await?
        {
            return Box::pin(self.not_asked(header, revision, planned, waits_for(&other), meter, caller)).await;
        }
        self.charge(&mut header.usage, meter);
        header.trail.note(self.parts.clock.now(), "kubemend", "plan created; a human is asked");
        let expires_at = self.expiry();
        let (awaiting, secret) = header.propose(planned, self.parts.entropy.secret_bits(), expires_at, caller.door.clone());
        let digest_counts = self.counts_repeated_digest(&awaiting, caller).map(drop);
        let (id, digest) = (awaiting.header.id.clone(), awaiting.digest.clone());
        let session = Session::AwaitingApproval(awaiting);
        let revision = self.ledger.save(&session, Some(revision)).await?;
        // Two calls at once both see nothing before they save: whoever sees the other one afterwards asks nobody.
        let other = match &session {
            Session::AwaitingApproval(own) => Box::pin(self.make_way(&own.planned.plan, &own.header)).await?,
            _ => None,
        };
        let session = match (session, other) {
            (Session::AwaitingApproval(own), Some(other)) => {
                let ended = Box::pin(self.not_asked(own.header, revision, own.planned, waits_for(&other), meter, caller)).await;
                // A rule's plan that came at the same moment has ended it already.
                return match Box::pin(self.show(&id)).await {
                    Ok(report) if ended.is_err() && report.status != Status::AwaitingApproval => Ok(Opened { report, question: None }),
                    _ => ended,
                };
            }
            (session, _) => session,
        };
        caller.progress.tell(Phase::AwaitingApproval, "waiting for a human to approve or decline");
        let report = report_of(&session);
        // Now it also states until when the plan is valid.
        let text = question::text(&report).unwrap_or(text);
        let question = question::about(&report, text, (id, digest), &secret, expires_at, digest_counts);
        Ok(Opened { report, question: Some(question) })
    }

    /// The session in which somebody is asked about one of these objects, where that stands in the way: of a question about a proposal
    /// every other one, and of one about a rule's plan that about a proposal. An undo is a human's own word.
    ///
    /// # Errors
    /// The store cannot be read: then nobody is asked, since whether somebody is already is not known.
    async fn asked_elsewhere(&self, plan: &RemediationPlan, header: &Header, besides: Besides) -> Result<Option<SessionId>, WorkflowError> {
        if plan.aim.cause().is_none() {
            return Ok(None);
        }
        for about in named(plan) {
            for session in self.alive_about(about).await? {
                let Session::AwaitingApproval(other) = session else { continue };
                let is_other = other.header.id != header.id && other.header.cluster.id.is_same(&header.cluster.id);
                let about_it = named(&other.planned.plan).any(|one| one == about);
                let same = besides == Besides::TheSame && other.planned.plan.asks_the_same(plan);
                if is_other && about_it && !same && (plan.by().is_some() || other.planned.plan.by().is_some()) {
                    return Ok(Some(other.header.id));
                }
            }
        }
        Ok(None)
    }

    /// The sessions that name an object, and in which something can still happen or on which something rests, as far as they can be read.
    async fn alive_about(&self, object: &ObjectRef) -> Result<impl Iterator<Item = Session> + use<>, WorkflowError> {
        let found = self.ledger.alive_with(&object.name, SESSIONS).await?;
        Ok(found.into_iter().flatten().map(|(_, session)| session))
    }

    /// The session in which a plan waits that asks for the same as this one.
    pub(super) async fn asked_already(&self, plan: &RemediationPlan) -> Result<Option<SessionId>, WorkflowError> {
        let mut alive = self.alive_about(plan.steps.first().action.target()).await?;
        Ok(alive.find_map(|session| match session {
            Session::AwaitingApproval(one) if one.planned.plan.asks_the_same(plan) => Some(one.header.id),
            _ => None,
        }))
    }

    /// Makes way for a rule's plan: what somebody states about the same object is no question any more. For a proposal nothing makes way.
    /// What stands in the way is given back.
    ///
    /// # Errors
    /// The store cannot be read or written: then nobody is asked.
    pub(super) async fn make_way(&self, plan: &RemediationPlan, header: &Header) -> Result<Option<SessionId>, WorkflowError> {
        for _ in 0..GIVEN_WAY {
            let Some(other) = self.asked_elsewhere(plan, header, Besides::Nothing).await? else { return Ok(None) };
            if plan.by().is_some() {
                return Ok(Some(other));
            }
            Box::pin(self.end_for_a_rule(&other, &header.id)).await?;
        }
        self.asked_elsewhere(plan, header, Besides::Nothing).await
    }

    /// Ends the question about a proposal, since a rule has a plan for its object. One that was answered meanwhile is none any more, and one
    /// that was asked again is looked at again.
    async fn end_for_a_rule(&self, stated: &SessionId, by: &SessionId) -> Result<(), WorkflowError> {
        let (revision, waiting) = match self.records().awaiting(stated).await {
            Ok(waiting) => waiting,
            Err(WorkflowError::State { .. } | WorkflowError::NoSession(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut closed = waiting.give_way();
        let text = format!("a rule has a plan for the same object, in session `{by}`: that one comes first");
        closed.header.trail.note(self.parts.clock.now(), "kubemend", &format!("withdrawn: {text}"));
        closed.header.advice.insert(0, Advice { text, command: None, why: "no rule stands behind a proposal".to_owned() });
        match self.ledger.save(&Session::Closed(closed), Some(revision)).await {
            Ok(_) | Err(LedgerError::Store(StoreError::Conflict(_))) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends a session whose question has to wait for another one, with its plan.
    pub(super) async fn not_asked(
        &self,
        mut header: Header,
        revision: Revision,
        planned: Planned,
        why: Withheld,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Opened, WorkflowError> {
        header.withhold(&why.text, why.why);
        let ending = header.diagnosis.ending();
        self.close(header, revision, ending, Some(planned), meter, caller.progress).await
    }

    /// The session in which a human lately declined a change of one of these fields, or to do one of these, in this cluster.
    ///
    /// # Errors
    /// The store cannot be read: then nobody is asked.
    pub(super) async fn declined(&self, changes: &[Wanted], cluster: &ClusterId) -> Result<Option<SessionId>, WorkflowError> {
        for change in changes {
            for session in self.alive_about(change.target()).await? {
                let Some((header, planned)) = self.lately_declined(&session, cluster) else { continue };
                if planned.plan.steps.iter().any(|step| change.asks_again_for(&step.action)) {
                    return Ok(Some(header.id.clone()));
                }
            }
        }
        Ok(None)
    }

    /// Why nobody is asked about a plan of what somebody states: another question waits, or a human declined it.
    ///
    /// # Errors
    /// The store cannot be read: then nobody is asked.
    pub(super) async fn why_not_asked(&self, plan: &RemediationPlan, header: &Header) -> Result<Option<Withheld>, WorkflowError> {
        if let Some(other) = self.asked_elsewhere(plan, header, Besides::TheSame).await? {
            return Ok(Some(waits_for(&other)));
        }
        let changes: Vec<Wanted> = plan.steps.iter().map(|step| Wanted::Change(step.action.clone())).collect();
        let no = match self.declined(&changes, &header.cluster.id).await? {
            Some(no) => Some(no),
            None => self.declined_of_its_pods(plan, &header.cluster.id).await?,
        };
        Ok(no.map(|no| Withheld {
            text: declined_in(&no),
            why: "what was declined is not asked about again for a day, in whatever words it comes",
        }))
    }

    /// The session in which a human lately declined to end or to replace Pods of a workload whose Pods this plan ends or replaces.
    async fn declined_of_its_pods(&self, plan: &RemediationPlan, cluster: &ClusterId) -> Result<Option<SessionId>, WorkflowError> {
        for about in renewed(plan) {
            for session in self.alive_about(about).await? {
                let Some((header, planned)) = self.lately_declined(&session, cluster) else { continue };
                if renewed(&planned.plan).any(|one| one == about) {
                    return Ok(Some(header.id.clone()));
                }
            }
        }
        Ok(None)
    }

    /// What was lately declined in this cluster.
    fn lately_declined<'s>(&self, session: &'s Session, cluster: &ClusterId) -> Option<(&'s Header, &'s Planned)> {
        let Session::Closed(closed @ Closed { header, ending: Ending::Declined, planned: Some(planned), .. }) = session else {
            return None;
        };
        let lately = self.parts.clock.now().duration_since(closed.ended_at()) < DECLINED && header.cluster.id.is_same(cluster);
        lately.then_some((header, planned))
    }

    /// Counts a conclusion in the record of its analysis, before anything is looked at for it: one that is the same as an earlier one, or
    /// fails, counts too, and so does each of several at once.
    ///
    /// # Errors
    /// There were enough, or that cannot be recorded.
    pub(super) async fn count_conclusion(&self, by: &ProposedBy) -> Result<(), WorkflowError> {
        for _ in 0..NOTE_ATTEMPTS {
            let (revision, mut session) =
                self.ledger.load(&by.session).await?.ok_or_else(|| WorkflowError::NoSession(by.session.clone()))?;
            let trail = &mut session.header_mut().trail;
            if trail.count(Effect::Undecided) >= CONCLUSIONS {
                return Err(WorkflowError::Invalid(format!(
                    "{CONCLUSIONS} proposals were made for session `{}` already: run analyze again, and tell the user what is known",
                    by.session
                )));
            }
            trail.note_without_effect(self.parts.clock.now(), &by.name, "concluded from this session", Effect::Undecided);
            match self.ledger.save(&session, Some(revision)).await {
                Err(LedgerError::Store(StoreError::Conflict(_))) => {}
                Ok(_) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Err(WorkflowError::State { session: by.session.clone(), state: "is being concluded from by other calls: call again" })
    }
}

/// Why nobody is asked about a plan.
#[derive(Debug)]
pub(super) struct Withheld {
    /// For whoever wanted it.
    pub(super) text: String,
    why: &'static str,
}

/// Why nobody is asked, for whoever wanted it.
fn waits_for(other: &SessionId) -> Withheld {
    Withheld {
        text: format!("a human is asked about the same object in session `{other}`: first that one is answered"),
        why: "two questions about one object would be answered without knowing of each other",
    }
}

/// The workloads whose Pods a plan ends or replaces: which of them and by what word is no other question.
fn renewed(plan: &RemediationPlan) -> impl Iterator<Item = &ObjectRef> {
    let renews = plan.steps.iter().any(|step| step.action.renews_pods());
    plan.judged.about.iter().filter(move |_| renews)
}

/// What a question about a plan is about.
fn named(plan: &RemediationPlan) -> impl Iterator<Item = &ObjectRef> {
    plan.steps.iter().map(|step| step.action.target()).chain(renewed(plan))
}

/// The same of what was declined.
pub(super) fn declined_in(no: &SessionId) -> String {
    format!("a human declined a change of the same in session `{no}` less than a day ago: it is not asked about again, with no value")
}
