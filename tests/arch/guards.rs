//! The table of guards: what removes a guard is found at one place of its file, so that none of them drifts away unseen.

use std::collections::BTreeMap;
use std::fs;

/// The rows of the table, each with its texts by their names. This reads as much of the language as the table is written in.
fn rows(text: &str) -> Vec<BTreeMap<String, String>> {
    let mut rows: Vec<BTreeMap<String, String>> = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        match line.split_once(" = ") {
            _ if line == "[[guard]]" => rows.push(BTreeMap::new()),
            Some((key, _)) if !line.starts_with('#') => {
                let (value, end) = string(rest.split_once(" = ").unwrap().1);
                rows.last_mut().unwrap().insert(key.to_owned(), value);
                rest = end.strip_prefix('\n').unwrap_or(end);
                continue;
            }
            _ => assert!(line.is_empty() || line.starts_with('#'), "{line}"),
        }
        rest = after;
    }
    rows
}

/// The string that a text begins with, and what follows it.
fn string(text: &str) -> (String, &str) {
    if let Some(literal) = text.strip_prefix("'''") {
        let (inside, end) = literal.split_once("'''").unwrap();
        return (inside.strip_prefix('\n').unwrap_or(inside).to_owned(), end);
    }
    if let Some(literal) = text.strip_prefix('\'') {
        let (inside, end) = literal.split_once('\'').unwrap();
        return (inside.to_owned(), end);
    }
    let inside = text.strip_prefix('"').unwrap_or_else(|| panic!("no string: {text:.40}"));
    let ends = |(at, c): &(usize, char)| *c == '"' && inside.split_at(*at).0.chars().rev().take_while(|c| *c == '\\').count() % 2 == 0;
    let (at, _) = inside.char_indices().find(ends).unwrap();
    let (inside, end) = inside.split_at(at);
    (serde_json::from_str(&format!("\"{inside}\"")).unwrap(), end.strip_prefix('"').unwrap())
}

#[test]
fn what_removes_a_guard_stands_once_in_its_file() {
    let rows = rows(&fs::read_to_string("tests/guards/guards.toml").unwrap());
    assert!(rows.len() > 100, "{}", rows.len());
    for row in rows {
        let (id, file, was) = (&row["id"], &row["file"], &row["was"]);
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
        assert!(!was.is_empty() && *was != row["becomes"], "{id}");
        assert_eq!(text.matches(was.as_str()).count(), 1, "{id} in {file}: {was}");
    }
}

#[test]
fn strings_of_the_table_are_read_as_the_language_has_them() {
    let table = "# a = 'b'\n\n[[guard]]\nwas = '''\nif \"a\" {\n    'b'\n}'''\nbecomes = \"x\\n\\\"y\\\\\"\nid = 'a = \"b\"'\n";
    let read = rows(table);
    let texts: Vec<(&str, &str)> = read[0].iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(read.len(), 1);
    assert_eq!(texts, [("becomes", "x\n\"y\\"), ("id", "a = \"b\""), ("was", "if \"a\" {\n    'b'\n}")]);
}
