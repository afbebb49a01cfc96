//! The plan: nothing left to choose. Every step holds the bytes that will be sent.

use super::action::{Action, Change, FieldOp, Revisions, RolledOut};
use super::cause::CauseKey;
use super::changes::Verb;
use super::check::Check;
use super::digest::Digester;
use super::ending::Ending;
use super::execution::StepOutcome;
use super::field::FieldPath;
use super::id::PlanId;
use super::kind::Kind;
use super::nonempty::NonEmpty;
use super::object::ObjectRef;
use super::purpose::Aim;
use super::request::{Method, Request};
use super::risk::Risk;
use super::validation::Verdict;
use jiff::SignedDuration;
use serde_json::Value;
use std::fmt;

/// A digest is of a plan, so whoever speaks of plans finds it here.
pub use super::digest::PlanDigest;

/// What is hashed, and how: raised when that changes.
const FORM: &str = "kubemend plan 6";

/// The annotation that every change carries: `PLAN/STEP`, so that a later look can tell what was done.
pub const STAMP: &str = "kubemend.dev/applied";

/// What must be true of the object for the step to be sent and accepted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Precondition {
    /// The object's uid; absent for an object that must not exist.
    pub uid: Option<String>,
    /// Its resource version, where any change at all must refuse the step.
    pub resource_version: Option<String>,
    /// How often its spec was changed, where the server counts that: any change of the spec refuses the step.
    pub generation: Option<i64>,
    /// Fields that must be as they were seen.
    pub fields: Vec<Pinned>,
}

/// A field, and what it must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct Pinned {
    /// Which field.
    pub path: FieldPath,
    /// Its value; none where it must be absent.
    pub value: Option<Value>,
}

impl Pinned {
    /// What it must hold, as a reader is shown it.
    pub fn held(&self) -> String {
        self.value.as_ref().map_or_else(|| "absent".to_owned(), Value::to_string)
    }
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq)]
pub enum Undo {
    /// By sending this, which the object refuses if somebody changed it since.
    Restore {
        /// The bytes.
        request: Request,
        /// In words.
        summary: String,
    },
    /// It is not taken back by kubemend.
    None {
        /// Why, and what a human would do.
        why: String,
    },
}

impl Undo {
    /// In words.
    pub fn summary(&self) -> &str {
        match self {
            Undo::Restore { summary, .. } => summary,
            Undo::None { why } => why,
        }
    }
}

/// What happens when validation says that it did not help. Ordered by strictness: what did not help must not stay where somebody wants
/// it gone, and what is sent then was shown and approved with the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum OnFailure {
    /// The change stays.
    #[default]
    Keep,
    /// Every step is undone, as far as it has an undo.
    Revert,
}

impl OnFailure {
    /// `keep` or `revert`.
    pub fn as_str(self) -> &'static str {
        match self {
            OnFailure::Keep => "keep",
            OnFailure::Revert => "revert",
        }
    }
}

impl fmt::Display for OnFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One change of the plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The change, in our words.
    pub action: Action,
    /// Why it helps.
    pub why: String,
    /// The change, in bytes.
    pub request: Request,
    /// The change, as a unified diff of YAML.
    pub diff: String,
    /// Computed; never below the action's floor.
    pub risk: Risk,
    /// What must be true for it to be sent.
    pub precondition: Precondition,
    /// How it is taken back.
    pub undo: Undo,
    /// What a human would type instead.
    pub command: String,
}

/// What a verdict rests on besides the checks. It is fixed before the change, when what fails can be seen.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judged {
    /// What suffers and has to run again: workloads, and Pods that nobody owns.
    pub about: Vec<ObjectRef>,
    /// The kinds that were read whole when the plan was made: a look that sees less proves nothing.
    pub saw: Vec<Kind>,
    /// All must hold this long without a break, where that is longer than the operator's own window; whole seconds, as a question says.
    pub settle: SignedDuration,
    /// How long is waited for it to begin to hold: what the operator gives every start, and what this one's template takes besides;
    /// whole seconds.
    pub wait: SignedDuration,
}

