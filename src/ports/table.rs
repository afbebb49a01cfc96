//! Objects as the API server lays them out for people: a line each, in columns.

/// A list as the API server lays it out for people, whatever its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What each column is called.
    pub columns: Vec<String>,
    /// A row for each object.
    pub rows: Vec<Row>,
    /// There are more.
    pub cut: bool,
}

/// One object of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Where it is, for what has a namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Its cells, one for each column.
    pub cells: Vec<String>,
}
