//! Takes back what a session did: a session of its own, whose plan is made of the objects as they are now, linted, rehearsed, shown and
//! asked about as any other. A human is always asked.

use super::{Caller, Opened, Remediation, WorkflowError, collect, conclude, live};
use crate::domain::conversation::Conversation;
use crate::domain::diagnosis::Diagnosis;
use crate::domain::ending::Ending;
use crate::domain::finding::Advice;
use crate::domain::id::{PlanId, SessionId};
use crate::domain::issue::Origin;
use crate::domain::limits::Mode;
use crate::domain::observation::Observations;
use crate::domain::plan::OnFailure;
use crate::domain::purpose::Purpose;
use crate::domain::usage::Usage;
use crate::facts::Facts;
use crate::planner;
use crate::planner::inverse::{self, Inverse};
use crate::planner::outline::outline_inverse;
use crate::planner::refusal::Refusal;
use crate::ports::{ClusterRead, Phase};
use crate::session::trail::Trail;
use crate::session::{Closed, Header, Session};

impl Remediation {
    /// Opens a session whose plan takes back what another session did, and asks. What cannot be taken back is advice.
    ///
    /// # Errors
    /// There is no such session, it changed nothing, or nothing can be read.
    pub async fn undo(&self, session: &SessionId, caller: &Caller<'_>) -> Result<Opened, WorkflowError> {
        let progress = caller.progress;
        let meter = self.meter(caller);
        let state = |state| WorkflowError::State { session: session.clone(), state };
        let closed = match self.session_here(session, meter.read.as_ref()).await? {
            Session::Closed(closed) => closed,
            Session::Investigating(_)
            | Session::Diagnosed(_)
            | Session::AwaitingApproval(_)
            | Session::Executing(_)
            | Session::Validating(_)
            | Session::Reverting(_) => return Err(state("has not ended, so there is nothing to undo")),
        };
        let (Some(planned), Some(execution)) = (&closed.planned, &closed.execution) else {
            return Err(state("changed nothing, so there is nothing to undo"));
        };
        let inverse = inverse::of(&planned.plan, execution, session);
        if inverse.takes.is_empty() && inverse.advice.is_empty() {
            return Err(state("changed nothing that is not undone already"));
        }
        let advice = inverse.advice.clone();
        let (mut header, outline) = self.look_for_undo(closed, inverse, meter.read.as_ref(), caller).await?;
        header.advice.extend(advice);
        let (revision, mut header) = self.ledger.begin_investigation(header, self.expiry()).await?;
        progress.tell(Phase::Planning, "building the plan");
        let id = PlanId::from_entropy(self.parts.entropy.id_bits());
        let planned = match outline {
            Ok(outline) => {
                let live = live::read(&outline, meter.read.as_ref()).await;
                planner::plan(outline, &live, id, OnFailure::Keep).map(|plan| (plan, live))
            }
            Err(refusals) => Err(refusals),
        };
        let (mut plan, live) = match planned {
            Ok(planned) => planned,
            Err(refusals) => {
                header.advice.extend(refusals.iter().map(|reason| Advice {
                    text: reason.to_string(),
                    command: None,
                    why: format!("kubemend does not undo session {session} by itself"),
                }));
                return self.close(header, revision, Ending::Diagnosed, None, &meter, progress).await;
            }
        };
        plan.summary = format!("Undo session {session}: {}", plan.summary);
        self.parts.timing.tell(&mut plan);
        self.propose(header, revision, Ending::Diagnosed, plan, &live, &meter, caller).await
    }

    /// The new session, and the outline of its plan. It has no cause: what was wrong before the change is not looked for.
    async fn look_for_undo(
        &self,
        closed: Closed,
        inverse: Inverse,
        read: &dyn ClusterRead,
        caller: &Caller<'_>,
    ) -> Result<(Header, Result<planner::outline::Outline, Vec<Refusal>>), WorkflowError> {
        let Header { id: undone, scope, limits: undone_limits, .. } = closed.header;
        caller.progress.tell(Phase::Collecting, "reading what was changed");
        let collected = tokio::select! {
            collected = collect::collect(&scope, read, self.parts.clock.as_ref()) => collected?,
            () = caller.cancel.cancelled() => return Err(WorkflowError::Cancelled),
        };
        let about = undone.clone();
        let outlined = move |facts: &Facts<'_>, _: &mut Diagnosis| outline_inverse(&about, &inverse, facts);
        let concluded = conclude::conclude(collected.snapshot, &caller.cancel, outlined).await.ok_or(WorkflowError::Cancelled)?;
        let now = self.parts.clock.now();
        let mut trail = Trail::default();
        trail.note(now, Origin::Caller.as_str(), &format!("opened to undo session {undone}"));
        // A human is asked, whatever mode and consent the operator set, and within the limits of what is undone.
        let limits = caller.limits(&self.parts.limits).and(&undone_limits).tightened(Some(Mode::Manual), None, None, None);
        let header = Header {
            id: SessionId::from_entropy(self.parts.entropy.id_bits()),
            opened_at: now,
            purpose: Purpose::Undo(undone),
            origin: caller.origin,
            proposed_by: None,
            scope,
            limits,
            wishes: caller.wishes.clone(),
            cluster: concluded.snapshot.cluster.clone(),
            diagnosis: Diagnosis::default(),
            looked: concluded.snapshot.looked.iter().cloned().collect(),
            observations: Observations::default(),
            conversation: Conversation::default(),
            advice: Vec::new(),
            withheld: None,
            usage: Usage::default(),
            trail,
            process: None,
        };
        Ok((header, concluded.answer))
    }
}
