//! The one module that changes the cluster. `Executor::run` takes a permit and nothing else; `Executor::rehearse`
//! takes a plan and can only ask for a dry run.

mod gone;
mod writer;

use crate::cluster::connect::WriteClient;
use crate::domain::execution::StepOutcome;
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::plan::{RemediationPlan, Step};
use crate::domain::request::Method;
use crate::domain::snapshot::ClusterId;
use crate::planner::action;
use crate::planner::live::Live;
use crate::ports::{Clock, ClusterRead, Phase, Progress, ReadError, RequestMeter};
use crate::session::gate::{Rehearsal, Rehearsed};
use crate::session::journal::{Permit, RevertPermit};
use gone::NotReady;
use serde_json::Value;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use writer::{Refused, Writer};

/// Carries plans out. Not `Clone`: there is one writer. What it sends counts into the meter of the call that lets it.
///
/// Whoever embeds the library can make one and hand it to a remediation; to run it takes a permit, which only an approval brings.
///
/// ```compile_fail,E0624
/// async fn run(executor: kubemend::execute::Executor) {
///     executor.run(todo!(), todo!(), &kubemend::ports::Silent, &tokio_util::sync::CancellationToken::new()).await;
/// }
/// ```
///
/// Nor can the writing client be used without it.
///
/// ```compile_fail,E0624
/// async fn send(client: kubemend::cluster::connect::WriteClient, request: kubemend::domain::request::Request) {
///     client.send(&request, false, todo!()).await;
/// }
/// ```
pub struct Executor {
    writer: Writer,
    read: Arc<dyn ClusterRead>,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Executor(…)")
    }
}

impl Executor {
    /// The writer is moved in and cannot be had back.
    pub fn new(client: WriteClient, read: Arc<dyn ClusterRead>, clock: Arc<dyn Clock>) -> Self {
        Self { writer: Writer::new(client), read, clock }
    }

    /// Whether the writing identity may do this, by its own access review.
    ///
    /// # Errors
    /// The API server cannot be asked.
    pub async fn may(&self, verb: &str, kind: &Kind, namespace: Option<&Namespace>) -> Result<bool, ReadError> {
        self.writer.may(verb, kind, namespace).await
    }

    /// Which cluster the writing identity speaks to, asked now.
    ///
    /// # Errors
    /// The API server cannot be asked.
    pub(crate) async fn identity(&self, meter: &RequestMeter) -> Result<ClusterId, ReadError> {
        self.writer.identity(meter).await
    }

    /// Asks the API server whether it would take every step, with the same bytes, and what it would make of them. Writes nothing.
    /// `live` is what the plan was made of.
    pub(crate) async fn rehearse(&self, plan: &RemediationPlan, live: &Live, meter: &RequestMeter) -> Rehearsal {
        let mut steps = Vec::new();
        let mut freed: Vec<ObjectRef> = Vec::new();
        for step in plan.steps.iter() {
            let planned = action::of(&step.action);
            let before = planned.existing().and_then(|object| live.of(object).ok());
            let answer = self.writer.rehearse(&step.request, meter).await;
            steps.push(match answer {
                Ok(answer) => match planned.drift(&step.request, before, &answer) {
                    None => Rehearsed::Accepted { note: None },
                    Some(difference) => Rehearsed::Refused { reason: format!("admission would change what is shown: {difference}") },
                },
                // Existence is looked at last, after admission and validation: this refusal says that those agreed, and not what they
                // would make of it. The answer to the step itself is held against the plan as any other.
                Err(Refused::Exists(_)) if planned.takes().is_some_and(|name| freed.contains(name)) => Rehearsed::Accepted {
                    note: Some(
                        "admission and validation passed; what admission makes of it is checked when it is created, because the step before it frees the name"
                            .to_owned(),
                    ),
                },
                Err(refused) => Rehearsed::Refused { reason: refused.to_string() },
            });
            freed.extend(planned.frees().cloned());
        }
        Rehearsal { steps }
    }

