//! The stored form of a plan.

use super::form::{OLDEST, VERSION, newest};
use super::reference::{KeyRecord, KindRecord, RefRecord, SegmentRecord, code, path, segments};
use crate::domain::action::{Action, Change, FieldOp, Revisions, RolledOut};
use crate::domain::cause::KnownCodes;
use crate::domain::check::Check;
use crate::domain::id::{PlanId, SessionId};
use crate::domain::nonempty::NonEmpty;
use crate::domain::plan::{Judged, OnFailure, Pinned, Precondition, RemediationPlan, Step, Undo};
use crate::domain::purpose::Aim;
use crate::domain::request::{Method, Request};
use crate::domain::risk::Risk;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanRecord {
    id: String,
    aim: AimRecord,
    summary: String,
    steps: Vec<StepRecord>,
    checks: Vec<CheckRecord>,
    about: Vec<RefRecord>,
    saw: Vec<KindRecord>,
    settle_seconds: i64,
    wait_seconds: i64,
    revert: bool,
    cluster: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum AimRecord {
    Cause { key: KeyRecord },
    Undo { session: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestRecord {
    method: String,
    path: String,
    body: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StepRecord {
    action: ActionRecord,
    why: String,
    request: RequestRecord,
    diff: String,
    risk: String,
    uid: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    fields: Vec<PinnedRecord>,
    undo: Option<RequestRecord>,
    undo_words: String,
    command: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum ActionRecord {
    Create { object: RefRecord, manifest: Value },
    Patch { target: RefRecord, ops: Vec<OpRecord> },
    DeleteUnboundClaim { claim: RefRecord },
    RestartRollout { target: RefRecord, at: Timestamp },
    UndoRollout { target: RefRecord, to: Box<RolledOutRecord>, from: Box<RolledOutRecord>, ops: Vec<OpRecord> },
    DeletePod { pod: RefRecord },
    EvictPod { pod: RefRecord },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RolledOutRecord {
    revision: u32,
    set: RefRecord,
}

impl From<&RolledOut> for RolledOutRecord {
    fn from(of: &RolledOut) -> Self {
        Self { revision: of.revision, set: (&of.set).into() }
    }
}

impl RolledOutRecord {
    fn into_rolled_out(self) -> Result<RolledOut, String> {
        Ok(RolledOut { revision: self.revision, set: self.set.into_ref()? })
    }
}

/// By itself, so that a field that held `null` is told from one that was not there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenRecord {
    value: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinnedRecord {
    path: Vec<SegmentRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    held: Option<SeenRecord>,
}

impl From<&Pinned> for PinnedRecord {
    fn from(pinned: &Pinned) -> Self {
        Self { path: segments(&pinned.path), held: pinned.value.clone().map(|value| SeenRecord { value }) }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpRecord {
    path: Vec<SegmentRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<SeenRecord>,
    change: ChangeRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum ChangeRecord {
    Set { value: Value },
    Remove {},
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum CheckRecord {
    RolloutComplete { object: RefRecord },
    PodReady { object: RefRecord },
    ClaimBound { object: RefRecord },
    EndpointsReady { object: RefRecord },
    StillServes { object: RefRecord, ready: u32 },
    FindingGone { code: String, object: RefRecord, field: Option<Vec<SegmentRecord>> },
    FieldIs { object: RefRecord, field: Vec<SegmentRecord>, value: Option<SeenRecord> },
    Gone { object: RefRecord },
    SymptomGone { object: RefRecord },
}

impl From<&FieldOp> for OpRecord {
    fn from(op: &FieldOp) -> Self {
        Self {
            path: segments(&op.path),
            seen: op.seen.clone().map(|value| SeenRecord { value }),
            change: match &op.change {
                Change::Set(value) => ChangeRecord::Set { value: value.clone() },
                Change::Remove => ChangeRecord::Remove {},
            },
        }
    }
}

impl OpRecord {
    fn into_op(self) -> FieldOp {
        FieldOp {
            path: path(self.path),
            seen: self.seen.map(|seen| seen.value),
            change: match self.change {
                ChangeRecord::Set { value } => Change::Set(value),
                ChangeRecord::Remove {} => Change::Remove,
            },
        }
    }
}

impl From<&Request> for RequestRecord {
    fn from(r: &Request) -> Self {
        Self { method: r.method.as_str().to_owned(), path: r.path.clone(), body: r.body.clone() }
    }
}

impl RequestRecord {
    fn into_request(self) -> Result<Request, String> {
        Ok(Request { method: Method::parse(&self.method).ok_or("a step has an unknown method")?, path: self.path, body: self.body })
    }
}

impl From<&Action> for ActionRecord {
    fn from(action: &Action) -> Self {
        match action {
            Action::Create { object, manifest } => ActionRecord::Create { object: object.into(), manifest: manifest.clone() },
            Action::DeleteUnboundClaim { claim } => ActionRecord::DeleteUnboundClaim { claim: claim.into() },
            Action::Patch { target, ops } => ActionRecord::Patch { target: target.into(), ops: ops.iter().map(OpRecord::from).collect() },
            Action::RestartRollout { target, at } => ActionRecord::RestartRollout { target: target.into(), at: *at },
            Action::UndoRollout { target, between, ops } => ActionRecord::UndoRollout {
                target: target.into(),
                to: Box::new((&between.to).into()),
                from: Box::new((&between.from).into()),
                ops: ops.iter().map(OpRecord::from).collect(),
            },
            Action::DeletePod { pod } => ActionRecord::DeletePod { pod: pod.into() },
            Action::EvictPod { pod } => ActionRecord::EvictPod { pod: pod.into() },
        }
    }
}

fn fields(ops: Vec<OpRecord>) -> Result<NonEmpty<FieldOp>, String> {
    NonEmpty::from_vec(ops.into_iter().map(OpRecord::into_op).collect()).ok_or_else(|| "a patch changes nothing".to_owned())
}

impl ActionRecord {
    /// The oldest form that has it.
    pub(super) fn form(&self) -> u32 {
        let older = matches!(self, ActionRecord::Create { .. } | ActionRecord::Patch { .. } | ActionRecord::DeleteUnboundClaim { .. });
        if older { OLDEST } else { VERSION }
    }

    pub(super) fn into_action(self) -> Result<Action, String> {
        Ok(match self {
            ActionRecord::Create { object, manifest } => Action::Create { object: object.into_ref()?, manifest },
            ActionRecord::DeleteUnboundClaim { claim } => Action::DeleteUnboundClaim { claim: claim.into_ref()? },
            ActionRecord::Patch { target, ops } => Action::Patch { target: target.into_ref()?, ops: fields(ops)? },
            ActionRecord::RestartRollout { target, at } => Action::RestartRollout { target: target.into_ref()?, at },
            ActionRecord::UndoRollout { target, to, from, ops } => Action::UndoRollout {
                target: target.into_ref()?,
                between: Box::new(Revisions { from: from.into_rolled_out()?, to: to.into_rolled_out()? }),
                ops: fields(ops)?,
            },
            ActionRecord::DeletePod { pod } => Action::DeletePod { pod: pod.into_ref()? },
            ActionRecord::EvictPod { pod } => Action::EvictPod { pod: pod.into_ref()? },
        })
    }
}

impl From<&Check> for CheckRecord {
    fn from(check: &Check) -> Self {
        match check {
            Check::RolloutComplete(o) => CheckRecord::RolloutComplete { object: o.into() },
            Check::PodReady(o) => CheckRecord::PodReady { object: o.into() },
            Check::ClaimBound(o) => CheckRecord::ClaimBound { object: o.into() },
            Check::EndpointsReady(o) => CheckRecord::EndpointsReady { object: o.into() },
            Check::StillServes { service, ready } => CheckRecord::StillServes { object: service.into(), ready: *ready },
            Check::FindingGone { code, object, field } => {
                CheckRecord::FindingGone { code: code.to_string(), object: object.into(), field: field.as_ref().map(segments) }
            }
            Check::FieldIs { object, field, value } => CheckRecord::FieldIs {
                object: object.into(),
                field: segments(field),
                value: value.clone().map(|value| SeenRecord { value }),
            },
            Check::Gone(o) => CheckRecord::Gone { object: o.into() },
            Check::SymptomGone(o) => CheckRecord::SymptomGone { object: o.into() },
        }
    }
}

impl CheckRecord {
    /// The oldest form that has it.
    pub(super) fn form(&self) -> u32 {
        let older = matches!(
            self,
            CheckRecord::RolloutComplete { .. }
                | CheckRecord::PodReady { .. }
                | CheckRecord::ClaimBound { .. }
                | CheckRecord::EndpointsReady { .. }
                | CheckRecord::FindingGone { .. }
                | CheckRecord::FieldIs { .. }
                | CheckRecord::Gone { .. }
                | CheckRecord::SymptomGone { .. }
        );
        if older { OLDEST } else { VERSION }
    }

    pub(super) fn into_check(self, known: KnownCodes) -> Result<Check, String> {
        Ok(match self {
            CheckRecord::RolloutComplete { object } => Check::RolloutComplete(object.into_ref()?),
            CheckRecord::PodReady { object } => Check::PodReady(object.into_ref()?),
            CheckRecord::ClaimBound { object } => Check::ClaimBound(object.into_ref()?),
            CheckRecord::EndpointsReady { object } => Check::EndpointsReady(object.into_ref()?),
            CheckRecord::StillServes { object, ready } => Check::StillServes { service: object.into_ref()?, ready },
            CheckRecord::FindingGone { code: text, object, field } => {
                Check::FindingGone { code: code(&text, known)?, object: object.into_ref()?, field: field.map(path) }
            }
            CheckRecord::FieldIs { object, field, value } => {
                Check::FieldIs { object: object.into_ref()?, field: path(field), value: value.map(|seen| seen.value) }
            }
            CheckRecord::Gone { object } => Check::Gone(object.into_ref()?),
            CheckRecord::SymptomGone { object } => Check::SymptomGone(object.into_ref()?),
        })
    }
}

impl From<&Aim> for AimRecord {
    fn from(aim: &Aim) -> Self {
        match aim {
            Aim::Cause(key) => AimRecord::Cause { key: key.into() },
            Aim::Undo(session) => AimRecord::Undo { session: session.to_string() },
        }
    }
}

impl AimRecord {
    fn into_aim(self, known: KnownCodes) -> Result<Aim, String> {
        Ok(match self {
            AimRecord::Cause { key } => Aim::Cause(key.into_key(known)?),
            AimRecord::Undo { session } => Aim::Undo(SessionId::parse(&session).map_err(|e| e.to_string())?),
        })
    }
}

impl From<&RemediationPlan> for PlanRecord {
    fn from(plan: &RemediationPlan) -> Self {
        Self {
            id: plan.id.to_string(),
            aim: (&plan.aim).into(),
            summary: plan.summary.clone(),
            steps: plan
                .steps
                .iter()
                .map(|s| StepRecord {
                    action: (&s.action).into(),
                    why: s.why.clone(),
                    request: (&s.request).into(),
                    diff: s.diff.clone(),
                    risk: s.risk.to_string(),
                    uid: s.precondition.uid.clone(),
                    resource_version: s.precondition.resource_version.clone(),
                    generation: s.precondition.generation,
                    fields: s.precondition.fields.iter().map(PinnedRecord::from).collect(),
                    undo: match &s.undo {
                        Undo::Restore { request, .. } => Some(request.into()),
                        Undo::None { .. } => None,
                    },
                    undo_words: s.undo.summary().to_owned(),
                    command: s.command.clone(),
                })
                .collect(),
            checks: plan.checks.iter().map(CheckRecord::from).collect(),
            about: plan.judged.about.iter().map(RefRecord::from).collect(),
            saw: plan.judged.saw.iter().map(KindRecord::from).collect(),
            settle_seconds: plan.judged.settle.as_secs(),
            wait_seconds: plan.judged.wait.as_secs(),
            revert: plan.on_failure == OnFailure::Revert,
            cluster: plan.cluster.clone(),
        }
    }
}

impl PlanRecord {
    /// The oldest form that has all that is in it.
    pub(super) fn form(&self) -> u32 {
        newest(self.steps.iter().map(|step| step.action.form()).chain(self.checks.iter().map(CheckRecord::form)))
    }

    pub(super) fn into_plan(self, known: KnownCodes) -> Result<RemediationPlan, String> {
        let steps = self
            .steps
            .into_iter()
            .map(|s| {
                Ok(Step {
                    action: s.action.into_action()?,
                    why: s.why,
                    request: s.request.into_request()?,
                    diff: s.diff,
                    risk: Risk::parse(&s.risk).ok_or("a step has an unknown risk")?,
                    precondition: Precondition {
                        uid: s.uid,
                        resource_version: s.resource_version,
                        generation: s.generation,
                        fields: s.fields.into_iter().map(|f| Pinned { path: path(f.path), value: f.held.map(|seen| seen.value) }).collect(),
                    },
                    undo: match s.undo {
                        Some(request) => Undo::Restore { request: request.into_request()?, summary: s.undo_words },
                        None => Undo::None { why: s.undo_words },
                    },
                    command: s.command,
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        let checks = self.checks.into_iter().map(|check| check.into_check(known)).collect::<Result<Vec<_>, String>>()?;
        Ok(RemediationPlan {
            id: PlanId::parse(&self.id).map_err(|e| e.to_string())?,
            aim: self.aim.into_aim(known)?,
            summary: self.summary,
            steps: NonEmpty::from_vec(steps).ok_or("the plan has no steps")?,
            checks: NonEmpty::from_vec(checks).ok_or("the plan has no checks")?,
            judged: Judged {
                about: self.about.into_iter().map(RefRecord::into_ref).collect::<Result<Vec<_>, String>>()?,
                saw: self.saw.into_iter().map(KindRecord::into_kind).collect(),
                settle: SignedDuration::from_secs(self.settle_seconds),
                wait: SignedDuration::from_secs(self.wait_seconds),
            },
            on_failure: if self.revert { OnFailure::Revert } else { OnFailure::Keep },
            cluster: self.cluster,
        })
    }
}
