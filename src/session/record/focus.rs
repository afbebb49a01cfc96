//! The stored form of what the words are about, and of what was seen to be healthy or not.

use super::reference::RefRecord;
use crate::domain::focus::{Because, Doubt, Focus, Missing, Seen};
use crate::domain::words::{Lost, Stated, Why};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FocusRecord {
    because: String,
    about: Vec<RefRecord>,
    lost: Vec<LostRecord>,
    missing: Vec<MissingRecord>,
    unsure: Vec<String>,
    beyond: Vec<String>,
    beside: bool,
    certain: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LostRecord {
    name: String,
    nearest: Vec<String>,
    why: String,
    by: String,
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
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    past: bool,
}

impl From<&Focus> for FocusRecord {
    fn from(f: &Focus) -> Self {
        let missing = |m: &Missing| MissingRecord { word: m.word.clone(), nearest: m.nearest.clone() };
        Self {
            because: f.because.as_str().to_owned(),
            about: f.about.iter().map(RefRecord::from).collect(),
            lost: f.lost.iter().map(LostRecord::from).collect(),
            missing: f.missing.iter().map(missing).collect(),
            unsure: f.unsure.clone(),
            beyond: f.beyond.clone(),
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
            lost: self.lost.into_iter().map(LostRecord::into_lost).collect::<Result<_, _>>()?,
            missing: self.missing.into_iter().map(|m| Missing { word: m.word, nearest: m.nearest }).collect(),
            unsure: self.unsure,
            beyond: self.beyond,
            beside: self.beside,
            certain: self.certain,
        })
    }
}

impl From<&Lost> for LostRecord {
    fn from(l: &Lost) -> Self {
        Self { name: l.name.clone(), nearest: l.nearest.clone(), why: l.why.as_str().to_owned(), by: l.by.as_str().to_owned() }
    }
}

impl LostRecord {
    fn into_lost(self) -> Result<Lost, String> {
        let why = Why::parse(&self.why).ok_or_else(|| format!("`{}` is not why it was not looked in a namespace", self.why))?;
        let by = Stated::parse(&self.by).ok_or_else(|| format!("`{}` is not how words state a namespace", self.by))?;
        Ok(Lost { name: self.name, nearest: self.nearest, why, by })
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
        Self { object: d.object.as_ref().map(RefRecord::from), why: d.why.clone(), again_in: d.again_in, past: d.past }
    }
}

impl DoubtRecord {
    pub(super) fn into_doubt(self) -> Result<Doubt, String> {
        Ok(Doubt { object: self.object.map(RefRecord::into_ref).transpose()?, why: self.why, again_in: self.again_in, past: self.past })
    }
}
