//! The stored form of what the words are about, and of what was seen to be healthy or not.

use super::reference::RefRecord;
use crate::domain::focus::{Because, Doubt, Focus, Missing, Seen};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FocusRecord {
    because: String,
    about: Vec<RefRecord>,
    missing: Vec<MissingRecord>,
    unsure: Vec<String>,
    beside: bool,
    certain: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MissingRecord {
    word: String,
    nearest: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenRecord {
    object: RefRecord,
    how: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoubtRecord {
    object: Option<RefRecord>,
    why: String,
    again_in: Option<i64>,
}

impl From<&Focus> for FocusRecord {
    fn from(f: &Focus) -> Self {
        let missing = |m: &Missing| MissingRecord { word: m.word.clone(), nearest: m.nearest.clone() };
        Self {
            because: f.because.as_str().to_owned(),
            about: f.about.iter().map(RefRecord::from).collect(),
            missing: f.missing.iter().map(missing).collect(),
            unsure: f.unsure.clone(),
            beside: f.beside,
            certain: f.certain,
        }
    }
}

impl FocusRecord {
    pub(super) fn into_focus(self) -> Result<Focus, String> {
        Ok(Focus {
            because: Because::parse(&self.because).ok_or_else(|| format!("`{}` is not a reason to look", self.because))?,
            about: self.about.into_iter().map(RefRecord::into_ref).collect::<Result<_, _>>()?,
            missing: self.missing.into_iter().map(|m| Missing { word: m.word, nearest: m.nearest }).collect(),
            unsure: self.unsure,
            beside: self.beside,
            certain: self.certain,
        })
    }
}

impl From<&Seen> for SeenRecord {
    fn from(s: &Seen) -> Self {
        Self { object: (&s.object).into(), how: s.how.clone() }
    }
}

impl SeenRecord {
    pub(super) fn into_seen(self) -> Result<Seen, String> {
        Ok(Seen { object: self.object.into_ref()?, how: self.how })
    }
}

impl From<&Doubt> for DoubtRecord {
    fn from(d: &Doubt) -> Self {
        Self { object: d.object.as_ref().map(RefRecord::from), why: d.why.clone(), again_in: d.again_in }
    }
}

impl DoubtRecord {
    pub(super) fn into_doubt(self) -> Result<Doubt, String> {
        Ok(Doubt { object: self.object.map(RefRecord::into_ref).transpose()?, why: self.why, again_in: self.again_in })
    }
}
