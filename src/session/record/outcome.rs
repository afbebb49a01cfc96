//! The stored form of what came of a plan: its dry run, its execution, and whether it helped.

use super::form::newest;
use super::plan::{CheckRecord, PlanRecord};
use crate::domain::cause::KnownCodes;
use crate::domain::execution::{Execution, StepOutcome, Undone};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{PlanDigest, RemediationPlan, Step};
use crate::domain::validation::{CheckResult, Validation, Verdict};
use crate::session::Planned;
use crate::session::gate::{Rehearsal, Rehearsed};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedRecord {
    plan: PlanRecord,
    digest: String,
    dry_run: Option<Vec<RehearsedRecord>>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum RehearsedRecord {
    Accepted { note: Option<String> },
    Refused { reason: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExecutionRecord {
    steps: Vec<OutcomeRecord>,
    reverted: Option<Vec<UndoneRecord>>,
    cancelled: bool,
    stopped: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum OutcomeRecord {
    Intended { at: Timestamp },
    Applied { at: Timestamp, uid: Option<String> },
    Altered { at: Timestamp, uid: Option<String>, message: String },
    Refused { at: Timestamp, message: String },
    Failed { at: Timestamp, message: String },
    Unknown { at: Timestamp, message: String },
    NotReached {},
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum UndoneRecord {
    NotNeeded {},
    Stays { why: String },
    Sent { outcome: OutcomeRecord },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ValidationRecord {
    verdict: String,
    checks: Vec<ResultRecord>,
    settled_seconds: i64,
    settled_nanoseconds: i32,
    at: Timestamp,
    why: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ResultRecord {
    check: CheckRecord,
    passed: Option<bool>,
    observed: String,
}

impl From<&Planned> for PlannedRecord {
    fn from(p: &Planned) -> Self {
        Self {
            plan: (&p.plan).into(),
            digest: p.plan.digest().to_string(),
            dry_run: p.rehearsal.as_ref().map(|r| r.steps.iter().map(RehearsedRecord::from).collect()),
        }
    }
}

impl PlannedRecord {
    /// The oldest form that has all that is in it.
    pub(super) fn form(&self) -> u32 {
        self.plan.form()
    }

    /// The plan, if it is the one whose digest stands beside it.
    pub(super) fn into_planned(self, known: KnownCodes) -> Result<Planned, String> {
        let plan = self.plan.into_plan(known)?;
        let digest = PlanDigest::parse(&self.digest).ok_or("its plan digest is malformed")?;
        if plan.digest() != digest {
            return Err("its plan does not match its digest: the record was changed".to_owned());
        }
        if !plan.steps.iter().all(Step::goes_where_it_says) {
            return Err("its request does not go where its action says: the record was changed".to_owned());
        }
        let rehearsal = self.dry_run.map(|steps| Rehearsal { steps: steps.into_iter().map(RehearsedRecord::into_rehearsed).collect() });
        if rehearsal.as_ref().is_some_and(|r| r.steps.len() != plan.steps.len()) {
            return Err("its dry run does not match its plan".to_owned());
        }
        Ok(Planned { plan, rehearsal })
    }
}

impl From<&Rehearsed> for RehearsedRecord {
    fn from(r: &Rehearsed) -> Self {
        match r {
            Rehearsed::Accepted { note } => RehearsedRecord::Accepted { note: note.clone() },
            Rehearsed::Refused { reason } => RehearsedRecord::Refused { reason: reason.clone() },
        }
    }
}

impl RehearsedRecord {
    fn into_rehearsed(self) -> Rehearsed {
        match self {
            RehearsedRecord::Accepted { note } => Rehearsed::Accepted { note },
            RehearsedRecord::Refused { reason } => Rehearsed::Refused { reason },
        }
    }
}

impl From<&Execution> for ExecutionRecord {
    fn from(e: &Execution) -> Self {
        Self {
            steps: e.steps.iter().map(OutcomeRecord::from).collect(),
            reverted: e.reverted.as_ref().map(|steps| steps.iter().map(UndoneRecord::from).collect()),
            cancelled: e.cancelled,
            stopped: e.stopped.clone(),
        }
    }
}

impl ExecutionRecord {
    pub(super) fn into_execution(self, of: &RemediationPlan) -> Result<Execution, String> {
        let steps: Vec<StepOutcome> = self.steps.into_iter().map(OutcomeRecord::into_outcome).collect();
        let steps = NonEmpty::from_vec(steps).filter(|s| s.len() == of.steps.len()).ok_or("its execution does not match its plan")?;
        let undone = |all: Vec<UndoneRecord>| {
            let all = all.into_iter().map(UndoneRecord::into_undone).collect();
            NonEmpty::from_vec(all).filter(|s| s.len() == of.steps.len()).ok_or("its undo does not match its plan")
        };
        Ok(Execution { steps, reverted: self.reverted.map(undone).transpose()?, cancelled: self.cancelled, stopped: self.stopped })
    }
}

impl From<&StepOutcome> for OutcomeRecord {
    fn from(o: &StepOutcome) -> Self {
        match o.clone() {
            StepOutcome::Intended { at } => OutcomeRecord::Intended { at },
            StepOutcome::Applied { at, uid } => OutcomeRecord::Applied { at, uid },
            StepOutcome::Altered { at, uid, message } => OutcomeRecord::Altered { at, uid, message },
            StepOutcome::Refused { at, message } => OutcomeRecord::Refused { at, message },
            StepOutcome::Failed { at, message } => OutcomeRecord::Failed { at, message },
            StepOutcome::Unknown { at, message } => OutcomeRecord::Unknown { at, message },
            StepOutcome::NotReached => OutcomeRecord::NotReached {},
        }
    }
}

impl OutcomeRecord {
    fn into_outcome(self) -> StepOutcome {
        match self {
            OutcomeRecord::Intended { at } => StepOutcome::Intended { at },
            OutcomeRecord::Applied { at, uid } => StepOutcome::Applied { at, uid },
            OutcomeRecord::Altered { at, uid, message } => StepOutcome::Altered { at, uid, message },
            OutcomeRecord::Refused { at, message } => StepOutcome::Refused { at, message },
            OutcomeRecord::Failed { at, message } => StepOutcome::Failed { at, message },
            OutcomeRecord::Unknown { at, message } => StepOutcome::Unknown { at, message },
            OutcomeRecord::NotReached {} => StepOutcome::NotReached,
        }
    }
}

impl From<&Undone> for UndoneRecord {
    fn from(undone: &Undone) -> Self {
        match undone {
            Undone::NotNeeded => UndoneRecord::NotNeeded {},
            Undone::Stays { why } => UndoneRecord::Stays { why: why.clone() },
            Undone::Sent(outcome) => UndoneRecord::Sent { outcome: outcome.into() },
        }
    }
}

impl UndoneRecord {
    fn into_undone(self) -> Undone {
        match self {
            UndoneRecord::NotNeeded {} => Undone::NotNeeded,
            UndoneRecord::Stays { why } => Undone::Stays { why },
            UndoneRecord::Sent { outcome } => Undone::Sent(outcome.into_outcome()),
        }
    }
}

impl From<&Validation> for ValidationRecord {
    fn from(v: &Validation) -> Self {
        let result = |r: &CheckResult| ResultRecord { check: (&r.check).into(), passed: r.passed, observed: r.observed.clone() };
        Self {
            verdict: v.verdict.as_str().to_owned(),
            checks: v.checks.iter().map(result).collect(),
            settled_seconds: v.settled_for.as_secs(),
            settled_nanoseconds: v.settled_for.subsec_nanos(),
            at: v.at,
            why: v.why.clone(),
        }
    }
}

impl ValidationRecord {
    /// The oldest form that has all that is in it.
    pub(super) fn form(&self) -> u32 {
        newest(self.checks.iter().map(|result| result.check.form()))
    }

    pub(super) fn into_validation(self, known: KnownCodes) -> Result<Validation, String> {
        let result = |r: ResultRecord| Ok(CheckResult { check: r.check.into_check(known)?, passed: r.passed, observed: r.observed });
        Ok(Validation {
            verdict: Verdict::parse(&self.verdict).ok_or_else(|| format!("`{}` is not a verdict", self.verdict))?,
            checks: self.checks.into_iter().map(result).collect::<Result<Vec<_>, String>>()?,
            settled_for: SignedDuration::from_secs(self.settled_seconds)
                .checked_add(SignedDuration::from_nanos(i64::from(self.settled_nanoseconds)))
                .ok_or("its settle time is out of range")?,
            at: self.at,
            why: self.why,
        })
    }
}
