//! What did not run and why: collected in a file, from which `tests/run` says it in its last lines.

use std::fs::OpenOptions;
use std::io::Write;

/// Notes that something did not run. With `CI=true` that is a failure.
pub(crate) fn did_not_run(what: &str, why: &str) {
    let line = format!("{what}: {why}");
    if std::env::var("CI").is_ok_and(|v| v == "true") {
        panic!("{line}");
    }
    if let Ok(path) = std::env::var("KUBEMEND_TEST_NOTES") {
        let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(file, "{line}").unwrap();
    } else {
        eprintln!("did not run: {line}");
    }
}
