//! The gate: a small policy engine in one pure file. The strictest vote wins, all reasons of the winning kind are kept,
//! and nothing but limits, plan, confidence and rehearsal goes in.

use crate::domain::action::Action;
use crate::domain::diagnosis::Confidence;
use crate::domain::field::Segment;
use crate::domain::limits::{Limits, Mode};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{PlanDigest, RemediationPlan};

/// What the API server said to one step's dry run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rehearsed {
    Accepted { note: Option<String> },
    Refused { reason: String },
}

/// What the API server said to a whole plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rehearsal {
    pub(crate) steps: Vec<Rehearsed>,
}

impl Rehearsal {
    pub(crate) fn refusals(&self) -> Vec<String> {
        self.steps
            .iter()
            .filter_map(|s| match s {
                Rehearsed::Refused { reason } => Some(reason.clone()),
                Rehearsed::Accepted { .. } => None,
            })
            .collect()
    }
}

/// A yes of the gate to one plan. Made nowhere else.
#[derive(Debug)]
pub(crate) struct Grant {
    digest: PlanDigest,
}

impl Grant {
    pub(super) fn into_digest(self) -> PlanDigest {
        self.digest
    }
}

/// Ordered by strictness.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Vote {
    Allow,
    Ask(String),
    Forbid(String),
}

/// What the gate says.
#[derive(Debug)]
pub(crate) enum Verdict {
    Allow(Grant),
    AskHuman(NonEmpty<String>),
    Forbid(NonEmpty<String>),
}

struct Case<'a> {
    limits: &'a Limits,
    plan: &'a RemediationPlan,
    confidence: Confidence,
    rehearsal: &'a Rehearsal,
}

type Rule = fn(&Case<'_>) -> Vote;

const RULES: &[Rule] = &[ceiling, rehearsal, manual, confidence, risk, steps, fields];

/// Judges a plan.
pub(crate) fn judge(limits: &Limits, plan: &RemediationPlan, confidence: Confidence, rehearsal: &Rehearsal) -> Verdict {
    let case = Case { limits, plan, confidence, rehearsal };
    let mut asks = Vec::new();
    let mut forbids = Vec::new();
    for rule in RULES {
        match rule(&case) {
            Vote::Allow => {}
            Vote::Ask(reason) => asks.push(reason),
            Vote::Forbid(reason) => forbids.push(reason),
        }
    }
    match (NonEmpty::from_vec(forbids), NonEmpty::from_vec(asks)) {
        (Some(reasons), _) => Verdict::Forbid(reasons),
        (None, Some(reasons)) => Verdict::AskHuman(reasons),
        (None, None) => Verdict::Allow(Grant { digest: plan.digest() }),
    }
}

fn ceiling(c: &Case<'_>) -> Vote {
    let (risk, ceiling) = (c.plan.risk(), c.limits.ceiling);
    if risk > ceiling { Vote::Forbid(format!("its risk is {risk}, and the most that may be done here is {ceiling}")) } else { Vote::Allow }
}

/// A rehearsal that is missing, short or refused forbids.
fn rehearsal(c: &Case<'_>) -> Vote {
    if c.rehearsal.steps.len() != c.plan.steps.len() {
        return Vote::Forbid("not every step was rehearsed".to_owned());
    }
    let refusals = c.rehearsal.refusals();
    if refusals.is_empty() { Vote::Allow } else { Vote::Forbid(format!("the API server would not take it: {}", refusals.join("; "))) }
}

fn manual(c: &Case<'_>) -> Vote {
    match c.limits.mode {
        Mode::Manual => Vote::Ask("a human decides".to_owned()),
        Mode::Automatic => Vote::Allow,
    }
}

/// Written so that a comparison that cannot be made asks.
fn confidence(c: &Case<'_>) -> Vote {
    if c.confidence >= c.limits.confidence_threshold {
        Vote::Allow
    } else {
        Vote::Ask(format!("confidence {:.2} is below the threshold {:.2}", c.confidence.value(), c.limits.confidence_threshold.value()))
    }
}

fn risk(c: &Case<'_>) -> Vote {
    let risk = c.plan.risk();
    if risk <= c.limits.max_risk {
        Vote::Allow
    } else {
        Vote::Ask(format!("risk {risk} is above the automatic limit {}", c.limits.max_risk))
    }
}

/// At most three changes without a human: `security.md` 2.7.
fn steps(c: &Case<'_>) -> Vote {
    if c.plan.steps.len() <= 3 {
        Vote::Allow
    } else {
        Vote::Ask(format!("{} changes at once are too many without a human", c.plan.steps.len()))
    }
}

/// Fields that automatic mode never touches: everything of a Pod template but its images, and every selector (`security.md` 2.6).
fn fields(c: &Case<'_>) -> Vote {
    for step in c.plan.steps.iter() {
        match &step.action {
            Action::Create { .. } => {}
            Action::DeleteUnboundClaim { claim } => return Vote::Ask(format!("{claim} would be deleted")),
            Action::Patch { ops, .. } => {
                for op in ops.iter() {
                    let last = op.path.segments().last();
                    if last != Some(&Segment::Key("image".to_owned())) {
                        return Vote::Ask(format!("{} is only changed with a human's yes", op.path));
                    }
                }
            }
        }
    }
    Vote::Allow
}
