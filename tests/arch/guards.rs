//! The table of guards: what removes a guard is found at one place of its file, so that none of them drifts away unseen.

use std::fs;

/// What the table says of one guard.
struct Guard {
    id: String,
    file: String,
    was: String,
}

fn guards() -> Vec<Guard> {
    let text = fs::read_to_string("tests/guards/guards.toml").unwrap();
    let table: toml_edit::DocumentMut = text.parse().unwrap();
    let rows = table["guard"].as_array_of_tables().unwrap();
    let text = |row: &toml_edit::Table, key: &str| row[key].as_str().unwrap().to_owned();
    rows.iter().map(|row| Guard { id: text(row, "id"), file: text(row, "file"), was: text(row, "was") }).collect()
}

#[test]
fn what_removes_a_guard_stands_once_in_its_file() {
    let guards = guards();
    assert!(guards.len() > 100, "{}", guards.len());
    for guard in guards {
        let file = fs::read_to_string(&guard.file).unwrap_or_else(|error| panic!("{}: {}: {error}", guard.id, guard.file));
        assert!(!guard.was.is_empty(), "{}", guard.id);
        assert_eq!(file.matches(&guard.was).count(), 1, "{} in {}: {}", guard.id, guard.file, guard.was);
    }
}
