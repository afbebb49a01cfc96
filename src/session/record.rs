//! The stored form of a session, versioned. Reading back is the only way in from outside, and it checks everything again:
//! a record whose plan does not fit its digest, or whose causes cite what is not there, is not a session.

#[cfg(test)]
pub(crate) mod arbitrary;
mod conversation;
mod diagnosis;
mod focus;
mod form;
mod header;
mod observation;
mod outcome;
mod plan;
mod reference;
#[cfg(test)]
pub(crate) mod tests;
#[cfg(test)]
pub(crate) mod varied;

use super::approval::QUESTIONS;
use super::secret::Asked;
use super::{AwaitingApproval, Closed, Diagnosed, Executing, Header, Investigating, Planned, Reverting, Session, Validating};
use crate::domain::cause::KnownCodes;
use crate::domain::door::Door;
use crate::domain::ending::Ending;
use form::{OLDEST, VERSION, newest};
use header::HeaderRecord;
use jiff::Timestamp;
use outcome::{ExecutionRecord, PlannedRecord, ValidationRecord};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u32,
    header: HeaderRecord,
    state: StateRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase", deny_unknown_fields)]
enum StateRecord {
    Investigating { until: Timestamp },
    Diagnosed { planned: Option<PlannedRecord>, until: Timestamp },
    AwaitingApproval { planned: PlannedRecord, expires_at: Timestamp, asked: Vec<AskedRecord> },
    Executing { planned: PlannedRecord, execution: ExecutionRecord, pid: u32, until: Timestamp },
    Validating { planned: PlannedRecord, execution: ExecutionRecord, pid: u32, until: Timestamp },
    Reverting { planned: PlannedRecord, execution: ExecutionRecord, validation: Option<ValidationRecord>, pid: u32, until: Timestamp },
    Closed { ending: String, planned: Option<PlannedRecord>, execution: Option<ExecutionRecord>, validation: Option<ValidationRecord> },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AskedRecord {
    token: Vec<u8>,
    until: Timestamp,
    door: DoorRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum DoorRecord {
    Terminal,
    CommandLine,
    Client(String),
    Library,
}

impl From<&Door> for DoorRecord {
    fn from(door: &Door) -> Self {
        match door {
            Door::Terminal => DoorRecord::Terminal,
            Door::CommandLine => DoorRecord::CommandLine,
            Door::Client(name) => DoorRecord::Client(name.clone()),
            Door::Library => DoorRecord::Library,
        }
    }
}

impl From<DoorRecord> for Door {
    fn from(door: DoorRecord) -> Self {
        match door {
            DoorRecord::Terminal => Door::Terminal,
            DoorRecord::CommandLine => Door::CommandLine,
            DoorRecord::Client(name) => Door::Client(name),
            DoorRecord::Library => Door::Library,
        }
    }
}

impl From<&Asked> for AskedRecord {
    fn from(asked: &Asked) -> Self {
        Self { token: asked.token.to_vec(), until: asked.until, door: (&asked.door).into() }
    }
}

impl AskedRecord {
    fn into_asked(self) -> Result<Asked, String> {
        let token = self.token.try_into().map_err(|_| "its token hash is malformed")?;
        Ok(Asked { token, until: self.until, door: self.door.into() })
    }
}

/// A state in which a process acts: it is recorded again and again while it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Acting<'a> {
    Executing(&'a Executing),
    Validating(&'a Validating),
    Reverting(&'a Reverting),
}

impl<'a> Acting<'a> {
    pub(super) fn header(self) -> &'a Header {
        match self {
            Acting::Executing(s) => &s.header,
            Acting::Validating(s) => &s.header,
            Acting::Reverting(s) => &s.header,
        }
    }
}

/// The state as bytes.
pub(super) fn write_acting(acting: Acting<'_>) -> Result<Vec<u8>, String> {
    bytes(acting.header(), acting.into())
}

impl From<Acting<'_>> for StateRecord {
    fn from(acting: Acting<'_>) -> Self {
        match acting {
            Acting::Executing(s) => {
                StateRecord::Executing { planned: (&s.planned).into(), execution: (&s.execution).into(), pid: s.pid, until: s.until }
            }
            Acting::Validating(s) => {
                StateRecord::Validating { planned: (&s.planned).into(), execution: (&s.execution).into(), pid: s.pid, until: s.until }
            }
            Acting::Reverting(s) => StateRecord::Reverting {
                planned: (&s.planned).into(),
                execution: (&s.execution).into(),
                validation: s.validation.as_ref().map(ValidationRecord::from),
                pid: s.pid,
                until: s.until,
            },
        }
    }
}

impl StateRecord {
    /// The oldest form that has all that is in it.
    fn form(&self) -> u32 {
        let (planned, validation) = match self {
            StateRecord::Investigating { .. } => (None, None),
            StateRecord::Diagnosed { planned, .. } => (planned.as_ref(), None),
            StateRecord::AwaitingApproval { planned, .. }
            | StateRecord::Executing { planned, .. }
            | StateRecord::Validating { planned, .. } => (Some(planned), None),
            StateRecord::Reverting { planned, validation, .. } => (Some(planned), validation.as_ref()),
            StateRecord::Closed { planned, validation, .. } => (planned.as_ref(), validation.as_ref()),
        };
        newest(planned.map(PlannedRecord::form).into_iter().chain(validation.map(ValidationRecord::form)))
    }
}

fn bytes(header: &Header, state: StateRecord) -> Result<Vec<u8>, String> {
    let header = HeaderRecord::from(header);
    serde_json::to_vec(&Record { version: newest([header.form(), state.form()]), header, state }).map_err(|e| e.to_string())
}

/// The session as bytes.
pub(super) fn write(session: &Session) -> Result<Vec<u8>, String> {
    let state = match session {
        Session::Investigating(s) => StateRecord::Investigating { until: s.until },
        Session::Diagnosed(s) => StateRecord::Diagnosed { planned: s.planned.as_ref().map(PlannedRecord::from), until: s.until },
        Session::AwaitingApproval(s) => {
            let asked = s.asked().iter().map(AskedRecord::from).collect();
            StateRecord::AwaitingApproval { planned: (&s.planned).into(), expires_at: s.expires_at, asked }
        }
        Session::Executing(s) => Acting::Executing(s).into(),
        Session::Validating(s) => Acting::Validating(s).into(),
        Session::Reverting(s) => Acting::Reverting(s).into(),
        Session::Closed(s) => StateRecord::Closed {
            ending: s.ending.as_str().to_owned(),
            planned: s.planned.as_ref().map(PlannedRecord::from),
            execution: s.execution.as_ref().map(ExecutionRecord::from),
            validation: s.validation.as_ref().map(ValidationRecord::from),
        },
    };
    bytes(session.header(), state)
}

/// The session from bytes, everything checked again.
pub(super) fn read(bytes: &[u8], known: KnownCodes) -> Result<Session, String> {
    let record: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    match record.get("version").and_then(Value::as_u64) {
        Some(v) if (u64::from(OLDEST)..=u64::from(VERSION)).contains(&v) => {}
        Some(v) if v < u64::from(OLDEST) => {
            return Err(format!(
                "an older kubemend wrote it (format {v}, this program reads formats {OLDEST} to {VERSION}); nothing can be approved in it: run analyze or remediate again"
            ));
        }
        Some(v) => {
            return Err(format!(
                "a newer kubemend wrote it (format {v}, this program reads formats {OLDEST} to {VERSION}): update kubemend"
            ));
        }
        None => return Err("it has no version".to_owned()),
    }
    let Record { header, state, .. } = serde_json::from_value(record).map_err(|e| e.to_string())?;
    let header = header.into_header(known)?;
    Ok(match state {
        StateRecord::Investigating { until } => Session::Investigating(Investigating { header, until }),
        StateRecord::Diagnosed { planned, until } => {
            let planned = planned.map(|p| checked(p, &header, known)).transpose()?;
            Session::Diagnosed(Diagnosed { header, planned, until })
        }
        StateRecord::AwaitingApproval { planned, expires_at, asked } => {
            let planned = checked(planned, &header, known)?;
            let asked: Vec<Asked> = asked.into_iter().map(AskedRecord::into_asked).collect::<Result<_, _>>()?;
            if asked.len() > QUESTIONS {
                return Err("it has more tokens than questions can wait".to_owned());
            }
            if asked.iter().any(|one| one.until > expires_at) {
                return Err("one of its questions can be answered for longer than it waits".to_owned());
            }
            let digest = planned.plan.digest();
            Session::AwaitingApproval(AwaitingApproval { header, planned, digest, expires_at, asked })
        }
        StateRecord::Executing { planned, execution, pid, until } => {
            let planned = checked(planned, &header, known)?;
            let execution = execution.into_execution(&planned.plan)?;
            Session::Executing(Executing { header, planned, execution, pid, until })
        }
        StateRecord::Validating { planned, execution, pid, until } => {
            let planned = checked(planned, &header, known)?;
            let execution = execution.into_execution(&planned.plan)?;
            Session::Validating(Validating { header, planned, execution, pid, until })
        }
        StateRecord::Reverting { planned, execution, validation, pid, until } => {
            let planned = checked(planned, &header, known)?;
            let execution = execution.into_execution(&planned.plan)?;
            let validation = validation.map(|v| v.into_validation(known)).transpose()?;
            Session::Reverting(Reverting { header, planned, execution, validation, pid, until })
        }
        StateRecord::Closed { ending, planned, execution, validation } => {
            let ending = Ending::parse(&ending).ok_or_else(|| format!("this program does not know the ending `{ending}`"))?;
            let planned = planned.map(|p| checked(p, &header, known)).transpose()?;
            let execution = match (execution, &planned) {
                (Some(execution), Some(planned)) => Some(execution.into_execution(&planned.plan)?),
                (None, _) => None,
                (Some(_), None) => return Err("it was executed without a plan".to_owned()),
            };
            let validation = validation.map(|v| v.into_validation(known)).transpose()?;
            Session::Closed(Closed { header, ending, planned, execution, validation })
        }
    })
}

/// A plan that fits its digest, and is for a cause that the session names.
fn checked(planned: PlannedRecord, header: &Header, known: KnownCodes) -> Result<Planned, String> {
    let planned = planned.into_planned(known)?;
    if !planned.plan.aim.fits(&header.purpose) {
        return Err("its plan is not for what the session is for".to_owned());
    }
    if planned.plan.aim.cause().is_some_and(|cause| header.diagnosis.cause(cause).is_none()) {
        return Err("its plan is for a cause that it does not name".to_owned());
    }
    if planned.plan.cluster != header.cluster.id.to_string() {
        return Err("its plan is for another cluster".to_owned());
    }
    Ok(planned)
}
