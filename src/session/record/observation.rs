//! The stored form of what an investigation has looked at.

use super::form::{OLDEST, VERSION};
use super::reference::{RefRecord, SegmentRecord, path, segments};
use crate::domain::excerpt::{Excerpt, LONGEST};
use crate::domain::look::ProbeName;
use crate::domain::observation::{Observation, Observations};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObservationRecord {
    probe: String,
    asked: String,
    object: Option<RefRecord>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    field: Option<Vec<SegmentRecord>>,
    text: String,
    more: Option<String>,
    seen_at: Timestamp,
}

impl From<&Observation> for ObservationRecord {
    fn from(o: &Observation) -> Self {
        Self {
            probe: o.probe.as_str().to_owned(),
            asked: o.asked.clone(),
            object: o.object.as_ref().map(RefRecord::from),
            field: o.field.as_ref().map(segments),
            text: o.text.to_string(),
            more: o.more.clone(),
            seen_at: o.seen_at,
        }
    }
}

impl ObservationRecord {
    /// The oldest form that has the probe, and says of no field where none is.
    pub(super) fn form(&self) -> u32 {
        use ProbeName::{Describe, Events, Get, List, Logs};
        let older = matches!(ProbeName::parse(&self.probe), Some(Get | List | Describe | Logs | Events));
        if older && self.field.is_none() { OLDEST } else { VERSION }
    }

    fn into_observation(self) -> Result<Observation, String> {
        Ok(Observation {
            probe: ProbeName::parse(&self.probe).ok_or_else(|| format!("`{}` is not a probe", self.probe))?,
            asked: self.asked,
            object: self.object.map(RefRecord::into_ref).transpose()?,
            field: self.field.map(path),
            text: Excerpt::kept(&self.text, LONGEST),
            more: self.more,
            seen_at: self.seen_at,
        })
    }
}

/// All of them, each in its place: their ids are their places.
pub(super) fn observations(records: Vec<ObservationRecord>) -> Result<Observations, String> {
    let mut all = Observations::default();
    for record in records {
        all.add(record.into_observation()?).map_err(|full| full.to_string())?;
    }
    Ok(all)
}