/// What will be done and how it will be judged.
#[derive(Debug, Clone, PartialEq)]
pub struct RemediationPlan {
    /// Stands in the stamp; not part of the digest.
    pub id: PlanId,
    /// What it is for.
    pub aim: Aim,
    /// One or two sentences.
    pub summary: String,
    /// The changes in order; the first that fails ends the plan.
    pub steps: NonEmpty<Step>,
    /// What must hold afterwards.
    pub checks: NonEmpty<Check>,
    /// What the verdict rests on besides.
    pub judged: Judged,
    /// What happens when it did not help.
    pub on_failure: OnFailure,
    /// The cluster's identity: a plan fits one cluster.
    pub cluster: String,
}

impl RemediationPlan {
    /// Who proposed it, where no rule did.
    pub fn by(&self) -> Option<&'static str> {
        self.aim.cause().and_then(|cause| cause.source.by())
    }

    /// The ending of a change that was made whole and kept. A rollback that did what it promised resolves nothing: it took back what was
    /// made against a problem.
    pub(crate) fn ending(&self, verdict: Verdict) -> Ending {
        match (verdict, &self.aim) {
            (Verdict::Resolved, Aim::Undo(_)) => Ending::Reverted,
            (verdict, _) => verdict.into(),
        }
    }

    /// The mark that the step of this index leaves on its object.
    pub(crate) fn stamp(&self, step: usize) -> String {
        format!("{}/{}", self.id, step.saturating_add(1))
    }

    /// Whether an object that has the name of a step's object is the one that the step made or changed: told by the uid that is known
    /// of it, and where none is known by the mark. A name alone tells nothing.
    pub(crate) fn is_own(&self, index: usize, step: &Step, recorded: &StepOutcome, uid: Option<&str>, mark: Option<&str>) -> bool {
        match recorded.uid().or(step.precondition.uid.as_deref()) {
            Some(known) => uid == Some(known),
            None => mark == Some(self.stamp(index).as_str()),
        }
    }

    /// The highest risk of any step.
    pub fn risk(&self) -> Risk {
        self.steps.iter().map(|s| s.risk.max(s.action.floor())).max().unwrap_or(Risk::High)
    }

    /// Covers everything in the plan: cluster, aim, summary, every step with its bytes, reason, diff, command, preconditions, undo
    /// and risk, the checks, what the verdict rests on besides, and what happens on failure. Not what a question shows beside it, such as evidence and the dry run.
    /// The plan's id, which the stamp in the bytes carries, is masked: the same change has the same digest tomorrow.
    pub fn digest(&self) -> PlanDigest {
        let mut digest = Digester::new(self.id.as_str());
        self.take_in(&mut digest);
        digest.finish()
    }

    /// Whether both ask for the same: a restart has the time at which it was planned, and that is all that tells it from the one before.
    pub(crate) fn asks_the_same(&self, other: &Self) -> bool {
        let of = |plan: &Self| {
            let times = plan.steps.iter().filter_map(|step| match &step.action {
                Action::RestartRollout { target: _, at } => Some(at.to_string()),
                Action::Create { .. }
                | Action::Patch { .. }
                | Action::DeleteUnboundClaim { .. }
                | Action::UndoRollout { .. }
                | Action::DeletePod { .. }
                | Action::EvictPod { .. } => None,
            });
            let mut digest = Digester::new(plan.id.as_str()).without(times.collect());
            plan.take_in(&mut digest);
            digest.finish()
        };
        of(self) == of(other)
    }

    /// Every value that the digest covers, in order.
    #[cfg(test)]
    pub(crate) fn hashed(&self) -> Vec<String> {
        let mut digest = Digester::new(self.id.as_str());
        self.take_in(&mut digest);
        digest.taken
    }

    /// Everything is taken apart without a rest: what joins a plan has to find its place here, or does not compile.
    fn take_in(&self, d: &mut Digester<'_>) {
        let RemediationPlan { id: _, aim, summary, steps, checks, judged, on_failure, cluster } = self;
        let Judged { about, saw, settle, wait } = judged;
        d.text(FORM);
        d.text(cluster);
        match aim {
            Aim::Cause(CauseKey { source, object, field }) => {
                d.tag(0);
                d.text(source.code());
                d.object(object);
                d.optional(field.as_ref(), Digester::path);
            }
            Aim::Undo(session) => {
                d.tag(1);
                d.text(session.as_str());
            }
        }
        d.text(summary);
        d.text(on_failure.as_str());
        d.list(steps.len(), steps.iter(), Step::digest);
        d.list(checks.len(), checks.iter(), |d, check| {
            d.text(check.what());
            d.object(check.object());
            // Each check says all that it holds: one that is added has to be taken in here.
            let (field, value) = match check {
                Check::FindingGone { field, .. } => (field.as_ref(), None),
                Check::FieldIs { field, value, .. } => (Some(field), value.as_ref()),
                Check::RolloutComplete(_)
                | Check::PodReady(_)
                | Check::ClaimBound(_)
                | Check::EndpointsReady(_)
                // Its number is in what is expected.
                | Check::StillServes { .. }
                | Check::Gone(_)
                | Check::SymptomGone(_) => (None, None),
            };
            d.optional(field, Digester::path);
            d.optional(value, |d, value| d.text(&value.to_string()));
            d.text(&check.expectation());
        });
        d.list(about.len(), about.iter(), Digester::object);
        d.list(saw.len(), saw.iter(), Digester::kind);
        d.text(&settle.as_secs().to_string());
        d.text(&wait.as_secs().to_string());
    }
}

