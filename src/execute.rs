//! The one module that changes the cluster. `Executor::run` takes a permit and nothing else; `Executor::rehearse`
//! takes a plan and can only ask for a dry run.

mod writer;

use crate::cluster::connect::WriteClient;
use crate::domain::execution::{Execution, StepOutcome};
use crate::domain::kind::Kind;
use crate::domain::nonempty::NonEmpty;
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::plan::{RemediationPlan, Step, Undo};
use crate::domain::snapshot::ClusterId;
use crate::planner::action;
use crate::ports::{Clock, ClusterRead, Phase, Progress, ReadError, RequestMeter};
use crate::session::Permit;
use crate::session::gate::{Rehearsal, Rehearsed};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use writer::{Refused, Writer};

/// How long a deleted claim may take to be gone: its protection is lifted by a controller.
const GONE_WITHIN: Duration = Duration::from_secs(30);
const GONE_POLL: Duration = Duration::from_millis(250);

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

/// The right to undo what was just done, within the same approval. Minted by [`Executor::run`] alone.
#[derive(Debug)]
pub(crate) struct RevertRight {
    undo: Vec<Undo>,
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

    /// Asks the API server whether it would take every step, with the same bytes. Writes nothing.
    pub(crate) async fn rehearse(&self, plan: &RemediationPlan, meter: &RequestMeter) -> Rehearsal {
        let mut steps = Vec::new();
        let mut freed: Vec<ObjectRef> = Vec::new();
        for step in plan.steps.iter() {
            let answer = self.writer.rehearse(&step.request, meter).await;
            steps.push(match answer {
                Ok(object) => match action::of(&step.action).drift(&object) {
                    None => Rehearsed::Accepted { note: None },
                    Some(reason) => Rehearsed::Refused { reason },
                },
                // Existence is looked at last, after admission and validation: this refusal says that those agreed.
                Err(Refused::Exists(_)) if action::of(&step.action).takes().is_some_and(|name| freed.contains(name)) => {
                    Rehearsed::Accepted { note: Some("admission and validation passed; the step before it frees the name".to_owned()) }
                }
                // A dry run has no effect, whatever became of its answer.
                Err(Refused::Lost(why)) => Rehearsed::Refused { reason: why },
                Err(refused) => Rehearsed::Refused { reason: refused.to_string() },
            });
            freed.extend(action::of(&step.action).frees().cloned());
        }
        Rehearsal { steps }
    }

    /// Sends the plan's steps, in order, until one does not succeed. Each is sent once.
    pub(crate) async fn run(
        &self,
        permit: Permit,
        meter: &RequestMeter,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> (Execution, RevertRight) {
        let plan = permit.into_plan();
        let total = plan.steps.len();
        let mut outcomes = Vec::new();
        let mut undo = Vec::new();
        let mut going = true;
        let mut cancelled = false;
        let mut previous: Option<&Step> = None;
        for (index, step) in plan.steps.iter().enumerate() {
            if going && cancel.is_cancelled() {
                going = false;
                cancelled = true;
            }
            if !going {
                outcomes.push(StepOutcome::NotReached);
                continue;
            }
            progress.tell(
                Phase::Executing,
                &format!("step {} of {total}: {} {}", index.saturating_add(1), step.action.verb(), step.action.target()),
            );
            let outcome = match self.ready(previous, step, meter).await {
                Ok(()) => self.send(step, meter).await,
                Err(message) => StepOutcome::Failed { at: self.clock.now(), message, unknown: false },
            };
            match &outcome {
                StepOutcome::Applied { .. } => undo.push(step.undo.clone()),
                StepOutcome::Refused { .. } | StepOutcome::Failed { .. } | StepOutcome::NotReached => going = false,
            }
            outcomes.push(outcome);
            previous = Some(step);
        }
        let steps = NonEmpty::from_vec(outcomes).unwrap_or_else(|| NonEmpty::one(StepOutcome::NotReached));
        (Execution { steps, reverted: None, cancelled }, RevertRight { undo })
    }

    /// Undoes what was done, last step first, as far as it has an undo.
    pub(crate) async fn revert(&self, right: RevertRight, meter: &RequestMeter) -> Vec<StepOutcome> {
        let mut outcomes = Vec::new();
        for undo in right.undo.into_iter().rev() {
            outcomes.push(match undo {
                Undo::Restore { request, .. } => self.outcome(self.writer.send(&request, meter).await.map(|_| ())),
                Undo::None { .. } => StepOutcome::NotReached,
            });
        }
        outcomes
    }

    async fn send(&self, step: &Step, meter: &RequestMeter) -> StepOutcome {
        self.outcome(self.writer.send(&step.request, meter).await.map(|_| ()))
    }

    fn outcome(&self, answer: Result<(), Refused>) -> StepOutcome {
        let at = self.clock.now();
        match answer {
            Ok(()) => StepOutcome::Applied { at },
            Err(refused @ (Refused::Changed(_) | Refused::Exists(_))) => StepOutcome::Refused { at, message: refused.to_string() },
            Err(Refused::Lost(message)) => StepOutcome::Failed { at, message, unknown: true },
            Err(refused @ (Refused::Forbidden(_) | Refused::Gone(_) | Refused::Other(_))) => {
                StepOutcome::Failed { at, message: refused.to_string(), unknown: false }
            }
        }
    }

    /// A name that was just deleted is only free once the object is really gone.
    async fn ready(&self, previous: Option<&Step>, step: &Step, meter: &RequestMeter) -> Result<(), String> {
        let freed = previous.and_then(|p| action::of(&p.action).frees().cloned());
        let Some(object) = freed.filter(|name| action::of(&step.action).takes() == Some(name)) else { return Ok(()) };
        let read = self.read.metered(meter);
        let polls = GONE_WITHIN.as_millis().checked_div(GONE_POLL.as_millis()).unwrap_or(1);
        for _ in 0..polls {
            match read.get(&object).await {
                Err(ReadError::NotFound(_)) => return Ok(()),
                Ok(_) | Err(_) => self.clock.sleep(GONE_POLL).await,
            }
        }
        Err(format!("{object} was deleted, and {} s later it could not be confirmed as gone: check its finalizers", GONE_WITHIN.as_secs()))
    }
}