    /// Sends the plan's steps, in order, until one does not become what was approved. Each is sent once, after the record says that it
    /// is about to be, and within the time that the permit has.
    pub(crate) async fn run(
        &self,
        mut permit: Permit,
        meter: &RequestMeter,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Permit {
        let plan = permit.plan().clone();
        let total = plan.steps.len();
        let mut previous: Option<&Step> = None;
        for (index, step) in plan.steps.iter().enumerate() {
            if cancel.is_cancelled() {
                permit.execution().cancel();
                break;
            }
            progress.tell(
                Phase::Executing,
                &format!("step {} of {total}: {} {}", index.saturating_add(1), step.action.verb(), step.action.target()),
            );
            let before = match self.ready(previous, step, meter, cancel).await {
                Ok(before) => before,
                Err(NotReady::Cancelled) => {
                    permit.execution().cancel();
                    break;
                }
                Err(NotReady::Changed(message)) => {
                    permit.record(index, StepOutcome::Refused { at: self.clock.now(), message }).await;
                    break;
                }
                Err(NotReady::Failed(message)) => {
                    permit.record(index, StepOutcome::Failed { at: self.clock.now(), message }).await;
                    break;
                }
            };
            if let Err(stop) = permit.intend(index).await {
                permit.execution().stopped = Some(stop.to_string());
                break;
            }
            let answer = self.writer.send(&step.request, meter).await;
            let drift = |answer: &Value| action::of(&step.action).drift(&step.request, before.as_ref(), answer);
            let outcome = self.outcome(answer, drift);
            let applied = matches!(outcome, StepOutcome::Applied { .. });
            permit.record(index, outcome).await;
            if !applied {
                break;
            }
            previous = Some(step);
        }
        permit
    }

    /// Undoes what was done, last step first, as far as it has an undo. Each outcome is recorded before the next is sent, and what
    /// admission makes of a rollback is held against its bytes as it is for a step.
    pub(crate) async fn revert(&self, mut permit: RevertPermit, meter: &RequestMeter) -> RevertPermit {
        let read = self.read.metered(meter);
        for (step, action, request) in permit.undo() {
            let before = match action::of(&action).existing() {
                Some(object) => read.get(object).await.ok(),
                None => None,
            };
            if permit.intend(step).await.is_err() {
                break;
            }
            let answer = self.writer.send(&request, meter).await;
            let outcome = self.outcome(answer, |answer| action::of(&action).drift(&request, before.as_ref(), answer));
            permit.record(step, outcome).await;
        }
        permit
    }

    fn outcome(&self, answer: Result<Value, Refused>, drift: impl FnOnce(&Value) -> Option<String>) -> StepOutcome {
        let at = self.clock.now();
        match answer {
            Ok(answer) => {
                let uid = answer.pointer("/metadata/uid").and_then(Value::as_str).map(str::to_owned);
                match drift(&answer) {
                    None => StepOutcome::Applied { at, uid },
                    Some(difference) => StepOutcome::Altered {
                        at,
                        uid,
                        message: format!("the change was applied, and the result is not what was approved: {difference}"),
                    },
                }
            }
            Err(refused @ (Refused::Changed(_) | Refused::Exists(_))) => StepOutcome::Refused { at, message: refused.to_string() },
            Err(Refused::Lost(why)) => {
                StepOutcome::Unknown { at, message: format!("it is not known whether the change took effect: {why}") }
            }
            Err(refused @ (Refused::Forbidden(_) | Refused::Gone(_) | Refused::Other(_))) => {
                StepOutcome::Failed { at, message: refused.to_string() }
            }
        }
    }

    /// That a step can be sent now: the name that it takes is free, or the object that it changes is read as it is before the change.
    async fn ready(
        &self,
        previous: Option<&Step>,
        step: &Step,
        meter: &RequestMeter,
        cancel: &CancellationToken,
    ) -> Result<Option<Value>, NotReady> {
        let planned = action::of(&step.action);
        let read = self.read.metered(meter);
        let freed = previous.and_then(|p| Some((action::of(&p.action).frees().cloned()?, p.precondition.uid.clone())));
        if let Some((object, uid)) = freed.filter(|(name, _)| planned.takes() == Some(name)) {
            return gone::wait(&object, uid.as_deref(), read.as_ref(), self.clock.as_ref(), cancel).await.map(|()| None);
        }
        // What a deletion answers is not compared with anything.
        let (Some(object), Method::Patch) = (planned.existing(), step.request.method) else { return Ok(None) };
        let before = tokio::select! {
            before = read.get(object) => before,
            () = cancel.cancelled() => return Err(NotReady::Cancelled),
        };
        match before {
            Ok(before) if before.pointer("/metadata/uid").and_then(Value::as_str) == step.precondition.uid.as_deref() => Ok(Some(before)),
            Ok(_) => Err(NotReady::Changed(format!("{object} was deleted and created again since the plan was made"))),
            Err(ReadError::NotFound(_)) => Err(NotReady::Failed(format!("{object} does not exist any more"))),
            Err(error) => {
                Err(NotReady::Failed(format!("{object} could not be read before the change, so it was not sent: {}", error.in_a_report())))
            }
        }
    }
}
