//! The form of the file: YAML, with the objects as kubectl prints them. It is read as something that anybody may have written.

use crate::domain::evidence::GapWhy;
use crate::domain::kind::Kind;
use crate::domain::namespace::Namespace;
use crate::domain::recording::{Recorded, RecordedList, Recording};
use crate::domain::snapshot::{Cluster, ClusterId};
use crate::domain::visible::is_hidden;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

const API_VERSION: &str = "kubemend.dev/v1alpha1";
const KIND: &str = "ClusterRecording";
/// The largest file that is read, in bytes: twice what one look reads of a cluster.
const LONGEST: usize = 256 * 1024 * 1024;

/// The longest name of a context or a server, in bytes.
const NAMES: usize = 300;

/// Why there is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotARecording {
    /// The file cannot be read.
    #[error("{0}")]
    Unread(String),
    /// It is another file.
    #[error("not a recording of `kubemend snapshot`: {0}")]
    Other(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    api_version: String,
    kind: String,
    taken_at: Timestamp,
    cluster: ClusterForm,
    namespace: String,
    #[serde(default)]
    chosen: bool,
    lists: Vec<ListForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ClusterForm {
    context: String,
    server: String,
    version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uid: Option<String>,
    pinned: String,
    #[serde(default)]
    unverified: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListForm {
    of: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selector: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
    #[serde(default)]
    complete: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    items: Vec<Value>,
}

/// The recording as a file.
///
/// # Errors
/// It has something in it that YAML has no form for.
pub fn written(recording: &Recording) -> Result<String, NotARecording> {
    let Recording { taken_at, cluster, namespace, chosen, lists } = recording;
    let (uid, pinned) = cluster.id.parts();
    let file = File {
        api_version: API_VERSION.to_owned(),
        kind: KIND.to_owned(),
        taken_at: *taken_at,
        cluster: ClusterForm {
            context: cluster.context.clone(),
            server: cluster.server.clone(),
            version: cluster.version.clone(),
            uid: uid.map(str::to_owned),
            pinned: pinned.to_owned(),
            unverified: cluster.unverified,
        },
        namespace: namespace.to_string(),
        chosen: *chosen,
        lists: lists.iter().map(list_form).collect(),
    };
    serde_saphyr::to_string(&file).map_err(|error| NotARecording::Other(error.to_string()))
}

fn list_form(list: &RecordedList) -> ListForm {
    let (items, complete, missing) = match &list.answer {
        Recorded::Objects { items, complete } => (items.clone(), *complete, None),
        Recorded::Nothing(why) => (Vec::new(), false, Some(why.as_str().to_owned())),
    };
    ListForm {
        of: list.kind.name().to_owned(),
        namespace: list.namespace.as_ref().map(ToString::to_string),
        selector: list.selector.clone(),
        missing,
        complete,
        items,
    }
}

/// A recording from a file.
///
/// # Errors
/// It is another file, or was changed into something that no cluster answers.
pub fn read(text: &str) -> Result<Recording, NotARecording> {
    let wrong = |why: &str| NotARecording::Other(why.to_owned());
    if text.len() > LONGEST {
        return Err(wrong("it is larger than any of them"));
    }
    let file: File = serde_saphyr::from_str(text).map_err(|error| NotARecording::Other(first_line(&error.to_string())))?;
    if file.kind != KIND {
        return Err(wrong("it is of another kind"));
    }
    if file.api_version != API_VERSION {
        return Err(NotARecording::Other(format!("another version of kubemend wrote it; this one reads {API_VERSION}")));
    }
    let ClusterForm { context, server, version, uid, pinned, unverified } = file.cluster;
    let id = ClusterId::from_parts(uid, pinned).ok_or_else(|| wrong("its cluster's identity is malformed"))?;
    // They stand in the first lines of a report.
    let in_a_line = |text: &&String| text.len() <= NAMES && !text.chars().any(|c| c.is_control() || is_hidden(c));
    if ![&context, &server, &version].iter().all(in_a_line) {
        return Err(wrong("its cluster is called what no cluster is"));
    }
    let namespace = Namespace::parse(&file.namespace).map_err(|error| NotARecording::Other(error.to_string()))?;
    let lists = file.lists.into_iter().map(list).collect::<Result<_, _>>()?;
    let cluster = Cluster { context, server, version, id, unverified };
    Ok(Recording { taken_at: file.taken_at, cluster, namespace, chosen: file.chosen, lists })
}

fn list(form: ListForm) -> Result<RecordedList, NotARecording> {
    let kind = Kind::KNOWN.into_iter().find(|kind| kind.name() == form.of && kind.is_readable());
    let kind = kind.ok_or_else(|| NotARecording::Other("it has a list of a kind that kubemend does not read".to_owned()))?;
    let namespace =
        form.namespace.map(|text| Namespace::parse(&text)).transpose().map_err(|error| NotARecording::Other(error.to_string()))?;
    let answer = match form.missing {
        None => Recorded::Objects { items: form.items, complete: form.complete },
        Some(why) => {
            let why =
                GapWhy::parse(&why).ok_or_else(|| NotARecording::Other("it gives no known reason why a list is missing".to_owned()))?;
            Recorded::Nothing(why)
        }
    };
    Ok(RecordedList { kind, namespace, selector: form.selector, answer })
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}

/// The recording in a file.
///
/// # Errors
/// It cannot be read, or is another file.
pub fn read_file(file: &Path) -> Result<Recording, NotARecording> {
    let unusable = |error: std::io::Error| NotARecording::Unread(error.to_string());
    if std::fs::metadata(file).map_err(unusable)?.len() > LONGEST as u64 {
        return Err(NotARecording::Other("it is larger than any of them".to_owned()));
    }
    read(&std::fs::read_to_string(file).map_err(unusable)?)
}
