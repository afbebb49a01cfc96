//! Between a yes and the first byte: whether what the plan is for is still so. A person reads a question for minutes, and meanwhile
//! somebody else may have helped, or made another change the right one.

use super::collect::{self, Collected};
use super::conclude::conclude;
use super::namesakes;
use super::{Caller, Meter, Remediation, WorkflowError};
use crate::domain::action::Action;
use crate::domain::cause::{CauseKey, CauseSource, Code};
use crate::domain::diagnosis::Diagnosis;
use crate::domain::once::once;
use crate::domain::snapshot::Snapshot;
use crate::domain::words::Wording;
use crate::facts::{Facts, unread};
use crate::planner::outline::outline;
use crate::ports::Phase;
use crate::session::Approved;
use crate::{analyze, planner, validate};
use serde_json::Value;
use std::time::Duration;

/// What is not found is looked for once more after this: a container that crashes runs between its crashes, and a list may be a moment behind.
const AGAIN: Duration = Duration::from_secs(2);

/// What is read for it, beside what shows afterwards whether it helped.
#[derive(Clone, Copy)]
enum Reads {
    /// What the rule decides by: where it proposes the same, more would not make it propose less.
    ToDecide,
    /// All that the rule reads: it finds the same when nothing else was read.
    OfTheRule,
}

/// What another look says of a plan's cause.
enum Needed {
    /// It is found, and the same change is proposed for it: with what was read.
    Still(Box<Collected>),
    /// In words: what is so instead.
    Not(String),
}

impl Remediation {
    /// That the rule which the plan goes back to still finds its cause at the same place, and proposes the same change for it.
    ///
    /// # Errors
    /// It does not, or that could not be read: then nothing is sent, and the session waits as before.
    pub(super) async fn is_still_needed(
        &self,
        approved: &Approved,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Option<Collected>, WorkflowError> {
        let plan = approved.plan();
        // What was changed is taken back whatever is found; how it was left is a condition of each step.
        let Some(key) = plan.aim.cause() else { return Ok(None) };
        let CauseSource::Rule(code) = key.source else {
            return self.still_suffers(approved, meter, caller).await.map(|()| None);
        };
        caller.progress.tell(Phase::Analyzing, "looking again at what the plan is for");
        let looking = async {
            // What the checks need is watched from here on, and with what the rule decides by mostly shows it; all that the rule reads
            // does where that does not.
            let mut needed = self.needed(approved, Reads::ToDecide, key, code, meter, caller).await?;
            if matches!(needed, Needed::Not(_)) {
                needed = self.needed(approved, Reads::OfTheRule, key, code, meter, caller).await?;
            }
            if matches!(needed, Needed::Not(_)) {
                self.parts.clock.sleep(AGAIN).await;
                needed = self.needed(approved, Reads::OfTheRule, key, code, meter, caller).await?;
            }
            match needed {
                Needed::Still(read) => Ok(Some(*read)),
                Needed::Not(why) => Err(WorkflowError::NotNeeded(why)),
            }
        };
        tokio::select! {
            looked = looking => looked,
            () = caller.cancel.cancelled() => Err(WorkflowError::Cancelled),
        }
    }

    async fn needed(
        &self,
        approved: &Approved,
        reads: Reads,
        key: &CauseKey,
        code: Code,
        meter: &Meter,
        caller: &Caller<'_>,
    ) -> Result<Needed, WorkflowError> {
        let (header, plan) = (approved.header(), approved.plan());
        let (read, clock) = (meter.read.as_ref(), self.parts.clock.as_ref());
        let words = Wording::of(header.purpose.words().unwrap_or_default()).within(header.scope.namespaces());
        let of_the_rule = |seen: Option<&Snapshot>| match reads {
            Reads::ToDecide => analyze::deciding_kinds(code, seen),
            Reads::OfTheRule => analyze::kinds_of(code, seen),
        };
        let kinds = once(validate::kinds(plan).into_iter().chain(of_the_rule(None)));
        let mut collected = collect::some(words, &kinds, |seen| of_the_rule(Some(seen)), &header.scope, read, clock).await?;
        namesakes::seek(read, &mut collected.account, &mut collected.snapshot).await?;
        let Collected { snapshot, versions, account, .. } = collected;
        let (key, planned) = (key.clone(), plan.clone());
        let ask = move |facts: &Facts<'_>, diagnosis: &mut Diagnosis| {
            planner::triage(diagnosis, facts, analyze::severity);
            let cause = diagnosis.causes.iter().find(|cause| cause.is(&key))?;
            Some(outline(cause, facts).is_ok_and(|outline| {
                let now: Vec<&Action> = outline.actions().collect();
                now.len() == planned.steps.iter().count()
                    && now.into_iter().zip(planned.steps.iter()).all(|(now, step)| is_the_same(now, &step.action, facts))
            }))
        };
        let concluded = conclude(snapshot, &caller.cancel, ask).await.ok_or(WorkflowError::Cancelled)?;
        let seen = match concluded.answer {
            Some(true) => {
                let mut collected = Collected::into(concluded.snapshot, account);
                collected.versions = versions;
                return Ok(Needed::Still(Box::new(collected)));
            }
            Some(false) => "what it is for now asks for another change",
            None => "what it is for is not found any more",
        };
        let lacking = analyze::unread(code, &concluded.snapshot);
        let unread = unread::all(&lacking, &concluded.snapshot).join(", and ");
        Ok(Needed::Not(if unread.is_empty() { seen.to_owned() } else { format!("{seen}, and {unread}") }))
    }
}

/// Whether what is proposed now is what was planned. A claim that is created has the size and the class that were shown, and those are not
/// decided anew as long as that class makes volumes.
fn is_the_same(now: &Action, planned: &Action, facts: &Facts<'_>) -> bool {
    match (now, planned) {
        (Action::Create { object, manifest }, Action::Create { object: shown, manifest: as_shown }) => {
            let class = as_shown.pointer("/spec/storageClassName").and_then(Value::as_str);
            let stands = |class: &str| analyze::makes_volumes(facts, class);
            object == shown && undecided(manifest) == undecided(as_shown) && (manifest == as_shown || class.is_none_or(stands))
        }
        (now, planned) => now == planned,
    }
}

/// The manifest without the size and the class of what it stores.
fn undecided(manifest: &Value) -> Value {
    let mut rest = manifest.clone();
    if let Some(spec) = rest.pointer_mut("/spec").and_then(Value::as_object_mut) {
        spec.remove("resources");
        spec.remove("storageClassName");
    }
    rest
}