fn changed_field(d: &mut Digester<'_>, FieldOp { path, seen, change }: &FieldOp) {
    d.path(path);
    d.optional(seen.as_ref(), |d, seen| d.text(&seen.to_string()));
    let value = match change {
        Change::Set(value) => Some(value),
        Change::Remove => None,
    };
    d.optional(value, |d, value| d.text(&value.to_string()));
}

impl Step {
    /// Whether its bytes go where its action says: a question names the action, and the API server sees the bytes.
    pub fn goes_where_it_says(&self) -> bool {
        let (verb, target, _) = self.action.change();
        let (method, place) = match verb {
            Verb::Create => (Method::Post, target.kind.path(target.namespace.as_ref(), None)),
            Verb::Patch | Verb::Restart | Verb::UndoRollout => (Method::Patch, target.path()),
            Verb::Delete => (Method::Delete, target.path()),
            Verb::Evict => (Method::Post, target.path().map(|path| format!("{path}/{}", verb.subresource().unwrap_or_default()))),
        };
        let path = self.request.path.split('?').next();
        self.request.method == method && place.is_some() && place.as_deref() == path
    }

    fn digest(d: &mut Digester<'_>, step: &Step) {
        let Step { action, why, request, diff, risk, precondition, undo, command } = step;
        let Precondition { uid, resource_version, generation, fields } = precondition;
        d.text(action.verb());
        d.object(action.target());
        match action {
            Action::Create { object: _, manifest } => {
                d.tag(0);
                d.text(&manifest.to_string());
            }
            Action::Patch { target: _, ops } => {
                d.tag(1);
                d.list(ops.len(), ops.iter(), changed_field);
            }
            Action::DeleteUnboundClaim { claim: _ } => d.tag(2),
            Action::RestartRollout { target: _, at } => {
                d.tag(3);
                d.text(&at.to_string());
            }
            Action::UndoRollout { target: _, between, ops } => {
                d.tag(4);
                let Revisions { from, to } = between.as_ref();
                for RolledOut { revision, set } in [from, to] {
                    d.text(&revision.to_string());
                    d.object(set);
                }
                d.list(ops.len(), ops.iter(), changed_field);
            }
            Action::DeletePod { pod: _ } => d.tag(5),
            Action::EvictPod { pod: _ } => d.tag(6),
        }
        d.request(request);
        for text in [diff, risk.as_str(), why, command] {
            d.text(text);
        }
        d.optional(uid.as_deref(), Digester::text);
        d.optional(resource_version.as_deref(), Digester::text);
        d.optional(generation.as_ref(), |d, generation| d.text(&generation.to_string()));
        d.list(fields.len(), fields.iter(), |d, Pinned { path, value }| {
            d.path(path);
            d.optional(value.as_ref(), |d, value| d.text(&value.to_string()));
        });
        match undo {
            Undo::Restore { request, summary } => {
                d.text("restore");
                d.text(summary);
                d.request(request);
            }
            Undo::None { why } => {
                d.text("none");
                d.text(why);
            }
        }
    }
}
