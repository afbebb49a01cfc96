//! How a record points: at objects, at fields, and at causes.

use crate::domain::cause::{CauseKey, CauseSource, Code, KnownCodes};
use crate::domain::field::{FieldPath, Segment};
use crate::domain::kind::Kind;
use crate::domain::object::{Namespace, ObjectRef};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RefRecord {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    name: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindRecord {
    api_version: String,
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum SegmentRecord {
    Key(String),
    Element { key: String, value: String },
    Position(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyRecord {
    code: String,
    object: RefRecord,
    field: Option<Vec<SegmentRecord>>,
}

impl From<&ObjectRef> for RefRecord {
    fn from(o: &ObjectRef) -> Self {
        Self {
            api_version: o.kind.api_version().to_owned(),
            kind: o.kind.name().to_owned(),
            namespace: o.namespace.as_ref().map(ToString::to_string),
            name: o.name.clone(),
        }
    }
}

impl RefRecord {
    pub(super) fn into_ref(self) -> Result<ObjectRef, String> {
        Ok(ObjectRef {
            kind: Kind::of(&self.api_version, &self.kind),
            namespace: self.namespace.map(|n| Namespace::parse(&n)).transpose().map_err(|e| e.to_string())?,
            name: self.name,
        })
    }
}

impl From<&Kind> for KindRecord {
    fn from(kind: &Kind) -> Self {
        Self { api_version: kind.api_version().to_owned(), kind: kind.name().to_owned() }
    }
}

impl KindRecord {
    pub(super) fn into_kind(self) -> Kind {
        Kind::of(&self.api_version, &self.kind)
    }
}

impl From<&CauseKey> for KeyRecord {
    fn from(key: &CauseKey) -> Self {
        Self { code: key.source.code().to_owned(), object: (&key.object).into(), field: key.field.as_ref().map(segments) }
    }
}

impl KeyRecord {
    pub(super) fn into_key(self, known: KnownCodes) -> Result<CauseKey, String> {
        Ok(CauseKey { source: source(&self.code, known)?, object: self.object.into_ref()?, field: self.field.map(path) })
    }
}

pub(super) fn segments(path: &FieldPath) -> Vec<SegmentRecord> {
    let record = |segment: &Segment| match segment {
        Segment::Key(k) => SegmentRecord::Key(k.clone()),
        Segment::Element { key, value } => SegmentRecord::Element { key: key.clone(), value: value.clone() },
        Segment::Position(index) => SegmentRecord::Position(*index),
    };
    path.segments().iter().map(record).collect()
}

pub(super) fn path(segments: Vec<SegmentRecord>) -> FieldPath {
    segments.into_iter().fold(FieldPath::root(), |path, s| match s {
        SegmentRecord::Key(k) => path.key(&k),
        SegmentRecord::Element { key, value } => path.element(&key, &value),
        SegmentRecord::Position(index) => path.at(index),
    })
}

/// Codes are constants of this program: one that it does not know is of another version.
pub(super) fn code(text: &str, known: KnownCodes) -> Result<Code, String> {
    known(text).ok_or_else(|| format!("this program does not know the cause `{text}`"))
}

fn source(text: &str, known: KnownCodes) -> Result<CauseSource, String> {
    CauseSource::parse(text, known).ok_or_else(|| format!("this program does not know the cause `{text}`"))
}
