//! `list`: the objects of a kind, a line each, in the columns of `kubectl get`.

use super::allowed::Allowed;
use super::masking::{Late, beside};
use super::outcome::{Length, Outcome, quoted};
use crate::domain::kind::Kind;
use crate::domain::masked::Masked;
use crate::domain::object::Namespace;
use crate::ports::{ClusterRead, ReadError, Table};

pub(super) async fn list(
    kind: &Kind,
    namespace: Option<&Namespace>,
    selector: Option<&str>,
    length: Length,
    read: &dyn ClusterRead,
    allowed: Allowed,
) -> Result<Outcome, ReadError> {
    let table = allowed.of_table(kind, namespace, read.table(kind, namespace, selector).await?);
    let plural = kind.info().map_or_else(|| kind.name().to_owned(), |info| info.plural.to_owned());
    let namespaced = kind.info().is_some_and(|info| info.namespaced);
    if table.rows.is_empty() {
        let place = namespace.map(|namespace| format!(" in `{namespace}`")).unwrap_or_default();
        let labels = selector.map(|selector| format!(" with the labels {}", quoted(selector))).unwrap_or_default();
        return Ok(Outcome::nothing(&format!("there are no {plural}{place}{labels}")));
    }
    let only = table.cut.then(|| format!("only the first {} {plural} were read", table.rows.len()));
    let everywhere = namespaced && namespace.is_none();
    let laid_out = beside(move || Masked::whole(&laid_out(&table, everywhere))).await;
    let how = if everywhere { "give `page`, `namespace` or `selector`" } else { "give `page` or `selector`" };
    Ok(laid_out.map_or_else(|Late| Outcome::late(), |text| Outcome::seen(&text, length, only, how)))
}

/// The names in a table, as they are told to somebody who gave another one.
pub(super) fn names(table: &Table) -> impl Iterator<Item = &str> {
    table.rows.iter().map(|row| row.name.as_str())
}

fn laid_out(table: &Table, with_namespaces: bool) -> String {
    let head = with_namespaces.then(|| "NAMESPACE".to_owned()).into_iter().chain(table.columns.iter().cloned()).collect();
    let rows = table.rows.iter().map(|row| {
        let namespace = with_namespaces.then(|| row.namespace.clone().unwrap_or_default());
        namespace.into_iter().chain(row.cells.iter().cloned()).collect()
    });
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|cell| cell.chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |cells: &Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::Row;

    #[test]
    fn table_is_laid_out_as_kubectl_does() {
        let row = |namespace: &str, name: &str, ready: &str| Row {
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
            cells: vec![name.to_owned(), ready.to_owned()],
        };
        let rows = vec![row("shop", "web-0", "0/1"), row("a", "database-12", "1/1")];
        let table = Table { columns: vec!["NAME".into(), "READY".into()], rows, cut: false };
        assert_eq!(laid_out(&table, false), "NAME         READY\nweb-0        0/1\ndatabase-12  1/1");
        assert_eq!(laid_out(&table, true), "NAMESPACE  NAME         READY\nshop       web-0        0/1\na          database-12  1/1");
    }
}
