//! A list as the API server lays it out for people: its own columns for the kinds that it knows, and for a custom kind those that its
//! author chose. No object is decoded for it, so it is there for kinds that this program has never heard of.

use super::fault::{Read, strange};
use super::requests::encode;
use super::wire::HttpReply;
use crate::domain::excerpt::Excerpt;
use crate::domain::kind::Kind;
use crate::domain::object::Namespace;
use crate::ports::{ReadError, Row, Table};
use serde::Deserialize;
use serde_json::Value;

/// The form that is asked for. A server that does not have it answers with the objects, and then there is no table.
pub(super) const AS_TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
/// Rows of a table: a reader who needs more has to ask for less.
const ROWS: usize = 200;
/// Characters of one cell.
const CELL: usize = 120;

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
    let shown: Vec<bool> = answer.column_definitions.iter().map(|column| column.priority <= 0).collect();
    let kept = |at: usize| shown.get(at).copied().unwrap_or(false);
    let columns = answer.column_definitions.iter().filter(|column| column.priority <= 0);
    let columns = columns.map(|column| Excerpt::capture(&column.name, CELL).to_string().to_uppercase()).collect();
    let rows = answer.rows.unwrap_or_default().into_iter().take(ROWS).map(|line| {
        let Name { name, namespace } = line.object.map(|object| object.metadata).unwrap_or_default();
        let cells = line.cells.iter().enumerate().filter(|(at, _)| kept(*at)).map(|(_, cell)| text(cell)).collect();
        Row { namespace, name, cells }
    });
    Ok(Table { columns, rows: rows.collect(), cut: answer.metadata.next.is_some_and(|next| !next.is_empty()) })
}

fn text(cell: &Value) -> String {
    let text = match cell {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    Excerpt::capture(&one_line, CELL).to_string()
}
