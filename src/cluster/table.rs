//! A list as the API server lays it out for people: its own columns for the kinds that it knows, and for a custom kind those that its
//! author chose. No object is decoded for it, so it is there for kinds that this program has never heard of.

use super::fault::{Read, strange};
use super::requests::encode;
use super::wire::HttpReply;
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::Namespace;
use crate::domain::secrets::names_one;
use crate::ports::{ReadError, Row, Table};
use serde::Deserialize;
use serde_json::Value;

/// The form that is asked for. A server that does not have it answers with the objects, and then there is no table.
pub(super) const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// Rows of a table: a reader who needs more has to ask for less.
const ROWS: usize = 500;
/// Bytes of one cell.
const CELL: usize = 120;
/// Bytes of a name.
const NAME: usize = 253;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    kind: String,
    #[serde(default)]
    metadata: Metadata,
    column_definitions: Vec<Column>,
    #[serde(default)]
    rows: Option<Vec<Line>>,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(rename = "continue", default)]
    next: Option<String>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    /// Above 0 for what `kubectl get -o wide` adds.
    #[serde(default)]
    priority: i64,
}

#[derive(Deserialize)]
struct Line {
    cells: Vec<Value>,
    object: Option<Partial>,
}

#[derive(Deserialize)]
struct Partial {
    #[serde(default)]
    metadata: Name,
}

#[derive(Deserialize, Default)]
struct Name {
    #[serde(default)]
    name: String,
    #[serde(default)]
    namespace: Option<String>,
}

/// The path and query of the request.
pub(super) fn query(kind: &Kind, namespace: Option<&Namespace>, labels: Option<&str>) -> Option<String> {
    let selector = labels.map(|labels| format!("&labelSelector={}", encode(labels))).unwrap_or_default();
    Some(format!("{}?limit={ROWS}{selector}", kind.path(namespace, None)?))
}

/// The table that the answer is.
pub(super) fn of(reply: &HttpReply, read: &Read) -> Result<Table, ReadError> {
    let answer: Answer = serde_json::from_slice(&reply.body).map_err(|_| strange(read, reply))?;
    if answer.kind != "Table" {
        return Err(strange(read, reply));
    }
    let shown: Vec<Option<bool>> = answer.column_definitions.iter().map(|c| (c.priority <= 0).then(|| names_one(&c.name))).collect();
    let columns = answer.column_definitions.iter().filter(|column| column.priority <= 0);
    let columns = columns.map(|column| Excerpt::capture(&column.name, CELL).to_string().to_uppercase());
    let lines = answer.rows.unwrap_or_default();
    let cut = lines.len() > ROWS || answer.metadata.next.is_some_and(|next| !next.is_empty());
    let rows = lines.into_iter().take(ROWS).map(|line| {
        let Name { name, namespace } = line.object.map(|object| object.metadata).unwrap_or_default();
        let cells = line.cells.iter().zip(&shown).filter_map(|(cell, shown)| Some(text(cell, (*shown)?))).collect();
        Row { namespace: namespace.map(|namespace| one_line(&namespace)), name: one_line(&name), cells }
    });
    Ok(Table { columns: columns.collect(), rows: rows.collect(), cut })
}

/// A cell, masked before it is cut. Of one whose column is called as a credential is, nothing is shown.
fn text(cell: &Value, credential: bool) -> String {
    let text = match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let masked = if credential { Masked::credential(&text) } else { Masked::whole(&text) };
    Excerpt::of(masked.on_one_line().beginning(CELL)).to_string()
}

/// A name: no longer than an object's is.
fn one_line(name: &str) -> String {
    Excerpt::of(Masked::whole(name).on_one_line().beginning(NAME)).to_string()
}
