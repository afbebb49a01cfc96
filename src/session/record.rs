//! The stored form of a session, versioned. Reading back is the only way in from outside, and it checks everything again:
//! a record whose plan does not fit its digest is no session.

use super::trail::{Entry, Trail};
use super::{AwaitingApproval, Closed, Executing, Header, Outcome, Session, Validating};
use crate::domain::confidence::Confidence;
use crate::domain::id::SessionId;
use crate::domain::issue::{Origin, Scope};
use crate::domain::limits::{Consent, Limits, Mode};
use crate::domain::object::{Namespace, ObjectRef};
use crate::domain::plan::{OnFailure, PlanDigest};
use crate::domain::risk::Risk;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

mod plan;
use plan::PlanRecord;

/// Raised when the form changes in a way that an older program could misread.
const VERSION: u32 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    id: String,
    opened_at: Timestamp,
    issue: String,
    /// Absent in records that were written before it was kept: those are callers'.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    origin: Option<String>,
    namespace: Option<String>,
    objects: Vec<String>,
    context: String,
    server: String,
    limits: LimitsRecord,
    trail: Vec<EntryRecord>,
    report: Value,
    state: StateRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRecord {
    at: Timestamp,
    who: String,
    what: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsRecord {
    automatic: bool,
    automatic_allowed: bool,
    client_consent: bool,
    confidence_threshold: f64,
    ceiling: String,
    max_risk: String,
    client_max_risk: String,
    revert: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum StateRecord {
    Investigating,
    AwaitingApproval { plan: PlanRecord, digest: String, expires_at: Timestamp, token_hash: Vec<u8> },
    Executing { plan: PlanRecord, digest: String, pid: u32, until: Timestamp },
    Validating { plan: PlanRecord, digest: String, pid: u32, until: Timestamp },
    Closed { outcome: OutcomeRecord, plan: Option<PlanRecord>, digest: Option<String> },
}

#[derive(Serialize, Deserialize, Clone, Copy)]
#[serde(rename_all = "camelCase")]
enum OutcomeRecord {
    Healthy,
    Diagnosed,
    Inconclusive,
    Declined,
    Expired,
    Resolved,
    Unresolved,
    Unclear,
    Failed,
    Interrupted,
    Reverted,
}

macro_rules! outcomes {
    ($($name:ident),*) => {
        impl From<Outcome> for OutcomeRecord {
            fn from(o: Outcome) -> Self {
                match o { $(Outcome::$name => OutcomeRecord::$name,)* }
            }
        }
        impl From<OutcomeRecord> for Outcome {
            fn from(o: OutcomeRecord) -> Self {
                match o { $(OutcomeRecord::$name => Outcome::$name,)* }
            }
        }
    };
}
outcomes!(Healthy, Diagnosed, Inconclusive, Declined, Expired, Resolved, Unresolved, Unclear, Failed, Interrupted, Reverted);

/// The session as bytes.
pub(super) fn write(session: &Session) -> Result<Vec<u8>, String> {
    let header = session.header();
    let state = match session {
        Session::Investigating(_) => StateRecord::Investigating,
        Session::AwaitingApproval(s) => StateRecord::AwaitingApproval {
            plan: PlanRecord::from(&s.plan),
            digest: s.digest.to_string(),
            expires_at: s.expires_at,
            token_hash: s.token_hash().to_vec(),
        },
        Session::Executing(s) => {
            StateRecord::Executing { plan: PlanRecord::from(&s.plan), digest: s.plan.digest().to_string(), pid: s.pid, until: s.until }
        }
        Session::Validating(s) => {
            StateRecord::Validating { plan: PlanRecord::from(&s.plan), digest: s.plan.digest().to_string(), pid: s.pid, until: s.until }
        }
        Session::Closed(s) => StateRecord::Closed {
            outcome: s.outcome.into(),
            plan: s.plan.as_ref().map(PlanRecord::from),
            digest: s.plan.as_ref().map(|p| p.digest().to_string()),
        },
    };
    let limits = &header.limits;
    let record = Record {
        version: VERSION,
        id: header.id.to_string(),
        opened_at: header.opened_at,
        issue: header.issue.clone(),
        origin: Some(header.origin.as_str().to_owned()),
        namespace: header.scope.namespace().map(ToString::to_string),
        objects: header.scope.objects().iter().map(ObjectRef::slashed).collect(),
        context: header.context.clone(),
        server: header.server.clone(),
        limits: LimitsRecord {
            automatic: limits.mode == Mode::Automatic,
            automatic_allowed: limits.automatic_allowed,
            client_consent: limits.consent == Consent::Client,
            confidence_threshold: limits.confidence_threshold.value(),
            ceiling: limits.ceiling.to_string(),
            max_risk: limits.max_risk.to_string(),
            client_max_risk: limits.client_max_risk.to_string(),
            revert: limits.on_failure == OnFailure::Revert,
        },
        trail: header.trail.entries().iter().map(|e| EntryRecord { at: e.at, who: e.who.clone(), what: e.what.clone() }).collect(),
        report: header.report.clone(),
        state,
    };
    serde_json::to_vec(&record).map_err(|e| e.to_string())
}

/// The session from bytes, everything checked again.
pub(super) fn read(bytes: &[u8]) -> Result<Session, String> {
    let version: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    match version.get("version").and_then(Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => {}
        Some(v) => return Err(format!("its form is version {v}, and this program knows version {VERSION}")),
        None => return Err("it has no version".to_owned()),
    }
    let record: Record = serde_json::from_value(version).map_err(|e| e.to_string())?;
    let scope = match &record.namespace {
        None => Scope::All,
        Some(text) => {
            let namespace = Namespace::parse(text).map_err(|e| e.to_string())?;
            let objects = record
                .objects
                .iter()
                .map(|o| ObjectRef::parse(o, Some(&namespace)))
                .collect::<Result<Vec<_>, _>>()
                .map_err(|e| e.to_string())?;
            Scope::Namespace { namespace, objects }
        }
    };
    let risk = |text: &str| Risk::parse(text).ok_or_else(|| format!("`{text}` is no risk"));
    let limits = Limits {
        mode: if record.limits.automatic { Mode::Automatic } else { Mode::Manual },
        consent: if record.limits.client_consent { Consent::Client } else { Consent::Ask },
        confidence_threshold: Confidence::new(record.limits.confidence_threshold).ok_or("its threshold is no probability")?,
        ceiling: risk(&record.limits.ceiling)?,
        max_risk: risk(&record.limits.max_risk)?,
        client_max_risk: risk(&record.limits.client_max_risk)?,
        on_failure: if record.limits.revert { OnFailure::Revert } else { OnFailure::Keep },
        automatic_allowed: record.limits.automatic_allowed,
    };
    let header = Header {
        id: SessionId::parse(&record.id).map_err(|e| e.to_string())?,
        opened_at: record.opened_at,
        issue: record.issue,
        origin: match &record.origin {
            Some(text) => Origin::parse(text).ok_or_else(|| format!("`{text}` is not an origin"))?,
            None => Origin::Caller,
        },
        scope,
        limits,
        context: record.context,
        server: record.server,
        trail: Trail::from_entries(record.trail.into_iter().map(|e| Entry { at: e.at, who: e.who, what: e.what }).collect()),
        report: record.report,
    };
    Ok(match record.state {
        StateRecord::Investigating => Session::Investigating(header),
        StateRecord::AwaitingApproval { plan, digest, expires_at, token_hash } => {
            let (plan, digest) = checked(plan, &digest)?;
            let token_hash: [u8; 32] = token_hash.try_into().map_err(|_| "its token hash is not one".to_owned())?;
            Session::AwaitingApproval(AwaitingApproval { header, plan, digest, expires_at, token_hash })
        }
        StateRecord::Executing { plan, digest, pid, until } => {
            Session::Executing(Executing { header, plan: checked(plan, &digest)?.0, pid, until })
        }
        StateRecord::Validating { plan, digest, pid, until } => {
            Session::Validating(Validating { header, plan: checked(plan, &digest)?.0, pid, until })
        }
        StateRecord::Closed { outcome, plan, digest } => {
            let plan = match (plan, digest) {
                (Some(plan), Some(digest)) => Some(checked(plan, &digest)?.0),
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err("it has half a plan".to_owned()),
            };
            Session::Closed(Closed { header, outcome: outcome.into(), plan })
        }
    })
}

fn checked(plan: PlanRecord, digest: &str) -> Result<(crate::domain::plan::RemediationPlan, PlanDigest), String> {
    let plan = plan.into_plan()?;
    let digest = PlanDigest::parse(digest).ok_or("its digest is not one")?;
    if plan.digest() == digest {
        Ok((plan, digest))
    } else {
        Err("its plan does not fit its digest: somebody changed the record".to_owned())
    }
}

#[cfg(test)]
mod tests;
